# SPDX-License-Identifier: GPL-2.0-or-later
"""What becomes of the jobs for an architecture variant: with a GPU that is well, with one that
is not ready in the guest, and with one that goes bad between two tests."""

import contextlib

from world import BACKEND, DEBCI, GPU_ARGUMENTS, GPUS, PLAIN, SEES_GPUS, VARIANT, Debci

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


def one_that_is_not_ready_is_no_result(debci: Debci) -> None:
    """No driver takes what stands in for it, so there is no render node. The job would have
    been neutral."""
    job_id, = debci.enqueue(("aqr-skips", VARIANT))
    arguments = f"{GPU_ARGUMENTS} --gpu-ready drm"
    with debci.worker(VARIANT, SEES_GPUS | {"MORE": arguments}) as worker:
        job = debci.wait_for_job(job_id, worker)
    assert job.status == "tmpfail", job
    for words in ("cannot open the testbed: not ready", GPUS[0], "no driver took it"):
        assert words in job.log(), job.log()
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
    one_that_is_not_ready_is_no_result,
    one_that_goes_bad_between_two_tests_fails_the_testbed,
]
