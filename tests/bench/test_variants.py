import pytest

from wildfire_bench.bench.variants import (
    AFTER,
    BEFORE,
    VARIANTS,
    client_options_for,
    settings_for,
    variant_named,
)
from wildfire_bench.compression.matrix import choose_codec
from wildfire_bench.errors import InvalidParameter
from wildfire_bench.settings import DataType, Settings

BINARY = [variant for variant in VARIANTS if variant.form == "binary"]


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_form_is_what_the_settings_ask_for(variant):
    producer = settings_for(variant, Settings(), "p-").kafka_producer
    assert producer.enable_binary_serialization is (variant.form == "binary")


@pytest.mark.parametrize("variant", BINARY, ids=lambda variant: variant.name)
def test_the_application_compresses_only_where_the_variant_says_so(variant):
    codec = choose_codec(DataType.SATELLITE_IMAGERY, settings_for(variant, Settings(), "p-"))
    expected = variant.compression if variant.compressed_by == "application" else "stored"
    assert codec.name == expected


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_only_one_side_compresses_at_a_time(variant):
    by_client = bool(client_options_for(variant))
    assert by_client is (variant.form == "binary" and variant.compressed_by == "client")


def test_before_and_after_are_variants():
    assert {variant_named(BEFORE).form, variant_named(AFTER).form} == {"json", "binary"}


def test_an_unknown_variant_is_refused_with_the_known_ones():
    with pytest.raises(InvalidParameter, match="json_none"):
        variant_named("xml")
