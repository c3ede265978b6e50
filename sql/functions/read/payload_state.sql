create or replace function ves_int.payload_state(
  shredded_at timestamptz, payload_kind smallint, payload_key_id bytea
)
returns text
language sql
immutable
parallel safe
set search_path to pg_catalog, pg_temp
as $$
  select case
    when shredded_at is not null then 'shredded'
    when payload_kind = 1 then 'encrypted_to_recipients'
    when payload_key_id is not null then 'encrypted_at_rest'
    else 'plaintext'
  end;
$$;

comment on function ves_int.payload_state(timestamptz, smallint, bytea) is
'How a payload is stored: plaintext, encrypted_at_rest (VES 16), encrypted_to_recipients (VES 8) or shredded.';
