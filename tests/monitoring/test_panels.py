"""The files for Prometheus and Grafana; tests/cli/test_serve.py asks a real one every question."""

from __future__ import annotations

import json
import re
import runpy
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from wildfire_bench.monitoring.panels import GUIDES_PANELS, MAX_PANELS, PANELS

ROOT = Path(__file__).parents[2]
MONITORING = ROOT / "monitoring"
DASHBOARD = MONITORING / "grafana" / "dashboards" / "wildfire.json"
GUIDES_TITLES = [
    "Binary vs JSON message ratio",
    "Chunk reassembly success rate",
    "S3 upload frequency",
    "Compression ratio by topic",
    "Image processing latency",
]


def promtool(*arguments: str, folder: Path) -> None:
    if shutil.which("promtool") is None:
        pytest.skip("Debian's prometheus is not installed")
    ended = subprocess.run(
        ["promtool", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((MONITORING / "rules.yml").read_text())["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def alerts() -> list[dict[str, Any]]:
    return [rule for rule in rules() if "alert" in rule]


def names_in(expression: str) -> set[str]:
    """Metrics of a PromQL expression: words with an underscore or colon that are no function."""
    bare = re.sub(r"\{[^}]*\}|by \([^)]*\)|\[[^\]]*\]", "", expression)
    words = set(re.findall(r"[a-z_][a-z0-9_:]*[_:][a-z0-9_:]+", bare))
    return words - {"histogram_quantile", "on_time"}


def test_the_guides_panels_come_first_under_its_titles() -> None:
    assert [panel.title for panel in GUIDES_PANELS] == GUIDES_TITLES
    assert PANELS[:5] == GUIDES_PANELS


def test_no_two_panels_share_a_title_and_there_are_not_too_many() -> None:
    titles = [panel.title for panel in PANELS]
    assert len(set(titles)) == len(titles) <= MAX_PANELS


def test_the_dashboard_is_what_the_list_of_panels_makes() -> None:
    made = runpy.run_path(str(ROOT / "scripts" / "make_dashboard.py"))["dashboard_json"]()
    assert DASHBOARD.read_text() == made, "run: python scripts/make_dashboard.py"


def test_grafanas_own_types_keep_every_key_of_the_dashboard() -> None:
    kept = json.loads(DASHBOARD.read_text())
    again = JSONEncoder(sort_keys=True).encode(Dashboard.from_json(kept))
    assert json.loads(again) == kept


def test_a_misspelt_key_would_not_survive_that() -> None:
    kept = json.loads(DASHBOARD.read_text())
    kept["panels"][1]["titel"] = "x"
    assert json.loads(JSONEncoder().encode(Dashboard.from_json(kept))) != kept


def test_the_dashboard_asks_the_data_source_that_is_provisioned() -> None:
    source = yaml.safe_load(
        (MONITORING / "grafana/provisioning/datasources/wildfire.yml").read_text()
    )
    (uid,) = {each["uid"] for each in source["datasources"]}
    panels = json.loads(DASHBOARD.read_text())["panels"]
    assert {panel["datasource"]["uid"] for panel in panels if panel["type"] != "row"} == {uid}


def test_prometheus_takes_the_configuration(tmp_path: Path) -> None:
    for name in ("prometheus.yml", "rules.yml"):
        shutil.copy(MONITORING / name, tmp_path)
    (tmp_path / "token").touch()
    promtool("check", "config", "prometheus.yml", folder=tmp_path)


def test_every_alert_fires_for_its_trouble_and_for_nothing_else() -> None:
    promtool("test", "rules", "rules_test.yml", folder=MONITORING)


def test_every_alert_is_tried() -> None:
    tried = yaml.safe_load((MONITORING / "rules_test.yml").read_text())["tests"]
    firing = {
        each["alertname"]
        for test in tried
        for each in test.get("alert_rule_test", ())
        if each["exp_alerts"]
    }
    assert firing == {alert["alert"] for alert in alerts()}


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert["alert"])
def test_an_alert_has_a_section_that_says_what_to_do(alert: dict[str, Any]) -> None:
    page, _, section = alert["annotations"]["runbook"].partition("#")
    headings = re.findall(r"^### (\w+)$", (ROOT / page).read_text(), flags=re.MULTILINE)
    assert section == alert["alert"].lower()
    assert alert["alert"] in headings


def test_panels_and_rules_ask_only_for_metrics_that_are_documented() -> None:
    documented = set(
        re.findall(r"^\| `(\w+)`", (ROOT / "docs/metrics.md").read_text(), re.MULTILINE)
    )
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    asked = {rule["expr"] for rule in rules()}
    asked |= {query.expression for panel in PANELS for query in panel.queries}
    others = {"process_cpu_seconds_total", "process_resident_memory_bytes"}
    for name in set().union(*map(names_in, asked)) - recorded - others:
        assert {name, re.sub("_(bucket|sum|count)$", "", name)} & documented, name


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.title)
def test_a_panel_is_described(panel: Any) -> None:
    text = (ROOT / "docs" / "monitoring.md").read_text()
    assert f"| {panel.title} | {panel.description} |" in text
