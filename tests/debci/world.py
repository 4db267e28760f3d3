# SPDX-License-Identifier: GPL-2.0-or-later
"""debci of one release, with all that it needs: a broker, a collector, an archive with the
packages that it tests, and workers, each as its unit would run it."""

import contextlib
import dataclasses
import gzip
import json
import os
import pathlib
import re
import sqlite3
import subprocess
import tarfile
from collections.abc import Callable, Iterator, Mapping

from archive import Archive
from broker import Broker
from services import Service, SystemLog, as_user, environment, running, wait_for

HERE = pathlib.Path(__file__).resolve().parent
DATA = pathlib.Path("/var/lib/debci/data")
CONFIG = pathlib.Path("/etc/debci")
DEBCI = "/usr/share/debci/bin/debci"
START_WORKER = "/usr/share/debci/backends/qemu_rocm/start-worker"

SUITE = "bookworm"
BACKEND = "qemu_rocm"
PLAIN = "amd64"
VARIANT = "amd64+gfx1030"

# What standin/with-gpus gives to the programs that are to see GPUs.
SEES_GPUS = {name: os.environ.pop(name, "")
             for name in ("AQR_DATA_DIR", "LD_PRELOAD", "SYSTEMD_DEVICE_VERIFY_SYSFS")}
GPU_ARGUMENTS = f"--gpu-ready pci --warm off --qemu-command {HERE}/standin/qemu"

COMMAND_SECONDS = 600
CHECK_SECONDS = 60
JOB_SECONDS = 300

CONF = """\
debci_suite={suite}
debci_suite_list={suite}
debci_arch_list="{plain} {variant}"
debci_backend={backend}
debci_amqp_server={broker}
debci_mirror={mirror}
debci_autopkgtest_args="--timeout-factor=5 --copy={no_sources}:/etc/apt/sources.list"
debci_autopkgtest_args_qemu_rocm="--accel tcg --boot bios --ram-size 1024 --cpus 1 ${{MORE:-}}"
"""

APT_SOURCES = """\
packages-under-test:
  entry: "{sources}"
  allowed_users: []
"""


# The stand-in's.
GPUS = ["0000:03:00.0", "0000:0a:00.0"]


@dataclasses.dataclass
class Job:
    """What the database says of it, and where its results are."""
    id: int
    package: str
    arch: str
    status: str | None
    message: str | None
    worker: str | None

    @property
    def results(self) -> pathlib.Path:
        return DATA / "autopkgtest" / SUITE / self.arch / "a" / self.package / str(self.id)

    def log(self) -> str:
        return gzip.decompress((self.results / "log.gz").read_bytes()).decode(errors="replace")

    def artifacts(self) -> dict[str, str]:
        """All files of it but the log, by name."""
        with tarfile.open(self.results / "artifacts.tar.gz") as tar:
            return {member.name: tar.extractfile(member).read().decode(errors="replace")
                    for member in tar if member.isfile()}

    def gpus_seen(self) -> int:
        """How many functions of AMD's its test has seen."""
        (vendors,) = [text for name, text in self.artifacts().items() if name.endswith("/vendors")]
        return vendors.split().count("0x1002")


class Debci:
    def __init__(self, release: str, stack: contextlib.ExitStack, broker: Broker) -> None:
        self.release = release
        self.version = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "debci"], check=True,
                                      stdout=subprocess.PIPE, text=True).stdout.split("+")[0]
        self.services: list[Service] = [broker.service]
        self.broker = broker
        self.stack = stack
        self.system_log = SystemLog()
        self.archive = Archive(pathlib.Path("/var/tmp/archive"))
        self.configure()
        broker.wait_ready()
        self.collector = self.start("collector")
        if pathlib.Path("/usr/share/debci/bin/debci-publisher").exists():
            self.start("publisher")
        self.collector.wait_for_line("collector started", COMMAND_SECONDS)

    @property
    def setup_user(self) -> str:
        """Who builds images: root by the daily cron job, until a unit of the user debci's."""
        return "root" if pathlib.Path("/etc/cron.daily/debci-worker").exists() else "debci"

    @property
    def is_old(self) -> bool:
        """Its workers take jobs without a look at what they need."""
        return self.version.startswith("3.")

    def configure(self) -> None:
        mirror = re.search(r"^deb (?:\[.*\] )?(\S+)", pathlib.Path("/etc/apt/sources.list")
                           .read_text(), re.MULTILINE)[1]
        (CONFIG / "conf.d").mkdir(exist_ok=True)
        # A guest that asks only our archive has its answers in seconds.
        no_sources = CONFIG / "no-sources.list"
        no_sources.touch()
        (CONFIG / "conf.d" / "50-test.conf").write_text(CONF.format(
            suite=SUITE, plain=PLAIN, variant=VARIANT, backend=BACKEND, broker=self.broker.url,
            mirror=mirror, no_sources=no_sources))
        (CONFIG / "extra_apt_sources_list.yaml").write_text(
            APT_SOURCES.format(sources="\\n".join(self.archive.sources)))
        # As rocm-qemu-setup has it made when a host starts.
        leases = pathlib.Path("/run/lock/rocm-gpu")
        leases.mkdir()
        leases.chmod(0o1777)
        # As adduser does it for users of the system's administrator, and not for this one.
        for path in ("/etc/subuid", "/etc/subgid"):
            with open(path, "a", encoding="ascii") as file:
                file.write("debci:100000:65536\n")

    # --- what is done

    def start(self, name: str, *words: str, env: Mapping[str, str] | None = None,
              program: str = DEBCI) -> Service:
        """As the unit does it: the user debci, in debci's directory."""
        argv = [program, name, *words] if program == DEBCI else [program, *words]
        service = Service(f"debci {name}", argv, "debci", env, cwd="/usr/share/debci")
        self.services.append(service)
        return self.stack.enter_context(running(service))

    @contextlib.contextmanager
    def worker(self, arch: str, env: Mapping[str, str] | None = None) -> Iterator[Service]:
        """A worker of an architecture, as the drop-in of its unit has it started. It ends after."""
        if self.is_old:
            worker = self.start("worker", arch, env=env, program=START_WORKER)
        else:
            worker = self.start("worker", "--arch", arch, "--backend", BACKEND, env=env)
        worker.name += f" --arch {arch}"
        yield worker
        worker.end()

    @contextlib.contextmanager
    def bare_gpu_worker(self, arch: str, **env: str) -> Iterator[Service]:
        """Of debci 3, without start-worker: it has a job in hand when it sees that it has no GPU."""
        worker = self.start("worker", "--arch", arch, "--backend", BACKEND,
                            env=SEES_GPUS | {"MORE": GPU_ARGUMENTS} | env)
        yield worker
        worker.end()

    def gpu_worker(self, arch: str, **env: str) -> contextlib.AbstractContextManager[Service]:
        return self.worker(arch, SEES_GPUS | {"MORE": GPU_ARGUMENTS} | env)

    def gpus(self, *words: str) -> str:
        """What the administrator asks of rocm-qemu-gpus."""
        done = self.run("rocm-qemu-gpus", *words, user="root", env=SEES_GPUS)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def gpu_states(self) -> list[str]:
        listed = json.loads(self.gpus("--json", "list"))["gpus"]
        assert [gpu["address"] for gpu in listed] == GPUS, listed
        return [gpu["state"] for gpu in listed]

    @contextlib.contextmanager
    def lost(self, gpu: str) -> Iterator[None]:
        """It has fallen off the bus. In the end it is mended, whatever has become of it."""
        config = pathlib.Path("/sys/bus/pci/devices", gpu, "config")
        before = config.read_bytes()
        config.write_bytes(b"\xff" * len(before))
        try:
            yield
        finally:
            config.write_bytes(before)
            if self.gpu_states()[GPUS.index(gpu)] == "quarantine":
                self.gpus("release", gpu)

    @contextlib.contextmanager
    def wedged(self, gpu: str) -> Iterator[None]:
        """It answers on the host, but no guest that is given it gets it."""
        file = pathlib.Path("/sys/bus/pci/devices", gpu, "wedged")
        file.touch()
        try:
            yield
        finally:
            file.unlink()

    def run(self, *argv: str, user: str = "debci", env: Mapping[str, str] | None = None,
            given: str | None = None, seconds: float = COMMAND_SECONDS
            ) -> subprocess.CompletedProcess:
        """A command of debci, with its output and errors in stdout."""
        return subprocess.run(as_user(user, argv), cwd="/usr/share/debci", check=False, text=True,
                              env=environment(user, env), input=given or "", timeout=seconds,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def ask_ruby(self, script: str, *words: str, given: str = "") -> str:
        done = self.run("ruby", str(HERE / script), *words, given=given)
        assert done.returncode == 0, done.stdout
        return done.stdout.splitlines()[-1]

    def enqueue(self, *jobs: tuple[str, str], priority: int = 5) -> list[int]:
        return json.loads(self.ask_ruby("enqueue.rb", str(priority), given=json.dumps(jobs)))

    def take_message(self, arch: str) -> str:
        """The first in the queue. It is waited for, as the broker takes back a moment later
        what a worker had that has ended."""
        done = self.run("amqp-consume", f"--url={self.broker.url}", "--count=1",
                        f"--queue=debci-tests-{arch}-{BACKEND}", "cat", seconds=60)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def queue_length(self, arch: str) -> int:
        return int(self.ask_ruby("queue.rb", arch))

    # --- what has become of it

    def job(self, job_id: int) -> Job:
        with contextlib.closing(sqlite3.connect(f"file:{DATA}/debci.sqlite3?mode=ro", uri=True,
                                                timeout=30)) as database:
            row = database.execute(
                "SELECT jobs.run_id, packages.name, arch, jobs.status, message, workers.name"
                " FROM jobs JOIN packages ON packages.id = package_id"
                " LEFT JOIN workers ON workers.id = worker_id WHERE jobs.run_id = ?",
                (job_id,)).fetchone()
        return Job(*row)

    def wait_for_job(self, job_id: int, *services: Service, seconds: float = JOB_SECONDS) -> Job:
        """Waits until it is collected, or one of the services, workers, has ended."""
        wait_for(lambda: self.job(job_id).status is not None
                 or any(service.has_ended() for service in services), seconds,
                 f"job {job_id} ({self.job(job_id).package}) is collected")
        job = self.job(job_id)
        assert job.status is not None, f"a worker has ended, and job {job_id} was not done"
        return job

    def symptoms(self) -> str:
        """For whoever wants to know why a test failed."""
        found = [service.tail() for service in self.services
                 if service.lines and (service is not self.broker.service or service.has_ended())]
        logs = [*pathlib.Path("/tmp").glob("debci-*/**/log"), *DATA.glob("autopkgtest/**/log.gz")]
        for log in sorted(logs, key=lambda path: path.stat().st_mtime)[-2:]:
            text = self.run("zcat", "--force", str(log), user="root").stdout
            found.append(f"--- {log}:\n{text[-4000:]}")
        found.append("--- the system's log:\n    " + "\n    ".join(self.system_log.lines[-20:]))
        found.append("--- the archive was asked for:\n    "
                     + "\n    ".join(self.archive.requests[-10:]))
        return "\n".join(found)


@contextlib.contextmanager
def debci(release: str, meanwhile: Callable[[], None]) -> Iterator[Debci]:
    """debci, up and running. The broker takes its time: something is done meanwhile."""
    with contextlib.ExitStack() as stack:
        broker = Broker()
        stack.callback(broker.service.end)
        meanwhile()
        yield Debci(release, stack, broker)
