from wildfire_bench.report.notebooks import run_notebook


def test_the_notebook_on_codecs_runs_through(tmp_path):
    small = {"scenes": "landsat-8", "repetitions": 3, "max_mb": 0.3}
    run = run_notebook("compression", small, tmp_path / "run")
    ran = run.path.read_text()
    assert "Predictive-1 against the guide's zstd-1: on landsat-8" in ran
    assert "Predictive-2 against JPEG XL" in ran or "imagecodecs is not installed" in ran
