import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TenantId(_message.Message):
    __slots__ = ("value",)
    VALUE_FIELD_NUMBER: _ClassVar[int]
    value: str
    def __init__(self, value: _Optional[str] = ...) -> None: ...

class StoreId(_message.Message):
    __slots__ = ("value",)
    VALUE_FIELD_NUMBER: _ClassVar[int]
    value: str
    def __init__(self, value: _Optional[str] = ...) -> None: ...

class AgentId(_message.Message):
    __slots__ = ("value",)
    VALUE_FIELD_NUMBER: _ClassVar[int]
    value: str
    def __init__(self, value: _Optional[str] = ...) -> None: ...

class EventEnvelope(_message.Message):
    __slots__ = ("event_id", "command_id", "tenant_id", "store_id", "entity_type", "entity_id", "event_type", "payload", "payload_hash", "base_version", "created_at", "source_agent", "signature")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    COMMAND_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    STORE_ID_FIELD_NUMBER: _ClassVar[int]
    ENTITY_TYPE_FIELD_NUMBER: _ClassVar[int]
    ENTITY_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_HASH_FIELD_NUMBER: _ClassVar[int]
    BASE_VERSION_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    SOURCE_AGENT_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    command_id: str
    tenant_id: str
    store_id: str
    entity_type: str
    entity_id: str
    event_type: str
    payload: bytes
    payload_hash: bytes
    base_version: int
    created_at: _timestamp_pb2.Timestamp
    source_agent: str
    signature: bytes
    def __init__(self, event_id: _Optional[str] = ..., command_id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., store_id: _Optional[str] = ..., entity_type: _Optional[str] = ..., entity_id: _Optional[str] = ..., event_type: _Optional[str] = ..., payload: _Optional[bytes] = ..., payload_hash: _Optional[bytes] = ..., base_version: _Optional[int] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., source_agent: _Optional[str] = ..., signature: _Optional[bytes] = ...) -> None: ...

class SequencedEvent(_message.Message):
    __slots__ = ("envelope", "sequence_number", "sequenced_at")
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    SEQUENCED_AT_FIELD_NUMBER: _ClassVar[int]
    envelope: EventEnvelope
    sequence_number: int
    sequenced_at: _timestamp_pb2.Timestamp
    def __init__(self, envelope: _Optional[_Union[EventEnvelope, _Mapping]] = ..., sequence_number: _Optional[int] = ..., sequenced_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class RejectedEvent(_message.Message):
    __slots__ = ("event_id", "reason_code", "message")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    reason_code: str
    message: str
    def __init__(self, event_id: _Optional[str] = ..., reason_code: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class InclusionProof(_message.Message):
    __slots__ = ("merkle_root", "leaf_index", "proof_hashes", "leaf_count")
    MERKLE_ROOT_FIELD_NUMBER: _ClassVar[int]
    LEAF_INDEX_FIELD_NUMBER: _ClassVar[int]
    PROOF_HASHES_FIELD_NUMBER: _ClassVar[int]
    LEAF_COUNT_FIELD_NUMBER: _ClassVar[int]
    merkle_root: bytes
    leaf_index: int
    proof_hashes: _containers.RepeatedScalarFieldContainer[bytes]
    leaf_count: int
    def __init__(self, merkle_root: _Optional[bytes] = ..., leaf_index: _Optional[int] = ..., proof_hashes: _Optional[_Iterable[bytes]] = ..., leaf_count: _Optional[int] = ...) -> None: ...

class BatchCommitment(_message.Message):
    __slots__ = ("batch_id", "merkle_root", "start_sequence", "end_sequence", "event_count", "committed_at")
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    MERKLE_ROOT_FIELD_NUMBER: _ClassVar[int]
    START_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    END_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    EVENT_COUNT_FIELD_NUMBER: _ClassVar[int]
    COMMITTED_AT_FIELD_NUMBER: _ClassVar[int]
    batch_id: str
    merkle_root: bytes
    start_sequence: int
    end_sequence: int
    event_count: int
    committed_at: _timestamp_pb2.Timestamp
    def __init__(self, batch_id: _Optional[str] = ..., merkle_root: _Optional[bytes] = ..., start_sequence: _Optional[int] = ..., end_sequence: _Optional[int] = ..., event_count: _Optional[int] = ..., committed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class PushRequest(_message.Message):
    __slots__ = ("agent_id", "events")
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    events: _containers.RepeatedCompositeFieldContainer[EventEnvelope]
    def __init__(self, agent_id: _Optional[str] = ..., events: _Optional[_Iterable[_Union[EventEnvelope, _Mapping]]] = ...) -> None: ...

class PushResponse(_message.Message):
    __slots__ = ("batch_id", "events_accepted", "events_rejected", "assigned_sequence_start", "assigned_sequence_end", "head_sequence", "commitment")
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    EVENTS_ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    EVENTS_REJECTED_FIELD_NUMBER: _ClassVar[int]
    ASSIGNED_SEQUENCE_START_FIELD_NUMBER: _ClassVar[int]
    ASSIGNED_SEQUENCE_END_FIELD_NUMBER: _ClassVar[int]
    HEAD_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    COMMITMENT_FIELD_NUMBER: _ClassVar[int]
    batch_id: str
    events_accepted: int
    events_rejected: _containers.RepeatedCompositeFieldContainer[RejectedEvent]
    assigned_sequence_start: int
    assigned_sequence_end: int
    head_sequence: int
    commitment: BatchCommitment
    def __init__(self, batch_id: _Optional[str] = ..., events_accepted: _Optional[int] = ..., events_rejected: _Optional[_Iterable[_Union[RejectedEvent, _Mapping]]] = ..., assigned_sequence_start: _Optional[int] = ..., assigned_sequence_end: _Optional[int] = ..., head_sequence: _Optional[int] = ..., commitment: _Optional[_Union[BatchCommitment, _Mapping]] = ...) -> None: ...

class PullRequest(_message.Message):
    __slots__ = ("tenant_id", "store_id", "from_sequence", "batch_size", "entity_type_filter", "entity_id_filter", "wait_for_new", "wait_timeout_ms")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    STORE_ID_FIELD_NUMBER: _ClassVar[int]
    FROM_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    ENTITY_TYPE_FILTER_FIELD_NUMBER: _ClassVar[int]
    ENTITY_ID_FILTER_FIELD_NUMBER: _ClassVar[int]
    WAIT_FOR_NEW_FIELD_NUMBER: _ClassVar[int]
    WAIT_TIMEOUT_MS_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    store_id: str
    from_sequence: int
    batch_size: int
    entity_type_filter: str
    entity_id_filter: str
    wait_for_new: bool
    wait_timeout_ms: int
    def __init__(self, tenant_id: _Optional[str] = ..., store_id: _Optional[str] = ..., from_sequence: _Optional[int] = ..., batch_size: _Optional[int] = ..., entity_type_filter: _Optional[str] = ..., entity_id_filter: _Optional[str] = ..., wait_for_new: _Optional[bool] = ..., wait_timeout_ms: _Optional[int] = ...) -> None: ...

class PullResponse(_message.Message):
    __slots__ = ("events", "next_sequence", "has_more", "head_sequence")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    HAS_MORE_FIELD_NUMBER: _ClassVar[int]
    HEAD_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[SequencedEvent]
    next_sequence: int
    has_more: bool
    head_sequence: int
    def __init__(self, events: _Optional[_Iterable[_Union[SequencedEvent, _Mapping]]] = ..., next_sequence: _Optional[int] = ..., has_more: _Optional[bool] = ..., head_sequence: _Optional[int] = ...) -> None: ...

class GetHeadRequest(_message.Message):
    __slots__ = ("tenant_id", "store_id")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    STORE_ID_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    store_id: str
    def __init__(self, tenant_id: _Optional[str] = ..., store_id: _Optional[str] = ...) -> None: ...

class GetHeadResponse(_message.Message):
    __slots__ = ("head_sequence", "latest_commitment")
    HEAD_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    LATEST_COMMITMENT_FIELD_NUMBER: _ClassVar[int]
    head_sequence: int
    latest_commitment: BatchCommitment
    def __init__(self, head_sequence: _Optional[int] = ..., latest_commitment: _Optional[_Union[BatchCommitment, _Mapping]] = ...) -> None: ...

class GetInclusionProofRequest(_message.Message):
    __slots__ = ("batch_id", "event_id")
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    batch_id: str
    event_id: str
    def __init__(self, batch_id: _Optional[str] = ..., event_id: _Optional[str] = ...) -> None: ...

class GetInclusionProofResponse(_message.Message):
    __slots__ = ("event", "proof", "commitment")
    EVENT_FIELD_NUMBER: _ClassVar[int]
    PROOF_FIELD_NUMBER: _ClassVar[int]
    COMMITMENT_FIELD_NUMBER: _ClassVar[int]
    event: SequencedEvent
    proof: InclusionProof
    commitment: BatchCommitment
    def __init__(self, event: _Optional[_Union[SequencedEvent, _Mapping]] = ..., proof: _Optional[_Union[InclusionProof, _Mapping]] = ..., commitment: _Optional[_Union[BatchCommitment, _Mapping]] = ...) -> None: ...

class GetCommitmentRequest(_message.Message):
    __slots__ = ("batch_id",)
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    batch_id: str
    def __init__(self, batch_id: _Optional[str] = ...) -> None: ...

class GetCommitmentResponse(_message.Message):
    __slots__ = ("commitment",)
    COMMITMENT_FIELD_NUMBER: _ClassVar[int]
    commitment: BatchCommitment
    def __init__(self, commitment: _Optional[_Union[BatchCommitment, _Mapping]] = ...) -> None: ...

class GetEntityHistoryRequest(_message.Message):
    __slots__ = ("tenant_id", "store_id", "entity_type", "entity_id", "from_version", "to_version")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    STORE_ID_FIELD_NUMBER: _ClassVar[int]
    ENTITY_TYPE_FIELD_NUMBER: _ClassVar[int]
    ENTITY_ID_FIELD_NUMBER: _ClassVar[int]
    FROM_VERSION_FIELD_NUMBER: _ClassVar[int]
    TO_VERSION_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    store_id: str
    entity_type: str
    entity_id: str
    from_version: int
    to_version: int
    def __init__(self, tenant_id: _Optional[str] = ..., store_id: _Optional[str] = ..., entity_type: _Optional[str] = ..., entity_id: _Optional[str] = ..., from_version: _Optional[int] = ..., to_version: _Optional[int] = ...) -> None: ...

class GetEntityHistoryResponse(_message.Message):
    __slots__ = ("events", "current_version")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    CURRENT_VERSION_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[SequencedEvent]
    current_version: int
    def __init__(self, events: _Optional[_Iterable[_Union[SequencedEvent, _Mapping]]] = ..., current_version: _Optional[int] = ...) -> None: ...
