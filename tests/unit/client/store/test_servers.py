"""Saved servers, and whether a graph's server is one of them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from drawbridge.client.address import Address
from drawbridge.client.server_fields import DEFAULT_SERVER, Transport, means_default
from drawbridge.client.store import servers as saved_servers
from drawbridge.client.store.server import Server
from drawbridge.client.store.servers import SavedServers
from drawbridge.errors import (
    CredentialMissing,
    NoDefaultServer,
    RequestRejected,
    StoreUnusable,
)

PLAIN, OWN = Transport.PLAINTEXT, Transport.OWN_CA
STUDIO = Server(Address("mac.local"), OWN, " /etc/ca.pem ", "studio", "Studio")


@pytest.fixture
def saved(tmp_path: Path) -> SavedServers:
    return SavedServers(tmp_path / "folder")


def test_saved_servers_outlive_the_object_and_stand_by_name(
    saved: SavedServers, tmp_path: Path
) -> None:
    assert saved.all() == []
    other = Server(Address("::1", 7001), PLAIN, name="attic")
    for server in (STUDIO, other):
        saved.put(server)
    again = SavedServers(tmp_path / "folder")
    assert again.all() == [other, STUDIO]
    assert STUDIO.certificate == "/etc/ca.pem"
    assert again.find(" STUDIO ") == STUDIO
    assert str(other.address) == "[::1]:7001"


def test_a_name_stands_for_one_server(saved: SavedServers) -> None:
    saved.put(STUDIO)
    moved = Server(Address("10.0.0.2"), PLAIN, name="STUDIO")
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
    ],
)
def test_saved_values_are_known_however_they_are_written(
    saved: SavedServers, asked: tuple[str, int, Transport, str, str], expected: bool
) -> None:
    saved.put(STUDIO)
    host, port, transport, certificate, credential = asked
    server = Server(Address(host, port), transport, certificate, credential)
    assert saved.holds(server) is expected


@pytest.mark.parametrize(
    ("name", "host", "port", "credential"),
    [
        ("", "mac.local", 1, ""),
        ("a" * 65, "mac.local", 1, ""),
        ("a\nb", "mac.local", 1, ""),
        ("x", "http://me@mac.local", 1, ""),
        ("x", "mac.local", 0, ""),
        ("x", "mac.local", 1, "p@ss"),
    ],
)
def test_what_connect_would_refuse_is_not_saved(
    saved: SavedServers, name: str, host: str, port: int, credential: str
) -> None:
    entry = {"name": name, "host": host, "port": port, "transport": PLAIN.value}
    with pytest.raises((RequestRejected, CredentialMissing)):
        saved.put(Server.from_dict({**entry, "credential": credential}))
    assert saved.all() == []


def test_file_is_written_as_it_always_was(saved: SavedServers) -> None:
    saved.put(STUDIO)
    assert saved.path is not None
    assert saved.path.read_bytes() == (
        b'{\n  "servers": [\n    {\n      "name": "Studio",\n      "host": "mac.local",\n'
        b'      "port": 7859,\n      "transport": "own certificate authority",\n'
        b'      "certificate": "/etc/ca.pem",\n      "credential": "studio"\n    }\n  ]\n}\n'
    )


def named(name: str, host: str = "mac.local") -> Server:
    return Server(Address(host), PLAIN, name=name)


def test_the_first_server_is_the_default_until_another_is_chosen(saved: SavedServers) -> None:
    with pytest.raises(NoDefaultServer, match="no server is saved"):
        saved.default()
    assert saved.default_name() == ""
    for name in ("Studio", "attic"):
        saved.put(named(name))
    assert saved.default() == named("Studio")
    saved.choose("ATTIC")
    assert saved.default_name() == "attic"
    saved.put(named("Attic", "10.0.0.2"))  # another address and spelling: still the same one
    assert saved.default() == named("Attic", "10.0.0.2")
    with pytest.raises(RequestRejected, match="No server is saved as 'cellar'"):
        saved.choose("cellar")
    assert saved.default_name() == "Attic"


def test_the_default_stays_one_under_a_new_name(saved: SavedServers) -> None:
    for name in ("one", "two"):
        saved.put(named(name))
    saved.put(named("first"), replaces="ONE")
    assert [one.name for one in saved.all()] == ["first", "two"]
    assert saved.default_name() == "first"
    saved.put(named("second"), replaces="two")
    assert saved.default_name() == "first"


def test_a_default_that_is_removed_is_chosen_anew_by_the_person(saved: SavedServers) -> None:
    for name in ("one", "two", "three"):
        saved.put(named(name))
    saved.remove("one")
    with pytest.raises(NoDefaultServer, match=r"None of the saved .*: three, two\."):
        saved.default()
    saved.put(named("four"))
    assert saved.default_name() == ""
    for name in ("two", "four"):
        saved.remove(name)
    assert saved.default_name() == "three"  # the only one


def test_servers_that_were_saved_before_there_was_a_default_still_count(
    saved: SavedServers,
) -> None:
    assert saved.path is not None
    saved.path.parent.mkdir()
    entry = {**named("old").as_dict(), "name": "old"}
    saved.path.write_text(json.dumps({"servers": [entry]}))
    assert saved.default_name() == "old"
    saved.put(named("new"))
    assert saved.default_name() == "old"
    saved.path.write_text(json.dumps({"servers": [entry, {**entry, "name": "older"}]}))
    assert saved.default_name() == ""


def test_no_host_has_the_name_that_stands_for_the_default() -> None:
    assert means_default(" Default Server ")
    assert not any(map(means_default, ("default", "default.", "defaultserver", "", None, 7)))
    with pytest.raises(RequestRejected):
        Address(DEFAULT_SERVER)
    assert Address("default").host == "default"


@pytest.mark.parametrize(
    "content",
    [
        {"servers": [], "default": 1},
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
    for attempt in (saved.default, lambda: saved.put(STUDIO)):
        with pytest.raises(StoreUnusable):
            attempt()
    assert json.loads(saved.path.read_text()) == content


def test_without_a_folder_nothing_is_saved() -> None:
    nowhere = SavedServers(None)
    assert nowhere.all() == []
    assert not nowhere.holds(STUDIO)
    with pytest.raises(StoreUnusable):
        nowhere.put(STUDIO)


def test_number_of_servers_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_servers, "MOST_SERVERS", 2)
    servers = SavedServers(tmp_path)
    for name in ("one", "two", "ONE"):
        servers.put(Server(Address("mac.local"), Transport.PINNED, name=name))
    with pytest.raises(RequestRejected, match="2 servers are saved"):
        servers.put(Server(Address("mac.local"), Transport.PINNED, name="three"))
    assert [one.name for one in servers.all()] == ["ONE", "two"]


def test_server_shows_neither_certificate_nor_credential() -> None:
    assert "studio" not in repr(
        replace(STUDIO, name="")
    )  # somebody may have typed the secret itself
    assert "ca.pem" not in repr(STUDIO)


def test_server_is_read_from_what_it_is_written_to() -> None:
    for server in (STUDIO, Server(Address("::1", 7001))):
        assert Server.from_dict(server.as_dict()) == server
    for wrong in ({"host": "http://me@mac.local"}, {"host": "", "port": 0}, {"transport": "new"}):
        with pytest.raises(RequestRejected):
            Server.from_dict({**STUDIO.as_dict(), **wrong})
