"""`python -m ves_api.cli`: the same as `ves`."""

from __future__ import annotations

from ves_api.cli.main import main

main()
