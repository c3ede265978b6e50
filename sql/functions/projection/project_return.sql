create or replace function ves_int.project_return(
  inout state jsonb, event ves_int.projected_event, payload jsonb, out code text, out message text
)
language plpgsql
immutable
set search_path to pg_catalog, pg_temp
as $$
begin
  case event.event_type
    when 'return.requested' then
      if jsonb_typeof(payload -> 'order_id') is distinct from 'string'
        or jsonb_typeof(payload -> 'customer_id') is distinct from 'string' then
        code := 'HANDLER_ERROR';
        message := case jsonb_typeof(payload -> 'order_id')
          when 'string' then 'customer_id is required' else 'order_id is required' end;
        return;
      end if;
      state := jsonb_build_object(
        'order_id', payload -> 'order_id',
        'customer_id', payload -> 'customer_id',
        'reason', case jsonb_typeof(payload -> 'reason') when 'string' then payload ->> 'reason' else '' end,
        'items', ves_int.projected_items(payload -> 'items', 'condition'),
        'refund_amount', null);
    when 'return.refunded' then
      state := state || jsonb_build_object(
        'refund_amount', ves_int.projected_amount(payload -> 'refund_amount'));
    else null;
  end case;
end
$$;

comment on function ves_int.project_return(jsonb, ves_int.projected_event, jsonb) is
'What an event does to a return but for its status (operations 5.2).';
