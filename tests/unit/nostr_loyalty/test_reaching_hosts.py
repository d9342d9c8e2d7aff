"""nostr_loyalty.reaching.hosts: no stranger's host leads into our own network."""

import asyncio
import threading
from collections.abc import Sequence
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nostr_loyalty.reaching import hosts
from nostr_loyalty.reaching.hosts import Hosts, is_public
from relay_client.errors import AddressForbidden

PUBLIC = ("8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.1", "2606:4700:4700::1111", "2001:4860:4860::8888")
NOT_PUBLIC = (
    "127.0.0.1", "127.255.255.254", "10.0.0.1", "192.168.1.1", "172.16.0.1", "172.31.255.255",  # loopback, private
    "169.254.169.254", "fe80::1", "fe80::1%eth0", "100.64.0.1", "100.127.255.255",  # link-local, carrier NAT
    "0.0.0.0", "255.255.255.255", "224.0.0.1", "ff02::1", "240.0.0.1", "::", "::1",  # nobody, everybody, ourselves
    "192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1", "198.18.0.1", "192.0.0.9",  # documents, tests
    "fc00::1", "fd12::1", "fec0::1",  # IPv6 at home
    "::ffff:8.8.8.8", "::ffff:127.0.0.1", "::8.8.8.8", "64:ff9b::7f00:1", "64:ff9b::808:808",  # IPv4 in IPv6: mapped,
    "64:ff9b:1::1", "2002:7f00:1::1", "2002:808:808::1", "2001:0:1::1", "192.88.99.1",  # NAT64, 6to4, Teredo
    "localhost", "8.8.8", "", "8.8.8.8/32", "[::1]", "2130706433",  # no addresses
)  # fmt: skip


class Book:
    """A resolver for tests: gives these addresses for every host, and remembers what it was asked."""

    def __init__(self, *addresses: str, fault: Exception | None = None) -> None:
        self.addresses = addresses
        self.fault = fault
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> Sequence[str]:
        """Looks up."""
        self.asked.append(host)
        if self.fault is not None:
            raise self.fault
        return self.addresses


@pytest.mark.parametrize("address", PUBLIC)
def test_what_the_internet_reaches_is_public(address: str) -> None:
    """Ordinary addresses pass, also those beside a range that does not."""
    assert is_public(address)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_what_leads_elsewhere_is_not_public(address: str) -> None:
    """Private, local, reserved, documented and translated addresses do not pass, and neither does what is none."""
    assert not is_public(address)


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).map(str))
def test_what_passes_is_global(address: str) -> None:
    """Nothing passes that Python's own table does not hold for global."""
    assert not is_public(address) or (ip_address(address).is_global and not ip_address(address).is_multicast)


async def test_every_address_must_be_public() -> None:
    """A host at a public and a private address is refused, whichever comes first."""
    for addresses in (("8.8.8.8", "10.0.0.1"), ("10.0.0.1", "8.8.8.8"), ("::ffff:10.0.0.1",)):
        with pytest.raises(AddressForbidden):
            await Hosts(look_up=Book(*addresses)).resolve("two-faced.example", 443)


async def test_a_host_is_looked_up_once() -> None:
    """What a look-up gives is given on in its order, each once and not too many; an address is not looked up at all."""
    book = Book("8.8.8.8", "2606:4700::1", "8.8.8.8", "1.1.1.1", "9.9.9.9", "8.8.4.4")
    addresses = await Hosts(look_up=book).resolve("inbox.example", 443)
    assert list(addresses) == ["8.8.8.8", "2606:4700::1", "1.1.1.1", "9.9.9.9"]
    assert book.asked == ["inbox.example"]
    assert list(await Hosts(look_up=book).resolve("8.8.8.8", 443)) == ["8.8.8.8"]
    with pytest.raises(AddressForbidden):
        await Hosts(look_up=book).resolve("::1", 443)
    assert book.asked == ["inbox.example"]


async def test_the_rule_can_be_lifted() -> None:
    """With allow_private a venue's own network is reached."""
    home = Hosts(allow_private=True, look_up=Book("192.168.1.7"))
    assert list(await home.resolve("till.local", 80)) == ["192.168.1.7"]
    assert list(await home.resolve("127.0.0.1", 80)) == ["127.0.0.1"]


@pytest.mark.parametrize("fault", [OSError("no such host"), UnicodeError("label too long"), ValueError("odd")])
async def test_a_host_that_is_not_there(fault: Exception) -> None:
    """Whatever the resolver stumbles over, and no address at all, is an OSError."""
    with pytest.raises(OSError):
        await Hosts(look_up=Book(fault=fault)).resolve("nowhere.example", 443)
    with pytest.raises(OSError):
        await Hosts(look_up=Book()).resolve("nowhere.example", 443)


async def test_a_slow_name_server_costs_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """While as many look-ups hang as there may be, further ones fail at once; whoever went away does no harm, and
    afterwards hosts are looked up again.
    """
    monkeypatch.setattr(hosts, "LOOK_UPS_MAX", 2)
    hangs = threading.Event()

    def slowly(host: str, port: int) -> Sequence[str]:
        hangs.wait(10)
        return ["8.8.8.8"]

    slow = Hosts(look_up=slowly)
    waiting, gone = (asyncio.create_task(slow.resolve(f"{name}.example", 443)) for name in ("tar", "pit"))
    await asyncio.sleep(0)
    gone.cancel()
    with pytest.raises(OSError, match="too many"):
        await slow.resolve("third.example", 443)
    hangs.set()
    assert list(await waiting) == ["8.8.8.8"]
    async with asyncio.timeout(5):
        while True:
            try:
                assert list(await slow.resolve("third.example", 443)) == ["8.8.8.8"]
                break
            except OSError:
                await asyncio.sleep(0)
