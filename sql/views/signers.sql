create or replace view ves.signers as
select s.signer_id, s.sequencer_id, s.key_version, s.algorithm, s.public_key, s.registered_at
from ves_store.signers as s;

comment on view ves.signers is 'Receipt signers and their public keys.';
