"""People who talk to the daemon with rust-nostr: the whole way of a guest, of the venue's people, and of a stranger."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.interop.conversation import RELAYS, Cast, conversation
from tests.interop.phone import Phone, phone, sdk, tag
from tests.relays.real import RustRelay, unavailable
from tests.relays.scripted import ScriptedRelay
from tests.serving import relay_named


class People(NamedTuple):
    """Everybody's client."""

    till: Phone
    operator: Phone
    staff: Phone
    guest: Phone
    stranger: Phone
    bar: Phone


@asynccontextmanager
async def people(cast: Cast) -> AsyncIterator[People]:
    """All of them, connected."""
    keys = (cast.venue.till, cast.operator, cast.staff, cast.guest, cast.stranger, cast.bar)
    async with AsyncExitStack() as stack:
        yield People(*[await stack.enter_async_context(phone(cast.url, key.nsec())) for key in keys])


def order(cast: Cast) -> sdk.EventBuilder:
    """The guest's order of 60,000 sat."""
    tags = [
        ["p", cast.venue.issuer.public], ["a", cast.venue.address], ["customer_pubkey", cast.guest.public],
        ["order", "B-4"], ["status", "paid"], ["amount", "60000", "sat"], ["paid_at", str(int(time.time()))],
    ]  # fmt: skip
    return sdk.EventBuilder(sdk.Kind(7412), "").tags([sdk.Tag.parse(each) for each in tags])


async def report(cast: Cast, all_: People) -> None:
    """The till reports it, wrapped, and reads its line."""
    rumor = order(cast).finalize_unsigned(all_.till.keys.public_key()).ensure_id()
    issuer = sdk.PublicKey.parse(cast.venue.issuer.public)
    await all_.till.send(sdk.nip59_make_gift_wrap(all_.till.keys, issuer, rumor))
    answer = await all_.till.next_message(cast.venue.issuer.public)
    assert tag(answer, "result") == "accepted"


async def grant_and_ask(cast: Cast, all_: People) -> list[sdk.Event]:
    """The operator grants, the guest asks; the receipts that the guest holds then."""
    issuer, guest = cast.venue.issuer.public, all_.guest
    answer = await all_.operator.say(issuer, f"grant {guest.npub} 50 for the long wait")
    assert [tag(answer, name) for name in ("answer", "points", "balance")] == ["done", "+50", "110"]
    assert sdk.Nip19Event.from_nostr_uri(answer.content().split()[-1]).event_id().to_hex() == tag(answer, "entry")
    answer = await guest.say(issuer, "balance")
    assert tag(answer, "balance") == "110"
    assert "Balance at Café Sol: 110 points." in answer.content()
    history = (await guest.say(issuer, "history")).content().splitlines()
    assert [line.split(": ")[1].split(",")[0] for line in history[1:]] == ["+50 points", "+60 points"]
    assert history[1].endswith("for the long wait")
    told = [each for each in await guest.messages(issuer) if tag(each, "e") is None]  # not those that `history` brought
    texts = [tag(message, "proof") for message in told]
    return [sdk.Event.from_json(text) for text in texts if text is not None]


def chain(entries: list[sdk.Event], cast: Cast) -> list[sdk.Event]:
    """These entries in their order, as somebody who trusts nobody checks them."""
    entries = sorted(entries, key=lambda one: int(tag(one, "seq") or 0))
    balance, before = 0, None
    for seq, entry in enumerate(entries, start=1):
        assert entry.verify()
        assert (entry.kind().as_u16(), entry.author().to_hex()) == (7411, cast.venue.issuer.public)
        balance += int(tag(entry, "points") or 0)
        said = [tag(entry, name) for name in ("p", "a", "seq", "prev", "balance")]
        assert said == [cast.guest.public, cast.venue.address, str(seq), before, str(balance)]
        before = entry.id().to_hex()
    return entries


async def redeem_and_use(cast: Cast, all_: People) -> None:
    """The guest redeems, and the code is taken at the till, once."""
    issuer = cast.venue.issuer.public
    answer = await all_.guest.say(issuer, "redeem a free coffee")
    code = tag(answer, "voucher")
    assert code is not None
    assert code in answer.content()
    assert tag(await all_.staff.say(issuer, f"use {code}"), "answer") == "done"
    assert tag(await all_.staff.say(issuer, f"use {code.lower()}"), "answer") == "voucher-used"


async def seen_by_a_stranger(cast: Cast, all_: People) -> list[sdk.Event]:
    """What a stranger finds of the guest and verifies: entries as a chain, their rules, the card that agrees."""
    about = sdk.Filter().pubkey(sdk.PublicKey.parse(cast.guest.public))
    entries = chain(await all_.stranger.find(about.kind(sdk.Kind(7411)), 3), cast)
    issuer = sdk.Filter().author(sdk.PublicKey.parse(cast.venue.issuer.public))
    (definition,) = await all_.stranger.find(issuer.kind(sdk.Kind(37411)).identifier(cast.venue.slug))
    assert {tag(entry, "rev") for entry in entries} == {definition.id().to_hex()}
    (card,) = await all_.stranger.find(about.kind(sdk.Kind(37412)))
    assert [tag(card, name) for name in ("d", "points", "tier", "seq", "e")] == [
        f"{cast.venue.slug}:{cast.guest.public}", "100", "silver", "3", entries[-1].id().to_hex(),
    ]  # fmt: skip
    return entries


async def prove_elsewhere(cast: Cast, all_: People) -> None:
    """The guest has its tier proven to another venue, hands that on, and the venue checks it with rust-nostr alone."""
    guest, bar = all_.guest, all_.bar
    answer = await guest.say(cast.venue.issuer.public, f"prove tier silver to {bar.npub}")
    proof = tag(answer, "proof")
    assert proof is not None
    await guest.write(bar.hex, "My tier at Café Sol", ["proof", proof])
    message = await bar.next_message(guest.hex)
    statement = sdk.Event.from_json(tag(message, "proof"))
    assert statement.verify()
    assert statement.is_protected()
    address = tag(statement, "a") or ""
    assert (statement.kind().as_u16(), statement.author().to_hex()) == (7414, address.split(":")[1])
    assert (address, tag(statement, "p"), tag(statement, "aud")) == (cast.venue.address, guest.hex, bar.hex)
    (claim,) = [each.to_vec() for each in statement.tags() if each.to_vec()[0] == "claim"]
    assert claim == ["claim", "tier", "silver"]
    assert 0 < int(tag(statement, "expiration") or 0) - time.time() <= 86_400
    about = sdk.Filter().author(statement.author()).kind(sdk.Kind(37411)).identifier(address.split(":")[2])
    (definition,) = await bar.find(about)
    assert any(each.to_vec()[:2] == ["tier", "silver"] for each in definition.tags())


@pytest.mark.parametrize("relay", RELAYS)
async def test_the_whole_way(tmp_path: Path, relay: str) -> None:
    """Order, grant, balance, history, redemption, use, going public, a stranger's check, a proof for another venue."""
    async with relay_named(relay) as url, conversation(tmp_path, url) as cast, people(cast) as all_:
        await report(cast, all_)
        held = chain(await grant_and_ask(cast, all_), cast)
        await redeem_and_use(cast, all_)
        assert tag(await all_.guest.say(cast.venue.issuer.public, "share public"), "answer") == "answered"
        entries = await seen_by_a_stranger(cast, all_)
        assert [one.as_json() for one in entries[:2]] == [one.as_json() for one in held], "the very receipts"
        await prove_elsewhere(cast, all_)


@pytest.mark.parametrize("auth", ["reads", "writes", "both", "wraps"])
async def test_a_relay_that_demands_to_be_logged_in(tmp_path: Path, auth: str) -> None:
    """NIP-42 for reading, writing, both, or messages only: daemon, operator and guest log in, and all is the same."""
    if (why := unavailable("rust")) is not None:
        pytest.skip(why)
    async with RustRelay("--auth", auth) as relay:
        await _talk_there(tmp_path, relay.url)


async def test_a_relay_that_shows_nothing_to_nobody(tmp_path: Path) -> None:
    """Bug 72: wraps are left out without a word until their reader has logged in."""
    async with ScriptedRelay(auth="wraps") as relay:
        await _talk_there(tmp_path, relay.url)
        assert relay.received("AUTH")


async def _talk_there(folder: Path, url: str) -> None:
    async with conversation(folder, url) as cast, people(cast) as all_:
        await report(cast, all_)
        assert len(chain(await grant_and_ask(cast, all_), cast)) == 2
        await redeem_and_use(cast, all_)
