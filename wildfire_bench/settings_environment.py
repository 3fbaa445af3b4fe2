"""Environment variables: which one is which setting, and which one looks like a slip of the pen."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import reduce
from types import MappingProxyType

from pydantic import SecretStr

from wildfire_bench.errors import SettingsError
from wildfire_bench.settings import Settings

__all__ = [
    "CONFIG_VARIABLE",
    "ENVIRONMENT_VARIABLES",
    "as_environment",
    "near_misses",
    "read_environment",
]

CONFIG_VARIABLE = "WILDFIRE_CONFIG"
"""Names the YAML file to read instead of ``./streaming_config.yaml``."""

NEAR_MISS_RATIO = 0.9
"""How alike an unknown name and a known one are when it is worth a warning.

One letter left out of ``S3_BUCKET`` gives 0.94; ``AWS_SECRET_KEY``, which belongs to others, has
0.89 in common with ``S3_SECRET_KEY``.
"""

ENVIRONMENT_VARIABLES: Mapping[str, str] = MappingProxyType(
    {
        "KAFKA_BOOTSTRAP_SERVERS": "kafka.bootstrap_servers",
        "KAFKA_CLIENT_ID": "kafka.client_id",
        "KAFKA_SECURITY_PROTOCOL": "kafka.security_protocol",
        "KAFKA_SASL_MECHANISM": "kafka.sasl_mechanism",
        "KAFKA_SASL_USERNAME": "kafka.sasl_username",
        "KAFKA_SASL_PASSWORD": "kafka.sasl_password",
        "KAFKA_SASL_OAUTH_TOKEN_ENDPOINT_URL": "kafka.sasl_oauth_token_endpoint_url",
        "KAFKA_SASL_OAUTH_CLIENT_ID": "kafka.sasl_oauth_client_id",
        "KAFKA_SASL_OAUTH_CLIENT_SECRET": "kafka.sasl_oauth_client_secret",
        "KAFKA_SASL_OAUTH_SCOPE": "kafka.sasl_oauth_scope",
        "KAFKA_SSL_CA_LOCATION": "kafka.ssl_ca_location",
        "KAFKA_SSL_CERTIFICATE_LOCATION": "kafka.ssl_certificate_location",
        "KAFKA_SSL_KEY_LOCATION": "kafka.ssl_key_location",
        "KAFKA_SSL_KEY_PASSWORD": "kafka.ssl_key_password",
        "KAFKA_CONNECT_TIMEOUT_S": "kafka.connect_timeout_s",
        # The three names of the guide, sections 1 and 9.
        "KAFKA_COMPRESSION_TYPE": "kafka_producer.compression_type",
        "KAFKA_COMPRESSION_LEVEL": "kafka_producer.compression_level",
        "ENABLE_BINARY_SERIALIZATION": "kafka_producer.enable_binary_serialization",
        "WILDFIRE_MAX_IN_FLIGHT_BYTES": "kafka_producer.max_in_flight_bytes",
        "WILDFIRE_DELIVERY_TIMEOUT_S": "kafka_producer.delivery_timeout_s",
        "WILDFIRE_REQUEST_TIMEOUT_S": "kafka_producer.request_timeout_s",
        "WILDFIRE_ENCODE_WORKERS": "kafka_producer.encode_workers",
        "WILDFIRE_ORDER_BY": "kafka_producer.order_by",
        "WILDFIRE_VALIDATE_RECORDS": "kafka_producer.validate_records",
        "WILDFIRE_DIRECT_MAX_BYTES": "routing.direct_max_bytes",
        "WILDFIRE_CHUNKED_MAX_BYTES": "routing.chunked_max_bytes",
        "WILDFIRE_CHUNK_BYTES": "routing.chunk_bytes",
        "WILDFIRE_MAX_IMAGE_BYTES": "routing.max_image_bytes",
        "WILDFIRE_AUTO_OFFSET_RESET": "kafka_consumer.auto_offset_reset",
        "WILDFIRE_MAX_UNACKNOWLEDGED": "kafka_consumer.max_unacknowledged",
        "WILDFIRE_READY_BYTES": "kafka_consumer.ready_bytes",
        "WILDFIRE_MEMORY_BYTES": "kafka_consumer.memory_bytes",
        "WILDFIRE_SPILL_BYTES": "kafka_consumer.spill_bytes",
        "WILDFIRE_SPILL_DIR": "kafka_consumer.spill_dir",
        "WILDFIRE_REASSEMBLY_TIMEOUT_S": "kafka_consumer.reassembly_timeout_s",
        "WILDFIRE_MAX_INCOMPLETE_IMAGES": "kafka_consumer.max_incomplete_images",
        "WILDFIRE_DECODE_WORKERS": "kafka_consumer.decode_workers",
        "WILDFIRE_SESSION_TIMEOUT_S": "kafka_consumer.session_timeout_s",
        "S3_ENDPOINT": "s3.endpoint",
        "S3_ACCESS_KEY": "s3.access_key",
        "S3_SECRET_KEY": "s3.secret_key",
        "S3_BUCKET": "s3.bucket",
        "S3_REGION": "s3.region",
        "S3_SECURE": "s3.secure",
        "S3_PART_BYTES": "s3.part_bytes",
        "S3_PARALLEL_PARTS": "s3.parallel_parts",
        "S3_PRESIGN_URLS": "s3.presign_urls",
        "S3_PRESIGN_EXPIRY_S": "s3.presign_expiry_s",
        "S3_TIMEOUT_S": "s3.timeout_s",
        # What a MinIO deployment is used to.
        "MINIO_ENDPOINT": "s3.endpoint",
        "MINIO_ACCESS_KEY": "s3.access_key",
        "MINIO_SECRET_KEY": "s3.secret_key",
        "WILDFIRE_SERVICE_HOST": "service.host",
        "WILDFIRE_SERVICE_PORT": "service.port",
        "WILDFIRE_SERVICE_TOKEN": "service.token",
        "WILDFIRE_SERVICE_UNPROTECTED": "service.unprotected",
        "WILDFIRE_SERVICE_STOP_TIMEOUT_S": "service.stop_timeout_s",
        "WILDFIRE_LOG_FORMAT": "log.format",
        "WILDFIRE_LOG_LEVEL": "log.level",
        "WILDFIRE_TOPIC_PROFILE": "topic_profile",
        "WILDFIRE_TOPIC_PREFIX": "topic_prefix",
    }
)
"""Variable to setting. The matrix, five rows of two values, is set in the YAML file only."""


def read_environment(environ: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Pick the settings out of an environment.

    Parameters
    ----------
    environ
        Such as `os.environ`. An empty value counts as not set, since that is what
        ``KAFKA_COMPRESSION_TYPE=${UNSET:-}`` in a compose file gives.

    Returns
    -------
    dict
        Setting to its variable's name and value.

    Raises
    ------
    SettingsError
        If two variables set the same thing to different values.
    """
    found: dict[str, tuple[str, str]] = {}
    for variable, key in ENVIRONMENT_VARIABLES.items():
        value = environ.get(variable, "")
        if not value:
            continue
        if key in found and found[key][1] != value:
            msg = f"{found[key][0]} and {variable} both set {key}, to different values: unset one"
            raise SettingsError(msg)
        found.setdefault(key, (variable, value))
    return found


def as_environment(settings: Settings) -> dict[str, str]:
    """Write settings as variables, for a process that is to have the same.

    Parameters
    ----------
    settings
        The compression matrix is not written: no variable holds it.

    Returns
    -------
    dict
        Variable to value; what is not set is an empty value, which counts as not set. It holds
        passwords in the clear: never log it.
    """
    found: dict[str, str] = {}
    for variable, key in ENVIRONMENT_VARIABLES.items():
        value = reduce(getattr, key.split("."), settings)
        if variable.startswith("MINIO_") or value is None:
            found[variable] = ""  # the same setting under its other name
        elif isinstance(value, SecretStr):
            found[variable] = value.get_secret_value()
        else:
            found[variable] = str(value)
    return found


def near_misses(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Warn of variables that nothing reads but that are named almost like one that is read.

    Parameters
    ----------
    environ
        Such as `os.environ`. Names far from all known ones (``KAFKA_HEAP_OPTS``) belong to others.

    Returns
    -------
    tuple of str
        One sentence for each; values are not shown.
    """
    known = [*ENVIRONMENT_VARIABLES, CONFIG_VARIABLE]
    warnings = []
    for name in sorted(environ):
        if name in known:
            continue
        close = difflib.get_close_matches(name.upper(), known, n=1, cutoff=NEAR_MISS_RATIO)
        if close:
            warnings.append(
                f"environment variable {name} is not a setting and is ignored: "
                f"did you mean {close[0]}?"
            )
    return tuple(warnings)
