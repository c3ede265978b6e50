"""Settings of the chain workers: names of the original where it has one (chain 5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ves_edge.chain import DEFAULT_CHAIN_ID, read_anchor_contract, read_nodes
from ves_edge.environment import SettingsError

if TYPE_CHECKING:
    from ves_edge.environment import Environment

_GWEI = 10**9


@dataclass(frozen=True, slots=True)
class AnchorSettings:
    """Where commitments are anchored, who signs, and how often (chain 5). The suffix of a name is the unit of time."""

    contract: str = ""
    key: str = field(default="", repr=False)
    key_file: str = ""
    signer_url: str = field(default="", repr=False)
    interval_secs: float = 60
    threshold: int = 10
    confirmations: int = 6
    reconcile_secs: int = 300

    @classmethod
    def from_environment(cls, env: Environment) -> AnchorSettings:
        """Read the settings. SettingsError for more than one signer."""
        found = cls(
            contract=read_anchor_contract(env),
            key=env.text("SEQUENCER_PRIVATE_KEY"),
            key_file=env.text("VES_CHAIN_ANCHORER_KEY_FILE"),
            signer_url=env.text("VES_CHAIN_ANCHORER_SIGNER_URL"),
            interval_secs=env.integer("ANCHOR_INTERVAL_SECS", 60, low=5, high=86_400),
            threshold=env.integer("ANCHOR_BATCH_THRESHOLD", 10, low=1, high=50),
            confirmations=env.integer("ANCHOR_FINALITY_CONFIRMATIONS", 6, low=1, high=10_000),
            reconcile_secs=env.integer("ANCHOR_RECONCILE_SECS", 300, low=30, high=86_400),
        )
        if sum(map(bool, (found.key, found.key_file, found.signer_url))) > 1:
            raise SettingsError("SEQUENCER_PRIVATE_KEY: another signer of anchors is set too")
        return found


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
    recheck_secs: int = 60
    recheck_hours: int = 24
    log_blocks: int = 9000
    settler_key_file: str = ""
    settler_signer_url: str = field(default="", repr=False)
    anchor: AnchorSettings = field(default_factory=AnchorSettings)

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
            log_blocks=env.integer("VES_CHAIN_LOG_BLOCKS", 9000, low=1, high=1_000_000),
            settler_key_file=env.text("VES_CHAIN_SETTLER_KEY_FILE"),
            settler_signer_url=env.text("VES_CHAIN_SETTLER_SIGNER_URL"),
            anchor=AnchorSettings.from_environment(env),
        )
        if found.settler_key_file and found.settler_signer_url:
            raise SettingsError("VES_CHAIN_SETTLER_SIGNER_URL: VES_CHAIN_SETTLER_KEY_FILE is set too")
        return found

    @property
    def settles(self) -> bool:
        """Whether payments are settled: there is a chain and who signs."""
        return bool(self.urls and (self.settler_key_file or self.settler_signer_url))

    @property
    def anchors(self) -> bool:
        """Whether commitments are anchored: there are a chain, a contract and who signs."""
        chosen = self.anchor
        return bool(self.urls and chosen.contract and (chosen.key or chosen.key_file or chosen.signer_url))
