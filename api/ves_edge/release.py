"""Generated from sql/migrations by `python -m ves_install.generate`; do not edit."""

# fmt: off
MIGRATIONS = (
    "0001_baseline",
)
# fmt: on
BREAKING_LEVEL = 1
