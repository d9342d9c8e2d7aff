"""One guest's points: what is left of each credit, found by replaying everything that ever moved.

Protocol §4: debits take what ends soonest, then what is oldest, what never ends last; what is over cannot be spent,
swept or not; taking a credit back takes what is left of it first, then other points, then makes a deficit, and never
takes what had run out; points that come back fill a deficit, then go where they came from, with a day to live at least.
"""

from dataclasses import dataclass

DAY = 24 * 60 * 60


@dataclass(frozen=True)
class Movement:
    """One line of a guest's history; `number` counts all lines of the café.

    `undoes`: the line that this one takes back. `lot`: the credit that this debit takes from first (when it runs out
    or moves to another key: from no other). `instead`: a credit of a lost key that this debit takes back. `was`: the
    credit of a lost key that this one was. `limit` is the one kind that moves nothing: from now on no credit lives
    longer than `ends`.
    """

    number: int
    who: str
    type: str
    points: int
    at: int
    ends: int | None = None
    undoes: int | None = None
    lot: int | None = None
    instead: int | None = None
    was: int | None = None
    order: int | None = None


@dataclass
class Lot:
    """What is left of a credit."""

    number: int
    points: int
    left: int
    ends: int | None
    at: int
    run_out: int = 0
    taken_back: int = 0

    def is_over(self, now: int) -> bool:
        """Whether it can no longer be spent."""
        return self.ends is not None and self.ends <= now


class Purse:
    """The lots and the deficit after all these movements."""

    def __init__(self, movements: list[Movement]) -> None:
        """`movements`: all of one guest, oldest first, with the limits in their places."""
        self.lots: list[Lot] = []
        self.deficit = 0
        self._pieces: dict[int, list[list[int]]] = {}  # debit -> [lot, points still out], in the order of taking
        for one in movements:
            self._move(one)

    @property
    def balance(self) -> int:
        """What the guest is told."""
        return sum(lot.left for lot in self.lots) - self.deficit

    def spendable(self, now: int) -> int:
        """What can be spent."""
        return sum(lot.left for lot in self.living(now))

    def living(self, now: int) -> list[Lot]:
        """What can be spent, in the order in which it is."""
        alive = [lot for lot in self.lots if lot.left > 0 and not lot.is_over(now)]
        return sorted(alive, key=lambda lot: (lot.ends is None, lot.ends or 0, lot.at, lot.number))

    def overdue(self, now: int) -> list[Lot]:
        """What has run out and was not written off, oldest first."""
        return [lot for lot in self.lots if lot.left > 0 and lot.is_over(now)]

    def lot(self, number: int) -> Lot:
        """The lot that this credit opened."""
        return next(lot for lot in self.lots if lot.number == number)

    def can_be_taken_back(self, number: int, now: int) -> int:
        """How much of a credit has neither run out nor been taken back."""
        lot = self.lot(number)
        return max(0, lot.points - lot.taken_back - lot.run_out - (lot.left if lot.is_over(now) else 0))

    def pieces(self, debit: int) -> list[tuple[int, int]]:
        """(lot, points) that a debit still holds, in the order of taking."""
        return [(number, out) for number, out in self._pieces[debit] if out]

    def ends_of(self, debit: int) -> int | None:
        """The latest end of the lots that a debit took from and still holds; None: one of them never ends."""
        ends = [self.lot(number).ends for number, out in self._pieces[debit] if out]
        return None if None in ends else max(end for end in ends if end is not None)

    def endings(self, now: int) -> list[tuple[int, int]]:
        """(when, how many) for all points that will run out."""
        ends = sorted({lot.ends for lot in self.living(now) if lot.ends is not None})
        return [(end, sum(lot.left for lot in self.living(now) if lot.ends == end)) for end in ends]

    def _move(self, one: Movement) -> None:
        if one.type == "limit":
            for lot in self.lots:
                if lot.left > 0 and one.ends is not None and (lot.ends is None or lot.ends > one.ends):
                    lot.ends = one.ends
        elif one.points > 0 and one.undoes is None:
            left = self._fill(one.points)
            self.lots.append(Lot(one.number, one.points, left, one.ends, one.at))
        elif one.points > 0 and one.undoes is not None:
            self._give_back(one.undoes, one.points, one.at)
        else:
            self._take(one)

    def _fill(self, points: int) -> int:
        filled = min(points, self.deficit)
        self.deficit -= filled
        return points - filled

    def _give_back(self, debit: int, points: int, now: int) -> None:
        """What was taken last comes back first; of what comes back the first fills a deficit."""
        back = []
        for piece in reversed(self._pieces.get(debit, [])):
            part = min(points, piece[1])
            piece[1] -= part
            points -= part
            back.append((piece[0], part))
        self.deficit -= points  # what the debit had not found in any lot
        for number, part in reversed(back):
            if rest := self._fill(part):
                lot = self.lot(number)
                lot.left += rest
                lot.ends = None if lot.ends is None else max(lot.ends, now + DAY)

    def _take(self, one: Movement) -> None:
        rest, pieces = -one.points, []
        own = [self.lot(one.lot)] if one.lot is not None else []
        if one.instead is not None:
            own = [lot for lot in own if not lot.is_over(one.at)]
        if one.undoes is not None:
            lot = self.lot(one.undoes)
            lot.taken_back += rest
            own = [lot] if not lot.is_over(one.at) else []
        if one.type == "expired":
            own[0].run_out += rest
        for lot in own + [lot for lot in self.living(one.at) if lot not in own]:
            taken = min(rest, lot.left)
            if taken:
                lot.left -= taken
                rest -= taken
                pieces.append([lot.number, taken])
        self.deficit += rest
        self._pieces[one.number] = pieces
