"""The workers of a study: processes that end with their client, or a cluster."""

import os
import signal
import subprocess
import sys
from contextlib import suppress

import pytest
from distributed import LocalCluster

from built import ROOT
from exact import UserError
from studies.pool import Processes, workers

# Twice as long as a job: a worker that stays would be waited for without end.
PATIENCE = 120  # seconds

# Two jobs of a minute, on two workers. Each says who works, and whether it came to its end.
MINUTE = """
import os, sys, time
from studies.pool import Processes

def say(line):  # in one piece: both workers write to one pipe
    sys.stdout.write(line + "\\n")
    sys.stdout.flush()

def wait():
    say(f"worker {os.getpid()}")
    time.sleep(60)
    say("finished")

if __name__ == "__main__":
    try:
        with Processes(2) as pool:
            for future in [pool.submit(wait), pool.submit(wait)]:
                future.result()
    except KeyboardInterrupt:
        sys.exit(130)
"""


@pytest.fixture
def client(tmp_path):
    """A client amid two jobs, in a process group of its own; and the ids of its workers."""
    script = tmp_path / "minute.py"
    script.write_text(MINUTE)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(
        [sys.executable, script], env=environment, start_new_session=True, **pipes
    )
    try:
        said = [process.stdout.readline().split() for _ in range(2)]
        assert [words[:1] for words in said] == [["worker"], ["worker"]]
        yield process, {int(words[1]) for words in said}
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def check_ended(workers):
    """No process has these ids any more."""
    for worker in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)


def test_ctrl_c_ends_the_workers_amid_their_jobs(client):
    process, ids = client
    assert len(ids) == 2
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to each of them
    # It ends when no worker holds a pipe any more.
    output, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert output == ""  # none has finished
    assert errors == ""  # and none has printed a traceback
    check_ended(ids)


def test_the_workers_do_not_outlive_a_killed_client(client):
    process, _ = client
    process.kill()
    output, errors = process.communicate(timeout=PATIENCE)
    assert output == ""
    assert "Traceback" not in errors


def test_a_worker_ignores_a_ctrl_c_and_its_client_does_not():
    with Processes(1) as pool:
        handlers = pool.submit(signal.getsignal, signal.SIGINT).result()
        assert handlers == signal.SIG_IGN
        assert signal.getsignal(signal.SIGINT) != signal.SIG_IGN


def test_other_processes_of_the_client_are_left_alone():
    with Processes(1) as outer:
        before = outer.submit(os.getpid).result()
        with Processes(1) as inner:
            assert inner.submit(os.getpid).result() not in (before, os.getpid())
        assert outer.submit(os.getpid).result() == before


def test_so_many_processes_work_at_a_time(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")  # PyTorch's threads, one in a worker
    with workers(None, 2) as (executor, width):
        assert width == 2
        assert executor.submit(os.getenv, "OMP_NUM_THREADS").result() == "1"


def test_a_cluster_says_how_many_work_at_a_time():
    quiet = {"dashboard_address": ":0", "memory_limit": 0}
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, **quiet) as cluster,
        workers(cluster.scheduler_address, 7) as (executor, width),
    ):
        assert width == 2
        # Equal calls are made each for itself.
        ids = [executor.submit(os.urandom, 8) for _ in range(2)]
        assert ids[0].result() != ids[1].result()


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch):
    said = "no Dask scheduler at nonsense://host"
    with pytest.raises(UserError, match=said), workers("nonsense://host", 1):
        pass
    monkeypatch.setitem(sys.modules, "distributed", None)
    said = r"install lenet5\[cluster\]"
    with pytest.raises(UserError, match=said), workers("nonsense://host", 1):
        pass
