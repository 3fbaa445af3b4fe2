# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The guide's numbers, all together
#
# What the notebooks before_after, compression_matrix and routing measured, on one page. Nothing is
# measured here: each part is the newest run of its notebook, or else the newest kept run.

# %% tags=["parameters"]
runs: str = "../build/notebooks"  # folder with the runs of the other notebooks
store: str = "../build/results"  # folder with the kept runs, used where a notebook has none

# %% tags=["hide-cell"]
from pathlib import Path

from wildfire_bench.report import matrix_plots, plots, routing, routing_plots, sentences, tables
from wildfire_bench.report.joined import join_runs, missing, promises_table, sources_table

# %% tags=["hide-cell"]
parts = join_runs(Path(runs), Path(store))
findings = parts.findings
results = parts.before_after

# %%
sentences.headline(results, findings)

# %% [markdown]
# ## What became of the guide's numbers

# %%
tables.verdict_table(findings)

# %%
sentences.what_got_worse(results)

# %% [markdown]
# ## What does an image take on the broker's disk?

# %%
plots.plot_stored(results)

# %%
sentences.storage_answer(results)

# %% [markdown]
# ## How long until the consumer holds it?

# %%
plots.plot_latency(results)

# %%
sentences.latency_answer(results)

# %% [markdown]
# ## Who spends the CPU time?

# %%
plots.plot_cpu(results)

# %%
sentences.cpu_answer(results)

# %% [markdown]
# ## Every number of before and after

# %%
tables.measured_table(results)

# %% [markdown]
# ## Which route for which size?

# %%
parts.of_routing(routing.routing_answer) or missing("routing")

# %%
parts.of_routing(routing.threshold_table)

# %%
parts.of_routing(routing_plots.plot_route_latency)

# %%
parts.of_routing(routing_plots.plot_route_throughput)

# %%
parts.of_routing(routing.routes_table)

# %% [markdown]
# ## Small records

# %%
parts.of_lanes(promises_table) or missing("compression_matrix")

# %%
parts.of_lanes(matrix_plots.plot_alert_tail)

# %%
parts.of_lanes(matrix_plots.plot_lane_latencies)

# %% [markdown]
# ## Where the numbers are from

# %%
sources_table(parts)

# %%
sentences.how_measured(results)

# %%
sentences.limitations(results)
