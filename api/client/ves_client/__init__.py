"""The agent's side of verifiable event sequencing: keys, signing, sealing, sending, receipts and their verification."""

from __future__ import annotations

from ves.errors import ProtocolError
from ves_client.adoption import UnsignedRow, unsigned_rows
from ves_client.agent import AgentKey, Event, Signed, open_event, seal_event, sign_event
from ves_client.errors import ClientError, Exit
from ves_client.evidence import Evidence, check_proof, check_receipt, read_evidence
from ves_client.outbox import Outbox
from ves_client.outbox_rows import Refused, Status
from ves_client.payments import sign_payment
from ves_client.progress import Progress
from ves_client.pull import Pulled, follow, pull, pull_async
from ves_client.pulled_rows import PulledEvent
from ves_client.restore import Restored, accept_restore
from ves_client.rotation import rotate_key
from ves_client.sequencer import Sequencer
from ves_client.sync import (
    Pushed,
    check_commitments,
    first_writer_wins,
    last_writer_wins,
    push,
    push_async,
    wait,
)
from ves_client.trust import Trust

__version__ = "0.1.0"

__all__ = [
    "AgentKey",
    "ClientError",
    "Event",
    "Evidence",
    "Exit",
    "Outbox",
    "Progress",
    "ProtocolError",
    "Pulled",
    "PulledEvent",
    "Pushed",
    "Refused",
    "Restored",
    "Sequencer",
    "Signed",
    "Status",
    "Trust",
    "UnsignedRow",
    "accept_restore",
    "check_commitments",
    "check_proof",
    "check_receipt",
    "first_writer_wins",
    "follow",
    "last_writer_wins",
    "open_event",
    "pull",
    "pull_async",
    "push",
    "push_async",
    "read_evidence",
    "rotate_key",
    "seal_event",
    "sign_event",
    "sign_payment",
    "unsigned_rows",
    "wait",
]
