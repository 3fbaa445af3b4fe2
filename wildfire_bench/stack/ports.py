"""Free ports on loopback, taken below the range from which the system numbers connections."""

from __future__ import annotations

import random
import socket

from wildfire_bench.errors import StackStartFailed

__all__ = ["LOOPBACK", "free_ports"]

LOOPBACK = "127.0.0.1"
FIRST_PORT = 20_000
LAST_PORT = 32_000
"""Linux numbers outgoing connections from 32,768, macOS from 49,152."""
ATTEMPTS_PER_PORT = 50


def free_ports(count: int) -> tuple[int, ...]:
    """Find different ports that nobody listens on now.

    Someone may take one before the server does: a start that fails for that is tried again with
    others, by the caller.

    Raises
    ------
    StackStartFailed
        If not enough are found.
    """
    order = random.SystemRandom()
    found: list[int] = []
    for _ in range(count * ATTEMPTS_PER_PORT):
        if len(found) == count:
            break
        port = order.randint(FIRST_PORT, LAST_PORT)
        if port not in found and _is_free(port):
            found.append(port)
    if len(found) < count:
        msg = (
            f"only {len(found)} of {count} free ports found between {FIRST_PORT} and {LAST_PORT}: "
            "stop other servers, `wildfire-bench stack down` among them"
        )
        raise StackStartFailed(msg)
    return tuple(found)


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
