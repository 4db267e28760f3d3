#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The scripts of debci's backend, without debci: programs that note how they were called
stand in for debci's, autopkgtest's and ours. tests/debci has the real ones."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "support"))
from server import run_all, temporary_directory  # noqa: E402

# What the backend calls, each with its exit status from a file, and something to say. What there
# is for the call of a number, "debci-autopkgtest.1", is for that one only.
FAKE = """#!/bin/sh
[ "${0##*/}" != rocm-qemu-create ] || [ "$(id -un)" = debci ] || exit 99
[ "${0##*/}" != rocm-qemu-create ] || [ -w "$XDG_CACHE_HOME" ] || exit 98
[ "${0##*/}" != rocm-qemu-gpus ] || [ ! -e "$stage/sleeps" ] || sleep "$(cat "$stage/sleeps")"
for word; do printf '<%s>' "$word"; done >>"$stage/calls/${0##*/}"
echo >>"$stage/calls/${0##*/}"
call=${0##*/}.$(wc -l <"$stage/calls/${0##*/}")
[ -e "$stage/status/$call" ] || call=${0##*/}
[ ! -e "$stage/says/$call" ] || cat "$stage/says/$call" >&2
leaves=$stage/leaves/$call
[ -e "$leaves" ] || leaves=$stage/leaves/${0##*/}
if [ -e "$leaves" ]; then
    [ ! -e "$debci_test_outputdir" ] || exit 97
    cp -r "$leaves" "$debci_test_outputdir"
fi
exit "$(cat "$stage/status/$call" 2>/dev/null || echo 0)"
"""
FAKES = ("debci-autopkgtest", "debci-generate-apt-sources", "rocm-qemu-create",
         "rocm-qemu-gpus")

# Nothing of this machine's debci, if it has one, is touched. Root becomes the user debci.
SCRIPT = """
for file in passwd group; do
    sed '/^debci:/d' /etc/$file >"$stage/$file"
done
echo "debci:x:12345:12345::/nonexistent:/bin/sh" >>"$stage/passwd"
echo "debci:x:12345:" >>"$stage/group"
mount --bind "$stage/passwd" /etc/passwd
mount --bind "$stage/group" /etc/group
mount -t tmpfs none /var/lib
mkdir -p /var/lib/debci
[ -z "$image" ] || install -d -o debci -g debci /var/lib/debci/qemu_rocm
[ -z "$image" ] || touch -d "$age ago" "/var/lib/debci/qemu_rocm/$image"
rc=0
"$@" || rc=$?
[ ! -e /var/lib/debci/qemu_rocm ] || stat -c %U /var/lib/debci/qemu_rocm >"$stage/owner"
exit $rc
"""
# debci's own, as far as the backend reads it. It takes the configuration's word for all.
LIBRARY = """
debci_suite=${debci_suite:-bookworm}
debci_arch=amd64
case $configured in
    '$(exit 1)') exit 1 ;;
esac
debci_autopkgtest_args_qemu_rocm=$configured
"""


# Its suites are what is configured.
DEBCI = """#!/bin/sh
if [ "$*" = "config --values-only suite_list" ]; then
    [ "$configured" ] || exit 1
    echo "$configured"
else
    echo "$*" >>"$stage/calls/debci"
fi
"""


class Stage:
    """A debci of fakes, in a directory."""

    def __init__(self, directory: pathlib.Path, **settings: str) -> None:
        self.directory = directory
        self.output = directory / "output"
        backends = directory / "debci" / "backends"
        shutil.copytree(TOP / "data" / "debci" / "backends", backends, symlinks=True)
        for name in ("bin", "calls", "status", "says", "leaves", "debci/lib"):
            (directory / name).mkdir()
        directory.chmod(0o755)
        (directory / "calls").chmod(0o777)
        self.leaves().joinpath("exitcode").write_text("0\n")
        (directory / "debci" / "bin").mkdir()
        (directory / "debci" / "bin" / "debci").write_text(DEBCI)
        (directory / "debci" / "bin" / "debci").chmod(0o755)
        (directory / "debci" / "lib" / "environment.sh").write_text(LIBRARY)
        for name in FAKES:
            (directory / "bin" / name).write_text(FAKE)
            (directory / "bin" / name).chmod(0o755)
        path = f"{directory / 'bin'}:{os.environ['PATH']}"
        self.environment = {"PATH": path, "stage": str(directory), "age": "2 hours",
                            "image": "bookworm-amd64.img", "configured": ""} | settings

    def leaves(self, name: str = "debci-autopkgtest") -> pathlib.Path:
        """What autopkgtest leaves in its output directory, which must not be there before."""
        directory = self.directory / "leaves" / name
        directory.mkdir(exist_ok=True)
        return directory

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
        f"<--output-dir={stage.output}><hello><--><qemu+rocm>{gpu}<--gpu-wait><1200>{IMAGE}{more}"
        f"<--artifacts><{stage.output}>"]


@each((("qemu-rocm",), ("qemu+rocm",)))
def other_names_are_the_same(directory, backend) -> None:
    stage = Stage(directory)
    result = stage.run("test-package", "hello", backend=backend, debci_arch="amd64")
    assert result.returncode == 0 and len(stage.calls("debci-autopkgtest")) == 1, result


@each(((0,), (4,), (8,), (16,)))
def autopkgtest_s_status_is_its_own(directory, status) -> None:
    stage = Stage(directory)
    stage.says("debci-autopkgtest", status, "")
    (stage.leaves() / "exitcode").write_text(f"{status}\n")
    assert stage.test_package("amd64").returncode == status
    assert (stage.output / "exitcode").read_text() == f"{status}\n"
    assert not (stage.output / "log").exists()


# Who has been told wrong words, or is killed, leaves nothing; a worker of debci 3 would get that
# job again and again.
@each(((20, "amd64"), (137, "amd64"), (2, "amd64+gfx1030")))
def there_is_a_result_in_any_case(directory, status, arch) -> None:
    stage = Stage(directory)
    shutil.rmtree(stage.leaves())
    stage.says("debci-autopkgtest", status, "")
    assert stage.test_package(arch).returncode == 16
    assert (stage.output / "exitcode").read_text() == "16\n"
    assert f"ended with {status}" in (stage.output / "log").read_text()


def a_log_that_cannot_be_written_does_not_matter() -> None:
    with temporary_directory() as directory:
        stage = Stage(directory, image="")
        stage.output.mkdir()
        (stage.output / "log").symlink_to("/dev/full")
        assert stage.test_package("amd64").returncode == 16
        assert (stage.output / "exitcode").read_text() == "16\n"


# A testbed that fails is no verdict on the package, whichever debci asks.
@each((
    ("amd64+sparkle", {}, "no gfx target"),
    ("amd64+gfx1030;true", {}, "no gfx target"),
    ("amd64+", {}, "no gfx target"),
    ("amd64+none", {}, "no gfx target"),
    ("+gfx1030", {}, "no gfx target"),
    ("amd64+gfx1030+gfx900", {}, "no gfx target"),
    ("amd64+gfx1zz", {}, "no gfx target"),
    ("amd64+gfx030", {}, "no gfx target"),
    ("amd64+gfx1a30", {}, "no gfx target"),
    ("amd64+gfx10300", {}, "no gfx target"),
    ("amd64+gfx10", {}, "no gfx target"),
    ("amd64", {"image": ""}, "there is no image"),
    ("amd64", {"configured": "--accel tcg --qemu-options='x"}, "its quotes do not match"),
    ("amd64", {"configured": "$(exit 1)"}, "configuration cannot be read"),
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
LEFT = '{"gpus": [{"quarantine": null, "trouble": "it smells"}]}'
WELL = '{"gpus": [{"quarantine": null}]}'


# autopkgtest's status and what the evidence says of the GPUs; the status, and the file exitcode.
@each((
    (4, SICK, 16, "16\n"), (6, SICK, 16, "16\n"), (8, SICK, 16, "16\n"), (12, SICK, 16, "16\n"),
    (0, SICK, 0, "0\n"), (2, SICK, 16, "16\n"), (14, LEFT, 16, "16\n"), (16, SICK, 16, "16\n"), (20, SICK, 20, "20\n"),
    (4, WELL, 4, "4\n"), (8, WELL, 8, "8\n"), (4, None, 16, "16\n"), (4, "no json", 16, "16\n"),
))
def no_verdict_comes_of_a_sick_gpu(directory, found, gpus, status, exitcode) -> None:
    stage = Stage(directory)
    stage.says("debci-autopkgtest", found, "")
    left = stage.leaves()
    (left / "testbed").mkdir()
    (left / "log").write_text("what autopkgtest says\n")
    (left / "exitcode").write_text(f"{found}\n")
    if gpus is not None:
        (left / "testbed" / "gpus.json").write_text(gpus)
    assert stage.test_package("amd64+gfx1030").returncode == status
    assert (stage.output / "exitcode").read_text() == exitcode
    log = (stage.output / "log").read_text()
    assert log.startswith("what autopkgtest says\n")
    assert ("it smells" in log or "not known" in log) == (status != found), log


def a_test_without_gpu_has_none_that_is_sick() -> None:
    with temporary_directory() as directory:
        stage = Stage(directory)
        stage.says("debci-autopkgtest", 4, "")
        (stage.leaves() / "testbed").mkdir()
        assert stage.test_package("amd64").returncode == 4


def asked_within(stage: Stage, seconds: int) -> list[str]:
    """What rocm-qemu-gpus was asked, without the time-out, of which a second may have passed."""
    taken = "|".join(f"<--timeout={number}>" for number in (seconds, seconds - 1))
    return [re.sub(taken, "", call) for call in stage.calls("rocm-qemu-gpus")]


# Who may be asked: a worker is quiet.
@each((("false", "", "<wait><gfx1030><-->"),
       ("true", "", "<wait><--absent><gfx1030><-->"),
       ("true", "--ram-size '4096' --gpu-force",
        "<wait><--absent><gfx1030><--><--ram-size><4096><--gpu-force>")))
def the_gpu_is_waited_for(directory, quiet, configured, asked) -> None:
    stage = Stage(directory, configured=configured)
    stage.says("rocm-qemu-gpus", 0, "waiting for a GPU: it smells\n")
    result = stage.test_package("amd64+gfx1030", debci_quiet=quiet)
    assert result.returncode == 0 and (quiet == "true" or "it smells" in result.stderr), result
    assert asked_within(stage, 1200) == [asked]
    shutil.rmtree(stage.output)
    assert stage.test_package("amd64", debci_quiet=quiet).returncode == 0
    assert asked_within(stage, 1200) == [asked]


# The patience; what is waited for with, and whether it is told what is wrong.
@each((("5", "5", False), ("", "1200", False), ("20m", "1200", True), ("0", "1200", True),
       ("-1", "1200", True), ("010", "1200", True), ("1000000", "1200", True)))
def a_patience_is_a_number_of_seconds(directory, given, taken, told) -> None:
    stage = Stage(directory)
    result = stage.test_package("amd64+gfx1030", debci_quiet="true", debci_gpu_patience=given)
    assert result.returncode == 0, result
    assert asked_within(stage, int(taken)) == ["<wait><--absent><gfx1030><-->"]
    assert (f'"{given}" is no number of seconds' in result.stderr) == told, result


# A worker that has waited for so long waits for the lease no longer than what is left, or 10 s.
@each((("false", "5", 0, "5"), ("true", "100", 0, "100"), ("true", "100", 3, "97"),
       ("true", "5", 0, "10"), ("true", "2", 3, "10")))
def what_is_left_of_the_patience_is_for_the_lease(directory, quiet, patience, waits, left) -> None:
    stage = Stage(directory)
    (directory / "sleeps").write_text(f"{waits}\n")
    result = stage.test_package("amd64+gfx1030", debci_quiet=quiet, debci_gpu_patience=patience)
    assert result.returncode == 0, result
    call, = stage.calls("debci-autopkgtest")
    seconds = int(call.partition("<--gpu-wait><")[2].partition(">")[0])
    assert int(left) - 1 <= seconds <= int(left), call


# A worker as debci's, on a stage: what amqp-consume and the shell below it are called. What the
# shell does after the job shows who is there still; the other waits for the next one then.
WORKER = """
mount -t tmpfs none /var/lib
mkdir -p /var/lib/debci/qemu_rocm
touch "/var/lib/debci/qemu_rocm/$image"
cp /bin/sh "$stage/bin/amqp-consume"
mkfifo "$stage/queue"
cat >"$stage/worker" <<'END'
case $1 in
    --do-request) "$program" "--output-dir=$debci_test_outputdir" hello || :; touch "$stage/published" ;;
    *)
        ! sh "$stage/worker" --do-request || touch "$stage/acknowledged"
        read -r job <"$stage/queue" ;;
esac
END
rc=0
amqp-consume "$stage/worker" || rc=$?
exit $rc
"""


def work(stage: Stage, patience: int) -> tuple[subprocess.CompletedProcess, float]:
    """A worker has one job; how it ended, and when."""
    output = stage.directory / "debci-worker-1-abc" / "incoming" / "h" / "hello" / "1"
    output.parent.mkdir(parents=True)
    program = stage.directory / "debci" / "backends" / "qemu_rocm" / "test-package"
    begin = time.monotonic()
    result = subprocess.run(
        ["unshare", "--mount", "sh", "-euc", WORKER], capture_output=True, text=True, timeout=60,
        check=False, stdin=subprocess.DEVNULL, env=stage.environment | {
            "debci_suite": "bookworm", "debci_arch": "amd64+gfx1030", "debci_quiet": "true",
            "debci_gpu_patience": str(patience), "debci_test_outputdir": str(output),
            "program": str(program)})
    return result, time.monotonic() - begin


def it_has_gone_back(stage: Stage, result: subprocess.CompletedProcess, why: str) -> bool:
    return (result.returncode == 137 and "goes back to its queue" in result.stderr
            and why in result.stderr.partition("goes back to its queue")[2]
            and not (stage.directory / "published").exists()
            and not (stage.directory / "acknowledged").exists()
            and not (stage.directory / "debci-worker-1-abc").exists())


# At the end of the patience, even where the reason is no matter of time: else the worker would
# get it again at once.
@each(((1, "no GPU is free after 2 s: it smells\n", 2), (1, "there is no table\n", 0),
       (127, "", 0)))
def a_job_goes_back_when_there_is_no_gpu_for_long(directory, status, says, waits) -> None:
    stage = Stage(directory)
    (directory / "sleeps").write_text(f"{waits}\n")
    stage.says("rocm-qemu-gpus", status, says)
    result, seconds = work(stage, 2)
    assert it_has_gone_back(stage, result, says), result
    assert seconds >= 1, seconds
    assert stage.calls("debci-autopkgtest") == []


# Wrong words stay wrong.
def what_is_no_gpu_is_a_testbed_failure() -> None:
    with temporary_directory() as directory:
        stage = Stage(directory)
        stage.says("rocm-qemu-gpus", 2, "rocm-qemu-gpus: Unknown option --sparkle\n")
        result = stage.test_package("amd64+gfx1030", debci_quiet="true")
        assert result.returncode == 16, result
        assert "Unknown option --sparkle" in (stage.output / "log").read_text()


REFUSED = [{"event": "gpu-lease", "error": "no GPU is free after 10 s: another has it"}]
LEASED = {"event": "gpu-lease"}
NO_VM = [LEASED, {"event": "vm-start", "error": "it does not start"}]
VM = [LEASED, {"event": "vm-start"}]


def lose_a_run(stage: Stage, timeline: list | None, gpus: str | None) -> None:
    """The first run of autopkgtest: 16, and what it leaves."""
    stage.says("debci-autopkgtest.1", 16, "")
    left = stage.leaves("debci-autopkgtest.1")
    (left / "exitcode").write_text("16\n")
    (left / "testbed").mkdir()
    if timeline is not None:
        (left / "testbed" / "timeline.json").write_text(json.dumps(timeline))
    if gpus is not None:
        (left / "testbed" / "gpus.json").write_text(gpus)


# What the first run leaves, whether the GPU has to be waited for again then; whether there is a
# second run, which passes.
@each((
    (REFUSED, None, False, True), (REFUSED, None, True, True),
    (NO_VM, SICK, True, True), (NO_VM, WELL, False, False), (NO_VM, WELL, True, False),
    (VM, SICK, True, False), (VM, WELL, False, False),
    (None, None, True, True), (None, None, False, False),
    ([], None, True, False), ("no timeline", None, True, False),
))
def a_worker_whose_gpu_went_to_another_tries_again(directory, timeline, gpus, waits, again) -> None:
    stage = Stage(directory)
    lose_a_run(stage, timeline, gpus)
    if waits:
        stage.says("rocm-qemu-gpus.2", 0, "waiting for a GPU: it smells\n")
    result = stage.test_package("amd64+gfx1030", debci_quiet="true")
    assert result.returncode == (0 if again else 16), result
    assert len(stage.calls("debci-autopkgtest")) == (2 if again else 1)
    assert (stage.output / "exitcode").read_text() == ("0\n" if again else "16\n")


def somebody_at_a_terminal_is_told_that_it_went_to_another() -> None:
    with temporary_directory() as directory:
        stage = Stage(directory)
        lose_a_run(stage, REFUSED, None)
        result = stage.test_package("amd64+gfx1030")
        assert result.returncode == 16 and len(stage.calls("debci-autopkgtest")) == 1, result


# The second wait fails; or there is no time left for a second run.
@each(((1, "no GPU is free after 1 s: it smells", 0, "it smells"), (0, "", 2, "another has it")))
def a_job_whose_gpu_went_to_another_goes_back(directory, status, says, waits, why) -> None:
    stage = Stage(directory)
    lose_a_run(stage, REFUSED, None)
    (directory / "sleeps").write_text(f"{waits}\n")
    stage.says("rocm-qemu-gpus.2", status, f"{says}\n" if says else "")
    result, seconds = work(stage, 3)
    assert it_has_gone_back(stage, result, why), result
    assert seconds >= 2, seconds
    assert len(stage.calls("debci-autopkgtest")) == 1


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
    ("amd64+gfx1030", {"configured": "'"}, 0, 1, "its quotes do not match"),
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
    ("+gfx1030", "2 hours", "", None),
))
def an_image_is_made(directory, arch, age, base, number) -> None:
    stage = Stage(directory, age=age)
    backend = directory / "debci" / "backends" / "qemu_rocm"
    result = stage.run("create-testbed", debci_arch=arch)
    assert result.returncode == (1 if number is None else 0), result
    calls = stage.calls("rocm-qemu-create")
    assert len(calls) == (number or 0), calls
    assert number is None or (directory / "owner").read_text() == "debci\n"
    for call in calls:
        head, _, tail = call.partition("<--sources>")
        assert head == f"<--release><bookworm><--arch><{base}>"
        assert tail.split(">", 1)[1] == (f"<--user><debci><--script><{backend}/customize.sh>"
                                         f"</var/lib/debci/qemu_rocm/bookworm-{base}.img>")


# The suites, the backend's name, the status of rocm-qemu-gpus; what the worker is started with, or
# what is said.
@each((
    ("bookworm", "qemu_rocm", 0, "worker --arch amd64+gfx1030 --backend qemu_rocm", ""),
    ("bookworm", "qemu-rocm", 0, "worker --arch amd64+gfx1030 --backend qemu-rocm", ""),
    ("bookworm trixie", "qemu_rocm", 0, None, "there is no image"),
    ("trixie bookworm", "qemu_rocm", 0, None, "trixie-amd64.img"),
    ("bookworm", "qemu_rocm", 1, None, "no GPU"),
    ("", "qemu_rocm", 0, None, ""),
))
def a_worker_of_debci_3_starts_where_it_has_all(directory, suites, backend, gpus, words, why) -> None:
    stage = Stage(directory, configured=suites)
    stage.says("rocm-qemu-gpus", gpus, "no GPU of this host is a gfx1030\n" if gpus else "")
    result = stage.run("start-worker", "amd64+gfx1030", backend=backend)
    assert stage.calls("debci") == ([] if words is None else [words]), (result, stage.calls("debci"))
    assert (result.returncode == 0) == (words is not None) and why in result.stderr, result


def a_failed_image_is_a_failure() -> None:
    with temporary_directory() as directory:
        stage = Stage(directory)
        stage.says("rocm-qemu-create", 1, "no space\n")
        result = stage.run("create-testbed", debci_arch="amd64")
        assert result.returncode == 1 and "no space" in result.stderr, result


if os.geteuid() != 0:
    print("needs root, for a mount namespace")
    raise SystemExit(77)
if shutil.which("jq") is None:
    print("needs jq, as debci does")
    raise SystemExit(77)
run_all([
    it_tells_autopkgtest_what_to_run, other_names_are_the_same, autopkgtest_s_status_is_its_own,
    there_is_a_result_in_any_case, a_log_that_cannot_be_written_does_not_matter,
    what_cannot_work_is_a_testbed_failure, no_verdict_comes_of_a_sick_gpu,
    a_test_without_gpu_has_none_that_is_sick, the_gpu_is_waited_for,
    a_patience_is_a_number_of_seconds, what_is_left_of_the_patience_is_for_the_lease,
    a_job_goes_back_when_there_is_no_gpu_for_long, what_is_no_gpu_is_a_testbed_failure,
    a_worker_whose_gpu_went_to_another_tries_again,
    somebody_at_a_terminal_is_told_that_it_went_to_another,
    a_job_whose_gpu_went_to_another_goes_back, without_the_gpu_no_test_runs,
    a_testbed_is_checked, a_worker_of_debci_3_starts_where_it_has_all, an_image_is_made,
    a_failed_image_is_a_failure,
])
