-- Budgets of requests. Sent as role ves_api; only objects of schema ves.

-- name: take_rate_limit
-- Take requests out of one or more budgets together.
select
  taken.granted,
  taken.scarcest,
  taken.remaining,
  taken.reset_seconds
from ves.take_rate_limit(
  buckets => %(buckets)s::text[],
  keys => %(keys)s::text[],
  limits => %(limits)s::integer[],
  windows => %(windows)s::integer[],
  max_entries => %(max_entries)s::integer[],
  wanted => %(wanted)s
) as taken;
