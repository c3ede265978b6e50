create or replace function ves.settle_dead_letter(
  tenant_id uuid, name text, dead_letter_id bigint, token bigint, reason text default null,
  message text default null
)
returns text
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_subscription constant ves_store.subscriptions := ves_int.find_subscription(
    settle_dead_letter.tenant_id, settle_dead_letter.name, 'group');
  v_letter ves_store.dead_letter_events;
begin
  if reason not in (
    'schema_validation', 'invariant_violation', 'invalid_state_transition', 'version_conflict', 'handler_error',
    'unknown'
  ) then
    perform ves_int.raise_error('invalid_field', '{"field": "reason"}');
  end if;
  if not exists (
    select from ves_store.dead_letter_events as d
    where d.tenant_id = settle_dead_letter.tenant_id and d.dead_letter_id = settle_dead_letter.dead_letter_id
      and d.consumer = 'sub/' || v_subscription.subscription_id
  ) then
    perform ves_int.raise_error('dead_letter_not_found');
  end if;
  v_letter := ves_int.settle_dead_letter(
    settle_dead_letter.tenant_id, settle_dead_letter.dead_letter_id, settle_dead_letter.token,
    settle_dead_letter.reason, settle_dead_letter.message);
  return v_letter.status;
end
$$;

comment on function ves.settle_dead_letter(uuid, text, bigint, bigint, text, text) is
'Ends the claim of ves.claim_dead_letters: reason null: handled, else it is due again later or failed; its status. Put it into the transaction that stores the result. Errors: VE640, VE642, VE406 it was claimed anew, VE007.';
