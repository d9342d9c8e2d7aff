"""A page of docs/stories: its blocks of rules and the rows of its tables, in the order in which they stand."""

import re
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

TZ = ZoneInfo("Europe/Madrid")
YEAR = 2026
NOTHING = "—"

_PIECE = re.compile(r"^```toml\n(?P<rules>.*?)^```$|^(?P<row>\|[^\n]*\|)$", re.DOTALL | re.MULTILINE)
_WHEN = re.compile(r"([A-Z][a-z]{2}) (\d{1,2} [A-Z][a-z]+), (\d\d:\d\d)")


class Row(NamedTuple):
    """One row: the cells by the names of their columns, and the moment in unix seconds (None: as the one above)."""

    line: int
    moment: int | None
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:  # type: ignore[override] # a row is asked by column
        return self.cells.get(column, "")


class Rules(NamedTuple):
    """A block of TOML: what stands below [[program]]."""

    section: str


def pieces(page: Path) -> list[Row | Rules]:
    """Rules and rows, as they come. A table begins with the names of its columns."""
    text = page.read_text(encoding="utf-8")
    found: list[Row | Rules] = []
    columns: list[str] = []
    for piece in _PIECE.finditer(text):
        line = text.count("\n", 0, piece.start()) + 1
        if piece["rules"] is not None:
            found.append(Rules(piece["rules"].removeprefix("[[program]]\n")))
            columns = []
            continue
        cells = [cell.strip() for cell in piece["row"].strip("|").split("|")]
        if not columns:
            columns = cells
        elif not set("".join(cells)) <= set("-: "):
            by_column = dict(zip(columns, cells, strict=True))
            found.append(Row(line, moment(by_column["when"]), by_column))
    return found


def moment(text: str) -> int | None:
    """ "Mon 1 June, 10:00", in the café's time zone; the day of the week has to be the right one."""
    if not text:
        return None
    matched = _WHEN.fullmatch(text)
    assert matched is not None, f"not a time: {text!r}"
    # fold=1: of an hour that comes twice, the second
    local = datetime.strptime(f"{matched[2]} {YEAR} {matched[3]}", "%d %B %Y %H:%M").replace(tzinfo=TZ, fold=1)
    assert f"{local:%a}" == matched[1], f"{text!r} is a {local:%a}"
    return int(local.timestamp())
