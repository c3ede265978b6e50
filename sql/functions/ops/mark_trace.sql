create or replace function ves.mark_trace(traceparent text)
returns void
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
begin
  if not coalesce(mark_trace.traceparent ~ '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$', false) then
    perform ves_int.raise_error('invalid_field', '{"field": "traceparent"}');
  end if;
  perform
    set_config('ves.traceparent', mark_trace.traceparent, true),
    set_config(
      'application_name', current_setting('application_name') || ' ' || substr(mark_trace.traceparent, 4, 32), true);
end
$$;

comment on function ves.mark_trace(text) is
'Says to which trace (W3C traceparent) the rest of the transaction belongs: application_name in pg_stat_activity ends in the trace id, and messages of queue ves_commit carry it to the workers (operations 9). Errors: VE007.';
