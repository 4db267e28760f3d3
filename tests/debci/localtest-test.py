# SPDX-License-Identifier: GPL-2.0-or-later
"""What somebody runs by hand, by each of the backend's names."""

from world import Debci

BAD_NAME = "bad variable name"

# Which name works where; elsewhere debci fails before it comes to the backend, and says that.
WORKS = {
    "qemu_rocm": {"3.6", "3.12", "4.4"},
    "qemu-rocm": {"3.6", "4.4"},
    "qemu+rocm": {"3.6"},
}


def localtest_works_by_the_names_that_are_documented(debci: Debci) -> None:
    for name, versions in WORKS.items():
        done = debci.run("debci", "localtest", "--backend", name, debci.archive.tree("aqr-passes"))
        if debci.version in versions:
            assert done.returncode == 0 and "looks-around         PASS" in done.stdout, done.stdout
        else:
            assert done.returncode == 2 and BAD_NAME in done.stdout, done.stdout


TESTS = [localtest_works_by_the_names_that_are_documented]
