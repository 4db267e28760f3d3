#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""autopkgtest --shell-fail and --shell, the installed one's or that of the suite which is named
as the argument: somebody on a terminal gets a shell in the testbed that is one."""

import contextlib
import pathlib
import shutil
import sys
import tempfile
from collections.abc import Iterator

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "support"))
from autopkgtest import PATIENCE, TESTBED, find_autopkgtest, warm_dir  # noqa: E402
from server import environment, processes_knowing, run_all, test_image  # noqa: E402
from terminal import Terminal  # noqa: E402

FAILING = TESTS / "guest" / "failing"
PROMPT = r"^root@[^ ]*:[^ ]*# "
RUNNING_SHELL = "running shell"
A_BOOT = 600


@contextlib.contextmanager
def autopkgtest(*options: str, status: int, summary: str, **variables: str) -> Iterator[Terminal]:
    """It tests our package on a terminal. When all is said, it must end so, and leave nothing."""
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="aqr-"))
    (scratch / "t").mkdir()
    output = scratch / "output"
    argv = [program, *PATIENCE, f"--output-dir={output}", *options, "-B", str(FAILING), *TESTBED,
            test_image()]
    env = environment(TMPDIR=str(scratch / "t"), AQR_WARM="on", AQR_WARM_DIR=warm, **variables)
    try:
        with Terminal(argv, rows=33, columns=99, env=env) as terminal:
            before = terminal.settings()
            yield terminal
            assert terminal.wait(120) == status, terminal.tail()
            assert terminal.settings() == before
        assert " ".join((output / "summary").read_text().split()) == summary
        assert not processes_knowing(str(scratch))
    finally:
        shutil.rmtree(scratch)


def a_prompt(terminal: Terminal) -> None:
    terminal.wait_for(RUNNING_SHELL, A_BOOT)
    terminal.wait_for(PROMPT)


def ask(terminal: Terminal, command: str, answer: str) -> None:
    """The answer is none of what the command's echo shows."""
    terminal.type(f"{command}\n")
    terminal.wait_for(answer)
    terminal.wait_for(PROMPT)


def it_is_a_terminal(terminal: Terminal) -> None:
    ask(terminal, "tty; tty >/dev/null && echo is $((6 * 7))", r"^/dev/pts/\d+\nis 42$")
    ask(terminal, "stty size", "^33 99$")
    terminal.type("sh -c 'trap \"stty size; exit\" WINCH; echo re''ady; sleep 60 & wait'\n")
    terminal.wait_for("^ready$")
    terminal.resize(41, 137)
    terminal.wait_for("^41 137$")
    terminal.wait_for(PROMPT)


def jobs_can_be_controlled(terminal: Terminal) -> None:
    terminal.type("sh -c 'echo be''gun; exec sleep 4711'\n")
    terminal.wait_for("^begun$")
    terminal.type("\x1a")
    terminal.wait_for(r"^\[1\]\+  Stopped ")
    terminal.wait_for(PROMPT)
    ask(terminal, "bg; jobs", r"^\[1\]\+  Running ")
    terminal.type("fg && false\n")
    terminal.wait_for(r"^sh -c .*\n")
    terminal.type("\x03")
    terminal.wait_for(PROMPT)
    ask(terminal, "echo status $?", "^status 130$")


def it_is_where_the_test_was(terminal: Terminal) -> None:
    """As autopkgtest's own servers have it: root, in the tree, what the test left is there."""
    ask(terminal, "echo $(id -un) $HOME", "^root /root$")
    ask(terminal, "head -n1 debian/changelog", r"^aqr-failing \(1\.0\) ")
    ask(terminal, 'cat "$AUTOPKGTEST_TMP/left" "$AUTOPKGTEST_ARTIFACTS/left"',
        "^left in TMP\nleft in ARTIFACTS$")


def programs_know_the_terminal(terminal: Terminal, name: str) -> None:
    ask(terminal, 'echo "=$TERM="', f"^={name}=$")
    ask(terminal, "tput cols; clear; echo $((6 * 7))", r"^137\n(.*\n)*?42$")


def shell_fail() -> None:
    with autopkgtest("--shell-fail", status=4, TERM="xterm-256color",
                     summary="fails FAIL non-zero exit status 3 passes PASS") as terminal:
        a_prompt(terminal)
        it_is_a_terminal(terminal)
        jobs_can_be_controlled(terminal)
        it_is_where_the_test_was(terminal)
        programs_know_the_terminal(terminal, "xterm-256color")
        terminal.type("exit 5\n")  # is nobody's status


def shell() -> None:
    """After a test that passes. The guest does not know the terminal."""
    with autopkgtest("--shell", "--test-name=passes", status=0, summary="passes PASS",
                     TERM="aqr-unknown") as terminal:
        a_prompt(terminal)
        terminal.resize(41, 137)
        programs_know_the_terminal(terminal, "xterm")
        terminal.type("\x04")  # end of file


release = sys.argv[1] if len(sys.argv) > 1 else "installed"
program = find_autopkgtest(release)
warm = warm_dir()
print(f"this is {program}")
run_all([shell_fail, shell] if release == "installed" else [shell_fail])
