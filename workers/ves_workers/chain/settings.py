"""Settings of the chain workers: names of the original where it has one (chain 5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ves_edge.chain import DEFAULT_CHAIN_ID, read_nodes
from ves_edge.environment import SettingsError

if TYPE_CHECKING:
    from ves_edge.environment import Environment

_GWEI = 10**9


@dataclass(frozen=True, slots=True)
class ChainSettings:
    """How the chain is reached and when a transaction is final; `urls` is empty where there is no chain."""

    urls: tuple[str, ...] = field(default=(), repr=False)
    chain_id: int = DEFAULT_CHAIN_ID
    quorum: int = 1
    confirmations: int = 6
    timeout_secs: float = 10
    poll_ms: int = 2000
    stuck_secs: int = 60
    max_fee: int = 100 * _GWEI
    recheck_hours: int = 24
    settler_key_file: str = ""
    settler_signer_url: str = field(default="", repr=False)

    @classmethod
    def from_environment(cls, env: Environment) -> ChainSettings:
        """Read the settings. SettingsError when there is a chain and not exactly one signer of settlements."""
        nodes = read_nodes(env)
        majority = len(nodes.urls) // 2 + 1
        found = cls(
            urls=nodes.urls,
            chain_id=nodes.chain_id,
            quorum=env.integer("VES_CHAIN_QUORUM", majority, low=1, high=max(len(nodes.urls), 1)),
            confirmations=env.integer("VES_CHAIN_CONFIRMATIONS", 6, low=1, high=10_000),
            timeout_secs=env.number("VES_CHAIN_TIMEOUT_SECS", 10, low=0.1),
            poll_ms=env.integer("VES_CHAIN_POLL_MS", 2000, low=10, high=600_000),
            stuck_secs=env.integer("VES_CHAIN_STUCK_SECS", 60, low=0, high=86_400),
            max_fee=env.integer("VES_CHAIN_MAX_FEE_GWEI", 100, low=1, high=1_000_000) * _GWEI,
            recheck_hours=env.integer("VES_CHAIN_RECHECK_HOURS", 24, low=0, high=720),
            settler_key_file=env.text("VES_CHAIN_SETTLER_KEY_FILE"),
            settler_signer_url=env.text("VES_CHAIN_SETTLER_SIGNER_URL"),
        )
        if found.settler_key_file and found.settler_signer_url:
            raise SettingsError("VES_CHAIN_SETTLER_SIGNER_URL: VES_CHAIN_SETTLER_KEY_FILE is set too")
        return found

    @property
    def settles(self) -> bool:
        """Whether payments are settled: there is a chain and who signs."""
        return bool(self.urls and (self.settler_key_file or self.settler_signer_url))
