"""A relay's URL as strangers write it in their lists: read in one normal form, or not at all.

A URL from somebody else makes us connect to a machine of their choice. So only what every reader takes for the same
place passes: ws or wss, a plain host name or address, no user name, no password, no fragment, nothing but ASCII.
Whether the place is a private one is known once its name is resolved: that is for whoever connects.
"""

import re
from ipaddress import IPv4Address, IPv6Address
from typing import Final

CHARACTERS_MAX: Final = 512

_URL = re.compile(
    r"(wss?)://([a-z0-9._-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::([0-9]{1,5}))?((?:[/?][!-\"$-\[\]-~]*)?)", re.IGNORECASE
)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_DEFAULT_PORTS: Final = {"ws": 80, "wss": 443}


def normal(text: str) -> str | None:
    """Scheme and host in lower case, no default port, no bare slash at the end; None for what is no relay's URL."""
    match = _URL.fullmatch(text) if len(text) <= CHARACTERS_MAX and text.isascii() else None
    if match is None:
        return None
    scheme, host = match[1].lower(), match[2].lower()
    port = _DEFAULT_PORTS[scheme] if match[3] is None else int(match[3])
    if not _is_host(host) or not 1 <= port <= 65_535:
        return None
    path, _, query = match[4].partition("?")
    rest = ("" if path == "/" else path) + (f"?{query}" if query else "")
    return f"{scheme}://{host}" + ("" if port == _DEFAULT_PORTS[scheme] else f":{port}") + rest


def _is_host(host: str) -> bool:
    """An address, or a name whose labels are not empty. What ends in a number is an address: 127.1 and 0x7f000001 are
    taken for one by many resolvers, and written in this way by nobody honest.
    """
    labels = host.split(".")
    try:
        if host.startswith("["):
            IPv6Address(host[1:-1])
        elif _NUMBER.fullmatch(labels[-1]):
            IPv4Address(host)
        elif not all(1 <= len(label) <= 63 for label in labels):
            return False
    except ValueError:
        return False
    return True
