"""A mistake as the operator reads it: `program[0].earn[0].per: "1000 sats": unknown unit "sats"; write …`.

The place is the key's path in the file, then the value as it would be written in TOML, then what is wrong and what to
type. The value of a key that holds a secret is never shown, nor is that of an unknown key: it may be a secret under a
wrong name.
"""

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic_core import ErrorDetails

from nostr_loyalty.config.model import ConfigFile
from nostr_loyalty.config.sections import Place, homes_of, keys_at, split, table_at
from nostr_loyalty.logs import redact_text

SHOWN_CHARACTERS_MAX: Final = 80


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something wrong at a place of the file; `sentence` is complete but for the place."""

    place: Place
    sentence: str

    def __str__(self) -> str:
        """The line for the operator; a secret that was written as a key's name, or is quoted in a sentence, is cut."""
        return redact_text(f"{path_of(self.place)}: {self.sentence}" if self.place else self.sentence)


def path_of(place: Place) -> str:
    """("program", 0, "earn") as program[0].earn."""
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def from_pydantic(errors: Sequence[ErrorDetails]) -> list[Mistake]:
    """Our form of what pydantic found, in its order."""
    return [_mistake(error) for error in errors]


def in_order(mistakes: Sequence[Mistake]) -> list[Mistake]:
    """Grouped as the file is: [daemon], [relay], the programs by number, then the rest."""

    def rank(mistake: Mistake) -> tuple[int, int]:
        section = mistake.place[0] if mistake.place else ""
        names = list(ConfigFile.model_fields)
        number = mistake.place[1] if len(mistake.place) > 1 else -1
        return (
            names.index(section) if isinstance(section, str) and section in names else len(names),
            number if isinstance(number, int) else -1,
        )

    return sorted(mistakes, key=rank)


def shown(value: object) -> str:
    """A value as in TOML, cut at 80 characters; a table or a list only as what it is."""
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list):
        return "[]" if not value else f"a list of {len(value)}"
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, str | bool | int | float) else str(value)
    text = redact_text(text)
    return text if len(text) <= SHOWN_CHARACTERS_MAX else f"{text[:SHOWN_CHARACTERS_MAX]}…"


def _mistake(error: ErrorDetails) -> Mistake:
    place, type_ = split(error["loc"])
    match error["type"]:
        case "extra_forbidden":
            return Mistake(place, _unknown_key(place, type_))
        case "missing":
            return Mistake(place, _missing(place))
        case "union_tag_not_found":
            return Mistake((*place, "type"), _missing((*place, "type")))
        case "union_tag_invalid":
            wrong = f"{shown(error['input']['type'])}: must be {_alternatives(error['ctx']['expected_tags'])}"
            return Mistake((*place, "type"), wrong)
    wrong = _wrong(error, place)
    return Mistake(place, wrong if place[-1] == "key" else f"{shown(error['input'])}: {wrong}")


def _alternatives(tags: str) -> str:
    """'a', 'b', 'c' as "a", "b" or "c"."""
    *others, last = (tag.replace("'", '"') for tag in tags.split(", "))
    return f"{', '.join(others)} or {last}" if others else last


def _wrong(error: ErrorDetails, place: Place) -> str:
    """What is wrong with a value and what to type, for every type of error that our model can raise."""
    kind, limits = error["type"], error.get("ctx", {})
    match kind:
        case "grammar":
            return str(limits["sentence"])
        case "string_type":
            return 'not a text; write it in quotes, for example "text"'
        case "int_type":
            return "not a whole number; write it without quotes and without a point, for example 1"
        case "bool_type":
            return "neither true nor false; write one of them, without quotes"
        case "greater_than_equal":
            return f"must be at least {limits['ge']}"
        case "less_than_equal":
            return f"must be at most {limits['le']}"
        case "literal_error":
            return f"must be {limits['expected'].replace(chr(39), chr(34))}"
        case "string_too_short" | "too_short":
            return f"must have at least {_count(limits['min_length'], error['input'])}"
        case "string_too_long" | "too_long":
            return f"must have at most {_count(limits['max_length'], error['input'])}"
        case "list_type":
            return _brackets(place)
        case "model_type" | "model_attributes_type" | "dict_type":
            return f"not a table; write {_header(place)} on a line of its own and its keys below"
        case _:
            return error["msg"]


def _count(number: int, counted: object) -> str:
    return f"{number} {'character' if isinstance(counted, str) else 'item'}{'s' * (number != 1)}"


def _brackets(place: Place) -> str:
    table = table_at(place)
    if table is not None:
        return f"write {table.header} with double brackets: there may be several"
    return 'not a list; write it in brackets, for example ["one", "two"]'


def _header(place: Place) -> str:
    table = table_at(place)
    assert table is not None, place
    return table.header


def _missing(place: Place) -> str:
    if table_at(place) is not None:
        return f"missing; add a section {_header(place)} (config.example.toml shows every key)"
    return "missing; write it: this key has no default (config.example.toml shows every key)"


def _unknown_key(place: Place, type_: str) -> str:
    """Suggest the nearest known key of the same table, else the table where this very key belongs."""
    name = str(place[-1])
    known = keys_at(place[:-1], type_)
    if near := difflib.get_close_matches(name, known, n=1, cutoff=0.6):
        return f'unknown key; did you mean "{near[0]}"?'
    if homes := homes_of(name):
        return f"unknown key here; it belongs in {' or '.join(homes)}"
    return f"unknown key; known here: {', '.join(known)}"
