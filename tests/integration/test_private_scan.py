"""Bug 61: a private venue tells nobody anything. Everything that a relay holds after a busy day is looked through.

Orders, refunds, a claimed receipt, redemptions, letters of every role, a relinked key, a forgotten guest: what of them
stands anywhere in clear, but for the `p` of wraps?
"""

from __future__ import annotations

import asyncio
import time
from base64 import b64decode
from pathlib import Path

import pytest

from kinds import registry
from kinds.event import Event, to_json
from kinds.keys import SecretKey, npub_encode
from tests.integration.place import Place, message_id
from tests.integration.talk import Talk
from tests.observer import Observer
from tests.serving import relay_named, serving
from tests.unit.nostr_loyalty.correspondence import wish
from tests.unit.nostr_loyalty.served import earn, reward, rules, table, tier
from tests.venue import Venue, new_key

# What is said to everybody, and nobody's secret: the rules, and the daemon about itself.
RULES = {
    registry.PROGRAM,
    registry.RELAY_LIST,
    registry.DM_RELAY_LIST,
    registry.METADATA,
    registry.HANDLER,
    registry.BADGE_DEFINITION,
}
SEALED = {registry.GIFT_WRAP, registry.EPHEMERAL_GIFT_WRAP, registry.CARD}
TIER, REWARD, AMOUNTS = "goldfinch", "pistachio", ("123457", "84321", "20999")


class Day:
    """A day at the venue: who was there, and every word that should be known to them only."""

    def __init__(self, place: Place, operator: SecretKey, manager: SecretKey) -> None:
        self.place, self.operator, self.manager = place, operator, manager
        self.talk = Talk(place.venue, place.observer)
        self.friend, self.other, self.replaced, self.gone = (new_key() for _ in range(4))
        self.codes: list[str] = []

    async def says(self, key: SecretKey, text: str, code: str = "done") -> str | None:
        """A letter that must have this outcome; the voucher's code, if there is one."""
        answer = await self.talk.say(key, text)
        assert answer.code == code, (text, answer.text)
        voucher = answer.tag("voucher")
        if voucher is not None:
            self.codes.append(voucher)
        return voucher

    async def pass_by(self) -> None:
        """Everything that can happen."""
        place, guest = self.place, self.place.guest
        venue, now = place.venue, int(time.time())
        replies = await place.answers(
            place.order("order-4713", 9_000), place.order("order-4713", 9_000, status="refunded"),
            place.order("order-4711", 123_457), place.order("order-4712", 84_321),
            venue.wrapped("order-4714", self.gone.public, ("20999", "sat")), venue.wrapped("receipt-4715", None),
            place.order("order-4712", 20_999, status="refunded", refund_id="refund-1"),
            venue.wrapped("order-4716", self.other.public, ("84321", "sat")),
        )  # fmt: skip
        claim = next(reply.answer.claim for reply in replies if reply.answer.claim)
        self.codes.append(claim)
        await self.says(self.friend, f"claim {claim}")
        code = await self.says(guest, f"redeem {REWARD}")
        await self.says(self.operator, f"use {code}")
        code = await self.says(guest, f"redeem {REWARD} ")
        await self.says(guest, f"cancel {code}")
        wanted = wish(guest, venue.address, REWARD, to=venue.issuer.public, at=now)
        answer = await self.talk.hears(guest, wanted, message_id(wanted, venue))
        assert answer.code == "done"
        self.codes.append(str(answer.tag("voucher")))
        await self.says(self.manager, f"grant {npub_encode(guest.public)} 7 for waiting")
        await self.says(self.manager, f"grant {npub_encode(guest.public)} 5000 for nothing", "waits-for-owner")
        await self.says(self.operator, f"relink {self.other.public} {self.replaced.public}")
        for text in ("balance", "history", "rewards", "help", "notify all", "share private"):
            await self.says(guest, text, "answered")
        await self.says(guest, "feedback The pistachio was fine")
        await self.says(guest, f"refer {npub_encode(new_key().public)}")
        await self.says(guest, f"prove tier {TIER} to {npub_encode(self.other.public)}", "proven")
        await self.says(self.gone, "forget me yes", "forgotten")

    def secrets(self) -> list[str]:
        """What may stand nowhere in clear."""
        people = [self.place.guest, self.friend, self.other, self.replaced, self.gone, self.manager, self.operator]
        keys = [form for key in people for form in (key.public, npub_encode(key.public), key.public[:20])]
        codes = [form for code in self.codes for form in (code, code.replace("-", ""), code[:9])]
        return [*keys, *codes, *AMOUNTS, "order-471", "receipt-47", "refund-1", TIER, REWARD, "+123", "Pistachio"]


def in_clear(event: Event) -> str:
    """What a stranger reads of an event; of a wrap neither whom it is for nor the content, which must be NIP-44."""
    text = to_json(event)
    if event.kind in SEALED:
        assert b64decode(event.content, validate=True)[:1] == b"\x02", "NIP-44 and nothing else"
        text = to_json(event._replace(content=""))
    if event.kind in (registry.GIFT_WRAP, registry.EPHEMERAL_GIFT_WRAP):
        names = [tag[0] for tag in event.tags]
        assert names in (["p"], ["p", "expiration"])  # the latter in a letter of the daemon to itself, its self-test
        text = event.pubkey
    return text


@pytest.mark.parametrize("relay", ["scripted", "rust", "python", "npm"])
async def test_nothing_is_told_to_strangers(tmp_path: Path, relay: str) -> None:
    """Of a whole day nothing names a customer, an amount, a tier, an order or a code."""
    operator, manager = new_key(), new_key()
    extra = rules(
        reward(REWARD, 5), tier(TIER, 100), earn("feedback", 3), earn("referral", 5, friend_points=5),
        table("operator", key=operator.public, role="owner"),
        table("operator", key=manager.public, role="manager", points=100), monitors=[new_key().public],
    )  # fmt: skip
    async with relay_named(relay) as url:
        venue = Venue(tmp_path, [url], "private", extra=extra)
        async with serving(venue.write_config()), Observer(url) as observer:
            day = Day(Place(venue, observer, new_key()), operator, manager)
            await day.pass_by()
            await _silence(observer)
            events = await observer.events()
        public = [event for event in events if event.kind in RULES]
        hidden = [event for event in events if event.kind not in RULES]
        assert {event.kind for event in hidden} <= {*SEALED, registry.DELETION}
        for secret in day.secrets():
            assert [event.kind for event in hidden if secret in in_clear(event)] == [], secret
        rules_only = [secret for secret in day.secrets() if secret not in (TIER, REWARD, "Pistachio")]
        staff = {form for key in (operator, manager) for form in (key.public, key.public[:20])}
        for secret in (one for one in rules_only if one not in staff):
            assert [event.kind for event in public if secret in to_json(event)] == [], secret
        wraps = [event.pubkey for event in events if event.kind == registry.GIFT_WRAP]
        assert len(wraps) > 50
        assert len(set(wraps)) == len(wraps)


async def _silence(observer: Observer) -> None:
    """Nothing new for a second."""
    before: set[str] = set()
    while (now := {event.id for event in await observer.events()}) != before:
        before = now
        await asyncio.sleep(1.0)
