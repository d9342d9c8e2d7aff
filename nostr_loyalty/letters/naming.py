"""Letters that name somebody by a NIP-05 name wait until that is looked up: outside the transaction.

Such a letter is taken out of its batch together with its envelope, which is then not remembered: after a crash the
relay brings it again. When its names are known, or are not to be had, it enters the path anew; what the same author
writes meanwhile waits behind it, so that `undo` never overtakes what it is meant for.

Only people whom we know may have names looked up, only the names of a command (two at most), the venue's own at once
and customers with an allowance: a stranger's letter makes us ask nobody.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import Final

from nostr_loyalty.commands.grammar import Asked, read
from nostr_loyalty.commands.questions import Named
from nostr_loyalty.intake.opening import Opened
from nostr_loyalty.intake.patience import Bucket
from nostr_loyalty.intake.reception import Batch
from nostr_loyalty.intake.recognition import LETTERS, Message
from nostr_loyalty.reaching.names import Names

WAITING_MAX: Final = 64
"""Letters of the venue's people that wait for names; beyond, names that are not known yet are answered as unknown."""
GUESTS_MAX: Final = 32
"""The same for customers."""


def names_in(message: Message) -> list[str]:
    """The NIP-05 names that a letter's command is about; of anything else none."""
    text = message.rumor.content if message.text is None else message.text
    if message.rumor.kind not in LETTERS or "@" not in text:
        return []
    asked = read(text, slugs=(), language="en")
    if not isinstance(asked, Asked):  # perhaps it begins with a program's name
        asked = read(text.strip().partition(" ")[2], slugs=(), language="en")
    return [who.name for who in asked.unknown if isinstance(who, Named)] if isinstance(asked, Asked) else []


class WaitingForNames:
    """Takes letters out of batches, and gives each back as a batch of its own."""

    def __init__(self, names: Names, staff: Collection[str]) -> None:
        """`names`: who looks them up; `staff`: public keys of the venue's people."""
        self._names = names
        self._staff = frozenset(staff)
        self._patience = Bucket(at_once=10, per_hour=30)
        self._behind: dict[str, list[Opened]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def known(self, message: Message) -> dict[str, str | None]:
        """What the names in a letter stand for, as far as that is known."""
        found = {name: self._names.known(name) for name in names_in(message)}
        return {name: known.key for name, known in found.items() if known is not None}

    def part(self, batch: Batch, again: Callable[[Batch], Awaitable[None]], now: int) -> None:
        """Take those out of the batch that have to wait; `again` gets them when the names are known."""
        for opened in list(batch.opened):
            author = opened.message.author
            if author in self._behind:
                batch.put_back(opened)
                self._behind[author].append(opened)
            elif author in batch.known and self._waits(opened.message, now):
                batch.put_back(opened)
                self._behind[author] = [opened]
                task = asyncio.create_task(self._wait(opened, again))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    def stop(self) -> None:
        """Wait no longer: whatever waits is read again another time."""
        for task in self._tasks:
            task.cancel()

    def _waits(self, message: Message, now: int) -> bool:
        if all(self._names.known(name) is not None for name in names_in(message)):
            return False
        if message.author in self._staff:
            return len(self._tasks) < WAITING_MAX
        return len(self._tasks) < GUESTS_MAX and self._patience.allows(message.author, now, message.ref)

    async def _wait(self, opened: Opened, again: Callable[[Batch], Awaitable[None]]) -> None:
        await self._names.resolve(names_in(opened.message))
        batch = Batch()
        for each in self._behind.pop(opened.message.author):
            batch.take(each)
        await again(batch)
