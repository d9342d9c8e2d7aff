"""Storms of fixed seeds, and any number of others.

`NOSTR_LOYALTY_TEST_STORMS=500 pytest tests/simulation` runs that many more, of random seeds; a failure prints its seed,
`NOSTR_LOYALTY_TEST_SEED=…` runs that one.
"""

import os
import random
from pathlib import Path

import pytest

from tests.simulation.storm import Storm

_MORE = int(os.environ.get("NOSTR_LOYALTY_TEST_STORMS", "0"))
_ONE = os.environ.get("NOSTR_LOYALTY_TEST_SEED")
SEEDS = [int(_ONE)] if _ONE else [*range(1, 9), *(random.randrange(1 << 32) for _ in range(_MORE))]


@pytest.mark.parametrize("seed", SEEDS)
async def test_storm(tmp_path: Path, seed: int) -> None:
    """Bug 2, 14, 21, 51, 63, 64, 66, 71, 74, 77, 79: after any storm every order has one entry, every message one
    answer, every promise is kept in one form, every chain and the ledger agree with a naive sum.
    """
    storm = Storm(tmp_path, seed)
    try:
        await storm.run()
    except BaseException:
        print(f"storm {seed}, after {storm.kills} kills")
        raise
