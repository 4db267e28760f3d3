#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What stands in for a host with GPUs, as the programs see it: with a real guest, in which
what is passed can be seen. So far the tests of debci can rely on it."""

import contextlib
import json
import os
import pathlib
import subprocess
import sys
from collections.abc import Iterator

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from server import (REPLY_SECONDS, Server, environment, run_all,  # noqa: E402
                    temporary_directory, test_image)

STANDIN = pathlib.Path(__file__).resolve().parent / "standin"
ONE, OTHER = "0000:03:00.0", "0000:0a:00.0"
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
SHOW = ("for d in /sys/bus/pci/devices/*; do [ $(cat $d/vendor) = 0x1002 ] || continue; "
        "echo $(readlink -f $d) $(cat $d/device $d/class); done")
READ_REPORTS = "dmesg | tail -n1; ls /sys/kernel/debug"


class Host:
    """A host with two GPUs, in a directory."""

    def __init__(self, directory: pathlib.Path) -> None:
        self.directory = directory
        leases = directory / "leases"
        leases.mkdir()
        leases.chmod(0o1777)
        self.leases = {"AQR_LEASE_DIR": str(leases)}
        subprocess.run([STANDIN / "make-host", STANDIN / "two-gpus.host", directory / "host"],
                       check=True)
        self.within = (str(STANDIN / "with-gpus"), str(directory / "host"))

    def server(self, *options: str, through=(), gpu: str = "gfx1030", **more) -> Server:
        return Server(f"--gpu={gpu}", "--gpu-ready=pci", "--cpus=1", "--ram-size=1024",
                      "--boot=bios", f"--qemu-command={STANDIN / 'qemu'}", *options,
                      through=(*self.within, *through), env=self.leases, **more)

    def server_of_nobody(self, **more) -> Server:
        """As debci's workers are."""
        tmp, image = self.directory / "tmp", self.directory / "image"
        tmp.mkdir()
        tmp.chmod(0o777)
        image.touch()
        through = ("sh", "-c", 'mount --bind "$1" "$2"; shift 2; exec "$@"', "sh", test_image(),
                   str(image), *NOBODY, "env", f"HOME={tmp}", f"XDG_CACHE_HOME={tmp}/cache")
        return self.server(through=through, tmp=str(tmp), image=str(image), **more)

    def popen_gpus(self, *words: str, through=()) -> subprocess.Popen:
        return subprocess.Popen([*self.within, *through, "rocm-qemu-gpus", *words],
                                env=environment(**self.leases), stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def gpus(self, *words: str, through=()) -> str:
        process = self.popen_gpus(*words, through=through)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, (words, err)
        return out

    def states(self) -> list[tuple[str, str, str]]:
        listed = json.loads(self.gpus("--json", "list"))["gpus"]
        return [(gpu["address"], gpu["gfx"], gpu["state"]) for gpu in listed]

    def expect(self, one: str, other: str) -> None:
        assert self.states() == [(ONE, "gfx1030", one), (OTHER, "gfx1030", other)], self.states()

    def lose(self, address: str) -> None:
        """It falls off the bus."""
        config = self.directory / "host/sys/bus/pci/devices" / address / "config"
        config.write_bytes(b"\xff" * 256)

    def wedge(self, address: str) -> None:
        """No guest gets it, though it answers on the host."""
        (self.directory / "host/sys/bus/pci/devices" / address / "wedged").touch()


@contextlib.contextmanager
def host() -> Iterator[Host]:
    with temporary_directory() as directory:
        directory.chmod(0o755)
        yield Host(directory)


def look_at_it(server: Server) -> None:
    """One, on a root port of its own. What its driver reports is for any user."""
    assert server.sh(f"su -s /bin/sh user -c '{READ_REPORTS}'")
    seen = server.sh(SHOW).splitlines()
    assert len(seen) == 1, seen
    path, device, kind = seen[0].split()
    assert (device, kind) == ("0x5046", "0x030000") and path.endswith(".0"), seen
    assert server.sh(f"cat {path.rsplit('/', 1)[0]}/class") == "0x060400\n", path


def expect_failure(server: Server, *words: str, seconds: float = 60) -> None:
    """Before the greeting, or when it is to open."""
    if server.read_line(60) == "ok":
        assert server.ask("open", seconds=seconds) == "", server.stderr()
    assert server.wait() != 0
    for word in words:
        assert word in server.stderr(), (word, server.stderr())


def each_server_gets_one() -> None:
    """A third gets none, and the leases end with the servers."""
    with host() as here, here.server() as one, here.server() as other:
        here.expect("free", "free")
        for server in (one, other):
            server.greet()
            server.write_line("open")
        for server in (one, other):
            assert server.read_line().startswith("ok "), server.stderr()
            server.learn_execute_command()
            look_at_it(server)
        here.expect("busy", "busy")
        with here.server() as third:
            expect_failure(third, ONE, OTHER, "in use", "--gpu-wait")
        assert one.quit() == 0 and other.quit() == 0
        here.expect("free", "free")


def one_in_quarantine_is_waited_for() -> None:
    with host() as here:
        here.gpus("quarantine", ONE, "it smells")
        assert here.gpus("wait", "gfx1030") == f"{OTHER}\n"
        here.gpus("quarantine", OTHER, "it smokes")
        here.expect("quarantine", "quarantine")
        with here.server() as server:
            expect_failure(server, "it smells", "it smokes")
        waiting = here.popen_gpus("wait", "gfx1030")
        said = waiting.stderr.readline()
        assert "it smells" in said and "it smokes" in said, said
        assert waiting.poll() is None
        here.gpus("release", OTHER)
        out, err = waiting.communicate(timeout=60)
        assert (waiting.returncode, out) == (0, f"{OTHER}\n"), (out, err)


def one_that_the_user_may_not_have_fails() -> None:
    """As for a worker of debci on a host that has restarted, and without libvirt's daemon. An
    operator can bind it meanwhile."""
    with host() as here:
        driver = here.directory / "host/sys/bus/pci/devices" / ONE / "driver"
        before = os.readlink(driver)
        driver.unlink()
        driver.symlink_to(before.replace("vfio-pci", "amdgpu"))
        assert here.gpus("wait", ONE) == f"{ONE}\n"
        assert here.gpus("wait", "gfx1030", through=NOBODY) == f"{OTHER}\n"
        waiting = here.popen_gpus("wait", ONE, through=NOBODY)
        err = waiting.communicate(timeout=60)[1]
        assert waiting.returncode == 1, err
        for words in (f"{ONE} is on amdgpu", "only root can bind it"):
            assert words in err, err
        with here.server_of_nobody(gpu=ONE) as server:
            expect_failure(server, f"{ONE} is on amdgpu", "only root can bind it")
        assert here.gpus("wait", ONE, "--", "--connect=qemu:///system",
                         through=NOBODY) == f"{ONE}\n"
        waiting = here.popen_gpus("--absent", "wait", ONE, through=NOBODY)
        assert "only root can bind it" in waiting.stderr.readline()
        driver.unlink()
        driver.symlink_to(before)
        out, err = waiting.communicate(timeout=60)
        assert (waiting.returncode, out) == (0, f"{ONE}\n"), (out, err)


def the_testbed_s_options_count() -> None:
    """An ordinary user may lock little memory, where nothing is preloaded that allows it."""
    with host() as here:
        through = ("env", "-u", "LD_PRELOAD", "prlimit", "--memlock=65536", *NOBODY)
        much = here.popen_gpus("wait", ONE, "--", "--ram-size", "512", "--accel=tcg",
                               through=through)
        err = much.communicate(timeout=60)[1]
        assert much.returncode == 1 and "locks 1536 MiB; raise memlock" in err, err
        wrong = here.popen_gpus("wait", ONE, "--", "--sparkle")
        err = wrong.communicate(timeout=60)[1]
        assert wrong.returncode == 2 and "--sparkle" in err, err


def a_target_that_is_not_here_fails() -> None:
    with host() as here:
        with here.server(gpu="gfx942") as server:
            expect_failure(server, "gfx942", "gfx1030")
        waiting = here.popen_gpus("wait", "gfx942")
        err = waiting.communicate(timeout=60)[1]
        assert waiting.returncode == 1 and "gfx942" in err, err


def one_that_no_guest_can_use_goes_into_quarantine() -> None:
    """The third time in a row. Then it can be tried anew."""
    missing = "its PCI function, 1002:5046, is not in the guest"
    with host() as here:
        here.wedge(ONE)
        for count in ("1 failure in a row: ", "2 failures in a row: "):
            with here.server(gpu=ONE) as server:
                expect_failure(server, missing, seconds=REPLY_SECONDS)
                assert "is in quarantine" not in server.stderr(), server.stderr()
            here.expect("free", "free")
            assert count in here.gpus("list"), here.gpus("list")
        with here.server(gpu=ONE) as server:
            expect_failure(server, missing, f"GPU {ONE} is in quarantine now, as it has failed 3 "
                           "times in a row", f"rocm-qemu-gpus release {ONE}", seconds=REPLY_SECONDS)
        here.expect("quarantine", "free")
        assert f"3 failures in a row: GPU {ONE}: {missing}" in here.gpus("list"), here.gpus("list")
        here.gpus("release", ONE)
        here.expect("free", "free")
        assert "in a row" not in here.gpus("list"), here.gpus("list")


def an_ordinary_user_has_one_that_is_lost() -> None:
    """It falls off the bus, which the next testbed does not get."""
    with host() as here:
        with here.server_of_nobody(accept_leftovers=True) as server:
            server.open()
            look_at_it(server)
            here.expect("busy", "free")
            here.lose(ONE)
            assert server.ask("revert") == "", server.stderr()
            assert server.wait() != 0
            assert f"{ONE} has fallen off the bus" in server.stderr(), server.stderr()
        here.expect("quarantine", "free")


if __name__ == "__main__":
    test_image()
    if os.geteuid() != 0:
        print("the stand-in wants root, for its mounts")
        raise SystemExit(77)
    run_all([a_target_that_is_not_here_fails, one_that_the_user_may_not_have_fails,
             the_testbed_s_options_count, one_in_quarantine_is_waited_for,
             each_server_gets_one, one_that_no_guest_can_use_goes_into_quarantine,
             an_ordinary_user_has_one_that_is_lost])
