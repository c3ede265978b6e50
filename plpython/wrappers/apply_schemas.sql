-- Generated from ves.plpython_schemas.apply_schemas by `make generate`; do not edit.
create or replace function ves_int.apply_schemas(
  mode text,
  reason text,
  event_types text[],
  payload_kinds smallint[],
  payloads json[],
  refusals text[],
  refusal_messages text[],
  schema_types text[],
  schema_ids uuid[],
  schema_texts text[],
  out judged_refusals text[],
  out judged_messages text[]
)
returns record
language plpython3u
volatile called on null input parallel unsafe cost 10000
set search_path to pg_catalog, pg_temp
as $$
from ves.plpython_schemas import apply_schemas
from ves.plpython_guard import guard
return guard(plpy, apply_schemas,
  plpy, mode, reason, event_types, payload_kinds, payloads, refusals, refusal_messages, schema_types, schema_ids, schema_texts)
$$;

comment on function ves_int.apply_schemas(text, text, text[], smallint[], json[], text[], text[], text[], uuid[], text[]) is
'Add the schema violations of a batch to its refusals (operations 6.3). A payload that fails the schema of its type gets the refusal reason, in mode warn only a warning. Null stands for an array of nulls; payload_kinds null: all plaintext.';
