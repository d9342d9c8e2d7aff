"""A batch of rows as one parameter, and as one answer.

Python gives up its lock and takes it again for every row that SQLite is asked to step over. While the event loop is
busy in its own thread, each of these handovers may wait for milliseconds, so that 512 rows through `executemany` take
150 ms instead of one. Hence the ledger hands whole batches over: numbers and texts as one JSON array of rows (`?1`),
names of 32 bytes as one string of bytes (`?2`), documents as another (`?3`), and SQLite takes them apart again,
without Python, by `json_each`, `->>` and `substr`. Answers come back the same way, as one JSON array built by
`json_group_array`.

`json_each` writes a column `value` out anew whenever it is named, and a row is named as often as it has cells. Where
rows of many cells are taken apart, `EACH` stands for `json_each(?1)` and does it once, which halves the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import orjson

from ledger.errors import InvariantBroken, TextUnstorable

NAME_LENGTH: Final = 64
_NO_NAME: Final = "0" * NAME_LENGTH

EACH: Final = (
    "(WITH each AS MATERIALIZED (SELECT key, value FROM json_each(?1)) SELECT key, value FROM each) AS json_each"
)

Cell = int | str | None


def packed_rows(rows: Sequence[Sequence[Cell]] | Sequence[Cell]) -> str:
    """`?1`: the rows as JSON. Raises TextUnstorable for a text with a NUL, which SQLite would cut off there."""
    text = orjson.dumps(rows).decode()
    if "\\u0000" in text:
        for row in rows:
            for cell in row if isinstance(row, (list, tuple)) else (row,):
                if isinstance(cell, str) and "\0" in cell:
                    raise TextUnstorable("text-unstorable", repr(cell[:80]))
    return text


def packed_names(names: Iterable[str | None]) -> bytes:
    """`?2`: names of 64 hex digits as 32 bytes each, None as 32 zeros. Raises InvariantBroken for anything else."""
    spelled = [name or _NO_NAME for name in names]
    for name in spelled:
        if len(name) != NAME_LENGTH:
            raise InvariantBroken(f"not a name of 64 hex digits: {name[:80]!r}")
    try:
        raw = bytes.fromhex("".join(spelled))
    except ValueError as error:
        raise InvariantBroken("not a name of 64 hex digits") from error
    if len(raw) * 2 != len(spelled) * NAME_LENGTH:
        raise InvariantBroken("not a name of 64 hex digits: white space in it")
    return raw


def places(documents: Iterable[bytes]) -> list[tuple[int, int]]:
    """Where each document starts (from 1) and how long it is, once they are joined into `?3`."""
    found = []
    start = 1
    for document in documents:
        found.append((start, len(document)))
        start += len(document)
    return found


def name_at(place: int, per_row: int, *, each: str = "json_each") -> str:
    """SQL for the name at this place (from 0) of the row's names, of which `?2` holds per_row for every row."""
    return f"substr(?2, 32 * ({per_row} * {each}.key + {place}) + 1, 32)"


def optional_name_at(place: int, per_row: int, *, each: str = "json_each") -> str:
    """The same for a name that may be missing."""
    return f"nullif({name_at(place, per_row, each=each)}, zeroblob(32))"


def unpacked(answer: str) -> list[Any]:
    """The rows of an answer built by `json_group_array(json_array(...))`."""
    rows: list[Any] = orjson.loads(answer)
    return rows


def name(raw: bytes) -> str:
    """A stored name as it is written outside."""
    return raw.hex()
