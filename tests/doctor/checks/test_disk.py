from tests.doctor.examining import finding
from wildfire_bench.doctor import Severity
from wildfire_bench.settings import ConsumerSettings, Settings


def spilling(**values):
    return finding("disk.spill", Settings(kafka_consumer=ConsumerSettings(**values)))


def test_a_folder_with_room_is_fine_and_stays_empty(tmp_path):
    assert spilling(spill_dir=tmp_path, spill_bytes=1).severity is Severity.OK
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_does_not_exist_fails(tmp_path):
    found = spilling(spill_dir=tmp_path / "gone")
    assert (found.severity, "WILDFIRE_SPILL_DIR" in found.remedy) == (Severity.FAIL, True)


def test_less_room_than_may_be_spilt_is_a_warning(tmp_path):
    found = spilling(spill_dir=tmp_path, spill_bytes=1 << 60)
    assert (found.severity, f"{1 << 60:,}" in found.text) == (Severity.WARN, True)
