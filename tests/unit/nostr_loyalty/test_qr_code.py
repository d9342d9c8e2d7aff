"""The text QR of a voucher is a QR code: its finder patterns stand in three corners, within a margin."""

from nostr_loyalty.publishing import qr_code

_ROWS = {" ": (0, 0), "▀": (1, 0), "▄": (0, 1), "█": (1, 1)}


def modules(text: str) -> list[list[int]]:
    """The code's modules, row by row."""
    rows = []
    for line in text.split("\n"):
        rows += [[_ROWS[each][half] for each in line] for half in (0, 1)]
    return rows


def test_it_is_a_qr_code_of_the_smallest_sort_that_fits() -> None:
    """A voucher's code of 19 letters becomes 21 by 21 modules with finders in three corners and not in the fourth."""
    rows = modules(qr_code.lines("8NY7-D7SS-V1J4-3SDX"))
    finder = [[1] * 7, [1, 0, 0, 0, 0, 0, 1], *[[1, 0, 1, 1, 1, 0, 1]] * 3, [1, 0, 0, 0, 0, 0, 1], [1] * 7]
    edge, size = qr_code.MARGIN, 21
    assert len(rows[0]) == size + 2 * edge

    def at(top: int, left: int) -> list[list[int]]:
        return [row[left : left + 7] for row in rows[top : top + 7]]

    far = edge + size - 7
    assert [at(edge, edge), at(edge, far), at(far, edge)] == [finder] * 3
    assert at(far, far) != finder
    assert not any(any(row) for row in rows[:edge])


def test_other_texts_give_other_codes() -> None:
    """Two codes that differ in a letter look different."""
    assert qr_code.lines("8NY7-D7SS-V1J4-3SDX") != qr_code.lines("8NY7-D7SS-V1J4-3SDY")
