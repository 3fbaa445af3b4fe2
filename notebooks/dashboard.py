# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The dashboard, without Grafana
#
# The same panels that `docker-compose.yml` shows in Grafana, drawn from a Prometheus that scrapes
# `wildfire-bench serve`. What each means, and what to do about it, is in `docs/monitoring.md`.

# %% tags=["parameters"]
prometheus_url: str = "http://127.0.0.1:9090"  # where Prometheus answers
minutes: float = 60.0  # how far back
window: str = "5m"  # stretch over which rates are taken; at least four scrapes

# %% tags=["hide-cell"]
from IPython.display import display

from wildfire_bench.monitoring.panels import GUIDES_PANELS
from wildfire_bench.report.dashboard import panel_figure, quiet_panels, read_panels

# %% tags=["hide-cell"]
panels = read_panels(prometheus_url, minutes=minutes, window=window)
figures = [panel_figure(each) for each in panels]
guides, operators = figures[: len(GUIDES_PANELS)], figures[len(GUIDES_PANELS) :]

# %%
quiet_panels(panels)

# %% [markdown]
# ## The guide's panels

# %%
display(*(figure for figure in guides if figure is not None))

# %% [markdown]
# ## Operation

# %%
display(*(figure for figure in operators if figure is not None))
