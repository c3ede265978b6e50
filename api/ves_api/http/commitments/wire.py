"""Commitments on the wire (http-api 5): snake_case, roots in bare hex."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from ves_api.http.encode import zulu

if TYPE_CHECKING:
    from ves_api.gateway.commitments import Commitment


class CommitmentRequest(msgspec.Struct):
    """A range to commit, both ends included."""

    tenant_id: uuid.UUID
    store_id: uuid.UUID
    sequence_start: Annotated[int, msgspec.Meta(ge=0)]
    sequence_end: Annotated[int, msgspec.Meta(ge=0)]


class CommitmentFields(msgspec.Struct):
    """The members that every commitment answer has."""

    batch_id: uuid.UUID
    tenant_id: uuid.UUID
    store_id: uuid.UUID
    ves_version: int
    tree_depth: int
    leaf_count: int
    padded_leaf_count: int
    merkle_root: str
    prev_state_root: str
    new_state_root: str
    sequence_start: int
    sequence_end: int
    committed_at: str


class ListedCommitment(CommitmentFields):
    """A commitment in a list."""

    is_anchored: bool


class CommitmentDetail(CommitmentFields):
    """A commitment with its place on a chain; chain members are null until it is submitted."""

    chain_id: int | None
    chain_tx_hash: str | None
    chain_block_number: int | None
    anchored_at: str | None
    is_anchored: bool


class CommitmentList(msgspec.Struct):
    """Commitments of a stream that are not on a chain yet, oldest first."""

    commitments: list[ListedCommitment]
    count: int


def fields_of(commitment: Commitment) -> dict[str, Any]:
    """The common members, by name."""
    return {
        "batch_id": commitment.batch_id,
        "tenant_id": commitment.tenant_id,
        "store_id": commitment.store_id,
        "ves_version": commitment.ves_version,
        "tree_depth": commitment.tree_depth,
        "leaf_count": commitment.leaf_count,
        "padded_leaf_count": commitment.padded_leaf_count,
        "merkle_root": commitment.merkle_root.hex(),
        "prev_state_root": commitment.prev_state_root.hex(),
        "new_state_root": commitment.new_state_root.hex(),
        "sequence_start": commitment.sequence_start,
        "sequence_end": commitment.sequence_end,
        "committed_at": zulu(commitment.committed_at),
    }


def listed(commitment: Commitment) -> ListedCommitment:
    """As an element of a list."""
    return ListedCommitment(**fields_of(commitment), is_anchored=commitment.anchored_at is not None)


def detail(commitment: Commitment) -> CommitmentDetail:
    """With its chain members."""
    return CommitmentDetail(
        **fields_of(commitment),
        chain_id=commitment.chain_id,
        chain_tx_hash=None if commitment.chain_tx_hash is None else commitment.chain_tx_hash.hex(),
        chain_block_number=commitment.chain_block_number,
        anchored_at=None if commitment.anchored_at is None else zulu(commitment.anchored_at),
        is_anchored=commitment.anchored_at is not None,
    )
