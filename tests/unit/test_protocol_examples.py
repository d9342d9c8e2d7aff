"""docs/protocol.md shows what the code does: each of its examples is made anew and compared."""

import json
import re

import pytest

from kinds import card, entry, gift_wrap, order, program
from kinds.event import Event, parse_event, parse_rumor, verify
from tests.protocol_examples import BLOCK, CUSTOMER, DOCUMENT, ISSUER, SOURCE, examples
from tests.unit.nostr_loyalty.definition_reader import rules_said

EXAMPLES = examples()
SHOWN = {name: text.removesuffix("\n") for _, name, text, _ in BLOCK.findall(DOCUMENT.read_text(encoding="utf-8"))}
SIGNED = [name for name, text in EXAMPLES.items() if '"sig"' in text and name != "notice"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_document_shows_what_the_code_makes(name: str) -> None:
    """An example stands in the document, character by character (else: python -m tests.protocol_examples)."""
    assert SHOWN.get(name) == EXAMPLES[name]


def test_the_document_shows_nothing_else() -> None:
    """No example of the document is without code that makes it."""
    assert set(SHOWN) <= set(EXAMPLES)


def event(name: str) -> Event:
    """A signed example, verified."""
    return verify(parse_event(SHOWN[name]))


@pytest.mark.parametrize("name", SIGNED)
def test_a_signed_example_verifies(name: str) -> None:
    """Id and signature of each event in the document hold, so that others can test their code with it."""
    assert event(name).id in SHOWN[name]


def test_the_examples_fit_together() -> None:
    """The entry is decided under the program shown, the answer is to the order shown, the card's head is the entry."""
    described = program.parse(event("program"))
    line = entry.parse(event("entry"))
    sold = order.parse(event("order"))
    assert (line.program, line.rev) == (described.address, event("program").id)
    assert line.key in SHOWN["idempotency-key"]
    assert ["e", event("order").id, "", "reply"] in json.loads(SHOWN["answer"])["tags"]
    assert card.parse(event("public-card")).head == event("entry").id
    assert (sold.source, sold.customer, line.customer) == (SOURCE.public, CUSTOMER.public, CUSTOMER.public)


def test_the_program_with_rules_says_a_rule_of_every_kind() -> None:
    """Each tag of section 3 that says a rule is shown, and together they can be applied."""
    section = DOCUMENT.read_text(encoding="utf-8").partition("## 3. ")[2].partition("```\n")[2].partition("```")[0]
    tags = set(re.findall(r'\["([a-z_]+)"', section))
    shown = event("program-with-rules")
    assert tags - {tag[0] for tag in shown.tags} == {"image", "g", "location"}
    rules = rules_said(program.parse(shown))
    assert rules.referral is not None
    assert all(getattr(rules, name) for name in ("visit", "items", "payments", "welcome", "feedback"))


def test_the_wrapped_order_opens() -> None:
    """The wrap in the document opens with the issuer's example key and holds the order's rumor."""
    rumor = gift_wrap.unwrap(event("wrapped-order"), ISSUER)
    assert order.parse(rumor) == order.parse(event("order"))


def test_the_proof_in_the_notice_holds() -> None:
    """The notice's proof is an entry signed by the issuer, private, about the notice's receiver."""
    notice = parse_rumor(SHOWN["notice"])
    proof = verify(parse_event(next(tag[1] for tag in notice.tags if tag[0] == "proof")))
    line = entry.parse(proof)
    assert (line.customer, line.private, line.balance) == (CUSTOMER.public, True, 142)
