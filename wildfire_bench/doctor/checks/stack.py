"""What stacks have left behind: records of servers that are gone, containers that have stopped."""

from __future__ import annotations

from typing import Final

from wildfire_bench.doctor.check import Finding, check, fail, ok, skipped, warn
from wildfire_bench.doctor.surroundings import Surroundings
from wildfire_bench.errors import StackError, StackNotInstalled
from wildfire_bench.stack.compose import compose_containers
from wildfire_bench.stack.state import read_record, state_dir

__all__: list[str] = []

DOWN: Final = "wildfire-bench stack down"


@check("stack.embedded", "what `wildfire-bench stack up` left behind")
def embedded(_surroundings: Surroundings) -> Finding:
    """Compare the record of a stack with the processes that run."""
    folder = state_dir()
    try:
        record = read_record(folder)
        running = [] if record is None else [each for each in record.processes if each.runs()]
    except StackNotInstalled as error:
        return skipped(str(error))
    except StackError as error:
        return fail(str(error), f"end its servers, then delete {folder}")
    if record is None:
        return ok("nothing")
    if len(running) < len(record.processes):
        return warn(
            f"{folder} records {len(record.processes)} processes, of which {len(running)} run",
            DOWN,
            *(
                f"{each.name} {each.pid} has ended"
                for each in record.processes
                if each not in running
            ),
        )
    return ok(f"a stack runs: {record.bootstrap_servers}, {len(running)} processes")


@check("stack.compose", "containers of docker-compose.yml that have stopped or are not healthy")
def compose(_surroundings: Surroundings) -> Finding:
    """Ask docker, where there is one."""
    found = compose_containers()
    if not found:
        return skipped("no container of docker-compose.yml, or no docker")
    ill = [f"{each.name}: {each.state}" for each in found.values() if not each.healthy]
    if ill:
        text = f"{len(ill)} of {len(found)} containers are not healthy"
        return warn(text, f"docker logs {ill[0].partition(':')[0]}; {DOWN} --kind compose", *ill)
    return ok(f"{len(found)} containers, all healthy")
