import pytest

from wildfire_bench.settings import DataType, Settings
from wildfire_bench.streaming.topics import TopicSpec, topic_names, topic_specs

GUIDE_TABLE = {
    "wildfire-satellite-imagery-metadata": (4, 1_048_576, 3),
    "wildfire-satellite-imagery-binary": (8, 20_971_520, 1),
    "wildfire-satellite-imagery-chunks": (6, 10_485_760, 1),
}


def specs(**settings) -> dict[str, TopicSpec]:
    return {spec.name: spec for spec in topic_specs(Settings(**settings))}


@pytest.mark.parametrize("profile", ["tuned", "guide"])
@pytest.mark.parametrize(("name", "row"), GUIDE_TABLE.items())
def test_both_profiles_keep_partitions_and_limits_of_the_guide(profile, name, row):
    spec = specs(topic_profile=profile)[name]
    assert (spec.partitions, spec.max_message_bytes) == row[:2]


@pytest.mark.parametrize(("name", "row"), GUIDE_TABLE.items())
def test_guide_profile_compresses_at_the_level_of_its_table(name, row):
    config = specs(topic_profile="guide")[name].config
    assert (config["compression.type"], config["compression.zstd.level"]) == ("zstd", str(row[2]))


@pytest.mark.parametrize("kind", ["binary", "chunks", "json"])
def test_tuned_profile_stores_image_payloads_as_they_come(kind):
    name = f"wildfire-satellite-imagery-{kind}"
    assert specs()[name].config["compression.type"] == "producer"


def test_tuned_chunks_carry_the_time_of_the_broker():
    config = specs()["wildfire-satellite-imagery-chunks"].config
    assert config["message.timestamp.type"] == "LogAppendTime"


def test_rollback_topic_takes_fifty_mebibytes():
    assert specs()["wildfire-satellite-imagery-json"].max_message_bytes == 52_428_800


def test_dead_letters_hold_the_largest_record_of_any_topic_and_its_reason():
    sizes = {name: spec.max_message_bytes for name, spec in specs().items()}
    largest = sizes.pop("wildfire-dead-letters")
    assert largest > max(sizes.values())


def test_every_kind_of_small_record_has_a_lane():
    assert set(topic_names(Settings()).lanes) == set(DataType) - {DataType.SATELLITE_IMAGERY}


def test_every_named_topic_has_a_specification():
    settings = Settings(topic_prefix="try-1.")
    names = topic_names(settings)
    assert {spec.name for spec in topic_specs(settings)} == {
        *names.images,
        *names.lanes.values(),
        names.dead_letters,
    }


def test_prefix_comes_before_every_name():
    assert all(name.startswith("try-1.") for name in specs(topic_prefix="try-1."))
