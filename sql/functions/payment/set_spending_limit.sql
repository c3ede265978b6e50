-- Locks (sql/README.md): a row of x402_spending_limits, then 7.
create or replace function ves.set_spending_limit(
  tenant_id uuid, asset text, max_amount bigint, period interval, agent_id uuid default null,
  context jsonb default null
)
returns void
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
set timezone to 'UTC'
set intervalstyle to 'postgres'
as $$
#variable_conflict use_column
declare
  v_agent constant uuid := coalesce(set_spending_limit.agent_id, '00000000-0000-0000-0000-000000000000'::uuid);
  v_wrong constant text := case
    when set_spending_limit.tenant_id is null then 'tenant_id'
    when coalesce(asset not in ('usdc', 'usdt', 'ssusd', 'wssusd', 'dai', 'eth'), true) then 'asset'
    when max_amount < 0 then 'max_amount'
    when coalesce(period not between interval '1 minute' and interval '1 year', true) then 'period'
  end;
begin
  if v_wrong is not null then
    perform ves_int.raise_error('invalid_field', jsonb_build_object('field', v_wrong));
  end if;
  if max_amount is null then
    delete from ves_store.x402_spending_limits as l
    where l.agent_id = v_agent and l.asset = set_spending_limit.asset
      and l.tenant_id is not distinct from set_spending_limit.tenant_id;
  else
    insert into ves_store.x402_spending_limits as l (tenant_id, agent_id, asset, max_amount, period)
    values (
      set_spending_limit.tenant_id, v_agent, set_spending_limit.asset, set_spending_limit.max_amount,
      set_spending_limit.period)
    on conflict (agent_id, asset, tenant_id) do update
    set max_amount = excluded.max_amount, period = excluded.period;
  end if;
  perform ves_int.audit(
    'config_updated', set_spending_limit.tenant_id, 'spending_limit', v_agent || ' ' || set_spending_limit.asset,
    jsonb_build_object('max_amount', set_spending_limit.max_amount, 'period', set_spending_limit.period),
    set_spending_limit.context);
end
$$;

comment on function ves.set_spending_limit(uuid, text, bigint, interval, uuid, jsonb) is
'Limits what an agent of a tenant, or the whole tenant (no agent), may have accepted of an asset in a period of 1 minute to 1 year, on all networks together; a null max_amount removes the limit. A period begins with the first payment after the last one ended; what is failed or expired later stays counted. A payment beyond it is refused (VE710). Audited. Errors: VE007.';
