"""The facilitator's half of the public x402 standard, versions 1 and 2, scheme `exact` with EIP-3009 (x402 part B)."""
