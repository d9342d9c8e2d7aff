"""The log of commands names who is paid to act, and no guest."""

from pathlib import Path

import structlog.testing

from nostr_loyalty.commands.command import Claim, Feedback, Grant
from tests.unit.nostr_loyalty.served import Served


async def test_no_guest_is_named_above_debug(tmp_path: Path) -> None:
    """An operator's key is with what it did; a guest's is said at debug only, whatever became of the command."""
    async with Served(tmp_path) as served:
        await served.take(served.order("order-1"))
        with structlog.testing.capture_logs() as captured:
            await served.asks(Feedback("Nice"))
            await served.asks(Claim("nonsense"))
            await served.command(Grant(served.guest.public, 5, "a broken cup"))
    said = [line for line in captured if line["event"].startswith("command")]
    loud = [line for line in said if line["log_level"] != "debug"]
    assert [(line["verb"], line.get("by")) for line in loud] == [
        ("feedback", None), ("claim", None), ("grant", served.venue.issuer.public),
    ]  # fmt: skip
    assert all(served.guest.public not in str(line) for line in loud)
    assert [line["by"] for line in said if line["log_level"] == "debug"] == [served.guest.public] * 2
