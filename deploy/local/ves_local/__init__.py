"""Runs the system on one machine, beside the checkout: a private cluster, the API and the workers under supervision.

`deploy/local/bootstrap` finds the toolchain and makes `.venv` before this package runs. `make up`, `down`, `reset`
and `status` are `python -m ves_local COMMAND`. Everything but `database` is standard library only, so that `down` and
`reset` work without a usable `.venv`.
"""
