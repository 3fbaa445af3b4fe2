import re
from pathlib import Path

import pytest

from wildfire_bench.errors import SettingsError
from wildfire_bench.settings import DataType, Settings, setting_keys
from wildfire_bench.settings_environment import ENVIRONMENT_VARIABLES
from wildfire_bench.settings_sources import load_settings

HUSH = "hush-and-nobody-hears"
EXAMPLE = Path(__file__).parents[1] / "docs" / "streaming_config.yaml"


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def config(tmp_path):
    def write(text: str) -> Path:
        path = tmp_path / "streaming_config.yaml"
        path.write_text(text)
        return path.relative_to(tmp_path)

    return write


GUIDE_YAML = "kafka_producer:\n  compression_type: gzip\n  compression_level: 4\n"


def test_nothing_given_gives_the_defaults():
    assert load_settings(environ={}).settings == Settings()


def test_every_key_has_an_origin():
    assert set(load_settings(environ={}).origins) == set(setting_keys())


def test_yaml_of_the_working_directory_is_read(config):
    config(GUIDE_YAML)
    assert load_settings(environ={}).settings.kafka_producer.compression_level == 4


def test_yaml_named_by_the_environment_is_read(tmp_path):
    (tmp_path / "other.yaml").write_text(GUIDE_YAML)
    loaded = load_settings(environ={"WILDFIRE_CONFIG": "other.yaml"})
    assert loaded.settings.kafka_producer.compression_type == "gzip"


def test_environment_wins_over_yaml_key_by_key(config):
    config(GUIDE_YAML)
    producer = load_settings(environ={"KAFKA_COMPRESSION_LEVEL": "5"}).settings.kafka_producer
    assert (producer.compression_type, producer.compression_level) == ("gzip", 5)


def test_argument_wins_over_environment():
    loaded = load_settings(
        environ={"KAFKA_BOOTSTRAP_SERVERS": "one:1"},
        overrides={"kafka": {"bootstrap_servers": "two:2"}},
    )
    assert loaded.settings.kafka.bootstrap_servers == "two:2"


def test_argument_of_none_is_not_given():
    loaded = load_settings(
        environ={"KAFKA_BOOTSTRAP_SERVERS": "one:1"}, overrides={"kafka.bootstrap_servers": None}
    )
    assert loaded.settings.kafka.bootstrap_servers == "one:1"


def test_origins_name_line_variable_and_argument(config):
    config(GUIDE_YAML)
    origins = load_settings(
        environ={"KAFKA_COMPRESSION_LEVEL": "5"}, overrides={"topic_prefix": "x."}
    ).origins
    assert [
        origins["kafka_producer.compression_type"],
        origins["kafka_producer.compression_level"],
        origins["topic_prefix"],
        origins["s3.bucket"],
    ] == ["streaming_config.yaml:2", "environment KAFKA_COMPRESSION_LEVEL", "argument", "default"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "kafka_producer:\n  compresion_type: zstd\n",
            (
                "kafka_producer.compresion_type (streaming_config.yaml:2) is not a setting: "
                "did you mean kafka_producer.compression_type?"
            ),
        ),
        (
            "kafka_producer:\n  compression_type: zst\n",
            (
                "kafka_producer.compression_type (streaming_config.yaml:2) is 'zst': input should "
                "be 'zstd', 'gzip' or 'none'; did you mean 'zstd'?"
            ),
        ),
        (
            "routing:\n  chunk_bytes: 10\n",
            (
                "routing.chunk_bytes (streaming_config.yaml:2) is 10: input should be greater than "
                "or equal to 65536"
            ),
        ),
        (
            "kafka_producer:\n  compression_level: yes\n",
            (
                "kafka_producer.compression_level (streaming_config.yaml:2) is True, which it "
                "cannot be: quote the value if it is a word"
            ),
        ),
        (
            "kafka:\n  bucket: x-y-z\n",
            "kafka.bucket (streaming_config.yaml:2) is not a setting: did you mean s3.bucket?",
        ),
        (
            "grafana: 1\n",
            (
                "grafana (streaming_config.yaml:1) is not a setting: there are kafka, "
                "kafka_producer, compression_matrix, routing, kafka_consumer, s3, "
                "service, log, topic_profile, topic_prefix"
            ),
        ),
        (
            "kafka: 1\n",
            "kafka (streaming_config.yaml:1) is a section: give it keys with values",
        ),
        (
            "topic_prefix: a\ntopic_prefix: b\n",
            "topic_prefix (streaming_config.yaml:2) is set twice: remove one",
        ),
        (
            "- 1\n",
            "streaming_config.yaml:1: settings are sections with keys, such as kafka_producer:",
        ),
    ],
)
def test_mistakes_are_refused_with_line_key_and_remedy(config, text, message):
    path = config(text)
    with pytest.raises(SettingsError) as caught:
        load_settings(path, environ={})
    assert str(caught.value) == message


def test_gzip_level_beyond_nine_is_refused_with_both_origins(config):
    config(GUIDE_YAML.replace("4", "9"))
    with pytest.raises(SettingsError, match=r"level 15 .* gzip: choose 1 to 9.*_LEVEL\)"):
        load_settings(environ={"KAFKA_COMPRESSION_LEVEL": "15"})


def test_matrix_level_beyond_its_codec_is_refused(config):
    config("compression_matrix:\n  iot_sensors: {codec: gzip, level: 12}\n")
    with pytest.raises(SettingsError, match="level 12 does not exist for gzip: 1 to 9"):
        load_settings(environ={})


def test_matrix_row_with_a_codec_alone_forgets_the_level_of_the_default(config):
    config("compression_matrix:\n  weather_bulk: {codec: gzip}\n")
    row = load_settings(environ={}).settings.compression_matrix[DataType.WEATHER_BULK]
    assert (row.codec, row.level) == ("gzip", None)


def test_matrix_row_with_a_level_alone_keeps_its_codec(config):
    config("compression_matrix:\n  weather_bulk: {level: 9}\n")
    row = load_settings(environ={}).settings.compression_matrix[DataType.WEATHER_BULK]
    assert (row.codec, row.level) == ("zstd", 9)


def test_broken_yaml_is_one_line(config):
    path = config("kafka: [\n")
    with pytest.raises(SettingsError, match=r"^streaming_config.yaml is not valid YAML: [^\n]*$"):
        load_settings(path, environ={})


@pytest.mark.parametrize("value", ["2026-13-45", "9" * 6_000, "[" * 2_000])
def test_a_value_that_yaml_stumbles_over_is_one_line(config, value):
    config(f"topic_prefix: {value}\n")
    with pytest.raises(SettingsError, match=r"^streaming_config.yaml is not valid YAML: [^\n]*$"):
        load_settings(environ={})


def test_named_file_that_is_missing_is_refused():
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(Path("nowhere.yaml"), environ={})


def test_section_with_all_keys_commented_out_is_fine(config):
    path = config("kafka:\n  # bootstrap_servers: x\n")
    assert load_settings(path, environ={}).settings == Settings()


@pytest.mark.parametrize("form", [repr, str, lambda settings: settings.model_dump_json()])
def test_secrets_are_hidden_however_settings_are_shown(form):
    loaded = load_settings(
        environ={"KAFKA_SASL_PASSWORD": "hush-1", "S3_ACCESS_KEY": "me", "S3_SECRET_KEY": "hush-2"}
    )
    assert "hush" not in form(loaded.settings)


def test_every_setting_that_is_named_like_a_secret_is_hidden():
    named = re.compile("(password|secret|secret_key|token)$")
    secrets = {key: HUSH for key in setting_keys() if named.search(key)}
    loaded = load_settings(environ={}, overrides={**secrets, "s3.access_key": "me"})
    assert len(secrets) >= 4
    assert HUSH not in repr(loaded)


@pytest.mark.parametrize("variable", ["S3_SECRET_KEY", "KAFKA_SSL_KEY_PASSWORD"])
def test_secrets_are_hidden_in_errors_and_what_led_to_them(variable):
    with pytest.raises(SettingsError) as caught:
        load_settings(environ={variable: "hush", "KAFKA_COMPRESSION_TYPE": "nope"})
    assert "hush" not in f"{caught.value!r}{caught.value.__context__!r}{caught.value.__cause__!r}"


def test_example_equals_the_defaults():
    assert load_settings(EXAMPLE, environ={}).settings == Settings()


def test_example_shows_every_setting():
    shown = load_settings(EXAMPLE, environ={}).origins
    assert [key for key, origin in shown.items() if origin == "default"] == []


def test_example_names_the_variable_of_each_setting_beside_it():
    lines = EXAMPLE.read_text().splitlines()
    origins = load_settings(EXAMPLE, environ={}).origins
    beside = {
        variable: lines[int(origins[key].rpartition(":")[2]) - 1]
        for variable, key in ENVIRONMENT_VARIABLES.items()
        if not variable.startswith("MINIO_")
    }
    assert [variable for variable, line in beside.items() if f"[{variable}]" not in line] == []
