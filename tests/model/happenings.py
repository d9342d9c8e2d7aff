"""One happening from a few bytes: what it is depends on what is there, so that most of them mean something."""

from collections.abc import Awaitable, Callable
from typing import Final

from tests.model import tills, wishes
from tests.model.chance import Chance
from tests.model.pair import Pair

Happening = Callable[[Pair, Chance], Awaitable[None]]

_OFTEN: Final[tuple[tuple[int, Happening], ...]] = (
    (58, tills.order), (12, tills.order_without_a_card), (6, tills.order_again), (20, tills.refund_part),
    (6, tills.refund_again), (6, tills.refund_first), (8, tills.refund_whole), (8, tills.cancel_order),
    (28, wishes.redeem), (16, wishes.use), (12, wishes.cancel), (14, wishes.claim), (5, wishes.guess),
    (9, wishes.grant), (7, wishes.revoke), (8, wishes.revoke_entry), (4, wishes.refund), (4, wishes.freeze),
    (3, wishes.relink), (9, wishes.undo), (5, wishes.decide_held), (7, wishes.feedback), (6, wishes.refer),
    (3, wishes.again),
)  # fmt: skip
_HAPPENINGS: Final = tuple(happening for often, happening in _OFTEN for _ in range(often))
assert len(_HAPPENINGS) > 256 - 8, "a byte chooses among them"


async def happen(pair: Pair, data: bytes) -> None:
    """Do what these bytes mean."""
    chance = Chance(data)
    await chance.one(_HAPPENINGS)(pair, chance)
