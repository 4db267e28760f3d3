# SPDX-License-Identifier: GPL-2.0-or-later
"""What becomes of the jobs for an architecture variant: with a GPU that is well, with one that
no guest can use, and with one that goes bad between two tests."""

import contextlib

from services import Service
from world import BACKEND, CHECK_SECONDS, DEBCI, GPUS, PLAIN, SEES_GPUS, VARIANT, Debci

# Package, architecture, status.
JOBS = [
    ("aqr-passes", VARIANT, "pass"),
    ("aqr-skips", VARIANT, "neutral"),
    ("aqr-fails", VARIANT, "fail"),
    ("aqr-passes", PLAIN, "pass"),
]


def only_its_jobs_get_a_gpu(debci: Debci) -> None:
    """While a worker that has none is as close to them. One after the other, as debci's
    publisher overlooks a result that comes while it sends another."""
    with debci.gpu_worker(VARIANT) as worker, debci.worker(PLAIN) as other:
        for package, arch, status in JOBS:
            job_id, = debci.enqueue((package, arch))
            job = debci.wait_for_job(job_id, worker, other)
            assert (job.package, job.arch, job.status) == (package, arch, status), job
            assert job.gpus_seen() == (1 if arch == VARIANT else 0), job
    assert debci.gpu_states() == ["free", "free"], debci.gpu_states()


def three_jobs_fail(debci: Debci, worker: Service) -> None:
    """They would have been neutral. Only the third says that it has been too much."""
    for states in (["free", "quarantine"], ["free", "quarantine"], ["quarantine", "quarantine"]):
        job_id, = debci.enqueue(("aqr-skips", VARIANT))
        job = debci.wait_for_job(job_id, worker)
        assert job.status == "tmpfail", job
        for words in ("cannot open the testbed: not ready", GPUS[0], "is not in the guest"):
            assert words in job.log(), job.log()
        assert debci.gpu_states() == states, debci.gpu_states()
        assert ("failed 3 times in a row" in job.log()) == (states[0] == "quarantine"), job.log()


def one_that_no_guest_can_use_does_not_empty_the_queue(debci: Debci) -> None:
    """After three jobs nobody gets it any more: the fourth waits until it is mended."""
    debci.gpus("quarantine", GPUS[1], "it smells")
    with debci.gpu_worker(VARIANT) as worker:
        with debci.wedged(GPUS[0]):
            three_jobs_fail(debci, worker)
            job_id, = debci.enqueue(("aqr-passes", VARIANT))
            debci.system_log.wait_for_lines("is in quarantine: 3 failures in a row", 1,
                                            CHECK_SECONDS)
            assert debci.job(job_id).status is None
        debci.gpus("release", GPUS[0])
        job = debci.wait_for_job(job_id, worker)
    debci.gpus("release", GPUS[1])
    assert job.status == "pass", job
    assert debci.gpu_states() == ["free", "free"], debci.gpu_states()


def one_that_goes_bad_between_two_tests_fails_the_testbed(debci: Debci) -> None:
    """The second test does not get it any more. The next job gets the other GPU."""
    with contextlib.ExitStack() as stack:
        debci.archive.call = lambda: stack.enter_context(debci.lost(GPUS[0]))
        jobs = debci.enqueue(("aqr-calls-and-breaks", VARIANT), ("aqr-passes", VARIANT))
        with debci.gpu_worker(VARIANT) as worker:
            bad, good = [debci.wait_for_job(job_id, worker) for job_id in jobs]
        assert (bad.status, good.status) == ("tmpfail", "pass"), (bad, good)
        assert "has fallen off the bus" in bad.log(), bad.log()
        assert debci.gpu_states() == ["quarantine", "free"], debci.gpu_states()


def localtest_says_which_gpu_is_missing(debci: Debci) -> None:
    done = debci.run(DEBCI, "localtest", "--backend", BACKEND, "--arch", "amd64+gfx942",
                     debci.archive.tree("aqr-passes"), env=SEES_GPUS)
    assert done.returncode == 16, (done.returncode, done.stdout)
    assert "gfx942" in done.stdout and "gfx1030" in done.stdout, done.stdout


TESTS = [
    localtest_says_which_gpu_is_missing,
    only_its_jobs_get_a_gpu,
    one_that_no_guest_can_use_does_not_empty_the_queue,
    one_that_goes_bad_between_two_tests_fails_the_testbed,
]
