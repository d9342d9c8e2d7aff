"""A QR code as lines of text, for a message on a phone: half blocks, two rows of the code in a line, with its margin.

Source: ISO/IEC 18004, by the library segno.
"""

from typing import Final

import segno

MARGIN: Final = 2
"""Empty modules around the code; a code on a till's scanner needs some."""
_BLOCKS: Final = {(0, 0): " ", (1, 0): "▀", (0, 1): "▄", (1, 1): "█"}


def lines(text: str) -> str:
    """The code of a text, such as a voucher's: some 13 lines for 19 letters."""
    rows = [list(row) for row in segno.make(text, error="m", micro=False).matrix_iter(border=MARGIN)]
    if len(rows) % 2:
        rows.append([0] * len(rows[0]))
    return "\n".join(
        "".join(_BLOCKS[bool(above), bool(below)] for above, below in zip(upper, lower, strict=True))
        for upper, lower in zip(rows[::2], rows[1::2], strict=True)
    )
