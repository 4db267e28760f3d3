# SPDX-License-Identifier: GPL-2.0-or-later
"""An archive with the source packages that are tested, and a web server for it, which a
guest reaches through QEMU's user network."""

import functools
import http.server
import pathlib
import subprocess
import threading

# The host, seen from the guest.
HOST = "10.0.2.2"

CONTROL = """\
Source: {name}
Section: misc
Priority: optional
Maintainer: Nobody <nobody@example.org>
Standards-Version: 4.6.2

Package: {name}
Architecture: all
Description: package that is tested
 It is never built.
"""

CHANGELOG = """\
{name} (1) unstable; urgency=medium

  * As it is.

 -- Nobody <nobody@example.org>  Sun, 01 Nov 2026 00:00:00 +0000
"""

# What a test sees of its testbed; it goes with the results.
LOOK_AROUND = """\
#!/bin/sh
set -e
cd "$AUTOPKGTEST_ARTIFACTS"
uname -m >machine
id >id
ls -l /dev/dri >dri 2>&1 || true
cat /sys/bus/pci/devices/*/vendor >vendors
echo "$0 has looked around"
"""

# name: (Restrictions, script). Without dependencies nothing is downloaded for them.
PACKAGES = {
    "aqr-passes": ("", LOOK_AROUND),
    "aqr-fails": ("", LOOK_AROUND + "exit 1\n"),
    "aqr-skips": ("skippable", LOOK_AROUND + "exit 77\n"),
    "aqr-powers-off": ("needs-root, isolation-machine", LOOK_AROUND + "sync\npoweroff -ff\n"),
}


def make_tree(tree: pathlib.Path, restrictions: str, script: str) -> None:
    name = tree.name
    files = {
        "control": CONTROL, "changelog": CHANGELOG, "source/format": "3.0 (native)\n",
        "tests/control": "Tests: looks-around\nDepends:\n"
                         + (f"Restrictions: {restrictions}\n" if restrictions else ""),
        "rules": "#!/usr/bin/make -f\n%:\n\tdh $@\n", "tests/looks-around": script,
    }
    for file, text in files.items():
        path = tree / "debian" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("{name}", name))
        path.chmod(0o755 if text.startswith("#!") else 0o644)


class Archive:
    def __init__(self, directory: pathlib.Path) -> None:
        self.directory = directory
        directory.mkdir()
        for name, (restrictions, script) in PACKAGES.items():
            make_tree(directory / "trees" / name, restrictions, script)
            subprocess.run(["dpkg-source", "--build", f"trees/{name}"], cwd=directory, check=True,
                           stdout=subprocess.DEVNULL)
        for index in ("Sources", "Release"):
            made = subprocess.run(["apt-ftparchive", "-qq", index.lower(), "."], cwd=directory, check=True,
                                  stdout=subprocess.PIPE)
            (directory / index).write_bytes(made.stdout)
        self.requests: list[str] = []
        self.server = self.serve()

    def serve(self) -> http.server.ThreadingHTTPServer:
        requests = self.requests

        class Handler(http.server.SimpleHTTPRequestHandler):
            def log_message(self, format: str, *words: object) -> None:
                requests.append(format % words)

        server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(Handler, directory=str(self.directory)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    @property
    def source(self) -> str:
        return f"deb-src [trusted=yes] http://{HOST}:{self.server.server_port} ./"

    def tree(self, package: str) -> str:
        return str(self.directory / "trees" / package)
