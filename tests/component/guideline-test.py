#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What data/doc/rocm-autopkgtest.md tells maintainers to write is what autopkgtest accepts, and
its scripts are scripts."""

import inspect
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path[:0] = [str(TOP / "tests" / "support"), "/usr/share/autopkgtest/lib"]
from server import run_all, temporary_directory  # noqa: E402

try:
    import testdesc
except ImportError:
    print("autopkgtest is not installed")
    raise SystemExit(77) from None

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CAPABILITIES = ["isolation-machine", "revert", "root-on-testbed"]

# Later releases of autopkgtest want to know that.
MORE = {"test_arch_is_foreign": False}.items()


def blocks(kind: str) -> list[str]:
    text = (TOP / "data" / "doc" / "rocm-autopkgtest.md").read_text()
    return [body for language, body in BLOCK.findall(text) if language == kind]


def accepted(control: str) -> tuple[list[str], bool]:
    """The names of the tests that would run, and whether some would be skipped."""
    with temporary_directory() as source:
        (source / "debian" / "tests").mkdir(parents=True)
        (source / "debian" / "control").write_text(
            "Source: foo\n\nPackage: libfoo-tools\nArchitecture: any\n")
        (source / "debian" / "tests" / "control").write_text(control)
        for name in re.findall(r"^Tests: (.*)$", control, re.MULTILINE):
            (source / "debian" / "tests" / name).write_text("#!/bin/sh\n")
        parse = testdesc.parse_debian_source
        more = {name: value for name, value in MORE if name in inspect.signature(parse).parameters}
        tests, skipped = parse(str(source), CAPABILITIES, "amd64", **more)
        return [test.name for test in tests], skipped


def today_s_control_file_is_accepted() -> None:
    today, _ = blocks("")
    assert accepted(today) == (["libfoo-tests", "set-clocks"], False)


def a_field_that_is_not_known_skips() -> None:
    _, proposed = blocks("")
    assert accepted(proposed) == ([], True)


def features_that_are_not_known_do_no_harm() -> None:
    assert accepted("Tests: foo\nFeatures: gpu=gfx906,gfx1030\nClasses: gpu\n") == (["foo"], False)


def scripts_are_scripts() -> None:
    for script in blocks("sh"):
        for words in (["sh", "-n"], ["shellcheck", "--shell=sh", "--exclude=SC2148", "-"]):
            done = subprocess.run(words, input=script, capture_output=True, text=True, check=False)
            assert done.returncode == 0, (script, done.stdout, done.stderr)


def kfd_nodes(sysfs: pathlib.Path, versions: list[int]) -> None:
    """A processor's node, which has none, and GPUs."""
    for number, version in enumerate([0, *versions]):
        node = sysfs / "class" / "kfd" / "kfd" / "topology" / "nodes" / str(number)
        node.mkdir(parents=True)
        (node / "properties").write_text(f"simd_count 8\ngfx_target_version {version}\n")


def which_targets_are_here_decides_under_set_e() -> None:
    """None, as without KFD, is no failure but a reason to skip."""
    _, script = blocks("sh")
    for versions, status, says in ((None, 77, "this is no GPU"), ([], 77, "this is no GPU"),
                                   ([90402], 77, "this is gfx942"), ([100300], 0, ""),
                                   ([90402, 90006], 0, "")):
        with temporary_directory() as sysfs:
            if versions is not None:
                kfd_nodes(sysfs, versions)
            done = subprocess.run(["sh", "-euc", script.replace("/sys/", f"{sysfs}/")],
                                  capture_output=True, text=True, check=False)
        assert done.returncode == status and says in done.stdout, (versions, done)
        assert done.stderr == "", done


run_all([
    today_s_control_file_is_accepted, a_field_that_is_not_known_skips,
    features_that_are_not_known_do_no_harm, scripts_are_scripts,
    which_targets_are_here_decides_under_set_e,
])
