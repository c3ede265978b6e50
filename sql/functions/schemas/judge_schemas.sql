-- For the doors that verify in the database. A tenant without schemas costs one look-up. The mode is a row,
-- which the caller of a door cannot change.
create or replace function ves_int.judge_schemas(
  tenant_id uuid, event_types text[], payload_kinds smallint[], payloads json[], refusals text[],
  refusal_messages text[], reason text,
  out judged_refusals text[], out judged_messages text[], out schema_epoch bigint
)
returns record
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_mode constant text := (select v.mode from ves_store.schema_validation as v);
  v_schemas record;
begin
  judged_refusals := judge_schemas.refusals;
  judged_messages := judge_schemas.refusal_messages;
  if v_mode = 'disabled' then
    return;
  end if;
  schema_epoch := coalesce(
    (select e.epoch from ves_store.schema_epochs as e where e.tenant_id = judge_schemas.tenant_id), 0);
  if schema_epoch = 0 and v_mode = 'enforce' then
    return;
  end if;
  select
    max(a.schema_epoch) as epoch, array_agg(a.event_type) as types, array_agg(a.schema_id) as ids,
    array_agg(a.schema_json::text) as texts
  into v_schemas
  from ves.get_active_schemas(judge_schemas.tenant_id, judge_schemas.event_types) as a;
  schema_epoch := v_schemas.epoch;
  select a.judged_refusals, a.judged_messages into judged_refusals, judged_messages
  from ves_int.apply_schemas(
    v_mode, judge_schemas.reason, judge_schemas.event_types, judge_schemas.payload_kinds, judge_schemas.payloads,
    judge_schemas.refusals, judge_schemas.refusal_messages, v_schemas.types, v_schemas.ids, v_schemas.texts) as a;
end
$$;

comment on function ves_int.judge_schemas(uuid, text[], smallint[], json[], text[], text[], text) is
'Refusals of a batch with the verdicts of its tenant''s active schemas over them, and the schema epoch at which those were read. The mode is the one that ves.set_schema_validation_mode stored.';
