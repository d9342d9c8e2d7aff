"""The daemon's dice: random bytes from the system, drawn in large pieces.

Pure code takes `Dice` as an argument; the tests hand in others, so that a run can be repeated.
"""

import os
from typing import Final

PIECE: Final = 16_384


class SystemDice:
    """Call it with n for n random bytes that nobody is given again. Not for several threads, nor across a fork."""

    def __init__(self) -> None:
        self._rest = b""
        self._at = 0

    def __call__(self, n: int) -> bytes:
        """`n` bytes, 0 < n <= PIECE."""
        assert 0 < n <= PIECE, n
        if self._at + n > len(self._rest):
            self._rest, self._at = os.urandom(PIECE), 0
        self._at += n
        return self._rest[self._at - n : self._at]
