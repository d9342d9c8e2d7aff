"""Where a secret key comes from: files, variables, ciphertexts; and that none of it leaks."""

import os
from pathlib import Path

import pytest

from kinds.keys import SecretKey
from kinds.ncryptsec import encrypt
from nostr_loyalty.errors import KeyUnreadable
from nostr_loyalty.keyfile import (
    PASSPHRASE_CREDENTIAL,
    PASSPHRASE_VARIABLE,
    LocatedKey,
    ask_passphrase,
    locate,
    read_key_file,
    unlock,
    write_key_file,
)
from tests.unit.nostr_loyalty.config_files import new_key

PASSPHRASE = "correct horse"


def encrypted(key: SecretKey) -> str:
    """The key as an ncryptsec that opens quickly."""
    return encrypt(key, PASSPHRASE, salt=os.urandom(16), nonce=os.urandom(24), log_n=4)


def hex_of(key: SecretKey) -> str:
    """The secret as 64 hex digits."""
    return key.raw().hex()


@pytest.mark.parametrize("form", [SecretKey.nsec, hex_of, encrypted])
def test_a_key_file_may_hold_any_form(tmp_path: Path, form: object) -> None:
    """nsec, hex and ncryptsec in a file, and in a variable, give the same key."""
    assert callable(form)
    key = new_key()
    write_key_file(tmp_path / "k", form(key))
    in_file = locate("file:k", base=tmp_path, nsec_allowed=False)
    in_variable = locate("env:K", base=tmp_path, nsec_allowed=False, environ={"K": f" {form(key)}\n"})
    for located in (in_file, in_variable):
        assert unlock(located, passphrase=lambda _: PASSPHRASE).public == key.public
        assert form(key) not in repr(located)


def test_an_ncryptsec_may_stand_in_the_configuration() -> None:
    """It is a ciphertext, so the mode of the file does not matter."""
    key = new_key()
    located = locate(encrypted(key), base=Path(), nsec_allowed=False)
    assert located.needs_passphrase
    assert unlock(located, passphrase=lambda _: PASSPHRASE).public == key.public


def test_a_wrong_passphrase_is_told_as_such() -> None:
    """The message asks about the passphrase and holds neither it nor the ciphertext."""
    text = encrypted(new_key())
    with pytest.raises(KeyUnreadable, match="passphrase right") as caught:
        unlock(LocatedKey(text, "k"), passphrase=lambda _: "wrong")
    assert text[10:] not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """Any right for the group or for others is refused, with the command that puts it right."""
    path = tmp_path / "k"
    path.write_text(new_key().nsec(), encoding="ascii")
    for mode in (0o640, 0o604, 0o620, 0o644):
        path.chmod(mode)
        with pytest.raises(KeyUnreadable, match="chmod 600"):
            read_key_file(path)
    path.chmod(0o400)
    assert read_key_file(path).startswith("nsec1")


@pytest.mark.parametrize("content", [b"", b"\n", b"two words", b"x" * 5000, b"\xff\xfe", b"nsec1abc"])
def test_a_file_that_holds_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    """Whatever the file holds, the answer is KeyUnreadable and does not quote it."""
    path = tmp_path / "k"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeyUnreadable) as caught:
        unlock(locate("file:k", base=tmp_path, nsec_allowed=True))
    assert "two words" not in str(caught.value)


def test_what_is_not_there_says_how_to_make_it(tmp_path: Path) -> None:
    """A missing file, a folder in its place, a missing variable and a text that is no key are told with a remedy."""
    for name, says in (
        ("file:none", "key new"),
        (f"file:{tmp_path}", "directory|plain file"),
        ("env:NOT_SET_HERE", "NOT_SET_HERE is not set"),
        ("env:not a name", "not the name of"),
        ("loyalty.key", 'write "file:'),
        ("nsec1x", "chmod 600"),
    ):
        with pytest.raises(KeyUnreadable, match=says):
            locate(name, base=tmp_path, nsec_allowed=False, environ={})


def test_a_key_file_is_private_and_never_overwritten(tmp_path: Path) -> None:
    """A new file has mode 0600 whatever the umask; an existing one is left as it is."""
    path = tmp_path / "k"
    before = os.umask(0)
    try:
        write_key_file(path, "first")
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(KeyUnreadable, match="exists already"):
        write_key_file(path, "second")
    assert path.read_text(encoding="ascii") == "first\n"
    with pytest.raises(KeyUnreadable, match="No such file"):
        write_key_file(tmp_path / "no" / "k", "x")


def test_the_passphrase_comes_from_the_variable_then_the_credential(tmp_path: Path) -> None:
    """The variable wins over the systemd credential; without either and without a terminal the remedy is named."""
    (tmp_path / PASSPHRASE_CREDENTIAL).write_text("from systemd\n", encoding="utf-8")
    credential = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert ask_passphrase("k", environ=credential) == "from systemd"
    assert ask_passphrase("k", environ={**credential, PASSPHRASE_VARIABLE: "from env"}) == "from env"


def test_without_a_terminal_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A daemon without a terminal does not hang at a prompt."""
    with Path(os.devnull).open(encoding="ascii") as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        with pytest.raises(KeyUnreadable, match=PASSPHRASE_VARIABLE):
            ask_passphrase("k", environ={})
