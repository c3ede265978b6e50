-- PL/pgSQL for its cached plan, one expression without helpers: each nested call would cost more than the
-- hash.
create or replace function ves_int.audit_hash(entry ves_store.audit_log)
returns bytea
language plpgsql
stable
set search_path to pg_catalog, pg_temp
as $$
begin
  return sha256(
    'VES_AUDIT_V1'::bytea
    || uuid_send(entry.tenant_id) || int8send(entry.number) || entry.previous_hash || uuid_send(entry.id)
    || int8send((extract(epoch from entry.timestamp) * 1000000)::bigint)
    || (
      select string_agg(
        coalesce(int4send(octet_length(f.value)) || convert_to(f.value, 'UTF8'), int4send(-1)), ''::bytea
        order by f.place)
      from unnest(array[
        entry.action, entry.actor, entry.actor_type, entry.database_role, entry.resource_type, entry.resource_id,
        entry.request_id, entry.ip_address, entry.user_agent, entry.details::text, entry.success::text,
        entry.error_message
      ]) with ordinality as f (value, place)
    ));
end
$$;

comment on function ves_int.audit_hash(ves_store.audit_log) is
'SHA-256 of an audit entry: "VES_AUDIT_V1", tenant_id (16 bytes), number (8), previous_hash (32), id (16), timestamp in microseconds since 1970 (8, big-endian like all numbers), then each of action, actor, actor_type, database_role, resource_type, resource_id, request_id, ip_address, user_agent, details as PostgreSQL prints the jsonb, success ("true" or "false") and error_message as its length in bytes (4) and its UTF-8 bytes; a null is the length -1 alone.';
