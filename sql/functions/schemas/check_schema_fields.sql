create or replace function ves_int.check_schema_fields(
  tenant_id uuid, event_type text, schema_json json, description text, compatibility text
)
returns void
language plpgsql
stable
set search_path to pg_catalog, pg_temp
as $$
begin
  if check_schema_fields.tenant_id is null then
    perform ves_int.raise_error('invalid_field', '{"field": "tenantId"}');
  end if;
  if coalesce(octet_length(check_schema_fields.event_type), 0) not between 1 and 256 then
    perform ves_int.raise_error('invalid_field', '{"field": "eventType"}');
  end if;
  if check_schema_fields.schema_json is null then
    perform ves_int.raise_error('invalid_field', '{"field": "schemaJson"}');
  end if;
  if octet_length(check_schema_fields.schema_json::text) > 102400 then
    perform ves_int.raise_error('schema_too_large', '{"limit": 102400}');
  end if;
  if octet_length(check_schema_fields.description) > 2048 then
    perform ves_int.raise_error('invalid_field', '{"field": "description"}');
  end if;
  if check_schema_fields.compatibility not in ('none', 'backward', 'forward', 'full') then
    perform ves_int.raise_error('invalid_field', '{"field": "compatibility"}');
  end if;
end
$$;

comment on function ves_int.check_schema_fields(uuid, text, json, text, text) is
'Raises VE007 naming the field, or VE633 for more than 100 KiB, unless the fields of a registration are acceptable.';
