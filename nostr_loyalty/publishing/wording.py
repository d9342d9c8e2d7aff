"""The sentences that people read: the customer's notice, the entry's content, the order monitor's line.

One function per situation, so that a translation has one place to go.
"""

from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.rules.visiting import ordinal


def signed(points: int) -> str:
    """A delta with its sign: "+12", "-100"."""
    return f"{points:+d}"


def delta(program: ServedProgram, points: int) -> str:
    """A delta in the program's own words: "+12 points", "-1 stamp"."""
    return f"{'+' if points > 0 else ''}{program.amount_of(points)}"


def earned(program: ServedProgram) -> str:
    """The content of an earned entry: says nothing of the order or the money (protocol §4 rule 4)."""
    return f"Thank you for your visit to {program.title}."


def revoked(program: ServedProgram, *, canceled: bool) -> str:
    """The content of a revoked entry after a refund or a cancellation."""
    return f"Points taken back: an order at {program.title} was {'canceled' if canceled else 'refunded'}."


def notice(program: ServedProgram, points: int, balance: int) -> str:
    """What the customer reads: "+12 points at Café Sol, balance 142"."""
    return f"{delta(program, points)} at {program.title}, balance {balance}"


def monitor_line(program: ServedProgram, points: int, balance: int, visits_month: int) -> str:
    """What the order monitor shows: "4th visit this month; +12 points, balance 142"."""
    points_part = f"{delta(program, points)}, balance {balance}"
    return f"{ordinal(visits_month)} visit this month; {points_part}" if visits_month else points_part


def counted_before(line: str) -> str:
    """The monitor's line for an order that was reported again."""
    return f"Counted before: {line}"


def claimable(program: ServedProgram, points: int, code: str) -> str:
    """The line for an order without a customer: the claim code goes on the receipt."""
    return f"No customer named; claim code {code} is worth {program.amount_of(points)}"


def claimable_before(program: ServedProgram, points: int) -> str:
    """The same order again: the code was given once and only its hash is kept."""
    return f"Counted before: the claim code that was given with the first report is worth {program.amount_of(points)}"


def claim_withdrawn(program: ServedProgram) -> str:
    """The line after a refund or a cancellation of an order that nobody has claimed."""
    return f"Noted: what is left to claim at {program.title} was lowered"


def kept_for_later(reference: str) -> str:
    """The line for a refund that came before its order."""
    return f"Order {reference} is not known yet; the refund is kept and applied when the order comes"


def rejected(reason: str) -> str:
    """The line for an order that moved no points."""
    return f"Rejected: {reason}"
