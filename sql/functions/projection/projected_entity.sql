create or replace function ves_int.projected_entity(
  projector text, entity_id text, version bigint, created_at timestamptz, updated_at timestamptz, state jsonb
)
returns jsonb
language sql
stable
parallel safe
set search_path to pg_catalog, pg_temp
as $$
  select state || jsonb_build_object(
    'version', version, 'updated_at', to_char(updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
  ) || case projector
    when 'inventory' then '{}'
    else jsonb_build_object(
      projector || '_id', entity_id,
      'created_at', to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
  end;
$$;

comment on function ves_int.projected_entity(text, text, bigint, timestamptz, timestamptz, jsonb) is
'An entity with all members of operations 5.2; times as RFC 3339 in UTC.';
