"""`ves keyring`: the key-ring file of encryption at rest (VES 16), which the API reloads without a restart."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from uuid import UUID

import orjson
import typer

from ves import keyring
from ves.at_rest import parse_key
from ves.errors import ProtocolError
from ves.keyring_source import RingSource
from ves_api.cli.database import open_database
from ves_api.cli.settings import DatabaseUrl, layers
from ves_client.commands.output import JsonOption, note, out, print_json
from ves_client.commands.settings import parse_env_file
from ves_client.errors import usage
from ves_edge.gen import sync

app = typer.Typer(no_args_is_help=True, help="Keys of encryption at rest: show, rotate, drop.")

ONE, MANY, BY_TENANT = (
    "PAYLOAD_ENCRYPTION_KEY",
    "PAYLOAD_ENCRYPTION_KEYS",
    "PAYLOAD_ENCRYPTION_KEYS_BY_TENANT",
)
KEY_BYTES = 32

RingFile = Annotated[
    Path | None,
    typer.Option(
        "--file",
        help="Key-ring file; by default VES_KEYRING_FILE, else that of `make up`.",
        show_default=False,
    ),
]


Whose = Annotated[
    UUID | None,
    typer.Option("--tenant", help="Keys of this tenant; the default keys when left out."),
]


@app.command()
def show(*, file: RingFile = None, as_json: JsonOption = False) -> None:
    """Show the mode and the key ids, the current one first; keys are not shown."""
    _tell(_path(file), as_json=as_json)


@app.command()
def rotate(*, tenant: Whose = None, file: RingFile = None, as_json: JsonOption = False) -> None:
    """Add a new current key for new rows; old keys stay for decryption until `ves reencrypt-events`.

    A tenant without keys of its own gets the new key, followed by the default keys.
    """
    path = _path(file)
    rotate_file(path, tenant)
    _tell(path, as_json=as_json)


@app.command()
def drop(
    *,
    key_id: Annotated[str, typer.Argument(help="Id of the key, as `show` lists it.")],
    tenant: Whose = None,
    file: RingFile = None,
    database_url: DatabaseUrl = None,
    as_json: JsonOption = False,
) -> None:
    """Delete a key that is not current. Data still encrypted with it is permanently lost (crypto-shredding).

    The audit log of --database-url or VES_DATABASE_URL records it first; unrecorded, `ves fsck` reports such payloads.
    """
    path = _path(file)
    keys = _keys(path, tenant)
    left = [text for text in keys if _id(text) != key_id]
    if len(left) == len(keys):
        raise usage(f"there is no key {key_id}: see `ves keyring show`")
    if _id(keys[0]) == key_id:
        raise usage("this is the current key: `ves keyring rotate` first, then `ves reencrypt-events`")
    if url := database_url or layers().get("VES_DATABASE_URL"):
        with open_database(url) as db:
            sync.record_audit(
                db,
                action="custom:payload_key_dropped",
                tenant_id=tenant,
                resource_type="payload_key",
                resource_id=key_id,
            )
    else:
        note("not recorded: no database was named")
    _replace(path, tenant, left)
    _tell(path, as_json=as_json)


def rotate_file(path: Path, tenant_id: UUID | None) -> None:
    """Prepend a new key to the keys of a tenant, or to the default keys. Exit code 2 if the file is unusable."""
    _replace(path, tenant_id, [secrets.token_hex(KEY_BYTES), *_keys(path, tenant_id)])


def find_file(file: Path | None = None) -> Path | None:
    """Path of the key ring: the option, else VES_KEYRING_FILE, else the file of `make up`."""
    if named := file or layers().get("VES_KEYRING_FILE"):
        return Path(named)
    state = layers().path
    made = [state.parent / place / "keyring.env" for place in ("pg", "run")] if state else []
    return next((path for path in made if path.exists()), None)


def _path(file: Path | None) -> Path:
    return find_file(file) or Path(layers().need("VES_KEYRING_FILE"))


def _values(path: Path) -> dict[str, str]:
    """Read and validate the file's variables. Exit code 2 if the server would refuse them."""
    try:
        RingSource({"VES_KEYRING_FILE": str(path)})
        return parse_env_file(path.read_text(encoding="utf-8"))
    except ProtocolError as error:
        raise usage(f"{path}: {error.reason}: {error.message}") from None


def _by_tenant(values: Mapping[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = orjson.loads(values.get(BY_TENANT) or "{}")
    return {str(UUID(tenant)): keys for tenant, keys in found.items()}


def _keys(path: Path, tenant_id: UUID | None) -> list[str]:
    """Keys of a tenant, or the default keys, as text; the current one first."""
    values = _values(path)
    default = [text.strip() for text in (values.get(MANY) or values.get(ONE, "")).split(",") if text.strip()]
    return default if tenant_id is None else _by_tenant(values).get(str(tenant_id), default)


def _replace(path: Path, tenant_id: UUID | None, keys: list[str]) -> None:
    values = _values(path)
    if tenant_id is None:
        values.pop(ONE, None)
        values[MANY] = ",".join(keys)
    else:
        values[BY_TENANT] = orjson.dumps(_by_tenant(values) | {str(tenant_id): keys}).decode()
    _write(path, values)


def _id(text: str) -> str:
    return keyring.key_id_of(parse_key(text)).hex()


def _write(path: Path, values: Mapping[str, str]) -> None:
    """Replace the file atomically (rename) with the same owner and mode: readers see the old or the new ring."""
    found = path.stat()
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.writelines(f"{name}={value}\n" for name, value in values.items())
            stream.flush()
            os.fchmod(stream.fileno(), found.st_mode & 0o777)
            if os.geteuid() == 0:
                os.fchown(stream.fileno(), found.st_uid, found.st_gid)
            os.fsync(stream.fileno())
        Path(temporary).replace(path)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        raise usage(f"{path} cannot be written: {error.strerror}") from None


def _tell(path: Path, *, as_json: bool) -> None:
    values = _values(path)
    keys = {"default": _keys(path, None)} | _by_tenant(values)
    ids = {name: [_id(text) for text in texts] for name, texts in keys.items()}
    mode = RingSource({"VES_KEYRING_FILE": str(path)}).ring().mode
    if as_json:
        print_json({"file": str(path), "mode": mode, "key_ids": ids})
        return
    out.print(f"{path}: {mode}")
    for name, key_ids in ids.items():
        out.print(f"  {name:<36}  {', '.join(key_ids)}")
