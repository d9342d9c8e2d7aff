"""Every code that an operator can meet is unique and explained (docs/codes.md)."""

import ast
import html
import importlib
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from ledger.audit import SENTENCES
from ledger.inbox import ASIDE
from nostr_loyalty.desk.deciding import TAKEN
from nostr_loyalty.letter_path import ANSWERED, UNANSWERED

ROOT = Path(__file__).parents[2]
TABLES = (
    ("kinds.errors", "CODES"),
    ("relay_client.errors", "CODES"),
    ("relay_client.errors", "HAPPENINGS"),
    ("ledger.errors", "CODES"),
    ("nostr_loyalty.errors", "CODES"),
    ("nostr_loyalty.intake.admission", "CODES"),
    ("nostr_loyalty.intake.recognition", "CODES"),
    ("nostr_loyalty.letters.codes", "CODES"),
    ("nostr_loyalty.rules.refusal", "CODES"),
)
FATES = {TAKEN, ASIDE, ANSWERED, UNANSWERED}
"""What becomes of a message beside being refused; these have no table of their own."""
CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LINE = re.compile(r"^\| `([^`]+)` \| (.+?) \|", re.MULTILINE)


def tables() -> dict[str, Mapping[str, str]]:
    """Every room's tables, by module and name."""
    return {f"{module}.{name}": getattr(importlib.import_module(module), name) for module, name in TABLES}


def lines() -> list[tuple[str, str]]:
    """Code and meaning of each line of docs/codes.md, in its order."""
    text = (ROOT / "docs" / "codes.md").read_text(encoding="utf-8")
    return [(code, html.unescape(meaning)) for code, meaning in LINE.findall(text)]


def documented() -> list[str]:
    """The codes of docs/codes.md, in its order."""
    return [code for code, _ in lines()]


def test_no_table_is_forgotten() -> None:
    """Every module of ours that keeps a table of codes is one of those that the tests below look at."""
    found = {
        (".".join(path.relative_to(ROOT).with_suffix("").parts), name)
        for room in ("kinds", "relay_client", "ledger", "nostr_loyalty")
        for path in (ROOT / room).rglob("*.py")
        for name in re.findall(r"^(CODES|HAPPENINGS)\b.*=", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert found <= set(TABLES)


def said_in(path: Path) -> set[str]:
    """The codes that a module says without a table: what is handed over, or set by default, as `code`, and what a
    refusal or an outcome begins with.
    """
    found: list[ast.expr | None] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(func=ast.Name(id="Refusal") | ast.Attribute(value=ast.Name(id="Refusal")), args=[first, *_]):
                found.append(first)
            case ast.Call(func=ast.Name(id="Outcome"), args=[_, code, *_]):
                found.append(code)
            case ast.keyword(arg="code", value=code) | ast.AnnAssign(target=ast.Name(id="code"), value=code):
                found.append(code)
    return {one.value for one in found if isinstance(one, ast.Constant) and isinstance(one.value, str)}


def test_what_is_said_without_a_table_is_in_one() -> None:
    """A code that a module writes out, as an answer to a letter, is one of a table; and none of those is said by
    nobody.
    """
    modules = sorted((ROOT / "nostr_loyalty").rglob("*.py"))
    said = {code: path.name for path in modules for code in said_in(path)}
    known = {code for table in (*tables().values(), SENTENCES, FATES) for code in table}
    assert {code: name for code, name in said.items() if code not in known} == {}
    assert "forget-confirm" in said
    assert set(tables()["nostr_loyalty.letters.codes.CODES"]) - set(said) == {"welcome"}


def test_codes_are_unique() -> None:
    """A code means one thing, whichever room it comes from."""
    count = Counter(code for table in (*tables().values(), SENTENCES, FATES) for code in table)
    assert [code for code, times in count.items() if times > 1] == []


def test_codes_are_words_and_sentences() -> None:
    """A code is words with hyphens; its meaning is one sentence that ends with a full stop."""
    wrong = [
        code
        for table in tables().values()
        for code, sentence in table.items()
        if not CODE.fullmatch(code) or not sentence.endswith(".") or not sentence[:1].isupper()
    ]
    assert wrong == []


def test_every_code_is_documented() -> None:
    """docs/codes.md has one line for each code of every room, also for what an audit can find."""
    known = {code for table in (*tables().values(), SENTENCES, FATES) for code in table}
    assert sorted(known - set(documented())) == []


def test_a_code_means_the_same_in_the_document() -> None:
    """docs/codes.md says of each code what its source says, word by word."""
    said = dict(lines())
    assert {code: said.get(code) for table in tables().values() for code in table} == {
        code: sentence for table in tables().values() for code, sentence in table.items()
    }
    assert {code: said.get(code) for code in SENTENCES} == {
        code: sentence.replace("{}", "…") for code, sentence in SENTENCES.items()
    }


def test_nothing_else_is_documented() -> None:
    """docs/codes.md names no code that no room has, and none twice."""
    known = {code for table in (*tables().values(), SENTENCES, FATES) for code in table}
    assert [code for code, times in Counter(documented()).items() if code not in known or times > 1] == []
