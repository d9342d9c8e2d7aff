"""`nostr-loyalty key new | show | encrypt`: secret keys in files of mode 0600.

A secret is printed only where it was asked for by name (`show --secret`); `encrypt` writes a new text and leaves the
old file alone, so that nothing is lost when a passphrase was mistyped.
"""

import argparse
import getpass
import os
import sys
from pathlib import Path
from typing import Final

from kinds.keys import npub_encode
from kinds.ncryptsec import decrypt, encrypt
from nostr_loyalty.cli.init import new_key
from nostr_loyalty.errors import EXIT_OK, KeyUnreadable
from nostr_loyalty.keyfile import PASSPHRASE_VARIABLE, LocatedKey, read_key_file, unlock, write_key_file

DEFAULT_FILE: Final = Path("loyalty.key")
LOG_N: Final = 16  # 2**16 rounds of scrypt: 64 MiB and a fraction of a second, NIP-49's advice for a fast computer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`key new [FILE]`, `key show [FILE] [--secret]`, `key encrypt [FILE] [--out FILE]`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    new = actions.add_parser("new", help="write a new key file; an existing one is never overwritten")
    show = actions.add_parser("show", help="print the public key of a key file")
    show.add_argument("--secret", action="store_true", help="print the secret key (nsec) too")
    encrypted = actions.add_parser("encrypt", help="encrypt a key file with a passphrase (NIP-49, ncryptsec)")
    encrypted.add_argument("--out", type=Path, metavar="FILE", help="write it here instead of printing it")
    for action in (new, show, encrypted):
        action.add_argument("file", metavar="FILE", type=Path, nargs="?", default=DEFAULT_FILE, help="%(default)s")


def run(args: argparse.Namespace) -> int:
    """Do what was asked; KeyUnreadable says why not."""
    actions = {"new": _new, "show": _show, "encrypt": _encrypt}
    actions[args.action](args)
    return EXIT_OK


def _new(args: argparse.Namespace) -> None:
    key = new_key()
    write_key_file(args.file, key.nsec())
    print(npub_encode(key.public))


def _show(args: argparse.Namespace) -> None:
    key = unlock(LocatedKey(read_key_file(args.file), str(args.file)))
    print(f"npub    {npub_encode(key.public)}")
    print(f"hex     {key.public}")
    if args.secret:
        print(f"nsec    {key.nsec()}")


def _encrypt(args: argparse.Namespace) -> None:
    key = unlock(LocatedKey(read_key_file(args.file), str(args.file)))
    passphrase = _new_passphrase()
    text = encrypt(key, passphrase, salt=os.urandom(16), nonce=os.urandom(24), log_n=LOG_N)
    assert decrypt(text, passphrase).public == key.public, "what was encrypted must open again"
    if args.out is None:
        print(text)
        return
    write_key_file(args.out, text)
    print(f"{args.out}: written; try it (nostr-loyalty key show {args.out}), then delete {args.file}")


def _new_passphrase() -> str:
    """From the variable, else typed twice on a terminal."""
    if PASSPHRASE_VARIABLE in os.environ:
        passphrase = os.environ[PASSPHRASE_VARIABLE]
    elif sys.stdin.isatty():
        passphrase = getpass.getpass("New passphrase: ")
        if getpass.getpass("The same again: ") != passphrase:
            raise KeyUnreadable("the two passphrases differ; nothing was written")
    else:
        raise KeyUnreadable(f"no passphrase: set {PASSPHRASE_VARIABLE} or use a terminal")
    if not passphrase:
        raise KeyUnreadable("an empty passphrase protects nothing")
    return passphrase
