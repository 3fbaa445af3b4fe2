# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Which route for which size?
#
# The deployment guide sends images of up to 20 MB as one record, up to 100 MB in chunks, and larger
# ones by reference to S3. Real scenes of 1 to 150 MB are carried by each of the three routes,
# whatever the thresholds say, to see where one becomes the better one.

# %% tags=["parameters"]
profile: str = "quick"  # smoke (seconds, for tests), quick (minutes) or full (half an hour)
stack: str = "auto"  # auto, embedded, compose or external: what Kafka and S3 run on
out_dir: str = "../build/notebooks/routing"  # folder for results.json

# %% tags=["hide-cell"]
from pathlib import Path

from wildfire_bench.bench.results.bench_run import save_results
from wildfire_bench.bench.run.runner import measure, print_progress
from wildfire_bench.bench.workloads.workload import workload
from wildfire_bench.report import routing, routing_plots
from wildfire_bench.stack import open_stack

# %% tags=["hide-cell"]
work = workload(f"routing-{profile}")
with open_stack(stack) as servers:
    results = measure(servers, work, progress=print_progress)
saved = save_results(results, Path(out_dir) / "results.json")

# %%
routing.routing_answer(results)

# %% [markdown]
# ## Where does one route hand over to the next?

# %%
routing.threshold_table(results)

# %% [markdown]
# ## How long until the consumer holds it?

# %%
routing_plots.plot_route_latency(results)

# %% [markdown]
# ## How much passes in a second?

# %%
routing_plots.plot_route_throughput(results)

# %% [markdown]
# ## What does it cost in CPU time?

# %%
routing_plots.plot_route_cpu(results)

# %% [markdown]
# ## And in memory?

# %%
routing_plots.plot_route_memory(results)

# %% [markdown]
# ## Every number

# %%
routing.routes_table(results)

# %%
routing.routing_limits(results)
