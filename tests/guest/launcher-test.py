#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""rocm-test-launcher of pkg-rocm-tools, by which the tests of Debian's ROCm packages are
started, in our testbed: sid's launcher and the installed autopkgtest.

The guest has no GPU, and its kernel says so. /dev/kfd is the real one, made by amdgpu. What
stands in is said in launched/debian/tests/loads-driver. With the argument "apt" rocminfo is
Debian's, too, and the guest's apt installs it and the launcher, which takes minutes. autopkgtest
runs the four tests in one guest, one after the other, so what one does to the kernel is there
for the next."""

import collections
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "support"))
from autopkgtest import PATIENCE, TESTBED, fetch, warm_dir  # noqa: E402
from server import environment, processes_knowing, run_all, test_image  # noqa: E402

LAUNCHED = TESTS / "guest" / "launched"
LAUNCHER = "pkg-rocm-tools"
KEPT = ("ROCM_TEST_LAUNCHER_WITH_DMESG=1", "ROCM_TEST_LAUNCHER_WITH_DRI=",
        "ROCM_TEST_LAUNCHER_WITH_ROCMINFO=1")
A_FAILURE_AND_A_SKIP = 4 + 2


def write_package() -> list[str]:
    """Its tree, after what installs what it depends on."""
    launcher = fetch("fetch-deb", "sid", LAUNCHER)
    shutil.copytree(LAUNCHED, scratch / "package")
    control = scratch / "package/debian/tests/control"
    depends = f"Depends: {LAUNCHER}"
    assert depends in control.read_text()
    control.write_text(control.read_text().replace(
        depends, f"{depends}, rocminfo" if by_apt else "Depends:"))
    if by_apt:
        return ["-B", launcher, str(scratch / "package")]
    return [f"--copy={launcher}:/srv/launcher.deb", "--setup-commands=dpkg -i /srv/launcher.deb",
            "-B", str(scratch / "package")]


def run_autopkgtest() -> str:
    done = subprocess.run(
        ["autopkgtest", *PATIENCE, f"--output-dir={output}", *(f"--env={name}" for name in KEPT),
         *write_package(), *TESTBED, test_image()],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=900, check=False,
        env=environment(TMPDIR=str(scratch / "t"), AQR_WARM="on", AQR_WARM_DIR=warm_dir()))
    assert done.returncode == A_FAILURE_AND_A_SKIP, f"{done.returncode}: {done.stdout[-9000:]}"
    return done.stdout


def the_launcher_launches() -> None:
    """Without /dev/kfd it skips; what it starts is the user's, and its status counts."""
    said = run_autopkgtest()
    summary = [line.split(maxsplit=2) for line in (output / "summary").read_text().splitlines()]
    assert [row[:2] for row in summary] == [["no-driver", "SKIP"], ["loads-driver", "PASS"],
                                            ["user", "PASS"], ["root", "FAIL"]], summary
    assert summary[0][2].startswith("exit status 77"), summary
    assert summary[3][2].endswith("status 3"), summary
    assert "/dev/kfd not present" in said
    (where, groups, launched) = (output / "user-stdout").read_text().splitlines()
    assert where.endswith("/autopkgtest_tmp") and launched == "launched", where
    assert {"render", "video"} <= set(groups.split()), groups
    assert not processes_knowing(str(scratch))


def its_artifacts_come_out() -> None:
    """Of the two tests that ran, and not of the one that was skipped. One name begins with the
    time: .../artifacts/1234567890.123.dmesg.before"""
    kept = collections.defaultdict(list)
    for path in sorted((output / "artifacts").iterdir()):
        kept[path.name.split(".", 2)[2]].append(path.read_text())
    assert {name: len(texts) for name, texts in kept.items()} == {
        "dmesg.before": 2, "dmesg.after": 2, "amdgpu_firmware_info.0": 2, "rocminfo.txt": 2}, kept
    for before in kept["dmesg.before"]:
        assert "Linux version" in before and "amdgpu" in before, before[-2000:]
    of_user, of_root = kept["dmesg.after"]
    assert "the test has failed" in of_root and "the test has failed" not in of_user
    assert set(kept["amdgpu_firmware_info.0"]) == {"MEC feature version: 0, stands in\n"}
    for info in kept["rocminfo.txt"]:
        assert ("ROCk module is loaded" if by_apt else "rocminfo: stands in") in info, info


by_apt = sys.argv[1:] == ["apt"]
scratch = pathlib.Path(tempfile.mkdtemp(prefix="aqr-"))
output = scratch / "output"
os.mkdir(scratch / "t")
try:
    run_all([the_launcher_launches, its_artifacts_come_out])
finally:
    shutil.rmtree(scratch)
