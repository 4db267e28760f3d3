#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The built rocm-qemu-setup on this machine, whatever it is: reports that add up, exit
statuses, an ordinary user, configuration that is broken, and --apply, twice. What would
change this machine happens in a mount namespace, on copies."""

import json
import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from server import Skipped, run_all, temporary_directory  # noqa: E402

PROGRAM = os.environ["AQR_SETUP"]
AS_NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")

# In a mount namespace: /etc is a copy, /run is empty, and udevadm only notes what it is told.
STAGE = """
mount -t tmpfs none /run
cp -a /etc "$1/etc"
mount --bind "$1/etc" /etc
printf '#!/bin/sh\\necho "$@" >>%s/udevadm.log\\n' "$1" >"$1/udevadm"
chmod +x "$1/udevadm"
export PATH="$1:$PATH"
stage=$1
shift
"""


def run(*words: str, prefix: tuple = (), **options) -> subprocess.CompletedProcess:
    return subprocess.run([*prefix, PROGRAM, *words], capture_output=True, text=True, timeout=120,
                          stdin=subprocess.DEVNULL, check=False, **options)


def on_stage(script: str) -> subprocess.CompletedProcess:
    """Runs @script, for sh, where it may change /etc and /run; $setup is the program."""
    if os.geteuid() != 0:
        raise Skipped("needs root")
    with temporary_directory() as directory:
        return subprocess.run(["unshare", "--mount", "sh", "-euc", STAGE + script, "sh",
                               str(directory)], capture_output=True, text=True, timeout=120,
                              env=os.environ | {"setup": PROGRAM}, check=False)


def report_of(result: subprocess.CompletedProcess) -> dict:
    assert result.returncode in (0, 1), result
    assert result.stderr == "", result.stderr
    report = json.loads(result.stdout)
    findings = report["findings"]
    for severity, count in report["counts"].items():
        assert count == sum(finding["severity"] == severity for finding in findings), report
    keys = [(finding["id"], finding.get("gpu")) for finding in findings]
    assert len(keys) == len(set(keys)), keys
    assert report["good"] == (result.returncode == 0), report
    return report


def finding_of(report: dict, name: str) -> dict:
    return next(finding for finding in report["findings"] if finding["id"] == name)


def text_and_json_tell_the_same() -> None:
    report = report_of(run("--json"))
    result = run()
    assert result.stderr == "", result.stderr
    assert result.returncode == (0 if report["good"] else 1)
    lines = result.stdout.splitlines()
    told = [line.split(None, 1) for line in lines if re.match(r"  (PASS|WARN|FAIL)  ", line)]
    assert [word.lower() for word, _ in told] == [f["severity"] for f in report["findings"]]
    counts = report["counts"]
    assert lines[-1] == f"{counts['pass']} passed, {counts['warn']} warnings, {counts['fail']} failed"
    assert "\033" not in result.stdout


def an_ordinary_user_sees_what_he_can() -> None:
    if os.geteuid() != 0:
        raise Skipped("needs root, to become somebody else")
    report = report_of(run("--json", prefix=AS_NOBODY))
    assert report["user"] == "nobody", report["user"]
    ids = {finding["id"] for finding in report["findings"]}
    assert {"machine.gpus", "machine.kvm", "vfio.udev", "user.way", "user.memlock"} <= ids, ids


def sudo_tells_for_whom() -> None:
    if os.geteuid() != 0:
        raise Skipped("needs root")
    environment = os.environ | {"SUDO_USER": "nobody"}
    assert report_of(run("--json", env=environment))["user"] == "nobody"
    assert report_of(run("--json", "-u", "root", env=environment))["user"] == "root"


def an_unknown_user_is_a_finding() -> None:
    report = report_of(run("--json", "-u", "no-such-user"))
    assert finding_of(report, "user.way")["severity"] == "fail"
    assert not report["good"]


def an_absent_gpu_is_a_finding() -> None:
    report = report_of(run("--json", "--gpu", "1f:1f.7", "--gpu", "ffff:1f:1f.7"))
    finding = finding_of(report, "machine.gpus")
    assert finding["severity"] == "fail"
    assert report["gpus"] == [] and not report["good"]


def a_missing_table_is_a_finding() -> None:
    report = report_of(run("--json", env=os.environ | {"AQR_DATA_DIR": "/nonexistent"}))
    assert finding_of(report, "machine.gpus")["title"].startswith("unknown: "), report


def wrong_usage_is_one_line() -> None:
    for words in (["--gpu", "x"], ["03:00.0"], ["--dry-run"], ["--no-such"], ["-u", ""]):
        result = run(*words)
        assert result.returncode == 2 and result.stdout == "", (words, result)
        assert len(result.stderr.splitlines()) == 1, (words, result.stderr)
        assert result.stderr.startswith("rocm-qemu-setup: "), result.stderr


def a_full_disk_is_no_success() -> None:
    with open("/dev/full", "wb") as full:
        result = subprocess.run([PROGRAM, "--json"], stdout=full, stderr=subprocess.PIPE,
                                timeout=120, check=False)
    assert result.returncode == 1 and b"cannot write the report" in result.stderr, result


def applying_needs_root() -> None:
    if os.geteuid() != 0:
        raise Skipped("needs root, to become somebody else")
    result = run("--apply", prefix=AS_NOBODY)
    assert result.returncode == 1 and result.stdout == "", result
    assert "needs root" in result.stderr, result.stderr
    report_of(run("--apply", "--dry-run", "--json", prefix=AS_NOBODY))


def broken_configuration_is_told() -> None:
    """A rule for VFIO without GROUP= made rocm-qemu-support's tool end without a word."""
    report = report_of(on_stage(r"""
        mkdir -p /run/udev/rules.d /run/modprobe.d /run/modules-load.d /etc/security/limits.d
        printf 'SUBSYSTEM=="vfio", MODE="0660"\n' >/run/udev/rules.d/10-no-group.rules
        printf 'SUBSYSTEM=="vfio" GROUP=render\n\377\376 vfio "\\\n' >/run/udev/rules.d/20-bad.rules
        ln -s loop.rules /run/udev/rules.d/loop.rules
        mkfifo /run/modprobe.d/fifo.conf
        head -c 100000 /dev/urandom >/run/modprobe.d/noise.conf
        printf 'options vfio-pci ids=1002:73bf\n' >/run/modprobe.d/vfio.conf
        printf 'nobody - memlock much\n' >/etc/security/limits.d/bad.conf
        "$setup" --json -u nobody
    """))
    assert "names no group" in finding_of(report, "vfio.udev")["title"], report
    assert finding_of(report, "vfio.udev-syntax")["severity"] == "warn"
    assert "1002:73bf" in finding_of(report, "vfio.ids")["title"]
    assert "loop.rules" in finding_of(report, "vfio.unreadable")["title"]


def a_dry_run_touches_nothing() -> None:
    result = on_stage(r"""
        look() { find /etc /run -exec stat --format='%n %s %y %a %u' {} + | sort; }
        before=$(look)
        "$setup" --apply --dry-run --json -u nobody || :
        [ "$before" = "$(look)" ]
        [ ! -e "$stage/udevadm.log" ]
    """)
    assert result.returncode == 0, result
    steps = json.loads(result.stdout)["steps"]
    assert steps and all(step["result"] == "would" for step in steps), steps


def applying_twice_is_applying_once() -> None:
    result = on_stage(r"""
        for group in kvm render; do getent group $group >/dev/null || groupadd $group; done
        rm -rf /etc/udev /etc/modules-load.d /etc/modprobe.d
        "$setup" --apply --json -u nobody >"$stage/first" || :
        cat "$stage/first"
        printf '\0'
        "$setup" --apply --json -u nobody || :
        printf '\0'
        cat "$stage/udevadm.log"
        printf '\0'
        id -nG nobody
        stat -c %a%u /run/lock/rocm-gpu /etc/tmpfiles.d/rocm-qemu.conf
        cat /etc/security/limits.d/rocm-qemu-nobody.conf
    """)
    assert result.returncode == 0, result
    first, second, udevadm, state = result.stdout.split("\0")
    steps = {step["id"]: step["result"] for step in json.loads(first)["steps"]}
    assert set(steps) == {"modules-load", "udev", "udev-reload", "udev-trigger", "memlock",
                          "group-kvm", "group-render", "leases", "leases-now"}, steps
    assert set(steps.values()) == {"done"}, first
    assert json.loads(second)["steps"] == [], second
    for name in ("vfio.udev", "vfio.leases", "vfio.autoload", "user.render", "user.memlock"):
        assert finding_of(json.loads(second), name)["severity"] == "pass", (name, second)
    assert udevadm == "control --reload\ntrigger --subsystem-match=vfio\n", udevadm
    assert {"kvm", "render"} <= set(state.splitlines()[0].split()), state
    assert state.splitlines()[1:3] == ["17770", "6440"], state
    assert state.endswith("\nnobody - memlock unlimited\n"), state


def somebody_elses_file_stays() -> None:
    result = on_stage(r"""
        rm -rf /etc/modules-load.d /etc/modprobe.d
        mkdir /etc/modules-load.d
        echo '# mine' >/etc/modules-load.d/rocm-qemu.conf
        "$setup" --apply --json -u root || status=$?
        printf '\0'
        cat /etc/modules-load.d/rocm-qemu.conf
        exit ${status:-0}
    """)
    report, text = result.stdout.split("\0")
    step = json.loads(report)["steps"][0]
    assert result.returncode == 1 and text == "# mine\n", result
    assert step["id"] == "modules-load" and step["result"] == "failed", step
    assert "left alone" in step["why"], step


run_all([text_and_json_tell_the_same, an_ordinary_user_sees_what_he_can, sudo_tells_for_whom,
         an_unknown_user_is_a_finding, an_absent_gpu_is_a_finding, a_missing_table_is_a_finding,
         wrong_usage_is_one_line, a_full_disk_is_no_success, applying_needs_root,
         broken_configuration_is_told, a_dry_run_touches_nothing, applying_twice_is_applying_once,
         somebody_elses_file_stays])
