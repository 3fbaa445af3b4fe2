"""The codec that changes nothing."""

from __future__ import annotations

import pytest

from wildfire_bench.compression import encoder
from wildfire_bench.errors import SettingsError


def test_the_block_itself_is_the_payload():
    block = b"alert"
    assert encoder("stored").encode(block) is block


def test_it_has_no_levels():
    with pytest.raises(SettingsError, match="no levels"):
        encoder("stored", 1)
