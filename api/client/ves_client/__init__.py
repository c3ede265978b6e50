"""The agent's side of verifiable event sequencing: keys, signing, sealing, sending, receipts and their verification."""

from __future__ import annotations

from ves_client.agent import AgentKey, Event, Signed, open_event, seal_event, sign_event
from ves_client.errors import ClientError, Exit
from ves_client.evidence import Evidence, check_proof, check_receipt, read_evidence
from ves_client.outbox import Outbox, Refused, Status
from ves_client.payments import sign_payment
from ves_client.pull import Pulled, pull, pull_async
from ves_client.pulled_rows import PulledEvent
from ves_client.sequencer import Sequencer
from ves_client.sync import Pushed, check_commitments, first_writer_wins, last_writer_wins, push, push_async
from ves_client.trust import Trust

__version__ = "0.1.0"

__all__ = [
    "AgentKey",
    "ClientError",
    "Event",
    "Evidence",
    "Exit",
    "Outbox",
    "Pulled",
    "PulledEvent",
    "Pushed",
    "Refused",
    "Sequencer",
    "Signed",
    "Status",
    "Trust",
    "check_commitments",
    "check_proof",
    "check_receipt",
    "first_writer_wins",
    "last_writer_wins",
    "open_event",
    "pull",
    "pull_async",
    "push",
    "push_async",
    "read_evidence",
    "seal_event",
    "sign_event",
    "sign_payment",
]
