create or replace view ves_int.findings as
select f.name, f.check_name, f.finding
from (
  values
  ('payload_hash', 'payload_hash', 'payload_plain_hash is not the hash of the stored payload'),
  ('cipher_hash', 'cipher_hash', 'payload_cipher_hash is not the hash of the stored encrypted payload'),
  ('signing_hash', 'signing_hash', 'event_signing_hash is not the hash of the stored event'),
  ('signature', 'signature', 'the agent''s signature does not verify'),
  ('unknown_key', 'signature', 'the agent key is not registered'),
  ('leaf_hash', 'leaf_hash', 'leaf_hash is not the leaf of the stored event'),
  ('receipt_hash', 'receipt', 'the stored receipt hash is not that of the event'),
  ('receipt_signature', 'receipt', 'the stored receipt signature does not verify'),
  ('unknown_signer', 'receipt', 'the signer of the receipt is not registered'),
  ('payload_at_rest', 'payload_at_rest', 'the stored ciphertext does not open under its key'),
  (
    'payload_shredded',
    'payload_shredded',
    'payloads were destroyed on purpose (ves.shredded_payloads): their hashes cannot be recomputed'
  ),
  ('payload_missing', 'payload_hash', 'the payload is gone, and no record says who destroyed it'),
  ('range', 'commitment', 'the committed range is not complete'),
  ('merkle_root', 'commitment', 'merkle_root is not the root of the stored leaves'),
  ('tree_depth', 'commitment', 'tree_depth is not that of a tree over the range'),
  ('tree_levels', 'commitment', 'the stored tree levels are not those of the leaves'),
  ('prev_state_root', 'state_root', 'prev_state_root is not the state root of the commitment before'),
  ('new_state_root', 'state_root', 'new_state_root does not follow from the commitment'),
  ('range_start', 'state_root', 'the range does not start after the commitment before'),
  (
    'first_range',
    'before_first_commitment',
    'numbers up to this one are before the first commitment: no commitment can cover them'
  )
) as f (name, check_name, finding);

comment on view ves_int.findings is
'What ves.verify_stream says of an event or a commitment with this finding; payload_not_opened is not here: ves_int.check_unopened sums it up by key.';
