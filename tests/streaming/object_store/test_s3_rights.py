"""Keys that may only do what the policies of docs/security.md allow; the store denies the rest."""

from __future__ import annotations

import io
import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from minio.error import S3Error

from tests.repository.documents import code_blocks, document
from tests.streaming.conftest import picture
from wildfire_bench.errors import ObjectMissing, ObjectStoreUnavailable
from wildfire_bench.settings import S3Settings
from wildfire_bench.stack.ports import LOOPBACK, free_ports
from wildfire_bench.stack.readiness import wait_for_s3
from wildfire_bench.stack.s3_server import S3_PORTS, new_keys, plan_s3, weed_executable
from wildfire_bench.stack.supervision import Supervision
from wildfire_bench.streaming.envelope.digest import digest_of
from wildfire_bench.streaming.model import ImageIdentity, ObjectLocation
from wildfire_bench.streaming.object_store.s3_client import connect_s3
from wildfire_bench.streaming.s3_reference_handler import S3ReferenceHandler

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("secrets_kept")]

BUCKET = "wildfire-satellite-imagery"
PRODUCER, CONSUMER = code_blocks(document("docs/security.md"), "json")
POLICIES = {
    "producer": PRODUCER,
    "consumer": CONSUMER,
    "elsewhere": PRODUCER.replace(BUCKET, "other"),
}
PART_BYTES = 5 << 20

Scoped = Callable[[str], S3Settings]


@pytest.fixture(scope="module")
def scoped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scoped]:
    """A store that knows four kinds of keys; gives the settings of one of them."""
    folder = tmp_path_factory.mktemp("s3")
    names = ("owner", *POLICIES)
    keys = {name: (f"{name}-key", f"marker-{secrets.token_hex(12)}") for name in names}
    identities = [
        {
            "name": name,
            "credentials": [{"accessKey": keys[name][0], "secretKey": keys[name][1]}],
            **({"actions": ["Admin"]} if name == "owner" else {"policyNames": [name]}),
        }
        for name in names
    ]
    policies = [{"name": name, "content": content} for name, content in POLICIES.items()]
    config = folder / "identities.json"
    config.write_text(json.dumps({"identities": identities, "policies": policies}))
    server = plan_s3(free_ports(len(S3_PORTS)), folder, new_keys())
    for needed in (server.data_dir, server.log_file.parent):
        needed.mkdir()
    command = server.start_command(weed_executable())
    supervision = Supervision(folder / "logs" / "supervisor.log", server.socket_files, 0.0)
    try:
        supervision.start(replace(command, argv=(*command.argv, f"-s3.config={config}")))
        wait_for_s3(f"{LOOPBACK}:{server.port}", lambda: None)

        def settings(name: str) -> S3Settings:
            access_key, secret_key = keys[name]
            return S3Settings.model_validate(
                {
                    "endpoint": f"{LOOPBACK}:{server.port}",
                    "access_key": access_key,
                    "secret_key": secret_key,
                    "bucket": BUCKET,
                    "region": "us-east-1",
                    "secure": False,
                    "part_bytes": PART_BYTES,
                }
            )

        client = connect_s3(settings("owner"), 1)
        client.make_bucket(BUCKET)
        client.close()
        yield settings
    finally:
        supervision.close()


def identity_of(image: bytes) -> ImageIdentity:
    digest = str(digest_of(image))
    return ImageIdentity(f"s-{digest[-8:]}", "s", len(image), digest, "image/tiff", None)


async def upload(settings: S3Settings, image: bytes) -> ObjectLocation:
    half = len(image) // 2
    blocks = [(part, len(part), str(digest_of(part))) for part in (image[:half], image[half:])]
    async with S3ReferenceHandler(settings) as store:
        return await store.upload(identity_of(image), blocks)


async def download(settings: S3Settings, location: ObjectLocation) -> bytes:
    found: dict[int, bytes] = {}
    async with S3ReferenceHandler(settings) as store:
        await store.download(
            location, lambda _index, offset, block: found.update({offset: bytes(block)})
        )
    return b"".join(found[offset] for offset in sorted(found))


@pytest.mark.parametrize("size_bytes", [10_000, PART_BYTES + 10_000], ids=["whole", "in parts"])
async def test_a_producer_that_may_only_write_and_a_consumer_that_may_only_read_are_enough(
    scoped: Scoped, size_bytes: int
) -> None:
    image = picture(size_bytes, size_bytes)
    location = await upload(scoped("producer"), image)
    assert await download(scoped("consumer"), location) == image


@pytest.mark.parametrize("size_bytes", [10_000, PART_BYTES + 10_000], ids=["whole", "in parts"])
async def test_one_who_may_not_write_is_told_the_action_and_the_bucket(
    scoped: Scoped, size_bytes: int
) -> None:
    with pytest.raises(ObjectStoreUnavailable) as raised:
        await upload(scoped("consumer"), picture(size_bytes))
    assert f"allow s3:PutObject on bucket {BUCKET}" in str(raised.value)


async def test_one_who_may_not_read_is_told_the_action_and_the_bucket(scoped: Scoped) -> None:
    location = await upload(scoped("producer"), picture(20_000, 1))
    for name in ("producer", "elsewhere"):
        with pytest.raises(ObjectStoreUnavailable) as raised:
            await download(scoped(name), location)
        assert f"allow s3:GetObject on bucket {BUCKET}" in str(raised.value)


@pytest.mark.parametrize("role", ["producer", "consumer"])
def test_neither_role_lists_or_removes_or_leaves_its_folder(scoped: Scoped, role: str) -> None:
    owner, client = connect_s3(scoped("owner"), 1), connect_s3(scoped(role), 1)
    for key in ("images/kept", "elsewhere/kept"):
        owner.put_object(BUCKET, key, io.BytesIO(b"x"), 1)
    attempts: list[Callable[[], object]] = [
        lambda: list(client.list_objects(BUCKET)),
        lambda: client.remove_object(BUCKET, "images/kept"),
        lambda: client.put_object(BUCKET, "elsewhere/new", io.BytesIO(b"x"), 1),
        lambda: client.get_object(BUCKET, "elsewhere/kept"),
    ]
    for attempt in attempts:
        with pytest.raises(S3Error) as raised:
            attempt()
        assert raised.value.code == "AccessDenied"
    owner.close()
    client.close()


async def test_a_wrong_secret_is_told_without_being_shown(scoped: Scoped) -> None:
    wrong = scoped("producer").model_copy(update={"secret_key": scoped("owner").secret_key})
    with pytest.raises(ObjectStoreUnavailable, match="check S3_ACCESS_KEY and S3_SECRET_KEY") as e:
        await upload(wrong, picture(20_000, 2))
    assert "marker" not in str(e.value)


async def test_a_bucket_that_is_missing_is_told_to_one_who_may_not_make_it(scoped: Scoped) -> None:
    other = scoped("elsewhere").model_copy(update={"bucket": "other"})
    with pytest.raises((ObjectMissing, ObjectStoreUnavailable), match="other"):
        await upload(other, picture(20_000, 3))
