"""The daemon, with a stopwatch in its database threads: what SQLite's line of the bill is made of.

`python -m bench.timed_daemon run --config …` serves as `nostr-loyalty run` does and, when it ends, prints one line of
JSON: statement -> [calls, seconds of CPU in SQLite's thread]. Waiting for the disk is not CPU time.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import aiosqlite

from nostr_loyalty.cli.main import main

PREFIX = "statements: "
LABEL_CHARS = 60
spent: dict[str, list[float]] = {}


class TimedConnection(aiosqlite.Connection):
    """Measures each call where it runs."""

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        sql = args[0] if args and isinstance(args[0], str) else getattr(fn, "__name__", "?")
        label = " ".join(sql.split())[:LABEL_CHARS]

        def timed(*given: Any, **named: Any) -> Any:
            began = time.thread_time()
            try:
                return fn(*given, **named)
            finally:
                line = spent.setdefault(label, [0, 0.0])
                line[0] += 1
                line[1] += time.thread_time() - began

        return await super()._execute(timed, *args, **kwargs)  # type: ignore[no-untyped-call]  # aiosqlite leaves it bare


if __name__ == "__main__":
    aiosqlite.core.Connection = TimedConnection  # type: ignore[misc]  # what `aiosqlite.connect` makes from now on
    try:
        status = main()
    finally:
        print(PREFIX + json.dumps(spent), flush=True)
    sys.exit(status)
