"""What relays refused for a while and was given up: brought again, it shows nothing that its guest has made private."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pytest

from kinds import registry
from kinds.event import Template, author, canonical_of, parse_event
from kinds.keys import npub_encode
from ledger import outbox
from ledger.database import Database
from ledger.outbox import Promise, Promised, Settlement
from nostr_loyalty.commands.command import Grant
from nostr_loyalty.daemon import keys_of
from nostr_loyalty.publishing import sealing
from nostr_loyalty.publishing.sealing import Sealer
from tests.unit.nostr_loyalty.guest_life import delivered
from tests.unit.nostr_loyalty.house import House, house
from tests.unit.nostr_loyalty.served import URL, Served, rules
from tests.venue import new_key

LATER = 2**40
WRAPS = (registry.GIFT_WRAP, registry.EPHEMERAL_GIFT_WRAP)


async def refused(database: Database) -> None:
    """Every relay has refused for good what waits."""
    async with database.read() as r:
        due = await outbox.due(r, LATER, 10_000)
    async with database.write() as w:
        await outbox.settle(w, [Settlement(one.id, (), one.relays, "abandoned", reason="blocked:") for one in due])


async def pausing(database: Database) -> None:
    """One relay has what waits, the other does not answer: it is tried again."""
    async with database.read() as r:
        due = await outbox.due(r, LATER, 10_000)
    async with database.write() as w:
        await outbox.settle(w, [Settlement(one.id, one.relays[:1], (), "waiting", due_at=LATER) for one in due])


async def brought_again(place: House) -> list[tuple[str, bool]]:
    """What `outbox retry` lets wait: its label, and whether it names the guest to everybody."""
    async with place.served.database.write() as w:
        ids = [one.id for one in await outbox.abandoned(w)]
        await outbox.resume(w, ids)
        again = [one for one in await outbox.due(w, LATER, 10_000) if one.id in ids]
    return _told(place, again)


def _told(place: House, promises: Sequence[Promised]) -> list[tuple[str, bool]]:
    """Of each promise its label, and whether it names the guest to everybody."""
    sealer, guest = Sealer(keys_of(place.served.config)), place.guest.public
    sealed = [(one.label, sealer.seal(one.issuer, one.recipe, one.seed).text) for one in promises]
    return [(label, guest in text and parse_event(text).kind not in WRAPS) for label, text in sealed]


@pytest.mark.parametrize("text", ["share private", "forget me yes"])
async def test_what_was_given_up_stays_unsaid_once_its_guest_is_private(tmp_path: Path, text: str) -> None:
    """The card, the entries, the award of a badge: `outbox retry` publishes none of them in clear any more."""
    async with house(tmp_path, "public") as place:
        served = place.served
        await place.says("guest", "badge on")
        await refused(served.database)
        await place.says("guest", text)
        await delivered(served.database)
        assert [label for label, names in await brought_again(place) if names] == []
        await served.assert_clean()


async def test_what_waits_out_a_pause_is_not_sent_after_its_deletion(tmp_path: Path) -> None:
    """A relay that gave no answer so far gets no entry of a guest who has gone private since."""
    async with house(tmp_path, "public") as place:
        served = place.served
        await place.says("guest", "badge on")
        await pausing(served.database)
        await place.says("guest", "share private")
        async with served.database.read() as r:
            due = await outbox.due(r, LATER, 10_000)
        about = {label for label, names in _told(place, due) if names}
        assert about == {"deletion"}  # of the last card, which says nothing


async def test_an_award_that_was_given_up_goes_with_the_badges(tmp_path: Path) -> None:
    """`badge off`: the award is not published later; the guest's entries and card, which stay public, are."""
    async with house(tmp_path, "public") as place:
        served = place.served
        await place.says("guest", "badge on")
        await refused(served.database)
        await place.says("guest", "badge off")
        labels = {label for label, names in await brought_again(place) if names}
        assert labels == {"entry", "card"}


async def test_what_was_given_up_of_others_is_brought_again(tmp_path: Path) -> None:
    """Another guest's entries wait again as ever, whoever went private."""
    async with house(tmp_path, "public") as place:
        served = place.served
        await served.take(served.order("order-9", "7000", customer=place.stranger.public))
        await refused(served.database)
        await place.says("guest", "share private")
        async with served.database.write() as w:
            given_up = await outbox.abandoned(w)
        named = {one.label for one in given_up if place.stranger.public.encode() in one.recipe}
        assert named >= {"entry", "card"}
        assert not any(place.guest.public.encode() in one.recipe for one in given_up if one.label in ("entry", "card"))


@pytest.mark.parametrize("text", ["share private", "forget me yes"])
async def test_what_another_program_has_to_say_goes_out(tmp_path: Path, text: str) -> None:
    """A program of the same issuer whose name begins alike keeps its promises about the guest."""
    async with house(tmp_path, "public") as place:
        issuer = place.served.venue.issuer.public
        tags = (("a", f"{place.served.program.address}-2", URL), ("p", place.guest.public))
        document = canonical_of(author(Template(registry.ENTRY, place.served.clock.now(), tags, ""), issuer))
        async with place.served.database.write() as w:
            recipe = sealing.plain(document)
            await outbox.post(w, [Promise(1, "entry", issuer, recipe, os.urandom(32), (URL,), 1)], 1)
        await place.says("guest", text)
        async with place.served.database.read() as r:
            left = [one.recipe for one in await outbox.due(r, LATER, 10_000) if one.label == "entry"]
        assert left == [recipe]


@pytest.mark.parametrize(("visibility", "text"), [("public", "share private"), ("private", "forget me yes")])
async def test_an_operator_who_is_a_guest_takes_only_its_own_back(
    tmp_path: Path, visibility: Literal["public", "private"], text: str
) -> None:
    """Entries of others name the operator who made them (`by`); they are still sent when it goes private itself."""
    operator, other = new_key(), new_key().public
    extra = rules(operators=[npub_encode(operator.public)])
    async with Served(tmp_path, visibility=visibility, extra=extra) as served:
        await served.take(served.order("o1", customer=operator.public), served.order("o2", customer=other))
        for _ in range(3):
            await served.command(Grant(other, 30), actor=operator.public)

        async def about_the_other() -> int:
            async with served.database.read() as r:
                due = await outbox.due(r, LATER, 10_000)
            return sum(one.label in ("entry", "notice") and other.encode() in one.recipe for one in due)

        assert await about_the_other() == 4
        await served.write(operator, text)
        assert await about_the_other() == 4


async def test_thousands_that_were_given_up_are_brought_again_by_an_index(tmp_path: Path) -> None:
    """Of each name the newest alone waits again, and none is looked for among all the others."""
    async with house(tmp_path, "public") as place, place.served.database.write() as w:
        steps = await w.rows(f"EXPLAIN QUERY PLAN {outbox.RESUME}", None)
        newer = [step[3] for step in steps if "newer" in step[3]]
        assert len(newer) == 2
        assert all("INDEX outbox_newest" in step or "INDEX outbox_given_up" in step for step in newer)
