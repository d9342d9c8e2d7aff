"""What the tag `answer` of an answer to a letter says, beside the refusals of rules: protocol §10, docs/codes.md."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

CODES: Final[Mapping[str, str]] = MappingProxyType({
    "answered": "A question or a choice was answered, or what was asked for is not clear; the words say it.",
    "done": "The command was done now.",
    "duplicate": "The command was done before, by the same message; nothing moved again.",
    "welcome": "The program's rules, for somebody who writes for the first time; the answer itself comes beside it.",
    "proven": "The statement that was asked for is in the tag proof, signed.",
    "claim-not-true": "What is to be stated is not so.",
    "claim-malformed": "What is to be stated is not written as any statement is.",
    "proof-not-yet": "The program does not publish its total, so there is nothing to prove a balance by.",
    "waits-for-owner": "The command exceeds the limits of its asker and waits for an owner's word.",
    "confirm-unknown": "Nothing of somebody else's waits for this code.",
    "confirm-over": "What this code confirms was done before, or has waited too long.",
    "language-unknown": "The daemon does not speak this language.",
    "forget-confirm": "Nothing is forgotten yet; it is when the same is asked for once more, with yes.",
    "forgotten": "The key and all that named it are forgotten; nobody is answered under it any more.",
})  # fmt: skip
