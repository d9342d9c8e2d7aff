"""Logs have one form, and no secret gets into them."""

import io
import json
import logging
import os
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from nostr_loyalty import logs
from tests.unit.nostr_loyalty.config_files import new_key


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """The configuration of logs is global: put it back."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers, root.level = handlers, level


def logged(*, json_form: bool, level: str = "info", **values: object) -> str:
    """What one event comes out as."""
    stream = io.StringIO()
    logs.configure(level, stream=stream, json=json_form)
    structlog.get_logger().info("something-happened", **values)
    return stream.getvalue()


@pytest.mark.parametrize("json_form", [True, False])
def test_secrets_are_redacted_wherever_they_stand(json_form: bool) -> None:
    """nsec and ncryptsec in any value, and 64 hex digits or bytes under a name that means a secret, never come out."""
    key = new_key()
    raw = key.raw()
    ncryptsec = "ncryptsec1" + "q" * 30
    text = logged(
        json_form=json_form,
        note=f"key is {key.nsec()}!",
        upper=key.nsec().upper(),
        nested={"list": [ncryptsec, (key.nsec(),)], "signing_key": raw.hex()},
        seed=raw,
        secret="hunter2",
        passphrase="hunter2",
        key=[raw.hex()],
        object=key,
    )
    assert key.nsec()[5:] not in text.lower()
    assert ncryptsec[10:] not in text
    assert raw.hex() not in text
    assert repr(raw) not in text
    assert "hunter2" not in text
    assert key.public in text


def test_what_is_no_secret_stays() -> None:
    """Ids, public keys and idempotency keys are readable: without them a log is no help."""
    name = "ab" * 32
    line = json.loads(logged(json_form=True, reference=name, public_key=name, idempotency_key=name, npub="npub1x", n=3))
    assert (line["public_key"], line["idempotency_key"], line["npub"], line["n"]) == (name, name, "npub1x", 3)


def test_json_is_one_object_a_line() -> None:
    """Without a terminal each event is one line of JSON with level and time."""
    (line,) = logged(json_form=True, text="two\nlines").splitlines()
    record = json.loads(line)
    assert (record["event"], record["level"], record["text"]) == ("something-happened", "info", "two\nlines")
    assert record["timestamp"].endswith("Z")


def test_a_stream_that_is_no_terminal_gets_json() -> None:
    """The form follows the stream unless it is chosen."""
    stream = io.StringIO()
    logs.configure("info", stream=stream)
    structlog.get_logger().warning("x")
    assert json.loads(stream.getvalue())["event"] == "x"


def test_the_level_is_obeyed() -> None:
    """What is below the level is not written."""
    assert logged(json_form=True, level="warning") == ""


@pytest.mark.parametrize("json_form", [True, False])
def test_tracebacks_hold_no_secret_and_no_local_variable(json_form: bool) -> None:
    """A traceback is logged with its text redacted and without the values of variables."""
    stream = io.StringIO()
    logs.configure("info", stream=stream, json=json_form)
    key = new_key()
    local = os.urandom(8).hex()
    try:
        assert local
        raise ValueError(f"bad key {key.nsec()}")
    except ValueError:
        structlog.get_logger().exception("failed")
    text = stream.getvalue()
    assert "ValueError" in text
    assert key.nsec()[5:] not in text
    assert local not in text


def test_libraries_come_out_in_the_same_form() -> None:
    """Records of the standard logging are redacted JSON too, from warnings on."""
    stream = io.StringIO()
    logs.configure("info", stream=stream, json=True)
    key = new_key()
    logging.getLogger("some.library").info("chatter")
    logging.getLogger("some.library").warning("trouble with %s", key.nsec())
    (line,) = stream.getvalue().splitlines()
    record = json.loads(line)
    assert record["level"] == "warning"
    assert record["event"] == "trouble with nsec1[redacted]"


LEAVES = st.none() | st.integers() | st.text() | st.binary()


@given(st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_redaction_never_fails(value: object) -> None:
    """Any value can be logged."""
    logs.redact(None, "info", {"event": "x", "value": value, "key": value})
