import subprocess
import sys

import psutil

CHILDREN_END_TIMEOUT_S = 20
PARENT = """
from wildfire_bench.bench.processes import Worker
from wildfire_bench.bench.worker import serve_consumer, serve_producer
if __name__ == "__main__":
    with Worker("producer", serve_producer) as one, Worker("consumer", serve_consumer) as other:
        one.call("cpu_s", 30), other.call("cpu_s", 30)
        print(one.pid, other.pid, flush=True)
        input()
"""


def test_workers_end_when_their_parent_is_killed(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    with subprocess.Popen(
        [sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        workers = [psutil.Process(int(pid)) for pid in parent.stdout.readline().split()]
        parent.kill()
    assert psutil.wait_procs(workers, CHILDREN_END_TIMEOUT_S)[1] == []
