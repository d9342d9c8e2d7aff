"""Structured logs: human lines on a terminal, one JSON object per line otherwise, and never a secret in either.

`configure` is called once by a command before anything is logged. Modules then use `structlog.get_logger()`; records
of libraries that use the standard `logging` come out in the same form. The redaction runs last before the rendering,
so it sees tracebacks too; local variables are never part of a traceback.
"""

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

REDACTED: Final = "[redacted]"
LEVELS: Final[Mapping[str, int]] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}

_SECRET_TEXT = re.compile(r"\b(nsec1|ncryptsec1)[0-9a-z]+", re.IGNORECASE)
_HEX_32_BYTES = re.compile(r"\b[0-9a-fA-F]{64}\b")
_ALWAYS_SECRET = frozenset({"secret", "passphrase", "password", "nsec", "ncryptsec"})
_SECRET_WHEN_HEX = frozenset({"key", "keys", "seed", "seeds"})
_NOT_SECRET = frozenset({"public", "idempotency", "customer"})
_DEPTH_MAX = 6


def redact_text(text: str) -> str:
    """The text with every nsec and ncryptsec replaced; other words stay as they are."""
    return _SECRET_TEXT.sub(lambda found: f"{found[1].lower()}{REDACTED}", text)


def redact(_logger: WrappedLogger, _method: str, event_dict: EventDict) -> EventDict:
    """The structlog processor: every value of the event, nested ones too, with what looks like a secret replaced."""
    return {name: _clean(name, value, 0) for name, value in event_dict.items()}


def _clean(name: str, value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    parts = set(name.lower().split("_"))
    if parts & _ALWAYS_SECRET and not parts & _NOT_SECRET:
        return REDACTED
    if depth >= _DEPTH_MAX:
        return REDACTED  # deeper than anything we log: rather lost than leaked
    if isinstance(value, Mapping):
        return {str(key): _clean(str(key), inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(name, inner, depth + 1) for inner in value]
    text = value if isinstance(value, str) else repr(value)
    if parts & _SECRET_WHEN_HEX and not parts & _NOT_SECRET:
        text = REDACTED if isinstance(value, bytes | bytearray) else _HEX_32_BYTES.sub(REDACTED, text)
    return redact_text(text)


def configure(level: str, *, stream: TextIO | None = None, json: bool | None = None) -> None:
    """Send all logs at `level` (a key of LEVELS) and above to `stream` (default: stderr as it is now).

    `json`: True or False chooses the form; None means human when the stream is a terminal.
    """
    target = sys.stderr if stream is None else stream
    human = target.isatty() if json is None else not json
    prepare: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if human else "iso", utc=not human),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    finish: list[Processor] = [redact, _renderer(human)]
    structlog.configure(
        processors=[*prepare, *finish],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(file=target),
        cache_logger_on_first_use=False,
    )
    _route_libraries(target, LEVELS[level], prepare, finish)


def _renderer(human: bool) -> Processor:
    if human:
        return structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    return structlog.processors.JSONRenderer(sort_keys=False, ensure_ascii=False)


def _route_libraries(stream: TextIO, level: int, prepare: list[Processor], finish: list[Processor]) -> None:
    """Give records of the standard `logging` the same form. Libraries speak from WARNING on, unless we debug."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=prepare,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *finish],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level if level == logging.DEBUG else max(level, logging.WARNING))
    logging.getLogger("aiosqlite").setLevel(logging.WARNING)  # it would tell what is written: letters, keys, seeds
