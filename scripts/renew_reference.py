"""Measure the reference run anew, and write all that shows it: `make reference`.

The run and its small records replace those in ``data/results`` once all of it is measured. The
README's section and the picture of the report are made from it, so that nobody edits them by hand.
"""

from __future__ import annotations

import argparse
import io
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from wildfire_bench.bench.matrix.lane_checks import lane_checks_of
from wildfire_bench.bench.results.store import find_run, read_run
from wildfire_bench.bench.verdicts.judging import judge_all
from wildfire_bench.cli.bench_run import measure_for_claims
from wildfire_bench.report.notebooks import run_notebook
from wildfire_bench.report.page import build_report
from wildfire_bench.report.reference import reference_section, with_reference_section

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "data" / "results"
PICTURE = ROOT / "docs" / "images" / "report.png"
README = ROOT / "README.md"
CHROMIUM = Path("/usr/bin/chromium")
PAGE_PIXELS = (820, 1130)
GAP_PIXELS = 16
GAP_COLOUR = "#cfd7df"
COLOURS = 128
SECOND_HALF = "What does an image take"
"""Heading that the right half of the picture begins with."""
TITLE = "Wildfire Bench: satellite images through Kafka, before and after"


def renew(*, measure: bool) -> None:
    """Measure if asked to, then write README and picture."""
    if measure:
        with tempfile.TemporaryDirectory(dir=RESULTS.parent) as folder:
            kept = measure_for_claims("quick", "embedded", Path(folder))
            if failures := read_run(kept).failures():
                sys.exit(f"{len(failures)} images failed: {failures[0].error}; nothing was changed")
            shutil.rmtree(RESULTS)
            Path(folder).rename(RESULTS)
            Path(folder).mkdir()  # for the context to remove
        RESULTS.chmod(0o755)
    reference = find_run("reference", RESULTS)
    results = read_run(reference)
    section = reference_section(results, judge_all(results, lane_checks_of(reference)))
    README.write_text(with_reference_section(README.read_text("utf-8"), section), "utf-8")
    with tempfile.TemporaryDirectory() as folder:
        where = {"runs": folder, "store": str(RESULTS)}
        run = run_notebook("report", where, Path(folder) / "report")
        page = build_report([run.path], Path(folder) / "index.html", title=TITLE)
        _picture(page).save(PICTURE, optimize=True)


def _picture(page: Path) -> Image.Image:
    """Show the head of the page beside its plots."""
    width, height = PAGE_PIXELS
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        tab = browser.new_page(viewport={"width": width, "height": height})
        tab.goto(page.as_uri())
        left = Image.open(io.BytesIO(tab.screenshot()))
        tab.get_by_role("heading", name=SECOND_HALF).evaluate("h => h.scrollIntoView()")
        right = Image.open(io.BytesIO(tab.screenshot()))
        browser.close()
    both = Image.new("RGB", (2 * width + GAP_PIXELS, height), GAP_COLOUR)
    both.paste(left, (0, 0))
    both.paste(right, (width + GAP_PIXELS, 0))
    return both.quantize(COLOURS)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--as-it-is", action="store_true", help="Measure nothing; write README and picture alone."
    )
    renew(measure=not parser.parse_args().as_it_is)
