"""Whatever a stranger, a broken till or a lying relay sends is counted under its code, and the next order counts."""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from kinds import gift_wrap, nip44
from kinds.answer import Answer
from kinds.event import Template, author, sign
from kinds.keys import SecretKey
from tests.faults.daemon_process import DaemonProcess, command_line
from tests.faults.flow import as_object, published
from tests.faults.witness import Witness
from tests.relays.scripted import ScriptedRelay
from tests.relays.store import stored_from
from tests.venue import Venue, new_key

Made = dict[str, Any]


def _changed(venue: Venue, change: Callable[[Template], Template], key: SecretKey | None = None) -> Made:
    template = change(venue.template("bad-1", new_key().public))
    return as_object(sign(template, key or venue.till))


def _without(template: Template, name: str) -> Template:
    return template._replace(tags=tuple(tag for tag in template.tags if tag[0] != name))


def _with(template: Template, *tag: str) -> Template:
    return template._replace(tags=tuple(tag if tag[0] == each[0] else each for each in template.tags))


def _forged(venue: Venue) -> Made:
    made = as_object(venue.order("bad-1", new_key().public))
    return {**made, "sig": made["sig"][:-2] + ("00" if made["sig"][-2:] != "00" else "11")}


def _in_another_name(venue: Venue) -> Made:
    """A stranger seals an order that says it is the till's."""
    stranger = new_key()
    rumor = author(venue.template("bad-1", new_key().public), venue.till.public)
    sealed = sign(
        Template(13, int(time.time()), (), nip44.encrypt(
            gift_wrap.rumor_json(rumor), nip44.conversation_key(stranger, venue.issuer.public), os.urandom(32)
        )), stranger,
    )  # fmt: skip
    return as_object(
        gift_wrap.wrap(sealed, venue.issuer.public, new_key(), nonce=os.urandom(32), created_at=int(time.time()))
    )


def _for_somebody_else(venue: Venue) -> Made:
    """A wrap addressed to the issuer whose content was encrypted to another key."""
    content = nip44.encrypt("{}", nip44.conversation_key(new_key(), new_key().public), os.urandom(32))
    return as_object(sign(Template(1059, int(time.time()), (("p", venue.issuer.public),), content), new_key()))


def _huge(venue: Venue) -> Made:
    return _changed(venue, lambda template: template._replace(content="x" * 300_000))


def _many_tags(venue: Venue) -> Made:
    tags = tuple(("t", str(number)) for number in range(5_000))
    return _changed(venue, lambda template: template._replace(tags=(*template.tags, *tags)))


DROPPED: dict[str, Callable[[Venue], Made]] = {
    "wrong-id": lambda venue: {**as_object(venue.order("bad-1", new_key().public)), "content": "changed"},
    "wrong-signature": _forged,
    "event-too-large": _huge,
    "too-many-tags": _many_tags,
    "event-malformed": lambda venue: {**as_object(venue.order("bad-1", new_key().public)), "sig": "00" * 65},
}
TAKEN: dict[str, Callable[[Venue], Made]] = {
    "seal-author-differs": _in_another_name,
    "payload-wrong-mac": _for_somebody_else,
}
ANSWERED: dict[str, Callable[[Venue], Made]] = {
    "source-not-listed": lambda venue: _changed(venue, lambda template: template, new_key()),
    "program-unknown": lambda venue: _changed(
        venue, lambda template: _with(template, "a", f"37411:{venue.issuer.public}:another")
    ),
    "order-no-amount": lambda venue: _changed(venue, lambda template: _without(template, "amount")),
    "order-bad-amount": lambda venue: _changed(venue, lambda template: _with(template, "amount", "-12", "sat")),
    "order-amount-invalid": lambda venue: _changed(venue, lambda template: _with(template, "amount", "1.5", "msat")),
    "amount-without-rule": lambda venue: _changed(venue, lambda template: _with(template, "amount", "12", "EUR")),
    "order-from-the-future": lambda venue: as_object(
        venue.order("bad-1", new_key().public, at=int(time.time()) + 7_200)
    ),
}


@pytest.mark.parametrize("visibility", ["private", "public"])
async def test_every_bad_input_of_the_list(tmp_path: Path, visibility: str) -> None:
    """Bug 62, 66, 78, 79: every line of the issue's list is dropped, or remembered, or answered under its own code; a
    forged copy sent first does not shadow the genuine order; every good order after a bad one is booked.
    """
    async with ScriptedRelay(verify=False, message_bytes_max=1 << 22) as relay:
        venue = Venue(tmp_path, [relay.url], visibility)
        guest = new_key()
        reasons: dict[str, str] = {}
        async with DaemonProcess(venue.write_config()) as daemon:
            await daemon.started()
            good = 0
            for code, make in (DROPPED | TAKEN | ANSWERED).items():
                made = make(venue)
                reasons[made["id"]] = code
                relay.accept(made)
                _noise(relay)
                genuine = as_object(venue.order(f"good-{good}", guest.public, ("1000", "sat")))
                relay.accept({**genuine, "sig": "11" * 64})  # kept under the same id: delivered live all the same
                await asyncio.sleep(0.05)
                relay.forward(_stored(genuine))
                good += 1
            relay.accept(as_object(venue.wrapped("good-in-a-wrap", guest.public, ("1000", "sat"))))
            good += 1  # wraps have a lane and a connection of their own: once this one is taken, the others were
            witness = Witness([venue.till, guest])
            await daemon.until(lambda: _balance(witness, relay) == good, 20.0)
            assert await daemon.stopped() == 0
            (counts,) = daemon.said("counts")
        witness.see_all(published(relay))
        rejected = {message: _sole(answers).reason for message, answers in witness.answers.items()}
        for event_id, code in reasons.items():
            if code in DROPPED:
                assert counts["dropped"].get(code), (code, counts)
            elif code in TAKEN:
                assert counts["taken"].get(code) == 1, (code, counts)
            elif code != "source-not-listed":  # that answer goes to the stranger, who is not among our readers
                assert rejected[event_id] == code
        assert counts["taken"]["source-not-listed"] == 1
        assert (await command_line("check", "--config", daemon.config))[0] == 0


def _noise(relay: ScriptedRelay) -> None:
    """Texts that are no messages: not UTF-8, not JSON, not a relay's."""
    for text in (b'["NOTICE","\xff\xfe"]', b'["EVENT",', b"[[[[", b'["EVENT","x",{"id":7}]'):
        for client in relay.clients.values():
            relay.tell(client, text)


def _stored(event: Made) -> Any:
    return stored_from(event, orjson.dumps(event))


def _balance(witness: Witness, relay: ScriptedRelay) -> int:
    witness.see_all(published(relay))
    return max((chain[-1].balance for chain in witness.chains().values()), default=0)


def _sole(answers: dict[str, Answer]) -> Answer:
    (answer,) = answers.values()
    return answer
