create table ves_store.projection_mode (
  singleton boolean not null default true,
  mode text not null default 'off',
  constraint projection_mode_pkey primary key (singleton),
  constraint there_is_one_projection_mode check (singleton),
  constraint projection_mode_is_known check (mode in ('off', 'asynchronous', 'inline'))
);

insert into ves_store.projection_mode (singleton) values (true);

comment on table ves_store.projection_mode is 'When events are projected (ves.set_projection_mode).';
comment on column ves_store.projection_mode.singleton is 'Always true: the table has one row.';
comment on column ves_store.projection_mode.mode is
'off: not at all; asynchronous: by the projections worker; inline: in the transaction that appends, the worker does the rest.';
