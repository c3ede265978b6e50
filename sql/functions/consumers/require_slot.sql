-- The slot's row is locked, so a member that takes the slot waits for this transaction or refuses it.
-- Locks (sql/README.md): the row of the slot.
create or replace function ves_int.require_slot(
  subscription ves_store.subscriptions, store_id uuid, token bigint
)
returns smallint
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_slot constant smallint := ves_int.slot_of(require_slot.store_id);
begin
  perform from ves_store.subscription_slots as s
  where s.tenant_id = subscription.tenant_id and s.subscription_id = subscription.subscription_id
    and s.slot = v_slot and s.token = require_slot.token and s.member is not null
  for share;
  if not found then
    perform ves_int.raise_error(
      'lease_lost', jsonb_build_object('name', subscription.name || '/' || v_slot, 'token', token));
  end if;
  return v_slot;
end
$$;

comment on function ves_int.require_slot(ves_store.subscriptions, uuid, bigint) is
'Fencing of a group: the slot of a stream, if it is held with this token. Errors: VE406.';
