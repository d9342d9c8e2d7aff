"""The lines between the command line and a running daemon: JSON, one value on each line.

    {"program": slug, "as": hex | null, "role": "operator" | "customer", "ref": hex, "command": {"verb": …, …}}
    {"result": …, "code": …, "text": …, "facts": {…}}
    {"error": sentence, "again": true | false}

"as" null is the program's issuer. "ref" makes the command happen once: whoever got no answer asks again with the same.
Reading is strict: anything else is a ValueError with a sentence.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, cast

import orjson

from kinds.keys import is_public_key
from kinds.tags import is_hex64
from nostr_loyalty.commands.command import Command, Request, Role
from nostr_loyalty.commands.fields import from_fields, to_fields
from nostr_loyalty.commands.outcome import Outcome
from nostr_loyalty.programs import ServedPrograms

ADAPTER: Final = "cli"
LINE_BYTES_MAX: Final = 32 * 1024
"""Of a request; the longest feedback fits, however it is written."""
ANSWER_BYTES_MAX: Final = 1024 * 1024
_KEYS: Final = {"program", "as", "role", "ref", "command"}
_OUTCOME_KEYS: Final = {"result", "code", "text", "facts"}


class Asked(NamedTuple):
    """A request on its way to a ledger: `program` is a slug, `actor` a public key in hex or None for the issuer."""

    program: str
    actor: str | None
    role: Role
    ref: str
    command: Command


class Trouble(NamedTuple):
    """Why there is no outcome; `again`: the same request may get one a little later."""

    sentence: str
    again: bool


def write_request(asked: Asked) -> bytes:
    """The line that asks for this."""
    fields = {
        "program": asked.program, "as": asked.actor, "role": asked.role, "ref": asked.ref,
        "command": to_fields(asked.command),
    }  # fmt: skip
    return orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE)


def read_request(line: bytes) -> Asked:
    """What a line asks for. Raises ValueError."""
    fields = _object(line, "request")
    if fields.keys() != _KEYS:
        raise ValueError(f"a request has exactly the fields {', '.join(sorted(_KEYS))}")
    program, actor, role, ref, command = (fields[name] for name in ("program", "as", "role", "ref", "command"))
    if not isinstance(program, str):
        raise ValueError("program: not a slug")
    if actor is not None and not (isinstance(actor, str) and is_public_key(actor)):
        raise ValueError("as: neither null nor a public key of 64 hex digits")
    if role not in ("operator", "customer"):
        raise ValueError("role: neither operator nor customer")
    if not is_hex64(ref):
        raise ValueError("ref: not 64 hex digits")
    if not isinstance(command, dict):
        raise ValueError("command: not an object")
    if role == "customer" and actor is None:
        raise ValueError("as: a customer has a key")
    return Asked(program, actor, cast(Role, role), ref, from_fields(command))


def resolved(asked: Asked, programs: ServedPrograms, at: int) -> Request:
    """The request as it is decided on, asked at `at`. Raises ValueError where there is no such program."""
    program = next((each for each in programs.all if each.slug == asked.program), None)
    if program is None:
        slugs = ", ".join(each.slug for each in programs.all)
        raise ValueError(f"there is no program {asked.program[:64]!r} here; there are: {slugs}")
    return Request(asked.ref, at, asked.actor or program.issuer, asked.role, ADAPTER, program, asked.command)


def write_answer(answer: Outcome | Trouble) -> bytes:
    """The line that answers a request."""
    if isinstance(answer, Trouble):
        fields: dict[str, Any] = {"error": answer.sentence, "again": answer.again}
    else:
        fields = fields_of(answer)
    return orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE)


def fields_of(outcome: Outcome) -> dict[str, Any]:
    """An outcome as plain fields."""
    return {"result": outcome.result, "code": outcome.code, "text": outcome.text, "facts": dict(outcome.facts)}


def read_answer(line: bytes) -> Outcome | Trouble:
    """What a line answers. Raises ValueError."""
    fields = _object(line, "answer")
    if fields.keys() == {"error", "again"}:
        if not isinstance(fields["error"], str) or not isinstance(fields["again"], bool):
            raise ValueError("error and again: not a sentence and a truth")
        return Trouble(fields["error"], fields["again"])
    if fields.keys() != _OUTCOME_KEYS or fields["result"] not in ("done", "duplicate", "refused"):
        raise ValueError("neither an outcome nor an error")
    if not isinstance(fields["code"], str) or not isinstance(fields["text"], str):
        raise ValueError("code and text: not texts")
    if not isinstance(fields["facts"], dict):
        raise ValueError("facts: not an object")
    return Outcome(fields["result"], fields["code"], fields["text"], fields["facts"])


def _object(line: bytes, what: str) -> Mapping[str, Any]:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        raise ValueError(f"the {what} is not one JSON value in UTF-8") from None
    if not isinstance(value, dict):
        raise ValueError(f"the {what} is not a JSON object")
    return value
