"""Orders that are refused: every reason that a till can be given reaches it, and the daemon goes on."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from kinds import gift_wrap, nip44, registry
from kinds.event import Event, Rumor, Template, sign
from kinds.keys import SecretKey
from tests.integration.place import opened
from tests.observer import Observer
from tests.serving import relay_named, serving
from tests.venue import Venue, new_key


def changed(template: Template, **tags: tuple[str, ...] | None) -> Template:
    """The order with a tag of this name replaced, added, or (None) left out."""
    kept = tuple(tag for tag in template.tags if tag[0] not in tags)
    return template._replace(tags=(*kept, *((name, *tag) for name, tag in tags.items() if tag is not None)))


def refused_orders(venue: Venue, guest: str) -> dict[str, Template]:
    """For each code an order that is refused with it; all of them by the venue's till."""
    good = venue.template("good", guest)
    ahead = int(time.time()) + 1_800
    twice = good._replace(tags=(*good.tags, ("amount", "1", "sat")))
    return {
        "order-bad-program": changed(good, a=("37411:nobody",)),
        "order-no-program": changed(good, a=None),
        "program-unknown": changed(good, a=(venue.address + "-other",)),
        "order-no-id": changed(good, order=None),
        "order-ambiguous-id": changed(good, order=("7:refund:r1",)),
        "order-bad-status": changed(good, status=("maybe",)),
        "order-bad-customer": changed(good, customer_pubkey=("f" * 64,)),
        "order-no-amount": changed(good, amount=None),
        "order-bad-amount": changed(good, amount=("-5", "sat")),
        "order-amount-invalid": changed(good, amount=("0.0005", "sat")),
        "amount-without-rule": changed(good, amount=("12.00", "EUR")),
        "points-beyond-limit": changed(good, amount=("2000000000000000", "sat")),
        "order-duplicate-tag": twice,
        "order-no-time": changed(good, paid_at=None),
        "order-bad-time": changed(good, paid_at=("yesterday",)),
        "order-from-the-future": changed(good, paid_at=(str(ahead),)),
        "order-bad-refund": changed(good, refund=("r1",)),
        "order-bad-line": changed(good, line=("bribe", "1", "sat")),
        "order-bad-item": changed(good, item=("", "1", "1", "sat")),
        "order-bad-payment": changed(good, payment=("promises",)),
        "order-text-too-long": changed(good, note=("x" * 1_001,)),
    }


@pytest.mark.parametrize("wrapped", [False, True], ids=["plain", "wrapped"])
async def test_a_refused_order_is_told_why(tmp_path: Path, wrapped: bool) -> None:
    """Every reason that a till can be given reaches it, as a code and in words; nothing is booked."""
    async with opened(tmp_path, "scripted", "public") as place:
        venue, observer = place.venue, place.observer
        stranger = new_key()
        sent = {code: (venue.till, each) for code, each in refused_orders(venue, place.guest.public).items()}
        sent["source-not-listed"] = (stranger, venue.template("s", place.guest.public))
        if wrapped:
            other = changed(venue.template("w", place.guest.public), p=(stranger.public,))
            sent["order-wrong-issuer"] = (venue.till, other)
        for code, (key, template) in sent.items():
            rumor = sign(template, key)
            await observer.send(wrap(rumor, key, venue) if wrapped else rumor)
            (reply,) = await observer.replies(key, rumor.id)
            assert (reply.answer.result, reply.answer.reason) == ("rejected", code)
            assert reply.text.startswith("Rejected: ")
        assert registry.ENTRY not in {event.kind for event in await observer.events()}
        (accepted,) = await place.answers(place.order("good", 1_000))  # and the daemon goes on
        assert accepted.answer.result == "accepted"


def wrap(event: Event, key: SecretKey, venue: Venue) -> Event:
    """An order as the rumor of a gift wrap to the issuer."""
    conversation = nip44.conversation_key(key, venue.issuer.public)
    return gift_wrap.gift_wrap(
        Rumor(*event[:6]), key, venue.issuer.public, conversation, seed=os.urandom(32), now=event.created_at
    )


async def test_refunds_that_do_not_fit_are_told_why(tmp_path: Path) -> None:
    """Bug 56: another unit, and more than was paid, are refused; what was earned stays."""
    async with opened(tmp_path, "scripted", "public") as place:
        venue, guest = place.venue, place.guest.public
        other_unit = venue.order("o", guest, ("5.00", "EUR"), status="refunded")
        replies = await place.answers(
            place.order("o", 5_000), other_unit, place.order("o", 5_001, status="refunded", refund_id="r")
        )
        assert [reply.answer.reason for reply in replies] == [None, "refund-other-unit", "refund-above-order"]
        assert await place.chain(1) == [("earned", 5, 5)]


@pytest.mark.parametrize("status", ["paused", "ended"])
async def test_a_program_that_does_not_run_refuses(tmp_path: Path, status: str) -> None:
    """Orders are answered with the program's state, and earn nothing."""
    async with relay_named("scripted") as url, Observer(url) as observer:
        venue = Venue(tmp_path, [url], visibility="public", extra=f'status = "{status}"')
        async with serving(venue.write_config()):
            order = venue.order("1", new_key().public)
            await observer.send(order)
            (reply,) = await observer.replies(venue.till, order.id)
            assert reply.answer.reason == f"program-{status}"
