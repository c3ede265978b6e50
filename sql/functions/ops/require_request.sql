create or replace function ves_int.require_request(request text, max_bytes integer)
returns void
language plpgsql
stable
set search_path to pg_catalog, pg_temp
as $$
begin
  if request is null then
    perform ves_int.raise_error('missing_field', '{"field": "request"}');
  end if;
  -- before anything reads it: what decodes it does not look at statement_timeout
  if octet_length(request) > max_bytes then
    perform ves_int.raise_error('body_too_large', jsonb_build_object('limit', max_bytes));
  end if;
end
$$;

comment on function ves_int.require_request(text, integer) is
'Refuses a request that is null (VE008) or longer than the body of its route may be by default (VE004).';
