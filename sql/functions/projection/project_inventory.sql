-- The figures are checked by the domain checked_inventory: a value that violates an invariant raises 23514.
create or replace function ves_int.project_inventory(
  inout state jsonb, event ves_int.projected_event, payload jsonb, out code text, out message text
)
language plpgsql
immutable
set search_path to pg_catalog, pg_temp
as $$
declare
  v_given constant jsonb :=
    payload -> case event.event_type when 'inventory.adjusted' then 'adjustment' else 'quantity' end;
  v_quantity numeric := 0::numeric;
  v_reorder_point numeric := 10::numeric;
  v_change ves_int.inventory_change;
  v_checked ves_int.checked_inventory;
begin
  if jsonb_typeof(v_given) = 'number' and trunc(v_given::numeric) = v_given::numeric
    and v_given::numeric between -9223372036854775808 and 9223372036854775807 then
    v_quantity := v_given::numeric;
  end if;
  if v_quantity < 0
    and event.event_type in ('inventory.reserved', 'inventory.released', 'inventory.fulfilled') then
    code := 'PAYLOAD_INVALID';
    message := 'quantity must not be negative';
    return;
  end if;
  if event.event_type = 'inventory.initialized' then
    if jsonb_typeof(payload -> 'reorder_point') = 'number'
      and trunc((payload -> 'reorder_point')::numeric) = (payload -> 'reorder_point')::numeric
      and (payload -> 'reorder_point')::numeric between -9223372036854775808 and 9223372036854775807 then
      v_reorder_point := (payload -> 'reorder_point')::numeric;
    end if;
    state := jsonb_build_object(
      'product_id', event.entity_id, 'location_id', 'default', 'quantity_on_hand', trunc(v_quantity),
      'quantity_reserved', 0, 'quantity_available', trunc(v_quantity),
      'reorder_point', trunc(v_reorder_point));
    if length(event.entity_id) - length(replace(event.entity_id, ':', '')) = 1 then
      state := state || jsonb_build_object(
        'product_id', split_part(event.entity_id, ':', 1),
        'location_id', split_part(event.entity_id, ':', 2));
    end if;
    return;
  end if;
  v_change.quantity_on_hand := (state -> 'quantity_on_hand')::numeric;
  v_change.quantity_reserved := (state -> 'quantity_reserved')::numeric;
  v_change.available_before := (state -> 'quantity_available')::numeric;
  case event.event_type
    when 'inventory.adjusted' then
      v_change.moved := v_quantity;
    when 'inventory.reserved' then
      v_change.requested := v_quantity;
      v_change.quantity_reserved := v_change.quantity_reserved + v_quantity;
    when 'inventory.released' then
      v_change.quantity_reserved := greatest(v_change.quantity_reserved - v_quantity, 0);
    when 'inventory.fulfilled' then
      v_change.moved := -v_quantity;
      v_change.quantity_reserved := greatest(v_change.quantity_reserved - v_quantity, 0);
  end case;
  v_change.quantity_on_hand := v_change.quantity_on_hand + coalesce(v_change.moved, 0);
  v_change.quantity_available := v_change.quantity_on_hand - v_change.quantity_reserved;
  v_checked := v_change;
  state := state || jsonb_build_object(
    'quantity_on_hand', trunc((v_checked).quantity_on_hand),
    'quantity_reserved', trunc((v_checked).quantity_reserved),
    'quantity_available', trunc((v_checked).quantity_available));
end
$$;

comment on function ves_int.project_inventory(jsonb, ves_int.projected_event, jsonb) is
'What an event does to an inventory (operations 5.2). Errors: 23514 with the name of the invariant that it violates.';
