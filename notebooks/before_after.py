# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Satellite images through Kafka: before and after
#
# Does sending images as binary records with zstd, instead of base64 JSON, save what the
# deployment guide says it saves? One real Sentinel-2 scene is carried through a real Kafka broker
# in nine ways, which differ in one thing at a time.

# %% tags=["parameters"]
profile: str = "quick"  # smoke (seconds, for tests), quick (3 minutes) or full (30)
rounds: int = 0  # times that every variant is measured; 0 for the profile's own number
size_bytes: int = 0  # size of the scene in bytes, at most 20,000,000; 0 for the profile's own
stack: str = "auto"  # auto, embedded, compose or external: what Kafka runs on
out_dir: str = "../build/notebooks/before_after"  # folder for results.json

# %% tags=["hide-cell"]
from pathlib import Path

from wildfire_bench.bench.results.bench_run import save_results
from wildfire_bench.bench.run.runner import measure, print_progress
from wildfire_bench.bench.verdicts.judging import judge_all
from wildfire_bench.bench.workloads.workload import workload
from wildfire_bench.report import plots, sentences, tables
from wildfire_bench.stack import open_stack

# %% tags=["hide-cell"]
work = workload(profile, rounds=rounds, size_bytes=size_bytes)
with open_stack(stack, s3=False) as servers:
    results = measure(servers, work, progress=print_progress)
saved = save_results(results, Path(out_dir) / "results.json")
findings = judge_all(results)

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

# %%
tables.scenes_table(results)

# %% [markdown]
# ## How long until the consumer holds it?

# %%
plots.plot_latency(results)

# %%
sentences.latency_answer(results)

# %% [markdown]
# ## What does serialization alone take?

# %%
plots.plot_serialization(results)

# %%
sentences.serialization_answer(results)

# %% [markdown]
# ## Who spends the CPU time?

# %%
plots.plot_cpu(results)

# %%
sentences.cpu_answer(results)

# %% [markdown]
# ## Every number

# %%
tables.measured_table(results)

# %%
sentences.how_measured(results)

# %%
sentences.limitations(results)

# %%
sentences.how_to_repeat(results)
