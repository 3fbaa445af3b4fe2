from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from wildfire_bench.streaming.envelope.image_id import image_id_of


def test_source_time_and_content_each_make_another_image() -> None:
    ids = {
        image_id_of(source_id, acquired, digest)
        for source_id in ("a", "b")
        for acquired in (None, "2025-10-13T10:00:00Z", "2025-10-13T10:00:00.5Z")
        for digest in ("xxh3-128:00", "xxh3-128:01")
    }
    assert len(ids) == 12


def test_an_image_id_begins_with_source_and_time() -> None:
    image_id = image_id_of("landsat_nrt", "2025-10-13T10:00:00.25Z", "xxh3-128:00")
    assert re.fullmatch(r"landsat_nrt-20251013T100000-[0-9a-f]{32}", image_id)


@given(
    source_id=st.text(st.characters(codec="utf-8"), min_size=1, max_size=256),
    acquired=st.none() | st.just("2025-01-01T00:00:00Z"),
)
def test_an_image_id_stands_in_a_url_as_it_is(source_id: str, acquired: str | None) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_.-]{33,100}", image_id_of(source_id, acquired, "x:1"))
