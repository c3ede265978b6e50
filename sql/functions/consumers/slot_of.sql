create or replace function ves_int.slot_of(store_id uuid)
returns smallint
language sql
immutable
parallel safe
set search_path to pg_catalog, pg_temp
as $$
  select (get_byte(sha256(uuid_send(store_id)), 0) & 63)::smallint;
$$;

comment on function ves_int.slot_of(uuid) is 'Slot of a stream in every consumer group: the low 6 bits of the first byte of SHA-256 of the store''s id.';
