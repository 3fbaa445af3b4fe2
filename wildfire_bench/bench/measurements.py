"""The rows of a run: what was seen of one image, one block, one timing, one check."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "Block",
    "Check",
    "Sample",
    "Scene",
    "SceneSize",
    "SerializationSample",
    "WireCount",
]


@dataclass(frozen=True, slots=True)
class Scene:
    """The image that was carried."""

    name: str
    """As `wildfire_bench.samples` knows it."""
    source_id: str
    size_bytes: int
    sha256: str
    provenance: str


@dataclass(frozen=True, slots=True)
class Sample:
    """One image through Kafka and back."""

    variant: str
    round: int
    """0 is the warm-up round, left out of every statistic."""
    index: int
    size_bytes: int
    end_to_end_ms: float | None
    """From the intended send to the verified image in the consumer's hands; None if it failed."""
    acknowledged_ms: float | None
    """From the intended send to the acknowledgement by all in-sync replicas."""
    value_bytes: int | None
    """Bytes of the Kafka value as the application handed it over."""
    records: int | None
    """Payload records of the image."""
    identical: bool
    """Whether the received bytes have the SHA-256 of the sent ones."""
    error: str | None = None
    """What went wrong; a failed sample is kept."""
    pattern: str = "closed-1"
    """How it was paced, as `Pattern.name`."""
    route: str | None = None
    """The one it took; None if it failed, or was not kept."""


@dataclass(frozen=True, slots=True)
class Block:
    """One variant in one round: what can only be told of several images together."""

    variant: str
    round: int
    images: int
    """Images in this block that went through."""
    image_bytes: int
    """Raw bytes of them together."""
    producer_cpu_s: float
    consumer_cpu_s: float
    broker_cpu_s: float | None
    """None when the brokers are not processes of this machine."""
    stored_bytes: int | None
    """Growth of the topics in the brokers' log directories; None if the brokers do not tell."""
    stored_file_bytes: int | None
    """The same from the segment files; None when they are not on this machine."""
    wire_bytes: int | None
    """Bytes of produce requests as librdkafka counts them; None if the client does not tell."""
    load: float
    """Runnable processes of the machine at the block's end (1-minute average)."""
    size_bytes: int = 0
    """Raw bytes of each image."""
    pattern: str = "closed-1"
    """How they were paced, as `Pattern.name`."""
    seconds: float | None = None
    """From the first intended send to the last arrival."""
    store_cpu_s: float | None = None
    """Of the object store, where the driver needs one; None else, or if it is not told."""
    object_bytes: int | None = None
    """Growth of the bucket; None where the driver needs no store."""
    producer_peak_bytes: int | None = None
    producer_mean_bytes: int | None = None
    """Resident memory, as of all processes here; images that wait to be sent are held in it."""
    consumer_peak_bytes: int | None = None
    consumer_mean_bytes: int | None = None
    """Images that overlap are held until all are compared."""
    broker_peak_bytes: int | None = None
    broker_mean_bytes: int | None = None
    """None when the brokers are not processes or containers of this machine."""
    store_peak_bytes: int | None = None
    store_mean_bytes: int | None = None
    """As `store_cpu_s`."""
    gc_pauses: int | None = None
    gc_pause_ms: float | None = None
    """Garbage collections of the brokers for which they stood still, and how long together."""
    producer_system_cpu_s: float | None = None
    consumer_system_cpu_s: float | None = None
    broker_system_cpu_s: float | None = None
    store_system_cpu_s: float | None = None
    """The kernel's part of the CPU time of each; None where it was not kept, or is not told."""
    others_cpu_share: float | None = None
    """Share of the machine's CPU time, 0 to 1, that went to other work meanwhile."""

    def cpu_s(self, process: str) -> float | None:
        """CPU seconds of a process; None if unknown.

        Parameters
        ----------
        process
            ``producer``, ``consumer``, ``broker``, ``store``, or ``total`` for all that take part.
        """
        if process == "total":
            if self.broker_cpu_s is None:
                return None
            clients_s = self.producer_cpu_s + self.consumer_cpu_s
            return clients_s + self.broker_cpu_s + (self.store_cpu_s or 0.0)
        cpu_s: float | None = getattr(self, f"{process}_cpu_s")
        return cpu_s

    def system_cpu_s(self, process: str) -> float | None:
        """The kernel's part of `cpu_s`, of one process; None if unknown."""
        system_s: float | None = getattr(self, f"{process}_system_cpu_s")
        return system_s

    def peak_bytes(self, process: str) -> int | None:
        """Peak memory of a process, named as for `cpu_s` but for ``total``; None if unknown."""
        peak_bytes: int | None = getattr(self, f"{process}_peak_bytes")
        return peak_bytes

    @property
    def kept_bytes(self) -> int | None:
        """On the brokers' disks and in the object store together; None if unknown."""
        if self.stored_bytes is None:
            return None
        return self.stored_bytes + (self.object_bytes or 0)


@dataclass(frozen=True, slots=True)
class SerializationSample:
    """One timing of the work from image bytes to Kafka value, nothing sent."""

    path: str
    """Name of the way, as in `wildfire_bench.bench.serialization.PATHS`."""
    round: int
    milliseconds: float
    """CPU time of the one thread that does it."""
    value_bytes: int


@dataclass(frozen=True, slots=True)
class SceneSize:
    """What one image of another kind takes, sent once by one variant."""

    scene: str
    """As `wildfire_bench.samples` knows it."""
    kind: str
    """What its pixels are, in words."""
    variant: str
    size_bytes: int
    stored_bytes: int | None
    """Growth of the topics in the brokers' log directories."""
    wire_bytes: int | None
    """Bytes of produce requests."""
    identical: bool


@dataclass(frozen=True, slots=True)
class WireCount:
    """Bytes of one untimed image, counted twice: by the client and by a proxy on its way."""

    variant: str
    size_bytes: int
    """Raw bytes of the image."""
    client_bytes: int
    """Towards the brokers, as librdkafka counts them."""
    sent_bytes: int
    """The same by the proxy: producer to brokers, requests of every kind."""
    received_bytes: int
    """Brokers to consumer."""
    store_sent_bytes: int
    """Producer to object store; 0 where the driver needs none."""
    store_received_bytes: int
    """Object store to consumer."""


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome of one short deterministic measurement (`wildfire_bench.bench.run.checks`)."""

    name: str
    value: float
    unit: str
    detail: str
    """What was done and seen, in a sentence."""
