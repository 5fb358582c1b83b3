"""Credentials and saved servers on the command line, up to a server that takes them."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from drawbridge.cli import credentials
from drawbridge.emulator.server.server import Emulator

Serve = Callable[..., Emulator]
Run = Callable[..., Any]
SECRET = "sesame-4711"


class Stdin(io.TextIOWrapper):
    """A text on stdin."""

    terminal = False

    def isatty(self) -> bool:
        return self.terminal


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def keep(run: Run, store: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Run a command with a folder of its own and a text on stdin, which is no terminal."""
    monkeypatch.setenv("DRAWBRIDGE_STORE", str(store))

    def call(*arguments: object, stdin: bytes = b"") -> Any:
        monkeypatch.setattr(sys, "stdin", Stdin(io.BytesIO(stdin)))
        return run(None, *arguments)

    return call


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[str]]:
    """Have somebody type a secret; return what was asked."""

    def sit_down(typed: str) -> list[str]:
        asked: list[str] = []

        def getpass(question: str) -> str:
            asked.append(question)
            return typed

        monkeypatch.setattr(credentials.getpass, "getpass", getpass)
        monkeypatch.setattr(Stdin, "terminal", True)
        return asked

    return sit_down


def test_credential_is_stored_listed_used_and_removed(
    keep: Run, run: Run, serve: Serve, store: Path
) -> None:
    emulator = serve(secret=SECRET)
    path = store / "credentials.json"
    said = keep(
        "credentials", "set", "studio", "--for", "127.0.0.1", "--stdin", stdin=b"sesame-4711\n"
    )
    assert (said.code, said.err) == (0, "")
    assert said.out == f"Stored 'studio' (shared secret, for 127.0.0.1) in {path}.\n"
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600
    listed = keep("credentials", "list")
    assert listed.out == "studio  shared secret  for 127.0.0.1  (stored)\n"
    assert keep("credentials", "list", "--json").json == {
        "credentials": [
            {
                **{"name": "studio", "stored": True, "servers": ["127.0.0.1"]},
                **{"has_secret": True, "has_identity": False},
            }
        ],
        "path": str(path),
    }
    assert run(emulator, "echo", "--credential", "studio").code == 0
    elsewhere = run(emulator, "echo", "--credential", "studio", "--host", "10.0.0.2", "--json")
    assert elsewhere.code == 5
    assert "not meant for 10.0.0.2" in elsewhere.json["error"]["problem"]
    removed = keep("credentials", "remove", "Studio", "--json")
    assert removed.json == {"removed": "Studio", "path": str(path)}
    assert keep("credentials", "list").out == "There are no credentials.\n"
    assert keep("credentials", "remove", "studio").code == 5
    said = [said, listed, elsewhere, removed]
    assert not any("4711" in one.out + one.err for one in said)


def test_secret_is_asked_for_at_a_terminal(
    keep: Run, terminal: Callable[[str], list[str]], store: Path
) -> None:
    asked = terminal(SECRET)
    assert keep("credentials", "set", "studio", "--for", "mac.local").code == 0
    assert asked == ["Shared secret (it is not shown): "]
    kept = (store / "credentials.json").read_text()
    assert SECRET in kept
    asked = terminal("")
    assert keep("credentials", "set", "studio", "--for", "10.0.0.2").code == 0
    assert "nothing to keep" in asked[0]
    assert (store / "credentials.json").read_text() == kept.replace("mac.local", "10.0.0.2")
    terminal("")
    assert keep("credentials", "set", "other", "--for", "10.0.0.2").code == 5


def test_servers_change_without_the_secret_and_the_secret_without_the_servers(
    keep: Run, store: Path
) -> None:
    keep("credentials", "set", "studio", "--for", "mac.local", "--stdin", stdin=b"one")
    assert keep("credentials", "set", "studio", "--for", "*").code == 0
    assert keep("credentials", "set", "studio", "--stdin", stdin=b"two").code == 0
    kept = (store / "credentials.json").read_text()
    assert '"*"' in kept
    assert '"two"' in kept


@pytest.mark.parametrize(
    ("arguments", "stdin", "words"),
    [
        (("set", "studio"), b"", "No server is named"),
        (("set", "studio", "--for", "x.local"), b"", "No shared secret is given"),
        (("set", "studio", "--for", "http://x", "--stdin"), b"x", "does not name a server"),
        (("set", "studio", "--for", "x", "--stdin"), b"a\nb\n", "not one line"),
        (("set", "studio", "--for", "x", "--stdin"), b"\xff\xfe", "not one line"),
        (("set", "studio", "--for", "x", "--stdin"), b"x" * 70_000, "not one line"),
        (("set", "studio", "--for", "x", "--client-key", "k.pem"), b"", "belong together"),
        (
            ("set", "a", "--for", "x", "--client-certificate", "c.pem", "--client-key", "k.pem"),
            b"",
            "c.pem cannot be read",
        ),
        ((), b"", "required: ACTION"),
        (("set", "studio", "--secret", "x"), b"", "Unrecognized arguments"),
    ],
)
def test_wrong_use_is_explained(
    keep: Run, store: Path, arguments: tuple[str, ...], stdin: bytes, words: str
) -> None:
    said = keep("credentials", *arguments, stdin=stdin)
    assert said.code == 2
    assert words in said.err
    assert not (store / "credentials.json").exists()


def test_client_certificate_is_stored_and_shown_to_the_server(
    keep: Run, run: Run, serve: Serve, tmp_path: Path
) -> None:
    emulator = serve(tls=True, certificate_names=("127.0.0.1",), require_client_certificate=True)
    pair = emulator.new_client()
    files = {"c.pem": pair.certificate, "k.pem": pair.key, "root.pem": emulator.certificate}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    given = ("--client-certificate", tmp_path / "c.pem", "--client-key", tmp_path / "k.pem")
    stored = keep("credentials", "set", "mutual", "--for", "localhost", *given)
    assert stored.code == 0
    assert "client certificate, for localhost" in stored.out
    trusting = ("echo", "--certificate", tmp_path / "root.pem")
    assert run(emulator, *trusting).code == 4
    assert run(emulator, *trusting, "--credential", "mutual").code == 0
    swapped = ("--client-certificate", tmp_path / "root.pem", "--client-key", tmp_path / "k.pem")
    assert keep("credentials", "set", "mutual", *swapped).code == 2


def test_environment_that_goes_before_a_stored_credential_is_told(
    keep: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRAWBRIDGE_SECRET_STUDIO", "other")
    said = keep("credentials", "set", "studio", "--for", "mac.local", "--stdin", stdin=b"x")
    assert said.code == 0
    assert "DRAWBRIDGE_SECRET_STUDIO" in said.err
    assert keep("credentials", "list").out.endswith("for localhost  (environment)\n")


def test_saved_server_gives_address_transport_and_credential(
    keep: Run, run: Run, serve: Serve, store: Path, tmp_path: Path
) -> None:
    emulator = serve(secret=SECRET, tls=True, certificate_names=("127.0.0.1",))
    (tmp_path / "root.pem").write_bytes(emulator.certificate)
    keep("credentials", "set", "studio", "--for", "127.0.0.1", "--stdin", stdin=SECRET.encode())
    chosen = ("--port", emulator.port, "--certificate", tmp_path / "root.pem")
    saved = keep("servers", "save", "Desk", *chosen, "--credential", "studio")
    assert saved.code == 0, saved.err
    address = f"127.0.0.1:{emulator.port}"
    listed = keep("servers", "list")
    assert listed.out == f"Desk  {address}  (own-ca, credential studio)  default\n"
    assert keep("servers", "list", "--json").json["servers"] == [
        {
            **{"name": "Desk", "host": "127.0.0.1", "port": emulator.port},
            **{"transport": "own-ca", "certificate": str(tmp_path / "root.pem")},
            "credential": "studio",
        }
    ]
    assert keep("echo", "--server", "desk").code == 0
    assert keep("echo", "--server", "desk", "--transport", "plaintext").code == 4
    assert keep("echo", "--server", "nobody").code == 2
    assert keep("servers", "remove", "DESK").code == 0
    assert keep("servers", "list").out == "No server is saved.\n"
    assert keep("servers", "remove", "desk").code == 2
    assert keep("servers", "save", "Desk", "--host", "http://x").code == 2
    assert keep("servers", "save", "Desk", "--certificate", "absent.pem").code == 2
    assert keep("servers", "list", "--json").json["servers"] == []


def test_damaged_file_is_told_and_left_alone(keep: Run, store: Path) -> None:
    store.mkdir()
    path = store / "credentials.json"
    path.write_text('{"credentials": "4711')
    for arguments in (("list",), ("set", "a", "--for", "b", "--stdin"), ("remove", "a")):
        said = keep("credentials", *arguments, stdin=b"x")
        assert said.code == 2
        assert "damaged" in said.err
        assert "4711" not in said.err
    assert path.read_text() == '{"credentials": "4711'


def test_secret_comes_through_a_pipe(plain_environment: None, store: Path) -> None:
    script = (sys.executable, "-W", "error", "-m", "cli", "credentials", "set", "studio")
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [*script, "--for", "mac.local", "--stdin", "--store", str(store), "--json"],
        input=f"{SECRET}\n",
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    assert SECRET not in done.stdout + done.stderr
    assert SECRET in (store / "credentials.json").read_text()
