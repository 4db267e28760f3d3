# SPDX-License-Identifier: GPL-2.0-or-later
"""What is built: the same twice, and nothing that lintian or a look at the binaries minds."""

import collections
import pathlib
import re
import shutil
import subprocess

from package import NAME, SOURCE, Package, digest, run, say

# What differs between the two builds. The second one has no tests: it is to be the same.
BUILDS = [
    {"user": "one", "where": "/var/tmp/one/b", "umask": "022", "host": "one",
     "env": {"TZ": "UTC", "LC_ALL": "C.UTF-8"}},
    {"user": "two", "where": "/var/tmp/two/a/longer/path", "umask": "077",
     "host": "two.example.org",
     "env": {"TZ": "Pacific/Kiritimati", "LC_ALL": "POSIX", "LANGUAGE": "de",
             "PATH": "/usr/bin:/bin", "DEB_BUILD_OPTIONS": "nocheck parallel=1"}},
]

# In a namespace, for the host's name.
BUILD = 'hostname "$1"; umask "$2"; cd "$3"; ' \
    'exec setpriv --reuid="$4" --regid="$4" --init-groups ' \
    'env -i HOME=/nonexistent PATH="$PATH" "${@:5}" dpkg-buildpackage -us -uc'

# The package's overrides are for sid's lintian, by which Debian judges. What an older one says
# besides, and why that is no fault: it is of older rules, does not know what sid's minds, and
# takes what is linked statically and can be placed anywhere for a shared library.
OLDER = ["newer-standards-version", "alien-tag", "duplicate-override-context", "unused-override",
         "shared-library-lacks-prerequisites"]
LINTIAN_MAY_SAY = {
    "bookworm": OLDER,
    "trixie": OLDER,
    "sid": [],
}

# gcc's options, each in each line that compiles.
HARDENING = ["-fstack-protector-strong", "-D_FORTIFY_SOURCE=2", "-Wformat",
             "-Werror=format-security"]


def build(package: Package, how: dict) -> None:
    where = pathlib.Path(how["where"])
    run("useradd", "--user-group", "--no-create-home", how["user"])
    shutil.copytree(SOURCE, where / NAME, symlinks=True)
    run("chown", "-R", how["user"], pathlib.Path(*where.parts[:4]))
    package.log = run("unshare", "--uts", "bash", "-euc", BUILD, "bash", how["host"], how["umask"],
                      where / NAME, how["user"],
                      *(f"{key}={value}" for key, value in how["env"].items()))
    package.built.append(where)


def it_builds_and_its_tests_pass(package: Package) -> None:
    build(package, BUILDS[0])
    (package.built[0] / "log").write_text(package.log)
    results = {name: int(number) for name, number in
               re.findall(r"^(Ok|Fail|Timeout|Skipped): +([0-9]+)", package.log, re.MULTILINE)}
    say(f"      tests of the build: {results}")
    assert results.get("Ok", 0) > 100, "the tests of the build did not run"


def it_is_compiled_as_debian_wants_it(package: Package) -> None:
    lines = [line for line in package.log.splitlines() if re.match(r"\[\d+/\d+\] cc .* -c ", line)]
    assert lines, "the log has no line that compiles"
    wanted = HARDENING + ([] if package.release == "bookworm" else ["-fcf-protection"])
    for line in lines:
        missing = [option for option in wanted if option not in line]
        assert not missing, f"without {missing}: {line}"
    warnings = re.findall(r"^.*\.[ch]:[0-9:]+ warning: .*$", package.log, re.MULTILINE)
    assert not warnings, "\n" + "\n".join(warnings)


def a_second_build_is_the_same(package: Package) -> None:
    log = package.log
    build(package, BUILDS[1])
    package.log = log
    names = sorted(path.name for path in package.built[0].iterdir()
                   if path.suffix in (".deb", ".dsc", ".xz"))
    assert len(names) >= 4, f"built only {names}"
    for name in names:
        first, second = (where / name for where in package.built)
        if digest(first) != digest(second):
            raise AssertionError(f"{name} differs:\n{first_difference(first, second)}")


def first_difference(first: pathlib.Path, second: pathlib.Path) -> str:
    """Of the lists of what is in them, or of one file's bytes."""
    trees = []
    for path in (first, second):
        tree = path.with_suffix(".unpacked")
        run(*(("dpkg-deb", "--raw-extract", path, tree) if path.suffix == ".deb" else
              ("cp", path, tree)))
        trees.append(tree)
    listing = subprocess.run(["bash", "-c", 'diff <(dpkg-deb -c "$1") <(dpkg-deb -c "$2")', "bash",
                              first, second], stdout=subprocess.PIPE, text=True, check=False).stdout
    found = subprocess.run(["diff", "--recursive", "--no-dereference", *trees], text=True,
                           errors="replace", stdout=subprocess.PIPE, check=False).stdout
    return "\n".join((listing + found).splitlines()[:40])


def lintian_has_nothing_to_say(package: Package) -> None:
    changes, = package.built[0].glob("*.changes")
    said = subprocess.run(["lintian", "--allow-root", "-EvIL", "+pedantic", "--tag-display-limit=0",
                           "--show-overrides", changes], stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT, check=False).stdout.splitlines()
    allowed = LINTIAN_MAY_SAY[package.release]
    overridden = collections.Counter(re.sub(r"O: [^:]*: (\S+).*", r"\1", line) for line in said
                                     if line.startswith("O: "))
    say(f"      overridden: {dict(overridden)}")
    found = [line for line in said if re.match("[EWIPXC]: ", line)
             and not any(f" {tag}" in line for tag in allowed)]
    assert not found, "\n" + "\n".join(found)
    assert any(line.startswith("N: ") for line in said), f"lintian did not run: {said}"


def each_program_is_hardened(package: Package) -> None:
    tree = pathlib.Path("/var/tmp/debs/unpacked")
    run("dpkg-deb", "--extract", package.deb, tree)
    programs = [path for path in tree.rglob("*") if path.is_file() and not path.is_symlink()
                and path.read_bytes()[:4] == b"\x7fELF"]
    assert len(programs) >= 5, programs
    for path in programs:
        check_elf(path)
    agent, = [path for path in programs if path.name == "rocm-testbed-agent"]
    assert "INTERP" not in run("readelf", "-lW", agent), "the agent is not linked statically"


def check_elf(path: pathlib.Path) -> None:
    """Placed anywhere, its tables bound and read-only before it runs, and no stack that can be
    executed. What is static has nothing to bind."""
    head = run("readelf", "-hlW", path)
    assert re.search(r"Type: +DYN", head), f"{path.name}: not PIE"
    assert "GNU_RELRO" in head, f"{path.name}: no RELRO"
    assert re.search(r"GNU_STACK.* RW ", head), f"{path.name}: executable stack"
    late = not re.search("BIND_NOW|FLAGS_1.*NOW", run("readelf", "-dW", path))
    assert not late or "INTERP" not in head, f"{path.name}: binds late"


TESTS = [it_is_compiled_as_debian_wants_it, a_second_build_is_the_same, lintian_has_nothing_to_say,
         each_program_is_hardened]
