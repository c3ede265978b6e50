-- Locks (sql/README.md): after 2, rows of x402_spending_limits of a tenant and an agent, in this order.
create or replace function ves_int.take_spending(
  tenant_id uuid, agent_id uuid, asset text, amount bigint, at timestamptz
)
returns boolean
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_limit record;
begin
  for v_limit in
    select l.agent_id, l.max_amount, case when l.period_ends_at <= at then 0 else l.spent end as spent
    from ves_store.x402_spending_limits as l
    where l.tenant_id is not distinct from take_spending.tenant_id and l.asset = take_spending.asset
      and l.agent_id in ('00000000-0000-0000-0000-000000000000', take_spending.agent_id)
    order by l.agent_id
    for update
  loop
    if v_limit.spent > v_limit.max_amount - amount then
      return false;
    end if;
  end loop;
  update ves_store.x402_spending_limits as l
  set
    spent = case when l.period_ends_at <= at then 0 else l.spent end + amount,
    period_ends_at = case when l.period_ends_at <= at then at + l.period else l.period_ends_at end
  where l.tenant_id is not distinct from take_spending.tenant_id and l.asset = take_spending.asset
    and l.agent_id in ('00000000-0000-0000-0000-000000000000', take_spending.agent_id);
  return true;
end
$$;

comment on function ves_int.take_spending(uuid, uuid, text, bigint, timestamptz) is
'Takes an amount out of the spending limits of an agent and its tenant; false, and nothing is taken, if one would be exceeded.';
