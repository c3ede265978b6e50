create table ves_store.agent_signing_keys (
  tenant_id uuid not null,
  agent_id uuid not null,
  key_id integer not null,
  public_key bytea not null,
  key_algorithm smallint not null default 1,
  public_key_bundle bytea,
  status text not null default 'active',
  valid_from timestamptz,
  valid_to timestamptz,
  revoked_at timestamptz,
  metadata text,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  grace_until timestamptz,
  rotation_reason text,
  proof_of_possession bytea,
  proof_of_possession_bundle bytea,
  check_at timestamptz,
  constraint agent_signing_keys_pkey primary key (agent_id, key_id, tenant_id),
  constraint public_key_has_32_bytes check (octet_length(public_key) = 32),
  constraint key_algorithm_is_known check (key_algorithm between 1 and 6),
  constraint status_is_known check (status in ('active', 'revoked', 'expired')),
  constraint revoked_at_is_set_exactly_when_revoked check ((status = 'revoked') = (revoked_at is not null)),
  constraint valid_from_is_not_after_valid_to check (valid_from <= valid_to),
  constraint grace_ends_after_expiry check (grace_until >= expires_at)
);

create index agent_signing_keys_tenant_id_idx on ves_store.agent_signing_keys (tenant_id, agent_id);
create index agent_signing_keys_valid_to_idx on ves_store.agent_signing_keys (valid_to)
where status = 'active' and valid_to is not null;
create index agent_signing_keys_check_at_idx on ves_store.agent_signing_keys (check_at)
where check_at is not null;

comment on table ves_store.agent_signing_keys is 'Agent public keys with validity windows and revocation (VES 6.2). Key bytes never change.';
comment on column ves_store.agent_signing_keys.tenant_id is 'Tenant.';
comment on column ves_store.agent_signing_keys.agent_id is 'Agent that holds the secret key.';
comment on column ves_store.agent_signing_keys.key_id is 'Key number, an unsigned 32-bit number stored by bit pattern.';
comment on column ves_store.agent_signing_keys.public_key is 'Ed25519 or X25519 key; 32 zero bytes for a pure ML-DSA key.';
comment on column ves_store.agent_signing_keys.key_algorithm is 'VES 6.3: 1 Ed25519, 2 X25519, 3 ML-DSA-65, 4 ML-KEM-768, 5 hybrid signing, 6 hybrid encryption.';
comment on column ves_store.agent_signing_keys.public_key_bundle is 'JSON text of the key bundle, for algorithms above 2.';
comment on column ves_store.agent_signing_keys.status is 'active or revoked; expired counts as active, only the window decides.';
comment on column ves_store.agent_signing_keys.valid_from is 'First instant of validity; null is open.';
comment on column ves_store.agent_signing_keys.valid_to is 'Last instant of validity; null is open.';
comment on column ves_store.agent_signing_keys.revoked_at is 'When the key was revoked.';
comment on column ves_store.agent_signing_keys.metadata is 'Free text of the operator.';
comment on column ves_store.agent_signing_keys.created_at is 'When the key was registered.';
comment on column ves_store.agent_signing_keys.expires_at is 'Planned expiry of a rotation policy; does not influence validation.';
comment on column ves_store.agent_signing_keys.grace_until is 'End of the grace period of a rotation.';
comment on column ves_store.agent_signing_keys.rotation_reason is 'Why the key was rotated.';
comment on column ves_store.agent_signing_keys.proof_of_possession is 'Proof of possession, if one was given.';
comment on column ves_store.agent_signing_keys.proof_of_possession_bundle is 'JSON text of a bundle of proofs, if one was given.';

insert into ves_store.transitions (machine, from_state, to_state) values
('agent_signing_keys.status', '', 'active'),
('agent_signing_keys.status', 'active', 'expired'),
('agent_signing_keys.status', 'active', 'revoked'),
('agent_signing_keys.status', 'expired', 'revoked');
comment on column ves_store.agent_signing_keys.check_at is
'When the keys worker compares the key with its rotation policy; null until a policy, a use limit or a successor asks for it.';
