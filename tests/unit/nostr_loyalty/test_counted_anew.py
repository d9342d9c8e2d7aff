"""A change of what counts holds for everybody at the next start, not at each customer's next order."""

from pathlib import Path

from kinds.event import Event, sign
from nostr_loyalty.commands.command import Relink
from tests.unit.nostr_loyalty.served import Served, earn, table, tier
from tests.venue import new_key

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


async def test_another_clock_counts_months_anew(tmp_path: Path) -> None:
    """The last hour of a month is of the next one for a clock that is ahead: orders, and the visits of the month, also
    those that came from a key that was replaced, go there.
    """
    async with Served(tmp_path) as served:
        before, new = served.program.rules.tz.key, new_key().public
        for local, order_id in (("2027-02-28 12:00", "1"), ("2027-02-28 23:30", "2"), ("2027-02-28 23:40", "3")):
            served.set_clock(local)
            await served.take(served.order(order_id))
        assert ((await served.standing()).month, (await served.standing()).visits_month) == (202702, 3)
        await served.command(Relink(served.guest.public, new))
        await served.take(served.order("4", customer=new), served.order("5", customer=new))
        await served.take(served.order("5", customer=new, status="canceled"))
        assert ((await served.standing(new)).month, (await served.standing(new)).visits_month) == (202702, 4)
    text = (served.venue.folder / "config.toml").read_text()
    (served.venue.folder / "config.toml").write_text(text.replace(f'tz = "{before}"', 'tz = "Asia/Tokyo"'))
    async with served.again() as changed:
        assert ((await changed.standing(new)).month, (await changed.standing(new)).visits_month) == (202703, 3)
        async with changed.database.read() as r:
            assert await r.rows("SELECT month, count(*) FROM paid_order GROUP BY 1 ORDER BY 1") == [
                (202702, 1), (202703, 4),
            ]  # fmt: skip
        await changed.assert_clean()
        (answer,) = await changed.take(changed.order("6", customer=new))
        assert answer.visits_month == 4
        await changed.assert_clean()


async def test_what_points_paid_counts_as_little_when_somebody_was_forgotten(tmp_path: Path) -> None:
    """It is an amount like the others of an order, and stays with them: counted anew, the spend is what it was."""
    by_spend = (EUROS, table("tier_basis", by="spend", currency="EUR"), tier("gold", "10 EUR"))
    async with Served(tmp_path, extra="\n".join(by_spend)) as served:
        before = served.program.rules.tz.key
        await served.take(
            _with(
                served, "1", "30.00", ("line", "points_discount", "8.00", "EUR"), ("item", "cake", "1", "30.00", "EUR")
            ),
            _with(served, "2", "5.00", ("item", "tea", "1", "5.00", "EUR")),
        )
        assert (await served.standing()).spent_minor == 2_700
        await served.write(served.guest, "forget me yes")
    text = (served.venue.folder / "config.toml").read_text()
    (served.venue.folder / "config.toml").write_text(text.replace(f'tz = "{before}"', 'tz = "Asia/Tokyo"'))
    async with served.again() as changed:
        async with changed.database.read() as r:
            assert await r.rows("SELECT spent_minor FROM standing") == [(2_700,)]
            assert await r.rows("SELECT detail FROM paid_order ORDER BY id") == [('{"by_points":800}',), (None,)]
        await changed.assert_clean()


def _with(served: Served, order_id: str, amount: str, *tags: tuple[str, ...]) -> Event:
    """An order in euros with lines or items."""
    plain = served.venue.template(order_id, served.guest.public, (amount, "EUR"), at=served.clock.now())
    return sign(plain._replace(tags=(*plain.tags, *tags)), served.venue.till)


async def _days(served: Served) -> list[tuple[int, int]]:
    async with served.database.read() as r:
        return [
            (one, other)
            for one, other in await r.rows("SELECT paid_order.day, tally.day FROM paid_order, tally ORDER BY 1")
        ]
