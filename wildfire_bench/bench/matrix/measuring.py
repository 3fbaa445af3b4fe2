"""The compression matrix for small records, measured: every lane with every codec, interleaved.

Sender, broker and receiver are processes of their own. Alerts and readings go one by one at a
steady rate, a latency for each, from the intended send to the dict in the caller's hands;
detections and fields go in bursts, a latency for each burst, until its last record is there. Last,
alerts go alone and beside images that keep producer, broker and an image consumer as busy as they
get.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from wildfire_bench.bench.environment import describe_environment
from wildfire_bench.bench.machine_load import busy_note
from wildfire_bench.bench.matrix.results import AlertRun, LaneSample, MatrixResult, StoredLane
from wildfire_bench.bench.matrix.sizes import batch_sizes, form_sizes
from wildfire_bench.bench.matrix.worker import (
    Moments,
    serve_images,
    serve_record_receiver,
    serve_record_sender,
)
from wildfire_bench.bench.matrix.workload import VARIANTS, LaneLoad, MatrixWorkload, settings_of
from wildfire_bench.bench.processes import Worker
from wildfire_bench.bench.run_topics import run_topics
from wildfire_bench.bench.storage_probe import StorageProbe
from wildfire_bench.errors import BenchmarkError
from wildfire_bench.samples import sample
from wildfire_bench.settings import DataType, Settings
from wildfire_bench.stack import Stack
from wildfire_bench.streaming.records.record_lanes import LANE_PLANS
from wildfire_bench.streaming.topics import topic_names

__all__ = ["measure_matrix"]

ANSWER_TIMEOUT_S = 90.0
IMAGES_IN_FLIGHT = 3
"""Images under way at a time while alerts are measured: two encode, one is being sent."""
ALERTS = "alerts"
"""Name of the settings of the last part."""


def measure_matrix(
    stack: Stack, work: MatrixWorkload, progress: Callable[[str], None] = lambda _: None
) -> MatrixResult:
    """Measure every promise of the guide's compression matrix but the one for images.

    Parameters
    ----------
    stack
        Where to.
    work
        How much.
    progress
        Told after every step.

    Raises
    ------
    BenchmarkError
        If a process ends or hangs, or a record does not arrive.
    SampleUnavailable
        If the data packages are not installed.
    """
    started, clock = datetime.now(UTC), time.monotonic()
    environment = describe_environment(stack)
    base = stack.apply(Settings())
    progress("compressing batches without Kafka")
    sizes, forms = batch_sizes(base), form_sizes(base)
    with (
        StorageProbe(base.kafka, stack.brokers) as storage,
        Worker("sender", serve_record_sender) as sender,
        Worker("receiver", serve_record_receiver) as receiver,
    ):
        run_id = f"matrix-{started:%Y%m%dT%H%M%S}-{sender.pid}"
        variants = {name: settings_of(name, base, run_id) for name in VARIANTS}
        run = _Run(sender, receiver, work, run_id, progress)
        with run_topics(list(variants.values()), images=False, lanes=True):
            run.open(variants)
            run.measure_lanes()
            stored = run.stored(variants, storage)
    alerts = _measure_alerts(base, work, run_id, progress)
    note = busy_note(environment.load_before, environment.cores)
    return MatrixResult(
        started=started.isoformat(timespec="seconds"),
        duration_s=time.monotonic() - clock,
        workload=work,
        environment=environment,
        samples=tuple(run.samples),
        stored=stored,
        alerts=alerts,
        sizes=sizes,
        forms=forms,
        notes=() if note is None else (note,),
    )


@dataclass(slots=True)
class _Run:
    sender: Worker
    receiver: Worker
    work: MatrixWorkload
    run_id: str
    progress: Callable[[str], None]
    samples: list[LaneSample] = field(default_factory=list)
    value_bytes: dict[tuple[str, DataType], int] = field(default_factory=dict)

    def open(self, variants: Mapping[str, Settings]) -> None:
        """Open all lanes, and send one record through each: connections, group, warm code."""
        self.receiver.ask(
            "open", variants=variants, group_id=self.run_id, data_types=list(LANE_PLANS)
        )
        self.sender.call("open", ANSWER_TIMEOUT_S, variants=variants)
        self.receiver.answer(ANSWER_TIMEOUT_S)
        for name in variants:
            for data_type in LANE_PLANS:
                self._carry(name, data_type, LaneLoad(2, None))

    def measure_lanes(self) -> None:
        """Every lane with every variant in every round, in a new order each time; 0 warms up."""
        order = np.random.default_rng(self.work.seed)
        pairs = [(name, data_type) for name in VARIANTS for data_type in LANE_PLANS]
        for round_ in range(0 if self.work.warm_up else 1, self.work.rounds + 1):
            for index in order.permutation(len(pairs)):
                name, data_type = pairs[int(index)]
                load = self.work.loads[data_type]
                latencies = self._carry(name, data_type, load)
                if load.per_s is None:
                    latencies = [max(latencies)]  # of the burst
                if round_ > 0:
                    self.samples.append(LaneSample(data_type, name, round_, tuple(latencies)))
            name = f"round {round_} of {self.work.rounds}" if round_ else "warm-up"
            self.progress(f"{name}: all lanes, all codecs")

    def stored(
        self, variants: Mapping[str, Settings], storage: StorageProbe
    ) -> tuple[StoredLane, ...]:
        """Read what every lane and codec takes on the brokers' disks."""
        return tuple(
            StoredLane(
                data_type,
                name,
                self.value_bytes[name, data_type],
                storage.log_dir_bytes(topic_names(settings).lanes[data_type]),
            )
            for name, settings in variants.items()
            for data_type in LANE_PLANS
        )

    def _carry(self, variant: str, data_type: DataType, load: LaneLoad) -> list[float]:
        """Send records and wait for all of them; the latency of each in ms."""
        self.receiver.ask(
            "receive", variant=variant, count=load.records, timeout_s=ANSWER_TIMEOUT_S
        )
        arguments = {"variant": variant, "data_type": data_type, "count": load.records}
        if load.per_s is None:
            sent, size = self.sender.call("burst", ANSWER_TIMEOUT_S, **arguments)
        else:
            sent, size = self.sender.call("paced", ANSWER_TIMEOUT_S, per_s=load.per_s, **arguments)
        key = (variant, data_type)
        self.value_bytes[key] = self.value_bytes.get(key, 0) + size
        return _latencies(sent, self.receiver.answer(ANSWER_TIMEOUT_S))


def _measure_alerts(
    base: Settings, work: MatrixWorkload, run_id: str, progress: Callable[[str], None]
) -> tuple[AlertRun, ...]:
    """Alerts alone and beside images, in turns; the producer is the same one."""
    settings = base.model_copy(update={"topic_prefix": f"{run_id}-{ALERTS}."})
    image = sample("sentinel-2", work.image_bytes)
    with (
        Worker("sender", serve_record_sender) as sender,
        Worker("receiver", serve_record_receiver) as receiver,
        Worker("images", serve_images) as images,
        run_topics([settings], lanes=True),
    ):
        receiver.call(
            "open",
            ANSWER_TIMEOUT_S,
            variants={ALERTS: settings},
            group_id=run_id,
            data_types=[DataType.CRITICAL_ALERTS],
        )
        images.call("open", ANSWER_TIMEOUT_S, settings=settings, group_id=f"{run_id}-images")
        runs = []
        for turn in range(work.alert_turns):
            for in_flight in (0, IMAGES_IN_FLIGHT):
                arguments = {"settings": settings, "path": image.path, "in_flight": in_flight}
                sender.call("start_images", ANSWER_TIMEOUT_S, **arguments)
                _alerts(sender, receiver, min(20, work.alerts), work.alerts_per_s)  # warm
                if in_flight:
                    images.call("wait_for_more", ANSWER_TIMEOUT_S, timeout_s=ANSWER_TIMEOUT_S / 2)
                begun, before = time.monotonic(), images.call("received", ANSWER_TIMEOUT_S)
                latencies = _alerts(sender, receiver, work.alerts, work.alerts_per_s)
                seconds = time.monotonic() - begun
                received = images.call("received", ANSWER_TIMEOUT_S) - before
                sender.call("stop_images", ANSWER_TIMEOUT_S)
                mb_per_s = received * image.size_bytes / 1e6 / seconds
                runs.append(AlertRun(in_flight, tuple(latencies), received, mb_per_s))
                progress(f"alerts, turn {turn + 1}: {mb_per_s:.0f} MB/s of images beside them")
    return tuple(runs)


def _alerts(sender: Worker, receiver: Worker, count: int, per_s: float) -> list[float]:
    timeout_s = ANSWER_TIMEOUT_S + count / per_s
    receiver.ask("receive", variant=ALERTS, count=count, timeout_s=timeout_s)
    sent = sender.call("alerts", timeout_s, count=count, per_s=per_s)
    return _latencies(sent, receiver.answer(timeout_s))


def _latencies(sent: Moments, arrived: Moments) -> list[float]:
    missing = sent.keys() - arrived.keys()
    if missing:
        msg = f"{len(missing)} of {len(sent)} records did not arrive, others did in their place"
        raise BenchmarkError(msg)
    return [(arrived[place] - intended) / 1e6 for place, intended in sent.items()]
