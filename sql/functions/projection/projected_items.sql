-- All or nothing (operations 5.2): one item that does not fit makes the list empty.
create or replace function ves_int.projected_items(items jsonb, third text)
returns jsonb
language plpgsql
immutable
parallel safe
set search_path to pg_catalog, pg_temp
as $$
declare
  v_items jsonb;
  v_fit boolean;
begin
  if jsonb_typeof(items) is distinct from 'array' then
    return '[]'::jsonb;
  end if;
  select
    coalesce(bool_and(coalesce(
      jsonb_typeof(i.value -> 'product_id') = 'string'
      and jsonb_typeof(i.value -> 'quantity') = 'number'
      and (i.value -> 'quantity')::numeric between 0 and 4294967295
      and trunc((i.value -> 'quantity')::numeric) = (i.value -> 'quantity')::numeric
      and case third
        when 'unit_price' then jsonb_typeof(i.value -> third) = 'number'
        else coalesce(jsonb_typeof(i.value -> third), 'null') in ('string', 'null')
      end,
      false
    )), true),
    coalesce(jsonb_agg(jsonb_build_object(
      'product_id', i.value -> 'product_id', 'quantity', i.value -> 'quantity', third, i.value -> third
    ) order by i.ordinality), '[]')
  into v_fit, v_items
  from jsonb_array_elements(items) with ordinality as i;
  return case when v_fit then v_items else '[]'::jsonb end;
end
$$;

comment on function ves_int.projected_items(jsonb, text) is
'Items of an order (third member unit_price, a number) or of a return (condition, a string or null), reduced to product_id, quantity (unsigned, 32 bits) and that member; an empty list unless every item has them.';
