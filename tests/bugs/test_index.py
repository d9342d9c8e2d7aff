"""What broke in other loyalty systems is ruled out here: every line of that list has its test.

A test says `Bug 14: …` or `Bug 1, 2: …` at the beginning of its docstring. The list is the project's own research
(reports and sources of other systems); its numbers are for ever.
"""

import ast
import re
from collections import defaultdict
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
HIGHEST = 80

_NAMED = re.compile(r"Bug ((?:\d+, )*\d+):")


def _claims() -> dict[int, list[str]]:
    """Number -> the tests that claim to rule it out."""
    found: dict[int, list[str]] = defaultdict(list)
    for path in TESTS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                named = _NAMED.match(ast.get_docstring(node) or "")
                for number in named[1].split(", ") if named else ():
                    found[int(number)].append(f"{path.relative_to(TESTS)}::{node.name}")
    return found


CLAIMS = _claims()


@pytest.mark.parametrize("number", range(1, HIGHEST + 1))
def test_every_bug_has_its_test(number: int) -> None:
    """Each line is named by at least one test."""
    assert CLAIMS.get(number), f"no test begins its docstring with Bug {number}"


def test_no_bug_is_invented() -> None:
    """A test names lines of the list only."""
    assert {number: where for number, where in CLAIMS.items() if not 1 <= number <= HIGHEST} == {}
