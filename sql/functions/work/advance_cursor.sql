-- Compare and set: of two holders of one claim the second is refused, so no position is passed twice.
-- Locks (sql/README.md): the row of the lease if one is named, then the row of the cursor.
create or replace function ves.advance_cursor(
  tenant_id uuid,
  store_id uuid,
  consumer text,
  expected bigint,
  done_to bigint,
  pause_seconds double precision default 0,
  lease_name text default null,
  lease_token bigint default null
)
returns bigint
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_cursor record;
  v_head bigint;
  v_until constant timestamptz := clock_timestamp()
    + greatest(least(pause_seconds, 1e9), 0) * interval '1 second';
begin
  if lease_name is not null then
    perform ves_int.require_lease(lease_name, lease_token);
  end if;
  select c.* into v_cursor
  from ves_int.lock_cursor(advance_cursor.tenant_id, advance_cursor.store_id, advance_cursor.consumer) as c;
  if v_cursor.done_to is distinct from expected or coalesce(advance_cursor.done_to < expected, true) then
    perform ves_int.raise_error('cursor_moved', jsonb_build_object('done_to', v_cursor.done_to));
  end if;
  v_head := v_cursor.head_sequence;
  if advance_cursor.done_to > v_head then
    v_head := ves_int.sequenced_to(advance_cursor.tenant_id, advance_cursor.store_id);
    if advance_cursor.done_to > v_head then
      perform ves_int.raise_error('cursor_beyond_head', jsonb_build_object('head_sequence', v_head));
    end if;
  end if;
  update ves_store.cursors as c
  set
    done_to = advance_cursor.done_to, head_sequence = v_head,
    due_at = case when advance_cursor.done_to < v_head then v_until end, claimed_until = v_until
  where c.ctid = v_cursor.place;
  return v_head;
end
$$;

comment on function ves.advance_cursor(uuid, uuid, text, bigint, bigint, double precision, text, bigint) is
'Moves a consumer''s cursor from expected to done_to, never back and never beyond the stream''s head; what is left is due after pause_seconds (done_to = expected gives a claim back). Answers the head. Call it in the transaction that stores the result. With a lease the cursor moves only for its holder (ves.claim_lease). Errors: VE404 the cursor is not at expected, VE405 done_to is beyond the head, VE406 the lease is lost.';
