"""Where the chain is that payments are settled and commitments anchored on: settings that API and workers share (chain 5)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ves.payments import CHAIN_IDS
from ves_edge.environment import SettingsError

if TYPE_CHECKING:
    from ves_edge.environment import Environment

DEFAULT_CHAIN_ID = CHAIN_IDS["set_chain"]


@dataclass(frozen=True, slots=True)
class ChainNodes:
    """JSON-RPC endpoints of one chain, in the order in which they are tried; none where there is no chain."""

    # A URL may hold the key of an account with its provider.
    urls: tuple[str, ...] = field(repr=False)
    chain_id: int


def read_nodes(env: Environment) -> ChainNodes:
    """Read L2_RPC_URL and L2_CHAIN_ID. Raises SettingsError for an id that is none, also without a node."""
    urls = tuple(filter(None, (part.strip() for part in env.text("L2_RPC_URL").split(","))))
    return ChainNodes(urls, env.integer("L2_CHAIN_ID", DEFAULT_CHAIN_ID, low=1, high=2**53))


def read_anchor_contract(env: Environment) -> str:
    """Read SET_REGISTRY_ADDRESS, in lower case; empty: nothing is anchored. Raises SettingsError for what is no address."""
    address = env.text("SET_REGISTRY_ADDRESS").lower()
    if address and not re.fullmatch("0x[0-9a-f]{40}", address):
        raise SettingsError("SET_REGISTRY_ADDRESS: is no address")
    return address
