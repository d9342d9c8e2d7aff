"""What every table of the configuration has in common, and how a grammar of `values` becomes a key's type."""

from collections.abc import Callable
from typing import Annotated, TypeVar

from pydantic import AfterValidator, ConfigDict, PlainValidator
from pydantic_core import PydanticCustomError

from nostr_loyalty.config import values

Value = TypeVar("Value")

STRICT = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)
"""What every table of the file has in common: no other keys, no loose types, no values in error texts."""


def read_by(parse: Callable[[str], Value]) -> PlainValidator:
    """The validator for a string with a grammar of its own; the grammar's sentence becomes the mistake's text."""

    def validate(value: object) -> Value:
        if not isinstance(value, str):
            raise PydanticCustomError("string_type", "not a string")
        return _told(lambda: parse(value))

    return PlainValidator(validate)


def read_any_by(parse: Callable[[object], Value]) -> PlainValidator:
    """The same for a value that need not be a string."""
    return PlainValidator(lambda value: _told(lambda: parse(value)))


def then(check: Callable[[str], str]) -> AfterValidator:
    """The same for a text that pydantic has already found to be one, so that limits of length still apply."""
    return AfterValidator(lambda text: _told(lambda: check(text)))


def _told(read: Callable[[], Value]) -> Value:
    try:
        return read()
    except ValueError as error:
        raise PydanticCustomError("grammar", "{sentence}", {"sentence": str(error)}) from error


Slug = Annotated[str, read_by(values.slug)]
Line = Annotated[str, then(values.one_line)]
Block = Annotated[str, then(values.text_block)]
RelayUrl = Annotated[str, read_by(values.relay_url)]
PublicKey = Annotated[str, read_by(values.public_key)]
