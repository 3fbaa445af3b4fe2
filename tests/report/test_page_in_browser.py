"""The report as a reader gets it: in a browser, without a network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_core_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.integration,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's chromium (apt-get install)"),
]


@pytest.fixture(scope="module")
def opened(report_dir) -> Iterator[tuple[Page, list[str], list[str]]]:
    """The page at 800 pixels, with all that it asked for and complained about."""
    asked: list[str] = []
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 800, "height": 900})
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto((report_dir / "index.html").as_uri())
        yield page, asked, complaints
        browser.close()


@pytest.fixture
def page(opened) -> Page:
    return opened[0]


def test_nothing_is_asked_for_but_the_file_and_what_it_holds(opened):
    outside = [url for url in opened[1] if not url.startswith(("file://", "data:"))]
    assert outside == []


def test_nothing_is_refused_or_reported(opened):
    assert opened[2] == []


def test_no_script_runs_under_the_pages_policy(page):
    policy = page.locator("meta[http-equiv='Content-Security-Policy']").get_attribute("content")
    assert policy.startswith("default-src 'none'")


def test_the_first_table_is_that_of_the_verdicts(page):
    assert "Verdict" in page.locator("table").first.locator("thead").inner_text()


def test_every_figure_has_words_with_numbers(page):
    words = [image.get_attribute("alt") for image in page.locator("figure img").all()]
    assert len(words) == 4
    assert all(len(alt) >= 40 and re.search(r"\d", alt) for alt in words)


def test_every_figure_is_drawn(page):
    widths = page.locator("img").evaluate_all("images => images.map(i => i.naturalWidth)")
    assert min(widths) > 300


def test_nothing_reaches_past_a_window_of_800_pixels(page):
    assert page.evaluate("document.documentElement.scrollWidth") <= 800


def test_limitations_and_what_got_worse_are_on_the_page(page):
    boxes = page.locator(".box .title").all_inner_texts()
    assert {"What got worse", "How it was measured", "Limitations"} <= set(boxes)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_rule_of_accessibility_is_broken(page, scheme):
    page.emulate_media(color_scheme=scheme)
    found = Axe().run(page)["violations"]
    assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found] == []
