"""Build images that stand in for the official ones, where none can be pulled.

``python scripts/build_stand_in_images.py``, as root on Debian, with a Docker engine that answers
and the ``embedded`` extra installed. Nothing is pulled from an image registry: the base is a
few of Debian's packages; Kafka is its official jars, started by the official image's own wrapper
class; SeaweedFS is the program of its wheel; Prometheus is Debian's, where it is installed.

The service is built from its own Dockerfile, on a base with Debian's Python and from wheels of what
it installs, in build/wheels; how to do that by hand is printed at the end.

The servers get the tags that docker-compose.yml names, since that is what is to be tried, and the
label ``wildfire-bench.stand-in``. An image that has such a tag without that label is an official
one: it is left alone and nothing takes its place.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from wildfire_bench.errors import StackError
from wildfire_bench.stack.compose_file import (
    DATA_INGESTION_SERVICE,
    PROMETHEUS_SERVICE,
    S3_SERVICE,
    SINGLE_SERVICE,
    service_image,
)
from wildfire_bench.stack.jars import ensure_jars
from wildfire_bench.stack.java import java_executable
from wildfire_bench.stack.kafka_node import LOG_CONFIG
from wildfire_bench.stack.s3_server import weed_executable

RECIPES = Path(__file__).with_name("stand_in_images")
ROOT = Path(__file__).parents[1]
PROMETHEUS = "/usr/bin/prometheus"
BASE_IMAGE = "wildfire-bench-stand-in-base:latest"
LABEL = "wildfire-bench.stand-in"
PACKAGES = ("base-files", "bash", "busybox", "libc6", "libgcc-s1", "libtinfo6", "zlib1g")
"""What Java, SeaweedFS and their start scripts need; nothing of it is configured or run here."""
PYTHON_IMAGE = "wildfire-bench-stand-in-python:latest"
PYTHON_PACKAGES = (
    *("libbz2-1.0", "libcrypt1", "libexpat1", "libffi8", "liblzma5", "libsqlite3-0", "libssl3"),
    *("libstdc++6", "libuuid1", "libpython3.11-minimal", "libpython3.11-stdlib"),
    *("python3-pip-whl", "python3-setuptools-whl", "python3.11", "python3.11-minimal"),
    *("python3.11-venv", "python3-minimal"),
)
WHEELS = "build/wheels"
APPLETS = ("chown", "cp", "grep", "ln", "mkdir", "sh", "wget")
USERS = "root:x:0:0:root:/:/bin/sh\nappuser:x:1000:1000::/:/bin/bash\n"
DOWNLOAD_TIMEOUT_S = 60
BUILD_TIMEOUT_S = 60
WHEELS_TIMEOUT_S = 300
SERVICE_TIMEOUT_S = 240
UNAVAILABLE = 69
"""Status where the stand-ins cannot be had, as of scripts/with_docker_engine.sh."""


def main() -> int:
    """Build what is missing; say what was done."""
    try:
        builders = {SINGLE_SERVICE: _kafka_context, S3_SERVICE: _seaweedfs_context}
        if Path(PROMETHEUS).is_file():
            builders[PROMETHEUS_SERVICE] = _prometheus_context
        for service, fill_context in builders.items():
            image = service_image(service)
            if _exists(image) and not _is_stand_in(image):
                print(f"{image}: the official image is here and stays")
                continue
            _ensure_base()
            with tempfile.TemporaryDirectory(prefix="wildfire-image-") as folder:
                context = Path(folder)
                fill_context(context)
                _build(image, context)
            print(f"{image}: stand-in built; it was not pulled and is not the official image")
        _ensure_python()
        _collect_wheels()
    except (StackError, OSError, subprocess.SubprocessError) as error:
        print(f"no stand-in images: {_reason(error)}", file=sys.stderr)
        return UNAVAILABLE
    try:
        _build_service()
    except (OSError, subprocess.SubprocessError) as error:
        # All that it needs is here.
        print(f"the service's Dockerfile does not build: {_reason(error)}", file=sys.stderr)
        return 1
    return 0


def _ensure_base() -> None:
    if not _exists(BASE_IMAGE):
        _import_packages(BASE_IMAGE, PACKAGES)


def _ensure_python() -> None:
    """A base for the service's Dockerfile."""
    if not _exists(PYTHON_IMAGE):
        _import_packages(PYTHON_IMAGE, PACKAGES + PYTHON_PACKAGES)


def _collect_wheels() -> None:
    """Wheels of the package and all that its Dockerfile installs, for Debian's Python."""
    with tempfile.TemporaryDirectory(prefix="wildfire-venv-") as folder:
        _run(["/usr/bin/python3", "-m", "venv", folder], timeout_s=BUILD_TIMEOUT_S)
        wheel = [f"{folder}/bin/pip", "wheel", "--quiet", "--wheel-dir", WHEELS]
        wanted = ["--constraint", "constraints.txt", ".[api,fast]", "hatchling", "hatch-vcs"]
        _run([*wheel, *wanted], timeout_s=WHEELS_TIMEOUT_S, work_dir=ROOT)


def _import_packages(image: str, names: tuple[str, ...]) -> None:
    """Make an image out of Debian's packages."""
    with tempfile.TemporaryDirectory(prefix="wildfire-base-") as folder:
        packages, root = Path(folder) / "packages", Path(folder) / "root"
        packages.mkdir()
        for merged in ("bin", "lib", "lib64"):
            (root / "usr" / merged).mkdir(parents=True)
            (root / merged).symlink_to(f"usr/{merged}")
        for needed in ("etc", "tmp"):
            (root / needed).mkdir()
        (root / "tmp").chmod(0o1777)
        (root / "etc" / "passwd").write_text(USERS, encoding="ascii")
        # As root, apt would download as a user of its own, who may not write to this folder.
        download = ["apt-get", "-o", "APT::Sandbox::User=root", "download", *names]
        _run(download, timeout_s=DOWNLOAD_TIMEOUT_S, work_dir=packages)
        for package in sorted(packages.glob("*.deb")):
            archive = package.with_suffix(".tar")
            with archive.open("wb") as unpacked:
                command = ["dpkg-deb", "--fsys-tarfile", str(package)]
                subprocess.run(command, check=True, stdout=unpacked, timeout=BUILD_TIMEOUT_S)
            unused = [f"--exclude=./usr/share/{name}" for name in ("doc", "locale", "man")]
            keep = ["--keep-directory-symlink", *unused]
            _run(["tar", "-C", str(root), "-xf", str(archive), *keep], timeout_s=BUILD_TIMEOUT_S)
        for applet in APPLETS:
            (root / "bin" / applet).symlink_to("busybox")
        base = Path(folder) / "base.tar"
        _run(["tar", "-C", str(root), "-cf", str(base), "."], timeout_s=BUILD_TIMEOUT_S)
        _docker("import", str(base), image, timeout_s=BUILD_TIMEOUT_S)


def _kafka_context(context: Path) -> None:
    shutil.copytree(java_executable().parents[1], context / "java", copy_function=_link)
    (context / "libs").mkdir()
    for jar in ensure_jars():
        _link(jar, context / "libs" / jar.name)
    defaults = context / "defaults"
    defaults.mkdir()
    (defaults / "server.properties").touch()
    for log_config in ("log4j2.yaml", "tools-log4j2.yaml"):
        shutil.copyfile(LOG_CONFIG, defaults / log_config)
    shutil.copy(RECIPES / "kafka" / "run", defaults)
    shutil.copy(RECIPES / "kafka" / "Dockerfile", context)


def _seaweedfs_context(context: Path) -> None:
    _link(weed_executable(), context / "weed")
    shutil.copy(RECIPES / "seaweedfs" / "Dockerfile", context)


def _prometheus_context(context: Path) -> None:
    _link(PROMETHEUS, context / "prometheus")
    shutil.copy(RECIPES / "prometheus" / "Dockerfile", context)


def _build_service() -> None:
    image = service_image(DATA_INGESTION_SERVICE)
    given = {
        "BASE": PYTHON_IMAGE,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": f"/src/{WHEELS}",
        "SETUPTOOLS_SCM_PRETEND_VERSION": version("wildfire-bench"),
    }
    words = [word for name, value in given.items() for word in ("--build-arg", f"{name}={value}")]
    _docker("build", "--quiet", *words, "--tag", image, str(ROOT), timeout_s=SERVICE_TIMEOUT_S)
    print(
        f"{image}: built; by hand: PYTHON_IMAGE={PYTHON_IMAGE} PIP_NO_INDEX=1 "
        f"PIP_FIND_LINKS=/src/{WHEELS} docker-compose up -d --build {DATA_INGESTION_SERVICE}"
    )


def _link(source: Path | str, target: Path | str) -> None:
    """Link where the file system can: the runtime and the jars are 150 MB."""
    try:
        os.link(Path(source).resolve(), target)
    except OSError:
        shutil.copy2(source, target)


def _build(image: str, context: Path) -> None:
    base = ("--build-arg", f"BASE={BASE_IMAGE}")
    _docker("build", "--quiet", *base, "--tag", image, str(context), timeout_s=BUILD_TIMEOUT_S)


def _exists(image: str) -> bool:
    found = subprocess.run(
        ["docker", "image", "inspect", image], check=False, capture_output=True, timeout=10
    )
    return found.returncode == 0


def _is_stand_in(image: str) -> bool:
    form = f'{{{{index .Config.Labels "{LABEL}"}}}}'
    return _docker("image", "inspect", "--format", form, image, timeout_s=10).strip() == "true"


def _docker(*words: str, timeout_s: float) -> str:
    return _run(["docker", *words], timeout_s=timeout_s)


def _run(command: list[str], *, timeout_s: float, work_dir: Path | None = None) -> str:
    done = subprocess.run(
        command,
        check=True,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        cwd=work_dir,
        # The builder that every engine has: Debian's comes without buildx.
        env={**os.environ, "DOCKER_BUILDKIT": "0"},
    )
    return done.stdout


def _reason(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        said = (error.stderr or error.stdout or "").strip().splitlines() or ["no message"]
        return f"{' '.join(error.cmd[:2])} failed: {said[-1]}"
    return str(error)


if __name__ == "__main__":
    sys.exit(main())
