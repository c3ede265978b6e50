"""An account that lets an agent's key sign payments from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ves_contracts import eip712

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

    from tests.support.agents import SigningAgent


def binding_body(account: LocalAccount, agent: SigningAgent, **changed: Any) -> dict[str, str]:
    """The body of a request that binds the account to the agent's key; `changed` is signed instead of the truth."""
    signed = {
        "payer": account.address,
        "tenant_id": str(agent.tenant_id),
        "agent_id": str(agent.agent_id),
        "key_id": agent.key_id,
        "public_key": agent.public_key,
        **changed,
    }
    data = eip712.binding_data(**signed)
    signature = account.sign_typed_data(*data.values()).signature
    return {"payerAddress": account.address, "signature": "0x" + bytes(signature).hex()}
