-- Locks (sql/README.md): the row of the dead letter.
create or replace function ves_int.retry_projector(
  function text, tenant_id uuid, dead_letter_id bigint, token bigint
)
returns ves_store.dead_letter_events
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_reason text;
  v_message text;
begin
  begin
    perform ves_int.give_events(retry_projector.function, json_build_array(e.events[1]))
    from ves_store.dead_letter_events as d
    cross join lateral ves_int.projector_events(d.tenant_id, d.store_id, d.sequence_number - 1, 1) as e
    where d.tenant_id = retry_projector.tenant_id and d.dead_letter_id = retry_projector.dead_letter_id;
  exception when others then
    v_reason := ves_int.projector_failure(sqlstate);
    v_message := sqlstate || ' ' || sqlerrm;
  end;
  return ves_int.settle_dead_letter(
    retry_projector.tenant_id, retry_projector.dead_letter_id, retry_projector.token, v_reason, v_message);
end
$$;

comment on function ves_int.retry_projector(text, uuid, bigint, bigint) is
'Gives the event of a claimed dead letter to a registered projector anew, after all that it was given so far, and settles it: the row. Errors: VE406 it is not claimed with this token.';
