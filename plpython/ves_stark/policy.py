"""The policies that the constraints cover (STARK 2, VES 13)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ves.canonical import jcs_value
from ves_stark.errors import InputsError
from ves_stark.fields import member, normal_hex64, unsigned

AML_THRESHOLD = "aml.threshold"
ORDER_TOTAL_CAP = "order_total.cap"
AGENT_AUTHORIZATION = "agent.authorization.v1"
AGENT_BUDGET = "agent.budget.v1"

_LIMIT_MEMBERS = {
    AML_THRESHOLD: "threshold",
    ORDER_TOTAL_CAP: "cap",
    AGENT_AUTHORIZATION: "maxTotal",
    AGENT_BUDGET: "budgetLimit",
}


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy with its limit as stated; `intent_hash` only for ``agent.authorization.v1``."""

    policy_id: str
    limit: int
    intent_hash: str | None = None

    @staticmethod
    def aml_threshold(threshold: int) -> Policy:
        """The amount is strictly less than `threshold` (u64)."""
        return Policy(AML_THRESHOLD, unsigned(threshold, "threshold"))

    @staticmethod
    def order_total_cap(cap: int) -> Policy:
        """The amount is at most `cap` (u64)."""
        return Policy(ORDER_TOTAL_CAP, unsigned(cap, "cap"))

    @staticmethod
    def agent_authorization(max_total: int, intent_hash: str) -> Policy:
        """The amount is at most `max_total` (u64) under the delegated intent `intent_hash` (hex64)."""
        intent = normal_hex64(intent_hash, "intentHash")
        return Policy(AGENT_AUTHORIZATION, unsigned(max_total, "maxTotal"), intent)

    @staticmethod
    def agent_budget(budget_limit: int) -> Policy:
        """The running total is at most `budget_limit` (u64)."""
        return Policy(AGENT_BUDGET, unsigned(budget_limit, "budgetLimit"))

    @staticmethod
    def of(policy_id: str, params: Any) -> Policy:
        """The policy of an id and its parameters; unknown members are ignored.

        Raises InputsError for an unknown id, a missing member or a value that is not a u64.
        """
        name = _LIMIT_MEMBERS.get(policy_id)
        if name is None:
            raise InputsError("unsupported_policy", f"unsupported policy {policy_id}")
        limit = unsigned(member(params, name), name)
        if policy_id == AGENT_AUTHORIZATION:
            return Policy.agent_authorization(limit, member(params, "intentHash"))
        return Policy(policy_id, limit)

    @property
    def params(self) -> dict[str, Any]:
        """The policy parameters as JSON."""
        limit = {_LIMIT_MEMBERS[self.policy_id]: self.limit}
        return limit if self.intent_hash is None else {"intentHash": self.intent_hash, **limit}

    @property
    def comparison(self) -> str:
        """How an amount compares with the limit: ``<`` or ``<=``."""
        return "<" if self.policy_id == AML_THRESHOLD else "<="

    @property
    def effective_limit(self) -> int:
        """The greatest amount that the policy allows. Raises InputsError when there is none."""
        if self.policy_id != AML_THRESHOLD:
            return self.limit
        if self.limit == 0:
            raise InputsError("invalid_number", "no amount is below a threshold of 0")
        return self.limit - 1

    def allows(self, amount: int) -> bool:
        """Whether `amount` meets the policy."""
        return amount < self.limit if self.policy_id == AML_THRESHOLD else amount <= self.limit

    @property
    def is_portable(self) -> bool:
        """Whether both canonical JSON forms of the limit are equal (STARK 19, trap 11): always up to 2^53."""
        return jcs_value(self.limit) == str(self.limit).encode()

    def __repr__(self) -> str:
        return f"Policy({self.policy_id}, limit={self.limit})"
