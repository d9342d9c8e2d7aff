"""The addresses of a host that somebody else named. A stranger's host must not make us speak to our own network.

Rules:
- A host is looked up once, and what was looked up is what is connected to: a second look-up could say something else.
- Every address must be a public one. A host with a public and a private address is refused: which of them is used would
  be chance.
- Public is what the registries of IANA give to the whole internet (RFC 6890 and what followed it). Of IPv6 that is
  2000::/3, and not what leads into IPv4 by another way (mapped, NAT64, 6to4, Teredo) or is for documents.
- `allow_private` lifts the rule, for a network at home and for tests.

The look-up is the system's, in a thread of its own: it cannot be cancelled, and other people's slow name servers must
not use up the threads that ours are looked up with.
"""

import asyncio
import socket
import threading
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address
from typing import Final

from relay_client.errors import AddressForbidden

LOOK_UPS_MAX: Final = 32
"""At once; more fail at once, and are tried again by whoever wants to connect."""
ADDRESSES_MAX: Final = 4

_IPV4_NOT_PUBLIC: Final = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
_IPV6_PUBLIC: Final = IPv6Network("2000::/3")
_IPV6_NOT_PUBLIC: Final = tuple(
    IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)

LookUp = Callable[[str, int], Sequence[str]]
"""Host and port to addresses, blocking. OSError or UnicodeError where there are none."""


def is_public(address: str) -> bool:
    """Whether an IPv4 or IPv6 address is one that the whole internet reaches; False for what is no address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv4Address):
        return not any(parsed in network for network in _IPV4_NOT_PUBLIC)
    if parsed.scope_id is not None or parsed not in _IPV6_PUBLIC:
        return False
    return not any(parsed in network for network in _IPV6_NOT_PUBLIC)


def look_up(host: str, port: int) -> list[str]:
    """Ask the system; blocks."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(sockaddr[0]) for *_, sockaddr in found]


class Hosts:
    """Looks hosts up, a few at a time."""

    def __init__(self, *, allow_private: bool = False, look_up: LookUp = look_up) -> None:
        """`look_up`: another resolver, for tests."""
        self._allow_private = allow_private
        self._look_up = look_up
        self._under_way = 0

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        """The addresses to connect to, in the resolver's order, at least one. Raises AddressForbidden; OSError where
        there is none. `host` is a name, or an address without brackets.
        """
        if (literal := _address(host)) is not None:
            addresses = [literal]
        else:
            addresses = list(dict.fromkeys(await self._ask(host, port)))
        if not addresses:
            raise OSError(f"{host} has no address")
        if not self._allow_private:
            for address in addresses:
                if not is_public(address):
                    raise AddressForbidden(f"{host} is at {address}, which is no public address")
        return addresses[:ADDRESSES_MAX]

    async def _ask(self, host: str, port: int) -> Sequence[str]:
        if self._under_way >= LOOK_UPS_MAX:
            raise OSError(f"too many hosts are being looked up to look up {host}")
        self._under_way += 1
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Sequence[str]] = loop.create_future()

        def hand_over(addresses: Sequence[str], fault: OSError | None) -> None:
            self._under_way -= 1
            if answer.done():  # nobody waits any more
                return
            if fault is None:
                answer.set_result(addresses)
            else:
                answer.set_exception(fault)

        def ask() -> None:
            try:
                addresses, fault = self._look_up(host, port), None
            except OSError as refused:
                addresses, fault = [], refused
            except Exception as refused:  # noqa: BLE001 - a name that no resolver bears (UnicodeError) has no address
                addresses, fault = [], OSError(f"{host} cannot be looked up: {refused}")
            try:
                loop.call_soon_threadsafe(hand_over, addresses, fault)
            except RuntimeError:
                pass  # the loop has ended meanwhile

        threading.Thread(target=ask, name="look-up", daemon=True).start()  # an unfinished one must not hold the exit up
        return await answer


def _address(host: str) -> str | None:
    try:
        return str(ip_address(host))
    except ValueError:
        return None
