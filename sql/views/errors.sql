create or replace view ves.errors as
select e.code, e.name, e.wire_code, e.numeric_code, e.http, e.grpc, e.retry, e.message, e.detail_fields
from ves_store.errors as e;

comment on view ves.errors is 'The registry of refusals: SQLSTATE, wire code, HTTP and gRPC status.';
