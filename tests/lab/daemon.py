# SPDX-License-Identifier: GPL-2.0-or-later
"""L1's libvirtd, and domains that need no server of ours."""

import contextlib
import os
import pathlib
import subprocess
import tempfile
from collections.abc import Iterator

from server import wait_for


class Libvirtd:
    """L1's own, of the whole machine: qemu:///system."""

    uri = "qemu:///system"

    def __init__(self) -> None:
        # It says much of what L1 does not have: a system bus, dnsmasq.
        self.log_path = pathlib.Path("/var/log/libvirt/libvirtd.log")
        self.log_path.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            ["libvirtd"], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=os.environ | {"LIBVIRT_LOG_OUTPUTS": f"3:file:{self.log_path}"})
        wait_for(lambda: self.try_virsh("uri").returncode == 0, 60, "an answer of libvirtd")

    def try_virsh(self, *words: str, seconds: float = 60) -> subprocess.CompletedProcess:
        return subprocess.run(["virsh", "-q", "-c", self.uri, *words], capture_output=True,
                              timeout=seconds, check=False, text=True)

    def virsh(self, *words: str, seconds: float = 60) -> str:
        done = self.try_virsh(*words, seconds=seconds)
        assert done.returncode == 0, f"virsh {words}: {done.stderr}; {self.log()}"
        return done.stdout

    def log(self) -> str:
        return self.log_path.read_text(errors="replace")[-3000:]

    def try_start(self, xml: str, *words: str) -> subprocess.CompletedProcess:
        """A transient domain, as "virsh create" starts it."""
        with tempfile.NamedTemporaryFile("w", suffix=".xml") as file:
            file.write(xml)
            file.flush()
            return self.try_virsh("create", file.name, *words)

    def start(self, xml: str, *words: str) -> None:
        done = self.try_start(xml, *words)
        assert done.returncode == 0, f"virsh create: {done.stderr}; {self.log()}"


@contextlib.contextmanager
def libvirtd() -> Iterator[Libvirtd]:
    daemon = Libvirtd()
    try:
        yield daemon
    finally:
        for name in daemon.try_virsh("list", "--name").stdout.split():
            daemon.try_virsh("destroy", name)
        daemon.process.terminate()
        daemon.process.wait(60)


HOSTDEV = """<hostdev mode='subsystem' type='pci' managed='{managed}'>
  <source><address domain='0x{0}' bus='0x{1}' slot='0x{2}' function='0x{3}'/></source>
</hostdev>"""


def hostdev_xml(address: str, managed: str = "yes") -> str:
    return HOSTDEV.format(*address.replace(".", ":").split(":"), managed=managed)


def domain_xml(name: str, *addresses: str, managed: str = "yes") -> str:
    """A domain in TCG with those devices of L1. To be started with --paused."""
    devices = "".join(hostdev_xml(address, managed) for address in addresses)
    return f"""<domain type='qemu'>
  <name>{name}</name>
  <memory unit='MiB'>64</memory>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <devices>{devices}<memballoon model='none'/></devices>
</domain>"""
