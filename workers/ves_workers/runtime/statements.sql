-- name: read_commit_queue
-- Wake-ups for the commit worker: ranges that were sequenced; hidden from other readers for vt_seconds.
select msg_id, tenant_id, store_id, sequence_from, sequence_to
from ves.read_commit_queue(vt_seconds => %(vt_seconds)s, max_messages => %(max_messages)s);

-- name: finish_commit_messages
-- Forget wake-ups that were acted upon.
select ves.finish_commit_messages(msg_ids => %(msg_ids)s);

-- name: list_commit_due
-- Streams with enough uncommitted events, or with one that is old enough, by the whole queue.
select tenant_id, store_id
from ves.list_commit_due(
  min_events => %(min_events)s, max_age_seconds => %(max_age_seconds)s, max_streams => %(max_streams)s
);

-- name: requeue_uncommitted
-- A wake-up for every stream with uncommitted events that has none; the number of streams.
select ves.requeue_uncommitted() as streams;

-- name: commit_next
-- Commit the next range of a stream; no row when nothing is left to commit.
select batch_id, leaf_count, sequence_start, sequence_end, merkle_root
from ves.commit_next(tenant_id => %(tenant_id)s, store_id => %(store_id)s, max_events => %(max_events)s);

-- name: get_receipt_work
-- Events whose receipt is not stored yet, oldest first.
select tenant_id, store_id, sequence_number, event_id, signing_hash, signer_id
from ves.get_receipt_work(max_events => %(max_events)s);

-- name: count_key_usage
-- Count a stretch of the log under the keys that signed it; how many events.
select ves.count_key_usage(max_events => %(max_events)s) as counted;

-- name: apply_due_rotations
-- Retire what is due; how many rotations ended how.
select completed, in_progress, failed, cancelled, expired
from ves.apply_due_rotations(max_rotations => %(max_rotations)s);

-- name: list_signers
-- Every key that ever signed receipts, and those that say "none".
select signer_id, sequencer_id, key_version, algorithm, public_key from ves.signers order by signer_id;

-- name: store_receipts
-- Store receipts of one stream; storing the same again changes nothing.
select ves.store_receipts(
  tenant_id => %(tenant_id)s, store_id => %(store_id)s, sequence_numbers => %(sequence_numbers)s,
  receipt_hashes => %(receipt_hashes)s, signatures => %(signatures)s
);
