"""The receipts file of a push: a header line, then one event with its receipt per line; crash-safe."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Self
from uuid import UUID

import msgspec
import orjson

from ves import json_decode
from ves_client.errors import usage
from ves_client.evidence import Evidence


class Header(msgspec.Struct, frozen=True):
    """Header, fixed by the first push: stream, signing agent and key, and the default `created_at` of lines."""

    tenant_id: UUID
    store_id: UUID
    agent_id: UUID
    agent_key_id: int
    created_at: str


class _First(msgspec.Struct, frozen=True):
    push: Header


class _Named(msgspec.Struct, frozen=True):
    event_id: UUID


class ReceiptsFile:
    """Append-only file, indexed by event id when opened; an incomplete last line (crash) is truncated."""

    def __init__(self, path: Path, header: Header) -> None:
        self.path = path
        self.header = header
        self.known: set[UUID] = set()
        lines = self._read()
        if lines:
            self._resume(lines)
        else:
            path.write_bytes(orjson.dumps({"push": msgspec.to_builtins(header)}) + b"\n")
        self._file = path.open("ab")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def _read(self) -> list[bytes]:
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            return []
        complete = raw[: raw.rfind(b"\n") + 1]
        if len(complete) < len(raw):
            os.truncate(self.path, len(complete))
        return complete.splitlines()

    def _resume(self, lines: list[bytes]) -> None:
        try:
            stored = json_decode.decode(lines[0], type=_First).push
            events = (json_decode.decode(line, type=Evidence).event for line in lines[1:])
            self.known = {json_decode.decode(event, type=_Named).event_id for event in events}
        except (msgspec.DecodeError, RecursionError) as error:
            raise usage(f"{self.path} is not a receipts file: {error}") from error
        mine = msgspec.structs.replace(self.header, created_at=stored.created_at)
        if stored != mine:
            raise usage(f"{self.path} belongs to another stream or agent: name another file with --receipts")
        self.header = stored

    def append(self, pairs: Iterable[tuple[bytes, bytes]]) -> None:
        """Write (event, receipt) texts and flush them to the disk."""
        self._file.writelines(b'{"event":%b,"receipt":%b}\n' % pair for pair in pairs)
        self._file.flush()
        os.fsync(self._file.fileno())
