"""Against rust-nostr (`nostr-sdk` from PyPI): a till and a guest with its own client, signatures, NIP-44 and NIP-59.

Only the venue's keys and the daemon are ours here; test_nip44_nostr_sdk.py compares the primitives one by one.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.interop.phone import Phone, phone, sdk, tag
from tests.serving import relay_named, serving
from tests.venue import Venue, new_key


def order(venue: Venue, customer: str, amount: str) -> sdk.EventBuilder:
    """An order as a till written with rust-nostr builds it."""
    tags = [
        ["p", venue.issuer.public], ["a", venue.address], ["customer_pubkey", customer], ["order", "B-4"],
        ["status", "paid"], ["amount", amount, "sat"], ["paid_at", str(int(time.time()))],
    ]  # fmt: skip
    return sdk.EventBuilder(sdk.Kind(7412), "").tags([sdk.Tag.parse(each) for each in tags])


async def report(till: Phone, built: sdk.EventBuilder, issuer: str, *, wrapped: bool) -> str:
    """Send the order as it is, or wrapped; the id that its answer will name."""
    if not wrapped:
        event = built.finalize(till.keys)
        await till.send(event)
        return str(event.id().to_hex())
    rumor = built.finalize_unsigned(till.keys.public_key()).ensure_id()
    await till.send(sdk.nip59_make_gift_wrap(till.keys, sdk.PublicKey.parse(issuer), rumor))
    return str(rumor.id().to_hex())


async def public_entry(guest: Phone, venue: Venue) -> tuple[sdk.Event, str]:
    """The guest's entry on the relay, and the name of the card."""
    wanted = sdk.Filter().kind(sdk.Kind(7411)).author(sdk.PublicKey.parse(venue.issuer.public))
    (entry,) = await guest.find(wanted.pubkey(guest.keys.public_key()))
    return entry, f"{venue.slug}:{guest.keys.public_key().to_hex()}"


async def private_entry(guest: Phone, venue: Venue) -> tuple[sdk.Event, str]:
    """The entry in the proof of the guest's message, and the name of the card."""
    message = await guest.message(venue.issuer.public)
    assert message.kind().as_u16() == 14
    assert message.content() == "+12 points at Café Sol, balance 12"
    entry = sdk.Event.from_json(tag(message, "proof"))
    assert entry.is_protected()
    kind, author, name = (tag(message, "card") or "").split(":")
    assert (kind, author) == ("37412", venue.issuer.public)
    return entry, name


@pytest.mark.parametrize("wrapped", [False, True], ids=["plain", "wrapped"])
@pytest.mark.parametrize("visibility", ["private", "public"])
@pytest.mark.parametrize("relay", ["scripted", "rust"])
async def test_a_till_and_a_guest_on_rust_nostr(tmp_path: Path, relay: str, visibility: str, wrapped: bool) -> None:
    """The order is taken, the guest verifies entry, rules and card, the till reads its line: all without our code."""
    guest_key = new_key()
    async with relay_named(relay) as url:
        venue = Venue(tmp_path, [url], visibility=visibility)
        issuer = sdk.PublicKey.parse(venue.issuer.public)
        async with (
            serving(venue.write_config()), phone(url, venue.till.nsec()) as till, phone(url, guest_key.nsec()) as guest,
        ):  # fmt: skip
            order_id = await report(till, order(venue, guest_key.public, "12999"), venue.issuer.public, wrapped=wrapped)
            read = public_entry if visibility == "public" else private_entry
            entry, card_name = await read(guest, venue)
            assert entry.verify()
            assert (entry.kind().as_u16(), entry.author().to_hex()) == (7411, venue.issuer.public)
            assert [tag(entry, name) for name in ("p", "points", "balance", "seq")] == [
                guest_key.public,
                "+12",
                "12",
                "1",
            ]

            ours = sdk.Filter().author(issuer)
            (definition,) = await guest.find(ours.kind(sdk.Kind(37411)).identifier(venue.slug))
            assert tag(entry, "rev") == definition.id().to_hex()

            (card,) = await guest.find(sdk.Filter().author(issuer).kind(sdk.Kind(37412)).identifier(card_name))
            if visibility == "public":
                said = {"points": int(tag(card, "points") or ""), "head": tag(card, "e")}
            else:
                said = json.loads(sdk.nip44_decrypt(guest.keys.secret_key(), issuer, card.content()))
            assert (said["points"], said["head"]) == (12, entry.id().to_hex())

            answer = await till.message(venue.issuer.public)
            assert answer.content() == "1st visit this month; +12 points, balance 12"
            assert [tag(answer, name) for name in ("e", "order", "result")] == [order_id, "B-4", "accepted"]
