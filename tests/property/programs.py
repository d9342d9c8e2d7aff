"""Any programs, orders and customers, for the laws of the rules."""

from typing import Any, get_args
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from nostr_loyalty.rules.earning import CustomerFacts, OrderFacts
from nostr_loyalty.rules.program import (
    Cap,
    Cost,
    Factor,
    ItemRule,
    Multiplier,
    PaymentRule,
    Period,
    Perk,
    ProgramRules,
    SpendRule,
    Tier,
    VisitRule,
)
from nostr_loyalty.rules.schedule import parse_schedule

ZONES = tuple(
    map(
        ZoneInfo,
        ("UTC", "Europe/Madrid", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo",
         "Pacific/Apia", "America/Havana"),
    )
)  # fmt: skip
MOMENTS = st.integers(1_200_000_000, 1_900_000_000)
CURRENCIES = ("EUR", "JPY", "msat")
ITEMS = ("espresso", "cake", "beans")
METHODS = ("lightning", "cash", "card")
LINES = ("tip", "gift_card", "service", "delivery")
TIERS = (Tier("silver", "Silver", 10), Tier("gold", "Gold", 100))
SMALL = st.integers(1, 60)
PERIODS: st.SearchStrategy[Period] = st.sampled_from(get_args(Period))
FACTORS = st.builds(Factor, st.integers(1, 50), st.sampled_from([1, 10, 100]))
SCHEDULES = st.sampled_from(
    ["always", "mon-fri", "sat,sun", "15:00-18:00", "fri 22:00-03:00", "12-20..01-06", "08:00-12:00; 13:00-24:00"]
).map(parse_schedule)


def _few(strategy: st.SearchStrategy[Any], most: int = 3) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(strategy, max_size=most).map(tuple)


@st.composite
def programs(draw: st.DrawFn) -> ProgramRules:
    """A program with any of the earning rules."""
    spend = draw(st.lists(st.sampled_from(CURRENCIES), unique=True, max_size=3))
    items = draw(st.lists(st.sampled_from(ITEMS), unique=True, max_size=3))
    methods = draw(st.lists(st.sampled_from(METHODS), unique=True, max_size=3))
    periods = draw(st.lists(PERIODS, unique=True, max_size=3))
    minimum = draw(st.none() | st.builds(Cost, st.integers(0, 2_000), st.sampled_from(CURRENCIES)))
    return ProgramRules(
        spend=tuple(SpendRule(draw(SMALL), draw(st.integers(1, 2_000)), currency) for currency in spend),
        rounding=draw(st.sampled_from(["floor", "half_up", "ceil"])),
        tz=draw(st.sampled_from(ZONES)),
        visit=draw(st.none() | st.builds(VisitRule, SMALL, st.just(minimum), st.integers(0, 100_000))),
        items=tuple(ItemRule(draw(SMALL), item) for item in items),
        payments=tuple(PaymentRule(draw(SMALL), method) for method in methods),
        welcome=draw(st.integers(0, 60)),
        excludes=draw(st.frozensets(st.sampled_from([*LINES, *(f"item:{item}" for item in ITEMS)]))),
        multipliers=tuple(Multiplier(f"m{n}", draw(FACTORS), draw(SCHEDULES)) for n in range(draw(st.integers(0, 3)))),
        caps=tuple(Cap(draw(st.integers(1, 300)), period) for period in periods),
        tiers=TIERS,
        perks=draw(
            _few(st.builds(Perk, st.sampled_from(["silver", "gold"]), st.just("multiplier"), st.just("x"), FACTORS))
        ),
    )


@st.composite
def orders(draw: st.DrawFn) -> OrderFacts:
    """An order of any amounts, also of parts that together exceed the whole."""
    quantity = st.builds(Factor, st.integers(0, 300), st.sampled_from([1, 10, 100]))
    return OrderFacts(
        minor=draw(st.integers(0, 20_000)),
        currency=draw(st.sampled_from(CURRENCIES)),
        paid_at=draw(MOMENTS),
        by_points_minor=draw(st.just(0) | st.integers(0, 20_000)),
        lines=draw(_few(st.tuples(st.sampled_from(LINES), st.integers(0, 5_000)))),
        items=draw(_few(st.tuples(st.sampled_from(ITEMS), quantity, st.integers(0, 5_000)))),
        payment=draw(st.none() | st.sampled_from(METHODS)),
    )


def customers(caps: int = 3) -> st.SearchStrategy[CustomerFacts]:
    """Somebody with any tier, also one that no program has, and with any use of so many caps."""
    return st.builds(
        CustomerFacts,
        st.sampled_from([None, "silver", "gold", "platinum"]),
        st.booleans(),
        st.just(0) | MOMENTS,
        st.lists(st.integers(0, 300), min_size=caps, max_size=caps).map(tuple),
    )
