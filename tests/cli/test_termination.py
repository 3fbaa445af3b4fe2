import signal
import subprocess
import sys
import threading
import time

import pytest

from wildfire_bench.cli import main
from wildfire_bench.cli.termination import interrupted_by_sigterm
from wildfire_bench.streaming.connection import open_admin

DEADLINE_S = 60


def rehearsal(*before: str) -> subprocess.Popen[bytes]:
    code = f"{';'.join(('import signal, sys', *before))}; from wildfire_bench.cli import main"
    code += "; sys.exit(main(['rollback', 'rehearse']))"
    return subprocess.Popen([sys.executable, "-c", code])


def topics(settings) -> set[str]:
    there = open_admin(settings).list_topics(timeout=10).topics
    return {name for name in there if name.startswith(settings.topic_prefix)}


# A script's background commands ignore Ctrl-C.
@pytest.mark.parametrize("before", [(), ("signal.signal(signal.SIGINT, signal.SIG_IGN)",)])
def test_a_rehearsal_that_is_terminated_leaves_no_topic(user, before):
    there = topics(user)
    with rehearsal(*before) as process:
        try:
            deadline = time.monotonic() + DEADLINE_S
            while topics(user) <= there:
                assert time.monotonic() < deadline, "no topic of the rehearsal"
                time.sleep(0.1)
            process.send_signal(signal.SIGTERM)
            assert process.wait(DEADLINE_S) == 143
        finally:
            process.kill()
    assert topics(user) <= there


def test_the_second_one_is_left_to_the_system():
    with interrupted_by_sigterm():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_command_leaves_the_handler_as_it_was():
    before = signal.getsignal(signal.SIGTERM)
    main(["--version"])
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_command_runs_outside_the_main_thread():
    statuses: list[int] = []
    thread = threading.Thread(target=lambda: statuses.append(main(["--version"])))
    thread.start()
    thread.join(DEADLINE_S)
    assert statuses == [0]
