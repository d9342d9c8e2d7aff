"""Rows of an export as lines of CSV or JSON.

A text that a spreadsheet would take for a formula (it begins with = + - @, a tab or a return) gets an apostrophe before
it in CSV, unless it is a number: order ids and reasons are written by others. `plain` takes it away again. JSON lines
hold what is there, unchanged.
"""

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

Format = Literal["csv", "jsonl"]
Row = Mapping[str, Any]

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?", re.ASCII)


def head(columns: Sequence[str], form: Format) -> str:
    """What stands before the rows: the columns' names in CSV, nothing in JSON lines."""
    return _csv(columns) if form == "csv" else ""


def line(row: Row, form: Format) -> str:
    """One row, with its end of line; in CSV what is missing is empty, and lists are joined by blanks."""
    if form == "jsonl":
        return json.dumps(row, ensure_ascii=False) + "\n"
    return _csv([_cell(value) for value in row.values()])


def guarded(text: str) -> str:
    """The text as a cell that no spreadsheet reckons with."""
    return f"'{text}" if text.startswith(_FORMULA) and _NUMBER.fullmatch(text) is None else text


def plain(text: str) -> str:
    """The text that `guarded` was given."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value)
    return guarded(str(value))


def _csv(cells: Sequence[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)  # so that a return inside of a cell is quoted, too
    return out.getvalue().removesuffix("\r\n") + "\n"
