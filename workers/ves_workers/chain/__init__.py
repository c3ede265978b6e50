"""Sends the transactions of the outbox and follows them until they are final (chain 8)."""

from ves.json_decode import unchanged_recursion_limit

# A node's answer that is nested too deeply must be an error of this node, not the end of the process.
with unchanged_recursion_limit():
    import web3  # noqa: F401
