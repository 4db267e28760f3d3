# SPDX-License-Identifier: GPL-2.0-or-later
"""Images, as debci has them built once a day."""

import json
import pathlib

from world import CHECK_SECONDS, PLAIN, SUITE, VARIANT, Debci

NO_IMAGE = "there is no image"
IMAGE = pathlib.Path(f"/var/lib/debci/qemu_rocm/{SUITE}-{PLAIN}.img")


def without_an_image_nothing_is_said_of_a_package(debci: Debci) -> None:
    """debci 4 asks, and takes no job; before, what starts the worker asks, and ends."""
    job_id, = debci.enqueue(("aqr-passes", PLAIN))
    with debci.worker(PLAIN) as worker:
        worker.wait_for_line(NO_IMAGE, CHECK_SECONDS)
    assert f" run-id:{job_id} " in debci.take_message(PLAIN)


def one_image_is_made_for_all_variants(debci: Debci) -> None:
    done = debci.run("debci", "update-worker", user=debci.setup_user)
    assert done.returncode == 0, done.stdout
    for arch in (PLAIN, VARIANT):
        assert f"[{SUITE}/{arch}/qemu_rocm]: finished" in done.stdout, done.stdout
    assert [path.name for path in IMAGE.parent.glob("*.img")] == [IMAGE.name]
    told = debci.run("qemu-img", "info", "--output=json", str(IMAGE))
    assert told.returncode == 0 and json.loads(told.stdout)["format"] == "qcow2", told.stdout


TESTS = [without_an_image_nothing_is_said_of_a_package, one_image_is_made_for_all_variants]
