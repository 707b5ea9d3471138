"""The requirement files as data, and an index made of what is installed."""

from __future__ import annotations

import base64
import hashlib
import re
import tomllib
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, distribution
from itertools import chain
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
FILES: Mapping[str, frozenset[str]] = {  # and the extras of ours that each is made for
    "requirements.txt": frozenset(),
    "requirements-engine.txt": frozenset({"engine"}),
    "requirements-dev.txt": frozenset({"dev"}),
}
NEWER = "9999.0"


def pinned(file: str) -> dict[str, Requirement]:
    """What a requirement file pins on this platform, by name."""
    lines = re.findall(r"^[a-z][^\\\n]*", (ROOT / file).read_text(), re.MULTILINE)
    found = [Requirement(line.strip()) for line in lines]
    return {
        canonicalize_name(one.name): one
        for one in found
        if one.marker is None or one.marker.evaluate()
    }


def wanted(extras: frozenset[str]) -> dict[str, set[str]]:
    """Every package that Stenolog needs with these extras: ours from pyproject.toml, since what was
    installed may be older, and theirs as the installed packages say.

    Gives the extras with which somebody in the graph asks for each.
    """
    asked: dict[str, set[str]] = {}
    todo = [*our_needs(extras)]
    while todo:
        one = todo.pop()
        key = canonicalize_name(one.name)
        if key not in asked or not one.extras <= asked[key]:
            asked.setdefault(key, set()).update(one.extras)
            todo += needs(key, frozenset(asked[key]))
    return asked


def our_needs(extras: frozenset[str]) -> Iterator[Requirement]:
    """What pyproject.toml declares for Stenolog with these extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lists = [project["optional-dependencies"][extra] for extra in sorted(extras)]
    for one in map(Requirement, [*project["dependencies"], *chain.from_iterable(lists)]):
        if one.marker is None or one.marker.evaluate():
            yield one


def needs(name: str, extras: frozenset[str]) -> Iterator[Requirement]:
    """What a package that is installed needs on this platform, with these extras."""
    for text in distribution(name).requires or ():
        one = Requirement(text)
        if one.marker is None or any(one.marker.evaluate({"extra": e}) for e in {"", *extras}):
            yield one


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """A package index in a folder: each package as it is pinned, and a newer release of it.

    Attributes:
        simple: The folder that `--index-url` takes, by PEP 503.
        hashes: Of the pinned releases alone, by package.
    """

    simple: Path
    hashes: dict[str, str] = field(default_factory=dict)

    def offer(self, requirement: Requirement) -> None:
        """Add the pinned release and a newer one, both with what the installed one needs."""
        name = canonicalize_name(requirement.name)
        (pin,) = requirement.specifier
        folder = self.simple / name
        if folder.exists():
            return
        folder.mkdir(parents=True)
        files = [wheel(folder, name, version) for version in (pin.version, NEWER)]
        self.hashes[name] = hashlib.sha256(files[0].read_bytes()).hexdigest()
        links = (f'<a href="{file.name}">{file.name}</a>' for file in files)
        (folder / "index.html").write_text("<!DOCTYPE html>\n" + "\n".join(links))

    def requirements(self, lines: Iterable[Requirement]) -> str:
        """A requirement file with the names, extras and versions of these, and our hashes."""
        return "".join(
            f"{one} --hash=sha256:{self.hashes[canonicalize_name(one.name)]}\n" for one in lines
        )


def wheel(folder: Path, name: str, version: str) -> Path:
    """An empty wheel that needs and offers what the installed package of this name does."""
    stem = f"{name.replace('-', '_')}-{version}"
    described = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}"]
    try:
        found = distribution(name)
    except PackageNotFoundError:
        found = None
    if found is not None:
        described += [f"Requires-Dist: {one}" for one in found.requires or ()]
        extras = found.metadata.get_all("Provides-Extra") or ()
        described += [f"Provides-Extra: {extra}" for extra in extras]
    files = {
        f"{stem}.dist-info/METADATA": "\n".join(described) + "\n",
        f"{stem}.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = f"{stem}.dist-info/RECORD"
    rows = [f"{path},{digest(text)},{len(text.encode())}" for path, text in files.items()]
    files[record] = "\n".join([*rows, f"{record},,"]) + "\n"
    path = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for inside, text in files.items():
            archive.writestr(inside, text)
    return path


def digest(text: str) -> str:
    """As RECORD writes it."""
    raw = hashlib.sha256(text.encode()).digest()
    return "sha256=" + base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
