-- Recomputes everything a stream claims, from the stored rows alone, in chunks of 2,000 events: numbering,
-- hashes, signatures, receipts, leaves (PL/Python, batched), trees, stored levels and the state-root chain
-- (SQL). Takes no lock. Stable, therefore every statement looks through the caller's one snapshot: a stream
-- under load is judged as it was at one instant.
create or replace function ves.verify_stream(
  tenant_id uuid, store_id uuid, from_sequence bigint default null, to_sequence bigint default null
)
returns table (check_name text, sequence_number bigint, batch_id uuid, finding text)
language plpgsql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_from constant bigint := greatest(coalesce(from_sequence, 1), 1);
  v_to constant bigint := least(coalesce(to_sequence, 9223372036854775806), 9223372036854775806);
begin
  if v_from > v_to then
    return;
  end if;
  return query select * from ves_int.check_numbering(verify_stream.tenant_id, verify_stream.store_id, v_from, v_to);
  return query select * from ves_int.check_events(verify_stream.tenant_id, verify_stream.store_id, v_from, v_to);
  return query
  select * from ves_int.check_commitments(verify_stream.tenant_id, verify_stream.store_id, v_from, v_to);
  return query select * from ves_int.check_records(verify_stream.tenant_id, verify_stream.store_id, v_from, v_to);
  if num_nonnulls(from_sequence, to_sequence) = 0 then
    return query select * from ves.verify_stream_totals(verify_stream.tenant_id, verify_stream.store_id);
  end if;
end
$$;

comment on function ves.verify_stream(uuid, uuid, bigint, bigint) is
'Recomputes signatures, numbering, hashes, receipts, the record of what is not signed, trees and the state-root chain of a stream, and of the legacy stream beside it (checks legacy_...); one row per finding, no row when all is well. With from_sequence or to_sequence (inclusive) only the events of that range and the commitments that touch it; ves.verify_stream_totals does the rest, so ranges may be verified in parallel. Five checks are notes and no findings: clock_went_back (an event was sequenced at an earlier time than the one in front of it), before_first_commitment (numbers that no commitment can cover, because the stream''s first one starts behind them), payload_shredded (a payload was destroyed on purpose), payload_key_dropped (payloads under a key whose removal the audit log records) and core_mode. payload_not_opened (payloads under a key that the server does not have) is a finding. In core mode signatures and payload hashes are not recomputed, and one row says so.';
