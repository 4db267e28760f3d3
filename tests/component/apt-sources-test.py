#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Which apt sources an image of a release gets, by what the host's apt and its
distro-info-data know. An apt-get that reads its archives from a file stands in for apt's."""

import os
import pathlib
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "support"))
from server import run_all, temporary_directory  # noqa: E402

# Each archive is a line: origin, URI, code name, suite, component. Only what is asked for
# is said, in the order in which it is asked for.
APT_GET = r"""#!/usr/bin/python3
import os, re, sys
assert sys.argv[1:3] == ["indextargets", "--format"], sys.argv
names = re.findall(r"\$\((\w+)\)", sys.argv[3])
assert "Created-By: Packages" in sys.argv and "Architecture: amd64" in sys.argv
for line in os.environ["archives"].splitlines():
    words = dict(zip(("ORIGIN", "REPO_URI", "CODENAME", "SUITE", "COMPONENT"), line.split()))
    if f"Origin: {words['ORIGIN']}" in sys.argv:
        print(*(words[name] for name in names))
"""
DEBIAN_CSV = """version,codename,series,created,release,eol
11,Bullseye,bullseye,2019-07-06,2021-08-14,2024-08-14
12,Bookworm,bookworm,2021-08-14,2023-06-10,2026-06-10
13,Trixie,trixie,2023-06-10,2025-08-09,2028-08-09
14,Forky,forky,2025-08-09
,Sid,sid,1993-08-16
,Experimental,experimental,1993-08-16
"""
UBUNTU_CSV = """version,codename,series,created,release,eol,eol-server
22.04 LTS,Jammy Jellyfish,jammy,2021-10-14,2022-04-21,2027-06-01,2027-06-01
24.04 LTS,Noble Numbat,noble,2023-10-12,2024-04-25,2029-05-31,2029-05-31
25.10,Questing Quokka,questing,2025-04-17,2025-10-09,2026-07-09
"""

BOOKWORM = """Debian http://d/debian/ bookworm oldstable main
Debian http://d/debian/ bookworm-updates oldstable-updates main
Debian http://d/security/ bookworm-security oldstable-security main
Other http://third/party/ bookworm bookworm main
"""
CONTRIB = """Debian http://d/debian/ trixie stable main
Debian http://d/debian/ trixie stable contrib
Debian http://d/debian/ trixie-backports stable-backports main
"""
SID = """Debian http://d/debian/ sid unstable main
Debian http://d/debian/ rc-buggy experimental main
"""
MIXED = """Debian http://d/debian/ bookworm oldstable main
Debian http://d/debian/ bookworm-updates oldstable-updates main
Debian http://other/debian/ sid unstable main
Debian http://other/debian/ sid unstable non-free-firmware
"""
NOT_HTTP = "Debian file:/srv/debian/ bookworm oldstable main\n"
UBUNTU = """Ubuntu http://u/ubuntu/ noble noble main
Ubuntu http://u/ubuntu/ noble noble universe
Ubuntu http://u/ubuntu/ noble noble-updates main
Ubuntu http://u/ubuntu/ noble noble-security main
Ubuntu http://u/ubuntu/ noble noble-backports main
"""

# The host's archives, the words, and the lines behind "deb ", or what the error says.
SOURCES = (
    (BOOKWORM, "bookworm", """http://d/debian/ bookworm main non-free-firmware
http://d/debian/ bookworm-updates main non-free-firmware
http://d/security/ bookworm-security main non-free-firmware"""),
    (BOOKWORM, "bullseye", """http://d/debian/ bullseye main non-free
http://d/debian/ bullseye-updates main non-free
http://d/security/ bullseye-security main non-free"""),
    (BOOKWORM, "sid", "http://d/debian/ sid main non-free-firmware"),
    (BOOKWORM, "unstable", "http://d/debian/ unstable main non-free-firmware"),
    (BOOKWORM, "experimental", """http://d/debian/ unstable main non-free-firmware
http://d/debian/ experimental main non-free-firmware"""),
    (BOOKWORM, "trixie-backports", """http://d/debian/ trixie main non-free-firmware
http://d/debian/ trixie-updates main non-free-firmware
http://d/security/ trixie-security main non-free-firmware
http://d/debian/ trixie-backports main non-free-firmware"""),
    (CONTRIB, "trixie", "http://d/debian/ trixie main contrib non-free-firmware"),
    (CONTRIB, "trixie-backports", """http://d/debian/ trixie main contrib non-free-firmware
http://d/debian/ trixie-backports main contrib non-free-firmware"""),
    (CONTRIB, "trixie-updates", "http://d/debian/ trixie main contrib non-free-firmware"),
    (SID, "unstable", "http://d/debian/ unstable main non-free-firmware"),
    (SID, "testing", "http://d/debian/ testing main non-free-firmware"),
    (SID, "experimental", """http://d/debian/ unstable main non-free-firmware
http://d/debian/ experimental main non-free-firmware"""),
    (MIXED, "unstable", "http://other/debian/ unstable main non-free-firmware"),
    (MIXED, "sid", "http://other/debian/ sid main non-free-firmware"),
    (MIXED, "bookworm", """http://d/debian/ bookworm main non-free-firmware
http://d/debian/ bookworm-updates main non-free-firmware"""),
    (UBUNTU, "noble", """http://u/ubuntu/ noble main universe
http://u/ubuntu/ noble-updates main
http://u/ubuntu/ noble-security main"""),
    (UBUNTU, "questing", """http://u/ubuntu/ questing main universe
http://u/ubuntu/ questing-updates main
http://u/ubuntu/ questing-security main"""),
    ("", "--mirror http://m sid", "http://m sid main contrib non-free-firmware"),
    (BOOKWORM, "--mirror http://m bookworm", "http://m bookworm main contrib non-free-firmware"),
    ("", "--mirror http://m bullseye", "http://m bullseye main contrib non-free"),
    ("", "--mirror http://m experimental", """http://m unstable main contrib non-free-firmware
http://m experimental main contrib non-free-firmware"""),
    ("", "--mirror http://m bookworm-backports", """http://m bookworm main contrib non-free-firmware
http://m bookworm-backports main contrib non-free-firmware"""),
    ("", "--mirror http://m noble", """http://m noble main restricted universe multiverse
http://m noble-updates main restricted universe multiverse
http://m noble-security main restricted universe multiverse"""),
    (BOOKWORM, "noble", "knows no archive of Ubuntu for 'noble'; name one with --mirror"),
    (UBUNTU, "bookworm", "knows no archive of Debian for 'bookworm'; name one with --mirror"),
    (NOT_HTTP, "bookworm", "knows no archive of Debian"),
    ("", "bookworm", "knows no archive of Debian"),
    (BOOKWORM, "wrong", "no release 'wrong' of Debian or Ubuntu is known"),
    (BOOKWORM, "wrong-backports", "no release 'wrong-backports'"),
    (BOOKWORM, "--mirror http://m wrong", "check the name, or give sources for it"),
    (BOOKWORM, "../etc", "is no name of a release"),
    (BOOKWORM, "-x", "unknown option"),
    (BOOKWORM, "sid trixie", "more than one release"),
    (BOOKWORM, "sid --mirror", "wants a value"),
)

# What else depends on the release: the suite, the kernel, the other packages.
ABOUT = (
    ("bullseye", "bullseye", "amd64", "isc-dhcp-client", "firmware-amd-graphics"),
    ("bookworm", "bookworm", "amd64", "isc-dhcp-client", "firmware-amd-graphics"),
    ("bookworm-backports", "bookworm", "amd64", "isc-dhcp-client", "firmware-amd-graphics"),
    ("trixie", "trixie", "amd64", "dhcpcd-base", "firmware-amd-graphics"),
    ("forky", "forky", "amd64", "dhcpcd-base", "firmware-amd-graphics"),
    ("testing", "testing", "amd64", "dhcpcd-base", "firmware-amd-graphics"),
    ("experimental", "unstable", "amd64", "dhcpcd-base", "firmware-amd-graphics"),
    ("jammy", "jammy", "generic", "isc-dhcp-client", "linux-firmware"),
    ("noble", "noble", "generic", "dhcpcd-base", "linux-firmware"),
    ("wrong", "wrong", "amd64", "dhcpcd-base", "firmware-amd-graphics"),
)


def ask(directory: pathlib.Path, archives: str, *words: str,
        data: bool = True) -> subprocess.CompletedProcess:
    (directory / "apt-get").write_text(APT_GET)
    (directory / "apt-get").chmod(0o755)
    if data:
        (directory / "debian.csv").write_text(DEBIAN_CSV)
        (directory / "ubuntu.csv").write_text(UBUNTU_CSV)
    environment = os.environ | {"PATH": f"{directory}:{os.environ['PATH']}",
                                "AQR_DISTRO_INFO": str(directory), "archives": archives}
    return subprocess.run([TOP / "helpers/create/apt-sources", *words], env=environment,
                          capture_output=True, text=True, timeout=60, check=False)


def sources_are_those_of_the_release() -> None:
    with temporary_directory() as directory:
        for archives, words, wanted in SOURCES:
            result = ask(directory, archives, *words.split())
            if " main" not in wanted:
                assert result.returncode == 1 and wanted in result.stderr, (words, result)
                assert result.stdout == "", (words, result)
                continue
            assert result.returncode == 0, (words, result)
            lines = result.stdout.splitlines()
            assert lines[::2] == [f"deb {line}" for line in wanted.splitlines()], (words, lines)
            assert lines[1::2] == [line.replace("deb", "deb-src", 1) for line in lines[::2]]


def packages_are_those_of_the_release() -> None:
    with temporary_directory() as directory:
        for release, suite, kernel, dhcp, firmware in ABOUT:
            result = ask(directory, "", "--about", release)
            assert result.stdout.splitlines() == [
                f"suite {suite}", f"kernel linux-image-{kernel}",
                f"packages {dhcp} ?exact-name({firmware})"], (release, result)


# What has no need of it goes on.
def missing_data_is_told() -> None:
    with temporary_directory() as directory:
        for words in (("trixie",), ("--mirror", "http://m", "noble"), ("--about", "sid")):
            result = ask(directory, BOOKWORM, *words, data=False)
            assert result.returncode == 1 and result.stdout == "", (words, result)
            assert result.stderr.endswith("; install the package distro-info-data\n"), result
        result = ask(directory, "", "--mirror", "http://m", "unstable", data=False)
        assert result.returncode == 0, result


# An archive may lack the firmware: apt lets a pattern match nothing.
def apt_takes_a_pattern_for_what_may_be_missing() -> None:
    result = subprocess.run(["apt-get", "--simulate", "install", "?exact-name(no-such-package)"],
                            capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result


run_all([sources_are_those_of_the_release, packages_are_those_of_the_release,
         missing_data_is_told, apt_takes_a_pattern_for_what_may_be_missing])
