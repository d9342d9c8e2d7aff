"""What credits, debits and reversals do to lots, told in the words of a venue."""

import pytest

from ledger.lot import LIFE_AFTER_RESTORING_S, Draw, Lot, Moved, Position

DAY = 24 * 60 * 60
EMPTY = Position(0, ())


def with_lots(*lots: tuple[int, int, int | None]) -> Position:
    """A position with untouched lots of (id, points, expires_at)."""
    return Position(0, tuple(Lot(id_, points, points, expires_at, 0) for id_, points, expires_at in lots))


def did(moved: Moved | None) -> Moved:
    """The movement, which must have happened."""
    assert moved is not None
    return moved


def test_points_that_expire_soonest_are_spent_first() -> None:
    """Bug 58: lots are used by expiry, not by age; among equals the oldest goes first, the everlasting last."""
    position = with_lots((1, 10, None), (2, 10, 9 * DAY), (3, 10, 3 * DAY), (4, 10, 9 * DAY))
    spent = did(position.spend(35, at=0))
    assert [(draw.lot_id, draw.points) for draw in spent.draws] == [(3, 10), (2, 10), (4, 10), (1, 5)]
    assert spent.after.balance == 5


def test_more_than_there_is_cannot_be_spent() -> None:
    """Bug 25: of two debits that together exceed the balance, one gives None."""
    position = with_lots((1, 100, None))
    first = did(position.spend(100, at=0))
    assert first.after.spend(100, at=0) is None
    assert position.spend(101, at=0) is None


def test_expired_points_are_not_spendable_though_nobody_swept_them() -> None:
    """Bug 54: a lot that has passed its time is not spendable, whether or not it was written off."""
    position = with_lots((1, 100, 5 * DAY), (2, 10, None))
    assert position.spendable(5 * DAY - 1) == 110
    assert position.spendable(5 * DAY) == 10
    assert position.spend(11, at=5 * DAY) is None
    assert did(position.spend(10, at=5 * DAY)).draws == (Draw(2, 10),)


def test_an_expiry_leaves_other_lots_alone() -> None:
    """Bug 32: debits stay paired to their lots, so that the expiry of one never eats valid points of another."""
    position = did(with_lots((1, 100, 5 * DAY), (2, 100, None)).spend(60, at=0)).after
    expired = did(position.expire(1, at=5 * DAY))
    assert expired.points == -40
    assert [lot.remaining for lot in expired.after.lots] == [0, 100]


def test_an_expiry_never_raises_a_balance() -> None:
    """Bug 53: two lots of 100, two debits of 60: 80 are left, and 80 after the emptied first lot has run out."""
    position = with_lots((1, 100, 5 * DAY), (2, 100, None))
    position = did(did(position.spend(60, at=0)).after.spend(60, at=0)).after
    assert position.balance == 80
    assert position.expire(1, at=5 * DAY) is None


def test_a_lot_is_not_written_off_before_its_time() -> None:
    """A lot that still lives, or holds nothing, has nothing to write off; one that is due is found."""
    position = with_lots((1, 100, 5 * DAY))
    assert position.expire(1, at=5 * DAY - 1) is None
    assert position.due(5 * DAY - 1) == ()
    assert [lot.entry_id for lot in position.due(5 * DAY)] == [1]
    assert did(position.expire(1, at=5 * DAY)).after.due(5 * DAY) == ()


def test_what_expired_is_not_taken_again() -> None:
    """Bug 55: earn 100, all of it expires, refund: nothing more is taken."""
    position = did(with_lots((1, 100, 5 * DAY)).expire(1, at=5 * DAY)).after
    assert position.reverse_credit(1, 100, at=6 * DAY) is None


def test_of_a_lot_spent_and_expired_only_the_spent_part_is_taken() -> None:
    """Bug 55: earn 100, spend 30, 70 expire, refund: 30 are taken, as a deficit where nothing else is left."""
    position = did(did(with_lots((1, 100, 5 * DAY)).spend(30, at=0)).after.expire(1, at=5 * DAY)).after
    reversed_ = did(position.reverse_credit(1, 100, at=6 * DAY))
    assert (reversed_.points, reversed_.after.deficit, reversed_.after.balance) == (-30, 30, -30)


def test_partial_refunds_add_up_to_the_credit_and_no_further() -> None:
    """Bug 56: every refund counts, and all of them together take what was credited, once."""
    position = with_lots((1, 100, None))
    for points in (30, 30):
        moved = did(position.reverse_credit(1, points, at=0))
        assert moved.points == -points
        position = moved.after
    last = did(position.reverse_credit(1, 100, at=0))
    assert (last.points, last.after.balance) == (-40, 0)
    assert last.after.reverse_credit(1, 1, at=0) is None


def test_spent_points_become_a_deficit_that_the_next_credit_fills() -> None:
    """Earn 100, spend 100, refund the earning: the balance is -100, and a credit of 150 brings it to 50."""
    position = did(with_lots((1, 100, None)).spend(100, at=0)).after
    position = did(position.reverse_credit(1, 100, at=0)).after
    assert (position.balance, position.deficit) == (-100, 100)
    credited = position.credit(2, 150, expires_at=None, at=1).after
    assert (credited.balance, credited.deficit, credited.lots[-1].remaining) == (50, 0, 50)


def test_a_refund_of_spent_points_is_a_debit_on_what_is_left() -> None:
    """Bug 32: spent points of a refunded order are taken from other lots at once, so that these do not expire on
    top.
    """
    position = with_lots((1, 100, 3 * DAY), (2, 100, 9 * DAY))
    position = did(position.spend(100, at=0)).after
    position = did(position.reverse_credit(1, 100, at=0)).after
    assert (position.balance, position.deficit) == (0, 0)
    assert position.expire(2, at=9 * DAY) is None
    assert position.balance == 0


def test_a_refund_never_takes_from_a_lot_that_is_over() -> None:
    """What ran out but was not written off yet covers nothing; the write-off afterwards takes nothing twice."""
    position = with_lots((1, 100, 3 * DAY), (2, 50, 5 * DAY))
    position = did(position.spend(100, at=0)).after
    position = did(position.reverse_credit(1, 100, at=6 * DAY)).after
    assert (position.balance, position.deficit) == (-50, 100)
    assert did(position.expire(2, at=6 * DAY)).after.balance == -100


def test_a_cancelled_redemption_goes_back_into_its_lots() -> None:
    """Bug 22: points come back into the lots they were taken from, with the old expiry where that is far enough."""
    position = with_lots((1, 10, 3 * DAY), (2, 10, None))
    spent = did(position.spend(15, at=0))
    restored = did(spent.after.reverse_debit(spent.draws, at=DAY))
    assert restored.draws == (Draw(1, -10), Draw(2, -5))
    assert restored.after == position


def test_points_that_come_back_live_for_a_day_at_least() -> None:
    """Points from a lot that has run out meanwhile come back with 24 hours to live, and expire then."""
    spent = did(with_lots((1, 10, 3 * DAY)).spend(4, at=0))
    written_off = did(spent.after.expire(1, at=3 * DAY)).after
    restored = did(written_off.reverse_debit(spent.draws, at=4 * DAY))
    assert restored.draws == (Draw(1, -4, 4 * DAY + LIFE_AFTER_RESTORING_S),)
    assert restored.after.spendable(5 * DAY - 1) == 4
    assert restored.after.spendable(5 * DAY) == 0
    assert did(restored.after.expire(1, at=5 * DAY)).points == -4


def test_points_that_come_back_fill_a_deficit_first() -> None:
    """A refund made a deficit of 100; the cancelled redemption of the same points brings the balance to 0, not to
    100.
    """
    spent = did(with_lots((1, 100, None)).spend(100, at=0))
    owing = did(spent.after.reverse_credit(1, 100, at=0)).after
    restored = did(owing.reverse_debit(spent.draws, at=0))
    assert (restored.points, restored.draws, restored.after.balance, restored.after.deficit) == (100, (), 0, 0)


def test_a_credit_needs_the_deficit_only() -> None:
    """A credit leads to the same new lot and deficit whether or not the other lots were loaded."""
    full = Position(0, with_lots((1, 5, None)).lots)
    assert (
        EMPTY.credit(2, 7, expires_at=None, at=3).after.lots[-1]
        == full.credit(2, 7, expires_at=None, at=3).after.lots[-1]
    )
    owing = EMPTY._replace(deficit=4)
    assert owing.credit(2, 7, expires_at=None, at=3).after == Position(0, (Lot(2, 7, 3, None, 3),))


def test_a_part_of_a_debit_goes_back_into_what_was_drawn_last() -> None:
    """Of 25 points drawn from three lots 12 come back: all of the last lot, and the rest into the one before it."""
    position = with_lots((1, 10, None), (2, 10, 9 * DAY), (3, 10, 3 * DAY))
    spent = did(position.spend(25, at=0))
    assert [(draw.lot_id, draw.points) for draw in spent.draws] == [(3, 10), (2, 10), (1, 5)]
    back = spent.after.restore(spent.draws, 12, at=0)
    assert back.draws == (Draw(2, -7), Draw(1, -5))
    assert (back.points, back.after.balance) == (12, 17)


def test_all_parts_of_a_debit_together_restore_it() -> None:
    """Bug 22: given back in three parts, each of what is still drawn, a debit leaves everything as it was."""
    position = with_lots((1, 10, None), (2, 10, 9 * DAY), (3, 10, 3 * DAY))
    spent = did(position.spend(25, at=0))
    after = spent.after
    for points, drawn in ((5, spent.draws), (10, spent.draws[:2]), (10, spent.draws[:1])):
        after = after.restore(drawn, points, at=0).after
    assert after == position


def test_a_part_that_comes_back_fills_a_deficit_with_what_ends_soonest() -> None:
    """Of 15 points that come back 4 fill a debt: those of the lot that was drawn first, so that longer life is kept."""
    spent = did(with_lots((1, 10, 9 * DAY), (2, 10, None)).spend(20, at=0))
    owing = spent.after._replace(deficit=4)
    back = owing.restore(spent.draws, 15, at=0)
    assert back.draws == (Draw(1, -1), Draw(2, -10))
    assert (back.points, back.after.deficit, back.after.balance) == (15, 0, 11)


def test_what_was_never_drawn_only_makes_a_debt_smaller() -> None:
    """Bug 29: points beyond the draws had made a deficit; giving them back fills it and makes no lot larger, and where
    there is no such deficit it is our mistake.
    """
    taken = with_lots((1, 10, None)).take(14, at=0)
    back = taken.after.restore(taken.draws, 14, at=0)
    assert (back.points, back.draws, back.after.deficit, back.after.balance) == (14, (Draw(1, -10),), 0, 10)
    with pytest.raises(AssertionError, match="stands in the deficit"):
        back.after.restore(taken.draws, 14, at=0)


def test_points_are_not_put_back_into_a_lot_that_is_to_be_written_off() -> None:
    """A lot that is over and still holds points would live on with them: it is written off first."""
    spent = did(with_lots((1, 10, 3 * DAY)).spend(4, at=0))
    with pytest.raises(AssertionError, match="written off"):
        spent.after.restore(spent.draws, 2, at=3 * DAY)


def test_an_operator_takes_what_is_there_and_leaves_the_rest_as_a_debt() -> None:
    """Bug 31: points taken by hand come from live lots, soonest to expire first; what they cannot cover is owed."""
    position = with_lots((1, 10, None), (2, 10, 9 * DAY), (3, 10, 3 * DAY))
    taken = position.take(25, at=3 * DAY)
    assert [(draw.lot_id, draw.points) for draw in taken.draws] == [(2, 10), (1, 10)]
    assert (taken.points, taken.after.deficit, taken.after.balance) == (-25, 5, -25 + 30)
    assert position.take(7, at=0).after == did(position.spend(7, at=0)).after
    assert EMPTY.take(5, at=0).after.balance == -5


def test_one_lot_may_go_before_the_others() -> None:
    """What is taken of one credit comes from its own lot first, then from what ends soonest; never from one that is
    over.
    """
    position = with_lots((1, 10, None), (2, 10, 9 * DAY), (3, 10, 3 * DAY))
    taken = position.take(25, at=0, first=1)
    assert [(draw.lot_id, draw.points) for draw in taken.draws] == [(1, 10), (3, 10), (2, 5)]
    assert taken.after.balance == 5
    late = position.take(25, at=3 * DAY, first=3)
    assert ([(draw.lot_id, draw.points) for draw in late.draws], late.after.deficit) == ([(2, 10), (1, 10)], 5)


def test_a_lot_is_taken_whole() -> None:
    """Bug 50: for a new key one lot at a time is emptied, whatever ends sooner; an empty one has nothing to take."""
    position = did(with_lots((1, 10, None), (2, 10, 9 * DAY)).spend(4, at=0)).after
    first = did(position.take_lot(1))
    assert (first.points, first.draws, first.after.balance) == (-10, (Draw(1, 10),), 6)
    second = did(first.after.take_lot(2))
    assert (second.points, second.after.balance) == (-6, 0)
    assert second.after.take_lot(2) is None


def test_what_no_lot_covers_is_forgiven_where_no_debt_is_wanted() -> None:
    """Earn 100, spend 80, refund all: 20 are taken, and with another lot of 50 these too; never below 0."""
    position = did(with_lots((1, 100, None)).spend(80, at=0)).after
    clamped = did(position.reverse_credit(1, 100, at=0, deficit=False))
    assert (clamped.points, clamped.after.balance, clamped.after.deficit) == (-20, 0, 0)
    richer = position.credit(2, 50, expires_at=None, at=0).after
    assert did(richer.reverse_credit(1, 100, at=0, deficit=False)).points == -70
    assert clamped.after.reverse_credit(1, 80, at=0, deficit=False) is None
    assert clamped.after.lots[0].reversed == 20


def test_where_lots_cover_all_no_debt_changes_nothing() -> None:
    """A refund that finds everything in lots takes the same with and without the right to leave a debt."""
    position = with_lots((1, 100, 3 * DAY), (2, 100, None))
    position = did(position.spend(60, at=0)).after
    assert position.reverse_credit(1, 100, at=0, deficit=False) == position.reverse_credit(1, 100, at=0)


def test_what_runs_out_next_is_the_sum_of_its_moment() -> None:
    """Bug 34: all points of the soonest end that is still ahead; what is over, empty or everlasting is no end."""
    position = with_lots((1, 10, 3 * DAY), (2, 20, 9 * DAY), (3, 30, None), (4, 40, 9 * DAY))
    assert position.next_expiry(0) == (3 * DAY, 10)
    assert position.next_expiry(3 * DAY - 1) == (3 * DAY, 10)
    assert position.next_expiry(3 * DAY) == (9 * DAY, 60)
    assert did(position.spend(10, at=0)).after.next_expiry(0) == (9 * DAY, 60)
    assert position.next_expiry(9 * DAY) is None
