"""Print the part of requirements.lock that an image needs: `runtime_lock.py [EXTRA ...] [--only NAME]`.

The project's own dependencies and those of the named extras, with everything that these pull in, hashes included; or
with `--only` just one package. The lock says below each package which others asked for it; reading that backwards
gives the packages that are needed. Works with the standard library alone, in an empty image.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_ENTRY = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==")
_ASKED = re.compile(r"^    #(?: via)?\s+(?P<name>[A-Za-z0-9._-]+)")
_REQUIREMENT = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:\[(?P<extras>[^]]+)\])?")


def normalized(name: str) -> str:
    """Return a package's name in the one spelling that compares."""
    return re.sub(r"[-_.]+", "-", name).lower()


def entries(lock: str) -> dict[str, str]:
    """Return each package's own lines of the lock, by name."""
    found: dict[str, str] = {}
    name = ""
    for line in lock.splitlines(keepends=True):
        if match := _ENTRY.match(line):
            name = match["name"]
            found[name] = ""
        if name:
            found[name] += line
    return found


def asked_by(entry: str) -> set[str]:
    """Return the names of the packages that asked for this one."""
    return {normalized(match["name"]) for line in entry.splitlines() if (match := _ASKED.match(line))}


def wanted(folder: Path, extras: list[str], sources: dict[str, dict[str, str]] | None = None) -> set[str]:
    """Return the names of the packages that the distribution of a folder asks for, with these extras.

    A distribution of this project (`tool.uv.sources`) counts as what it asks for itself.
    """
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    table = project["project"]
    sources = project["tool"]["uv"]["sources"] if sources is None else sources
    texts = [
        *table["dependencies"],
        *(text for extra in extras for text in table["optional-dependencies"][extra]),
    ]
    names: set[str] = set()
    for match in filter(None, map(_REQUIREMENT.match, texts)):
        name = normalized(match["name"])
        if name in sources:
            names |= wanted(
                ROOT / sources[name]["path"], re.findall(r"[^,\s]+", match["extras"] or ""), sources
            )
        else:
            names.add(name)
    return names


def closure(roots: set[str], lock: dict[str, str]) -> list[str]:
    """Return the names in `lock` that `roots` need, in the order of the lock."""
    needed = set(roots)
    grown = True
    while grown:
        more = {name for name, entry in lock.items() if asked_by(entry) & needed}
        grown = not more <= needed
        needed |= more
    return [name for name in lock if name in needed]


def main() -> None:
    """Print the chosen entries; a name that is not in the lock is an error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("extras", nargs="*")
    parser.add_argument("--only")
    options = parser.parse_args()
    lock = entries((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    names = [normalized(options.only)] if options.only else closure(wanted(ROOT, options.extras), lock)
    sys.stdout.write("".join(lock[name] for name in names))


if __name__ == "__main__":
    main()
