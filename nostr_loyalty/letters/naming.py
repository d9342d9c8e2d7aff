"""Letters that name somebody by a NIP-05 name wait until that is looked up: outside the transaction, which waits for
nobody.

Such a letter is taken out of its batch together with its envelope, which is then not remembered: after a crash the
relay brings it again. When its names are known, or are not to be had, it enters the path anew.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from kinds import nip05
from nostr_loyalty.commands.words import words_of
from nostr_loyalty.intake.opening import Opened
from nostr_loyalty.intake.reception import Batch
from nostr_loyalty.intake.recognition import LETTERS, Message
from nostr_loyalty.reaching.names import Names

WAITING_MAX: Final = 64
"""Letters that wait for names; beyond, names that are not known yet are answered as unknown."""


def names_in(message: Message) -> list[str]:
    """The NIP-05 names among the words of a letter; of anything else none."""
    text = message.rumor.content if message.text is None else message.text
    if message.rumor.kind not in LETTERS or "@" not in text:
        return []
    words = (word.text.casefold() for word in words_of(text[:4_000]))
    return list(dict.fromkeys(word for word in words if nip05.is_name(word)))


class WaitingForNames:
    """Takes letters out of batches, and gives each back as a batch of its own."""

    def __init__(self, names: Names) -> None:
        """`names`: who looks them up."""
        self._names = names
        self._tasks: set[asyncio.Task[None]] = set()

    def known(self, message: Message) -> dict[str, str | None]:
        """What the names in a letter stand for, as far as that is known."""
        found = {name: self._names.known(name) for name in names_in(message)}
        return {name: known.key for name, known in found.items() if known is not None}

    def part(self, batch: Batch, again: Callable[[Batch], Awaitable[None]]) -> None:
        """Take those out of the batch that have to wait; `again` gets each when its names are known."""
        for opened in [one for one in batch.opened if self._waits(one.message)]:
            if len(self._tasks) >= WAITING_MAX:
                return
            batch.opened.remove(opened)
            envelope = opened.message.envelope
            if envelope is not None:
                batch.envelopes.remove(envelope)
            task = asyncio.create_task(self._wait(opened, again))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def stop(self) -> None:
        """Wait no longer: whatever waits is read again another time."""
        for task in self._tasks:
            task.cancel()

    def _waits(self, message: Message) -> bool:
        return any(self._names.known(name) is None for name in names_in(message))

    async def _wait(self, opened: Opened, again: Callable[[Batch], Awaitable[None]]) -> None:
        await self._names.resolve(names_in(opened.message))
        envelope = opened.message.envelope
        await again(Batch([opened], [] if envelope is None else [envelope]))
