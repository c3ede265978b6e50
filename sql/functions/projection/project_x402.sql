create or replace function ves_int.project_x402(state jsonb, event ves_int.projected_event, payload jsonb)
returns jsonb
language sql
immutable
set search_path to pg_catalog, pg_temp
as $$
  select jsonb_object_agg(m.name, coalesce(payload -> m.name, state -> m.name))
  from unnest(
    case event.entity_type
      when 'x402_payment' then array[
        'amount', 'asset', 'batch_id', 'block_number', 'network', 'payee_address', 'payer_address', 'reason',
        'sequence_number', 'tx_hash', 'valid_until']
      else array[
        'block_number', 'merkle_root', 'network', 'new_state_root', 'payment_count', 'sequence_end',
        'sequence_start', 'tx_hash']
    end
  ) as m (name);
$$;

comment on function ves_int.project_x402(jsonb, ves_int.projected_event, jsonb) is
'What an event does to a payment intent or a batch of them (x402 A8) but for its status: members of the payload replace those of the state; what no event has said is null.';
