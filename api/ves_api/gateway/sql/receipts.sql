-- Receipts and those who sign them. Sent as role ves_api; only objects of schema ves.

-- name: store_receipts
-- Keep the signatures that were handed out; repeating is harmless.
select ves.store_receipts(
  tenant_id => %(tenant_id)s,
  store_id => %(store_id)s,
  sequence_numbers => %(sequence_numbers)s,
  receipt_hashes => %(receipt_hashes)s,
  signatures => %(signatures)s
);

-- name: get_receipt
-- One stored receipt in its wire form.
select ves.get_receipt(tenant_id => %(tenant_id)s, event_id => %(event_id)s);

-- name: register_signer
-- The number of this sequencer's id, key version and public key; made when it is new.
select ves.register_signer(
  sequencer_id => %(sequencer_id)s,
  key_version => %(key_version)s,
  algorithm => %(algorithm)s,
  public_key => %(public_key)s
);

-- name: list_signers
-- Every signer that ever issued receipts.
select
  signer.signer_id,
  signer.sequencer_id,
  signer.key_version,
  signer.algorithm,
  signer.public_key
from ves.signers as signer;
