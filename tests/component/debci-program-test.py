#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The built rocm-qemu-setup --debci-worker, with the GPUs of a fixture, on a stage: what it
sets, twice; what it leaves alone; that shells and systemd understand what it has written; and
rocm-debci-stop."""

import json
import os
import pathlib
import signal
import subprocess
import sys
from collections.abc import Sequence

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from debci_stage import on_stage  # noqa: E402
from server import run_all, temporary_directory  # noqa: E402

STOP = os.environ["AQR_DEBCI_STOP"]
CONF = "/etc/debci/conf.d/zz-rocm-qemu.conf"
UNITS = [rf"debci-worker@amd64\x2bgfx900_{n}.service" for n in (1, 2)]
URL = "amqp://gpu:hush%2fhush@ci.example.org/debci"
RUN = "rocm-qemu-setup --debci-worker --json --amqp-server-file=- --suites=trixie,sid"
APPLY = f'printf %s\\\\n "{URL}" | {RUN} --apply || exit 1\n'
CUT = "printf '\\0'\n"


def parts_of(result: subprocess.CompletedProcess) -> list[str]:
    assert result.returncode == 0, (result.returncode, result.stderr, result.stdout[-1500:])
    assert "hush" not in result.stderr, result.stderr
    return result.stdout.split("\0")


def results_of(text: str) -> dict[str, str]:
    return {step["title"]: step["result"] for step in json.loads(text)["steps"]}


def applying_twice_is_applying_once() -> None:
    first, second, state, names, amqp = parts_of(on_stage(APPLY + CUT + APPLY + CUT + rf"""
        stat -c '%a %U %G' /etc/debci/rocm-qemu-amqp.sh {CONF} /var/lib/debci/qemu_rocm
        id -nG debci
        cat /etc/subuid /etc/subgid
        printf '\0'
        cd /etc/systemd/system
        ls -d debci-worker@*
        printf '\0'
        cat /etc/debci/rocm-qemu-amqp.sh
    """))
    done = results_of(first)
    assert done and set(done.values()) == {"done"}, done
    assert "hush" not in first + second
    assert set(results_of(second).values()) == {"same"}, second
    assert state.splitlines() == ["640 root debci", "644 root root", "755 debci debci",
                                  "debci kvm render",
                                  "debci:100000:65536", "debci:100000:65536"], state
    assert names.split() == [unit + ".d" for unit in UNITS], names
    assert f"debci_amqp_server='{URL}'\n" in amqp, amqp
    assert [worker["unit"] for worker in json.loads(second)["workers"]] == UNITS, second


def what_was_said_holds_until_something_else_is_said() -> None:
    """As the report advises when a GPU has come back. Then another value, and none."""
    _, again, other, none = parts_of(on_stage(rf"""
        printf %s "{URL}" | {RUN} --backend-args='--cpus 8' --apply
        printf '\0'
        look() {{ find /etc/debci -exec stat --format='%n %s %y %a %u' {{}} + | sort; }}
        before=$(look)
        rocm-qemu-setup --debci-worker --apply --json
        [ "$before" = "$(look)" ]
        printf '\0'
        rocm-qemu-setup --debci-worker --apply --suites=forky --backend-args=--warm=off >/dev/null
        cat {CONF} /etc/debci/rocm-qemu-amqp.sh
        printf '\0'
        rocm-qemu-setup --debci-worker --apply --amqp-server= --suites= --backend-args= >/dev/null
        [ ! -e /etc/debci/rocm-qemu-amqp.sh ]
        cat {CONF}
    """))
    assert set(results_of(again).values()) == {"same"}, again
    for word in ("in forky;", "qemu_rocm='--warm=off'", ". /etc/debci/rocm-qemu-amqp.sh", URL):
        assert word in other, (word, other)
    assert "trixie" not in other and "--cpus" not in other, other
    for word in ("suite", "amqp", "args"):
        assert word not in none, (word, none)


def what_was_added_to_ours_is_not_lost() -> None:
    report, text = parts_of(on_stage(rf"""
        rocm-qemu-setup --debci-worker --apply >/dev/null
        echo 'debci_amqp_server=amqp://u:hush@host  # for now' >>{CONF}
        rocm-qemu-setup --debci-worker --apply --json || status=$?
        printf '\0'
        tail -n1 {CONF}
        [ "$status" = 1 ]
    """))
    failed, = [f for f in json.loads(report)["findings"] if f["severity"] == "fail"]
    assert failed["id"] == "debci.conf" and CONF in failed["title"], failed
    assert "hush" not in report and "for now" in text, text


def a_dry_run_and_printing_touch_nothing() -> None:
    dry, text = parts_of(on_stage(rf"""
        look() {{ find /etc /run /var/lib -exec stat --format='%n %s %y %a %u' {{}} + | sort; }}
        before=$(look)
        printf %s "{URL}" | {RUN} --apply --dry-run
        printf '\0'
        rocm-qemu-setup --debci-worker --amqp-server='{URL}'
        [ "$before" = "$(look)" ]
    """))
    assert set(results_of(dry).values()) == {"would"}, dry
    assert "hush" not in dry + text
    assert f"\n# {CONF}\n" in text and UNITS[1] in text, text


def what_is_not_ours_stays() -> None:
    result = on_stage(rf"""
        mkdir -p /etc/debci/conf.d
        echo debci_backend=lxc >{CONF}
        {RUN.replace("--amqp-server-file=-", "")} --apply || status=$?
        printf '\0'
        cat {CONF}
        [ "$status" = 1 ]
    """)
    report, text = parts_of(result)
    assert text == "debci_backend=lxc\n", text
    failed = [step for step in json.loads(report)["steps"] if step["result"] == "failed"]
    assert [step["id"] for step in failed] == ["debci-conf"], failed
    assert "left alone" in failed[0]["why"], failed


def shells_add_to_lists() -> None:
    script = APPLY + r"""
        printf 'debci_backend_list="lxc qemu"\ndebci_suite_list=bookworm\n' \
            >/etc/debci/conf.d/local.conf
        for shell in dash bash 'busybox sh'; do
            printf '\0'
            setpriv --reuid=debci --regid=debci --init-groups $shell -euc '
                for f in $(find /etc/debci/conf.d -type f -name "[0-9a-z-_]*.conf" | sort); do
                    . "$f"
                done
                echo $debci_backend_list / $debci_suite_list / $debci_arch_list / \
                    $debci_amqp_server / ${debci_arch:-} ${rocm_qemu_word:-}'
        done
        printf '\0'
        debci_suite=testing sh -euc '. /etc/debci/conf.d/zz-rocm-qemu.conf; echo $debci_suite_list'
        printf '\0'
        sh -euc '. /etc/debci/conf.d/zz-rocm-qemu.conf; echo $debci_suite_list'
        printf '\0'
        setpriv --reuid=65534 --regid=65534 --clear-groups sh -euc \
            '. /etc/debci/conf.d/zz-rocm-qemu.conf; echo $debci_backend_list ${debci_amqp_server:-}'
    """
    _, *as_debci, one_suite, no_suite, as_nobody = parts_of(on_stage(script))
    assert (one_suite, no_suite) == ("testing trixie sid\n", "unstable trixie sid\n")
    assert as_debci == [f"lxc qemu qemu_rocm / bookworm trixie sid / amd64 / {URL} /\n"] * 3, as_debci
    assert as_nobody in ("qemu_rocm\n", "lxc qemu_rocm\n"), as_nobody


def systemd_understands_the_units() -> None:
    """Beside a drop-in of the template, which would have something else started: which it is
    systemd tells where it is missing."""
    result = on_stage(APPLY + rf"""
        root=$stage/root
        mkdir -p $root/usr/share/debci/bin $root/usr/bin $root/etc/systemd $root/usr/lib/systemd
        mkdir -p $root$(dirname "$AQR_INSTALLED_STOP")
        cp -a /etc/systemd/system $root/etc/systemd
        cp -a /usr/lib/systemd/system $root/usr/lib/systemd
        for program in usr/share/debci/bin/debci usr/bin/true ${{AQR_INSTALLED_STOP#/}}; do
            printf '#!/bin/sh\n' >$root/$program
            chmod +x $root/$program
        done
        printf %s "$template" >$root/usr/lib/systemd/system/debci-worker@.service
        printf '[Service]\nExecStart=/usr/bin/true\n' \
            >$root/usr/lib/systemd/system/debci-worker.service
        mkdir $root/etc/systemd/system/debci-worker@.service.d
        printf '[Service]\nExecStart=\nExecStart=/usr/bin/true\n' \
            >$root/etc/systemd/system/debci-worker@.service.d/override.conf
        for unit in '{UNITS[0]}' '{UNITS[1]}'; do
            check() {{
                printf '\0'
                SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --man=no --root=$root "$unit" 2>&1 |
                    grep debci-worker@ || :
            }}
            check
            mv $root/usr/share/debci/bin/debci $root/debci
            check
            mv $root/debci $root/usr/share/debci/bin/debci
        done
    """)
    _, *verdicts = parts_of(result)
    assert verdicts[0] == verdicts[2] == "", verdicts
    for unit, verdict in zip(UNITS, verdicts[1::2], strict=True):
        assert verdict.startswith(f"{unit}: Command /usr/share/debci/bin/debci is not "), verdict


def names_are_as_systemd_escape_has_them() -> None:
    report = json.loads(parts_of(on_stage(RUN.replace("--amqp-server-file=-", "")))[0])
    for worker, number in zip(report["workers"], "12", strict=True):
        name = subprocess.run(["systemd-escape", "--template=debci-worker@.service",
                               f"{worker['arch']}_{number}"],
                              capture_output=True, text=True, check=True).stdout
        assert worker["unit"] + "\n" == name, (worker, name)


def a_gpu_that_has_gone_is_named() -> None:
    report, there = parts_of(on_stage(rf"""
        {RUN} --apply </dev/null >/dev/null 2>&1 && exit 1  # an empty URL
        rocm-qemu-setup --debci-worker --apply >/dev/null
        mv '/etc/systemd/system/{UNITS[1]}.d' '/etc/systemd/system/debci-worker@amd64\x2bgfx906_1.service.d'
        rocm-qemu-setup --debci-worker --apply --json
        printf '\0'
        ls /etc/systemd/system
    """))
    findings = {f["id"]: f for f in json.loads(report)["findings"]}
    assert "gfx906_1.service was made for a GPU" in findings["debci.unit"]["title"], findings
    assert r"'debci-worker@amd64\x2bgfx906_1.service'" in findings["debci.unit"]["hint"], findings
    assert r"debci-worker@amd64\x2bgfx906_1.service.d" in there.split(), there


def one_gpu_does_not_take_out_another_s_variant() -> None:
    """On a host that takes requests, too."""
    report, lists = parts_of(on_stage(rf"""
        cp -a /usr/lib/systemd/system "$stage/system"
        touch "$stage/system/debci-collector.service"
        mount --bind "$stage/system" /usr/lib/systemd/system
        rocm-qemu-setup --debci-worker --gpu 83:00.0 --apply >/dev/null
        mv '/etc/systemd/system/{UNITS[0]}.d' '/etc/systemd/system/debci-worker@amd64\x2bgfx906_1.service.d'
        rocm-qemu-setup --debci-worker --gpu 84:00.0 --apply --json
        printf '\0'
        sh -euc '. /etc/debci/conf.d/zz-rocm-qemu.conf; echo $debci_arch_list / $debci_arch_skip_list'
    """))
    assert "debci.unit" not in [finding["id"] for finding in json.loads(report)["findings"]], report
    assert lists == "amd64 amd64+gfx900 amd64+gfx906 / amd64+gfx900 amd64+gfx906\n", lists


def who_judges_the_host_looks_at_its_workers() -> None:
    none, fit, one = parts_of(on_stage(rf"""
        rocm-qemu-setup --json -u debci || :
        printf '\0'
        rocm-qemu-setup --debci-worker --apply >/dev/null
        rocm-qemu-setup --json -u debci || :
        printf '\0'
        rm -r '/etc/systemd/system/{UNITS[1]}.d'
        rocm-qemu-setup --json -u debci || :
    """))
    found = [[f for f in json.loads(text)["findings"] if f["id"] == "debci.workers"]
             for text in (none, fit, one)]
    assert found[0] == [] and found[1][0]["severity"] == "pass", found
    assert found[2][0]["severity"] == "warn" and UNITS[1] in found[2][0]["title"], found


def a_quarantined_gpu_has_no_worker() -> None:
    report, = parts_of(on_stage("""
        mkdir -m 1777 -p /run/lock/rocm-gpu
        echo 'fan is broken' >/run/lock/rocm-gpu/0000:83:00.quarantine
        ls /run/lock/rocm-gpu >&2
        rocm-qemu-setup --debci-worker --json
    """))
    report = json.loads(report)
    assert [worker["gpu"] for worker in report["workers"]] == ["0000:84:00.0"], report
    assert "fan is broken" in report["findings"][0]["title"], report


def what_is_missing_is_told() -> None:
    for variables, fixture, name in (({"debci_version": ""}, "dual-gpu", "debci.package"),
                                     ({"debci_version": "3.5"}, "dual-gpu", "debci.package"),
                                     ({}, "radeon-rx-6800-xt", "debci.gpus")):
        report, state = parts_of(on_stage(r"""
            rocm-qemu-setup --debci-worker --apply --json || status=$?
            printf '\0'
            [ "$status" = 1 ]
            find /etc/debci /etc/systemd/system -name '*rocm-qemu*' 2>/dev/null || :
        """, fixture, **variables))
        report = json.loads(report)
        failed = [f["id"] for f in report["findings"] if f["severity"] == "fail"]
        assert failed == [name] and report["steps"] == [] and state == "", (failed, state)


def wrong_usage_is_one_line() -> None:
    setup = os.environ["AQR_SETUP"]
    for words in (["--amqp-server", "amqp://h"], ["--suites=sid"], ["--backend-args=x"],
                  ["--debci-worker", "-u", "root"], ["--debci-worker", "--suites=s;d"],
                  ["--debci-worker", "--suites=,"], ["--debci-worker", "--amqp-server=http://u:hush@h"],
                  ["--debci-worker", "--amqp-server=amqp://h", "--amqp-server-file=-"]):
        result = subprocess.run([setup, *words], capture_output=True, text=True, check=False,
                                stdin=subprocess.DEVNULL, timeout=60)
        assert result.returncode == 2 and result.stdout == "", (words, result)
        assert len(result.stderr.splitlines()) == 1 and "hush" not in result.stderr, result.stderr


# --- rocm-debci-stop ----------------------------------------------------------

# A process of the unit: it says when it is told to end, and when its input does. The server
# then lets go of what the others' inputs hang on.
ACTOR = """
import os, signal, sys
name, word, *fds = sys.argv[1:]
open("/proc/self/comm", "w").write(name)
def say(word):
    os.write(2, (name + " " + word + "\\n").encode())
def told(number, frame):
    say("told")
    for fd in fds:
        os.close(int(fd))
    os._exit(0)
signal.signal(signal.SIGTERM, told)
os.write(1, b"x")
os.read(0, 1)
say("ended")
"""


class Unit:
    """What is in the control group of a worker, as far as signals go: QEMU ends with the
    server, and so does autopkgtest; debci's shell would publish what comes of it."""

    def __init__(self, directory: pathlib.Path, with_server: bool = True,
                 output: str = "debci-worker-7-x/autopkgtest-incoming/7") -> None:
        self.output = directory / output
        self.output.mkdir(parents=True, exist_ok=True)
        self.log = directory / "log"
        self.procs = directory / "cgroup.procs"
        self.processes = []
        self.begin("amqp-consume")
        self.begin("debci-worker", "--do-request")
        ends = [self.begin(name) for name in ("autopkgtest", "qemu-system-x86")]
        if with_server:
            ends.append(self.begin("autopkgtest-vir", "", ends))
            self.held = ends.pop()  # nobody lets go of the server's own input
            for end in ends:
                os.close(end)
        self.procs.write_text("".join(f"{process.pid}\n" for process in self.processes))

    def begin(self, name: str, word: str = "", fds: Sequence[int] = ()) -> int:
        """The end of its input. debci-test tells its children where the job's directory is."""
        variable = "debci_test_outputdir" if name == "autopkgtest" else "other"
        reading, writing = os.pipe()
        with self.log.open("a") as log:
            process = subprocess.Popen([sys.executable, "-c", ACTOR, name, word, *map(str, fds)],
                                       stdin=reading, stdout=subprocess.PIPE, stderr=log,
                                       env=os.environ | {variable: str(self.output)},
                                       pass_fds=fds)
        os.close(reading)
        assert process.stdout.read(1) == b"x", name
        self.processes.append(process)
        return writing

    def stop(self) -> list[str]:
        """What the processes say while rocm-debci-stop runs."""
        subprocess.run([STOP, str(self.procs)], check=True, timeout=60,
                       env=os.environ | {"TMPDIR": str(self.log.parent)})
        return self.log.read_text().splitlines()

    def __enter__(self) -> "Unit":
        return self

    def __exit__(self, kind, value, trace) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
            process.stdout.close()


def a_stop_tells_only_the_server() -> None:
    with temporary_directory() as directory, Unit(directory) as unit:
        (directory / "other").mkdir()
        (unit.output / "link").symlink_to("../../../other")
        said = unit.stop()
        assert sorted(said) == ["amqp-consume told", "autopkgtest ended", "autopkgtest-vir told",
                                "qemu-system-x86 ended"], said
        assert unit.processes[1].wait(timeout=60) == -signal.SIGKILL
        assert {path.name for path in directory.iterdir()} == {"cgroup.procs", "log", "other"}


def a_stop_removes_nothing_else() -> None:
    """Only what has the name and the place that debci gives to it, is the user's, and no link."""
    outputs = ["debci-worker-9/a", "other/a", "elsewhere/debci-worker-7/a"]
    if os.geteuid() == 0:
        outputs.append("debci-worker-5/a")
    for output in outputs:
        with temporary_directory() as directory:
            (directory / "debci-worker-8" / "a").mkdir(parents=True)
            (directory / "debci-worker-5").mkdir()
            if os.geteuid() == 0:
                os.chown(directory / "debci-worker-5", 65534, 65534)
            (directory / "debci-worker-9").symlink_to("debci-worker-8")
            with Unit(directory, output=output) as unit:
                unit.stop()
                assert unit.output.exists() and (directory / "debci-worker-9").is_symlink(), output


def a_stop_without_a_testbed_waits_for_nobody() -> None:
    with temporary_directory() as directory, Unit(directory, with_server=False) as unit:
        assert set(unit.stop()) <= {"amqp-consume told"}, unit.log.read_text()
        assert not unit.output.exists() and not list(directory.glob("debci-worker-*"))
        assert unit.processes[0].wait(timeout=60) == 0
        assert unit.processes[1].wait(timeout=60) == -signal.SIGKILL
        assert [process.poll() for process in unit.processes[2:]] == [None, None]


run_all([applying_twice_is_applying_once,
         what_was_said_holds_until_something_else_is_said, what_was_added_to_ours_is_not_lost,
         a_dry_run_and_printing_touch_nothing,
         what_is_not_ours_stays, shells_add_to_lists, systemd_understands_the_units,
         names_are_as_systemd_escape_has_them, a_gpu_that_has_gone_is_named,
         one_gpu_does_not_take_out_another_s_variant,
         who_judges_the_host_looks_at_its_workers, a_quarantined_gpu_has_no_worker,
         what_is_missing_is_told, wrong_usage_is_one_line,
         a_stop_tells_only_the_server, a_stop_removes_nothing_else,
         a_stop_without_a_testbed_waits_for_nobody])
