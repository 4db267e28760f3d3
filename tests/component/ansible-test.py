#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The Ansible role for workers of debci, by the real ansible-playbook, on a stage: what it sets
and starts, that it does so once, that --check only looks, and that nothing shows a password."""

import json
import os
import pathlib
import re
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from debci_stage import on_stage  # noqa: E402
from server import Skipped, run_all  # noqa: E402

ROLES = os.environ["AQR_ANSIBLE"]
UNITS = [rf"debci-worker@amd64\x2bgfx900_{n}.service" for n in (1, 2)]
URL = "amqp://gpu:hush%2fhush@ci.example.org/debci"

PLAY = """
export HOME=$stage/home ANSIBLE_LOCAL_TEMP=$stage/local ANSIBLE_REMOTE_TEMP=$stage/remote
export ANSIBLE_NOCOLOR=1 ANSIBLE_LOCALHOST_WARNING=false ANSIBLE_CALLBACK_RESULT_FORMAT=yaml
unset ANSIBLE_CONFIG
mkdir $stage/home
play() {
    ansible-playbook --inventory localhost, --connection local \
        --extra-vars '{"ansible_become": false, "ansible_python_interpreter": "/usr/bin/python3"}' \
        --extra-vars "$variables" "$@" "$AQR_ANSIBLE/debci-workers.yml" 2>&1
}
look() { find /etc /run /var/lib "$stage/systemctl" -exec stat --format='%n %s %y %a %u' {} + | sort; }
"""


def play(script: str, fixture: str = "dual-gpu", **variables) -> list[str]:
    if shutil.which("ansible-playbook") is None:
        raise Skipped("needs ansible-playbook")
    names = {f"rocm_qemu_debci_worker_{name}": value for name, value in variables.items()}
    result = on_stage(PLAY + script, fixture, variables=json.dumps(names))
    shown = result.stdout + result.stderr
    assert "hush" not in shown, shown[-3000:]
    assert result.returncode == 0, (result.returncode, shown[-3000:])
    return result.stdout.split("\0")


def recap(output: str) -> dict[str, int]:
    """What the last line says: {"ok": 4, "changed": 0, ...}."""
    words = re.findall(r"(\w+)=(\d+)", output.rstrip().splitlines()[-1])
    assert words, output
    return {name: int(number) for name, number in words}


def twice_is_once() -> None:
    first, log, amqp, second, later = play("""
        play -vvv
        printf '\\0'
        cat $stage/systemctl/log
        printf '\\0'
        grep -c '^debci_amqp_server=.*:hush%2f.*@' /etc/debci/rocm-qemu-amqp.sh
        printf '\\0'
        before=$(look)
        play -vvv
        [ "$before" = "$(look)" ]
        printf '\\0'
        cat $stage/systemctl/log
    """, amqp_server=URL, suites=["trixie", "sid"], backend_args="--cpus 8")
    assert recap(first)["changed"] > 0 and recap(first)["failed"] == 0, first
    assert recap(second)["changed"] == 0 and recap(second)["failed"] == 0, second
    assert log.splitlines() == ["daemon-reload", *(f"{verb} {unit}" for unit in UNITS
                                                   for verb in ("enable", "start"))], log
    assert amqp == "1\n", amqp
    assert later == log, later


def what_changes_restarts_the_workers() -> None:
    """And what the role is not given any more is dropped."""
    output, log, suites = play("""
        play >/dev/null
        rm $stage/systemctl/log
        play --extra-vars '{"rocm_qemu_debci_worker_backend_args": "--cpus 4",
                            "rocm_qemu_debci_worker_suites": []}'
        printf '\\0'
        cat $stage/systemctl/log
        printf '\\0'
        grep suite /etc/debci/conf.d/zz-rocm-qemu.conf || :
    """, suites=["sid"])
    assert suites == "", suites
    assert recap(output)["changed"] > 0, output
    assert log.splitlines() == ["daemon-reload", *(f"restart {unit}" for unit in UNITS)], log


def a_check_only_looks() -> None:
    output, = play("""
        before=$(look)
        play --check --diff
        [ "$before" = "$(look)" ]
    """, amqp_server=URL)
    assert recap(output)["changed"] > 0 and recap(output)["failed"] == 0, output


def what_is_missing_is_told() -> None:
    output, = play("""
        debci_version=
        export debci_version
        play && exit 1
        [ ! -e $stage/systemctl/log ]
    """, amqp_server=URL)
    assert recap(output)["failed"] == 1, output
    assert "debci-worker is not installed" in output, output


def a_wrong_url_is_told() -> None:
    output, = play("play && exit 1; :", amqp_server="http://gpu:hush@ci.example.org")
    assert recap(output)["failed"] == 1 and "amqp://" in output, output


def a_host_may_have_no_worker() -> None:
    output, = play("play", "radeon-rx-6800-xt", required=False)
    assert recap(output)["failed"] == 0 and recap(output)["changed"] == 0, output
    assert "is the display that the host has booted on" in output, output


run_all([twice_is_once, what_changes_restarts_the_workers, a_check_only_looks,
         what_is_missing_is_told, a_wrong_url_is_told, a_host_may_have_no_worker])
