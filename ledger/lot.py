"""Points credited together that expire together, and what a credit, a debit or a reversal does to them. Pure.

The rules (docs/protocol.md §4, rules 2 and 3):
- A credit fills a deficit first; what is left of it opens a lot.
- A debit takes from the lots that expire soonest, then from the oldest; lots that never expire come last. A lot that
  has passed its time is not spendable, whether or not it was written off yet.
- Reversing a credit takes what remains of its own lot. What had expired is not taken again. What was spent is a debit
  like any other on the remaining lots, except that it is never refused: what no lot can cover becomes the deficit.
- Reversing a debit puts the points back into the lots they came from, with at least a day to live; they too fill a
  deficit first. A part of it goes back into what was drawn last.
- What an operator takes by hand is a debit that is never refused.

So a deficit and a spendable lot never stand beside each other, and always: balance = sum of what remains in the lots
- deficit.

>>> position = Position(deficit=0, lots=()).credit(1, 100, expires_at=None, at=0).after
>>> debit = position.spend(30, at=5)
>>> debit.after.balance, debit.draws
(70, (Draw(lot_id=1, points=30, expires_at=None),))
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

LIFE_AFTER_RESTORING_S: Final = 24 * 60 * 60


class Lot(NamedTuple):
    """A lot, named by the entry that opened it. `expired` and `reversed` are the points it lost in these ways so
    far.
    """

    entry_id: int
    points: int
    remaining: int
    expires_at: int | None
    opened_at: int
    expired: int = 0
    reversed: int = 0

    def is_over(self, at: int) -> bool:
        """Whether its time has passed: a lot lives up to and not including `expires_at`."""
        return self.expires_at is not None and self.expires_at <= at

    @property
    def spent(self) -> int:
        """Points that were spent, or filled a deficit, and have not been reversed since."""
        return max(0, self.points - self.remaining - self.expired - self.reversed)


class Draw(NamedTuple):
    """A piece taken from a lot, or put back where points are below 0, then perhaps with a later expiry."""

    lot_id: int
    points: int
    expires_at: int | None = None


class Moved(NamedTuple):
    """What a movement leads to: the change of the balance, the position after it, and the draws to book with it."""

    points: int
    after: Position
    draws: tuple[Draw, ...] = ()


class Position(NamedTuple):
    """A standing's deficit and its lots. Emptied lots may be among them. Every movement gives a new position."""

    deficit: int
    lots: tuple[Lot, ...]

    @property
    def balance(self) -> int:
        """What the customer has; below 0 where more was reversed than there was."""
        return sum(lot.remaining for lot in self.lots) - self.deficit

    def spendable(self, at: int) -> int:
        """How much could be spent now."""
        return max(0, sum(lot.remaining for lot in self.lots if not lot.is_over(at)) - self.deficit)

    def due(self, at: int) -> tuple[Lot, ...]:
        """Lots whose time has passed and that still hold points: each is to be written off by `expire`."""
        return tuple(lot for lot in self.lots if lot.remaining and lot.is_over(at))

    def credit(self, entry_id: int, points: int, *, expires_at: int | None, at: int) -> Moved:
        """Books points above 0. The new lot is the last of the position's lots; it may be empty at once."""
        assert points > 0, "a credit is above 0"
        filled = min(self.deficit, points)
        lot = Lot(entry_id, points, points - filled, expires_at, at)
        return Moved(points, Position(self.deficit - filled, (*self.lots, lot)))

    def spend(self, points: int, *, at: int) -> Moved | None:
        """Takes points above 0, or None where there are not as many to spend."""
        assert points > 0, "a debit is given as its size"
        if points > self.spendable(at):
            return None
        draws = _draws(self.lots, points, at)
        return Moved(-points, self._drawn(draws), draws)

    def expire(self, lot_id: int, *, at: int) -> Moved | None:
        """Writes off what remains in a lot whose time has passed; None where nothing is to be written off."""
        lot = self._lot(lot_id)
        if not lot.remaining or not lot.is_over(at):
            return None
        draw = Draw(lot_id, lot.remaining)
        after = self._drawn((draw,))
        lots = tuple(
            one._replace(expired=one.expired + draw.points) if one.entry_id == lot_id else one for one in after.lots
        )
        return Moved(-draw.points, Position(after.deficit, lots), (draw,))

    def take(self, points: int, *, at: int, first: int | None = None) -> Moved:
        """Takes points above 0 whether or not they are there: what the lots cannot cover becomes a deficit.

        `first`: what remains of this lot goes before anything else.
        """
        assert points > 0, "a debit is given as its size"
        own = _draws([one for one in self.lots if one.entry_id == first], points, at)
        rest = points - sum(draw.points for draw in own)
        draws = (*own, *_draws([one for one in self.lots if one.entry_id != first], rest, at))
        uncovered = points - sum(draw.points for draw in draws)
        after = self._drawn(draws)
        return Moved(-points, Position(after.deficit + uncovered, after.lots), draws)

    def take_lot(self, lot_id: int) -> Moved | None:
        """Takes all that remains of one lot, which must not be over; None where nothing does."""
        lot = self._lot(lot_id)
        if not lot.remaining:
            return None
        draw = Draw(lot_id, lot.remaining)
        return Moved(-draw.points, self._drawn((draw,)), (draw,))

    def reverse_credit(self, lot_id: int, points: int, *, at: int, deficit: bool = True) -> Moved | None:
        """Takes back up to so many points (above 0) of the credit that opened this lot; None where there is nothing
        to take.

        Fewer are taken where some have expired or were reversed before; without `deficit` also where they were spent
        and no other lot covers them.
        """
        assert points > 0, "a reversal is given as its size"
        lot = self._lot(lot_id)
        points = min(points, lot.points - lot.reversed)
        own = min(points, lot.remaining)
        spent = min(points - own, lot.spent)
        if not own + spent:
            return None
        others = [one for one in self.lots if one.entry_id != lot_id]
        draws = (*((Draw(lot_id, own),) if own else ()), *_draws(others, spent, at))
        covered = sum(draw.points for draw in draws)
        taken = own + spent if deficit else covered
        if not taken:
            return None
        after = self._drawn(draws)
        lots = tuple(
            one._replace(reversed=one.reversed + taken) if one.entry_id == lot_id else one for one in after.lots
        )
        return Moved(-taken, Position(after.deficit + taken - covered, lots), draws)

    def reverse_debit(self, draws: Sequence[Draw], *, at: int) -> Moved | None:
        """Puts the points of a debit's draws back; None where it drew nothing."""
        points = sum(draw.points for draw in draws)
        return self.restore(draws, points, at=at) if points else None

    def restore(self, draws: Sequence[Draw], points: int, *, at: int) -> Moved:
        """Puts so many points (above 0) of a debit back: into the lots of its outstanding draws, given in the order of
        drawing, the last one first. What they do not cover had made a deficit, and makes it smaller again.

        A deficit that is there is filled first, with the points among these that were drawn first. Lots concerned whose
        time has passed and that still hold points must be written off before: they would live on.
        """
        assert points > 0, "a reversal is given as its size"
        pieces = _last_drawn(draws, points)
        uncovered = points - sum(piece.points for piece in pieces)
        assert uncovered <= self.deficit, "what a debit did not draw from lots stands in the deficit"
        deficit, lots, back = self.deficit - uncovered, list(self.lots), []
        for piece in pieces:
            place, lot = next((place, one) for place, one in enumerate(lots) if one.entry_id == piece.lot_id)
            assert not (lot.is_over(at) and lot.remaining), (
                "a lot that is over is written off before points are put back into it"
            )
            filled = min(deficit, piece.points)
            deficit -= filled
            if piece.points > filled:
                kept = None if lot.expires_at is None else max(lot.expires_at, at + LIFE_AFTER_RESTORING_S)
                later = kept if kept != lot.expires_at else None
                back.append(Draw(lot.entry_id, filled - piece.points, later))
                lots[place] = lot._replace(remaining=lot.remaining + piece.points - filled, expires_at=kept)
        return Moved(points, Position(deficit, tuple(lots)), tuple(back))

    def next_expiry(self, at: int) -> tuple[int, int] | None:
        """(unix time, points) of what runs out next of the lots that still live, None where nothing does."""
        ends = [(lot.expires_at, lot.remaining) for lot in self.lots
                if lot.remaining and lot.expires_at is not None and lot.expires_at > at]  # fmt: skip
        if not ends:
            return None
        soonest = min(end for end, _ in ends)
        return soonest, sum(points for end, points in ends if end == soonest)

    def _lot(self, lot_id: int) -> Lot:
        return next(lot for lot in self.lots if lot.entry_id == lot_id)

    def _drawn(self, draws: Sequence[Draw]) -> Position:
        taken = {draw.lot_id: draw.points for draw in draws}
        lots = (
            lot._replace(remaining=lot.remaining - taken[lot.entry_id]) if lot.entry_id in taken else lot
            for lot in self.lots
        )
        return Position(self.deficit, tuple(lots))


def _draws(lots: Iterable[Lot], points: int, at: int) -> tuple[Draw, ...]:
    """Takes up to so many points from the lots that still live: soonest to expire, then oldest, the everlasting
    last.
    """
    draws = []
    live = [lot for lot in lots if lot.remaining and not lot.is_over(at)]
    for lot in sorted(live, key=lambda one: (one.expires_at is None, one.expires_at or 0, one.entry_id)):
        piece = min(points, lot.remaining)
        if piece:
            draws.append(Draw(lot.entry_id, piece))
            points -= piece
    return tuple(draws)


def _last_drawn(draws: Sequence[Draw], points: int) -> list[Draw]:
    """The last so many points of these draws, or all of them where they are fewer; in the order of drawing."""
    pieces: list[Draw] = []
    for draw in reversed(draws):
        piece = min(points, draw.points)
        if piece:
            pieces.append(Draw(draw.lot_id, piece))
            points -= piece
    return pieces[::-1]
