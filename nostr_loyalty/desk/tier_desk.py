"""Moves a customer up and down the program's tiers, and says so to the customer (protocol §3).

Up at once, also within the batch of the order that crossed the threshold; that order itself was reckoned with the tier
before. Down after the grace, one step at a time, and never without a word before.
"""

from ledger.book import Standing
from nostr_loyalty.desk import tiers
from nostr_loyalty.desk.working_copy import WorkingCopy
from nostr_loyalty.programs import ServedProgram
from nostr_loyalty.publishing import wording
from nostr_loyalty.rules.tiering import TierState, review


def reviewed(copy: WorkingCopy, program: ServedProgram, standing: Standing) -> Standing:
    """The standing with its tier as it is now; written down where that changed."""
    rules = program.rules
    if not rules.tiers and standing.tier is None and standing.review_at is None:
        return standing
    state = TierState(standing.tier, standing.grace_until, standing.review_at)
    days = tiers.counted_days(copy.facts, rules, standing, copy.now)
    change = review(rules, state, value=tiers.value(copy.facts, rules, standing, days), window=days, now=copy.now)
    if change.state == state:
        return standing
    standing = standing._replace(
        tier=change.state.tier, grace_until=change.state.grace_until, review_at=change.state.review_at
    )
    if change.event is not None:
        before = rules.tier(state.tier)
        after = rules.tier(change.state.tier)
        spoken = program.spoken(standing.language)
        text = wording.tier_changed(spoken, change.event, before, after, change.state.grace_until)
        copy.notify(program, standing, text, important=change.event in ("at_risk", "lost"))
        if change.event == "reached":
            copy.award(program, standing)
        return copy.put_standing(program, standing)
    copy.facts.standings[standing.id] = standing
    copy.slip.standings[standing.id] = standing
    return standing
