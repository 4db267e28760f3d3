# SPDX-License-Identifier: GPL-2.0-or-later
"""An archive with the packages that are tested, on a web server that a guest reaches through
QEMU's user network, and where guests meet."""

import functools
import http.server
import pathlib
import subprocess
import threading

# The host, seen from the guest.
HOST = "10.0.2.2"
MEETING_SECONDS = 300

CONTROL = """\
Source: {name}
Section: misc
Priority: optional
Maintainer: Nobody <nobody@example.org>
Standards-Version: 4.6.2

"""

# autopkgtest asks apt for a source package's binaries, to know its version.
BINARY = """\
Package: {name}
Architecture: all
Section: misc
Priority: optional
Description: package that is tested
 It is never installed.
"""

CHANGELOG = """\
{name} (1) unstable; urgency=medium

  * As it is.

 -- Nobody <nobody@example.org>  Sun, 01 Nov 2026 00:00:00 +0000
"""

# What a test sees of its testbed; it goes with the results.
LOOK_AROUND = """\
#!/bin/bash
set -e
cd "$AUTOPKGTEST_ARTIFACTS"
uname -m >machine
id >id
cat /sys/bus/pci/devices/*/vendor >vendors
echo "it has looked around"
"""

# Goes on when all who are to come have come.
MEET = """\
exec 3<>/dev/tcp/{host}/{port}
printf 'GET /meeting HTTP/1.0\\r\\n\\r\\n' >&3
read -r -u 3 protocol status rest
test "$status" = 200
"""

# Goes on when the test has had its way.
CALL = MEET.replace("/meeting", "/call")

# name: (Restrictions, script). Without dependencies nothing is downloaded for them.
PACKAGES = {
    "aqr-passes": ("", LOOK_AROUND),
    "aqr-fails": ("", LOOK_AROUND + "exit 1\n"),
    "aqr-skips": ("skippable", LOOK_AROUND + "exit 77\n"),
    "aqr-powers-off": ("needs-root, isolation-machine", LOOK_AROUND + "sync\npoweroff -ff\n"),
    "aqr-calls-and-breaks": ("breaks-testbed", LOOK_AROUND + CALL),
    "aqr-meets": ("", LOOK_AROUND + MEET),
    "aqr-meets-and-calls": ("", LOOK_AROUND + MEET + CALL + "exit 1\n"),
}

# A second test, for those that want a fresh testbed after the first.
SECOND = {"aqr-calls-and-breaks": "\nTest-Command: true\nDepends:\n"}


def run(directory: pathlib.Path, *argv: str) -> bytes:
    return subprocess.run(argv, cwd=directory, check=True, stdout=subprocess.PIPE).stdout


def write(tree: pathlib.Path, files: dict[str, str]) -> None:
    for file, text in files.items():
        path = tree / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755 if text.startswith("#!") else 0o644)


class Archive:
    def __init__(self, directory: pathlib.Path) -> None:
        self.directory = directory
        self.requests: list[str] = []
        self.meeting = threading.Barrier(1)
        self.call = lambda: None
        directory.mkdir()
        self.server = self.serve()
        for name, (restrictions, script) in PACKAGES.items():
            self.make_package(name, restrictions, script)
        for index in ("Sources", "Packages", "Release"):
            (directory / index).write_bytes(
                run(directory, "apt-ftparchive", "-qq", index.lower(), "."))

    def make_package(self, name: str, restrictions: str, script: str) -> None:
        tree = self.directory / "trees" / name
        binary = BINARY.format(name=name)
        restrictions = f"Restrictions: {restrictions}\n" if restrictions else ""
        script = script.replace("{host}", HOST).replace("{port}", str(self.server.server_port))
        write(tree / "debian", {
            "control": CONTROL.format(name=name) + binary,
            "changelog": CHANGELOG.format(name=name),
            "source/format": "3.0 (native)\n",
            "tests/control": f"Tests: looks-around\nDepends:\n{restrictions}"
                             + SECOND.get(name, ""),
            "tests/looks-around": script,
            "rules": "#!/usr/bin/make -f\n%:\n\tdh $@\n",
        })
        run(self.directory, "dpkg-source", "--build", f"trees/{name}")
        write(self.directory / "binaries" / name / "DEBIAN",
              {"control": f"Version: 1\nMaintainer: Nobody <nobody@example.org>\n{binary}"})
        run(self.directory, "dpkg-deb", "--root-owner-group", "--build", f"binaries/{name}", ".")

    def serve(self) -> http.server.ThreadingHTTPServer:
        archive = self

        class Handler(http.server.SimpleHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/meeting":
                    archive.meeting.wait(MEETING_SECONDS)
                elif self.path == "/call":
                    archive.call()
                else:
                    super().do_GET()
                    return
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *words: object) -> None:
                archive.requests.append(format % words)

        server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(Handler, directory=str(self.directory)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    @property
    def sources(self) -> list[str]:
        place = f"[trusted=yes] http://{HOST}:{self.server.server_port} ./"
        return [f"deb {place}", f"deb-src {place}"]

    def tree(self, package: str) -> str:
        return str(self.directory / "trees" / package)
