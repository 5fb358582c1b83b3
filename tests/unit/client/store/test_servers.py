"""Saved servers, and whether a graph's server is one of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from drawbridge.client.connection.endpoint import Transport
from drawbridge.client.store import servers as saved_servers
from drawbridge.client.store.servers import SavedServer, SavedServers
from drawbridge.errors import CredentialMissing, RequestRejected, StoreUnusable

PLAIN, OWN = Transport.PLAINTEXT, Transport.OWN_CA
STUDIO = SavedServer("Studio", "mac.local", 7859, OWN, " /etc/ca.pem ", "studio")


@pytest.fixture
def saved(tmp_path: Path) -> SavedServers:
    return SavedServers(tmp_path / "folder")


def test_saved_servers_outlive_the_object_and_stand_by_name(
    saved: SavedServers, tmp_path: Path
) -> None:
    assert saved.all() == []
    other = SavedServer("attic", "::1", 7001, PLAIN)
    for server in (STUDIO, other):
        saved.put(server)
    again = SavedServers(tmp_path / "folder")
    assert again.all() == [other, STUDIO]
    assert STUDIO.certificate == "/etc/ca.pem"
    assert again.find(" STUDIO ") == STUDIO
    assert other.address == "[::1]:7001"


def test_a_name_stands_for_one_server(saved: SavedServers) -> None:
    saved.put(STUDIO)
    moved = SavedServer("STUDIO", "10.0.0.2", 7859, PLAIN)
    saved.put(moved)
    assert saved.all() == [moved]
    saved.remove("studio")
    assert saved.all() == []
    with pytest.raises(RequestRejected, match="No server is saved as 'studio'"):
        saved.remove("studio")


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (("mac.local", 7859, OWN, "/etc/ca.pem", "studio"), True),
        ((" MAC.local. ", 7859, OWN, " /etc/ca.pem", " Studio "), True),
        (("mac.local", 7860, OWN, "/etc/ca.pem", "studio"), False),
        (("mac.local", 7859, PLAIN, "/etc/ca.pem", "studio"), False),
        (("mac.local", 7859, OWN, "/etc/other.pem", "studio"), False),
        (("mac.local", 7859, OWN, "/etc/ca.pem", ""), False),
        (("mac.local", 7859, OWN, "/etc/ca.pem", "p@ss"), False),
        (("mac.local.evil.example", 7859, OWN, "/etc/ca.pem", "studio"), False),
        (("http://mac.local", 7859, OWN, "/etc/ca.pem", "studio"), False),
        (("", 0, OWN, "", ""), False),
    ],
)
def test_saved_values_are_known_however_they_are_written(
    saved: SavedServers, asked: tuple[str, int, Transport, str, str], expected: bool
) -> None:
    saved.put(STUDIO)
    assert saved.holds(*asked) is expected


@pytest.mark.parametrize(
    ("name", "host", "port", "credential"),
    [
        ("", "mac.local", 1, ""),
        ("a" * 65, "mac.local", 1, ""),
        ("a\nb", "mac.local", 1, ""),
        ("x", "http://mac.local", 1, ""),
        ("x", "mac.local", 0, ""),
        ("x", "mac.local", 1, "p@ss"),
    ],
)
def test_what_connect_would_refuse_is_not_saved(
    name: str, host: str, port: int, credential: str
) -> None:
    with pytest.raises((RequestRejected, CredentialMissing)):
        SavedServer(name, host, port, PLAIN, "", credential)


@pytest.mark.parametrize(
    "content",
    [
        {"servers": {"x": 1}},
        {"servers": [1]},
        {"servers": [{"name": "x", "host": "mac.local", "port": "1", "transport": "plaintext"}]},
        {"servers": [{"name": "x", "host": "mac.local", "port": 1, "transport": "new"}]},
        {"servers": [{"name": "x", "host": "mac.local", "port": 1}]},
    ],
)
def test_damaged_file_is_told_and_left_alone(saved: SavedServers, content: object) -> None:
    assert saved.path is not None
    saved.path.parent.mkdir()
    saved.path.write_text(json.dumps(content))
    for attempt in (saved.all, lambda: saved.put(STUDIO), lambda: saved.remove("x")):
        with pytest.raises(StoreUnusable):
            attempt()
    assert json.loads(saved.path.read_text()) == content


def test_without_a_folder_nothing_is_saved() -> None:
    nowhere = SavedServers(None)
    assert nowhere.all() == []
    assert not nowhere.holds("127.0.0.1", 7859, PLAIN, "", "")
    with pytest.raises(StoreUnusable):
        nowhere.put(STUDIO)


def test_number_of_servers_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_servers, "MOST_SERVERS", 2)
    servers = SavedServers(tmp_path)
    for name in ("one", "two", "ONE"):
        servers.put(SavedServer(name, "mac.local", 7859, Transport.PINNED))
    with pytest.raises(RequestRejected, match="2 servers are saved"):
        servers.put(SavedServer("three", "mac.local", 7859, Transport.PINNED))
    assert [one.name for one in servers.all()] == ["ONE", "two"]
