import pytest

from wildfire_bench.errors import SettingsError
from wildfire_bench.settings_sources import load_settings


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"security_protocol": "SASL_SSL"}, "sasl_mechanism"),
        (
            {"security_protocol": "SASL_SSL", "sasl_mechanism": "SCRAM-SHA-512"},
            "sasl_username, sasl_password",
        ),
        (
            {
                "security_protocol": "SASL_SSL",
                "sasl_mechanism": "OAUTHBEARER",
                "sasl_oauth_client_id": "me",
            },
            "sasl_oauth_token_endpoint_url, sasl_oauth_client_secret",
        ),
        ({"security_protocol": "SSL", "ssl_certificate_location": "c.pem"}, "ssl_key_location"),
    ],
)
def test_what_a_login_cannot_do_without_is_named(given, missing):
    with pytest.raises(SettingsError, match=rf"kafka: \S+ needs {missing}: set it"):
        load_settings(environ={}, overrides={"kafka": given})


def test_a_client_secret_is_not_sent_in_plain_text_to_another_machine():
    given = {
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "OAUTHBEARER",
        "sasl_oauth_client_id": "me",
        "sasl_oauth_client_secret": "marker",
        "sasl_oauth_token_endpoint_url": "http://login.example/token",
    }
    with pytest.raises(SettingsError, match="must be https") as raised:
        load_settings(environ={}, overrides={"kafka": given})
    assert "marker" not in str(raised.value)
