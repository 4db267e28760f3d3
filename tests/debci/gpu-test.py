# SPDX-License-Identifier: GPL-2.0-or-later
"""Workers for amd64+gfx1030 on a host that has two of them, for which standin/ stands in."""

import contextlib
import json
import pathlib
import re
import threading

from services import wait_for
from world import BACKEND, CHECK_SECONDS, GPUS, SUITE, VARIANT, Debci

OTHER_VARIANT = "amd64+gfx942"

GPU_JOB_SECONDS = 600


def gpu_of(debci: Debci, package: str) -> str:
    """Who has a GPU is a server, which autopkgtest has started."""
    for gpu in json.loads(debci.gpus("--json", "list"))["gpus"]:
        pid = re.search(r"\bpid (\d+)", gpu["reason"] or "")
        if pid is None:
            continue
        parent = pathlib.Path(f"/proc/{pid[1]}/stat").read_text().rpartition(")")[2].split()[1]
        if package.encode() in pathlib.Path(f"/proc/{parent}/cmdline").read_bytes().split(b"\0"):
            return gpu["address"]
    raise AssertionError(f"{package} has no GPU: {debci.gpus('list')}")


def a_worker_that_is_declared_to_have_another_gpu_runs_nothing(debci: Debci) -> None:
    """The reason is in the system's log, and the job stays. debci 4 asks first, and takes none;
    what starts a worker of debci 3 asks for it, and ends."""
    job, = debci.enqueue(("aqr-passes", OTHER_VARIANT))
    with debci.gpu_worker(OTHER_VARIANT) as worker:
        if debci.is_old:
            wait_for(worker.has_ended, CHECK_SECONDS, "the worker ends")
        else:
            worker.wait_for_line(f"waiting for {BACKEND}/{SUITE}/{OTHER_VARIANT} testbed",
                                 CHECK_SECONDS)
        debci.system_log.wait_for_lines("no GPU of this host is a gfx942", 1, CHECK_SECONDS)
    assert debci.job(job).status is None
    assert f" run-id:{job} " in debci.take_message(OTHER_VARIANT)
    assert not [*pathlib.Path("/tmp").glob("debci-worker-*")]


def a_job_in_hand_goes_back_when_the_gpu_has_gone(debci: Debci) -> None:
    """One of debci 4 does not get so far here."""
    if not debci.is_old:
        return
    job, = debci.enqueue(("aqr-passes", OTHER_VARIANT))
    with debci.bare_gpu_worker(OTHER_VARIANT, debci_gpu_patience="1") as worker:
        wait_for(worker.has_ended, CHECK_SECONDS, "the worker ends")
    assert debci.job(job).status is None
    assert f" run-id:{job} " in debci.take_message(OTHER_VARIANT)
    assert not [*pathlib.Path("/tmp").glob("debci-worker-*")]


def a_job_whose_gpus_are_in_quarantine_goes_back(debci: Debci) -> None:
    """When its worker is up, and has been told that they are well. Of debci 4, too, which asks no
    more then. When they have been released, a worker runs the job."""
    with debci.gpu_worker(VARIANT, debci_gpu_patience="2") as worker:
        worker.wait_for_line("Connecting to AMQP queue", CHECK_SECONDS)
        for gpu in GPUS:
            debci.gpus("quarantine", gpu, "it stinks")
        job, = debci.enqueue(("aqr-passes", VARIANT))
        wait_for(worker.has_ended, CHECK_SECONDS, "the worker ends")
    wait_for(lambda: any("goes back to its queue" in line and "it stinks" in line
                         for line in debci.system_log.lines), CHECK_SECONDS, "the reason is told")
    assert debci.job(job).status is None
    assert not [*pathlib.Path("/tmp").glob("debci-worker-*")]
    for gpu in GPUS:
        debci.gpus("release", gpu)
    with debci.gpu_worker(VARIANT) as worker:
        assert debci.wait_for_job(job, worker, seconds=GPU_JOB_SECONDS).status == "pass"


def nothing_runs_on_gpus_in_quarantine(debci: Debci, jobs: list[int]) -> None:
    """Workers wait before they take a job; all stay in the queue."""
    debci.system_log.wait_for_lines("it smells", 2, CHECK_SECONDS)
    another, = debci.enqueue(("aqr-passes", VARIANT), priority=10)
    assert f" run-id:{another} " in debci.take_message(VARIANT)
    assert all(debci.job(job).status is None for job in jobs)


def two_workers_run_at_once(debci: Debci, stack: contextlib.ExitStack) -> None:
    lost = []

    # debci's publisher overlooks a result that comes while it sends another.
    def called() -> None:
        debci.wait_for_job(jobs[0])
        lost.append(gpu_of(debci, "aqr-meets-and-calls"))
        stack.enter_context(debci.lost(lost[0]))

    debci.archive.call = called
    jobs = debci.enqueue(("aqr-meets", VARIANT), ("aqr-meets-and-calls", VARIANT))
    with debci.gpu_worker(VARIANT) as one, debci.gpu_worker(VARIANT) as other:
        nothing_runs_on_gpus_in_quarantine(debci, jobs)
        for gpu in GPUS:
            debci.gpus("release", gpu)
        met, has_called = [debci.wait_for_job(job, one, other, seconds=GPU_JOB_SECONDS)
                           for job in jobs]
    assert met.status == "pass", met
    assert met.gpus_seen() == 1, met.artifacts()
    assert has_called.status == "tmpfail", has_called
    assert debci.gpu_states() == ["quarantine" if gpu in lost else "free" for gpu in GPUS]


def two_workers_run_at_once_when_a_quarantine_ends(debci: Debci) -> None:
    """And one of them loses its GPU, of which its test thinks that it failed. They can only
    go on when both have come to their meeting."""
    for gpu in GPUS:
        debci.gpus("quarantine", gpu, "it smells")
    debci.archive.meeting = threading.Barrier(2)
    with contextlib.ExitStack() as stack:
        two_workers_run_at_once(debci, stack)


TESTS = [
    a_worker_that_is_declared_to_have_another_gpu_runs_nothing,
    a_job_in_hand_goes_back_when_the_gpu_has_gone,
    a_job_whose_gpus_are_in_quarantine_goes_back,
    two_workers_run_at_once_when_a_quarantine_ends,
]
