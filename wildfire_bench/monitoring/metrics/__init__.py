"""One module for each group of metrics; `wildfire_bench.monitoring.registration` finds them."""
