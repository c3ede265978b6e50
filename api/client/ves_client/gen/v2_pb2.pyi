import datetime

from google.protobuf import empty_pb2 as _empty_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PayloadKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PAYLOAD_KIND_UNSPECIFIED: _ClassVar[PayloadKind]
    PAYLOAD_KIND_PLAINTEXT: _ClassVar[PayloadKind]
    PAYLOAD_KIND_ENCRYPTED: _ClassVar[PayloadKind]

class RejectionReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REJECTION_REASON_UNSPECIFIED: _ClassVar[RejectionReason]
    REJECTION_REASON_INVALID_SIGNATURE: _ClassVar[RejectionReason]
    REJECTION_REASON_UNKNOWN_KEY: _ClassVar[RejectionReason]
    REJECTION_REASON_REVOKED_KEY: _ClassVar[RejectionReason]
    REJECTION_REASON_DUPLICATE_EVENT: _ClassVar[RejectionReason]
    REJECTION_REASON_DUPLICATE_COMMAND: _ClassVar[RejectionReason]
    REJECTION_REASON_INVALID_HASH: _ClassVar[RejectionReason]
    REJECTION_REASON_VERSION_CONFLICT: _ClassVar[RejectionReason]
    REJECTION_REASON_INVALID_FORMAT: _ClassVar[RejectionReason]
    REJECTION_REASON_QUOTA_EXCEEDED: _ClassVar[RejectionReason]

class SignatureScheme(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SIGNATURE_SCHEME_UNSPECIFIED: _ClassVar[SignatureScheme]
    SIGNATURE_SCHEME_ED25519: _ClassVar[SignatureScheme]
    SIGNATURE_SCHEME_ML_DSA_65: _ClassVar[SignatureScheme]
    SIGNATURE_SCHEME_ED25519_ML_DSA_65: _ClassVar[SignatureScheme]

class KeyAlgorithm(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    KEY_ALGORITHM_UNSPECIFIED: _ClassVar[KeyAlgorithm]
    KEY_ALGORITHM_ED25519: _ClassVar[KeyAlgorithm]
    KEY_ALGORITHM_X25519: _ClassVar[KeyAlgorithm]
    KEY_ALGORITHM_ML_DSA_65: _ClassVar[KeyAlgorithm]
    KEY_ALGORITHM_ML_KEM_768: _ClassVar[KeyAlgorithm]
    KEY_ALGORITHM_ED25519_ML_DSA_65: _ClassVar[KeyAlgorithm]
    KEY_ALGORITHM_X25519_ML_KEM_768: _ClassVar[KeyAlgorithm]

class KeyWrapScheme(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    KEY_WRAP_SCHEME_UNSPECIFIED: _ClassVar[KeyWrapScheme]
    KEY_WRAP_SCHEME_X25519_HKDF_SHA256: _ClassVar[KeyWrapScheme]
    KEY_WRAP_SCHEME_ML_KEM_768: _ClassVar[KeyWrapScheme]
    KEY_WRAP_SCHEME_X25519_ML_KEM_768: _ClassVar[KeyWrapScheme]

class KeyType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    KEY_TYPE_UNSPECIFIED: _ClassVar[KeyType]
    KEY_TYPE_SIGNING: _ClassVar[KeyType]
    KEY_TYPE_ENCRYPTION: _ClassVar[KeyType]

class KeyStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    KEY_STATUS_UNSPECIFIED: _ClassVar[KeyStatus]
    KEY_STATUS_ACTIVE: _ClassVar[KeyStatus]
    KEY_STATUS_EXPIRED: _ClassVar[KeyStatus]
    KEY_STATUS_REVOKED: _ClassVar[KeyStatus]
PAYLOAD_KIND_UNSPECIFIED: PayloadKind
PAYLOAD_KIND_PLAINTEXT: PayloadKind
PAYLOAD_KIND_ENCRYPTED: PayloadKind
REJECTION_REASON_UNSPECIFIED: RejectionReason
REJECTION_REASON_INVALID_SIGNATURE: RejectionReason
REJECTION_REASON_UNKNOWN_KEY: RejectionReason
REJECTION_REASON_REVOKED_KEY: RejectionReason
REJECTION_REASON_DUPLICATE_EVENT: RejectionReason
REJECTION_REASON_DUPLICATE_COMMAND: RejectionReason
REJECTION_REASON_INVALID_HASH: RejectionReason
REJECTION_REASON_VERSION_CONFLICT: RejectionReason
REJECTION_REASON_INVALID_FORMAT: RejectionReason
REJECTION_REASON_QUOTA_EXCEEDED: RejectionReason
SIGNATURE_SCHEME_UNSPECIFIED: SignatureScheme
SIGNATURE_SCHEME_ED25519: SignatureScheme
SIGNATURE_SCHEME_ML_DSA_65: SignatureScheme
SIGNATURE_SCHEME_ED25519_ML_DSA_65: SignatureScheme
KEY_ALGORITHM_UNSPECIFIED: KeyAlgorithm
KEY_ALGORITHM_ED25519: KeyAlgorithm
KEY_ALGORITHM_X25519: KeyAlgorithm
KEY_ALGORITHM_ML_DSA_65: KeyAlgorithm
KEY_ALGORITHM_ML_KEM_768: KeyAlgorithm
KEY_ALGORITHM_ED25519_ML_DSA_65: KeyAlgorithm
KEY_ALGORITHM_X25519_ML_KEM_768: KeyAlgorithm
KEY_WRAP_SCHEME_UNSPECIFIED: KeyWrapScheme
KEY_WRAP_SCHEME_X25519_HKDF_SHA256: KeyWrapScheme
KEY_WRAP_SCHEME_ML_KEM_768: KeyWrapScheme
KEY_WRAP_SCHEME_X25519_ML_KEM_768: KeyWrapScheme
KEY_TYPE_UNSPECIFIED: KeyType
KEY_TYPE_SIGNING: KeyType
KEY_TYPE_ENCRYPTION: KeyType
KEY_STATUS_UNSPECIFIED: KeyStatus
KEY_STATUS_ACTIVE: KeyStatus
KEY_STATUS_EXPIRED: KeyStatus
KEY_STATUS_REVOKED: KeyStatus

class EventEnvelope(_message.Message):
    __slots__ = ("event_id", "command_id", "tenant_id", "store_id", "entity_type", "entity_id", "event_type", "source_agent", "ves_version", "payload_kind", "payload", "payload_encrypted", "payload_plain_hash", "payload_cipher_hash", "agent_key_id", "agent_signature", "base_version", "created_at", "agent_signature_scheme", "agent_signature_bundle")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    COMMAND_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    STORE_ID_FIELD_NUMBER: _ClassVar[int]
    ENTITY_TYPE_FIELD_NUMBER: _ClassVar[int]
    ENTITY_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_AGENT_FIELD_NUMBER: _ClassVar[int]
    VES_VERSION_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_KIND_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_ENCRYPTED_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_PLAIN_HASH_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_CIPHER_HASH_FIELD_NUMBER: _ClassVar[int]
    AGENT_KEY_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    BASE_VERSION_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    AGENT_SIGNATURE_SCHEME_FIELD_NUMBER: _ClassVar[int]
    AGENT_SIGNATURE_BUNDLE_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    command_id: str
    tenant_id: str
    store_id: str
    entity_type: str
    entity_id: str
    event_type: str
    source_agent: str
    ves_version: int
    payload_kind: PayloadKind
    payload: bytes
    payload_encrypted: EncryptedPayload
    payload_plain_hash: bytes
    payload_cipher_hash: bytes
    agent_key_id: int
    agent_signature: bytes
    base_version: int
    created_at: _timestamp_pb2.Timestamp
    agent_signature_scheme: SignatureScheme
    agent_signature_bundle: SignatureBundle
    def __init__(self, event_id: _Optional[str] = ..., command_id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., store_id: _Optional[str] = ..., entity_type: _Optional[str] = ..., entity_id: _Optional[str] = ..., event_type: _Optional[str] = ..., source_agent: _Optional[str] = ..., ves_version: _Optional[int] = ..., payload_kind: _Optional[_Union[PayloadKind, str]] = ..., payload: _Optional[bytes] = ..., payload_encrypted: _Optional[_Union[EncryptedPayload, _Mapping]] = ..., payload_plain_hash: _Optional[bytes] = ..., payload_cipher_hash: _Optional[bytes] = ..., agent_key_id: _Optional[int] = ..., agent_signature: _Optional[bytes] = ..., base_version: _Optional[int] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., agent_signature_scheme: _Optional[_Union[SignatureScheme, str]] = ..., agent_signature_bundle: _Optional[_Union[SignatureBundle, _Mapping]] = ...) -> None: ...

class EncryptedPayload(_message.Message):
    __slots__ = ("enc_version", "aead", "nonce", "ciphertext", "tag", "hpke", "recipients", "key_wrap_params", "recipient_wraps")
    ENC_VERSION_FIELD_NUMBER: _ClassVar[int]
    AEAD_FIELD_NUMBER: _ClassVar[int]
    NONCE_FIELD_NUMBER: _ClassVar[int]
    CIPHERTEXT_FIELD_NUMBER: _ClassVar[int]
    TAG_FIELD_NUMBER: _ClassVar[int]
    HPKE_FIELD_NUMBER: _ClassVar[int]
    RECIPIENTS_FIELD_NUMBER: _ClassVar[int]
    KEY_WRAP_PARAMS_FIELD_NUMBER: _ClassVar[int]
    RECIPIENT_WRAPS_FIELD_NUMBER: _ClassVar[int]
    enc_version: int
    aead: str
    nonce: bytes
    ciphertext: bytes
    tag: bytes
    hpke: HpkeParams
    recipients: _containers.RepeatedCompositeFieldContainer[RecipientKey]
    key_wrap_params: KeyWrapParams
    recipient_wraps: _containers.RepeatedCompositeFieldContainer[RecipientKeyWrap]
    def __init__(self, enc_version: _Optional[int] = ..., aead: _Optional[str] = ..., nonce: _Optional[bytes] = ..., ciphertext: _Optional[bytes] = ..., tag: _Optional[bytes] = ..., hpke: _Optional[_Union[HpkeParams, _Mapping]] = ..., recipients: _Optional[_Iterable[_Union[RecipientKey, _Mapping]]] = ..., key_wrap_params: _Optional[_Union[KeyWrapParams, _Mapping]] = ..., recipient_wraps: _Optional[_Iterable[_Union[RecipientKeyWrap, _Mapping]]] = ...) -> None: ...

class HpkeParams(_message.Message):
    __slots__ = ("mode", "kem", "kdf", "aead")
    MODE_FIELD_NUMBER: _ClassVar[int]
    KEM_FIELD_NUMBER: _ClassVar[int]
    KDF_FIELD_NUMBER: _ClassVar[int]
    AEAD_FIELD_NUMBER: _ClassVar[int]
    mode: str
    kem: str
    kdf: str
    aead: str
    def __init__(self, mode: _Optional[str] = ..., kem: _Optional[str] = ..., kdf: _Optional[str] = ..., aead: _Optional[str] = ...) -> None: ...

class RecipientKey(_message.Message):
    __slots__ = ("recipient_kid", "ephemeral_public_key", "wrapped_dek")
    RECIPIENT_KID_FIELD_NUMBER: _ClassVar[int]
    EPHEMERAL_PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    WRAPPED_DEK_FIELD_NUMBER: _ClassVar[int]
    recipient_kid: int
    ephemeral_public_key: bytes
    wrapped_dek: bytes
    def __init__(self, recipient_kid: _Optional[int] = ..., ephemeral_public_key: _Optional[bytes] = ..., wrapped_dek: _Optional[bytes] = ...) -> None: ...

class KeyWrapParams(_message.Message):
    __slots__ = ("scheme", "kdf", "aead")
    SCHEME_FIELD_NUMBER: _ClassVar[int]
    KDF_FIELD_NUMBER: _ClassVar[int]
    AEAD_FIELD_NUMBER: _ClassVar[int]
    scheme: KeyWrapScheme
    kdf: str
    aead: str
    def __init__(self, scheme: _Optional[_Union[KeyWrapScheme, str]] = ..., kdf: _Optional[str] = ..., aead: _Optional[str] = ...) -> None: ...

class RecipientKeyWrap(_message.Message):
    __slots__ = ("recipient_kid", "wrap_scheme", "x25519_enc", "ml_kem_ciphertext", "wrap_nonce", "wrapped_key")
    RECIPIENT_KID_FIELD_NUMBER: _ClassVar[int]
    WRAP_SCHEME_FIELD_NUMBER: _ClassVar[int]
    X25519_ENC_FIELD_NUMBER: _ClassVar[int]
    ML_KEM_CIPHERTEXT_FIELD_NUMBER: _ClassVar[int]
    WRAP_NONCE_FIELD_NUMBER: _ClassVar[int]
    WRAPPED_KEY_FIELD_NUMBER: _ClassVar[int]
    recipient_kid: int
    wrap_scheme: KeyWrapScheme
    x25519_enc: bytes
    ml_kem_ciphertext: bytes
    wrap_nonce: bytes
    wrapped_key: bytes
    def __init__(self, recipient_kid: _Optional[int] = ..., wrap_scheme: _Optional[_Union[KeyWrapScheme, str]] = ..., x25519_enc: _Optional[bytes] = ..., ml_kem_ciphertext: _Optional[bytes] = ..., wrap_nonce: _Optional[bytes] = ..., wrapped_key: _Optional[bytes] = ...) -> None: ...

class SignatureBundle(_message.Message):
    __slots__ = ("ed25519_signature", "ml_dsa_65_signature")
    ED25519_SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    ML_DSA_65_SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    ed25519_signature: bytes
    ml_dsa_65_signature: bytes
    def __init__(self, ed25519_signature: _Optional[bytes] = ..., ml_dsa_65_signature: _Optional[bytes] = ...) -> None: ...

class PublicKeyBundle(_message.Message):
    __slots__ = ("ed25519_public_key", "ml_dsa_65_public_key", "x25519_public_key", "ml_kem_768_public_key")
    ED25519_PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    ML_DSA_65_PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    X25519_PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    ML_KEM_768_PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    ed25519_public_key: bytes
    ml_dsa_65_public_key: bytes
    x25519_public_key: bytes
    ml_kem_768_public_key: bytes
    def __init__(self, ed25519_public_key: _Optional[bytes] = ..., ml_dsa_65_public_key: _Optional[bytes] = ..., x25519_public_key: _Optional[bytes] = ..., ml_kem_768_public_key: _Optional[bytes] = ...) -> None: ...

class ProofOfPossessionBundle(_message.Message):
    __slots__ = ("ed25519_pop", "ml_dsa_65_pop")
    ED25519_POP_FIELD_NUMBER: _ClassVar[int]
    ML_DSA_65_POP_FIELD_NUMBER: _ClassVar[int]
    ed25519_pop: bytes
    ml_dsa_65_pop: bytes
    def __init__(self, ed25519_pop: _Optional[bytes] = ..., ml_dsa_65_pop: _Optional[bytes] = ...) -> None: ...

class SequencedEvent(_message.Message):
    __slots__ = ("envelope", "sequence_number", "sequenced_at", "receipt_hash", "receipt_signature_scheme", "receipt_signature_bundle")
    ENVELOPE_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    SEQUENCED_AT_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_HASH_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_SIGNATURE_SCHEME_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_SIGNATURE_BUNDLE_FIELD_NUMBER: _ClassVar[int]
    envelope: EventEnvelope
    sequence_number: int
    sequenced_at: _timestamp_pb2.Timestamp
    receipt_hash: bytes
    receipt_signature_scheme: SignatureScheme
    receipt_signature_bundle: SignatureBundle
    def __init__(self, envelope: _Optional[_Union[EventEnvelope, _Mapping]] = ..., sequence_number: _Optional[int] = ..., sequenced_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., receipt_hash: _Optional[bytes] = ..., receipt_signature_scheme: _Optional[_Union[SignatureScheme, str]] = ..., receipt_signature_bundle: _Optional[_Union[SignatureBundle, _Mapping]] = ...) -> None: ...

class PushRequest(_message.Message):
    __slots__ = ("agent_id", "tenant_id", "store_id", "events", "request_id")
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    STORE_ID_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    agent_id: str
    tenant_id: str
    store_id: str
    events: _containers.RepeatedCompositeFieldContainer[EventEnvelope]
    request_id: str
    def __init__(self, agent_id: _Optional[str] = ..., tenant_id: _Optional[str] = ..., store_id: _Optional[str] = ..., events: _Optional[_Iterable[_Union[EventEnvelope, _Mapping]]] = ..., request_id: _Optional[str] = ...) -> None: ...

class PushResponse(_message.Message):
    __slots__ = ("batch_id", "request_id", "events_accepted", "events_rejected", "sequence_start", "sequence_end", "head_sequence", "rejections", "commitment")
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    EVENTS_ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    EVENTS_REJECTED_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_START_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_END_FIELD_NUMBER: _ClassVar[int]
    HEAD_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    REJECTIONS_FIELD_NUMBER: _ClassVar[int]
    COMMITMENT_FIELD_NUMBER: _ClassVar[int]
    batch_id: str
    request_id: str
    events_accepted: int
    events_rejected: int
    sequence_start: int
    sequence_end: int
    head_sequence: int
    rejections: _containers.RepeatedCompositeFieldContainer[RejectedEvent]
    commitment: BatchCommitment
    def __init__(self, batch_id: _Optional[str] = ..., request_id: _Optional[str] = ..., events_accepted: _Optional[int] = ..., events_rejected: _Optional[int] = ..., sequence_start: _Optional[int] = ..., sequence_end: _Optional[int] = ..., head_sequence: _Optional[int] = ..., rejections: _Optional[_Iterable[_Union[RejectedEvent, _Mapping]]] = ..., commitment: _Optional[_Union[BatchCommitment, _Mapping]] = ...) -> None: ...

class RejectedEvent(_message.Message):
    __slots__ = ("event_id", "reason", "message")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    reason: RejectionReason
    message: str
    def __init__(self, event_id: _Optional[str] = ..., reason: _Optional[_Union[RejectionReason, str]] = ..., message: _Optional[str] = ...) -> None: ...

class PullEventsRequest(_message.Message):
    __slots__ = ("tenant_id", "store_id", "from_sequence", "limit", "entity_type_filter", "entity_id_filter", "event_type_filter", "agent_filter")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    STORE_ID_FIELD_NUMBER: _ClassVar[int]
    FROM_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    ENTITY_TYPE_FILTER_FIELD_NUMBER: _ClassVar[int]
    ENTITY_ID_FILTER_FIELD_NUMBER: _ClassVar[int]
    EVENT_TYPE_FILTER_FIELD_NUMBER: _ClassVar[int]
    AGENT_FILTER_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    store_id: str
    from_sequence: int
    limit: int
    entity_type_filter: str
    entity_id_filter: str
    event_type_filter: _containers.RepeatedScalarFieldContainer[str]
    agent_filter: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, tenant_id: _Optional[str] = ..., store_id: _Optional[str] = ..., from_sequence: _Optional[int] = ..., limit: _Optional[int] = ..., entity_type_filter: _Optional[str] = ..., entity_id_filter: _Optional[str] = ..., event_type_filter: _Optional[_Iterable[str]] = ..., agent_filter: _Optional[_Iterable[str]] = ...) -> None: ...

class PullEventsResponse(_message.Message):
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

class GetSyncStateRequest(_message.Message):
    __slots__ = ("tenant_id", "store_id")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    STORE_ID_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    store_id: str
    def __init__(self, tenant_id: _Optional[str] = ..., store_id: _Optional[str] = ...) -> None: ...

class SyncState(_message.Message):
    __slots__ = ("tenant_id", "store_id", "head_sequence", "state_root", "latest_commitment", "timestamp")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    STORE_ID_FIELD_NUMBER: _ClassVar[int]
    HEAD_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    STATE_ROOT_FIELD_NUMBER: _ClassVar[int]
    LATEST_COMMITMENT_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    store_id: str
    head_sequence: int
    state_root: bytes
    latest_commitment: BatchCommitment
    timestamp: _timestamp_pb2.Timestamp
    def __init__(self, tenant_id: _Optional[str] = ..., store_id: _Optional[str] = ..., head_sequence: _Optional[int] = ..., state_root: _Optional[bytes] = ..., latest_commitment: _Optional[_Union[BatchCommitment, _Mapping]] = ..., timestamp: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class BatchCommitment(_message.Message):
    __slots__ = ("batch_id", "merkle_root", "start_sequence", "end_sequence", "event_count", "committed_at", "previous_root")
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    MERKLE_ROOT_FIELD_NUMBER: _ClassVar[int]
    START_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    END_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    EVENT_COUNT_FIELD_NUMBER: _ClassVar[int]
    COMMITTED_AT_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_ROOT_FIELD_NUMBER: _ClassVar[int]
    batch_id: str
    merkle_root: bytes
    start_sequence: int
    end_sequence: int
    event_count: int
    committed_at: _timestamp_pb2.Timestamp
    previous_root: bytes
    def __init__(self, batch_id: _Optional[str] = ..., merkle_root: _Optional[bytes] = ..., start_sequence: _Optional[int] = ..., end_sequence: _Optional[int] = ..., event_count: _Optional[int] = ..., committed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., previous_root: _Optional[bytes] = ...) -> None: ...

class GetCommitmentRequest(_message.Message):
    __slots__ = ("batch_id", "sequence_number")
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    batch_id: str
    sequence_number: int
    def __init__(self, batch_id: _Optional[str] = ..., sequence_number: _Optional[int] = ...) -> None: ...

class GetInclusionProofRequest(_message.Message):
    __slots__ = ("tenant_id", "store_id", "event_id", "sequence_number", "expected_root")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    STORE_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_ROOT_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    store_id: str
    event_id: str
    sequence_number: int
    expected_root: bytes
    def __init__(self, tenant_id: _Optional[str] = ..., store_id: _Optional[str] = ..., event_id: _Optional[str] = ..., sequence_number: _Optional[int] = ..., expected_root: _Optional[bytes] = ...) -> None: ...

class GetInclusionProofResponse(_message.Message):
    __slots__ = ("included", "proof", "event")
    INCLUDED_FIELD_NUMBER: _ClassVar[int]
    PROOF_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    included: bool
    proof: InclusionProof
    event: SequencedEvent
    def __init__(self, included: _Optional[bool] = ..., proof: _Optional[_Union[InclusionProof, _Mapping]] = ..., event: _Optional[_Union[SequencedEvent, _Mapping]] = ...) -> None: ...

class InclusionProof(_message.Message):
    __slots__ = ("merkle_root", "leaf_index", "proof_hashes", "leaf_count", "leaf_hash")
    MERKLE_ROOT_FIELD_NUMBER: _ClassVar[int]
    LEAF_INDEX_FIELD_NUMBER: _ClassVar[int]
    PROOF_HASHES_FIELD_NUMBER: _ClassVar[int]
    LEAF_COUNT_FIELD_NUMBER: _ClassVar[int]
    LEAF_HASH_FIELD_NUMBER: _ClassVar[int]
    merkle_root: bytes
    leaf_index: int
    proof_hashes: _containers.RepeatedScalarFieldContainer[bytes]
    leaf_count: int
    leaf_hash: bytes
    def __init__(self, merkle_root: _Optional[bytes] = ..., leaf_index: _Optional[int] = ..., proof_hashes: _Optional[_Iterable[bytes]] = ..., leaf_count: _Optional[int] = ..., leaf_hash: _Optional[bytes] = ...) -> None: ...

class GetEntityHistoryRequest(_message.Message):
    __slots__ = ("tenant_id", "store_id", "entity_type", "entity_id", "from_version", "to_version", "limit")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    STORE_ID_FIELD_NUMBER: _ClassVar[int]
    ENTITY_TYPE_FIELD_NUMBER: _ClassVar[int]
    ENTITY_ID_FIELD_NUMBER: _ClassVar[int]
    FROM_VERSION_FIELD_NUMBER: _ClassVar[int]
    TO_VERSION_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    store_id: str
    entity_type: str
    entity_id: str
    from_version: int
    to_version: int
    limit: int
    def __init__(self, tenant_id: _Optional[str] = ..., store_id: _Optional[str] = ..., entity_type: _Optional[str] = ..., entity_id: _Optional[str] = ..., from_version: _Optional[int] = ..., to_version: _Optional[int] = ..., limit: _Optional[int] = ...) -> None: ...

class GetEntityHistoryResponse(_message.Message):
    __slots__ = ("events", "current_version")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    CURRENT_VERSION_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[SequencedEvent]
    current_version: int
    def __init__(self, events: _Optional[_Iterable[_Union[SequencedEvent, _Mapping]]] = ..., current_version: _Optional[int] = ...) -> None: ...

class HealthResponse(_message.Message):
    __slots__ = ("healthy", "version", "timestamp")
    HEALTHY_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    healthy: bool
    version: str
    timestamp: _timestamp_pb2.Timestamp
    def __init__(self, healthy: _Optional[bool] = ..., version: _Optional[str] = ..., timestamp: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class StreamEventsRequest(_message.Message):
    __slots__ = ("tenant_id", "store_id", "from_sequence", "entity_type_filter", "event_type_filter", "agent_filter", "include_history", "heartbeat_interval_ms")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    STORE_ID_FIELD_NUMBER: _ClassVar[int]
    FROM_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    ENTITY_TYPE_FILTER_FIELD_NUMBER: _ClassVar[int]
    EVENT_TYPE_FILTER_FIELD_NUMBER: _ClassVar[int]
    AGENT_FILTER_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_HISTORY_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_INTERVAL_MS_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    store_id: str
    from_sequence: int
    entity_type_filter: _containers.RepeatedScalarFieldContainer[str]
    event_type_filter: _containers.RepeatedScalarFieldContainer[str]
    agent_filter: _containers.RepeatedScalarFieldContainer[str]
    include_history: bool
    heartbeat_interval_ms: int
    def __init__(self, tenant_id: _Optional[str] = ..., store_id: _Optional[str] = ..., from_sequence: _Optional[int] = ..., entity_type_filter: _Optional[_Iterable[str]] = ..., event_type_filter: _Optional[_Iterable[str]] = ..., agent_filter: _Optional[_Iterable[str]] = ..., include_history: _Optional[bool] = ..., heartbeat_interval_ms: _Optional[int] = ...) -> None: ...

class SyncMessage(_message.Message):
    __slots__ = ("push", "pull", "ack", "heartbeat", "push_response", "pull_response", "event", "sync_state", "server_heartbeat")
    PUSH_FIELD_NUMBER: _ClassVar[int]
    PULL_FIELD_NUMBER: _ClassVar[int]
    ACK_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    PUSH_RESPONSE_FIELD_NUMBER: _ClassVar[int]
    PULL_RESPONSE_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    SYNC_STATE_FIELD_NUMBER: _ClassVar[int]
    SERVER_HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    push: PushRequest
    pull: PullEventsRequest
    ack: EventAck
    heartbeat: Heartbeat
    push_response: PushResponse
    pull_response: PullEventsResponse
    event: SequencedEvent
    sync_state: SyncState
    server_heartbeat: Heartbeat
    def __init__(self, push: _Optional[_Union[PushRequest, _Mapping]] = ..., pull: _Optional[_Union[PullEventsRequest, _Mapping]] = ..., ack: _Optional[_Union[EventAck, _Mapping]] = ..., heartbeat: _Optional[_Union[Heartbeat, _Mapping]] = ..., push_response: _Optional[_Union[PushResponse, _Mapping]] = ..., pull_response: _Optional[_Union[PullEventsResponse, _Mapping]] = ..., event: _Optional[_Union[SequencedEvent, _Mapping]] = ..., sync_state: _Optional[_Union[SyncState, _Mapping]] = ..., server_heartbeat: _Optional[_Union[Heartbeat, _Mapping]] = ...) -> None: ...

class EventAck(_message.Message):
    __slots__ = ("sequence_numbers", "agent_head_sequence")
    SEQUENCE_NUMBERS_FIELD_NUMBER: _ClassVar[int]
    AGENT_HEAD_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    sequence_numbers: _containers.RepeatedScalarFieldContainer[int]
    agent_head_sequence: int
    def __init__(self, sequence_numbers: _Optional[_Iterable[int]] = ..., agent_head_sequence: _Optional[int] = ...) -> None: ...

class Heartbeat(_message.Message):
    __slots__ = ("timestamp", "last_seen_sequence")
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    LAST_SEEN_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    timestamp: _timestamp_pb2.Timestamp
    last_seen_sequence: int
    def __init__(self, timestamp: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_seen_sequence: _Optional[int] = ...) -> None: ...

class SubscribeEntityRequest(_message.Message):
    __slots__ = ("tenant_id", "store_id", "entity_type", "entity_id", "include_history")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    STORE_ID_FIELD_NUMBER: _ClassVar[int]
    ENTITY_TYPE_FIELD_NUMBER: _ClassVar[int]
    ENTITY_ID_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_HISTORY_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    store_id: str
    entity_type: str
    entity_id: str
    include_history: bool
    def __init__(self, tenant_id: _Optional[str] = ..., store_id: _Optional[str] = ..., entity_type: _Optional[str] = ..., entity_id: _Optional[str] = ..., include_history: _Optional[bool] = ...) -> None: ...

class RegisterKeyRequest(_message.Message):
    __slots__ = ("tenant_id", "agent_id", "key_id", "key_type", "public_key", "valid_from", "valid_to", "proof_of_possession", "key_algorithm", "public_key_bundle", "proof_of_possession_bundle")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_TYPE_FIELD_NUMBER: _ClassVar[int]
    PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    VALID_FROM_FIELD_NUMBER: _ClassVar[int]
    VALID_TO_FIELD_NUMBER: _ClassVar[int]
    PROOF_OF_POSSESSION_FIELD_NUMBER: _ClassVar[int]
    KEY_ALGORITHM_FIELD_NUMBER: _ClassVar[int]
    PUBLIC_KEY_BUNDLE_FIELD_NUMBER: _ClassVar[int]
    PROOF_OF_POSSESSION_BUNDLE_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    agent_id: str
    key_id: int
    key_type: KeyType
    public_key: bytes
    valid_from: _timestamp_pb2.Timestamp
    valid_to: _timestamp_pb2.Timestamp
    proof_of_possession: bytes
    key_algorithm: KeyAlgorithm
    public_key_bundle: PublicKeyBundle
    proof_of_possession_bundle: ProofOfPossessionBundle
    def __init__(self, tenant_id: _Optional[str] = ..., agent_id: _Optional[str] = ..., key_id: _Optional[int] = ..., key_type: _Optional[_Union[KeyType, str]] = ..., public_key: _Optional[bytes] = ..., valid_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., valid_to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., proof_of_possession: _Optional[bytes] = ..., key_algorithm: _Optional[_Union[KeyAlgorithm, str]] = ..., public_key_bundle: _Optional[_Union[PublicKeyBundle, _Mapping]] = ..., proof_of_possession_bundle: _Optional[_Union[ProofOfPossessionBundle, _Mapping]] = ...) -> None: ...

class RegisterKeyResponse(_message.Message):
    __slots__ = ("success", "message", "registered_at")
    SUCCESS_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    REGISTERED_AT_FIELD_NUMBER: _ClassVar[int]
    success: bool
    message: str
    registered_at: _timestamp_pb2.Timestamp
    def __init__(self, success: _Optional[bool] = ..., message: _Optional[str] = ..., registered_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetAgentKeysRequest(_message.Message):
    __slots__ = ("tenant_id", "agent_id", "key_type_filter", "include_revoked")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_TYPE_FILTER_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_REVOKED_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    agent_id: str
    key_type_filter: KeyType
    include_revoked: bool
    def __init__(self, tenant_id: _Optional[str] = ..., agent_id: _Optional[str] = ..., key_type_filter: _Optional[_Union[KeyType, str]] = ..., include_revoked: _Optional[bool] = ...) -> None: ...

class GetAgentKeysResponse(_message.Message):
    __slots__ = ("keys",)
    KEYS_FIELD_NUMBER: _ClassVar[int]
    keys: _containers.RepeatedCompositeFieldContainer[AgentKey]
    def __init__(self, keys: _Optional[_Iterable[_Union[AgentKey, _Mapping]]] = ...) -> None: ...

class AgentKey(_message.Message):
    __slots__ = ("key_id", "key_type", "public_key", "status", "created_at", "valid_from", "valid_to", "revoked_at", "key_algorithm", "public_key_bundle")
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_TYPE_FIELD_NUMBER: _ClassVar[int]
    PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    VALID_FROM_FIELD_NUMBER: _ClassVar[int]
    VALID_TO_FIELD_NUMBER: _ClassVar[int]
    REVOKED_AT_FIELD_NUMBER: _ClassVar[int]
    KEY_ALGORITHM_FIELD_NUMBER: _ClassVar[int]
    PUBLIC_KEY_BUNDLE_FIELD_NUMBER: _ClassVar[int]
    key_id: int
    key_type: KeyType
    public_key: bytes
    status: KeyStatus
    created_at: _timestamp_pb2.Timestamp
    valid_from: _timestamp_pb2.Timestamp
    valid_to: _timestamp_pb2.Timestamp
    revoked_at: _timestamp_pb2.Timestamp
    key_algorithm: KeyAlgorithm
    public_key_bundle: PublicKeyBundle
    def __init__(self, key_id: _Optional[int] = ..., key_type: _Optional[_Union[KeyType, str]] = ..., public_key: _Optional[bytes] = ..., status: _Optional[_Union[KeyStatus, str]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., valid_from: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., valid_to: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., revoked_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., key_algorithm: _Optional[_Union[KeyAlgorithm, str]] = ..., public_key_bundle: _Optional[_Union[PublicKeyBundle, _Mapping]] = ...) -> None: ...

class RevokeKeyRequest(_message.Message):
    __slots__ = ("tenant_id", "agent_id", "key_id", "reason", "authorization_signature")
    TENANT_ID_FIELD_NUMBER: _ClassVar[int]
    AGENT_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    AUTHORIZATION_SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    tenant_id: str
    agent_id: str
    key_id: int
    reason: str
    authorization_signature: bytes
    def __init__(self, tenant_id: _Optional[str] = ..., agent_id: _Optional[str] = ..., key_id: _Optional[int] = ..., reason: _Optional[str] = ..., authorization_signature: _Optional[bytes] = ...) -> None: ...

class RevokeKeyResponse(_message.Message):
    __slots__ = ("success", "revoked_at")
    SUCCESS_FIELD_NUMBER: _ClassVar[int]
    REVOKED_AT_FIELD_NUMBER: _ClassVar[int]
    success: bool
    revoked_at: _timestamp_pb2.Timestamp
    def __init__(self, success: _Optional[bool] = ..., revoked_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
