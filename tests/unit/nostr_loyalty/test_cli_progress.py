"""What `balance` says of the way to the next tier."""

from pathlib import Path

import pytest

from nostr_loyalty.cli.balance import progress_in
from nostr_loyalty.config.load import load
from tests.unit.nostr_loyalty.served import rules, table, tier
from tests.venue import Venue


@pytest.mark.parametrize(
    ("by", "said"), [("spend", "150 sat"), ("points", "150000"), ("visits", "150000")],
)  # fmt: skip
def test_money_is_said_in_its_unit(tmp_path: Path, by: str, said: str) -> None:
    """150 sat are 150000 of the ledger's msat; points and visits are plain numbers."""
    threshold = "500 sat" if by == "spend" else 500
    more = {"currency": "msat"} if by == "spend" else {}
    basis = table("tier_basis", by=by, **more).replace("[[", "[").replace("]]", "]")
    venue = Venue(tmp_path, ["ws://127.0.0.1:1"], "public", extra=rules(basis, tier("gold", threshold)))
    (program,) = load(venue.write_config()).programs
    assert progress_in(program.rules(), 150_000) == said
