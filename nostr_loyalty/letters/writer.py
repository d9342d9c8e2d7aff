"""Who writes a letter: where it stands in the programs of the key that it writes to, and how it wants to be spoken to.

Who has no card yet may have chosen a language all the same (`ledger.newcomers`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ledger import book, newcomers
from ledger.book import Standing
from ledger.database import Read
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.rules.authority import OperatorRole


@dataclass(frozen=True, slots=True)
class Writer:
    """An author, by its public key; `standings` and `languages` (those that it chose) by the program's ledger id."""

    key: str
    standings: Mapping[int, Standing]
    languages: Mapping[int, str]

    @property
    def is_known(self) -> bool:
        """Whether it has a card."""
        return bool(self.standings)

    def standing(self, program: ServedProgram) -> Standing | None:
        """Where it stands."""
        return self.standings.get(program.ledger_id)

    def was_replaced(self, program: ServedProgram) -> bool:
        """Whether another key has taken over what this one had."""
        own = self.standing(program)
        return own is not None and own.relinked_to is not None

    def role(self, program: ServedProgram) -> OperatorRole | None:
        """What it may do there; None: what a customer may."""
        operator = program.operator(self.key)
        return None if operator is None else operator.role

    def spoken(self, program: ServedProgram) -> ServedProgram:
        """The program in this writer's language."""
        return program.spoken(self.languages.get(program.ledger_id))

    def language(self, served: Sequence[ServedProgram]) -> str:
        """The language where it is not clear which of these is meant."""
        return next(iter(self.languages.values()), served[0].language)

    def near(self, served: Sequence[ServedProgram]) -> list[ServedProgram]:
        """Those of these that it has to do with: it works there, or else it has a card."""
        works = [one for one in served if one.operator(self.key) is not None]
        return works or [one for one in served if one.ledger_id in self.standings]


async def of(r: Read, key: str, served: Sequence[ServedProgram]) -> Writer:
    """The writer with this public key."""
    pairs = [(program.ledger_id, key) for program in served]
    found = await book.find_standings(r, pairs)
    new = await newcomers.find(r, [pair for pair in pairs if pair not in found])
    chosen = {pair: (found.get(pair) or new[pair]).language for pair in pairs if pair in found or pair in new}
    return Writer(
        key, {program_id: standing for (program_id, _), standing in found.items()},
        {program_id: language for (program_id, _), language in chosen.items() if language},
    )  # fmt: skip
