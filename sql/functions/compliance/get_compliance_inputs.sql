create or replace function ves.get_compliance_inputs(
  tenant_id uuid, event_id uuid, policy_id text, policy_params text default '{}'
)
returns table (public_inputs json, public_inputs_hash bytea)
language plpgsql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_event ves_store.ves_events;
begin
  policy_id := ves_int.require_policy(policy_id, policy_params);
  perform ves_int.require_crypto();
  v_event := ves_int.find_event(get_compliance_inputs.tenant_id, get_compliance_inputs.event_id);
  public_inputs := ves_int.compliance_inputs_text(
    v_event, get_compliance_inputs.policy_id, get_compliance_inputs.policy_params,
    ves_int.policy_hash(get_compliance_inputs.policy_id, get_compliance_inputs.policy_params))::json;
  public_inputs_hash := ves_int.public_inputs_hash(public_inputs::text);
  return next;
end
$$;

comment on function ves.get_compliance_inputs(uuid, uuid, text, text) is
'Canonical public inputs of a compliance proof of an event and their hash (VES 13); policy_params is JSON text. Errors: VE001 parameters that are no JSON, VE204 in core mode, VE007 and VE008 a wrong policy, VE609 unknown event.';
