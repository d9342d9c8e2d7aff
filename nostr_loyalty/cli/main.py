"""`nostr-loyalty VERB …`: finds the verb's module, runs it, and turns our errors into one message and an exit code.

Exit codes: 0 done · 1 a check found a difference, a rule said no, or what was asked for does not exist · 2 wrong
command line · 69 something outside does not answer · 70 our own mistake · 78 the configuration or a key cannot be
used · 130 Ctrl-C.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from keyword import iskeyword
from types import ModuleType
from typing import Final

from ledger.errors import InvariantBroken, LedgerError, LedgerUnavailable
from nostr_loyalty import errors
from nostr_loyalty.errors import ConfigInvalid, LoyaltyError

VERBS: Final[Mapping[str, str]] = {
    "init": "write config.toml and loyalty.key into a folder",
    "run": "serve the programs of a configuration",
    "demo": "orders, points and a stranger's check of them, on a relay of its own",
    "check": "audit the ledger: does it agree with itself?",
    "balance": "what a customer has",
    "history": "a customer's signed entries, oldest first",
    "vouchers": "what a customer has redeemed, and what of it can still be used",
    "expiries": "which points run out when",
    "rewards": "what points buy, and how many are left",
    "flags": "orders that the guard noticed",
    "grant": "give a customer points",
    "revoke": "take points, or take an entry back",
    "refund": "an order was paid back, in whole or in part",
    "redeem": "take a reward's points and give a voucher code",
    "use": "a voucher is used at the till",
    "cancel": "give a voucher's points back",
    "freeze": "let a customer earn, but not spend",
    "unfreeze": "let a customer spend again",
    "relink": "move everything from a lost key to a new one",
    "undo": "take the last command back, if it is one of those that can be",
    "release": "book the points of an order that the guard holds, or note that a flagged one was looked at",
    "drop": "drop the points of an order that the guard holds",
    "claim": "the points of a receipt, for the customer who brings its code",
    "feedback": "a customer's word about an order",
    "refer": "a customer brings a friend",
    "report": "what points did in a month and in all, and what they cost",
    "export": "entries, balances, vouchers, orders or old rules as CSV or JSON lines",
    "import": "balances that the venue brings along, from a file",
    "preview": "what an order would earn, and why",
    "replay": "what other rules would have made of the orders so far",
    "lists": "programs that somebody recommends, with their rules side by side",
    "cards": "what a guest has in all programs, found at relays and checked",
    "inbox": "what surprised the daemon and was set aside; take it up again",
    "outbox": "what waits to be sent, what was given up and why; try it again",
    "key": "make, show or encrypt a secret key",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; `argv` without the program's name, default: the process's own. Returns the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        parser = _parser(arguments)
        args = parser.parse_args(arguments)
        code = _module(args.verb).run(args)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return errors.EXIT_INTERRUPTED
    except BrokenPipeError:
        _write_no_more()  # the reader (`| head`) has left
        return errors.EXIT_DIFFERS
    except ConfigInvalid as error:
        _say(_config_text(error))
        return error.exit_code
    except LoyaltyError as error:
        _say(f"{error.code}: {error.detail}")
        return error.exit_code
    except LedgerError as error:
        return _ledger_trouble(error)
    except OSError as error:
        if error.errno is None:  # no file's, as that of a time that is over
            raise
        _write_no_more()  # the disk that the output goes to is full, for one
        _say(f"disk-unavailable: {error}")
        return errors.EXIT_UNAVAILABLE
    assert isinstance(code, int), f"the verb {args.verb} returned no exit code"
    return code


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """The parser of all verbs; only the one that was asked for brings its arguments, and is imported for that."""
    parser = argparse.ArgumentParser(
        prog="nostr-loyalty", description="Portable loyalty on Nostr: paid orders become signed, chained points."
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {_version()}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    asked = next((word for word in arguments if not word.startswith("-")), None)
    for verb, summary in VERBS.items():
        of_verb = verbs.add_parser(verb, help=summary, description=f"{summary[:1].upper()}{summary[1:]}.")
        if verb == asked:
            _module(verb).add_arguments(of_verb)
    return parser


def _module(verb: str) -> ModuleType:
    """The verb's module; one that is named by a word of Python's own has an underscore behind it."""
    return importlib.import_module(f"nostr_loyalty.cli.{verb}_" if iskeyword(verb) else f"nostr_loyalty.cli.{verb}")


def _config_text(error: ConfigInvalid) -> str:
    where = f"{error.source}: " if error.source else ""
    if len(error.mistakes) == 1:
        return where + error.mistakes[0]
    return f"{where}{len(error.mistakes)} mistakes\n" + "\n".join(f"  {mistake}" for mistake in error.mistakes)


def _ledger_trouble(error: LedgerError) -> int:
    """The ledger's errors have no exit code of their own: that room does not know that there is a command line."""
    _say(str(error))
    if isinstance(error, InvariantBroken):
        _say("this is a mistake of ours. Nothing of it was stored; `nostr-loyalty check` looks at the rest.")
        return errors.EXIT_INVARIANT
    return errors.EXIT_UNAVAILABLE if isinstance(error, LedgerUnavailable) else errors.EXIT_DIFFERS


def _write_no_more() -> None:
    """Let go of what was not written: Python would complain of it once more when it flushes stdout at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(text: str) -> None:
    print(f"nostr-loyalty: {text}", file=sys.stderr)


def _version() -> str:
    try:
        return version("nostr-loyalty")
    except PackageNotFoundError:  # run from a checkout that was never installed
        return "(not installed)"
