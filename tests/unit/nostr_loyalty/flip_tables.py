"""Each setting of a program with a scene in which flipping it is seen, and what is seen before and after."""

from kinds.keys import npub_encode
from ledger.units import Money
from nostr_loyalty.commands.command import Feedback, Grant, Revoke, Undo
from tests.unit.nostr_loyalty import flips
from tests.unit.nostr_loyalty import flips_by_command as asking
from tests.unit.nostr_loyalty.flips import FRIEND, OPERATOR, OTHER_TILL, Bill, Flip
from tests.unit.nostr_loyalty.served import earn, reward, rules, table, tier

NPUB, TILL = npub_encode(OPERATOR.public), npub_encode(OTHER_TILL.public)
EUR = Bill("5.00", "EUR")
HALF_SAT = Bill("1500")
TIP = Bill(lines=(("tip", "2000"),))
TEA = Bill("1000", items=(("tea", "2", "400"),))
DELIVERY = Bill(lines=(("delivery", "2000"),))
GOLD = tier("gold", 10)
TWICE = table("multiplier", name="Twice", factor="2", schedule="always")
PERK = table("perk", tier="gold", type="multiplier", value="2")
CAP = table("cap", points=20, period="day")
FIVE = {"cost": 50, "type": "discount_amount", "value": "5 EUR"}
FRIENDS = earn("referral", 20, friend_points=10, vest="0d")
GUARD = table("guard", customer_orders=1)
DAY = "2027-05-05 12:00"  # a Wednesday
ORDERS = (Bill("15000"), Bill("15000"))


def visit(**more: object) -> str:
    """3 points for a visit."""
    return earn("visit", 3, **more)


def by(what: str, **more: object) -> str:
    """What tiers count."""
    return table("tier_basis", by=what, **more)


def operator(**changes: object) -> str:
    """One of the venue's people."""
    return table("operator", **{"key": NPUB, "role": "owner", **changes})


def spend(points: int = 1, per: str = "1 EUR") -> str:
    """Points for euros."""
    return earn("spend", points, per=per)


PROGRAM = [
    Flip("slug", "", "", flips.answer("result"), ("accepted", "rejected"), ('slug = "cafe-sol"', 'slug = "bar"')),
    Flip("title", "", "", flips.told_in_private, (
        "+12 points at Café Sol, balance 12", "+12 points at Bar Luna, balance 12",
    ), ("Café Sol", "Bar Luna"), "private"),
    Flip("status", "", rules(status="paused"), flips.answer("reason"), (None, "program-paused")),
    Flip("tz", "", "", flips.month_of_visit, (202706, 202705), ("Europe/Madrid", "America/Lima")),
    Flip("rounding", "", rules(rounding="ceil"), flips.earns(HALF_SAT), ([1], [2])),
    Flip("unit", "", rules(unit=["stamp", "stamps"]), flips.line(Bill("1000")), (
        "1st visit this month; +1 point, balance 1", "1st visit this month; +1 stamp, balance 1",
    )),
    Flip("sources", "", "", flips.another_till, ("rejected", "accepted"), ('sources = ["', f'sources = ["{TILL}", "')),
    Flip("operators", "", rules(operators=[NPUB]), asking.commands(Grant("guest", 1), actor=OPERATOR.public), (
        ["command-not-allowed"], ["done"],
    )),
    Flip("monitors", "", rules(monitors=[NPUB]), flips.displays, (0, 1)),
    Flip("language", "", rules(language="es"), flips.told_in_private, (
        "+12 points at Café Sol, balance 12", "+12 points en Café Sol, saldo 12",
    ), None, "private"),
    Flip("visibility", "", "", flips.labels, (
        {"entry", "card", "answer"}, {"notice", "card", "answer"},
    ), ('visibility = "public"', 'visibility = "private"')),
    Flip("first_contact_work", "", rules(first_contact_work=20), asking.a_stranger_is_heard, (True, False)),
    Flip("exclude", "", rules(exclude=["tip"]), flips.earns(TIP), ([12], [10])),
    Flip("exclude", "", rules(exclude=["item:tea"]), flips.earns(Bill(items=TEA.items, amount="1000")), ([1], [0])),
    Flip("ttl", "", rules(ttl="30d"), flips.moves(Bill(), 31, "sweep"), ([12], [12, -12])),
    Flip("expiry_warning", *(rules(ttl="10d", expiry_warning=each) for each in ("2d", "6d")), flips.warned(5), (
        {}, {"warned": 1},
    )),
    Flip("vest", "", rules(vest="3d"), flips.earns(DELIVERY), ([12], [0])),
    Flip("vest_orders", rules(vest="3d"), rules(vest="3d", vest_orders="all"), flips.earns(Bill()), ([12], [0])),
    Flip("deficit", "", rules(deficit="clamp"), flips.moves(Bill(), Revoke("guest", 20)), ([12, -20], [12, -12])),
    Flip("refund_retention", "", rules(refund_retention="5d"), flips.refunded_before(6), ([12, -6], [12])),
    Flip("point_value", "", rules(point_value="0.01 EUR"), flips.reported, (None, [100, 100, "EUR"])),
    Flip("claim_valid", "", rules(claim_valid="2d"), asking.claiming("right", days=2), (["done"], ["claim-expired"])),
    Flip("claim_attempts", "", rules(claim_attempts=1), asking.claiming("wrong", "right"), (
        ["claim-unknown", "done"], ["claim-unknown", "claim-too-many-attempts"],
    )),
    Flip("claim_attempts_all", rules(claim_attempts=1), rules(claim_attempts=1, claim_attempts_all=1), asking.claiming(
        "other", "right"), (["claim-unknown", "done"], ["claim-unknown", "claim-too-many-attempts"]),
    ),
    Flip("claim_url", "", rules(claim_url="https://example.com/c"), flips.links, (1, 2)),
]  # fmt: skip

EARNING = [
    Flip("earn.spend.points", spend(), spend(2), flips.earns(EUR), ([5], [10])),
    Flip("earn.spend.per", spend(), spend(per="2 EUR"), flips.earns(EUR), ([5], [2])),
    Flip("earn.visit.points", visit(), earn("visit", 4), flips.earns(Bill()), ([15], [16])),
    Flip("earn.visit.minimum", visit(), visit(minimum="20000 sat"), flips.earns(Bill()), ([15], [12])),
    Flip("earn.visit.gap", visit(), visit(gap="2h"), flips.earns(Bill(hours=-1), Bill()), ([15, 15], [15, 12])),
    Flip("earn.item.points", earn("item", 3, item="tea"), earn("item", 4, item="tea"), flips.earns(TEA), ([7], [9])),
    Flip("earn.item.item", earn("item", 3, item="tea"), earn("item", 3, item="mate"), flips.earns(TEA), ([7], [1])),
    Flip("earn.payment.points", earn("payment", 3, method="cash"), earn("payment", 4, method="cash"), flips.earns(
        Bill(payment="cash")), ([15], [16]),
    ),
    Flip("earn.payment.method", earn("payment", 3, method="cash"), earn("payment", 3, method="card"), flips.earns(
        Bill(payment="cash")), ([15], [12]),
    ),
    Flip("earn.welcome.points", "", earn("welcome", 50), flips.earns(Bill(), Bill()), ([12, 12], [62, 12])),
    Flip("earn.feedback.points", "", earn("feedback", 5), asking.wrote(Feedback("Nice")), ([12], [12, 5])),
    Flip("earn.referral.points", FRIENDS, FRIENDS.replace("20", "30"), asking.bringing(), ((21, 10, []), (31, 10, []))),
    Flip("earn.referral.friend_points", FRIENDS, FRIENDS.replace("10", "15"), asking.bringing(), (
        (21, 10, []), (21, 15, []),
    )),
    Flip("earn.referral.vest", FRIENDS, FRIENDS.replace("0d", "2d"), asking.bringing(days=1), (
        (21, 10, []), (1, 0, []),
    )),
    Flip("earn.referral.cap", FRIENDS, f"{FRIENDS}\ncap = 1", asking.bringing(friends=2), (
        (21, 10, []), (21, 10, ["referral-cap"]),
    )),
    Flip("multiplier.name", TWICE, TWICE.replace("Twice", "Party"), flips.explained, (
        ["spend", "multiplier:Twice"], ["spend", "multiplier:Party"],
    )),
    Flip("multiplier.factor", TWICE, TWICE.replace('"2"', '"1.5"'), flips.earns(Bill()), ([24], [18])),
    Flip("multiplier.schedule", TWICE, TWICE.replace("always", "thu"), flips.earns(Bill(), at=DAY), ([24], [12])),
    Flip("cap.points", CAP, CAP.replace("20", "15"), flips.earns(*ORDERS), ([15, 5], [15, 0])),
    Flip("cap.period", CAP, CAP.replace("day", "month"), flips.earns(*ORDERS, Bill("15000", hours=-24), at=DAY), (
        [15, 5, 15], [15, 5, 0],
    )),
]  # fmt: skip

TIERS = [
    Flip("tier.id", GOLD, GOLD.replace('id = "gold"', 'id = "oro"'), flips.answer("tier"), ("gold", "oro")),
    Flip("tier.title", GOLD, GOLD.replace("Gold", "Oro"), flips.line(Bill()), (
        "Gold tier — 1st visit this month; +12 points, balance 12",
        "Oro tier — 1st visit this month; +12 points, balance 12",
    )),
    Flip("tier.threshold", GOLD, tier("gold", 13), flips.answer("tier"), ("gold", None)),
    Flip("tier_basis.by", GOLD, rules(by("visits"), tier("gold", 2)), flips.tiers(Bill("1"), Bill("0")), (
        None, "gold",
    )),
    Flip("tier_basis.window", GOLD, rules(by("points", window="30d"), GOLD), flips.tiers(Bill(), 30, "sweep"), (
        "gold", None,
    )),
    Flip("tier_basis.grace", GOLD, rules(by("points", grace="9d"), GOLD), flips.demoted, (None, "gold")),
    Flip("tier_basis.currency", *(
        rules(by("spend", currency=each), tier("gold", f"5 {each}"), spend()) for each in ("sat", "EUR")
    ), flips.tiers(EUR), (None, "gold")),
    Flip("perk.tier", *(
        rules(GOLD, tier("top", 99), PERK.replace("gold", each)) for each in ("gold", "top")
    ), flips.earns(Bill(), Bill()), ([12, 24], [12, 12])),
    Flip("perk.type", *(rules(GOLD, PERK.replace("multiplier", each)) for each in ("multiplier", "note")), flips.answer(
        "perks"), ((("multiplier", "2"),), (("note", "2"),)),
    ),
    Flip("perk.value", rules(GOLD, PERK), rules(GOLD, PERK.replace('"2"', '"3"')), flips.earns(Bill(), Bill()), (
        [12, 24], [12, 36],
    )),
]  # fmt: skip

REWARDS = [
    Flip("reward.id", reward(), reward("tea"), asking.redeeming("coffee"), (["done"], ["reward-unknown"])),
    Flip("reward.title", reward(), reward(title="Tea"), asking.voucher("text"), ("Coffee", "Tea")),
    Flip("reward.cost", reward(), reward(cost=20), asking.voucher("points"), (-10, -20)),
    Flip("reward.type", reward(**FIVE), reward(**{**FIVE, "type": "coupon"}), asking.voucher(
        "charged", bill=Money(250, "EUR")), (25, 50),
    ),
    Flip("reward.value", reward(**FIVE), reward(**{**FIVE, "value": "10 EUR"}), asking.voucher(
        "charged", bill=Money(250, "EUR")), (25, 12),
    ),
    Flip("reward.min_tier", rules(tier("gold", 200), reward()), rules(tier("gold", 200), reward(min_tier="gold")),
         asking.redeeming("coffee"), (["done"], ["reward-needs-tier"])),
    Flip("reward.stock", reward(), reward(stock=0), asking.redeeming("coffee"), (["done"], ["reward-sold-out"])),
    Flip("reward.limit", reward(), reward(limit=1), asking.redeeming("coffee", "coffee"), (
        ["done", "done"], ["done", "reward-limit-reached"],
    )),
    Flip("reward.limit_period", reward(limit=1), reward(limit=1, limit_period="day"),
         asking.redeeming("coffee", "coffee", days=1), (["done", "reward-limit-reached"], ["done", "done"])),
    Flip("reward.valid_from", reward(), reward(valid_from="2030-01-01"), asking.redeeming("coffee"), (
        ["done"], ["reward-not-yet"],
    )),
    Flip("reward.valid_until", reward(), reward(valid_until="2020-01-01"), asking.redeeming("coffee"), (
        ["done"], ["reward-no-longer"],
    )),
    Flip("reward.hold", reward(), reward(hold="1d"), asking.held_for(2), ([100, -10], [100, -10, 10])),
]  # fmt: skip

PEOPLE = [
    Flip("guard.customer_orders", "", GUARD, flips.flagged(*ORDERS), ((0, 0, 30), (1, 0, 30))),
    Flip("guard.source_orders", "", table("guard", source_orders=1), flips.flagged(*ORDERS), ((0, 0, 30), (1, 0, 30))),
    Flip("guard.action", GUARD, f'{GUARD}\naction = "hold"', flips.flagged(*ORDERS), ((1, 0, 30), (1, 1, 15))),
    Flip("hand.count", *(rules(each, operators=[NPUB]) for each in ("", table("hand", count=1))),
         asking.commands(Grant("guest", 1), Revoke("guest", 1), actor=OPERATOR.public),
         (["done", "done"], ["done", "hand-limit-count"])),
    Flip("hand.points", *(rules(each, operators=[NPUB]) for each in ("", table("hand", points=9))),
         asking.commands(Grant("guest", 9), Grant("guest", 1), actor=OPERATOR.public),
         (["done", "done"], ["done", "hand-limit-points"])),
    Flip("hand.undo", "", table("hand", undo="10min"), asking.commands(Grant("guest", 1), Undo(), minutes=20), (
        ["done", "done"], ["done", "undo-too-late"],
    )),
    Flip("operator.key", operator(), operator(key=npub_encode(FRIEND.public)), asking.commands(
        Grant("guest", 1), actor=OPERATOR.public), (["done"], ["command-not-allowed"]),
    ),
    Flip("operator.role", operator(), operator(role="staff"), asking.commands(
        Grant("guest", 1), actor=OPERATOR.public), (["done"], ["role-not-allowed"]),
    ),
    Flip("operator.count", operator(), operator(count=1), asking.commands(
        Grant("guest", 1), Grant("guest", 1), actor=OPERATOR.public), (["done", "done"], ["done", "hand-limit-count"]),
    ),
    Flip("operator.points", operator(), operator(points=1), asking.commands(
        Grant("guest", 1), Grant("guest", 1), actor=OPERATOR.public), (["done", "done"], ["done", "hand-limit-points"]),
    ),
]  # fmt: skip

FLIPS = [*PROGRAM, *EARNING, *TIERS, *REWARDS, *PEOPLE]
