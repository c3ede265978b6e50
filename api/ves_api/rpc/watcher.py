"""Which streams have moved, and which open calls must end: one loop and one connection for all streams of a process.

The loop compares the committed counters of the followed streams with the numbers that it has told, so writes of any
process and through any door are found, and a missed look loses nothing. Ingest does nothing for it: a NOTIFY in the
appending transaction would serialize all commits.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict, deque
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ves_api.auth.identity import NIL
from ves_api.background import BackgroundTask
from ves_edge import arrays
from ves_edge.errors import ApiError
from ves_edge.gen import aio
from ves_edge.log import get_logger

if TYPE_CHECKING:
    import uuid
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator

    from ves_api.auth.authenticator import Authenticator
    from ves_api.operations.kit import Context
    from ves_api.rpc.pages import Pages
    from ves_edge.pool import Pool

StreamKey = tuple["uuid.UUID", "uuid.UUID"]

# Acknowledgements and heartbeats of a tenant in this process.
FREE_MESSAGES = 200
_FASTEST_SECONDS = 0.02
_SLOWEST_SECONDS = 0.05
# Looks take at most a tenth of the time, however many streams are followed. What a look costs is the shortest of the last
# ones: the others waited for the event loop or the database, and resting for that too made events late by half a second
# under load.
_REST_PER_LOOK, _LOOKS = 9, 16
_LONGEST_REST_SECONDS = 1.0
_CHECK_SECONDS = 0.5
_BLOCKED_SECONDS = 1.0
_RETRY_SECONDS = 0.5
# Ends of calls at a time, and the pause after them; one takes about 0.05 ms.
_DEPARTURES, _DEPARTURE_SECONDS = 8, 0.001
_log = get_logger("streams")


class Feed:
    """The head of one stream, as far as this process knows, and the calls that wait for it to move."""

    __slots__ = ("_waiting", "followers", "head")

    def __init__(self) -> None:
        self.head = 0
        self.followers = 0
        # Not an Event: a waiter that leaves would be searched for among all of them.
        self._waiting: set[asyncio.Future[None]] = set()

    def advance(self, head: int) -> None:
        """Note a head; a lower one changes nothing."""
        if head > self.head:
            self.head = head
            _wake(self._waiting)

    async def beyond(self, position: int) -> int:
        """Wait until the head is beyond a position, and return it."""
        while self.head <= position:
            moved = asyncio.get_running_loop().create_future()
            self._waiting.add(moved)
            try:
                await moved
            finally:
                self._waiting.discard(moved)
        return self.head


class TenantFeed:
    """The heads of all streams of one tenant (None: of all tenants), and the listeners that are notified when one moves.

    `seen_to`: what `ves.list_heads` answered, so that the next look reads only what moved; None: nothing was read.
    """

    __slots__ = ("_next_turn", "followers", "heads", "seen_to")

    def __init__(self) -> None:
        self.heads: dict[StreamKey, int] = {}
        self.seen_to: int | None = None
        self.followers: set[Callable[[StreamKey, int], None]] = set()
        self._next_turn = 0.0

    def take_turn(self, now: float) -> float:
        """Return the seconds until one more message may be taken that counts against no rate limit.

        FREE_MESSAGES a second, over all calls; what the last second did not use may come at once.
        """
        self._next_turn = max(self._next_turn, now - 1) + 1 / FREE_MESSAGES
        return max(0.0, self._next_turn - now)

    def advance(self, heads: dict[StreamKey, int]) -> bool:
        """Tell the followers which streams moved, each with the head before; a new stream's is 0."""
        moved = [
            (key, self.heads.get(key, 0)) for key, head in heads.items() if head > self.heads.get(key, 0)
        ]
        for key, _ in moved:
            self.heads[key] = heads[key]
        for follower in self.followers:
            for key, before in moved:
                follower(key, before)
        return bool(moved)


@dataclass(slots=True, eq=False)
class OpenCall:
    """A streaming call. `authorize` enforces its permission on the context's identity, or raises.

    `page` are the events that are being sent; `writing_since` is set while the peer does not take a message.
    """

    context: Context
    authorize: Callable[[], None]
    task: asyncio.Task[object]
    page: list[Any] | None = None
    writing_since: float | None = None
    refusal: ApiError | None = None

    def end(self, refusal: ApiError) -> None:
        """End the call with a status."""
        if self.refusal is None:
            self.refusal = refusal
            self.task.cancel()


class Departures:
    """The ends of calls, some in each millisecond, so that thousands whose peers leave at once stop nothing else."""

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def turn(self) -> None:
        """Wait until the call may go on to end."""
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        if not self._waiting:
            loop.call_soon(self._next)
        self._waiting.append(turn)
        await turn

    def _next(self) -> None:
        _wake([self._waiting.popleft() for _ in range(min(_DEPARTURES, len(self._waiting)))])
        if self._waiting:
            asyncio.get_running_loop().call_later(_DEPARTURE_SECONDS, self._next)


def _wake(waiting: Iterable[asyncio.Future[None]]) -> None:
    for one in waiting:
        if not one.done():
            one.set_result(None)


class Watcher(BackgroundTask):
    """Owned by one event loop. Looks at the database only while there are open calls."""

    def __init__(self, database: Pool, authenticator: Authenticator, pages: Pages) -> None:
        self._database = database
        self._authenticator = authenticator
        self._pages = pages
        self._departures = Departures()
        self._feeds: dict[bool, dict[StreamKey, Feed]] = {False: {}, True: {}}
        self._columns: dict[bool, tuple[arrays.UuidArray, arrays.UuidArray]] = {}
        self._tenants: dict[uuid.UUID | None, TenantFeed] = {}
        self._calls: set[OpenCall] = set()
        self._has_calls = asyncio.Event()
        self._next_check = 0.0

    async def end_all(self, seconds: float) -> None:
        """End every open call and wait until their statuses are sent: clients reconnect elsewhere, from their positions."""
        calls = tuple(self._calls)
        for call in calls:
            call.end(ApiError("shutting_down", retry_after=1))
        if calls:
            await asyncio.wait([call.task for call in calls], timeout=seconds)

    @asynccontextmanager
    async def open(self, context: Context, authorize: Callable[[], None]) -> AsyncIterator[OpenCall]:
        """Register the current task as an open call, whose end takes its turn. Raises what `OpenCall.end` was given."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 (only called in a task)
        call = OpenCall(context, authorize, task)
        self._calls.add(call)
        self._has_calls.set()
        try:
            yield call
        except asyncio.CancelledError:
            if call.refusal is None:
                raise
            task.uncancel()
            raise call.refusal from None
        finally:
            self._calls.discard(call)
            await self._departures.turn()

    @contextmanager
    def follow(self, key: StreamKey, head: int, *, legacy: bool = False) -> Iterator[Feed]:
        """The feed of a stream whose head was read before."""
        feeds = self._feeds[legacy]
        feed = feeds.get(key)
        if feed is None:
            feed = feeds[key] = Feed()
            self._columns.pop(legacy, None)
        feed.followers += 1
        feed.advance(head)
        try:
            yield feed
        finally:
            feed.followers -= 1
            if not feed.followers:
                del feeds[key]
                self._columns.pop(legacy, None)

    async def follow_tenant(
        self, tenant_id: uuid.UUID | None, follower: Callable[[StreamKey, int], None]
    ) -> TenantFeed:
        """Tell a follower of every move of a tenant's streams from now on; `leave_tenant` ends it."""
        feed = self._tenants.get(tenant_id, TenantFeed())
        await self._advance(tenant_id, feed)
        # Another call may have made the tenant's feed meanwhile.
        feed = self._tenants.setdefault(tenant_id, feed)
        feed.followers.add(follower)
        return feed

    def leave_tenant(self, tenant_id: uuid.UUID | None, follower: Callable[[StreamKey, int], None]) -> None:
        """Tell it of no further move."""
        feed = self._tenants.get(tenant_id)
        if feed is not None:
            feed.followers.discard(follower)
            if not feed.followers:
                del self._tenants[tenant_id]

    async def _run(self) -> None:
        pause, was_reachable = _FASTEST_SECONDS, True
        lasted: deque[float] = deque(maxlen=_LOOKS)
        while True:
            if not self._calls:
                self._has_calls.clear()
                self._pages.forget_old()
            await self._has_calls.wait()
            started = time.monotonic()
            try:
                moved = await self._look()
                if started >= self._next_check:
                    await self._check_calls()
                    self._next_check = started + _CHECK_SECONDS
            except ApiError as error:
                if was_reachable:
                    _log.warning("streams_wait_for_the_database", name=error.name)
                was_reachable = False
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            except Exception as error:  # noqa: BLE001 (without this loop no stream would move again)
                _log.error("look_failed", exc_info=error)
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            was_reachable = True
            pause = _FASTEST_SECONDS if moved else min(pause * 1.5, _SLOWEST_SECONDS)
            lasted.append(time.monotonic() - started)
            rest = min(_REST_PER_LOOK * min(lasted), _LONGEST_REST_SECONDS)
            await asyncio.sleep(max(pause, rest))

    async def _look(self) -> bool:
        """Advance every feed whose stream has moved; whether one has."""
        moved = False
        for legacy, feeds in self._feeds.items():
            if feeds:
                moved |= await self._look_at(feeds, legacy=legacy)
        for tenant_id, feed in tuple(self._tenants.items()):
            moved |= await self._advance(tenant_id, feed)
        return moved

    async def _look_at(self, feeds: dict[StreamKey, Feed], *, legacy: bool) -> bool:
        keys = tuple(feeds)
        columns = self._columns.get(legacy)
        if columns is None:
            columns = self._columns[legacy] = (
                arrays.UuidArray([key[0] for key in keys]),
                arrays.UuidArray([key[1] for key in keys]),
            )
        rows = await aio.find_moved_streams(
            self._database,
            tenant_ids=columns[0],
            store_ids=columns[1],
            heads=arrays.Int8Array([feed.head for feed in feeds.values()]),
            legacy=legacy,
        )
        for row in rows:
            feed = feeds.get(keys[row.place - 1])
            if feed is not None:
                feed.advance(row.head_sequence)
        return bool(rows)

    async def _advance(self, tenant_id: uuid.UUID | None, feed: TenantFeed) -> bool:
        rows = await aio.list_heads(self._database, tenant_id=tenant_id, moved_since=feed.seen_to)
        if rows:
            feed.seen_to = max(feed.seen_to or 0, rows[0].seen_to)
        return feed.advance({(row.tenant_id, row.store_id): row.head_sequence for row in rows})

    async def _check_calls(self) -> None:
        """End calls whose credential lost its rights, and drop the pages of peers that do not read."""
        self._pages.forget_old()
        blocked_before = time.monotonic() - _BLOCKED_SECONDS
        stale: dict[str, list[OpenCall]] = defaultdict(list)
        calls = tuple(self._calls)
        tenants = {call.context.identity.tenant_id for call in calls}
        rows = await aio.list_credential_epochs(self._database, tenant_ids=list(tenants))
        epochs = {row.tenant_id: row.epoch for row in rows}
        for call in calls:
            if call.writing_since is not None and call.writing_since < blocked_before:
                call.page = None
            identity, credential = call.context.identity, call.context.credential
            # A token has no epoch: it is judged anew, without a query.
            if credential is not None and identity.epoch != epochs.get(identity.tenant_id, 0):
                stale[credential.fingerprint].append(call)
        for group in stale.values():
            await self._judge_again(group)

    async def _judge_again(self, calls: list[OpenCall]) -> None:
        """Identify the credential of some calls again; end the calls that it no longer allows."""
        try:
            identity = await self._authenticator.identify(calls[0].context.credential)
        except ApiError as error:
            if error.status >= 500:  # noqa: PLR2004 (the database; the next round asks again)
                return
            for call in calls:
                call.end(error)
            return
        for call in calls:
            call.context.identity = identity
            try:
                call.authorize()
            except ApiError as error:
                call.end(error)


def tenant_in_scope(context: Context) -> uuid.UUID | None:
    """The tenant whose streams a credential may follow; None for all, of the bootstrap administrator."""
    identity = context.identity
    return None if identity.is_bootstrap_admin and identity.tenant_id == NIL else identity.tenant_id
