"""Settings of the payments worker: names and rules of the original (x402 A10)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ves.payments import CHAIN_IDS

if TYPE_CHECKING:
    from ves_edge.environment import Environment

_MAX_SIZE = 1000
_DEFAULT_NETWORKS = ("set_chain",)


@dataclass(frozen=True, slots=True)
class PaymentSettings:
    """When a batch is due: `ves.batch_due_payments` says what each number means."""

    interval_secs: int = 30
    min_size: int = 1
    max_size: int = 100
    max_wait_secs: int = 300
    networks: tuple[str, ...] = _DEFAULT_NETWORKS
    max_value: int | None = None
    expiry_margin_secs: int = 60

    @classmethod
    def from_environment(cls, env: Environment) -> PaymentSettings:
        """Read the settings; as in the original, an invalid value means the default."""
        min_size = min(env.positive("X402_BATCH_MIN_SIZE", 1), _MAX_SIZE)
        given = env.text("X402_BATCH_NETWORKS").split(",")
        networks = tuple(name for name in (part.strip() for part in given) if name in CHAIN_IDS)
        return cls(
            interval_secs=env.positive("X402_BATCH_INTERVAL_SECS", 30),
            min_size=min_size,
            max_size=max(min_size, min(env.positive("X402_BATCH_MAX_SIZE", 100), _MAX_SIZE)),
            max_wait_secs=env.positive("X402_BATCH_MAX_WAIT_SECS", 300),
            networks=networks or _DEFAULT_NETWORKS,
            max_value=env.integer("VES_PAYMENT_BATCH_MAX_VALUE", 0, low=0, high=2**63 - 1) or None,
            expiry_margin_secs=env.integer("VES_PAYMENT_BATCH_EXPIRY_MARGIN_SECS", 60, low=0, high=86_400),
        )
