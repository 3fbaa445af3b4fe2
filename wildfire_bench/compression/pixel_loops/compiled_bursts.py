"""Compiled sorting of bytes by context, 64 at a time.

Only for processors that can compress and expand a vector of bytes: LLVM has no code for others.
"""

from __future__ import annotations

from typing import Any

from llvmlite import binding, ir
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic

from wildfire_bench.compression.pixel_loops.compiled import compiled
from wildfire_bench.compression.pixel_loops.compiled_order import (
    ORDER,
    gather_one_by_one,
    scatter_one_by_one,
)
from wildfire_bench.compression.pixel_loops.model import BURST_BYTES, CONTEXTS

__all__ = ["gather_by", "scatter_by"]

_LANES = BURST_BYTES
_IS_HOST = config.CPU_NAME is None and config.CPU_FEATURES is None
_HAS_LANES = _IS_HOST and binding.get_host_cpu_features().get("avx512vbmi2", False)


@intrinsic
def take_lanes(_typing, kinds, place, streams, places, row):
    """Fill 64 bytes of `row` at `place`, each from the stream of its context."""

    def generate(context, builder, signature, arguments):
        lanes = _Lanes(context, builder, signature, arguments)
        takes = (lanes.byte_at, lanes.mask, lanes.vector)
        expand = lanes.intrinsic("masked.expandload", takes)
        result = ir.Constant(lanes.vector, [0] * _LANES)
        for start, mask in lanes.streams():
            result = builder.call(expand, [start, mask, result])
        builder.store(result, lanes.row, align=1)
        return context.get_dummy_value()

    return types.void(kinds, place, streams, places, row), generate


@intrinsic
def put_lanes(_typing, kinds, place, streams, places, row):
    """Append 64 bytes of `row` at `place`, each to the stream of its context.

    Up to 64 bytes past the end of each stream are written over.
    """

    def generate(context, builder, signature, arguments):
        lanes = _Lanes(context, builder, signature, arguments)
        # In a register and stored whole: a masked store takes some processors 100 cycles.
        compress = lanes.intrinsic("x86.avx512.mask.compress", (lanes.vector,) * 2 + (lanes.mask,))
        values = builder.load(lanes.row, align=1)
        for start, mask in lanes.streams():
            packed = builder.call(compress, [values, values, mask])
            place = builder.bitcast(start, lanes.vector.as_pointer())
            builder.store(packed, place, align=1)
        return context.get_dummy_value()

    return types.void(kinds, place, streams, places, row), generate


class _Lanes:
    """What both intrinsics are made of: 64 bytes as one vector, and a mask for each context."""

    byte_at = ir.IntType(8).as_pointer()
    vector = ir.VectorType(ir.IntType(8), _LANES)
    mask = ir.VectorType(ir.IntType(1), _LANES)

    def __init__(self, context: Any, builder: Any, signature: Any, arguments: Any) -> None:
        kinds, self._data, self._places, row = (
            context.make_array(signature.args[i])(context, builder, arguments[i]).data
            for i in (0, 2, 3, 4)
        )
        self._builder = builder
        self._kinds = builder.load(self._at(kinds, arguments[1]), align=1)
        self.row = self._at(row, arguments[1])

    def _at(self, data: Any, place: Any) -> Any:
        return self._builder.bitcast(self._builder.gep(data, [place]), self.vector.as_pointer())

    def intrinsic(self, name: str, takes: tuple[Any, ...]) -> Any:
        """Declare an intrinsic function of LLVM that gives 64 bytes."""
        kind = ir.FunctionType(self.vector, takes)
        return cgutils.get_or_insert_function(
            self._builder.module, kind, f"llvm.{name}.v{_LANES}i8"
        )

    def streams(self) -> Any:
        """Give where each context's stream goes on and the mask of its bytes; move it on."""
        builder, word = self._builder, ir.IntType(64)
        for context in range(CONTEXTS):
            mask = builder.icmp_unsigned(
                "==", self._kinds, ir.Constant(self.vector, [context] * _LANES)
            )
            slot = builder.gep(self._places, [ir.Constant(word, context)])
            place = builder.load(slot)
            yield builder.gep(self._data, [place]), mask
            found = builder.ctpop(builder.bitcast(mask, word))
            builder.store(builder.add(place, found), slot)


def _in_lanes() -> tuple[Any, Any]:
    """Compile what other processors cannot run."""

    @compiled(ORDER)
    def scatter_in_lanes(kinds, row, places, streams):
        """Do `scatter_one_by_one` 64 bytes at a time."""
        whole = row.size // _LANES * _LANES
        for i in range(0, whole, _LANES):
            put_lanes(kinds, i, streams, places, row)
        scatter_one_by_one(kinds[whole:], row[whole:], places, streams)

    @compiled(ORDER)
    def gather_in_lanes(kinds, streams, places, row):
        """Do `gather_one_by_one` 64 bytes at a time."""
        whole = row.size // _LANES * _LANES
        for i in range(0, whole, _LANES):
            take_lanes(kinds, i, streams, places, row)
        gather_one_by_one(kinds[whole:], streams, places, row[whole:])

    return scatter_in_lanes, gather_in_lanes


scatter_by, gather_by = _in_lanes() if _HAS_LANES else (scatter_one_by_one, gather_one_by_one)
