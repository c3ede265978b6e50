create or replace function ves_int.audit_hash(entry ves_store.audit_log)
returns bytea
language sql
stable
set search_path to ''
as $$
  select sha256(
    convert_to('VES_AUDIT_V1', 'UTF8')
    || uuid_send(entry.tenant_id) || int8send(entry.number) || entry.previous_hash || uuid_send(entry.id)
    || int8send((extract(epoch from entry.timestamp) * 1000000)::bigint)
    || ves_int.audit_field(entry.action) || ves_int.audit_field(entry.actor) || ves_int.audit_field(entry.actor_type)
    || ves_int.audit_field(entry.database_role) || ves_int.audit_field(entry.resource_type)
    || ves_int.audit_field(entry.resource_id) || ves_int.audit_field(entry.request_id)
    || ves_int.audit_field(entry.ip_address) || ves_int.audit_field(entry.user_agent)
    || ves_int.audit_field(entry.details::text) || ves_int.audit_field(entry.success::text)
    || ves_int.audit_field(entry.error_message)
  );
$$;

comment on function ves_int.audit_hash(ves_store.audit_log) is
'SHA-256 of an audit entry: "VES_AUDIT_V1", tenant_id (16 bytes), number (8), previous_hash (32), id (16), timestamp in microseconds since 1970 (8, big-endian like all numbers), then as ves_int.audit_field: action, actor, actor_type, database_role, resource_type, resource_id, request_id, ip_address, user_agent, details as PostgreSQL prints the jsonb, success ("true" or "false"), error_message.';
