"""What stands behind each verb (protocol §10). Pure.

A reader takes its words and gives the fields of its command or question; `Unclear` says which word it stopped at.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from kinds.attestation import CLAIM_TYPES
from nostr_loyalty import catalogue
from nostr_loyalty.commands import words as reading
from nostr_loyalty.commands.arguments import Arguments
from nostr_loyalty.commands.command import FEEDBACK_MAX, REASON_MAX
from nostr_loyalty.commands.questions import HISTORY_LINES, HISTORY_MAX, Who
from nostr_loyalty.commands.vocabulary import VERBS, meaning_of, means, verb_at
from nostr_loyalty.commands.words import Unclear, Word

Read = tuple[str, dict[str, Any], dict[str, Who]]
"""The verb (of commands.command or of commands.questions), its fields, and whom it names in which field."""

_CODE: Final = re.compile(r"[0-9A-Za-z-]{1,64}", re.ASCII)
_CODE_LETTERS: Final = 16
CLAIM_LINK: Final = re.compile(r"\S*(?:\?claim=|#naddr1[0-9a-z]+/)([0-9A-Za-z-]{1,64})", re.ASCII)
_WINDOW: Final = re.compile(r"[1-9][0-9]{0,3}[dw]", re.ASCII)
_CLAIMS: Final = MappingProxyType({
    "tier": "tier", "points": "points_at_least", "visits": "visits_at_least", "member": "member_since",
})  # fmt: skip


def _grant(given: Arguments) -> Read:
    who, points = given.somebody(), given.points()
    return "grant", {"points": points, "reason": given.rest(REASON_MAX)}, {"who": who}


def _revoke(given: Arguments) -> Read:
    """An entry, or somebody's points: 64 hex digits are somebody where a number stands behind them."""
    if _names_entry(given.left):
        entry = reading.entry(given.word())
        return "revoke-entry", {"entry": entry, "reason": given.rest(REASON_MAX)}, {}
    who, points = given.somebody(), given.points()
    return "revoke", {"points": points, "reason": given.rest(REASON_MAX)}, {"who": who}


def _names_entry(words: Sequence[Word]) -> bool:
    if not words or not reading.looks_like_entry(words[0]):
        return False
    return not reading.looks_like_somebody(words[0]) or not (len(words) > 1 and reading.is_number(words[1]))


def _refund(given: Arguments) -> Read:
    order = given.order()
    amount = None
    if given.left:
        words = given.last(len(given.left))
        amount = reading.amount(words)
        if not amount.minor:
            raise Unclear("amount-unclear", " ".join(word.text for word in words))
    return "refund", {"order": order, "amount": amount}, {}


def _redeem(given: Arguments) -> Read:
    """`redeem <reward>` of a guest, `redeem <who> <reward>` of an operator: by whether the first word is somebody."""
    whos: dict[str, Who] = {}
    if given.order_first(more=1) or (given.left and reading.looks_like_somebody(given.left[0])):
        whos = {"who": given.somebody()}
    reward = given.rest()
    if not reward:
        raise Unclear("word-missing")
    return "redeem", {"reward": reward}, whos


def _use(given: Arguments) -> Read:
    order = None
    if len(given.left) >= 3 and means(given.left[-2], "order"):
        order = given.last(2)[1].text
    bill = given.amount_at_end()
    return "use", {"code": _code(given), "bill": bill, "order": order}, {}


def _cancel(given: Arguments) -> Read:
    return "cancel", {"code": _code(given)}, {}


def _claim(given: Arguments) -> Read:
    """The code, or the link of the receipt's QR code."""
    link = CLAIM_LINK.match(given.left[0].text) if given.left else None
    if link is None:
        return "claim", {"code": _code(given)}, {}
    given.last(1)
    return "claim", {"code": link[1]}, {}


def _code(given: Arguments) -> str:
    """A code as one word, or in groups."""
    groups = [word.text for word in given.left]
    code = " ".join(groups)
    if not groups:
        raise Unclear("word-missing")
    letters = code.replace(" ", "").replace("-", "")
    if not all(_CODE.fullmatch(group) for group in groups) or (len(groups) > 1 and len(letters) != _CODE_LETTERS):
        raise Unclear("code-unclear", code)
    given.last(len(groups))
    return code


def _about(verb: str, field: str = "who") -> Callable[[Arguments], Read]:
    return lambda given: (verb, {}, {field: given.somebody()})


def _on_order(verb: str) -> Callable[[Arguments], Read]:
    return lambda given: (verb, {"order": given.order()}, {})


def _alone(verb: str) -> Callable[[Arguments], Read]:
    def read(given: Arguments) -> Read:
        given.end()
        return verb, {}, {}

    return read


def _choosing(verb: str, field: str, values: Mapping[str, Any]) -> Callable[[Arguments], Read]:
    return lambda given: (verb, {field: values[given.choice(*values)]}, {})


def _relink(given: Arguments) -> Read:
    return "relink", {}, {"old": given.somebody(), "new": given.somebody()}


def _feedback(given: Arguments) -> Read:
    text = given.rest(FEEDBACK_MAX)
    if not text:
        raise Unclear("word-missing")
    return "feedback", {"text": text}, {}


def _balance(given: Arguments) -> Read:
    return "balance", {}, {"who": given.somebody()} if given.left else {}


def _history(given: Arguments) -> Read:
    """`history [who] [n [before]]`; more lines than there may be are as many as there may be."""
    whos: dict[str, Who] = {}
    if given.left and not (len(given.left) <= len(("n", "before")) and all(map(_is_few, given.left))):
        whos = {"who": given.somebody()}
    lines, before = HISTORY_LINES, None
    if given.left:
        lines = _some(given.word())
    if given.left:
        before = _some(given.word())
    return "history", {"lines": min(lines, HISTORY_MAX), "before": before}, whos


def _some(word: Word) -> int:
    number = reading.points(word)
    if not number:
        raise Unclear("word-unclear", word.text)
    return number


def _is_few(word: Word) -> bool:
    return reading.is_number(word) and not reading.looks_like_somebody(word)


def _report(given: Arguments) -> Read:
    return "report", {"period": given.choice("today", "week", "month") if given.left else "today"}, {}


def _help(given: Arguments) -> Read:
    """What is no verb is no topic: the short help, then."""
    found = verb_at(given.left, catalogue.SOURCE)
    given.last(len(given.left))
    return "help", {"topic": None if found is None else found[0]}, {}


def _prove(given: Arguments) -> Read:
    """`prove <claim> [value] [window] to <who>`."""
    at = max((at for at, word in enumerate(given.left) if means(word, "to")), default=None)
    if at is None:
        raise Unclear("word-missing")
    audience = Arguments("", given.last(len(given.left) - at)[1:])
    whos = {"audience": audience.somebody()}
    audience.end()
    claimed = _claimed(given.word())
    value, window = "", None
    if claimed == "tier":
        value = given.joined() or given.word().text
    elif claimed != "member_since":
        value = str(reading.points(given.word()))
        if given.left:
            window = _window(given.word())
    return "prove", {"claim": claimed, "value": value, "window": window}, whos


def _claimed(word: Word) -> str:
    """Which claim is meant: by its word, or by the name that the protocol gives it."""
    if word.folded in CLAIM_TYPES:
        return word.folded
    said = meaning_of(word, tuple(_CLAIMS))
    if said is None:
        raise Unclear("claim-unclear", word.text)
    return _CLAIMS[said]


def _window(word: Word) -> str:
    window = word.text.lower()
    if _WINDOW.fullmatch(window) is None:
        raise Unclear("word-unclear", word.text)
    return window


def _language(given: Arguments) -> Read:
    """A language by its code, or by its name in itself."""
    word = given.word()
    named = {reading.fold(name): code for code, name in catalogue.languages().items()}
    code = word.folded if word.folded in catalogue.languages() else named.get(word.folded)
    if code is None:
        raise Unclear("language-unknown", word.text)
    return "language", {"code": code}, {}


def _forget_me(given: Arguments) -> Read:
    return "forget me", {"confirmed": bool(given.left) and given.choice("yes") == "yes"}, {}


def _confirm(given: Arguments) -> Read:
    return "confirm", {"code": _code(given)}, {}


READERS: Final[Mapping[str, Callable[[Arguments], Read]]] = MappingProxyType({
    "grant": _grant, "revoke": _revoke, "refund": _refund, "redeem": _redeem, "use": _use, "cancel": _cancel,
    "freeze": _about("freeze"), "unfreeze": _about("unfreeze"), "relink": _relink, "undo": _alone("undo"),
    "release": _on_order("release"), "drop": _on_order("drop"), "claim": _claim, "feedback": _feedback,
    "refer": _about("refer", "friend"), "balance": _balance, "history": _history, "rewards": _alone("rewards"),
    "report": _report, "help": _help, "proof": _alone("proof"), "prove": _prove,
    "share": _choosing("share", "sharing", {"public": "public", "private": "private"}),
    "notify": _choosing("notify", "notices", {"off": "off", "important": "important", "all": "all"}),
    "badge": _choosing("badge", "wanted", {"on": True, "off": False}), "language": _language, "forget me": _forget_me,
    "pause": _alone("pause"), "resume": _alone("resume"), "confirm": _confirm,
})  # fmt: skip
assert set(READERS) == set(VERBS), "every verb has its reader"
