# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The compression matrix for everything but images
#
# The deployment guide gives each kind of small record a codec and a promise: alerts within 100 ms,
# sensors with less than 10 ms on top, detections "balanced", weather 78 % smaller, and zstd 20 to
# 40 % quicker than gzip. Real records are sent through a real Kafka broker to see which hold.

# %% tags=["parameters"]
profile: str = "quick"  # smoke (seconds, for tests), quick (two minutes) or full (about 6 minutes)
stack: str = "auto"  # auto, embedded, compose or external: what Kafka runs on
out_dir: str = "../build/notebooks/compression_matrix"  # folder for results.json

# %% tags=["hide-cell"]
from pathlib import Path

from wildfire_bench.bench.matrix.measuring import measure_matrix
from wildfire_bench.bench.matrix.results import save_matrix
from wildfire_bench.bench.matrix.verdicts import judge_matrix
from wildfire_bench.bench.matrix.workload import matrix_workload
from wildfire_bench.report import matrix_plots, matrix_tables
from wildfire_bench.stack import open_stack

# %% tags=["hide-cell"]
work = matrix_workload(profile)
with open_stack(stack, s3=False) as servers:
    result = measure_matrix(servers, work, progress=print)
saved = save_matrix(result, Path(out_dir) / "results.json")
findings = judge_matrix(result)

# %%
matrix_tables.matrix_headline(findings)

# %% [markdown]
# ## What became of the promises

# %%
matrix_tables.matrix_verdicts(findings)

# %% [markdown]
# ## Does an alert wait behind an image?
#
# Alerts have a connection and a thread of their own. Here the same producer sends images as fast as
# broker and consumer take them.

# %%
matrix_plots.plot_alert_tail(result)

# %% [markdown]
# ## What does compression cost in time?

# %%
matrix_plots.plot_lane_latencies(result)

# %% [markdown]
# ## How large must a batch be?
#
# A record alone hardly shrinks: what repeats lies in its neighbours.

# %%
matrix_plots.plot_batch_ratios(result)

# %% [markdown]
# ## Every lane and codec

# %%
matrix_tables.stored_table(result)

# %%
matrix_tables.matrix_limits(result)

# %% [markdown]
# Raw samples are in `results.json` beside the executed notebook. The figures alone:
# `wildfire-bench bench matrix --profile quick --json`.
