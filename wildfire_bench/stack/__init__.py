"""What everything runs against: external brokers, docker-compose, or an embedded stack."""

from wildfire_bench.stack.opening import open_stack
from wildfire_bench.stack.server import BrokerProcess, ServerProcess
from wildfire_bench.stack.stack import Stack, StackKind

__all__ = ["BrokerProcess", "ServerProcess", "Stack", "StackKind", "open_stack"]
