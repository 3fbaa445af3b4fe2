from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildfire_bench.streaming.html_repr import MAX_HTML_BYTES
from wildfire_bench.streaming.model import ImageIdentity, Receipt, RecordPlace, Route
from wildfire_bench.streaming.receiving.assembly import ReassemblyState
from wildfire_bench.streaming.receiving.reassembly import ReassemblyStatus
from wildfire_bench.streaming.satellite_image import SatelliteImage

HOSTILE = "<script>alert('x')</script>\" onload=\"x"
ALLOWED = {"div", "style", "pre", "table", "tr", "th", "td", "br", "svg", "path"}
PLACES = tuple(RecordPlace("chunks", 3, offset) for offset in range(7, 11))


def identity(text: str = "landsat-1") -> ImageIdentity:
    return ImageIdentity(text, text, 20_000_000, text, text, text)


def receipt(text: str = "landsat-1") -> Receipt:
    return Receipt(
        identity=identity(text),
        route=Route.CHUNKED,
        reason=text,
        codec=text,
        level=1,
        places=PLACES,
        item_place=RecordPlace(text, 0, 1),
        raw_bytes=20_000_000,
        encoded_bytes=10_000_000,
        wire_bytes=10_001_000,
        seconds={"total": 0.25},
        dataref=text,
    )


def image(text: str = "landsat-1") -> SatelliteImage:
    metadata = {f"{text}{n}": {text: [text, n]} for n in range(50)}
    return SatelliteImage(memoryview(b"x"), metadata, identity(text), Route.DIRECT, text, PLACES)


def status(text: str = "landsat-1") -> ReassemblyStatus:
    state = ReassemblyState(text, 30_000_000, 6, 4, (1, 5), 20_000_000, True, 2.5, PLACES)
    return ReassemblyStatus(40, 20_000_000, 5_000_000, 2.5, (state,) * 40)


MAKERS = (receipt, image, status)


class Elements(HTMLParser):
    """Collects what a browser would make of it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: dict[str, str | None] = {}
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("make", MAKERS)
def test_hostile_text_stays_text(make):
    seen = Elements(make(HOSTILE)._repr_html_())
    assert seen.tags <= ALLOWED
    assert not {
        name for name in seen.attributes if name.startswith("on") or name in {"src", "href"}
    }
    assert HOSTILE in seen.text


@pytest.mark.parametrize("make", MAKERS)
@given(
    text=st.one_of(st.text(), st.sampled_from(['"', "&", "𝄞", "\ud800"]).map(lambda c: c * 9999))
)
def test_it_is_small_and_can_be_written_whatever_it_holds(make, text):
    assert len(make(text)._repr_html_().encode()) <= MAX_HTML_BYTES


def test_a_receipt_says_why_its_route_was_taken_and_where_it_lies():
    text = Elements(receipt()._repr_html_()).text
    assert "chunked: landsat-1" in text
    assert "4 in chunks, partition 3, offsets 7 to 10" in text
    assert "10,000,000 bytes, 2.00 raw bytes to one" in text


def test_what_does_not_fit_is_counted():
    assert "more" in Elements(status(HOSTILE)._repr_html_()).text


def test_missing_chunks_are_drawn_and_told():
    html = status()._repr_html_()
    assert 'aria-label="4 of 6 chunks are here"' in html
    assert 'd="M1 0h1v1h-1zM5 0h1v1h-1z"' in html


def test_a_text_comes_first_for_viewers_without_styles():
    assert '<pre class="wb-text">Receipt landsat-1</pre>' in receipt()._repr_html_()
