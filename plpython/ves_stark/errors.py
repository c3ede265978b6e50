"""The exceptions of the STARK library. It raises only subclasses of `StarkError`."""

from __future__ import annotations

from ves.errors import ProtocolError


class StarkError(Exception):
    """Base of all errors of this library: `reason` is a short stable word, `message` is for people."""

    reason: str
    message: str


class InputsError(StarkError, ProtocolError):
    """Public inputs, policies, bindings or receipts that are malformed or contradict each other."""


class MalformedProofError(StarkError, ProtocolError):
    """Bytes that are not the canonical encoding of a version 2 proof (STARK 14)."""

    def __init__(self, message: str) -> None:
        super().__init__("malformed_proof", message)


class UnacceptedOptionsError(StarkError, ProtocolError):
    """A proof made with options that are not in the accepted set of the verifier (STARK 8)."""

    def __init__(self, message: str) -> None:
        super().__init__("unaccepted_options", message)


class InvalidProofError(StarkError, ProtocolError):
    """A well-formed proof that does not prove the statement."""

    def __init__(self, message: str) -> None:
        super().__init__("stark_invalid", message)


class ProvingError(StarkError, RuntimeError):
    """The prover refuses: the statement is false, or policy and inputs disagree."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
