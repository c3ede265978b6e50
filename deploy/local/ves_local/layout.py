"""Paths of one checkout, and the OS user of the server.

Normally all of it is in `.ves/`. Two things may have to live elsewhere:
* the cluster, when root runs this and the server's OS user cannot reach the checkout (a home directory of mode 0700):
  then under `/var/lib/ves-sequencer/<hash of the checkout's path>`, with `.ves/pg` a link to it;
* sockets, when the path would be too long for the kernel: then in `/tmp/ves-<hash>`.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ves_local.console import StageError

# A socket address has 108 bytes on Linux and 104 on macOS, including the terminating NUL. The longest name in the
# folder is the temporary one of the supervisor, which ends in a process id.
SOCKET_FOLDER_LIMIT = 100 - len("/supervisord.sock.4194304")
ROOTS_PLACE = Path("/var/lib/ves-sequencer")
DATABASE = "ves"
POSTGRES_PORT = 5432  # names the socket file; nothing listens on TCP
_DISTRIBUTION_USER = "postgres"
_OWN_USER = "ves-sequencer"
_FRONT_USER = "haproxy"


def path_hash(path: Path) -> str:
    """Return 12 hex digits of a hash of the path."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def short_socket_folder(wanted: Path, checkout: Path, purpose: str) -> Path:
    """Return `wanted`, or a short folder of the same owner if socket paths in it would be too long."""
    if len(os.fsencode(wanted)) <= SOCKET_FOLDER_LIMIT:
        return wanted
    return Path("/tmp") / f"ves-{path_hash(checkout)}-{purpose}"


def own_folder(path: Path, uid: int, mode: int = 0o700) -> None:
    """Create a folder with this owner and mode; refuse an existing one of another owner (it may be in `/tmp`)."""
    path.mkdir(mode=mode, parents=True, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {uid, os.geteuid()}:
        raise StageError(f"{path} exists and is not ours")
    if found.st_uid != uid:
        os.chown(path, uid, -1)
    path.chmod(mode)


def _system_user(name: str) -> pwd.struct_passwd:
    """Create an unprivileged user without a login."""
    options = "--system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin"
    subprocess.run(["useradd", *options.split(), name], check=True)
    return pwd.getpwnam(name)


@dataclass(frozen=True)
class Layout:
    """The paths of one checkout. `checkout` is absolute, with links resolved."""

    checkout: Path

    @property
    def state(self) -> Path:
        """Return `.ves`, the folder of all state."""
        return self.checkout / ".ves"

    @property
    def run(self) -> Path:
        """Return the folder of process ids, fingerprints and the supervisor's socket."""
        return self.state / "run"

    @property
    def log(self) -> Path:
        """Return the folder of all logs."""
        return self.state / "log"

    @property
    def venv(self) -> Path:
        """Return the virtual environment."""
        return self.checkout / ".venv"

    @property
    def pg(self) -> Path:
        """Return the cluster folder below `.ves`, possibly a link."""
        return self.state / "pg"

    @property
    def data(self) -> Path:
        """Return the data directory, links resolved."""
        return self.pg.resolve() / "data"

    @property
    def python_copy(self) -> Path:
        """Return the target folder for the protocol library if the server cannot read the checkout."""
        return self.pg.resolve() / "python"

    @property
    def run_postgres(self) -> Path:
        """Return the script that starts the server: a copy that its OS user can read."""
        return self.pg.resolve() / "run-postgres"

    @property
    def postgres_socket(self) -> Path:
        """Return the folder of the server's socket."""
        return short_socket_folder(self.pg.resolve() / "sock", self.checkout, "pg")

    @property
    def supervisor_socket(self) -> Path:
        """Return the supervisor's socket."""
        return short_socket_folder(self.run, self.checkout, "run") / "supervisord.sock"

    @property
    def api_socket(self) -> Path:
        """Return the socket on which the API serves the front, in a folder of its own if another user runs the front."""
        if self.front_user is None:
            return self.supervisor_socket.with_name("api.sock")
        return self.front_folder / "api.sock"

    @property
    def front_folder(self) -> Path:
        """Return the folder of the API's socket that another user can enter."""
        return Path("/tmp") / f"ves-{path_hash(self.checkout)}-front"

    @cached_property
    def front_user(self) -> pwd.struct_passwd | None:
        """Return the OS user that the front changes to when root starts it; None if it runs as the caller."""
        if os.geteuid() != 0:
            return None
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(_FRONT_USER)
        return _system_user(_FRONT_USER)

    @property
    def front_config(self) -> Path:
        """Return the front configuration: a checked-in file with values from the environment."""
        return self.checkout / "deploy" / "front" / "haproxy.cfg"

    @property
    def supervisor_config(self) -> Path:
        """Return the supervisor's generated settings."""
        return self.state / "supervisord.conf"

    @property
    def env_file(self) -> Path:
        """Return the file for users and tools: URLs and the admin key."""
        return self.state / "env"

    @property
    def secrets_file(self) -> Path:
        """Return the file of all generated secrets."""
        return self.state / "secrets.env"

    @property
    def keyring(self) -> Path:
        """Return the key ring of encryption at rest, readable by the server's OS user and the calling user."""
        return (self.pg.resolve() if self.pg.exists() else self.run) / "keyring.env"

    def process_env(self, program: str) -> Path:
        """Return the environment file of one program: only the secrets that it needs."""
        return self.run / f"{program}.env"

    @cached_property
    def server_user(self) -> pwd.struct_passwd:
        """Return the OS user of the server: the owner of the data, else the caller, else (for root) an unprivileged user."""
        if self.data.exists():
            owner = self.data.stat().st_uid
            if os.geteuid() not in {0, owner}:
                raise StageError(
                    f"{self.pg} belongs to {pwd.getpwuid(owner).pw_name}; run this as that user or as root"
                )
            return pwd.getpwuid(owner)
        if os.geteuid() != 0:
            return pwd.getpwuid(os.geteuid())
        for name in (_DISTRIBUTION_USER, _OWN_USER):
            try:
                return pwd.getpwnam(name)
            except KeyError:
                continue
        return _system_user(_OWN_USER)

    def as_server_user(self, *command: str | Path) -> list[str]:
        """Return the command, run by the server's OS user."""
        words = [str(word) for word in command]
        if os.geteuid() == 0 and self.server_user.pw_uid != 0:
            return ["runuser", "-u", self.server_user.pw_name, "--", *words]
        return words

    def server_can_read(self, *paths: Path) -> bool:
        """Return whether the server's OS user can open these files, folders above them included."""
        return all(
            subprocess.run(self.as_server_user("test", "-r", path), check=False, cwd="/").returncode == 0
            for path in paths
        )

    def site_packages(self) -> Path:
        """Return the site-packages folder of the virtual environment."""
        return next((self.venv / "lib").glob("python3.*/site-packages"))

    def place_cluster(self) -> None:
        """At the first start, create the cluster folder where the OS user of the server can access it."""
        if self.pg.exists():
            self._refuse_a_copy()
            return
        self.pg.unlink(missing_ok=True)  # a link whose target is gone
        if os.geteuid() != 0 or self.server_can_read(
            self.checkout / "plpython", self.site_packages() / "nacl" / "__init__.py"
        ):
            own_folder(self.pg, self.server_user.pw_uid)
            return
        place = ROOTS_PLACE / path_hash(self.checkout)
        own_folder(ROOTS_PLACE, 0, 0o755)
        own_folder(place, self.server_user.pw_uid)
        self._note_owner(place)
        self.pg.symlink_to(place)

    def _refuse_a_copy(self) -> None:
        """Raise if this checkout is a copy whose link points to the cluster of the original."""
        if not self.pg.is_symlink():
            return
        owner = self._owner_of(self.pg.resolve())
        if owner != self.checkout and owner is not None and (owner / ".ves" / "pg").exists():
            raise StageError(f"{self.pg} is the cluster of {owner}; remove the link to get one of its own")
        self._note_owner(self.pg.resolve())

    def _owner_of(self, place: Path) -> Path | None:
        """Return the checkout that a cluster outside of it belongs to."""
        note = place / "checkout"
        return Path(note.read_text(encoding="utf-8").strip()) if note.exists() else None

    def _note_owner(self, place: Path) -> None:
        (place / "checkout").write_text(f"{self.checkout}\n", encoding="utf-8")

    def remove_cluster(self) -> list[Path]:
        """Delete the cluster and socket folders outside of the checkout; return what was deleted."""
        removed = []
        target = self.pg.resolve()
        if self.pg.is_symlink() and target.parent == ROOTS_PLACE and self._owner_of(target) == self.checkout:
            shutil.rmtree(target)
            removed.append(target)
        sockets = {self.postgres_socket, self.supervisor_socket.parent, self.front_folder}
        for folder in sorted(sockets):
            if folder.parent == Path("/tmp") and folder.is_dir() and not folder.is_symlink():
                shutil.rmtree(folder)
                removed.append(folder)
        return removed
