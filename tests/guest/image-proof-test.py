#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What rocm-qemu-create asks of an image, asked of a real one: what it lacks is named, and
nothing else is. One guest is spoiled and mended again; one more is proven."""

import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from server import (Server, environment, processes_knowing, run_all,  # noqa: E402
                    temporary_directory, test_image)

SMALL = ("--cpus=2", "--ram-size=1024", "--boot=bios")
USERS = ("user", "debci")

# Whatever the image of the tests is like.
MAKE_GOOD = """
    sysctl -q kernel.dmesg_restrict=0
    mkdir -p /lib/firmware/amdgpu /lib/firmware/updates/amdgpu
    : >/lib/firmware/amdgpu/sienna_cichlid_rlc.bin
    : >/lib/firmware/updates/amdgpu/gc_11_0_0_rlc.bin.zst
"""

# Each is spoiled and mended by a script. What is found together stands together, as a run of
# all questions takes seconds.
SPOILS = (
    (
        ("FAIL image.users users who may not use GPUs: user is not in render, there is no user "
         "debci",
         "gpasswd -d user render >/dev/null; cp /etc/passwd /root/; sed -i /^debci:/d /etc/passwd",
         "cp /root/passwd /etc/; usermod -aG render user"),
        ("FAIL image.firmware no firmware of AMD's GPUs\n"
         "FAIL image.gpu-firmware firmware of gfx1030: missing (sienna_cichlid)\n"
         "FAIL image.gpu-firmware firmware of gfx1100: missing (gc_11_0_0)",
         "mv /lib/firmware /lib/firmware.gone", "mv /lib/firmware.gone /lib/firmware"),
        ("FAIL image.ssh the ssh server does not start with the system",
         "systemctl -q disable ssh.service 2>/dev/null",
         "systemctl -q enable ssh.service 2>/dev/null"),
        ("FAIL image.dmesg an ordinary user may not read the kernel's log with dmesg",
         "sysctl -q kernel.dmesg_restrict=1", "sysctl -q kernel.dmesg_restrict=0"),
        ("FAIL image.amdgpu the kernel has no module amdgpu",
         "modprobe -r amdgpu; cd /lib/modules/*; cp modules.dep /root/; "
         "sed -i '/amdgpu.ko:/d' modules.dep",
         "cp /root/modules.dep /lib/modules/*/"),
        ("WARN image.sources APT has no sources of source packages, which \"autopkgtest PACKAGE\" "
         "wants",
         "cp /etc/apt/sources.list /root/; sed -i '/^deb-src/d' /etc/apt/sources.list",
         "cp /root/sources.list /etc/apt/"),
        ("WARN image.hostname its own name, \"nobody-knows\", does not resolve",
         "cat /proc/sys/kernel/hostname >/root/name; "
         "echo nobody-knows >/proc/sys/kernel/hostname",
         "cat /root/name >/proc/sys/kernel/hostname"),
        ("FAIL image.programs programs that autopkgtest needs: no dpkg-source",
         "mv /usr/bin/dpkg-source /root/", "mv /root/dpkg-source /usr/bin/"),
    ), (
        ("FAIL image.groups there is no group video\n"
         "FAIL image.users users who may not use GPUs: user is not in video, debci is not in "
         "video",
         "cp /etc/group /root/; sed -i /^video:/d /etc/group", "cp /root/group /etc/"),
        ("FAIL image.ssh no ssh server", "mv /usr/sbin/sshd /root/", "mv /root/sshd /usr/sbin/"),
        ("FAIL image.amdgpu the module amdgpu does not load: modprobe: ERROR: could not insert "
         "'amdgpu': ",
         "cd /lib/modules/*/kernel/drivers/gpu/drm/amd; mv amdgpu/amdgpu.ko /root/; "
         ": >amdgpu/amdgpu.ko",
         "mv /root/amdgpu.ko /lib/modules/*/kernel/drivers/gpu/drm/amd/amdgpu/"),
        ("FAIL image.apt APT does not work: E: Malformed entry 1 in list file "
         "/etc/apt/sources.list",
         "cp /etc/apt/sources.list /root/; echo deb nonsense >/etc/apt/sources.list",
         "cp /root/sources.list /etc/apt/"),
        ("WARN image.shell a root shell on ttyS1, none on hvc1",
         "systemctl stop autopkgtest@hvc1.service",
         "systemctl start autopkgtest@hvc1.service"),
        ("WARN image.units units that failed when it booted: spoiled.service",
         "systemd-run -q --unit=spoiled --wait false || :", "systemctl reset-failed"),
    ), (
        ("FAIL image.apt APT has no lists of packages, and cannot fetch them: E: ",
         "mv /var/lib/apt/lists /root/; echo 'Acquire::http::Proxy \"http://127.0.0.1:9\"; "
         "Acquire::Retries 0;' >/etc/apt/apt.conf.d/99spoiled",
         "rm -rf /var/lib/apt/lists; mv /root/lists /var/lib/apt/; "
         "rm /etc/apt/apt.conf.d/99spoiled"),
        ("FAIL image.packages packages that are installed by half: tar",
         "cp /var/lib/dpkg/status /root/; sed -i '/^Package: tar$/,/^$/s/^Status: install ok "
         "installed/Status: install ok half-configured/' /var/lib/dpkg/status",
         "cp /root/status /var/lib/dpkg/"),
        ("FAIL image.shell no root shell on hvc1 or ttyS1",
         "systemctl stop autopkgtest@hvc1.service autopkgtest@ttyS1.service",
         "systemctl start autopkgtest@hvc1.service autopkgtest@ttyS1.service"),
    ),
)


# A boot sector that says something on the first serial port, and halts.
HALTS = (b"\xfc\x31\xc0\x8e\xd8\xbe\x16\x7c\xba\xf8\x03\xac\x84\xc0\x74\x03\xee\xeb\xf8\xf4"
         b"\xeb\xfdthere is no kernel\r\n\0").ljust(510, b"\0") + b"\x55\xaa"


def judge(*words: str, facts: str = "", **extra: str) -> subprocess.CompletedProcess:
    return subprocess.run([os.environ["AQR_IMAGE_JUDGE"], *words], input=facts, check=False,
                          capture_output=True, text=True, timeout=400, env=environment(**extra))


def prove(*words: str, **extra: str) -> subprocess.CompletedProcess:
    """Nothing is left of it, however it ends."""
    with temporary_directory() as place:
        proof = judge("prove", *words, TMPDIR=str(place), **extra)
        left = [str(path) for path in place.iterdir()] + processes_knowing(str(place))
        assert not left, f"left behind: {left}"
    return proof


def look(server: Server) -> list[str]:
    script = judge("script").stdout
    told = server.run("sh", "-c", script, "sh", "", *USERS)
    facts = told.stdout.decode()
    assert told.returncode == 0 and facts.endswith("end\n"), told
    assert "\npackage ii  bash " in facts, told
    return judge("facts", "gfx1030", "gfx1100", facts=facts).stdout.splitlines()


def expect(server: Server, wanted: list[str]) -> None:
    """Some of what is found ends with what a program says, in whatever words."""
    found = look(server)
    missing = [line for line in wanted if not any(one.startswith(line) for one in found)]
    surplus = [one for one in found if not any(one.startswith(line) for line in wanted)]
    assert not missing and not surplus, f"missing: {missing}; surplus: {surplus}"


def test_what_is_lacking_is_named() -> None:
    with Server(*SMALL) as server:
        server.open()
        server.sh(MAKE_GOOD)
        expect(server, [])
        for spoils in SPOILS:
            for _, spoil, _ in spoils:
                server.sh(f"({spoil})")
            expect(server, [line for found, _, _ in spoils for line in found.split("\n")])
            for _, _, mend in spoils:
                server.sh(f"({mend})")
        expect(server, [])


def test_an_image_is_proven() -> None:
    """The image of the tests is good. It is not written to, and boots both ways: two VMs of one
    process."""
    image = pathlib.Path(test_image())
    before = image.stat()
    proof = prove(str(image), "both", *USERS)
    assert proof.returncode == 0, proof
    lines = proof.stdout.splitlines()
    assert lines[0] == f"{image}, booted by efi and bios", lines
    assert not [line for line in lines if "FAIL" in line], lines
    assert "  PASS  in the groups render and video: user, debci" in lines, lines
    assert image.stat().st_mtime_ns == before.st_mtime_ns


def test_an_image_that_does_not_boot_is_refused() -> None:
    with temporary_directory() as place:
        image = place / "halts.img"
        image.write_bytes(HALTS + bytes(1 << 20))
        proof = prove(str(image), "bios", AQR_BOOT_SECONDS="8")
        assert proof.returncode == 1 and not proof.stdout, proof
        assert f'cannot prove "{image}": ' in proof.stderr, proof
        assert "the console's last lines:\nthere is no kernel\n" in proof.stderr, proof


if __name__ == "__main__":
    test_image()
    run_all([test_an_image_is_proven] if sys.argv[1:] == ["good"] else
            [test_what_is_lacking_is_named, test_an_image_that_does_not_boot_is_refused])
