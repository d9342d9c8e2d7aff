"""relay_client.session: NIP-42 (and bug 72: wraps are asked for after AUTH)."""

from dataclasses import replace

from tests.unit.relay_client.stage import ME, ORDERS, URL, WALL, WRAPS, Stage, event


def test_wraps_wait_for_authentication() -> None:
    """Bug 72: a challenge at connect is answered first; the REQ for 1059 goes out after the relay's OK."""
    stage = Stage(WRAPS).open()
    assert stage.said() == []
    stage.relay(["AUTH", "challenge"])
    ((_, answer),) = stage.said()
    assert answer["kind"] == 22242
    assert answer["pubkey"] == ME
    assert answer["tags"] == [["relay", URL], ["challenge", "challenge"]]
    stage.relay(["OK", answer["id"], True, ""])
    assert [req[2]["kinds"] for req in stage.said("REQ")] == [[1059], [1059]]
    assert len(stage.happened("relay-authenticated")) == 1


def test_a_relay_without_challenge_is_asked_after_a_moment() -> None:
    """A relay that never challenges still gets its REQ for 1059; other subscriptions did not wait."""
    stage = Stage(ORDERS, WRAPS).open()
    assert {req[2]["kinds"][0] for req in stage.said("REQ")} == {7412}
    stage.wait(1.5)
    assert {req[2]["kinds"][0] for req in stage.said("REQ")} == {1059}


def test_a_refused_req_is_sent_again_after_the_ok() -> None:
    """The challenge comes only with the refusal: it is answered, and after its OK both REQs are sent again."""
    stage = Stage(ORDERS).open()
    live, page = (req[1] for req in stage.said("REQ"))
    stage.relay(["AUTH", "late"], ["CLOSED", live, "auth-required: x"], ["CLOSED", page, "auth-required: x"])
    (answer,) = stage.said()
    assert answer[0] == "AUTH"
    stage.relay(["OK", answer[1]["id"], True, ""])
    assert len(stage.said("REQ")) == 2


def test_a_refusal_before_its_challenge_waits_for_it() -> None:
    """Some relays refuse first and challenge then."""
    stage = Stage(ORDERS).open()
    live, page = (req[1] for req in stage.said("REQ"))
    stage.relay(["CLOSED", live, "auth-required: x"], ["CLOSED", page, "auth-required: x"])
    assert stage.said() == []
    stage.relay(["AUTH", "c"])
    stage.relay(["OK", stage.said("AUTH")[0][1]["id"], True, ""])
    assert len(stage.said("REQ")) == 2


def test_what_an_unauthenticated_answer_left_out_is_read_again() -> None:
    """Bug 72: asked before authentication, a relay leaves the wraps out; afterwards the same window is read again."""
    stage = Stage(WRAPS, cursors={"wraps": WALL - 500_000}).open()
    stage.wait(2)
    _, page = stage.said("REQ")
    stage.relay(["EOSE", page[1]])
    stage.session.cursor_saved("wraps", stage.caught_up()[0].asked_at)
    stage.relay(["AUTH", "c"])
    stage.relay(["OK", stage.said("AUTH")[0][1]["id"], True, ""])
    assert stage.said("REQ")[1][2]["since"] == page[2]["since"]


def test_a_refused_event_is_sent_again_after_the_ok() -> None:
    """Events refused for want of authentication are held, not reported, and sent again, each once."""
    stage = Stage().open()
    for event_id in ("a", "b"):
        stage.session.post(event_id, f'{{"id":"{event_id}"}}')
    stage.wait(0.1)
    stage.said()
    stage.relay(
        ["AUTH", "1"], ["OK", "a", False, "auth-required: x"], ["AUTH", "2"], ["OK", "b", False, "auth-required: x"]
    )
    stage.session.post("c", '{"id":"c"}')
    stage.wait(0.1)
    (answer,) = stage.said()
    assert answer[1]["tags"][1] == ["challenge", "1"]
    stage.relay(["OK", answer[1]["id"], True, ""])
    assert [each[1]["id"] for each in stage.said("EVENT")] == ["a", "b", "c"]
    assert stage.outcomes == []


def test_the_latest_challenge_counts() -> None:
    """If the answer to an older challenge fails, the newer one is answered."""
    stage = Stage().open()
    stage.relay(["AUTH", "old"], ["AUTH", "new"])
    (first,) = stage.said("AUTH")
    stage.relay(["OK", first[1]["id"], False, "invalid: challenge expired"])
    (second,) = stage.said("AUTH")
    assert second[1]["tags"][1] == ["challenge", "new"]
    stage.relay(["OK", first[1]["id"], True, ""])
    assert stage.happened("relay-authenticated") == []
    stage.relay(["OK", second[1]["id"], True, ""])
    assert len(stage.happened("relay-authenticated")) == 1


def test_a_refused_authentication_is_a_verdict() -> None:
    """The relay does not want us: held events end with needs_auth, and the reason is told."""
    stage = Stage().open()
    stage.session.post("a", "{}")
    stage.wait(0.1)
    stage.said()
    stage.relay(["AUTH", "c"], ["OK", "a", False, "auth-required: x"])
    stage.relay(["OK", stage.said("AUTH")[0][1]["id"], False, "restricted: not a member"])
    assert stage.verdicts() == {"a": "needs_auth"}
    assert stage.outcomes[0].verdict.text == "restricted: not a member"
    assert len(stage.happened("relay-authentication-refused")) == 1


def test_without_a_key_nothing_is_signed() -> None:
    """A connection without a key answers no challenge; what needs one ends with needs_auth at once."""
    stage = Stage(ORDERS, key=None).open()
    live = stage.said("REQ")[0][1]
    stage.session.post("a", "{}")
    stage.wait(0.1)
    stage.said()
    stage.relay(["AUTH", "c"], ["OK", "a", False, "auth-required: x"], ["CLOSED", live, "auth-required: x"])
    assert stage.verdicts() == {"a": "needs_auth"}
    assert len(stage.happened("relay-subscription-refused")) == 1
    assert stage.said() == []


def test_no_answer_to_an_answer_ends_by_its_deadline() -> None:
    """A relay that never says OK to AUTH: held events end with retry_later, later ones are sent again."""
    stage = Stage().open()
    stage.session.post("a", '{"id":"a"}')
    stage.wait(0.1)
    stage.relay(["AUTH", "c"], ["OK", "a", False, "auth-required: x"])
    stage.wait(16)
    assert stage.verdicts() == {"a": "retry_later"}
    stage.said()
    stage.session.post("b", '{"id":"b"}')
    stage.wait(0.1)
    assert len(stage.said("EVENT")) == 1


def test_attempts_are_bounded() -> None:
    """A relay that refuses an event again and again is believed after three times; endless challenges are ignored."""
    stage = Stage(auth_attempts_max=5).open()
    stage.session.post("a", '{"id":"a"}')
    stage.wait(0.1)
    for number in range(20):
        stage.relay(["AUTH", f"{number}"], ["OK", "a", False, "auth-required: x"])
        for answer in stage.said("AUTH"):
            stage.relay(["OK", answer[1]["id"], True, ""])
    assert stage.verdicts() == {"a": "needs_auth"}
    for number in range(100):
        stage.relay(["AUTH", f"more{number}"])
        stage.wait(20)
    assert len(stage.said("AUTH")) <= 5


def test_a_long_catch_up_of_wraps_survives_reconnects() -> None:
    """Bug 72: on a new socket nothing is asked before authentication, so the pages read before it stay read."""
    stage = Stage(replace(WRAPS, sweep_s=None)).open()

    def authenticate() -> None:
        stage.relay(["AUTH", "c"])
        stage.relay(["OK", stage.said("AUTH")[0][1]["id"], True, ""])

    authenticate()
    page = stage.said("REQ")[1][1]
    stage.relay(*(["EVENT", page, event(1059, WALL - number)] for number in range(500)), ["EOSE", page])
    stage.lose(cut=True)
    stage.said()
    stage.open()
    authenticate()
    assert stage.said("REQ")[1][2]["until"] == WALL - 498
