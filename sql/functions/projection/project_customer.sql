create or replace function ves_int.project_customer(
  inout state jsonb, event ves_int.projected_event, payload jsonb, out code text, out message text
)
language plpgsql
immutable
set search_path to pg_catalog, pg_temp
as $$
declare
  v_member text;
begin
  case event.event_type
    when 'customer.created' then
      if jsonb_typeof(payload -> 'email') is distinct from 'string' then
        code := 'HANDLER_ERROR';
        message := 'email is required';
        return;
      end if;
      state := jsonb_build_object(
        'email', payload -> 'email',
        'name', case jsonb_typeof(payload -> 'name') when 'string' then payload ->> 'name' end,
        'phone', case jsonb_typeof(payload -> 'phone') when 'string' then payload ->> 'phone' end,
        'addresses', '[]'::jsonb,
        'metadata', coalesce(payload -> 'metadata', '{}'),
        'active', true);
    when 'customer.updated' then
      if jsonb_typeof(payload -> 'email') = 'string' then
        state := state || jsonb_build_object('email', payload -> 'email');
      end if;
      foreach v_member in array array['name', 'phone'] loop
        if payload -> v_member is not null then
          state := state || jsonb_build_object(
            v_member, case jsonb_typeof(payload -> v_member) when 'string' then payload ->> v_member end);
        end if;
      end loop;
      if payload -> 'metadata' is not null then
        state := state || jsonb_build_object('metadata', payload -> 'metadata');
      end if;
    when 'customer.address_added' then
      if payload -> 'address' is not null then
        state := state || jsonb_build_object(
          'addresses', state -> 'addresses' || jsonb_build_array(payload -> 'address'));
      end if;
  end case;
end
$$;

comment on function ves_int.project_customer(jsonb, ves_int.projected_event, jsonb) is
'What an event does to a customer (operations 5.2).';
