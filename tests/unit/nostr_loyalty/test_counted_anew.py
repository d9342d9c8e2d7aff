"""A change of what counts holds for everybody at the next start, not at each customer's next order."""

from pathlib import Path

from tests.unit.nostr_loyalty.served import Served, earn, table, tier

EUROS = earn("spend", 1, per="1 EUR")


async def test_a_new_tier_is_held_by_who_had_enough(tmp_path: Path) -> None:
    """Who has the points for a tier that is new holds it after the first sweep; who has not does not; once."""
    async with Served(tmp_path) as served:
        await served.take(served.order("order-1", "50000"), served.order("order-2", "30000", customer="c0" * 32))
    async with served.with_rules(tier("silver", 40)) as changed:
        assert await changed.sweep() == {"tiers": 2}
        assert [(await changed.standing(each)).tier for each in (None, "c0" * 32)] == ["silver", None]
    async with changed.again() as same:
        assert await same.sweep() == {}
        await same.assert_clean()


async def test_a_window_that_is_new_ends_for_who_stays_away(tmp_path: Path) -> None:
    """From a whole life to a window: who never comes again loses the tier when the window has moved on."""
    async with Served(tmp_path, extra=tier("gold", 10)) as served:
        await served.take(served.order("order-1"))
        assert (await served.standing()).tier == "gold"
    async with served.with_rules(table("tier_basis", by="points", window="30d"), tier("gold", 10)) as changed:
        await changed.sweep()
        assert (await changed.standing()).tier == "gold"
        changed.later(days=31)
        await changed.sweep()
        assert (await changed.standing()).tier is None


async def test_another_currency_counts_anew(tmp_path: Path) -> None:
    """Spend is counted in the tier basis's currency only, also that of before the change; the audit agrees."""
    sats = (EUROS, table("tier_basis", by="spend", currency="sat"), tier("gold", "10 sat"))
    euros = (EUROS, table("tier_basis", by="spend", currency="EUR"), tier("gold", "10 EUR"))
    async with Served(tmp_path, extra="\n".join(sats)) as served:
        await served.take(served.order("order-1", "5000"), served.order("order-2", "3", "EUR"))
        assert (await served.standing()).spent_minor == 5_000_000
        assert (await served.standing()).tier == "gold"
    async with served.with_rules(*euros) as changed:
        standing = await changed.standing()
        assert (standing.spent_minor, standing.earned_points, standing.visits) == (300, 8, 2)
        await changed.sweep()
        assert (await changed.standing()).tier is None
        await changed.assert_clean()


async def test_another_clock_counts_days_anew(tmp_path: Path) -> None:
    """An order of half past eleven at night is of the next day for a clock that is two hours ahead."""
    async with Served(tmp_path) as served:
        before = served.program.rules.tz.key
        served.set_clock("2027-03-01 23:30")
        await served.take(served.order("order-1"))
        days = await _days(served)
    text = (served.venue.folder / "config.toml").read_text()
    assert f'tz = "{before}"' in text
    (served.venue.folder / "config.toml").write_text(text.replace(f'tz = "{before}"', 'tz = "Asia/Tokyo"'))
    async with served.again() as changed:
        assert await _days(changed) == [(day + 1, day + 1) for day, _ in days]
        await changed.assert_clean()


async def _days(served: Served) -> list[tuple[int, int]]:
    async with served.database.read() as r:
        return [
            (one, other)
            for one, other in await r.rows("SELECT paid_order.day, tally.day FROM paid_order, tally ORDER BY 1")
        ]
