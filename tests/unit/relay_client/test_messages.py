"""relay_client.messages."""

import orjson
import pytest

from relay_client import messages
from relay_client.errors import CODES, RelayText
from relay_client.filter import Filter


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b'["EVENT","0:1",{"kind":1}]', messages.EventMessage("0:1", {"kind": 1})),
        (b'["OK","ff",true,""]', messages.OkMessage("ff", True, "")),
        (b'["OK","",false,"blocked: no"]', messages.OkMessage("", False, "blocked: no")),
        (b'["OK","ff",true]', messages.OkMessage("ff", True, "")),
        (b' [ "EOSE" , "0:1" ] ', messages.EoseMessage("0:1")),
        (b'["CLOSED","0:1","error: x"]', messages.ClosedMessage("0:1", "error: x")),
        (b'["CLOSED","0:1"]', messages.ClosedMessage("0:1", "")),
        (b'["NOTICE","hello"]', messages.NoticeMessage("hello")),
        (b'["AUTH","challenge"]', messages.AuthMessage("challenge")),
    ],
)
def test_every_message_of_a_relay_is_read(text: bytes, message: messages.RelayMessage) -> None:
    """NIP-01's and NIP-42's messages, and the two shortenings that are seen in the wild."""
    assert messages.read(text) == message


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"", "relay-text-not-json"),
        (b"\xff\xfe", "relay-text-not-json"),
        (b'["NOTICE","\\ud800"]', "relay-text-not-json"),
        (b"[NaN]", "relay-text-not-json"),
        (b"{}", "relay-message-malformed"),
        (b"[]", "relay-message-malformed"),
        (b"[7]", "relay-message-malformed"),
        (b'["EVENT","a"]', "relay-message-malformed"),
        (b'["EVENT",1,{}]', "relay-message-malformed"),
        (b'["OK",1,true,""]', "relay-message-malformed"),
        (b'["OK","ff","true",""]', "relay-message-malformed"),
        (b'["OK","ff",1,""]', "relay-message-malformed"),
        (b'["OK","ff",true,"",""]', "relay-message-malformed"),
        (b'["EOSE"]', "relay-message-malformed"),
        (b'["EOSE",{}]', "relay-message-malformed"),
        (b'["AUTH",[]]', "relay-message-malformed"),
        (b'["COUNT","a",{"count":1}]', "relay-message-unknown"),
        (b'["NEG-MSG","a","b"]', "relay-message-unknown"),
    ],
)
def test_anything_else_has_a_code(text: bytes, code: str) -> None:
    """A text that is no message of a relay gives RelayText with a documented code."""
    with pytest.raises(RelayText) as caught:
        messages.read(text)
    assert caught.value.code == code
    assert code in CODES


def test_what_we_send_is_json() -> None:
    """REQ, CLOSE, EVENT and AUTH parse back to what was meant; an event's own bytes stay as they are."""
    assert orjson.loads(messages.req("a", Filter(kinds=(1,)))) == ["REQ", "a", {"kinds": [1]}]
    assert orjson.loads(messages.close("a")) == ["CLOSE", "a"]
    assert messages.event('{"kind":  1}') == '["EVENT",{"kind":  1}]'
    assert orjson.loads(messages.auth('{"kind":22242}')) == ["AUTH", {"kind": 22242}]
