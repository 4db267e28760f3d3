#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Images, hosts and callers that are no good. No guest boots here: each is refused
soon, with the reason, what to do about it and the right status, and nothing stays."""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from libvirtd import private_libvirtd  # noqa: E402
from server import (Server, Skipped, run_all, temporary_directory, test_image,  # noqa: E402
                    wait_for)

IN_A_NAMESPACE = ("unshare", "--mount", "--propagation", "private", "sh", "-ec")


def expect_refusal(words, *options: str, image, status: int = 1, seconds: float = 20,
                   **more) -> None:
    with Server(*options, image=str(image), **more) as server:
        assert server.read_line(seconds) == "", (words, server.stderr())
        assert server.wait(20) == status, (words, server.stderr())
        for word in [words] if isinstance(words, str) else words:
            assert word in server.stderr(), (word, server.stderr())


def expect_failure(words, *, status: int, image=None, send: bytes = b"open\n", options=(),
                   **more) -> None:
    """The same after the greeting."""
    with Server(*options, image=image, **more) as server:
        server.greet()
        with contextlib.suppress(BrokenPipeError):
            server.process.stdin.write(send)
        assert server.read_line(60) == "", words
        assert server.wait(20) == status, (words, server.stderr())
        for word in [words] if isinstance(words, str) else words:
            assert word in server.stderr(), (word, server.stderr())


def create(image: pathlib.Path, *options: str) -> pathlib.Path:
    subprocess.run(["qemu-img", "create", "-q", *options, "-f", "qcow2", image, "1G"], check=True)
    return image


# --- images

def what_is_no_image() -> None:
    with temporary_directory() as here:
        os.mkfifo(here / "fifo")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(here / "socket"))
        (here / "empty").touch()
        (here / "loop").symlink_to("loop")
        expect_refusal("neither a file nor a block device", image=here / "fifo")
        expect_refusal("neither a file nor a block device", image=here / "socket")
        expect_refusal("neither a file nor a block device", image="/dev/null")
        expect_refusal("it is empty", image=here / "empty")
        expect_refusal("symbolic links", image=here / "loop")
        expect_refusal("Not a directory", image=here / "empty" / "image")


def an_image_that_may_not_be_read() -> None:
    """By root: as somebody else, as root may read everything."""
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    with temporary_directory() as here:
        here.chmod(0o755)
        image = create(here / "image")
        image.chmod(0)
        (here / "closed").mkdir(mode=0o700)
        tmp = here / "tmp"
        tmp.mkdir()
        tmp.chmod(0o777)
        hidden = create(here / "closed" / "image")
        over = here / "over"
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", hidden,
                        over], check=True)
        over.chmod(0o644)
        if os.getuid() == 0:
            through = nobody
            expect_refusal(("Permission denied", "must be able to"), image=hidden, tmp=str(tmp),
                           through=through)
            expect_refusal(("over", "Permission denied"), image=over, tmp=str(tmp),
                           through=through)
        else:
            through = ()
        expect_refusal(("Permission denied", "must be able to"), image=image, tmp=str(tmp),
                       through=through)
        assert not list(tmp.iterdir())


def half_an_image() -> None:
    with temporary_directory() as here:
        half = here / "half"
        with open(test_image(), "rb") as source, half.open("wb") as target:
            target.write(source.read(os.stat(test_image()).st_size // 2))
        expect_refusal(("half", "its end is missing", "copy or build"), image=half)
        over = here / "over"
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", half,
                        over], check=True)
        expect_refusal(("half", "its end is missing"), image=over)
        half.unlink()
        expect_refusal(("over", "No such file"), image=over)
        raw = here / "raw"
        subprocess.run(["qemu-img", "dd", "-U", "-f", "qcow2", "-O", "raw", "bs=1M", "count=64",
                        f"if={test_image()}", f"of={raw}"], check=True)
        expect_refusal(("raw", "its end is missing"), image=raw)


def whole_images_are_taken() -> None:
    """Whatever qemu-img makes of them."""
    with temporary_directory() as here:
        (here / "table").write_text("label: gpt\nsize=10M\n")
        raw = here / "raw"
        with raw.open("wb") as file:
            file.truncate(64 << 20)
        subprocess.run(["sfdisk", "-q", raw], stdin=(here / "table").open(), check=True,
                       capture_output=True)
        subprocess.run(["dd", "if=/dev/urandom", f"of={raw}", "bs=1M", "count=20", "seek=4",
                        "conv=notrunc"], check=True, capture_output=True)
        images = [raw]
        for number, options in enumerate((
                ["-O", "qcow2"], ["-c", "-O", "qcow2"], ["-O", "qcow2", "-o", "compat=0.10"],
                ["-O", "qcow2", "-o", "cluster_size=512"],
                ["-O", "qcow2", "-o", "refcount_bits=1"],
                ["-O", "qcow2", "-o", "refcount_bits=64,cluster_size=2M"],
                ["-O", "qcow2", "-o", "preallocation=metadata"],
                ["-O", "qcow2", "-o", "preallocation=falloc"], ["-O", "vmdk"])):
            images.append(here / f"image{number}")
            subprocess.run(["qemu-img", "convert", "-f", "raw", *options, raw, images[-1]],
                           check=True)
        images.append(create(here / "unwritten"))
        for image in images:
            with Server("--dry-run", image=str(image)) as server:
                assert server.wait(20) == 0, (image, server.stderr())


def an_image_that_somebody_writes() -> None:
    with temporary_directory() as here:
        image = create(here / "image")
        with subprocess.Popen(["qemu-io", image], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as writer:
            assert writer.stdout.read(8) == b"qemu-io>"
            expect_refusal(("open for writing", "wait until it has ended"), image=image)
            writer.communicate(b"quit\n", timeout=10)
        with Server("--dry-run", image=str(image)) as server:
            assert server.wait(20) == 0, server.stderr()


def an_image_that_vanishes() -> None:
    with temporary_directory() as here:
        image = create(here / "image")
        with Server("--boot=bios", image=str(image)) as server:
            server.greet()
            image.unlink()
            assert server.ask("open", seconds=20) == ""
            assert server.wait(20) == 16
            assert "No such file" in server.stderr(), server.stderr()


# --- the host

def a_full_disk() -> None:
    with temporary_directory() as here:
        script = f'mount -t tmpfs -o "$1" tmpfs {here}; shift; exec "$@"'
        through = (*IN_A_NAMESPACE, script, "sh")
        image = create(here.parent / f"{here.name}.qcow2")
        try:
            expect_refusal(("No space left", "TMPDIR"), f"--overlay-dir={here}", image=image,
                           through=(*through, "nr_inodes=1"))
            expect_failure(("No space left", "--overlay-dir"), status=16, image=str(image),
                           options=(f"--overlay-dir={here}", "--boot=bios"),
                           through=(*through, "size=8k"))
        finally:
            image.unlink()


def a_host_without_something() -> None:
    image = test_image()
    with temporary_directory() as here:
        (here / "qemu-img").symlink_to(shutil.which("qemu-img"))
        expect_refusal(("cannot run qemu-img", "install the package qemu-utils"), image=image,
                       env={"PATH": "/no/such"})
        expect_refusal(("no qemu-system-x86_64", "install the package qemu-system-x86"),
                       image=image, env={"PATH": str(here)})
        expect_refusal(("cannot connect", "install libvirt-daemon-driver-qemu"), image=image,
                       env={"LIBVIRT_DRIVER_DIR": "/no/such"})
    expect_refusal(("no EFI firmware", "ovmf"), "--boot=efi", image=image, through=(
        *IN_A_NAMESPACE, 'mount -t tmpfs tmpfs /usr/share/OVMF; exec "$@"', "sh"))


def kvm_works() -> bool:
    flags = pathlib.Path("/proc/cpuinfo").read_text().split()
    return os.access("/dev/kvm", os.R_OK | os.W_OK) and bool({"vmx", "svm"} & set(flags))


def kvm_that_does_not_work() -> None:
    if kvm_works():
        raise Skipped("KVM works here")
    expect_refusal("--accel=tcg", "--accel=kvm", image=test_image())
    with Server("--dry-run", "--accel=auto") as server:
        assert "<domain type=\"qemu\"" in server.process.stdout.read().decode().replace("'", '"')


def a_libvirt_that_is_not_there() -> None:
    with temporary_directory() as here:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(here / "dead"))
        for uri in ("no-such:///system", "qemu:///no-such", "nonsense",
                    f"qemu+unix:///system?socket={here}/dead"):
            expect_refusal(("cannot connect", "--connect=qemu:///embed"), f"--connect={uri}",
                           image=test_image())


def a_libvirt_that_does_not_answer() -> None:
    with temporary_directory() as here, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(here / "mute"))
        listener.listen()
        option = f"--connect=qemu+unix:///system?socket={here}/mute"
        with Server(option) as patient:
            with Server(option) as server:
                held = [listener.accept(), listener.accept()]
                server.process.send_signal(signal.SIGTERM)
                assert server.wait(5) == -signal.SIGTERM
            start = time.monotonic()
            assert patient.wait(40) == 1
            assert time.monotonic() - start < 35
            assert "gave up waiting for libvirt" in patient.stderr(), patient.stderr()
        for connection, _ in held:
            connection.close()


# --- libvirt's daemon

def a_way_that_qemu_cannot_go() -> None:
    with private_libvirtd() as daemon:
        connect = f"--connect={daemon.uri}"
        home = daemon.directory / "home"
        home.mkdir()
        image = create(home / "image")
        with temporary_directory() as tmp:
            tmp.chmod(0o755)
            home.chmod(0o700)
            expect_refusal((f'"{home}" does not let in', "chmod o+x", "/var/lib/libvirt/images"),
                           connect, image=image, tmp=str(tmp))
            home.chmod(0o711)
            image.chmod(0o600)
            expect_refusal(("who may not read it", "chmod o+r"), connect, image=image,
                           tmp=str(tmp))
            image.chmod(0o644)
            tmp.chmod(0o700)
            expect_refusal((f'"{tmp}" does not let in', "TMPDIR"), connect, image=image,
                           tmp=str(tmp))
            tmp.chmod(0o711)
            home.chmod(0o700)
            subprocess.run(["setfacl", "-m", "u:libvirt-qemu:x", home], check=True)
            with Server(connect, "--boot=bios", image=str(image), tmp=str(tmp)) as server:
                server.greet()
                assert server.quit() == 0, server.stderr()


def a_second_signal_is_the_last() -> None:
    """Where libvirt's daemon hangs, and with it the call that a first one would end."""
    with private_libvirtd() as daemon:
        image = create(daemon.directory / "image")
        with Server(f"--connect={daemon.uri}", "--boot=bios", image=str(image)) as server:
            os.chmod(server.tmp, 0o755)
            server.greet()
            os.kill(daemon.process.pid, signal.SIGSTOP)
            try:
                server.write_line("open")
                wait_for(lambda: list(pathlib.Path(server.tmp).rglob("overlay.qcow2")), 20,
                         "the overlay")
                wait_for(lambda: list(pathlib.Path(server.tmp).rglob("link")), 20, "the sockets")
                server.process.send_signal(signal.SIGTERM)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    raise AssertionError(f"it ended: {server.process.wait(2)}")
                server.process.send_signal(signal.SIGINT)
                assert server.wait(5) == -signal.SIGINT
            finally:
                os.kill(daemon.process.pid, signal.SIGCONT)


# --- the caller

def lines_that_make_no_sense() -> None:
    expect_failure('unknown command "xxxx', status=12, send=b"x" * 1_000_000 + b"\n")
    expect_failure("NUL", status=12, send=b"capa\0bilities\n")
    expect_failure("UTF-8", status=12, send=b"copydown /a \xff\n")
    expect_failure("UTF-8", status=12, send=b"copydown /a %FF\n")
    expect_failure("when the testbed is not open", status=12, send=b"close\n")


def a_line_without_an_end() -> None:
    sent = 0
    with Server() as server:
        server.greet()
        with contextlib.suppress(BrokenPipeError):
            while sent < 1 << 30:
                sent += server.process.stdin.write(b"x" * 65536)
        assert sent < 18 << 20, sent
        assert server.wait(20) == 12
        assert "16 MiB" in server.stderr(), server.stderr()


def a_stdout_that_takes_nothing() -> None:
    for script in ('exec "$@" >&-', 'exec "$@" >/dev/full', 'exec "$@" <&- >&-'):
        expect_refusal("cannot answer on stdout", status=12, image=test_image(),
                       through=("sh", "-c", script, "sh"))


def a_stdin_that_is_closed() -> None:
    with Server(through=("sh", "-c", 'exec "$@" <&-', "sh")) as server:
        server.greet()
        assert server.wait(20) == 12
        assert "end of file" in server.stderr(), server.stderr()


run_all([
    what_is_no_image, an_image_that_may_not_be_read, half_an_image, whole_images_are_taken,
    an_image_that_somebody_writes, an_image_that_vanishes, a_full_disk, a_host_without_something,
    kvm_that_does_not_work, a_libvirt_that_is_not_there, a_libvirt_that_does_not_answer,
    a_way_that_qemu_cannot_go, a_second_signal_is_the_last, lines_that_make_no_sense,
    a_line_without_an_end, a_stdout_that_takes_nothing, a_stdin_that_is_closed,
])
