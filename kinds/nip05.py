"""NIP-05: names such as bob@example.com for public keys. The asking over HTTPS is for others; this is the form.

What a host says is for the moment: the key is kept, never the name. Redirects are not followed (NIP-05 forbids them),
and whether the host's address is a private one is known once the name is resolved.
"""

import re
from typing import Any, Final

import orjson

from kinds.keys import is_public_key

NAME_MAX: Final = 320
DOCUMENT_MAX: Final = 256 * 1024
"""Bytes (or characters) of an answer that are read; whoever fetches it stops there."""

_NAME = re.compile(
    r"([a-z0-9_.-]{1,64})@((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?)"
)
_DOMAIN_MAX: Final = 253


def is_name(text: str) -> bool:
    """Whether `text` is <local part>@<domain> in lower case. A domain has a dot, no port, and is no address."""
    return _parts(text) is not None


def url_of(name: str) -> str:
    """Where the name's host answers for it; ValueError for what is no name."""
    local, domain = _checked(name)
    return f"https://{domain}/.well-known/nostr.json?name={local}"


def read(document: str | bytes, name: str) -> str | None:
    """The public key that a host's answer gives to `name`; None: it gives none, or the document is no answer.

    ValueError for what is no name.
    """
    local, _ = _checked(name)
    if len(document) > DOCUMENT_MAX:
        return None
    try:
        answer: Any = orjson.loads(document)
    except ValueError:
        return None
    names = answer.get("names") if type(answer) is dict else None
    found = names.get(local) if type(names) is dict else None
    return found if is_public_key(found) else None


def _parts(text: str) -> tuple[str, str] | None:
    match = _NAME.fullmatch(text) if len(text) <= NAME_MAX else None
    return None if match is None or len(match[2]) > _DOMAIN_MAX else (match[1], match[2])


def _checked(name: str) -> tuple[str, str]:
    parts = _parts(name)
    if parts is None:
        raise ValueError(f"{name[:100]!r} is no name such as bob@example.com")
    return parts
