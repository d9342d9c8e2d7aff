"""A mistake as the operator reads it: `program[0].earn[0].per: "1000 sats": unknown unit "sats"; write …`.

The place is the key's path in the file, then the value as it would be written in TOML, then what is wrong and what to
type. The value of a key that holds a secret is never shown, nor is that of an unknown key: it may be a secret under a
wrong name.
"""

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from nostr_loyalty.config.model import ConfigFile, DaemonSection, EarnSection, ProgramSection, RelaySection
from nostr_loyalty.logs import redact_text

Place = tuple[str | int, ...]

SHOWN_CHARACTERS_MAX: Final = 80
_SECTIONS: Final[Mapping[str, type[BaseModel]]] = {
    "[daemon]": DaemonSection,
    "[relay]": RelaySection,
    "[[program]]": ProgramSection,
    "[[program.earn]]": EarnSection,
}


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something wrong at a place of the file; `sentence` is complete but for the place."""

    place: Place
    sentence: str

    def __str__(self) -> str:
        """The line for the operator."""
        return f"{path_of(self.place)}: {self.sentence}" if self.place else self.sentence


def path_of(place: Place) -> str:
    """("program", 0, "earn") as program[0].earn."""
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def from_pydantic(errors: Sequence[ErrorDetails]) -> list[Mistake]:
    """Our form of what pydantic found, in its order."""
    return [Mistake(error["loc"], _sentence(error)) for error in errors]


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


def _sentence(error: ErrorDetails) -> str:
    place, kind = error["loc"], error["type"]
    if kind == "extra_forbidden":
        return _unknown_key(place)
    if kind == "missing":
        return _missing(place)
    wrong = _wrong(error)
    return wrong if place[-1] == "key" else f"{shown(error['input'])}: {wrong}"


def _wrong(error: ErrorDetails) -> str:
    """What is wrong with a value and what to type, for every type of error that our model can raise."""
    kind, limits = error["type"], error.get("ctx", {})
    match kind:
        case "grammar":
            return str(limits["sentence"])
        case "string_type":
            return 'not a text; write it in quotes, for example "text"'
        case "int_type":
            return "not a whole number; write it without quotes and without a point, for example 1"
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
            return _brackets(error["loc"])
        case "model_type" | "model_attributes_type" | "dict_type":
            return f"not a table; write {_header(error['loc'])} on a line of its own and its keys below"
        case _:
            return error["msg"]


def _count(number: int, counted: object) -> str:
    return f"{number} {'character' if isinstance(counted, str) else 'item'}{'s' * (number != 1)}"


def _brackets(place: Place) -> str:
    if place[-1] in ("program", "earn"):
        return f"write {_header(place)} with double brackets: there may be several"
    return 'not a list; write it in brackets, for example ["one", "two"]'


def _header(place: Place) -> str:
    names = ".".join(step for step in place if isinstance(step, str))
    return f"[[{names}]]" if names.startswith("program") else f"[{names}]"


def _missing(place: Place) -> str:
    if place in (("daemon",), ("program",)) or place[-1] == "earn":
        return f"missing; add a section {_header(place)} (config.example.toml shows every key)"
    return "missing; write it: this key has no default (config.example.toml shows every key)"


def _unknown_key(place: Place) -> str:
    """Suggest the nearest known key of the same table, else the table where this very key belongs."""
    name = str(place[-1])
    known = _keys_at(place[:-1])
    if near := difflib.get_close_matches(name, known, n=1, cutoff=0.6):
        return f'unknown key; did you mean "{near[0]}"?'
    if homes := [header for header, model in _SECTIONS.items() if name in model.model_fields]:
        return f"unknown key here; it belongs in {' or '.join(homes)}"
    return f"unknown key; known here: {', '.join(known)}"


def _keys_at(table: Place) -> list[str]:
    """The keys of the table at a place, found by walking the model along it."""
    model: Any = ConfigFile
    for step in table:
        if isinstance(step, str):
            model = _model_in(model.model_fields[step].annotation)
    return list(model.model_fields)


def _model_in(annotation: Any) -> Any:
    """The model inside `Model`, `Model | None`, `list[Model]` and what pydantic leaves of Annotated."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(found for inner in get_args(annotation) if (found := _model_in(inner)) is not None)
