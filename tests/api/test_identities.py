"""One process looks a key up once for all calls that wait for it."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING

from tests.api.test_credentials import mint, revoke
from tests.support.processes import environment
from ves_api.auth.credentials import read_credential
from ves_api.auth.identity import Identity
from ves_api.services import make_services
from ves_api.settings import load
from ves_edge.errors import ApiError

if TYPE_CHECKING:
    from tests.conftest import Database


async def test_calls_with_one_key_share_the_next_query_and_none_that_began_before_they_asked(
    database: Database,
) -> None:
    services = make_services(load(environment(DATABASE_URL=database.url("ves_api"), MAX_DB_CONNECTIONS="1")))
    await services.start()
    pool, identify = services.database._pool, services.authenticator.identify
    tenant = uuid.uuid4()
    key = mint(database, tenant)
    credential = read_credential([(b"x-api-key", key.encode())])
    served = services.database.pool_statistics().served
    connection = await pool.getconn()
    first = asyncio.create_task(identify(credential))
    for _ in range(20):
        await asyncio.sleep(0)
    assert pool.get_stats()["requests_waiting"] == 1, "the first query waits for the connection"
    others = [asyncio.create_task(identify(credential)) for _ in range(100)]
    await asyncio.sleep(0)
    others[0].cancel()
    await pool.putconn(connection)
    assert isinstance(await first, Identity)
    found = await asyncio.gather(*others[1:])
    assert set(found) == {await first}
    assert services.database.pool_statistics().served - served == 1 + 2
    revoke(database, key, tenant)
    refused = await asyncio.gather(*[identify(credential) for _ in range(3)], return_exceptions=True)
    assert [isinstance(error, ApiError) and error.name for error in refused] == ["invalid_api_key"] * 3
    await services.close()
