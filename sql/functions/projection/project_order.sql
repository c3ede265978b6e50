create or replace function ves_int.project_order(
  inout state jsonb, payload jsonb, out code text, out message text
)
language plpgsql
immutable
set search_path to pg_catalog, pg_temp
as $$
begin
  if state is null then
    if jsonb_typeof(payload -> 'customer_id') is distinct from 'string' then
      code := 'PAYLOAD_INVALID';
      message := 'customer_id is required';
      return;
    end if;
    state := jsonb_build_object(
      'customer_id', payload -> 'customer_id',
      'total_amount', coalesce(ves_int.projected_amount(payload -> 'total_amount'), 0),
      'currency',
      case jsonb_typeof(payload -> 'currency') when 'string' then payload ->> 'currency' else 'USD' end,
      'line_items', ves_int.projected_items(payload -> 'line_items', 'unit_price'),
      'shipping_address', payload -> 'shipping_address');
  end if;
end
$$;

comment on function ves_int.project_order(jsonb, jsonb) is
'What an event does to an order (null: it does not exist yet) but for its status (operations 5.2).';
