"""The small grammars of the configuration: each function takes what the operator wrote and returns what is meant.

They raise `ValueError` with a sentence of the form "what is wrong; what to type". The sentence does not repeat the
value: `mistakes` shows it beside the place, and knows which values must not be shown.
"""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from kinds.keys import is_public_key, read_public_key
from ledger.errors import AmountInvalid
from ledger.units import Money, parse_money

RELAY_URL_CHARACTERS_MAX: Final = 512
_SLUG = re.compile(r"[a-z0-9-]{1,64}")
_PRICE = re.compile(r"(\S+) (\S+)")
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+")
_DEFAULT_PORTS: Final = {"ws": 80, "wss": 443}


@dataclass(frozen=True, slots=True)
class Price:
    """An amount as it was written (`decimal`, `unit`: for the published definition) and as it is reckoned (`money`)."""

    decimal: str
    unit: str
    money: Money


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """Where the embedded relay listens; an IPv6 host is without brackets here."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """How this machine reaches it; "every address" is reached over the loopback one."""
        host = self.host
        if self.is_every:
            host = "::1" if ":" in host else "127.0.0.1"
        return f"ws://[{host}]:{self.port}" if ":" in host else f"ws://{host}:{self.port}"

    @property
    def is_every(self) -> bool:
        """Whether it is every address of this machine: a place to listen at, and no address that others can be told."""
        try:
            return ip_address(self.host).is_unspecified
        except ValueError:  # a name
            return False

    def __str__(self) -> str:
        """As it stands in the file: host:port, an IPv6 host in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


DEFAULT_LISTEN: Final = ListenAddress("127.0.0.1", 7777)


def slug(text: str) -> str:
    """A program's name on the wire: 1 to 64 characters of a-z, 0-9 and the hyphen."""
    if not _SLUG.fullmatch(text):
        raise ValueError('not a slug; write 1 to 64 of a-z, 0-9 and "-", for example "cafe-sol"')
    return text


def one_line(text: str) -> str:
    """A text for people without control characters and without white space around it."""
    if not text.isprintable() or text != text.strip():
        raise ValueError("holds a control character, or white space at an end; write one plain line")
    return text


def text_block(text: str) -> str:
    """A longer text for people: lines and tabs are kept, other control characters are refused."""
    if any(not character.isprintable() and character not in "\r\n\t" for character in text):
        raise ValueError("holds a control character; write plain text or Markdown")
    return text


def file_path(text: str) -> str:
    """A path as the file system takes it."""
    if not text or "\0" in text:
        raise ValueError('not a path; write it like "loyalty.db"')
    return text


def relay_url(text: str) -> str:
    """A ws or wss URL in one form: scheme and host in lower case, no default port, no bare slash at the end."""
    example = 'write it like "wss://relay.example.com"'
    if len(text) > RELAY_URL_CHARACTERS_MAX or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError(f"not a relay URL of at most {RELAY_URL_CHARACTERS_MAX} ASCII characters; {example}")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"not a URL; {example}") from error
    if parts.scheme not in _DEFAULT_PORTS:
        raise ValueError(f"a relay's URL begins with wss:// or ws://; {example}")
    host = parts.hostname or ""
    if not _HOST.fullmatch(host) or port == 0:
        raise ValueError(f"names no host, or a host that cannot be; {example}")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise ValueError(f"a relay's URL has no user name, password or #fragment; {example}")
    place = f"[{host}]" if ":" in host else host
    place += "" if port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{port}"
    path = "" if parts.path == "/" else parts.path
    return f"{parts.scheme}://{place}{path}" + (f"?{parts.query}" if parts.query else "")


def image_url(text: str) -> str:
    """A picture's address on the web."""
    if not text.startswith(("https://", "http://")) or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError('not a picture\'s URL; write it like "https://example.com/logo.png"')
    return text


def public_key(text: str) -> str:
    """A public key, written as npub, nprofile or 64 hex digits, in lower-case hex."""
    if text.strip().startswith(("nsec1", "ncryptsec1")):
        raise ValueError("this is a SECRET key; write the npub instead, and make a new key: this one has been shown")
    try:
        pubkey = read_public_key(text)
    except ValueError as error:
        raise ValueError('not a public key; write an "npub1…" or 64 lower-case hex digits') from error
    assert is_public_key(pubkey), "read_public_key returns only points of the curve"
    return pubkey


def time_zone(text: str) -> ZoneInfo:
    """A time zone by its IANA name."""
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError) as error:  # ZoneInfoNotFoundError is a KeyError; a folder's name an OSError
        raise ValueError('not a time zone; write an IANA name, for example "Europe/Madrid" or "UTC"') from error


def price(text: str) -> Price:
    """A decimal number above 0, one blank and a unit: sat, msat or an ISO 4217 code."""
    example = 'write an amount and a unit, for example "1000 sat"'
    found = _PRICE.fullmatch(text)
    if found is None:
        raise ValueError(f"not an amount; {example}")
    decimal, unit = found.groups()
    try:
        money = parse_money(decimal, unit)
    except AmountInvalid as error:
        raise ValueError(f"{_amount_fault(error, unit)}; {example}") from error
    if money.minor == 0:
        raise ValueError(f"must be above 0; {example}")
    return Price(decimal, unit, money)


def _amount_fault(error: AmountInvalid, unit: str) -> str:
    return {
        "unit-unknown": f'unknown unit "{unit}"',
        "amount-too-fine": f"more decimals than {unit} has",
        "amount-too-large": "too large",
    }.get(error.code, "not a plain decimal number")


def listen_address(text: str) -> ListenAddress:
    """host:port of a listening socket, port 1 to 65535; an IPv6 host stands in brackets."""
    example = 'write it like "127.0.0.1:7777"'
    host, colon, port = text.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ValueError(f'an IPv6 address stands in brackets; {example} or "[::1]:7777"')
    if not colon or not _HOST.fullmatch(host):
        raise ValueError(f"not an address and a port; {example}")
    if not (port.isascii() and port.isdigit() and 1 <= int(port) <= 65_535):
        raise ValueError(f"the port must be 1 to 65535; {example}")
    return ListenAddress(host, int(port))
