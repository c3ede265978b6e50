"""`python -m shop`: run the demo."""

from __future__ import annotations

from shop.command import main

main()
