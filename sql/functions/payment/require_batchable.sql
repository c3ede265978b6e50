create or replace function ves_int.require_batchable(
  tenant_id uuid, store_id uuid, network text, intent_ids uuid[]
)
returns void
language plpgsql
stable
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set jit to off
as $$
#variable_conflict use_column
declare
  v_wrong record;
begin
  if cardinality(intent_ids) <> (select count(distinct g.intent_id) from unnest(intent_ids) as g (intent_id)) then
    perform ves_int.raise_error('invalid_field', '{"field": "intent_ids"}');
  end if;
  select g.intent_id, i.status into v_wrong
  from unnest(intent_ids) with ordinality as g (intent_id, ord)
  left join ves_store.x402_payment_intents as i
    on i.intent_id = g.intent_id and i.tenant_id is not distinct from require_batchable.tenant_id
  where i.status is null or i.status <> 'sequenced' or i.store_id <> require_batchable.store_id
    or i.network <> require_batchable.network
  order by i.status is not null, g.ord
  limit 1;
  if found then
    perform ves_int.raise_error(
      case when v_wrong.status is null then 'payment_not_found' else 'payment_not_batchable' end,
      case when v_wrong.status is null then '{}' else
        jsonb_build_object('intent_id', v_wrong.intent_id, 'status', v_wrong.status) end);
  end if;
end
$$;

comment on function ves_int.require_batchable(uuid, uuid, text, uuid[]) is
'Refuses intents that cannot become a batch of a stream and network (x402 A10). Errors: VE007 one is named twice, VE701 not found, VE712 of another stream or network, or no longer sequenced.';
