"""A venue with all its people: two owners, a manager, somebody at the till, a guest, and a stranger.

`async with house(folder) as place:` serves a program with a reward, two tiers and points for feedback and friends; the
guest has 60 points of two orders, and had the welcome.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from kinds import registry
from kinds.keys import SecretKey, npub_encode
from kinds.tags import value
from ledger import book, choices
from tests.unit.nostr_loyalty.correspondence import Answered
from tests.unit.nostr_loyalty.served import Served, earn, opened, reward, rules, table, tier
from tests.venue import new_key

TABLES = (
    reward(), reward("cake", 500), tier("silver", 40), tier("gold", 1_000), earn("feedback", 3),
    earn("referral", 7, friend_points=5),
)  # fmt: skip
ROLES = ("owner", "manager", "staff", "guest", "stranger")


class House(NamedTuple):
    """Who is who; `partner` is the other owner."""

    served: Served
    owner: SecretKey
    partner: SecretKey
    manager: SecretKey
    staff: SecretKey
    guest: SecretKey
    stranger: SecretKey

    async def says(self, who: str | SecretKey, text: str, **more: Any) -> Answered:
        """The one answer to a letter of somebody, by role or by key; {guest} and its like in it are npubs.

        A second passes with each: two letters of one author that say the same in one second are one.
        """
        self.served.later(seconds=1)
        key = getattr(self, who) if isinstance(who, str) else who
        named = {role: npub_encode(getattr(self, role).public) for role in (*ROLES, "partner")}
        answers = await self.served.write(key, text.format(**named), **more)
        assert len(answers) == 1, answers
        return answers[0]

    async def code(self, who: str | SecretKey, text: str, **more: Any) -> str | None:
        """What became of a letter, in a word."""
        return (await self.says(who, text, **more)).code

    def heard(self, who: str | SecretKey) -> list[str]:
        """What somebody was told of the last letter besides its answer."""
        key = getattr(self, who) if isinstance(who, str) else who
        wraps = [event for event, _ in self.served.others if event.kind == registry.GIFT_WRAP]
        return [opened(event, key).text for event in wraps if value(event.tags, "p") == key.public]

    async def entries(self) -> int:
        """How many entries there are in the whole ledger."""
        async with self.served.database.read() as r:
            ((number,),) = await r.rows("SELECT count(*) FROM entry")
        return int(number)


@asynccontextmanager
async def house(
    folder: Path, visibility: str = "private", *tables: str, manager: dict[str, int] | None = None,
    staff: dict[str, int] | None = None, greeted: bool = True, **keys: Any,
) -> AsyncIterator[House]:  # fmt: skip
    """The venue, open as long as the block; `tables` and `keys` are more rules, `manager` and `staff` their limits;
    `greeted`: the guest has written before.
    """
    owner, partner, manager_key, staff_key, guest, stranger = (new_key() for _ in range(6))
    people = [
        table("operator", key=npub_encode(manager_key.public), role="manager", **manager or {}),
        table("operator", key=npub_encode(staff_key.public), role="staff", **staff or {}),
    ]
    owners = [npub_encode(owner.public), npub_encode(partner.public)]
    served = Served(folder, visibility, extra=rules(*TABLES, *tables, *people, operators=owners, **keys))
    served.guest = guest
    async with served:
        await served.take(served.order("order-1", "40000"), served.order("order-2", "20000"))
        if greeted:
            pair = (served.program.ledger_id, guest.public)
            async with served.database.write() as w:
                for standing in (await book.find_standings(w, [pair])).values():  # none, where orders are refused
                    await choices.choose(w, standing._replace(greeted=1))
        yield House(served, owner, partner, manager_key, staff_key, guest, stranger)


def npub(key: SecretKey) -> str:
    """A key's public name."""
    return npub_encode(key.public)
