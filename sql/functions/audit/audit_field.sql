create or replace function ves_int.audit_field(value text)
returns bytea
language sql
immutable
set search_path to ''
as $$
  select coalesce(int4send(octet_length(value)) || convert_to(value, 'UTF8'), int4send(-1));
$$;

comment on function ves_int.audit_field(text) is
'A text in the preimage of an audit hash: its length in bytes (4 bytes, big-endian) and its UTF-8 bytes; null is the length -1 alone, so no two lists of fields have the same bytes.';
