"""Generated from sql/errors/errors.csv by `python -m ves_install.generate`; do not edit."""

from __future__ import annotations

from typing import NamedTuple


class ErrorCode(NamedTuple):
    """One refusal: SQLSTATE, name, code and number in the error body, statuses, default message."""

    code: str
    name: str
    wire_code: str
    numeric_code: int
    http: int
    grpc: str
    retry: bool
    message: str


# fmt: off
ALL = (
    ErrorCode("VE001", "malformed_json", "INVALID_REQUEST_BODY", 3001, 400, "INVALID_ARGUMENT", False, "The request body is not valid JSON"),
    ErrorCode("VE002", "invalid_shape", "INVALID_REQUEST_BODY", 3001, 422, "INVALID_ARGUMENT", False, "The request body does not have the expected shape"),
    ErrorCode("VE003", "unsupported_media_type", "UNSUPPORTED_MEDIA_TYPE", 3008, 415, "INVALID_ARGUMENT", False, "The Content-Type must be application/json"),
    ErrorCode("VE004", "body_too_large", "PAYLOAD_TOO_LARGE", 3004, 413, "RESOURCE_EXHAUSTED", False, "The request body is too large"),
    ErrorCode("VE005", "batch_too_large", "PAYLOAD_TOO_LARGE", 3004, 413, "RESOURCE_EXHAUSTED", False, "The batch has too many events"),
    ErrorCode("VE006", "payload_too_large", "PAYLOAD_TOO_LARGE", 3004, 413, "RESOURCE_EXHAUSTED", False, "An event payload is too large"),
    ErrorCode("VE007", "invalid_field", "INVALID_FIELD_VALUE", 3003, 400, "INVALID_ARGUMENT", False, "A field has an invalid value"),
    ErrorCode("VE008", "missing_field", "MISSING_REQUIRED_FIELD", 3002, 400, "INVALID_ARGUMENT", False, "A required field is missing"),
    ErrorCode("VE009", "empty_batch", "INVALID_FIELD_VALUE", 3003, 400, "INVALID_ARGUMENT", False, "The batch is empty"),
    ErrorCode("VE011", "mixed_streams", "INVALID_FIELD_VALUE", 3003, 400, "INVALID_ARGUMENT", False, "All events of a batch must have the same tenant_id and store_id"),
    ErrorCode("VE012", "source_agent_mismatch", "INVALID_FIELD_VALUE", 3003, 400, "INVALID_ARGUMENT", False, "source_agent_id must equal agentId"),
    ErrorCode("VE013", "invalid_query", "INVALID_FIELD_VALUE", 3003, 400, "INVALID_ARGUMENT", False, "A query or path parameter is missing or invalid"),
    ErrorCode("VE014", "route_not_found", "RESOURCE_NOT_FOUND", 4001, 404, "UNIMPLEMENTED", False, "No such route"),
    ErrorCode("VE015", "method_not_allowed", "METHOD_NOT_ALLOWED", 3009, 405, "UNIMPLEMENTED", False, "The method is not allowed on this route"),
    ErrorCode("VE016", "invalid_request", "INVALID_FIELD_VALUE", 3003, 400, "INVALID_ARGUMENT", False, "The request is invalid"),
    ErrorCode("VE017", "invalid_name", "INVALID_NAME", 3010, 400, "INVALID_ARGUMENT", False, "The name is empty"),
    ErrorCode("VE018", "name_too_long", "NAME_TOO_LONG", 3011, 400, "INVALID_ARGUMENT", False, "The name has more than 128 bytes"),
    ErrorCode("VE019", "description_too_long", "DESCRIPTION_TOO_LONG", 3012, 400, "INVALID_ARGUMENT", False, "The description has more than 1024 bytes"),
    ErrorCode("VE021", "too_many_stores", "STORE_IDS_TOO_MANY", 3013, 400, "INVALID_ARGUMENT", False, "There are more than 50 stores"),
    ErrorCode("VE022", "rate_limit_invalid", "RATE_LIMIT_INVALID", 3014, 400, "INVALID_ARGUMENT", False, "The rate limit is not between 1 and 10000"),
    ErrorCode("VE023", "tenant_id_not_allowed", "TENANT_ID_NOT_ALLOWED", 3015, 400, "INVALID_ARGUMENT", False, "A tenant cannot be chosen: each registration makes its own"),
    ErrorCode("VE024", "unsupported_transfer_coding", "UNSUPPORTED_TRANSFER_CODING", 3016, 501, "UNIMPLEMENTED", False, "The only transfer coding understood is chunked"),
    ErrorCode("VE025", "body_timeout", "TIMEOUT", 8003, 408, "DEADLINE_EXCEEDED", True, "The request body did not arrive in time"),
    ErrorCode("VE101", "missing_auth", "AUTH_REQUIRED", 1001, 401, "UNAUTHENTICATED", False, "Missing authentication"),
    ErrorCode("VE102", "invalid_api_key", "INVALID_API_KEY", 1002, 401, "UNAUTHENTICATED", False, "Invalid API key"),
    ErrorCode("VE103", "invalid_token", "INVALID_TOKEN", 1003, 401, "UNAUTHENTICATED", False, "Invalid token"),
    ErrorCode("VE104", "token_expired", "TOKEN_EXPIRED", 1004, 401, "UNAUTHENTICATED", False, "Token expired"),
    ErrorCode("VE105", "insufficient_permissions", "INSUFFICIENT_PERMISSIONS", 1005, 403, "PERMISSION_DENIED", False, "Insufficient permissions"),
    ErrorCode("VE106", "tenant_access_denied", "INSUFFICIENT_PERMISSIONS", 1005, 403, "PERMISSION_DENIED", False, "Tenant access denied"),
    ErrorCode("VE107", "store_access_denied", "INSUFFICIENT_PERMISSIONS", 1005, 403, "PERMISSION_DENIED", False, "Store access denied"),
    ErrorCode("VE108", "agent_mismatch", "INSUFFICIENT_PERMISSIONS", 1005, 403, "PERMISSION_DENIED", False, "Agent mismatch"),
    ErrorCode("VE109", "stale_credentials", "SERVICE_UNAVAILABLE", 8002, 503, "UNAVAILABLE", True, "Credentials changed while the request was waiting"),
    ErrorCode("VE110", "api_key_not_found", "RESOURCE_NOT_FOUND", 4001, 404, "NOT_FOUND", False, "API key not found"),
    ErrorCode("VE111", "api_key_exists", "ALREADY_EXISTS", 5004, 409, "ALREADY_EXISTS", False, "The API key already exists"),
    ErrorCode("VE112", "agent_not_found", "RESOURCE_NOT_FOUND", 4001, 404, "NOT_FOUND", False, "Agent not found"),
    ErrorCode("VE113", "admin_ip_denied", "ADMIN_IP_DENIED", 1006, 403, "PERMISSION_DENIED", False, "Admin access denied"),
    ErrorCode("VE114", "registration_disabled", "REGISTRATION_DISABLED", 1007, 403, "PERMISSION_DENIED", False, "Agents cannot register themselves here"),
    ErrorCode("VE115", "admin_not_allowed", "ADMIN_NOT_ALLOWED", 1008, 403, "PERMISSION_DENIED", False, "An agent that registers itself cannot administer"),
    ErrorCode("VE201", "invalid_public_key", "INVALID_PUBLIC_KEY", 6003, 400, "INVALID_ARGUMENT", False, "The public key is not usable"),
    ErrorCode("VE202", "proof_of_possession_failed", "SIGNATURE_VERIFICATION_FAILED", 6002, 400, "INVALID_ARGUMENT", False, "The proof of possession is missing or does not verify"),
    ErrorCode("VE203", "agent_key_not_found", "AGENT_KEY_NOT_FOUND", 4005, 404, "NOT_FOUND", False, "Agent key not found"),
    ErrorCode("VE204", "crypto_unavailable", "SERVICE_UNAVAILABLE", 8002, 503, "UNIMPLEMENTED", False, "This database has no PL/Python: in-database cryptography is not available (core mode)"),
    ErrorCode("VE205", "unknown_signer", "INVALID_FIELD_VALUE", 3003, 400, "INVALID_ARGUMENT", False, "The signer is not registered"),
    ErrorCode("VE206", "signer_key_conflict", "ALREADY_EXISTS", 5004, 409, "ALREADY_EXISTS", False, "The sequencer id and key version are registered with another public key"),
    ErrorCode("VE207", "receipt_conflict", "INVARIANT_VIOLATION", 7002, 409, "FAILED_PRECONDITION", False, "The receipt hash is not that of the event with this number"),
    ErrorCode("VE208", "agent_key_not_active", "INVALID_STATE_TRANSITION", 7001, 409, "FAILED_PRECONDITION", False, "The agent key is not active"),
    ErrorCode("VE209", "key_type_unsupported", "INVALID_FIELD_VALUE", 3003, 400, "UNIMPLEMENTED", False, "Only signing keys are supported"),
    ErrorCode("VE210", "encryption_group_not_found", "RESOURCE_NOT_FOUND", 4001, 404, "NOT_FOUND", False, "Encryption group not found"),
    ErrorCode("VE211", "group_member_not_found", "RESOURCE_NOT_FOUND", 4001, 404, "NOT_FOUND", False, "The agent is not a member of the group"),
    ErrorCode("VE212", "recipient_key_conflict", "INVARIANT_VIOLATION", 7002, 409, "FAILED_PRECONDITION", False, "Two members of the group have encryption keys with one number"),
    ErrorCode("VE301", "agent_key_exists", "ALREADY_EXISTS", 5004, 409, "ALREADY_EXISTS", False, "The agent key is already registered"),
    ErrorCode("VE302", "encryption_group_exists", "ALREADY_EXISTS", 5004, 409, "ALREADY_EXISTS", False, "The tenant has an encryption group of this name"),
    ErrorCode("VE401", "sequence_exhausted", "INVARIANT_VIOLATION", 7002, 409, "FAILED_PRECONDITION", False, "The stream has no sequence numbers left"),
    ErrorCode("VE402", "sequence_gap", "SEQUENCE_GAP", 7003, 409, "DATA_LOSS", False, "An event of the window is missing"),
    ErrorCode("VE403", "numbers_moved", "SERVICE_UNAVAILABLE", 8002, 503, "UNAVAILABLE", True, "The payloads were encrypted for other sequence numbers"),
    ErrorCode("VE404", "cursor_moved", "INVARIANT_VIOLATION", 7002, 409, "ABORTED", False, "The cursor is not at the expected number"),
    ErrorCode("VE405", "cursor_beyond_head", "INVARIANT_VIOLATION", 7002, 409, "FAILED_PRECONDITION", False, "A cursor cannot pass the head of its stream"),
    ErrorCode("VE406", "lease_lost", "INVARIANT_VIOLATION", 7002, 409, "ABORTED", False, "The lease is not held with this token"),
    ErrorCode("VE501", "append_only", "INVARIANT_VIOLATION", 7002, 409, "FAILED_PRECONDITION", False, "Stored history cannot be changed"),
    ErrorCode("VE502", "array_shape", "INTERNAL_ERROR", 8999, 500, "INTERNAL", False, "The arrays of a batch do not have one length"),
    ErrorCode("VE510", "keyring_unavailable", "SERVICE_UNAVAILABLE", 8002, 503, "UNAVAILABLE", False, "The key ring of encryption at rest cannot be used"),
    ErrorCode("VE511", "encryption_required", "SERVICE_UNAVAILABLE", 8002, 503, "FAILED_PRECONDITION", False, "There is no key for encryption at rest"),
    ErrorCode("VE512", "payload_not_readable", "ENCRYPTION_ERROR", 6005, 500, "DATA_LOSS", False, "A stored payload or proof cannot be decrypted"),
    ErrorCode("VE513", "payload_is_shredded", "ALREADY_EXISTS", 5004, 409, "FAILED_PRECONDITION", False, "The payload was destroyed before"),
    ErrorCode("VE514", "keyring_mismatch", "SERVICE_UNAVAILABLE", 8002, 503, "FAILED_PRECONDITION", False, "The key ring of this process lacks a key under which the database server encrypts"),
    ErrorCode("VE520", "projection_moved", "SERVICE_UNAVAILABLE", 8002, 503, "UNAVAILABLE", True, "A projection changed while events were applied to it"),
    ErrorCode("VE521", "projection_not_found", "RESOURCE_NOT_FOUND", 4001, 404, "NOT_FOUND", False, "No projection of this entity exists"),
    ErrorCode("VE601", "range_is_empty", "INVALID_FIELD_VALUE", 3003, 400, "INVALID_ARGUMENT", False, "sequence_end must not be below sequence_start"),
    ErrorCode("VE602", "commitment_exists", "INVALID_FIELD_VALUE", 3003, 400, "FAILED_PRECONDITION", False, "A commitment with another end already exists for this start"),
    ErrorCode("VE603", "range_must_follow", "INVALID_FIELD_VALUE", 3003, 400, "FAILED_PRECONDITION", False, "The range must start right after the last commitment"),
    ErrorCode("VE604", "range_has_no_events", "INVALID_FIELD_VALUE", 3003, 400, "FAILED_PRECONDITION", False, "The range is not completely sequenced"),
    ErrorCode("VE605", "commitment_not_found", "RESOURCE_NOT_FOUND", 4001, 404, "NOT_FOUND", False, "Commitment not found"),
    ErrorCode("VE606", "sequence_outside_commitment", "INVALID_FIELD_VALUE", 3003, 400, "OUT_OF_RANGE", False, "The sequence number is outside the commitment"),
    ErrorCode("VE607", "commitment_access_denied", "INSUFFICIENT_PERMISSIONS", 1005, 403, "PERMISSION_DENIED", False, "Commitment access denied"),
    ErrorCode("VE608", "range_too_large", "INVALID_FIELD_VALUE", 3003, 400, "OUT_OF_RANGE", False, "The range has too many events for one commitment"),
    ErrorCode("VE609", "event_not_found", "EVENT_NOT_FOUND", 4002, 404, "NOT_FOUND", False, "Event not found"),
    ErrorCode("VE610", "range_is_committed", "INVALID_FIELD_VALUE", 3003, 400, "FAILED_PRECONDITION", False, "The start of the range is committed already"),
    ErrorCode("VE611", "root_mismatch", "INVARIANT_VIOLATION", 7002, 409, "FAILED_PRECONDITION", False, "The Merkle root is not the expected one"),
    ErrorCode("VE620", "proof_not_found", "RESOURCE_NOT_FOUND", 4001, 404, "NOT_FOUND", False, "Proof not found"),
    ErrorCode("VE621", "proof_conflict", "ALREADY_EXISTS", 5004, 409, "ALREADY_EXISTS", False, "Another proof is stored for the same subject type version and policy"),
    ErrorCode("VE622", "invalid_proof", "INVALID_FIELD_VALUE", 3003, 400, "INVALID_ARGUMENT", False, "The proof does not verify"),
    ErrorCode("VE623", "proof_stream_mismatch", "INVARIANT_VIOLATION", 7002, 409, "FAILED_PRECONDITION", False, "The proof is not of the stream of what it is about"),
    ErrorCode("VE630", "schema_not_found", "SCHEMA_NOT_FOUND", 3007, 404, "NOT_FOUND", False, "Schema not found"),
    ErrorCode("VE631", "invalid_schema", "INVALID_FIELD_VALUE", 3003, 400, "INVALID_ARGUMENT", False, "The JSON Schema is not acceptable"),
    ErrorCode("VE632", "schema_incompatible", "INVALID_FIELD_VALUE", 3003, 400, "FAILED_PRECONDITION", False, "The JSON Schema is not compatible with an earlier version"),
    ErrorCode("VE633", "schema_too_large", "PAYLOAD_TOO_LARGE", 3004, 413, "RESOURCE_EXHAUSTED", False, "The JSON Schema is too large"),
    ErrorCode("VE634", "stale_schemas", "SERVICE_UNAVAILABLE", 8002, 503, "UNAVAILABLE", True, "Schemas changed while the request was waiting"),
    ErrorCode("VE635", "schema_version_moved", "SERVICE_UNAVAILABLE", 8002, 503, "UNAVAILABLE", True, "Another version was registered while this one was compared"),
    ErrorCode("VE640", "subscription_not_found", "RESOURCE_NOT_FOUND", 4001, 404, "NOT_FOUND", False, "The tenant has no subscription of this name and kind"),
    ErrorCode("VE641", "subscription_exists", "ALREADY_EXISTS", 5004, 409, "ALREADY_EXISTS", False, "The tenant has a subscription of this name and another kind"),
    ErrorCode("VE901", "server_not_durable", "SERVICE_UNAVAILABLE", 8002, 503, "FAILED_PRECONDITION", False, "The database server does not flush commits (fsync or full_page_writes or synchronous_commit is off)"),
    ErrorCode("VE902", "database_unavailable", "SERVICE_UNAVAILABLE", 8002, 503, "UNAVAILABLE", True, "The database is not reachable"),
    ErrorCode("VE903", "timeout", "TIMEOUT", 8003, 504, "DEADLINE_EXCEEDED", True, "The request took too long"),
    ErrorCode("VE904", "internal_error", "INTERNAL_ERROR", 8999, 500, "INTERNAL", False, "Internal server error"),
    ErrorCode("VE905", "overloaded", "SERVICE_UNAVAILABLE", 8002, 503, "UNAVAILABLE", True, "The service is busy"),
    ErrorCode("VE907", "port_unavailable", "SERVICE_UNAVAILABLE", 8002, 503, "UNAVAILABLE", False, "The port is not available"),
    ErrorCode("VE908", "no_credentials", "SERVICE_UNAVAILABLE", 8002, 503, "FAILED_PRECONDITION", False, "Authentication is required but no credential of any kind exists"),
    ErrorCode("VE909", "pool_exhausted", "SERVICE_UNAVAILABLE", 8002, 503, "UNAVAILABLE", True, "The connection pool is exhausted"),
    ErrorCode("VE910", "engine_mismatch", "SERVICE_UNAVAILABLE", 8002, 503, "FAILED_PRECONDITION", False, "The engine in the database does not fit this release of the server"),
    ErrorCode("VE911", "transition_refused", "INTERNAL_ERROR", 8999, 500, "INTERNAL", False, "The state machine has no such step"),
    ErrorCode("VE912", "quota_exceeded", "QUOTA_EXCEEDED", 2002, 429, "RESOURCE_EXHAUSTED", False, "The tenant or the agent has as many of these as it may have"),
    ErrorCode("VE913", "shutting_down", "SERVICE_UNAVAILABLE", 8002, 503, "UNAVAILABLE", True, "The server is shutting down"),
    ErrorCode("VE914", "database_unsuitable", "SERVICE_UNAVAILABLE", 8002, 503, "FAILED_PRECONDITION", False, "The encoding or the literal rules of the database do not fit"),
    ErrorCode("VE906", "rate_limited", "RATE_LIMIT_EXCEEDED", 2001, 429, "RESOURCE_EXHAUSTED", True, "Rate limit exceeded"),
)
# fmt: on

BY_NAME = {entry.name: entry for entry in ALL}
BY_CODE = {entry.code: entry for entry in ALL}
