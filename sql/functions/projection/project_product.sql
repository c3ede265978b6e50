create or replace function ves_int.project_product(
  inout state jsonb, event ves_int.projected_event, payload jsonb
)
language plpgsql
immutable
set search_path to pg_catalog, pg_temp
as $$
begin
  case event.event_type
    when 'product.created' then
      state := jsonb_build_object(
        'sku', case jsonb_typeof(payload -> 'sku') when 'string' then payload ->> 'sku' else '' end,
        'name', case jsonb_typeof(payload -> 'name') when 'string' then payload ->> 'name' else '' end,
        'description',
        case jsonb_typeof(payload -> 'description') when 'string' then payload ->> 'description' end,
        'price', coalesce(ves_int.projected_amount(payload -> 'price'), 0),
        'currency',
        case jsonb_typeof(payload -> 'currency') when 'string' then payload ->> 'currency' else 'USD' end,
        'active', true,
        'attributes', coalesce(payload -> 'attributes', '{}'));
    when 'product.updated' then
      if jsonb_typeof(payload -> 'name') = 'string' then
        state := state || jsonb_build_object('name', payload -> 'name');
      end if;
      if payload -> 'description' is not null then
        state := state || jsonb_build_object(
          'description',
          case jsonb_typeof(payload -> 'description') when 'string' then payload ->> 'description' end);
      end if;
      if jsonb_typeof(payload -> 'price') = 'number' then
        state := state || jsonb_build_object('price', payload -> 'price');
      end if;
      if payload -> 'attributes' is not null then
        state := state || jsonb_build_object('attributes', payload -> 'attributes');
      end if;
    else
      state := state || jsonb_build_object('active', event.event_type = 'product.activated');
  end case;
end
$$;

comment on function ves_int.project_product(jsonb, ves_int.projected_event, jsonb) is
'What an event does to a product (operations 5.2).';
