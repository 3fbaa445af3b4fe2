"""Topics that exist for one run only: made before it, deleted after it, whatever happens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from wildfire_bench.settings import Settings
from wildfire_bench.streaming.administration.topic_admin import ensure_topics
from wildfire_bench.streaming.connection import open_admin
from wildfire_bench.streaming.topics import TopicSpec, topic_names, topic_specs

__all__ = ["run_topics"]

TIMEOUT_S = 60.0


@contextmanager
def run_topics(
    settings: Sequence[Settings], *, images: bool = True, lanes: bool = False
) -> Iterator[None]:
    """Keep the topics of several settings while the context lasts.

    Parameters
    ----------
    settings
        Brokers, and a topic prefix each.
    images, lanes
        Topics that images pass, and those of small records.

    Raises
    ------
    TransportError
        If a topic cannot be made.
    """
    wanted = [spec for each in settings for spec in _topics(each, images=images, lanes=lanes)]
    admin = open_admin(settings[0])
    try:
        ensure_topics(admin, wanted)
        yield
    finally:
        names = [spec.name for spec in wanted]
        for done in admin.delete_topics(names, operation_timeout=TIMEOUT_S).values():
            done.exception(TIMEOUT_S)  # one that was not made cannot be deleted


def _topics(settings: Settings, *, images: bool, lanes: bool) -> list[TopicSpec]:
    names = topic_names(settings)
    used = {names.dead_letters}
    if images:
        used.update(names.images)
    if lanes:
        used.update(names.lanes.values())
    return [spec for spec in topic_specs(settings) if spec.name in used]
