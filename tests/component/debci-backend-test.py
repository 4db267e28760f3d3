#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The scripts of debci's backend, without debci: programs that note how they were called
stand in for debci's, autopkgtest's and ours. tests/debci has the real ones."""

import os
import pathlib
import shutil
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "support"))
from server import run_all, temporary_directory  # noqa: E402

# What the backend calls, each with its exit status from a file. rocm-qemu-gpus has
# something to say, too.
FAKE = """#!/bin/sh
for word; do printf '<%s>' "$word"; done >>"$stage/calls/${0##*/}"
echo >>"$stage/calls/${0##*/}"
[ ! -e "$stage/says/${0##*/}" ] || cat "$stage/says/${0##*/}" >&2
[ ! -e "$stage/leaves" ] || cp -r "$stage/leaves" "$debci_test_outputdir"
exit "$(cat "$stage/status/${0##*/}" 2>/dev/null || echo 0)"
"""
FAKES = ("chown", "debci-autopkgtest", "debci-generate-apt-sources", "rocm-qemu-create",
         "rocm-qemu-gpus")

# Nothing of this machine's debci, if it has one, is touched.
SCRIPT = """
mount -t tmpfs none /var/lib
mkdir -p /var/lib/debci/qemu_rocm
[ -z "$image" ] || touch -d "$age ago" "/var/lib/debci/qemu_rocm/$image"
rc=0
"$@" || rc=$?
ls /var/lib/debci/qemu_rocm >"$stage/images"
exit $rc
"""
# debci's own, as far as the backend reads it. It takes the configuration's word for all.
LIBRARY = """
debci_suite=${debci_suite:-bookworm}
debci_arch=amd64
debci_autopkgtest_args_qemu_rocm=$configured
"""


class Stage:
    """A debci of fakes, in a directory."""

    def __init__(self, directory: pathlib.Path, **settings: str) -> None:
        self.directory = directory
        self.output = directory / "output"
        backends = directory / "debci" / "backends"
        shutil.copytree(TOP / "data" / "debci" / "backends", backends, symlinks=True)
        for name in ("bin", "calls", "status", "says", "debci/lib"):
            (directory / name).mkdir()
        (directory / "debci" / "lib" / "environment.sh").write_text(LIBRARY)
        for name in FAKES:
            (directory / "bin" / name).write_text(FAKE)
            (directory / "bin" / name).chmod(0o755)
        path = f"{directory / 'bin'}:{os.environ['PATH']}"
        self.environment = {"PATH": path, "stage": str(directory), "age": "2 hours",
                            "image": "bookworm-amd64.img", "configured": ""} | settings

    def says(self, name: str, status: int, text: str) -> None:
        (self.directory / "status" / name).write_text(f"{status}\n")
        (self.directory / "says" / name).write_text(text)

    def run(self, script: str, *words: str, backend: str = "qemu_rocm", **variables: str):
        program = self.directory / "debci" / "backends" / backend / script
        return subprocess.run(
            ["unshare", "--mount", "sh", "-euc", SCRIPT, "sh", program, *words],
            capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
            env=self.environment | {"debci_suite": "bookworm"} | variables)

    def test_package(self, arch: str, *words: str, **variables: str):
        return self.run("test-package", *words, f"--output-dir={self.output}", "hello",
                        debci_arch=arch, debci_test_outputdir=str(self.output), **variables)

    def calls(self, name: str) -> list[str]:
        file = self.directory / "calls" / name
        return file.read_text().splitlines() if file.exists() else []


def each(rows: tuple):
    """A test for each row, which gets it with a stage of its own."""
    def decorate(test):
        def run() -> None:
            for row in rows:
                with temporary_directory() as directory:
                    try:
                        test(directory, *row)
                    except AssertionError as error:
                        raise AssertionError(f"{row}: {error}") from error
        run.__name__ = test.__name__
        return run
    return decorate


IMAGE = "</var/lib/debci/qemu_rocm/bookworm-amd64.img>"


# The architecture, the arguments of debci 3.12 and later, those of 3.6's configuration; what
# autopkgtest gets behind "--", but for the image.
@each((
    ("amd64", None, "", "<--gpu><none>", ""),
    ("amd64", "", "", "<--gpu><none>", ""),
    ("amd64+gfx1030", "", "", "<--gpu><gfx1030>", ""),
    ("amd64+gfx90a", "--accel tcg --gpu-ready 'pci'", "",
     "<--gpu><gfx90a>", "<--accel><tcg><--gpu-ready><pci>"),
    ("amd64", "--qemu-options='-cpu host'", "--wrong", "<--gpu><none>", "<--qemu-options=-cpu host>"),
    ("amd64", None, "--ram-size 4096", "<--gpu><none>", "<--ram-size><4096>"),
))
def it_tells_autopkgtest_what_to_run(directory, arch, given, configured, gpu, more) -> None:
    stage = Stage(directory, configured=configured)
    extra = {} if given is None else {"debci_autopkgtest_args_qemu_rocm": given}
    result = stage.test_package(arch, "--add-apt-source=deb http://example.org ./", **extra)
    assert result.returncode == 0, result
    assert stage.calls("debci-autopkgtest") == [
        "<--user><debci><--apt-upgrade><--add-apt-source=deb http://example.org ./>"
        f"<--output-dir={stage.output}><hello><--><qemu+rocm>{gpu}<--gpu-wait><3600>{IMAGE}{more}"]


@each((("qemu-rocm",), ("qemu+rocm",)))
def other_names_are_the_same(directory, backend) -> None:
    stage = Stage(directory)
    result = stage.run("test-package", "hello", backend=backend, debci_arch="amd64")
    assert result.returncode == 0 and len(stage.calls("debci-autopkgtest")) == 1, result


@each(((0,), (4,), (8,), (16,)))
def autopkgtest_s_status_is_its_own(directory, status) -> None:
    stage = Stage(directory)
    stage.says("debci-autopkgtest", status, "")
    assert stage.test_package("amd64").returncode == status
    assert not stage.output.exists()


# A testbed that fails is no verdict on the package, whichever debci asks.
@each((
    ("amd64+sparkle", {}, "no gfx target"),
    ("amd64+gfx1030;true", {}, "no gfx target"),
    ("amd64+", {}, "no gfx target"),
    ("amd64+none", {}, "no gfx target"),
    ("amd64", {"image": ""}, "there is no image"),
))
def what_cannot_work_is_a_testbed_failure(directory, arch, settings, says) -> None:
    stage = Stage(directory, **settings)
    result = stage.test_package(arch)
    assert result.returncode == 16, result
    assert (stage.output / "exitcode").read_text() == "16\n"
    assert says in (stage.output / "log").read_text(), result
    assert (stage.output / "worker").read_text() != ""
    assert stage.calls("debci-autopkgtest") == []


SICK = '{"gpus": [{"quarantine": null}, {"quarantine": "it smells"}]}'
WELL = '{"gpus": [{"quarantine": null}]}'


# autopkgtest's status and what the evidence says of the GPUs; the status, and the file exitcode.
@each((
    (4, SICK, 16, "16\n"), (6, SICK, 16, "16\n"), (8, SICK, 16, "16\n"), (12, SICK, 16, "16\n"),
    (0, SICK, 0, "0\n"), (2, SICK, 2, "2\n"), (16, SICK, 16, "16\n"), (20, SICK, 20, "20\n"),
    (4, WELL, 4, "4\n"), (8, WELL, 8, "8\n"), (4, None, 4, "4\n"), (4, "no json", 4, "4\n"),
))
def no_verdict_comes_of_a_sick_gpu(directory, found, gpus, status, exitcode) -> None:
    stage = Stage(directory)
    stage.says("debci-autopkgtest", found, "")
    left = directory / "leaves"
    (left / "testbed").mkdir(parents=True)
    (left / "log").write_text("what autopkgtest says\n")
    (left / "exitcode").write_text(f"{found}\n")
    if gpus is not None:
        (left / "testbed" / "gpus.json").write_text(gpus)
    assert stage.test_package("amd64+gfx1030").returncode == status
    assert (stage.output / "exitcode").read_text() == exitcode
    log = (stage.output / "log").read_text()
    assert log.startswith("what autopkgtest says\n") and ("it smells" in log) == (status != found)


# Who may be asked: a worker is quiet.
@each((("false", "<wait><gfx1030>"), ("true", "<wait><--absent><gfx1030>")))
def the_gpu_is_waited_for(directory, quiet, asked) -> None:
    stage = Stage(directory)
    stage.says("rocm-qemu-gpus", 0, "waiting for a GPU: it smells\n")
    result = stage.test_package("amd64+gfx1030", debci_quiet=quiet)
    assert result.returncode == 0 and "it smells" in result.stderr, result
    assert stage.calls("rocm-qemu-gpus") == [asked]
    assert stage.test_package("amd64", debci_quiet=quiet).returncode == 0
    assert stage.calls("rocm-qemu-gpus") == [asked]


def without_the_gpu_no_test_runs() -> None:
    with temporary_directory() as directory:
        stage = Stage(directory)
        stage.says("rocm-qemu-gpus", 1, "no GPU of this host is a gfx1030\n")
        result = stage.test_package("amd64+gfx1030")
        assert result.returncode == 16 and "no GPU of this host" in result.stderr, result
        assert (stage.output / "exitcode").read_text() == "16\n"
        assert stage.calls("debci-autopkgtest") == []


@each((
    ("amd64", {}, 0, 0, ""),
    ("amd64+gfx1030", {}, 0, 0, ""),
    ("amd64+gfx1030", {}, 1, 1, "it smells"),
    ("amd64", {}, 1, 0, ""),
    ("amd64", {"image": ""}, 0, 1, "debci setup --suite=bookworm --arch=amd64"),
    ("amd64+", {}, 0, 1, "no gfx target"),
))
def a_testbed_is_checked(directory, arch, settings, gpus, status, says) -> None:
    stage = Stage(directory, **settings)
    stage.says("rocm-qemu-gpus", gpus, "it smells\n")
    result = stage.run("check-testbed", debci_arch=arch)
    assert result.returncode == status and says in result.stderr, result


# Made anew, but not twice in an hour: each variant asks for it. The configuration's word for the
# architecture is not taken where there is another.
@each((
    ("amd64", "2 hours", "amd64", 1),
    ("amd64+gfx1030", "2 hours", "amd64", 1),
    ("arm64+gfx1030", "2 hours", "arm64", 1),
    ("amd64+gfx1030", "10 minutes", "amd64", 0),
    ("amd64", "10 minutes", "amd64", 0),
    ("amd64+sparkle", "2 hours", "amd64", None),
))
def an_image_is_made(directory, arch, age, base, number) -> None:
    stage = Stage(directory, age=age)
    backend = directory / "debci" / "backends" / "qemu_rocm"
    result = stage.run("create-testbed", debci_arch=arch)
    assert result.returncode == (1 if number is None else 0), result
    calls = stage.calls("rocm-qemu-create")
    assert len(calls) == (number or 0), calls
    for call in calls:
        head, _, tail = call.partition("<--sources>")
        assert head == f"<--release><bookworm><--arch><{base}>"
        assert tail.split(">", 1)[1] == (f"<--user><debci><--script><{backend}/customize.sh>"
                                         f"</var/lib/debci/qemu_rocm/bookworm-{base}.img>")


def a_failed_image_is_a_failure() -> None:
    with temporary_directory() as directory:
        stage = Stage(directory)
        stage.says("rocm-qemu-create", 1, "no space\n")
        result = stage.run("create-testbed", debci_arch="amd64")
        assert result.returncode == 1 and "no space" in result.stderr, result


if os.geteuid() != 0:
    print("needs root, for a mount namespace")
    raise SystemExit(77)
for program in ("mispipe", "jq"):
    if shutil.which(program) is None:
        print(f"needs {program}, as debci does")
        raise SystemExit(77)
run_all([
    it_tells_autopkgtest_what_to_run, other_names_are_the_same, autopkgtest_s_status_is_its_own,
    what_cannot_work_is_a_testbed_failure, no_verdict_comes_of_a_sick_gpu, the_gpu_is_waited_for,
    without_the_gpu_no_test_runs, a_testbed_is_checked, an_image_is_made,
    a_failed_image_is_a_failure,
])
