-- Values as JSON prints them, nulls left out: a column that a later release adds changes no hash.
create or replace function ves_int.row_hash(stored_row json)
returns bytea
language sql
immutable
parallel safe
set search_path to pg_catalog, pg_temp
as $$
  select sha256(convert_to(string_agg(m.key || ':' || m.value::text, ',' order by m.key), 'UTF8'))
  from json_each(stored_row) as m
  where m.value::text <> 'null'
    and m.key not in ('updated_at', 'check_at', 'current_sequence', 'proof', 'proof_key_id');
$$;

comment on function ves_int.row_hash(json) is
'SHA-256 (32 bytes) of to_json of a row: name:value of each member that is not null, in the order of the names. Left out: what changes without an act (updated_at, check_at, a counter''s current_sequence) and a proof''s bytes as they are encrypted now, of which proof_hash is covered.';
