create or replace function ves_int.settlement_parts(tenant_id uuid, batch_id uuid, max_size integer)
returns table (settlement_contract text, token_address text, intent_ids uuid[])
language sql
stable
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set jit to off
as $$
  select n.settlement_contract, n.token_address, array_agg(n.intent_id) as intent_ids
  from (
    select
      i.*, f.part,
      -- one intent may be what made a part too dear: its intents come in halves, so that it ends up alone
      (row_number() over (
        partition by i.settlement_contract, lower(i.token_address), i.asset, f.part order by i.sequence_number
      ) - 1) / least(greatest(settlement_parts.max_size, 1), 200, (f.size + 1) / 2) as chunk
    from ves_store.x402_payment_intents as i
    left join (
      select distinct on (m.intent_id) m.intent_id, m.part, count(*) over (partition by m.part) as size
      from ves_store.x402_settlement_items as m
      where m.batch_id = settlement_parts.batch_id and m.tenant_id = settlement_parts.tenant_id
      order by m.intent_id, m.part desc
    ) as f on i.intent_id = f.intent_id
    where i.batch_id = settlement_parts.batch_id and i.tenant_id is not distinct from settlement_parts.tenant_id
      and i.status = 'batched' and i.settlement_contract is not null and not exists (
        select from ves_store.x402_settlement_items as s
        where s.intent_id = i.intent_id and s.tenant_id = i.tenant_id and s.is_live
      )
  ) as n
  group by n.settlement_contract, n.token_address, n.asset, n.part, n.chunk
  order by min(n.sequence_number);
$$;

comment on function ves_int.settlement_parts(uuid, uuid, integer) is
'The parts that ves.plan_settlements makes of the intents of a batch that are settleable and in no part that is live, in order of their numbers.';
