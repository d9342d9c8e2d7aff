"""Kind 0: who a key says that it is. NIP-01, with fields of NIP-05 (nip05), NIP-24 (bot) and NIP-57 (lud16).

Everybody's client writes this, so it is read leniently: a field of a wrong type counts as not said, and what we do not
know is left alone. Nothing in it is proven, but that the key said so.
"""

from typing import Any, Final, NamedTuple

import orjson

from kinds import nip05
from kinds.errors import Unreadable
from kinds.event import Event, Template
from kinds.registry import METADATA

_CODE: Final = "metadata-malformed"
_TEXTS: Final = ("name", "about", "picture", "nip05", "lud16")


class Metadata(NamedTuple):
    """What a key says of itself; None is not said. `bot`: what it writes is written by a machine."""

    name: str | None = None
    about: str | None = None
    picture: str | None = None
    nip05: str | None = None
    lud16: str | None = None
    bot: bool = False


def template(metadata: Metadata, created_at: int) -> Template:
    """The event, for its key to sign."""
    return Template(METADATA, created_at, (), to_text(metadata))


def to_text(metadata: Metadata) -> str:
    """The JSON text of an event's content; also of NIP-89's."""
    fields: dict[str, object] = {name: getattr(metadata, name) for name in _TEXTS}
    fields["bot"] = metadata.bot or None
    return orjson.dumps({name: said for name, said in fields.items() if said is not None}).decode()


def parse(event: Event) -> Metadata:
    """Read a kind 0. Raises Unreadable "metadata-malformed": another kind, or the content is no JSON object."""
    if event.kind != METADATA:
        raise Unreadable(_CODE, f"kind {event.kind}")
    return read_text(event.content)


def read_text(text: str) -> Metadata:
    """Read the JSON text of such a content. Raises Unreadable "metadata-malformed"."""
    try:
        fields: Any = orjson.loads(text)
    except ValueError:
        raise Unreadable(_CODE, "the content is not JSON") from None
    if type(fields) is not dict:
        raise Unreadable(_CODE, "the content is not a JSON object")
    texts = {name: fields[name] for name in _TEXTS if type(fields.get(name)) is str}
    if not nip05.is_name(texts.get("nip05", "")):
        texts.pop("nip05", None)
    return Metadata(**texts, bot=fields.get("bot") is True)
