# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # How small, and how fast?
#
# What does each codec make of real scenes, and what is it worth to know that the bytes are pixels?
# How near do ours come to codecs made for pictures, such as JPEG XL?
# Codecs take turns in one run and one thread, every scene is checked byte for byte, and looking at
# a scene or compiling is part of no speed.

# %% tags=["parameters"]
scenes: str = (
    "sentinel-2,landsat-8,sentinel-2-ndvi,blue-marble-rgb,blue-marble"  # names of samples, by comma
)
repetitions: int = 7  # of each measurement, at least 3
max_mb: float = 30.2  # scenes are cut off there, in MB of 1,000,000 bytes
rivals: bool = True  # measure other people's codecs as well, where imagecodecs is installed

# %% tags=["hide-cell"]
from IPython.display import display

from wildfire_bench.bench.codecs.measuring import measure_codecs
from wildfire_bench.report import codecs

# %% tags=["hide-cell"]
names = [name.strip() for name in scenes.split(",")]
measured = measure_codecs(
    names, repetitions, max_bytes=int(max_mb * 1e6), with_rivals=rivals, progress=print
)

# %%
codecs.predictive_answer(measured)

# %% [markdown]
# ## Size against speed

# %%
for name in names:
    display(codecs.plot_size_and_speed(measured, name))

# %%
codecs.rivals_answer(measured)

# %% [markdown]
# ## Does a second thread help?

# %%
codecs.threads_answer(measured)

# %% [markdown]
# ## All figures

# %%
codecs.codec_table(measured)
