"""Choosing a stack: the first that answers, or the one asked for."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal, get_args

from wildfire_bench.errors import InputError
from wildfire_bench.stack.compose import find_compose, open_compose
from wildfire_bench.stack.detached import find_detached
from wildfire_bench.stack.embedded import open_embedded
from wildfire_bench.stack.external import BOOTSTRAP_VARIABLE, open_external
from wildfire_bench.stack.stack import Stack

__all__ = ["KindChoice", "open_stack"]

KindChoice = Literal["auto", "embedded", "compose", "external"]


def open_stack(
    kind: KindChoice = "auto",
    *,
    brokers: int = 1,
    s3: bool = True,
    data_dir: Path | str | None = None,
) -> Stack:
    """Open a stack to run against.

    Parameters
    ----------
    kind
        ``external``: the brokers of ``KAFKA_BOOTSTRAP_SERVERS``. ``compose``: the containers of
        docker-compose.yml, when they are up. ``embedded``: a new one that ends with this process.
        ``auto``: external when that variable is set, else compose when it is up, else what
        ``wildfire-bench stack up`` started, else embedded.
    brokers
        1, or 3 for a cluster.
    s3
        Whether S3 is wanted too.
    data_dir
        Where an embedded stack keeps its data; None for a temporary folder.

    Returns
    -------
    Stack
        A context manager, to be closed.

    Raises
    ------
    InputError
        If an argument makes no sense.
    StackError
        If the chosen stack cannot be had; the message says what to do.
    """
    if brokers not in {1, 3}:
        msg = f"a stack has 1 or 3 brokers, not {brokers}"
        raise InputError(msg)
    if kind not in get_args(KindChoice):
        msg = f"there is no stack of kind {kind!r}: choose one of {', '.join(get_args(KindChoice))}"
        raise InputError(msg)
    if kind == "external" or (kind == "auto" and os.environ.get(BOOTSTRAP_VARIABLE)):
        return open_external()
    if kind == "compose":
        return open_compose(brokers=brokers, s3=s3)
    if kind == "auto" and data_dir is None:
        found = find_compose(brokers=brokers, s3=s3) or find_detached(brokers=brokers, s3=s3)
        if found is not None:
            return found
    folder = None if data_dir is None else Path(data_dir)
    return open_embedded(brokers=brokers, s3=s3, data_dir=folder)
