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
