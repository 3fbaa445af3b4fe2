"""What a codec is, and the registry that finds one by its wire name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from typing_extensions import Buffer

from wildfire_bench.errors import SettingsError, UnsupportedFormat

__all__ = [
    "BlindEncoder",
    "Buffer",
    "Codec",
    "Decoder",
    "ImageEncoder",
    "byte_view",
    "codec_names",
    "decoder",
    "encoder",
    "register",
]


class Decoder(Protocol):
    """Decoding of one block; needs no parameters, since a block describes itself.

    Instances are immutable and safe to share between threads; `decode_into` releases the GIL for
    most of its time.
    """

    @property
    def name(self) -> str:
        """Wire name: stable, lower case."""

    def decode_into(self, payload: Buffer, out: memoryview) -> None:
        """Fill `out`, whose length is the decoded size.

        Parameters
        ----------
        payload
            Exactly one encoded block.
        out
            Writable bytes (format ``B``, one-dimensional, contiguous).

        Raises
        ------
        CorruptPayload
            If `payload` is not exactly one encoded block of that size. Nothing larger than `out`
            is allocated before that is known.
        """


class Codec(Decoder, Protocol):
    """Lossless coding of one block of bytes: ``decode_into(encode(block))`` gives `block` back.

    Instances are immutable and safe to share between threads; both calls release the GIL for most
    of their time.
    """

    @property
    def level(self) -> int | None:
        """Level it encodes with, None where it has none."""

    def encode(self, block: Buffer) -> Buffer:
        """Encode one block that stands alone, such as a small record.

        The result may be a view of `block` where nothing is gained.
        """

    def for_image(self, image: Buffer) -> ImageEncoder:
        """Look at an image once, to encode its blocks with what was seen.

        The result may belong to another codec: an image that does not shrink is stored. So it is
        the result's `name` that travels with the blocks.
        """


class ImageEncoder(Protocol):
    """Encoding of the blocks of one image, each decodable alone; safe to share between threads."""

    @property
    def name(self) -> str:
        """Wire name of the codec that decodes the blocks."""

    @property
    def level(self) -> int | None:
        """Level it encodes with, None where it has none."""

    def encode(self, block: Buffer, offset_bytes: int) -> Buffer:
        """Encode the bytes of the image that start at `offset_bytes`.

        Blocks may be cut anywhere and come in any order. The result may be a view of `block`.
        """


@dataclass(frozen=True, slots=True)
class BlindEncoder:
    """The encoder of a codec to which all images are alike."""

    codec: Codec

    @property
    def name(self) -> str:
        """Wire name of the codec that decodes the blocks."""
        return self.codec.name

    @property
    def level(self) -> int | None:
        """Level of the codec."""
        return self.codec.level

    def encode(self, block: Buffer, offset_bytes: int) -> Buffer:  # noqa: ARG002 - blind to it
        """Encode the block, wherever it lies."""
        return self.codec.encode(block)


EncoderFactory: TypeAlias = Callable[[int | None], Codec]

_factories: dict[str, EncoderFactory] = {}
_decoders: dict[str, Decoder] = {}


def byte_view(data: Buffer) -> memoryview:
    """View any contiguous buffer as one dimension of bytes, without a copy."""
    view = memoryview(data)
    return view if view.format == "B" and view.ndim == 1 else view.cast("B")


def register(name: str, factory: EncoderFactory, decoder: Decoder) -> None:
    """Make a codec known under its wire name.

    Parameters
    ----------
    name
        Stable name, lower case; what the ``wf_codec`` header holds.
    factory
        Makes an encoder for a level (None for the codec's default). Raises `SettingsError` for a
        level that it does not have.
    decoder
        The decoder shared by all.
    """
    _factories[name] = factory
    _decoders[name] = decoder


def codec_names() -> tuple[str, ...]:
    """Names of all registered codecs, sorted."""
    return tuple(sorted(_factories))


def encoder(name: str, level: int | None = None) -> Codec:
    """Make an encoder.

    Raises
    ------
    SettingsError
        If no codec has this name, or the codec does not have this level.
    """
    try:
        factory = _factories[name]
    except KeyError:
        # The matrix takes two names more, which are no codecs of their own.
        names = ", ".join(sorted({*codec_names(), "auto", "none"}))
        msg = f"codec {name!r} is unknown: choose one of {names}"
        raise SettingsError(msg) from None
    return factory(level)


def decoder(name: str) -> Decoder:
    """Find the decoder for a wire name.

    Raises
    ------
    UnsupportedFormat
        If no codec has this name.
    """
    try:
        return _decoders[name]
    except KeyError:
        msg = (
            f"data is encoded with codec {name!r}, which this installation cannot read "
            f"(it has {', '.join(codec_names())}): upgrade wildfire-bench or install its codec"
        )
        raise UnsupportedFormat(msg) from None
