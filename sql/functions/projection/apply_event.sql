-- One step of a projection (operations 5.1, steps 3, 4 and 7): a function of the state, the event and the
-- table of steps alone, so that a rebuild gives what the first run gave. An error of the event is a result,
-- one of the server is raised: the event is tried again.
create or replace function ves_int.apply_event(
  inout state jsonb, inout version bigint, event ves_int.projected_event, out code text, out message text
)
language plpgsql
stable
set search_path to pg_catalog, pg_temp
as $$
declare
  v_before constant jsonb := state;
  v_status constant text := case when state is null then '' else coalesce(state ->> 'status', 'exists') end;
  v_step ves_store.projection_steps;
  v_payload jsonb;
  v_effect record;
  v_backslash constant text := repeat(chr(92), 2);
begin
  if event.base_version <> coalesce(version, 0) then
    code := 'VERSION_CONFLICT';
    message := format('expected version %s, actual %s', event.base_version, coalesce(version, 0));
    return;
  end if;
  select s.* into v_step from ves_store.projection_steps as s
  where s.event_type = event.event_type and s.from_status = v_status;
  if not found or not event.event_type ^@ (event.entity_type || '.') then
    select
      case
        when count(*) = 0 or not event.event_type ^@ (event.entity_type || '.') then 'SKIPPED'
        when v_status = '' then 'ENTITY_NOT_FOUND'
        else 'INVALID_STATE_TRANSITION'
      end,
      case
        when bool_or(s.from_status = '') then 'exists→created'
        when v_status = '' then 'the entity does not exist'
        else initcap(v_status) || '→' || initcap(max(s.to_status))
      end
    into code, message
    from ves_store.projection_steps as s where s.event_type = event.event_type;
    return;
  end if;
  if v_step.reads_payload then
    if event.payload is null then
      code := 'PAYLOAD_INVALID';
      message := 'the payload cannot be read: ' || event.payload_state;
      return;
    end if;
    -- jsonb writes 1e-9000 with 9,000 digits
    if event.payload::text ~ '[0-9][eE]-[0-9]{3}' and regexp_replace(
      event.payload::text, '"([^"' || v_backslash || ']|' || v_backslash || '.)*"', '', 'g'
    ) ~ '[eE]-[0-9]{3}' then
      code := 'PAYLOAD_INVALID';
      message := 'a number has an exponent below -99';
      return;
    end if;
    v_payload := event.payload::jsonb;
  end if;
  -- assignments: a query for each event would start an executor
  if event.entity_type = 'product' then
    state := ves_int.project_product(state, event, v_payload);
  elsif event.entity_type in ('x402_payment', 'x402_batch') then
    state := ves_int.project_x402(state, event, v_payload);
  else
    case event.entity_type
      when 'order' then v_effect := ves_int.project_order(state, v_payload);
      when 'inventory' then v_effect := ves_int.project_inventory(state, event, v_payload);
      when 'customer' then v_effect := ves_int.project_customer(state, event, v_payload);
      when 'return' then v_effect := ves_int.project_return(state, event, v_payload);
    end case;
    if v_effect.code is not null then
      code := v_effect.code;
      message := v_effect.message;
      return;
    end if;
    state := v_effect.state;
  end if;
  if v_step.to_status <> 'exists' then
    state := state || jsonb_build_object('status', v_step.to_status);
  end if;
  if pg_column_size(state) > 16384 and octet_length(state::text) > 1048576 then
    code := 'PAYLOAD_INVALID';
    message := 'the state would have more than 1 MiB';
    state := v_before;
    return;
  end if;
  version := coalesce(version, 0) + 1;
exception
  when check_violation then
    get stacked diagnostics message = constraint_name;
    code := 'INVARIANT_VIOLATION';
    state := v_before;
  when others then
    if sqlstate ~ '^(25|40|53|55|57|58|XX)' then
      raise;
    end if;
    code := 'HANDLER_ERROR';
    message := left(sqlerrm, 500);
    state := v_before;
end
$$;

comment on function ves_int.apply_event(jsonb, bigint, ves_int.projected_event) is
'The state and version of an entity (null: it does not exist) after an event. code is null when the event is applied; SKIPPED when it is none of the projector''s; else why it is rejected (ves_store.rejected_events_log), and state and version are as before.';
