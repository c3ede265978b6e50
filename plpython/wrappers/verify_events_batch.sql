-- Generated from ves.plpython.verify_events_batch by `make generate`; do not edit.
create or replace function ves_int.verify_events_batch(
  tenant_id uuid,
  store_id uuid,
  events ves_int.event_chunk
)
returns text[]
language plpython3u
stable strict parallel restricted cost 100000
set search_path to pg_catalog, pg_temp
as $$
from uuid import UUID
from ves.plpython import verify_events_batch
from ves.plpython_guard import guard
return guard(plpy, verify_events_batch,
  UUID(tenant_id), UUID(store_id), events)
$$;

comment on function ves_int.verify_events_batch(uuid, uuid, ves_int.event_chunk) is
'Recompute stored events of one stream (VES 4 to 11). Returns for each event the names of its findings (ves_int.findings), separated by blanks. Those of payload_states are copied. A key that is not stored is no finding here; a receipt that is not stored is not checked.';
