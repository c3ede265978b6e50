"""The private PostgreSQL cluster: created once, its settings rewritten at every start."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from ves_local import keyvalue
from ves_local.console import StageError, open_log, say
from ves_local.layout import POSTGRES_PORT, own_folder

if TYPE_CHECKING:
    from ves_local.layout import Layout

_TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
_RUN_POSTGRES = _TEMPLATES.parent / "run-postgres"
_INCLUDE = "include 'ves.conf'\n"
_MEBIBYTE = 1 << 20
_BUFFERS_LIMIT_MB = 4096
_BUFFERS_FLOOR_MB = 128
# MAX_DB_CONNECTIONS of the API is 8 a core by default.
_POOL_PER_CORE = 8
_OTHERS_CONNECTIONS = 100


def memory_bytes() -> int:
    """Return the memory that this machine, or the container, may use, in bytes."""
    physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
    except OSError:
        limit = "max"
    return min(physical, int(limit)) if limit.isdigit() else physical


def shared_buffers_mb(memory: int) -> int:
    """Return a quarter of the memory in MB, between 128 MB and 4 GB."""
    return max(_BUFFERS_FLOOR_MB, min(_BUFFERS_LIMIT_MB, memory // 4 // _MEBIBYTE))


def connection_limit(cores: int) -> int:
    """Return max_connections: the pool of the API, which scales with the cores, plus a share for other clients."""
    return _OTHERS_CONNECTIONS + _POOL_PER_CORE * cores


def quoted(value: str | Path) -> str:
    """Return a value as a string of postgresql.conf."""
    text = str(value).replace("'", "''")
    return f"'{text}'"


def quoted_folder(folder: Path) -> str:
    """Return a folder as the only member of a list setting; in double quotes, for spaces and commas."""
    inner = str(folder).replace('"', '""')
    return quoted(f'"{inner}"')


def major_version(layout: Layout) -> str:
    """Return the major version that made the data."""
    return (layout.data / "PG_VERSION").read_text(encoding="ascii").strip()


def server_version(bindir: Path) -> str:
    """Return the version that the server binary reports, such as `15.20`."""
    shown = subprocess.run([bindir / "postgres", "--version"], check=True, capture_output=True, text=True)
    return shown.stdout.split(")", 1)[-1].split()[0]


def create(layout: Layout, bindir: Path) -> None:
    """Create the data directory if missing. The collation is by code point, the same on every machine."""
    if (layout.data / "PG_VERSION").exists():
        made_by, present = major_version(layout), server_version(bindir).split(".")[0]
        if made_by != present:
            raise StageError(
                f"the data in {layout.pg} was made by PostgreSQL {made_by}, but this is {present}; "
                "go back to what made it (VES_ENGINE), or delete the data by `make reset`"
            )
        return
    locale = "C.UTF-8" if platform.system() == "Linux" else "C"
    log = layout.log / "initdb.log"
    unfinished = layout.data.with_name("data.new")
    if unfinished.exists():
        shutil.rmtree(unfinished)
    options = f"-U postgres -A peer -E UTF8 --locale={locale} --no-instructions"
    command = layout.as_server_user(bindir / "initdb", "-D", unfinished, *options.split())
    with open_log(log) as stream:
        if subprocess.run(command, check=False, stdout=stream, stderr=stream, cwd="/").returncode != 0:
            raise StageError("initdb could not make the cluster", [log])
    unfinished.rename(layout.data)
    say(f"made a cluster in {layout.data}")


def _accepts_lz4(layout: Layout, bindir: Path) -> bool:
    command = layout.as_server_user(
        bindir / "postgres", "-D", layout.data, "-c", "wal_compression=lz4", "-C", "wal_compression"
    )
    return subprocess.run(command, check=False, capture_output=True, cwd="/").returncode == 0


def _own_text(layout: Layout, name: str, text: str) -> bool:
    """Write a file of the data directory, owned by the server user. Return whether it changed."""
    path = layout.data / name
    changed = keyvalue.write_text(path, text)
    if os.geteuid() == 0:
        os.chown(path, layout.server_user.pw_uid, layout.server_user.pw_gid)
    return changed


def configure(layout: Layout, bindir: Path) -> bool:
    """Write postgresql.conf and pg_hba.conf settings. Return whether they require a restart."""
    own_folder(layout.postgres_socket, layout.server_user.pw_uid)
    keyvalue.write_text(layout.run_postgres, _RUN_POSTGRES.read_text(encoding="utf-8"), mode=0o755)
    main = layout.data / "postgresql.conf"
    text = main.read_text(encoding="utf-8")
    if _INCLUDE not in text:
        _own_text(
            layout,
            "postgresql.conf",
            text + "\n# Everything of ours is there; your own changes: alter system.\n" + _INCLUDE,
        )
        _own_text(layout, "ves.conf", "")
    settings = (_TEMPLATES / "postgresql.conf").read_text(encoding="utf-8")
    filled = settings.format(
        socket_folder=quoted_folder(layout.postgres_socket),
        port=POSTGRES_PORT,
        shared_buffers=shared_buffers_mb(memory_bytes()),
        connections=connection_limit(os.cpu_count() or 1),
        wal_compression="lz4" if _accepts_lz4(layout, bindir) else "on",
    ) + (layout.checkout / "sql" / "image" / "engine.conf").read_text(encoding="utf-8")
    # Root could become the server user anyway; mapping it lets tools connect without a change of user.
    operators = dict.fromkeys([layout.server_user.pw_name, "root"])
    if os.geteuid() != 0:
        operators.pop("root")
    texts = {
        "ves.conf": filled,
        "pg_hba.conf": (_TEMPLATES / "pg_hba.conf").read_text(encoding="utf-8"),
        "pg_ident.conf": "".join(f'operators "{name}" postgres\n' for name in operators),
    }
    changed = [_own_text(layout, name, text) for name, text in texts.items()]
    return True in changed
