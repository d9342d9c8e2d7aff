"""The documents hold together: links lead somewhere, commands and keys that they name exist."""

import html
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nostr_loyalty.cli.main import VERBS
from nostr_loyalty.config.sections import TABLES

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").glob("*.md")])
LINK = re.compile(r"\[[^\]\[]*\]\(([^)\s]+)\)")
FENCED = re.compile(r"^ *```.*?^ *```$", re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r"nostr-loyalty ([a-z]+)\b")
TARGET = re.compile(r"^make ([a-z-]+)", re.MULTILINE)


def links(document: Path) -> Iterator[str]:
    """Every link of a document that is not on the web, as it is written."""
    text = FENCED.sub("", document.read_text(encoding="utf-8"))
    return (link for link in LINK.findall(text) if not link.startswith(("https://", "http://")))


def anchors(document: Path) -> set[str]:
    """The anchors of a document's headings, made as the repository's host makes them."""
    text = FENCED.sub("", document.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ +(.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", html.unescape(heading).lower()).replace(" ", "-") for heading in headings}


def code(document: Path) -> str:
    """What stands in a document as code, in blocks and in lines."""
    text = document.read_text(encoding="utf-8")
    return "\n".join([*FENCED.findall(text), *re.findall(r"`([^`\n]+)`", FENCED.sub("", text))])


def named(document: Path) -> str:
    """For the test's name."""
    return document.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_links_lead_somewhere(document: Path) -> None:
    """A relative link names a file that is there and, where it names a heading, one that the file has."""
    broken = []
    for link in links(document):
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_commands_exist(document: Path) -> None:
    """What a document tells to type is a verb that the command line has."""
    assert [verb for verb in COMMAND.findall(code(document)) if verb not in VERBS] == []


def test_every_verb_is_explained() -> None:
    """The document for operators names every verb."""
    assert set(VERBS) - set(COMMAND.findall(code(ROOT / "docs" / "operating.md"))) == set()


def test_make_targets_exist() -> None:
    """What a document tells to make is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    asked = {target for document in DOCUMENTS for target in TARGET.findall(code(document))}
    assert asked
    assert asked - targets == set()


def unknown(piece: dict[str, Any], name: str = "") -> list[str]:
    """The keys of a piece of TOML, at any depth, that the configuration does not have."""
    found = []
    for key, value in piece.items():
        path = f"{name}.{key}" if name else key
        rows = value if isinstance(value, list) else [value]
        if path in TABLES:
            found += [each for row in rows for each in unknown(row, path)]
        elif name not in TABLES or key not in TABLES[name].keys:
            found.append(path)
    return found


def test_configuration_in_the_documents_is_known() -> None:
    """Every piece of TOML in the documents uses keys that the configuration has."""
    pieces = [
        re.sub(r"^ +", "", block, flags=re.MULTILINE)
        for document in DOCUMENTS
        for block in re.findall(r"^ *```toml\n(.*?)^ *```$", document.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    ]
    assert pieces
    for piece in pieces:
        assert unknown(tomllib.loads(piece)) == [], piece


def test_keys_named_for_operators_are_known() -> None:
    """A key that docs/operating.md names as `[section] key` is one of that section."""
    text = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    found = re.findall(r"`\[+([a-z.]+)\]+ ([a-z_]+)`", text)
    assert found
    assert [(section, key) for section, key in found if key not in TABLES[section].keys] == []


def test_every_decision_is_listed() -> None:
    """docs/adr/README.md lists every decision, in order, with its title."""
    folder = ROOT / "docs" / "adr"
    listed = re.findall(r"^(\d+)\. \[(.+)\]\((.+)\)$", (folder / "README.md").read_text("utf-8"), re.MULTILINE)
    pages = sorted(path for path in folder.glob("0*.md"))
    assert [(int(number), title, name) for number, title, name in listed] == [
        (number, page.read_text("utf-8").splitlines()[0].partition(". ")[2], page.name)
        for number, page in enumerate(pages, start=1)
    ]
