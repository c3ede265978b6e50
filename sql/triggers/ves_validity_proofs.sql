-- The name is the protocol's (VES 19).
create or replace trigger tg_ves_validity_proofs_stream_match
before insert or update on ves_store.ves_validity_proofs
for each row execute function ves_int.tg_ves_validity_proofs__stream_match();

comment on trigger tg_ves_validity_proofs_stream_match on ves_store.ves_validity_proofs is
'A proof belongs to the stream of what it is about (VES 19).';
