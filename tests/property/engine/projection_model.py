"""Operations 5.1 and 5.2 once more, as plainly as Python says it: the oracle of the projections."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

I64 = range(-(2**63), 2**63)
ORDER_STEPS = {
    "confirmed": "pending",
    "processing": "confirmed",
    "shipped": "processing",
    "delivered": "shipped",
}
RETURN_STEPS = {"approved": "requested", "received": "approved"}
KNOWN = {
    "order": {"created", "confirmed", "processing", "shipped", "delivered", "cancelled"},
    "inventory": {"initialized", "adjusted", "reserved", "released", "fulfilled"},
    "product": {"created", "updated", "deactivated", "activated"},
    "customer": {"created", "updated", "address_added"},
    "return": {"requested", "approved", "received", "refunded", "completed"},
}
CREATES = {"created", "initialized", "requested"}


class RejectedError(Exception):
    """Reason and message of a rejection."""


def amount(value: Any, default: Any = 0) -> Any:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else default


def integer(value: Any, default: int) -> int:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and value in I64 else default


def string(value: Any, default: str | None) -> str | None:
    return value if isinstance(value, str) else default


def items(given: Any, third: str) -> list[dict[str, Any]]:
    kept = []
    for item in given if isinstance(given, list) else []:
        fits = (
            isinstance(item, dict)
            and isinstance(item.get("product_id"), str)
            and 0 <= integer(item.get("quantity"), -1) < 2**32
            and (
                amount(item.get(third), None) is not None
                if third == "unit_price"
                else isinstance(item.get(third), str | None)
            )
        )
        if not fits:
            return []
        kept.append({name: item.get(name) for name in ("product_id", "quantity", third)})
    return kept


def exists_as_it_must(action: str, before: Any) -> None:
    if action in CREATES and before is not None:
        raise RejectedError("INVALID_STATE_TRANSITION", "exists→created")
    if action not in CREATES and before is None:
        raise RejectedError("ENTITY_NOT_FOUND", "the entity does not exist")


@dataclass
class Model:
    """What one stream's events make of its entities, and what is rejected."""

    entities: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    versions: dict[tuple[str, str], int] = field(default_factory=dict)
    rejections: list[tuple[int, str, str]] = field(default_factory=list)
    number: int = 0

    def apply(
        self, entity_type: str, entity_id: str, event_type: str, payload: Any, base_version: int | None = None
    ) -> None:
        self.number += 1
        if entity_type not in KNOWN:
            return
        key = entity_type, entity_id
        version = self.versions.get(key, 0)
        if base_version is not None and base_version != version:
            message = f"expected version {base_version}, actual {version}"
            self.rejections.append((self.number, "VERSION_CONFLICT", message))
            return
        prefix, _, action = event_type.partition(".")
        if prefix != entity_type or action not in KNOWN[entity_type]:
            return
        given = payload if isinstance(payload, dict) else {}
        before = self.entities.get(key)
        try:
            exists_as_it_must(action, before)
            made = getattr(self, f"_{entity_type}")(action, before, given, entity_id)
        except RejectedError as rejected:
            reason, message = rejected.args
            self.rejections.append((self.number, reason, message))
            return
        self.entities[key] = made
        self.versions[key] = version + 1

    def _order(self, action: str, before: Any, given: dict[str, Any], _: str) -> dict[str, Any]:
        if action == "created":
            if not isinstance(given.get("customer_id"), str):
                raise RejectedError("PAYLOAD_INVALID", "customer_id is required")
            return {
                "customer_id": given["customer_id"],
                "status": "pending",
                "total_amount": amount(given.get("total_amount")),
                "currency": string(given.get("currency"), "USD"),
                "line_items": items(given.get("line_items"), "unit_price"),
                "shipping_address": given.get("shipping_address"),
            }
        status = before["status"]
        allowed = status != "delivered" if action == "cancelled" else ORDER_STEPS[action] == status
        if not allowed:
            raise RejectedError("INVALID_STATE_TRANSITION", f"{status.title()}→{action.title()}")
        return {**before, "status": action}

    def _inventory(self, action: str, before: Any, given: dict[str, Any], entity_id: str) -> dict[str, Any]:
        quantity = integer(given.get("adjustment" if action == "adjusted" else "quantity"), 0)
        if action == "initialized":
            product, *location = entity_id.split(":") if entity_id.count(":") == 1 else [entity_id]
            return {
                "product_id": product,
                "location_id": location[0] if location else "default",
                "quantity_on_hand": quantity,
                "quantity_reserved": 0,
                "quantity_available": quantity,
                "reorder_point": integer(given.get("reorder_point"), 10),
            }
        if action != "adjusted" and quantity < 0:
            raise RejectedError("PAYLOAD_INVALID", "quantity must not be negative")
        on_hand, reserved = before["quantity_on_hand"], before["quantity_reserved"]
        if action == "reserved":
            if quantity > before["quantity_available"]:
                raise RejectedError("INVARIANT_VIOLATION", "reserved <= available")
            reserved += quantity
        elif action in ("released", "fulfilled"):
            reserved = max(reserved - quantity, 0)
        if action in ("adjusted", "fulfilled"):
            on_hand += quantity if action == "adjusted" else -quantity
        for name, value in (
            ("quantity_on_hand", on_hand),
            ("quantity_reserved", reserved),
            ("quantity_available", on_hand - reserved),
        ):
            if value not in I64:
                raise RejectedError("INVARIANT_VIOLATION", f"{name} arithmetic within i64 range")
        if action in ("adjusted", "fulfilled") and on_hand < 0:
            raise RejectedError("INVARIANT_VIOLATION", "quantity_on_hand >= 0")
        return {
            **before,
            "quantity_on_hand": on_hand,
            "quantity_reserved": reserved,
            "quantity_available": on_hand - reserved,
        }

    def _product(self, action: str, before: Any, given: dict[str, Any], _: str) -> dict[str, Any]:
        if action == "created":
            return {
                "sku": string(given.get("sku"), ""),
                "name": string(given.get("name"), ""),
                "description": string(given.get("description"), None),
                "price": amount(given.get("price")),
                "currency": string(given.get("currency"), "USD"),
                "active": True,
                "attributes": given.get("attributes", {}),
            }
        if action != "updated":
            return {**before, "active": action == "activated"}
        made = {
            **before,
            "name": string(given.get("name"), before["name"]),
            "price": amount(given.get("price"), before["price"]),
        }
        if "description" in given:
            made["description"] = string(given["description"], None)
        if "attributes" in given:
            made["attributes"] = given["attributes"]
        return made

    def _customer(self, action: str, before: Any, given: dict[str, Any], _: str) -> dict[str, Any]:
        if action == "created":
            if not isinstance(given.get("email"), str):
                raise RejectedError("HANDLER_ERROR", "email is required")
            return {
                "email": given["email"],
                "name": string(given.get("name"), None),
                "phone": string(given.get("phone"), None),
                "addresses": [],
                "metadata": given.get("metadata", {}),
                "active": True,
            }
        if action == "address_added":
            more = [given["address"]] if "address" in given else []
            return {**before, "addresses": [*before["addresses"], *more]}
        made = {**before, "email": string(given.get("email"), before["email"])}
        made |= {name: string(given[name], None) for name in ("name", "phone") if name in given}
        if "metadata" in given:
            made["metadata"] = given["metadata"]
        return made

    def _return(self, action: str, before: Any, given: dict[str, Any], _: str) -> dict[str, Any]:
        if action == "requested":
            for name in ("order_id", "customer_id"):
                if not isinstance(given.get(name), str):
                    raise RejectedError("HANDLER_ERROR", f"{name} is required")
            return {
                "order_id": given["order_id"],
                "customer_id": given["customer_id"],
                "status": "requested",
                "reason": string(given.get("reason"), ""),
                "items": items(given.get("items"), "condition"),
                "refund_amount": None,
            }
        status = before["status"]
        if action in RETURN_STEPS and RETURN_STEPS[action] != status:
            raise RejectedError("INVALID_STATE_TRANSITION", f"{status.title()}→{action.title()}")
        made = {**before, "status": action}
        if action == "refunded":
            made["refund_amount"] = amount(given.get("refund_amount"), None)
        return made
