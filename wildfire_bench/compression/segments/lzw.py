"""TIFF's LZW, decoded and encoded again to the identical bytes that libtiff writes.

An encoder has choices: when it clears its table. This one makes libtiff's (tif_lzw.c): when the
table is full, or when, after every 10,000 bytes, the ratio has not improved. Importing this module
compiles, or loads numba's cache.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types

__all__ = ["lzw_decode", "lzw_encode"]

_CLEAR, _END, _FIRST = 256, 257, 258
_FEWEST_BITS, _MOST_BITS = 9, 12
_FULL = 4094
_CHECK_GAP = 10_000
_HASH_SIZE = 1 << 14
_KNUTH = 2654435761
"""Multiplicative hashing; how entries are found does not show in the output."""

_READ = types.Array(types.uint8, 1, "C", readonly=True)
_WRITE = types.Array(types.uint8, 1, "C")
_OPTIONS: dict[str, Any] = {"nogil": True, "cache": True, "boundscheck": False}


def lzw_decode(coded: memoryview, size_bytes: int) -> bytes | None:
    """Decode one strip of exactly `size_bytes`; None if it is not that."""
    out = np.empty(size_bytes, np.uint8)
    filled = _decode(np.frombuffer(coded, np.uint8), out)
    return out.tobytes() if filled == size_bytes else None


def lzw_encode(raw: memoryview, size_bytes: int) -> bytes | None:
    """Encode one strip as libtiff does; None if that takes another size than `size_bytes`."""
    out = np.empty(size_bytes, np.uint8)
    return out.tobytes() if _encode(np.frombuffer(raw, np.uint8), out) == size_bytes else None


@njit([types.int64(_READ, _WRITE)], **_OPTIONS)
def _decode(coded, out):
    """Fill `out`; gives the decoded size, or -1 for a broken or overlong strip."""
    starts = np.zeros(1 << _MOST_BITS, np.int64)
    lengths = np.zeros(1 << _MOST_BITS, np.int64)
    held, count, position, filled = 0, 0, 0, 0
    bits, free, previous = _FEWEST_BITS, _FIRST, -1
    while True:
        while count < bits:
            if position >= coded.size:
                return -1
            held = ((held << 8) | int(coded[position])) & 0xFFFFFFFF
            position += 1
            count += 8
        code = (held >> (count - bits)) & ((1 << bits) - 1)
        count -= bits
        if code == _END:
            return filled if position == coded.size else -1
        if code == _CLEAR:
            bits, free, previous = _FEWEST_BITS, _FIRST, -1
            continue
        # A string lies in the output where it was first written: an entry is its start and length.
        if previous < 0:
            if code > 255:
                return -1
            length = 1
        elif code < _CLEAR:
            length = 1
        elif code < free:
            length = lengths[code]
        elif code == free:
            length = 1 + (1 if previous < _CLEAR else lengths[previous])
        else:
            return -1
        if filled + length > out.size:
            return -1
        if code < _CLEAR:
            out[filled] = code
        elif code == free:
            source = filled - length + 1
            for i in range(length):
                out[filled + i] = out[source + i]
        else:
            source = starts[code]
            for i in range(length):
                out[filled + i] = out[source + i]
        if previous >= 0:
            if free >= 1 << _MOST_BITS:
                return -1
            before = 1 if previous < _CLEAR else lengths[previous]
            starts[free] = filled - before
            lengths[free] = before + 1
            free += 1
            if free == (1 << bits) - 1 and bits < _MOST_BITS:
                bits += 1
        filled += length
        previous = code


@njit([types.int64(_WRITE, types.int64[::1], types.int64, types.int64)], **_OPTIONS)
def _put(out, state, code, bits):
    """Append a code; `state` is bits held, their count, bytes written. False when out is full."""
    state[0] = ((state[0] << bits) | code) & 0xFFFFFFFF
    state[1] += bits
    while state[1] >= 8:
        if state[2] >= out.size:
            return 0
        out[state[2]] = (state[0] >> (state[1] - 8)) & 255
        state[2] += 1
        state[1] -= 8
    return 1


@njit([types.int64(_READ, _WRITE)], **_OPTIONS)
def _encode(raw, out):
    """Fill `out`; gives the encoded size, or -1 if that is more than fits."""
    keys = np.full(_HASH_SIZE, -1, np.int32)
    codes = np.zeros(_HASH_SIZE, np.int32)
    state = np.zeros(3, np.int64)
    bits, free, checkpoint, ratio = _FEWEST_BITS, _FIRST, _CHECK_GAP, 0
    read, written = 1, 0
    if not raw.size or not _put(out, state, _CLEAR, bits):
        return -1
    written += bits
    entry = int(raw[0])
    for i in range(1, raw.size):
        byte = int(raw[i])
        read += 1
        key = np.int64((byte << _MOST_BITS) | entry)
        slot = ((key * _KNUTH) & 0xFFFFFFFF) >> 18
        while keys[slot] >= 0 and keys[slot] != key:
            slot = (slot + 1) & (_HASH_SIZE - 1)
        if keys[slot] == key:
            entry = int(codes[slot])
            continue
        if not _put(out, state, entry, bits):
            return -1
        written += bits
        entry = byte
        keys[slot], codes[slot] = key, free
        free += 1
        clear = free == _FULL
        if not clear and free > (1 << bits) - 1:
            bits += 1
        elif not clear and read >= checkpoint:
            checkpoint = read + _CHECK_GAP
            now = (read << 8) // written
            clear = now <= ratio
            ratio = now
        if clear:
            if not _put(out, state, _CLEAR, bits):
                return -1
            keys[:] = -1
            ratio = read = 0
            written = bits
            free, bits = _FIRST, _FEWEST_BITS
    if not _put(out, state, entry, bits):
        return -1
    free += 1
    if free == _FULL:
        if not _put(out, state, _CLEAR, bits):
            return -1
        bits = _FEWEST_BITS
    elif free > (1 << bits) - 1:
        bits += 1
    if not _put(out, state, _END, bits):
        return -1
    if state[1]:
        if state[2] >= out.size:
            return -1
        out[state[2]] = (state[0] << (8 - state[1])) & 255
        state[2] += 1
    return state[2]
