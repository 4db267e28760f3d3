# SPDX-License-Identifier: GPL-2.0-or-later
"""A real terminal (tmux) with a shell, in which commands are typed as somebody does."""

import pathlib
import re
import shlex
import subprocess
import time

from server import wait_for

# PS1 is written right after the event, so what is shown is complete when it ends with that.
SHELL = """PS1='$ ' PS2='> '
PROMPT_COMMAND='echo $? >{status}; {event}'
bind 'set enable-bracketed-paste off'
unset HISTFILE
"""
CONFIGURATION = """set -g history-limit 50000
set -g status off
set -g default-terminal screen-256color
"""


class Tmux:
    """Use it as a context manager. Its server has a socket of its own, reads no configuration
    but this one, and ends with this process, and with it what runs in the terminal."""

    def __init__(self, directory: pathlib.Path, columns: int = 100, rows: int = 40,
                 cwd: pathlib.Path | None = None, **options) -> None:
        self.socket = directory / "tmux"
        (directory / "tmux.conf").write_text(CONFIGURATION)
        event = shlex.join([*self.argv(), "wait-for", "-S", "prompt"])
        self.status_path = directory / "status"
        (directory / "rc").write_text(SHELL.format(event=event, status=self.status_path))
        shell = shlex.join(["bash", "--noprofile", "--rcfile", str(directory / "rc")])
        self.server = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", "tmux", "-D", "-S", self.socket, "-f",
             directory / "tmux.conf"],
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True, **options)
        wait_for(self.is_up, 30, "tmux")
        self.run("new-session", "-d", "-x", str(columns), "-y", str(rows),
                 "-c", str(cwd or directory), shell, **options)
        self.wait_for_prompt(30)

    def argv(self) -> list[str]:
        return ["tmux", "-N", "-S", str(self.socket)]

    def is_up(self) -> bool:
        return subprocess.run([*self.argv(), "show-options", "-s"], capture_output=True,
                              check=False).returncode == 0

    def run(self, *words: str, seconds: float = 30, **options) -> str:
        return subprocess.run([*self.argv(), *words], capture_output=True, text=True, check=True,
                              timeout=seconds, **options).stdout

    def send(self, text: str) -> None:
        """As if it was typed, with Return."""
        self.run("send-keys", "-l", text)
        self.run("send-keys", "Enter")

    def text(self) -> list[str]:
        """All lines so far; a long one is one."""
        return self.run("capture-pane", "-p", "-J", "-S", "-").rstrip("\n").split("\n")

    def screen(self) -> list[str]:
        """What is to be seen, with its colours."""
        return self.run("capture-pane", "-p", "-e").rstrip("\n").split("\n")

    def status(self) -> int:
        """Of the last command, at a prompt."""
        return int(self.status_path.read_text())

    def wait_for_prompt(self, seconds: float) -> None:
        """The shell tells tmux, whose view of the screen comes a moment later."""
        deadline = time.monotonic() + seconds
        try:
            self.run("wait-for", "prompt", seconds=seconds)
        except subprocess.TimeoutExpired:
            shown = "\n".join(self.text())
            raise AssertionError(f"no prompt; the terminal shows:\n{shown}") from None
        while self.text()[-1].rstrip() != "$":
            assert time.monotonic() < deadline, self.text()

    def wait_for_lines(self, count: int, pattern: str, seconds: float) -> None:
        """For prompts of which no shell here tells: until so many lines match, the last one, too."""
        def is_so() -> bool:
            found = [re.search(pattern, line) for line in self.text()]
            return found[-1] is not None and sum(map(bool, found)) == count
        wait_for(is_so, seconds, pattern)

    def type(self, command: str, seconds: float) -> list[str]:
        """A command, until the next prompt; the lines that it has shown."""
        before = len(self.text())
        self.send(command)
        self.wait_for_prompt(seconds)
        shown = [line.rstrip() for line in self.text()]
        return shown[before:-1]

    def __enter__(self) -> "Tmux":
        return self

    def __exit__(self, kind, value, trace) -> None:
        self.server.terminate()
        self.server.wait(60)
