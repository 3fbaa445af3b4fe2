import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from wildfire_bench.cli import main
from wildfire_bench.cli.lab import jupyter_config_path


def test_missing_folder_is_told_with_its_option(tmp_path, capsys):
    assert main(["lab", "--notebooks", str(tmp_path / "none")]) == 2
    assert "--notebooks" in capsys.readouterr().err


def test_jupyterlab_reads_our_defaults(monkeypatch):
    manager = pytest.importorskip("jupyter_server.services.config.manager")
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(jupyter_config_path()))
    defaults = manager.ConfigManager(config_dir_name="labconfig").get("default_setting_overrides")
    assert defaults["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"


@pytest.fixture(scope="module")
def running_lab(tmp_path_factory) -> Iterator[tuple[subprocess.Popen, str, str]]:
    """``wildfire-bench lab`` as a process of its own: it, its address and its token."""
    code = "import sys; from wildfire_bench.cli import main; sys.exit(main())"
    folder = tmp_path_factory.mktemp("notebooks")
    options = ["lab", "--no-browser", "--port", "0", "--notebooks", str(folder)]
    lab = subprocess.Popen(
        [sys.executable, "-c", code, *options],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "JUPYTER_RUNTIME_DIR": str(tmp_path_factory.mktemp("runtime"))},
    )
    try:
        seen = []
        for line in lab.stderr:
            seen.append(line)
            if found := re.search(r"(http://127\.0\.0\.1:\d+)/lab\?token=(\w+)", line):
                yield lab, found[1], found[2]
                break
        else:
            pytest.fail(f"JupyterLab ended: {''.join(seen)}")
    finally:
        if lab.poll() is None:
            os.killpg(lab.pid, signal.SIGKILL)
        lab.stderr.close()
        lab.wait(timeout=30)


def ask(address: str, token: str, path: str, timeout_s: float = 30) -> dict:
    """Ask the server, which prints its address before it listens."""
    request = urllib.request.Request(address + path, headers={"Authorization": f"token {token}"})
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            with urllib.request.urlopen(request, timeout=timeout_s) as answer:
                return json.load(answer)
        except urllib.error.URLError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


@pytest.mark.integration
def test_a_running_jupyterlab_asks_nobody_for_news(running_lab):
    _, address, token = running_lab
    path = "/lab/api/settings/@jupyterlab/apputils-extension:notification"
    defaults = ask(address, token, path)["schema"]["properties"]
    assert [defaults[key]["default"] for key in ("checkForUpdates", "fetchNews")] == [
        False,
        "false",
    ]


@pytest.mark.integration
def test_a_running_jupyterlab_opens_sources_as_notebooks(running_lab):
    _, address, token = running_lab
    path = "/lab/api/settings/@jupyterlab/docmanager-extension:plugin"
    viewers = ask(address, token, path)["schema"]["properties"]["defaultViewers"]["default"]
    assert viewers["python"] == "Jupytext Notebook"


@pytest.mark.integration
def test_jupyterlab_ends_with_the_command(running_lab):
    lab, address, token = running_lab
    ask(address, token, "/api/status")
    lab.terminate()
    lab.wait(timeout=30)
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(address, timeout=5)
