-- name: claim_cursors
-- Streams in which a consumer has something due; nobody else is given them for claim_seconds.
select tenant_id, store_id
from ves.claim_cursors(
  consumer => %(consumer)s, max_streams => %(max_streams)s, claim_seconds => %(claim_seconds)s
);

-- name: find_lost_wake_ups
-- One page of streams: tell the consumers of heads that they do not know.
select streams, last_tenant_id, last_store_id
from ves.find_lost_wake_ups(after_tenant_id => %(after_tenant_id)s, after_store_id => %(after_store_id)s);

-- name: commit_due
-- Commit the next range of a stream as its policy says.
select batch_id, leaf_count, sequence_start, sequence_end, merkle_root
from ves.commit_due(tenant_id => %(tenant_id)s, store_id => %(store_id)s);

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
