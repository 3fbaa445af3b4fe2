import pytest

from wildfire_bench.errors import InvalidParameter, SampleUnavailable
from wildfire_bench.samples import formats
from wildfire_bench.samples.formats import format_names, format_sample
from wildfire_bench.streaming.envelope.image_format import media_type_of


@pytest.mark.parametrize("name", format_names())
def test_every_sample_is_of_its_format(name):
    sample = format_sample(name)
    assert media_type_of(sample.data) == sample.media_type


@pytest.mark.parametrize("name", format_names())
def test_every_sample_makes_more_than_one_of_the_smallest_chunks(name):
    assert len(format_sample(name).data) > 65_536


def test_an_unknown_format_is_told_with_the_known_ones():
    with pytest.raises(InvalidParameter, match="netcdf4"):
        format_sample("gif")


def test_a_missing_package_is_told_with_its_extra(monkeypatch):
    def missing(_pixels):
        raise ModuleNotFoundError(name="h5py")

    monkeypatch.setattr(formats, "_FORMATS", {"hdf5": ("application/x-hdf5", missing)})
    with pytest.raises(SampleUnavailable, match=r"h5py.*\[samples\]"):
        format_sample("hdf5")
