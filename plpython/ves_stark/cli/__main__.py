"""`python -m ves_stark.cli`."""

from __future__ import annotations

import sys

from ves_stark.cli.main import main

sys.exit(main())
