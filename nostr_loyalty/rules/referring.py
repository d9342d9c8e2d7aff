"""Who may bring whom: a friend is new, counts once, and brought nobody of those who brought the referrer (Bug 49).

Keys cost nothing on Nostr. What keeps a referral honest is therefore the friend's first paid order, the time that it
must stay unrefunded, and the cap on what one referrer can get.
"""

from collections.abc import Sequence

from nostr_loyalty.rules.program import ProgramRules
from nostr_loyalty.rules.refusal import Refusal


def refer(
    rules: ProgramRules,
    *,
    referrer: str,
    friend: str,
    friend_orders: int,
    friend_referred: bool,
    chain: Sequence[str],
    referred_so_far: int,
) -> Refusal | None:
    """Why the referrer cannot bring this friend, or None.

    `friend_orders`: how many orders of the friend the program has ever recorded; `chain`: who brought the referrer, who
    brought that one, and so on; `referred_so_far`: the referrer's friends up to now.
    """
    if rules.referral is None:
        return Refusal("referral-off")
    if referrer == friend:
        return Refusal("referral-self")
    if friend in chain:
        return Refusal("referral-cycle")
    if friend_orders > 0:
        return Refusal("referral-not-new")
    if friend_referred:
        return Refusal("referral-known")
    if rules.referral.cap is not None and referred_so_far >= rules.referral.cap:
        return Refusal.saying("referral-cap", "{count} of {cap}", count=referred_so_far, cap=rules.referral.cap)
    return None
