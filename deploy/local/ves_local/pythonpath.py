"""Python path of the server: the protocol library and its dependencies, readable by the OS user of the server.

Normally the checkout itself. A server that cannot read the checkout gets a copy of exactly the dependencies of the
protocol library (no extras), or of the given packages.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from ves_local import keyvalue

PROJECT = "stateset-ves"
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def needed(roots: Iterable[str], site: Path) -> dict[str, metadata.Distribution]:
    """Return `roots` and their transitive dependencies without extras, by normalized name."""
    found: dict[str, metadata.Distribution] = {}
    waiting = list(roots)
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in found:
            continue
        distribution = next(iter(metadata.distributions(name=name, path=[str(site)])), None)
        if distribution is None:
            continue  # excluded by its environment marker: another system or Python version
        found[name] = distribution
        waiting.extend(_name(requirement) for requirement in _unconditional(distribution))
    return found


def project_dependencies(site: Path) -> list[str]:
    """Return the names of the protocol library's dependencies, its extras left out."""
    project = next(iter(metadata.distributions(name=PROJECT, path=[str(site)])))
    return [_name(requirement) for requirement in _unconditional(project)]


def _name(requirement: str) -> str:
    match = _NAME.match(requirement)
    if match is None:
        raise ValueError(f"no package name in {requirement!r}")
    return match.group()


def _unconditional(distribution: metadata.Distribution) -> list[str]:
    return [text for text in distribution.requires or [] if not re.search(r";.*\bextra\s*==", text)]


def _copy_tree(source: Path, target: Path) -> None:
    """Copy with mtimes, because compiled modules record the mtime of their source."""
    shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)


def _fingerprint(distributions: dict[str, metadata.Distribution], trees: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for name in sorted(distributions):
        digest.update(f"{name} {distributions[name].version}\n".encode())
    for tree in trees:
        for path in sorted(tree.rglob("*.py")):
            digest.update(f"{path}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def copy(target: Path, site: Path, *, roots: Iterable[str], trees: Iterable[Path] = ()) -> bool:
    """Make `target` hold the packages that `roots` need and the folders `trees`. Return whether it changed.

    World-readable: it is public code. The copy is kept while package versions and sources are unchanged.
    """
    trees = list(trees)
    distributions = needed(roots, site)
    fingerprint = _fingerprint(distributions, trees)
    note = target / "fingerprint"
    if note.exists() and note.read_text(encoding="ascii").strip() == fingerprint:
        return False
    unfinished, previous = (target.with_name(f"{target.name}.{end}") for end in ("new", "old"))
    for folder in (unfinished, previous):
        if folder.exists():
            shutil.rmtree(folder)
    unfinished.mkdir(parents=True)
    tops = {
        file.parts[0]
        for found in distributions.values()
        for file in found.files or []
        if file.parts[0] != ".."
    }
    for top in sorted(tops):
        source = site / top
        if source.is_dir():
            _copy_tree(source, unfinished / top)
        elif source.exists() and source.suffix != ".pth":
            shutil.copy2(source, unfinished / top)
    for tree in trees:
        _copy_tree(tree, unfinished / tree.name)
    _make_readable(unfinished)
    keyvalue.write_text(unfinished / "fingerprint", f"{fingerprint}\n", mode=0o644)
    if target.exists():
        target.rename(previous)
    unfinished.rename(target)
    if previous.exists():
        shutil.rmtree(previous)
    return True


def _make_readable(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
