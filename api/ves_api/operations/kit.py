"""The declaration of an operation, and the context in which it is called. A transport binds declarations only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, cast, get_type_hints

import msgspec

from ves import error_codes
from ves.errors import ProtocolError, RequestRefused
from ves_api.auth.identity import NOBODY
from ves_api.auth.origin import audit_context
from ves_api.auth.permission import authorize
from ves_api.operations.parameters import Parameters
from ves_edge.errors import ApiError

if TYPE_CHECKING:
    import uuid
    from collections.abc import Awaitable, Callable, Hashable, Sequence
    from contextlib import AbstractAsyncContextManager

    from ves_api.auth.credentials import Credential
    from ves_api.auth.identity import Identity
    from ves_api.auth.origin import Origin
    from ves_api.auth.permission import Permission
    from ves_api.database import Database
    from ves_api.reads import Reads
    from ves_api.services import Services

JSON = "application/json"
# A body that is only decoded, or whose members have short limits, is read in the event loop: this takes 10 ms at most.
BODY_BYTES = 131_072
# A proof of 2 MiB in base64, a payload of 1 MiB with white space.
LARGE_BODY_BYTES = 1 << 22

InputT = TypeVar("InputT")
F = TypeVar("F", bound="InStream")
R = TypeVar("R")
S = TypeVar("S")

if TYPE_CHECKING:
    Call = Callable[["Context", InputT], Awaitable[Any]]


class InStream(Protocol):
    """A stored row of one stream."""

    @property
    def tenant_id(self) -> uuid.UUID:
        """The stream's tenant."""

    @property
    def store_id(self) -> uuid.UUID:
        """The stream's store."""


@dataclass(slots=True)
class Context:
    """One call: the caller, its address, and the services of the process.

    `admit` fills in credential and identity, `Operation.authorize` the tenant. Every answer, refusals too, carries
    `answer_headers` (names and values; http-api 1.6).
    """

    services: Services
    origin: Origin
    answer_headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    credential: Credential | None = None
    identity: Identity = NOBODY
    visible_tenant: uuid.UUID | None = None

    @property
    def tenant_id(self) -> uuid.UUID:
        """The authorized tenant; nil, of the bootstrap administrator, means that a bare id is searched in all."""
        return cast("uuid.UUID", self.visible_tenant)

    @property
    def database(self) -> Database:
        """The primary."""
        return self.services.database

    @property
    def reads(self) -> Reads:
        """Reads of final rows: from the caches, a replica or the primary."""
        return self.services.reads

    @property
    def audit(self) -> dict[str, str | None]:
        """The `context` that administrative database functions take (operations 8)."""
        return audit_context(self.origin, self.identity)

    async def offload(self, size: int, function: Callable[..., R], *arguments: Any) -> R:
        """Run a function of a module over `size` bytes, in a child process if that is much."""
        if size <= BODY_BYTES:
            return function(*arguments)
        return await self.services.large.call(self.identity.tenant_id, function, *arguments)

    async def each(self, function: Callable[[S], R], rows: Sequence[S]) -> list[R]:
        """Apply a function to each row of an answer, between which others are served."""
        return await self.services.slices.each(function, rows)

    def in_scope(self, found: F) -> F:
        """A row that was found by its id, if its stream is in the caller's scope. Raises 403."""
        self.identity.require_scope(found.tenant_id, found.store_id)
        return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Operation(Generic[InputT]):
    """One request that callers can make, without a transport.

    Routes and commands are made from it; an RPC names it and adds how its messages become input and output.
    `input` is a `Parameters` struct, or the struct of a body; `output` is what `call` answers and a JSON encoder takes.
    `errors` are names of the error registry beyond those that every operation has. `sheds` is false for operations that are served even
    while the connection pool is exhausted.

    `body_bytes` is the longest body; the largest are decoded in a child process.

    Rarely needed: `raw_body` documents a body that `call` gets as bytes, decodes and authorizes itself; it may answer
    bytes, which are the encoded output. `caches_identity`:
    the call passes the identity's epoch to the database, so that the identity may come from the cache. `admit` replaces
    the admission by credential. `slot` is what admission and call wait for, one after the other,
    in turn with those of other credentials and tenants. `is_failure`
    tells an answer that reports the failure of the service. `media_type` other than JSON: the output is text.
    `precondition` raises what is refused before the permission is judged.
    """

    name: str
    summary: str
    tag: str
    permission: Permission
    input: type[InputT]
    output: Any
    call: Call[InputT]
    errors: tuple[str, ...] = ()
    sheds: bool = True
    raw_body: type | None = None
    caches_identity: bool = False
    admit: Callable[[Context], Awaitable[None]] | None = None
    slot: Callable[[Services, Hashable], AbstractAsyncContextManager[None]] | None = None
    is_failure: Callable[[Any], bool] | None = None
    precondition: Callable[[Services], None] | None = None
    command: str | None = None
    body_bytes: int = BODY_BYTES
    media_type: str = JSON

    def __post_init__(self) -> None:
        """Raise TypeError for a permission that could not be enforced, or an error that is not registered."""
        unknown = [name for name in self.errors if name not in error_codes.BY_NAME]
        if unknown:
            raise TypeError(f"{self.name}: unknown errors {unknown}")
        members = self.permission.members
        structs = (self.input, self.body)
        if self.raw_body is None and not any(members <= _members(struct) for struct in structs):
            raise TypeError(f"{self.name}: its permission needs {sorted(members)} in the input")

    @property
    def body(self) -> type | None:
        """The struct of the body; None for an operation without one."""
        if self.raw_body is not None or not issubclass(self.input, Parameters):
            return self.raw_body or self.input
        return next((f.type for f in msgspec.structs.fields(self.input) if f.name == "body"), None)

    def authorize(self, context: Context, given: InputT) -> None:
        """Enforce the permission. Raises 403, or invalid_query when a tenant must be named and is not."""
        if self.precondition is not None:
            self.precondition(context.services)
        named: Any = given
        if not all(hasattr(given, member) for member in self.permission.members):
            named = named.body
        context.visible_tenant = authorize(context.identity, self.permission, named)


def _members(struct: Any) -> frozenset[str]:
    """The names of a struct's members; none for another type."""
    return frozenset(getattr(struct, "__struct_fields__", ()))


def only(rows: Sequence[R], refusal: str, resource_id: object = None) -> R:
    """The row that was asked for. Raises the refusal, which names the resource, when there is none."""
    if not rows:
        raise ApiError(refusal, resource_id=None if resource_id is None else str(resource_id))
    return rows[0]


def refusal_of(error: Exception) -> ApiError:
    """The refusal that an exception of an operation stands for; an unknown one becomes internal_error."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, RequestRefused):
        return ApiError(error.name, error.message, details=error.details)
    if isinstance(error, ProtocolError):
        return ApiError("invalid_field", error.message)
    return ApiError("internal_error")


class Area:
    """Operations under one tag of the reference."""

    def __init__(self, tag: str) -> None:
        self._tag = tag

    def operation(
        self, *, permission: Permission, **members: Any
    ) -> Callable[[Call[InputT]], Operation[InputT]]:
        """Declare the decorated call as the operation of its name.

        Its summary is the first line of the docstring; input and output are the annotated types. `members` are other
        members of `Operation`, and those that differ from the call's.
        """

        def declare(call: Call[InputT]) -> Operation[InputT]:
            _, given, answer = get_type_hints(call).values()
            summary = (call.__doc__ or "").partition("\n")[0].removesuffix(".")
            declared = {"summary": summary, "tag": self._tag, "input": given, "output": answer, **members}
            return Operation(name=call.__name__, permission=permission, call=call, **declared)

        return declare
