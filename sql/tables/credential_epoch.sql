create table ves_store.credential_epoch (
  singleton boolean not null default true,
  epoch bigint not null default 1,
  constraint credential_epoch_pkey primary key (singleton),
  constraint there_is_one_epoch check (singleton)
) with (fillfactor = 50);

insert into ves_store.credential_epoch (singleton) values (true);

comment on table ves_store.credential_epoch is
'Grows with every change of a stored credential. An edge that cached credentials passes the epoch it saw; an older one is refused, so a revocation holds at once in every process.';
comment on column ves_store.credential_epoch.singleton is 'Always true: the table has one row.';
comment on column ves_store.credential_epoch.epoch is 'Current epoch.';
