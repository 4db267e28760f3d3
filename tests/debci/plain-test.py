# SPDX-License-Identifier: GPL-2.0-or-later
"""A worker for amd64, whose testbeds have no GPU."""

import socket

from world import PLAIN, VARIANT, Debci, Job

# Package, status, autopkgtest's exit status.
STATUSES = [
    ("aqr-passes", "pass", 0),
    ("aqr-fails", "fail", 4),
    ("aqr-skips", "neutral", 8),
    ("aqr-powers-off", "tmpfail", 16),
]


def results_are_complete(job: Job, exit_status: int) -> None:
    assert job.worker == socket.gethostname(), job
    files = job.artifacts()
    assert files["exitcode"] == f"{exit_status}\n", files["exitcode"]
    assert files["worker"] == f"{socket.gethostname()}\n", files["worker"]
    assert {"testbed/timeline.json", "testbed/console.log"} <= files.keys(), sorted(files)
    assert job.package in job.log()


def the_test_saw_no_gpu(job: Job) -> None:
    seen = {name.rsplit("/", 1)[-1]: text for name, text in job.artifacts().items()
            if name.startswith("artifacts/")}
    assert seen["machine"] == "x86_64\n", seen
    assert "(debci)" in seen["id"] and "(render)" in seen["id"] and "(video)" in seen["id"], seen
    assert "0x1002" not in seen["vendors"], seen


def statuses_are_right(debci: Debci) -> None:
    """And a job for the variant waits for a worker that has it."""
    jobs = debci.enqueue(("aqr-passes", VARIANT), *((row[0], PLAIN) for row in STATUSES))
    with debci.worker(PLAIN) as worker:
        for job_id, (package, status, exit_status) in zip(jobs[1:], STATUSES, strict=True):
            job = debci.wait_for_job(job_id, worker)
            assert (job.package, job.status) == (package, status), job
            results_are_complete(job, exit_status)
    the_test_saw_no_gpu(debci.job(jobs[1]))
    assert debci.queue_length(PLAIN) == 0
    assert debci.job(jobs[0]).status is None
    assert f" run-id:{jobs[0]} " in debci.take_message(VARIANT)


TESTS = [statuses_are_right]
