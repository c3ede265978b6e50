"""Compile the contracts: `python -m ves_contracts.build` writes `artifacts/`, with `--check` it compares.

Needs the packages of `contracts/package-lock.json` (`make tools`). Exit code 1: an artifact differs from the source.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from ves_contracts.artifacts import NAMES, Name

ROOM = Path(__file__).resolve().parent.parent
FORGE = ROOM / "node_modules" / ".bin" / "forge"
_FOLDER = Path(__file__).resolve().parent / "artifacts"
# Apart from the output of tests and lint: forge lint leaves files without code behind, and takes them for current.
_OUT, _CACHE = "out/artifacts", "cache/artifacts"


def compiled(name: Name) -> str:
    """Return the text of an artifact as the last `forge build` left it."""
    found = json.loads((ROOM / _OUT / f"{name}.sol" / f"{name}.json").read_text(encoding="utf-8"))
    metadata = found["metadata"]
    content = {
        "contractName": name,
        "sourceName": next(iter(metadata["settings"]["compilationTarget"])),
        "compiler": metadata["compiler"]["version"],
        "evmVersion": metadata["settings"]["evmVersion"],
        "optimizer": metadata["settings"]["optimizer"],
        "abi": found["abi"],
        "bytecode": found["bytecode"]["object"],
    }
    return json.dumps(content, indent=2) + "\n"


def main(arguments: list[str]) -> int:
    """Build, then write or compare every artifact."""
    command = [str(FORGE), "build", "src", "--quiet", "--out", _OUT, "--cache-path", _CACHE]
    subprocess.run(command, cwd=ROOM, check=True)
    stale = []
    for name in NAMES:
        path = _FOLDER / f"{name}.json"
        text = compiled(name)
        if "--check" not in arguments:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
    if stale:
        print(f"artifacts differ from the source (make generate): {', '.join(stale)}", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
