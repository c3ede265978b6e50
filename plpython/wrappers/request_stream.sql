-- Decodes an ingest request; returns its agent, tenant, store and required agent key ids (bit patterns).
-- The decoded form is cached in the session for prepare_signed_events.
create or replace function ves_int.request_stream(
  request text,
  max_events integer,
  max_payload_bytes integer,
  strict_format boolean,
  profile text,
  out agent_id uuid,
  out tenant_id uuid,
  out store_id uuid,
  out key_ids integer[]
)
returns record
language plpython3u
volatile
strict
parallel unsafe
cost 5000
set search_path to pg_catalog, pg_temp
as $$
if "ves" not in GD:
    from ves import plpython
    GD["ves"] = plpython
ves = GD["ves"]
limits = ves.Limits(max_events, max_payload_bytes, strict_format=strict_format, profile=profile)
return ves.guard(plpy, ves.request_stream, GD, request, limits)
$$;

comment on function ves_int.request_stream(text, integer, integer, boolean, text) is
'Decodes an ingest request; returns its agent, tenant, store and required agent key ids (bit patterns). The decoded form is cached in the session for prepare_signed_events. Errors: the whole-request refusals of VES 14.1.';
