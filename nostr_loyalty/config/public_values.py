"""The small grammars of what people read besides programs: languages, names, pages, listed programs.

As in `values`: each function takes what the operator wrote, or raises `ValueError` with a sentence that does not repeat
it.
"""

from typing import Final
from urllib.parse import urlsplit

from kinds import nip05
from kinds.handler import MARK
from kinds.keys import naddr_decode
from kinds.program import address, parse_address
from kinds.program_set import Item
from kinds.registry import PROGRAM
from kinds.relay_url import normal
from nostr_loyalty.catalogue import languages
from nostr_loyalty.config.values import slug

URL_CHARACTERS_MAX: Final = 512
NOT_A_LIST: Final = "mute"


def language(text: str) -> str:
    """The code of a language that is spoken here."""
    if text not in languages():
        spoken = [f'"{code}" ({name})' for code, name in languages().items()]
        raise ValueError(f"not a language that is spoken here; write {' or '.join(spoken)}")
    return text


def web_page(text: str) -> str:
    """The https address of a page for whatever a client puts in place of its mark."""
    wrong = f'not an https URL with {MARK} in it; write it like "https://example.com/{MARK}"'
    plain = len(text) <= URL_CHARACTERS_MAX and text.isascii() and text.isprintable() and " " not in text
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise ValueError(wrong) from error
    if not plain or parts.scheme != "https" or not parts.hostname or MARK in parts.netloc or text.count(MARK) != 1:
        raise ValueError(wrong)
    return text


def nip05_name(text: str) -> str:
    """A name such as bob@example.com; "_@example.com" is shown as example.com."""
    if not nip05.is_name(text):
        raise ValueError('not a name in lower case; write it like "cafe@example.com"')
    return text


def lightning_address(text: str) -> str:
    """Where money is sent over Lightning (LUD-16): the form is that of a name."""
    if not nip05.is_name(text):
        raise ValueError('not a Lightning address in lower case; write it like "cafe@example.com"')
    return text


def list_name(text: str) -> str:
    """A list's name on the wire, as a slug."""
    if text == NOT_A_LIST:
        raise ValueError("clients read a follow set of this name as people to silence; write another one")
    return slug(text)


def listed_program(text: str) -> Item:
    """A program as an naddr, or as 37411:<issuer>:<slug>, and the relay that an naddr names first."""
    try:
        if not text.removeprefix("nostr:").startswith("naddr1"):
            parse_address(text)
            return Item(text)
        found = naddr_decode(text.removeprefix("nostr:"))
        program = address(found.pubkey, found.identifier)
        parse_address(program)
    except ValueError as error:
        raise ValueError(f'not a program; write its "naddr1…" or "{PROGRAM}:<64 hex digits>:<slug>"') from error
    if found.kind != PROGRAM:
        raise ValueError(f"this naddr names an event of kind {found.kind}, and a program is of kind {PROGRAM}")
    return Item(program, next((relay for relay in map(normal, found.relays) if relay), ""))
