create table ves_store.leases (
  name text not null,
  token bigint not null,
  holder text,
  claimed_at timestamptz not null,
  renewed_at timestamptz not null,
  expires_at timestamptz,
  constraint leases_pkey primary key (name),
  constraint lease_name_has_1_to_128_bytes check (octet_length(name) between 1 and 128),
  constraint holder_has_1_to_128_bytes check (octet_length(holder) between 1 and 128),
  constraint token_is_positive check (token > 0),
  constraint held_exactly_until_it_expires check ((holder is null) = (expires_at is null))
);

comment on table ves_store.leases is
'Which process may do work that only one may do at a time (ves.claim_lease). A row stays when its lease is given back, so that its token only grows.';
comment on column ves_store.leases.name is 'What the lease is for, 1 to 128 bytes.';
comment on column ves_store.leases.token is 'Fencing token: one more with each claim. What is written with an older one is refused (ves_int.require_lease).';
comment on column ves_store.leases.holder is 'Who holds it, for operators; null when it was given back.';
comment on column ves_store.leases.claimed_at is 'When it was claimed last.';
comment on column ves_store.leases.renewed_at is 'Last heartbeat.';
comment on column ves_store.leases.expires_at is 'When it may be claimed by another; null when it was given back.';
