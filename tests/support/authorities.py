"""Certificate authorities: the tests' own clients, whose URLs are plain HTTP, load none; programs that fetch packages do."""

from __future__ import annotations

import os

_NAMES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_KEPT = "TESTS_KEEP_"  # in the environment, which the processes of pytest-xdist inherit


def hide() -> None:
    """Let httpx load none: it reads a bundle for each new client, which takes 30 ms."""
    if os.environ.get("SSL_CERT_DIR") != os.devnull:
        os.environ.update({_KEPT + name: os.environ.pop(name) for name in _NAMES if name in os.environ})
        os.environ["SSL_CERT_DIR"] = os.devnull


def environment() -> dict[str, str]:
    """The environment variables of this process, with the machine's authorities."""
    kept = {name: os.environ[_KEPT + name] for name in _NAMES if _KEPT + name in os.environ}
    hidden = _NAMES if os.environ.get("SSL_CERT_DIR") == os.devnull else ()
    return {name: text for name, text in os.environ.items() if name not in hidden} | kept
