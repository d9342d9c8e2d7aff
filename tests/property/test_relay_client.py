"""relay_client under arbitrary input: filters against a dumb matcher, paging against a list, sessions against noise."""

from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from kinds.event import claim
from relay_client.catch_up import CatchUp, Step
from relay_client.errors import CODES, RelayText
from relay_client.filter import Filter
from relay_client.messages import read
from relay_client.verdict import Answer, of_closed, of_ok
from tests.unit.relay_client.stage import ORDERS, WALL, WRAPS, Stage, event

_KEYS = ["aa" * 32, "bb" * 32, "cc" * 32]
_keys = st.sampled_from(_KEYS)
_some_keys = st.none() | st.lists(_keys, min_size=1, max_size=3)
_filters = st.builds(
    Filter,
    kinds=st.none() | st.lists(st.integers(0, 3), min_size=1, max_size=3),
    authors=_some_keys,
    tags=st.dictionaries(st.sampled_from(["#p", "#e"]), st.lists(_keys, min_size=1, max_size=2), max_size=2),
    since=st.none() | st.integers(0, 5),
    until=st.none() | st.integers(0, 5),
)
_tags = st.lists(st.lists(st.sampled_from(["p", "e", *_KEYS]), min_size=1, max_size=3), max_size=4)
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)
_ids = st.sampled_from(["0:1", "0:2", "0:3", "1:1", "1:2", "1:3", "2:1", "", "0:", "é"])
_event_ids = st.sampled_from([f"{number:064x}" for number in range(4)] + [""])
_texts = st.sampled_from(["", "auth-required: x", "rate-limited: x", "duplicate: x", "blocked: x", "error: x", "?"])
_events = st.builds(
    lambda kind, created_at, tags: event(kind, created_at, tags=tags),
    st.sampled_from([7412, 1059, 1]),
    st.integers(WALL - 3, WALL + 3) | st.integers(0, 2**53),
    st.just([["p", "ab" * 32]]) | _tags,
)
_messages = st.one_of(
    st.tuples(st.just("EVENT"), _ids, _events | _json),
    st.tuples(st.just("OK"), _event_ids, st.booleans(), _texts),
    st.tuples(st.just("EOSE"), _ids),
    st.tuples(st.just("CLOSED"), _ids, _texts),
    st.tuples(st.just("AUTH"), st.text(max_size=5)),
    st.tuples(st.just("NOTICE"), st.text(max_size=5)),
    st.lists(_json, max_size=5).map(tuple),
)


def dumb_match(wanted: dict[str, Any], candidate: dict[str, Any]) -> bool:
    """NIP-01 word by word, on the JSON."""
    for name, condition in wanted.items():
        if name == "since":
            fits = candidate["created_at"] >= condition
        elif name == "until":
            fits = candidate["created_at"] <= condition
        elif name == "kinds":
            fits = candidate["kind"] in condition
        elif name == "authors":
            fits = candidate["pubkey"] in condition
        else:
            fits = any(tag[0] == name[1:] and len(tag) > 1 and tag[1] in condition for tag in candidate["tags"])
        if not fits:
            return False
    return True


@given(_filters, st.integers(0, 3), st.integers(0, 5), _keys, _tags)
def test_a_filter_matches_what_a_dumb_matcher_matches(
    wanted: Filter, kind: int, created_at: int, author: str, tags: list[list[str]]
) -> None:
    """For any filter and event, our matcher and NIP-01's words agree."""
    candidate = event(kind, created_at, tags=tags, pubkey=author)
    assert wanted.matches(claim(candidate)) == dumb_match(wanted.to_object(), candidate)


@given(
    st.lists(st.integers(0, 30), max_size=80),
    st.integers(1, 12),
    st.none() | st.integers(0, 30),
)
def test_paging_finds_everything_or_says_where_it_may_not(times: list[int], cap: int, since: int | None) -> None:
    """Bug 70: whatever the cap, each second is read completely, or named as crowded; and paging always ends as done."""
    stored = sorted(((-each, f"{number}") for number, each in enumerate(times)))
    catch_up = CatchUp(since, 0, pages_max=1_000, page_texts_max=1_000)
    seen: set[str] = set()
    crowded: set[int] = set()
    step = Step.NEXT
    while step is Step.NEXT:
        page = catch_up.page()
        inside = [
            each for each in stored if -each[0] >= (since or 0) and (page.until is None or -each[0] <= page.until)
        ]
        for negative, event_id in inside[:cap]:
            assert catch_up.saw(-negative, event_id)
            seen.add(event_id)
        step = catch_up.ended(cap)
        crowded |= set(catch_up.crowded)
    assert step is Step.DONE
    missed = {-negative for negative, event_id in stored if event_id not in seen and -negative >= (since or 0)}
    assert missed <= crowded
    assert all(times.count(second) >= cap for second in crowded)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_a_code(text: bytes) -> None:
    """read() is total: a message, or RelayText with a code of ours."""
    code = None
    try:
        read(text)
    except RelayText as fault:
        code = fault.code
    assert code is None or code in CODES


@given(st.booleans(), st.text(max_size=400))
def test_any_answer_has_a_verdict(accepted: bool, text: str) -> None:
    """Whatever a relay says about an event is one of five things, and a refusal is never an acceptance."""
    assert of_ok(accepted, text).answer in Answer
    assert of_closed(text).answer is not Answer.ACCEPTED


_steps = st.lists(
    st.one_of(
        st.tuples(st.just("relay"), st.lists(_messages.map(list) | st.binary(max_size=40), max_size=6)),
        st.tuples(st.just("post"), _event_ids),
        st.tuples(st.just("wait"), st.sampled_from([0.2, 1.0, 20.0, 400.0])),
        st.tuples(st.just("lose"), st.booleans()),
        st.tuples(st.just("pause"), st.none()),
        st.tuples(st.just("resume"), st.none()),
        st.tuples(st.just("saved"), st.integers(WALL - 1, WALL + 500)),
    ),
    max_size=25,
)


@given(_steps)
def test_a_session_survives_any_relay_and_owes_nobody_an_outcome(steps: list[tuple[str, Any]]) -> None:
    """Whatever a relay says and whenever it hangs up: nothing raises, each post that was taken has one outcome."""
    stage = Stage(ORDERS, WRAPS).open()
    taken = 0
    for verb, argument in steps:
        if verb == "relay":
            stage.relay(*argument)
        elif verb == "post":
            taken += stage.session.post(argument, orjson.dumps({"id": argument}).decode())
        elif verb == "wait":
            stage.wait(argument, step=argument)
        elif verb == "lose":
            stage.lose(cut=argument)
            stage.open()
        elif verb == "pause":
            stage.session.paused(stage.now)
        elif verb == "resume":
            stage.session.resumed(stage.now)
        else:
            stage.session.cursor_saved("orders", argument)
    stage.lose()
    assert len(stage.outcomes) == taken
    assert stage.session.waiting_posts == 0


@given(st.lists(_messages.map(list), max_size=30))
def test_a_session_is_a_function_of_its_input(messages: list[Any]) -> None:
    """The same dice, clock and texts give the same texts, deliveries and happenings: a storm can be replayed."""
    transcripts = []
    for _ in range(2):
        stage = Stage(ORDERS, WRAPS).open()
        stage.relay(*messages)
        stage.wait(300, step=5.0)
        transcripts.append((stage.said(), stage.deliveries, stage.outcomes, stage.happenings))
    assert transcripts[0] == transcripts[1]
