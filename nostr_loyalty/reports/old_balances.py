"""Balances that a venue brings along (from paper cards, from another system), from a file that is checked line by line.

CSV with a line of column names, or JSON lines: `customer` (npub, nprofile or 64 hex digits), `points` (a whole number
above 0), and if wanted `reason` (told to the customer) and `expires` (the last day, YYYY-MM-DD by the venue's clock, on
which the points are good). Every mistake is found before anything is booked. A line is known by what it says and by how
often the file has said so before: the same file twice books once, and a file with lines added books those.
"""

import csv
import hashlib
import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import MAXYEAR, date
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from kinds.keys import read_public_key
from nostr_loyalty.commands.command import POINTS_MAX, REASON_MAX, Grant
from nostr_loyalty.reports.cells import Format, plain
from nostr_loyalty.rules.calendar import start_of_day

ROWS_MAX: Final = 200_000
COLUMNS: Final = ("customer", "points", "reason", "expires")
_NEEDED: Final = ("customer", "points")
_POINTS: Final = re.compile(r"[1-9][0-9]{0,12}", re.ASCII)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


class Brought(NamedTuple):
    """One line: the grant that it stands for, and the ref that makes it happen once."""

    line: int
    ref: str
    grant: Grant
    last_day: int | None


class Mistake(NamedTuple):
    """What is wrong in a line; line 0 is about the whole file."""

    line: int
    what: str


def read(text: str, form: Format, *, program: str, today: int, tz: ZoneInfo) -> tuple[list[Brought], list[Mistake]]:
    """All lines of a file, and all mistakes in it. `program`: its address; `today`: its local day."""
    rows: list[Brought] = []
    mistakes: list[Mistake] = []
    seen: Counter[str] = Counter()
    try:
        for line, fields in _csv(text) if form == "csv" else _json(text):
            if len(rows) >= ROWS_MAX:
                return rows, [*mistakes, Mistake(line, f"more than {ROWS_MAX} lines; split the file")]
            try:
                grant, last_day = _grant(fields, today, tz)
            except ValueError as fault:
                mistakes.append(Mistake(line, str(fault)))
                continue
            said = json.dumps([program, grant.who, grant.points, grant.reason, last_day])
            rows.append(Brought(line, _ref(said, seen[said]), grant, last_day))
            seen[said] += 1
    except _Unreadable as fault:
        mistakes.append(Mistake(fault.line, str(fault)))
    if not rows and not mistakes:
        mistakes.append(Mistake(0, "the file holds no line"))
    return rows, mistakes


class _Unreadable(ValueError):
    """Nothing that follows can be read."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line


def _csv(text: str) -> Iterator[tuple[int, Mapping[str, Any] | str]]:
    first = text.partition("\n")[0]
    rows = csv.reader(io.StringIO(text), delimiter=";" if first.count(";") > first.count(",") else ",", strict=True)
    names: list[str] | None = None
    try:
        for cells in rows:
            line = rows.line_num
            if not any(cell.strip() for cell in cells):
                continue
            if names is None:
                names = _names(cells, line)
            elif len(cells) != len(names):
                yield line, f"{len(cells)} cells where the first line has {len(names)} columns"
            else:
                yield line, {name: plain(cell.strip()) for name, cell in zip(names, cells, strict=True) if cell.strip()}
    except csv.Error as fault:
        raise _Unreadable(rows.line_num, f"not CSV: {fault}") from None


def _names(cells: list[str], line: int) -> list[str]:
    names = [cell.strip().lower() for cell in cells]
    unknown = [name for name in names if name not in COLUMNS]
    missing = [name for name in _NEEDED if name not in names]
    if unknown or missing or len(set(names)) < len(names):
        there = ", ".join(COLUMNS)
        raise _Unreadable(line, f"the first line names the columns, each once: customer and points, of {there}")
    return names


def _json(text: str) -> Iterator[tuple[int, Mapping[str, Any] | str]]:
    for line, each in enumerate(text.split("\n"), start=1):
        if not each.strip():
            continue
        try:
            fields = json.loads(each)
        except (ValueError, RecursionError):
            yield line, "not a JSON value"
            continue
        if not isinstance(fields, dict):
            yield line, "not a JSON object"
        elif unknown := [name for name in fields if name not in COLUMNS]:
            yield line, f"unknown {', '.join(unknown)}; there are {', '.join(COLUMNS)}"
        else:
            yield line, {name: value for name, value in fields.items() if value is not None}


def _grant(fields: Mapping[str, Any] | str, today: int, tz: ZoneInfo) -> tuple[Grant, int | None]:
    """What a line stands for, and the last day of its points. Raises ValueError with every mistake of the line."""
    if isinstance(fields, str):
        raise ValueError(fields)
    faults: list[str] = []
    values: dict[str, Any] = {"reason": "", "expires": None}
    for name, reader in (("customer", _customer), ("points", _points), ("reason", _reason), ("expires", _last_day)):
        if name not in fields:
            if name in _NEEDED:
                faults.append(f"{name}: missing")
            continue
        try:
            values[name] = reader(fields[name])
        except ValueError as fault:
            faults.append(f"{name}: {fault}")
    last_day: int | None = values["expires"]
    if last_day is not None and last_day < today:
        faults.append(f"expires: {date.fromordinal(last_day)} is over")
    if faults:
        raise ValueError("; ".join(faults))
    expires_at = None if last_day is None else start_of_day(last_day + 1, tz)
    return Grant(values["customer"], values["points"], values["reason"], expires_at), last_day


def _customer(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("not a text")
    if value.strip().lower().startswith(("nsec1", "ncryptsec1")):
        raise ValueError("this is a SECRET key; write the npub instead")
    try:
        return read_public_key(value)
    except ValueError:
        raise ValueError(f"{value[:70]!r} is not a public key; write an npub or 64 hex digits") from None


def _points(value: Any) -> int:
    text = str(value) if type(value) is int else value
    if not isinstance(text, str) or _POINTS.fullmatch(text) is None or int(text) > POINTS_MAX:
        raise ValueError(f"{str(value)[:20]!r} is not a whole number from 1 to {POINTS_MAX}")
    return int(text)


def _reason(value: Any) -> str:
    if not isinstance(value, str) or not value.isprintable():
        raise ValueError("not one line of text")
    if len(value) > REASON_MAX:
        raise ValueError(f"longer than {REASON_MAX} characters")
    return value


def _last_day(value: Any) -> int:
    if not isinstance(value, str) or _DATE.fullmatch(value) is None:
        raise ValueError(f"{str(value)[:20]!r} is not a date; write it like 2027-12-31")
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{value} is no day of the calendar") from None
    if day.year == MAXYEAR:
        raise ValueError(f"{value} is too far away; leave it empty where points never run out")
    return day.toordinal()


def _ref(said: str, before: int) -> str:
    return hashlib.sha256(f"import|{said}|{before}".encode()).hexdigest()
