# SPDX-License-Identifier: GPL-2.0-or-later
"""Root file systems of Debian's releases to run tests in: made once (cached-root), and entered
(enter) with namespaces and an overlay, of which nothing is left."""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence

HERE = pathlib.Path(__file__).resolve().parent
RELEASES = ["bookworm", "trixie", "sid"]

NAMESPACES = ["unshare", "--mount", "--pid", "--uts", "--fork", "--kill-child",
              "--propagation", "private"]


def skip(reason: str) -> None:
    print(f"skipped: {reason}")
    raise SystemExit(77)


def check_host() -> None:
    if os.geteuid() != 0:
        skip("needs root, for root file systems and their mounts")
    missing = [tool for tool in ("mmdebstrap", "unshare", "pivot_root") if not shutil.which(tool)]
    if missing:
        skip(f"missing on this host: {' '.join(missing)}")
    if subprocess.run([*NAMESPACES, "true"], stderr=subprocess.DEVNULL, check=False).returncode:
        skip("no namespaces of mounts, processes and host names can be made here")


def end_by_signals() -> None:
    """So that what is running is ended, and its directory goes."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))


def first_process(unshare: subprocess.Popen) -> int:
    """The one with which its namespace ends; unshare waits for that. As long as there is
    none, unshare itself."""
    try:
        children = pathlib.Path(f"/proc/{unshare.pid}/task/{unshare.pid}/children").read_text()
    except OSError:
        return unshare.pid
    return int(children.split()[0]) if children else unshare.pid


@contextlib.contextmanager
def started(argv: list[str | pathlib.Path]) -> Iterator[subprocess.Popen]:
    """Whoever ends us ends that, and it has ended then with all of its processes."""
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, start_new_session=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(first_process(process), signal.SIGKILL)


def cached_root(release: str) -> pathlib.Path:
    with subprocess.Popen([HERE / "cached-root", release], stdout=subprocess.PIPE, text=True,
                          start_new_session=True) as process:
        try:
            root = process.stdout.read().strip()
        except BaseException:
            os.killpg(process.pid, signal.SIGTERM)
            raise
    if process.returncode:
        raise SystemExit(f"there is no root file system of {release}")
    return pathlib.Path(root)


def run(release: str, hostname: str, source: pathlib.Path, command: Sequence[str], *,
        keep: bool = False) -> int:
    """Runs that, with the directory @source as /source, and returns its status."""
    root = cached_root(release)
    work = tempfile.mkdtemp(prefix=f"aqr-{hostname}.", dir="/var/tmp")
    try:
        with started([*NAMESPACES, HERE / "enter", root, work, source, hostname,
                      *command]) as process:
            status = process.wait()
            return status if status >= 0 else 128 - status
    finally:
        if keep:
            print(f"      what was written is in {work}/changes")
        else:
            shutil.rmtree(work)
