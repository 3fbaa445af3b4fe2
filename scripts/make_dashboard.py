"""Write Grafana's dashboard from the list of panels; run it after a change to that list.

python scripts/make_dashboard.py
"""

from __future__ import annotations

import json
from pathlib import Path

from grafana_foundation_sdk.builders import common, dashboard, prometheus, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import (
    LegendDisplayMode,
    LegendPlacement,
    TooltipDisplayMode,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DataSourceRef,
)

from wildfire_bench.monitoring.panels import GUIDES_PANELS, PANELS, Panel

TARGET = Path(__file__).parents[1] / "monitoring" / "grafana" / "dashboards" / "wildfire.json"
SOURCE = DataSourceRef(type_val="prometheus", uid="wildfire-prometheus")
COLUMNS, HEIGHT = 3, 8
WIDTH = 24 // COLUMNS


def dashboard_json() -> str:
    """Build the dashboard: the guide's panels in the first row, the operator's below."""
    built = (
        dashboard.Dashboard("Wildfire data ingestion")
        .uid("wildfire-data-ingestion")
        .description("The guide's panels, then what an operator needs beside them.")
        .tags(["wildfire", "kafka"])
        .timezone("browser")
        .time("now-1h", "now")
        .refresh("30s")
        .readonly()
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .with_row(dashboard.Row("The guide's"))
    )
    for index, panel in enumerate(PANELS):
        if index == len(GUIDES_PANELS):
            built = built.with_row(dashboard.Row("Operation"))
        built = built.with_panel(_panel(panel))
    return JSONEncoder(sort_keys=True, indent=2).encode(built.build()) + "\n"


def _panel(panel: Panel) -> timeseries.Panel:
    built = (
        timeseries.Panel()
        .title(panel.title)
        .description(panel.description)
        .datasource(SOURCE)
        .unit(panel.unit)
        .span(WIDTH)
        .height(HEIGHT)
        .min(0)
        .legend(
            common.VizLegendOptions()
            .display_mode(LegendDisplayMode.LIST)
            .placement(LegendPlacement.BOTTOM)
            .show_legend(True)
        )
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI))
    )
    if panel.unit == "percentunit":
        built = built.max(1)
    for index, query in enumerate(panel.queries):
        built = built.with_target(
            prometheus.Dataquery()
            .ref_id(chr(ord("A") + index))
            .expr(query.expression)
            .legend_format(query.legend)
            .range()
        )
    return built


if __name__ == "__main__":
    TARGET.write_text(dashboard_json(), encoding="utf-8")
    print(f"{TARGET.name}: {len(json.loads(dashboard_json())['panels'])} panels and rows")
