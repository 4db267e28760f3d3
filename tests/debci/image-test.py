# SPDX-License-Identifier: GPL-2.0-or-later
"""Images, as debci has them built once a day."""

import json
import pathlib

from world import PLAIN, SUITE, VARIANT, Debci

IMAGE = pathlib.Path(f"/var/lib/debci/qemu_rocm/{SUITE}-{PLAIN}.img")


def one_image_is_made_for_all_variants(debci: Debci) -> None:
    done = debci.run("debci", "update-worker", user=debci.setup_user)
    assert done.returncode == 0, done.stdout
    for arch in (PLAIN, VARIANT):
        assert f"[{SUITE}/{arch}/qemu_rocm]: finished" in done.stdout, done.stdout
    assert [path.name for path in IMAGE.parent.glob("*.img")] == [IMAGE.name]
    told = debci.run("qemu-img", "info", "--output=json", str(IMAGE))
    assert told.returncode == 0 and json.loads(told.stdout)["format"] == "qcow2", told.stdout


TESTS = [one_image_is_made_for_all_variants]
