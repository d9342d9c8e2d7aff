"""The tables of the file, found from its form: which keys each has, and where a mistake of the form's checker lies.

A table may be of several types (`[[program.earn]]`): then each type has its own keys, and the checker names the type as
a step of the place, which the file does not have.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple, get_args, get_origin

from pydantic import BaseModel

from nostr_loyalty.config.model import ConfigFile

Place = tuple[str | int, ...]
Models = dict[str, type[BaseModel]]
"""The models of a table, by the type that is written in it; by "" where there is only one."""


class Table(NamedTuple):
    """A table of the file: `name` such as "program.earn", whether there may be `several`, and its models by type."""

    name: str
    several: bool
    models: Models

    @property
    def header(self) -> str:
        """As it is written: [daemon], [[program]]."""
        return f"[[{self.name}]]" if self.several else f"[{self.name}]"

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of all its types, in the order of the form."""
        return tuple(dict.fromkeys(key for model in self.models.values() for key in model.model_fields))


def _models(annotation: Any) -> Models:
    """The models inside `Model`, `Model | None`, `list[Model]`, and of a union that is told apart by `type`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {"": annotation}
    found = [model for inner in get_args(annotation) for model in _models(inner).values()]
    if len(found) < 2:
        return {"": found[0]} if found else {}
    return {get_args(model.model_fields["type"].annotation)[0]: model for model in found}


def _tables(prefix: str, models: Models) -> Iterator[Table]:
    for model in models.values():
        for key, field in model.model_fields.items():
            if inner := _models(field.annotation):
                name = f"{prefix}.{key}" if prefix else key
                yield Table(name, get_origin(field.annotation) is list, inner)
                yield from _tables(name, inner)


TABLES: Final[Mapping[str, Table]] = {table.name: table for table in _tables("", {"": ConfigFile})}
"""Every table by its name, in the order of the form; the file itself is none of them."""


def table_at(place: Place) -> Table | None:
    """The table, or one of several, to which a place leads; None where it leads to a key."""
    return TABLES.get(".".join(step for step in place if isinstance(step, str)))


def split(place: Place) -> tuple[Place, str]:
    """A place as the file has it, and the type of the table in which it lies ("" where it has none)."""
    written: list[str | int] = []
    kind, table = "", None
    for at, step in enumerate(place):
        of_a_row = isinstance(place[at - 1], int)
        if table is not None and "" not in table.models and of_a_row and step in table.models:
            kind = str(step)
        else:
            written.append(step)
            table = table_at(tuple(written))
    return tuple(written), kind


def keys_at(place: Place, kind: str) -> tuple[str, ...]:
    """The keys of the table at a place, of this type; of the file itself at ()."""
    if not place:
        return tuple(ConfigFile.model_fields)
    table = table_at(place)
    assert table is not None, place
    return tuple(table.models[kind].model_fields) if kind in table.models else table.keys


def homes_of(key: str) -> list[str]:
    """The headers of the tables where a key belongs, with the type where not every type has it."""
    found = []
    for table in TABLES.values():
        kinds = [kind for kind, model in table.models.items() if key in model.model_fields]
        if len(kinds) == len(table.models):
            found.append(table.header)
        elif kinds:
            found.append(f"{table.header} of type " + " or ".join(f'"{kind}"' for kind in kinds))
    return found
