create or replace function ves.claim_dead_letters(
  tenant_id uuid, name text, max_letters integer default 16, claim_seconds double precision default 30
)
returns table (
  dead_letter_id bigint, token bigint, store_id uuid, sequence_number bigint, reason text, retry_count integer
)
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_subscription constant ves_store.subscriptions := ves_int.find_subscription(
    claim_dead_letters.tenant_id, claim_dead_letters.name, 'group');
begin
  return query
  select c.dead_letter_id, c.retry_token, c.store_id, c.sequence_number, c.reason, c.retry_count
  from ves_int.claim_retries(
    'sub/' || v_subscription.subscription_id, least(max_letters, 1000), claim_seconds) as c;
end
$$;

comment on function ves.claim_dead_letters(uuid, text, integer, double precision) is
'Due dead letters of a group, at most 1,000; nobody else is given them for claim_seconds (up to 86,400). Handle each and tell ves.settle_dead_letter. Errors: VE640.';
