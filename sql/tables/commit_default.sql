create table ves_store.commit_default (
  singleton boolean not null default true,
  mode text not null default 'manual',
  max_events integer not null default 1024,
  max_age interval not null default '10 seconds',
  constraint commit_default_pkey primary key (singleton),
  constraint there_is_one_default check (singleton),
  constraint commit_mode_is_known check (mode in ('manual', 'automatic')),
  constraint commit_size_is_in_range check (max_events between 1 and 1048576),
  constraint commit_age_is_in_range check (max_age between interval '0' and interval '366 days')
);

insert into ves_store.commit_default (singleton) values (true);

comment on table ves_store.commit_default is
'Commit policy of streams that have none of their own (ves.set_commit_policy). A row, not a setting: a session could change a setting, and a change is audited.';
comment on column ves_store.commit_default.singleton is 'Always true: the table has one row.';
comment on column ves_store.commit_default.mode is 'manual: commitments are made by those who ask. automatic: the commit worker makes them as well.';
comment on column ves_store.commit_default.max_events is 'Automatic: commit at once from so many events on, and at most so many in one commitment.';
comment on column ves_store.commit_default.max_age is 'Automatic: commit fewer events when one of them has waited so long.';
