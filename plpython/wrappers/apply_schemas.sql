-- Adds the schema violations of a batch to its refusals (operations 6.3).
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
volatile
called on null input
parallel unsafe
cost 10000
set search_path to pg_catalog, pg_temp
as $$
if "ves.schemas" not in GD:
    from ves import plpython_schemas
    GD["ves.schemas"] = plpython_schemas
ves = GD["ves.schemas"]
events = ves.events(event_types, payload_kinds, payloads, refusals)
budget = ves.Budget(plpy)
rules = ves.rules(GD, schema_types, schema_ids, schema_texts, budget)
return ves.apply(plpy, budget, mode, reason, events, refusal_messages, rules)
$$;

comment on function ves_int.apply_schemas(text, text, text[], smallint[], json[], text[], text[], text[], uuid[], text[]) is
'Refusals and messages of a batch; a payload that fails the schema of its type gets the refusal reason (operations 6.3), in mode warn only a warning. Null stands for an array of nulls; payload_kinds null: all plaintext. Compiled schemas are cached in the session.';
