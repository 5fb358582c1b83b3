"""Credentials: where they come from, and to which servers they go."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from drawbridge.client.store.credentials import Credential, Credentials, Listed
from drawbridge.client.store.secret import Identity, Secret
from drawbridge.errors import CredentialMissing, DrawbridgeError, RequestRejected, StoreUnusable

_WORD = "sesame-4711"
_KEY = bytes(32)


@pytest.fixture
def stored(tmp_path: Path) -> Credentials:
    """Return credentials with `studio` for mac.local."""
    found = Credentials(tmp_path / "folder", {})
    found.put("Studio", servers=["mac.local"], secret=Secret(_WORD))
    return found


def secret_of(credential: Credential | None) -> str:
    assert credential is not None
    assert credential.secret is not None
    return credential.secret.reveal()


def test_no_name_asks_for_nothing(stored: Credentials) -> None:
    assert stored.find("", "evil.example", 1) is None
    assert stored.find("  ", "evil.example", 1) is None


def test_stored_credential_outlives_the_object(stored: Credentials, tmp_path: Path) -> None:
    again = Credentials(tmp_path / "folder", {})
    for name in ("studio", "STUDIO", " Studio ", "DRAWBRIDGE_SECRET_STUDIO"):
        assert secret_of(again.find(name, "MAC.local.", 7859)) == _WORD
    assert again.listed() == [Listed("Studio", True, ("mac.local",), True, False)]
    assert again.stored("studio") == again.listed()[0]
    assert stored.path is not None
    if os.name == "posix":
        assert stored.path.stat().st_mode & 0o777 == 0o600


def test_credential_goes_to_its_servers_and_to_no_other(stored: Credentials) -> None:
    stored.put("studio", servers=["mac.local:7859", "[fe80::1]"])
    assert secret_of(stored.find("studio", "mac.local", 7859)) == _WORD
    assert secret_of(stored.find("studio", "fe80:0::1", 1)) == _WORD
    for host, port in [("evil.example", 7859), ("mac.local", 7860), ("127.0.0.1", 7859)]:
        with pytest.raises(CredentialMissing) as caught:
            stored.find("studio", host, port)
        assert f"'studio' is not meant for {host}:{port}" in caught.value.problem
        assert _WORD not in str(caught.value)
    stored.put("studio", servers=["*"])
    assert secret_of(stored.find("studio", "evil.example", 1)) == _WORD


def test_credential_of_the_environment_stays_on_this_computer_unless_told() -> None:
    environ = {"DRAWBRIDGE_SECRET_MY_STUDIO": _WORD + "\r\n"}
    found = Credentials(None, environ)
    for name in ("my studio", "My-Studio", "DRAWBRIDGE_SECRET_MY_STUDIO", " my.studio "):
        for host in ("127.0.0.1", "localhost", "::1"):
            assert secret_of(found.find(name, host, 7859)) == _WORD
    with pytest.raises(CredentialMissing) as caught:
        found.find("my-studio", "mac.local", 7859)
    assert "DRAWBRIDGE_SERVERS_MY_STUDIO" in caught.value.remedy
    environ["DRAWBRIDGE_SERVERS_MY_STUDIO"] = "mac.local, 10.0.0.2:7859,"
    assert secret_of(found.find("my-studio", "mac.local", 7859)) == _WORD
    assert secret_of(found.find("my-studio", "10.0.0.2", 7859)) == _WORD
    with pytest.raises(CredentialMissing):
        found.find("my-studio", "127.0.0.1", 7859)
    environ["DRAWBRIDGE_SERVERS_MY_STUDIO"] = "http://mac.local"
    with pytest.raises(CredentialMissing, match="DRAWBRIDGE_SERVERS_MY_STUDIO"):
        found.find("my-studio", "mac.local", 7859)


def test_environment_goes_before_the_file(stored: Credentials, tmp_path: Path) -> None:
    environ = {"DRAWBRIDGE_SECRET_STUDIO": "other"}
    both = Credentials(tmp_path / "folder", environ)
    assert secret_of(both.find("studio", "localhost", 1)) == "other"
    with pytest.raises(CredentialMissing):  # its own servers, not those of the stored one
        both.find("studio", "mac.local", 1)
    assert both.listed() == [Listed("studio", False, ("localhost",), True, False)]
    assert both.stored("studio") == stored.stored("studio")
    moved = Credentials(tmp_path / "folder", {"DRAWBRIDGE_SERVERS_STUDIO": "10.0.0.2"})
    assert secret_of(moved.find("studio", "10.0.0.2", 1)) == _WORD
    with pytest.raises(CredentialMissing):
        moved.find("studio", "mac.local", 1)


def test_missing_credential_is_told_to_who_received_a_workflow() -> None:
    for environ in ({}, {"STUDIO": "x", "DRAWBRIDGE_SECRET_STUDIO": " "}):
        with pytest.raises(CredentialMissing) as caught:
            Credentials(None, environ).find("studio", "mac.local", 7859)
        assert "'studio'" in caught.value.problem
        assert "ComfyUI's settings under Drawbridge" in caught.value.remedy
        assert "workflow" in caught.value.remedy


def test_a_workflow_cannot_name_another_variable() -> None:
    with pytest.raises(CredentialMissing):
        Credentials(None, {"AWS_SECRET_ACCESS_KEY": _WORD}).find(
            "AWS_SECRET_ACCESS_KEY", "localhost", 1
        )


@pytest.mark.parametrize("name", ["p@ssw0rd!", "a" * 65, "studio/x", "\ud800", "stüdio"])
def test_an_odd_name_is_refused_and_not_repeated(stored: Credentials, name: str) -> None:
    for attempt in (
        lambda: stored.find(name, "mac.local", 1),
        lambda: stored.put(name, servers=["*"], secret=Secret("x")),
        lambda: stored.remove(name),
        lambda: stored.digest(name, _KEY),
    ):
        with pytest.raises(CredentialMissing) as caught:
            attempt()
        assert name not in str(caught.value)


def test_a_secret_typed_as_a_name_is_not_repeated(stored: Credentials, tmp_path: Path) -> None:
    environ = {"DRAWBRIDGE_SECRET_OTHER": "hunter2"}
    for name in (_WORD, "hunter2"):
        with pytest.raises(CredentialMissing) as caught:
            Credentials(tmp_path / "folder", environ).find(name, "mac.local", 1)
        assert name not in str(caught.value)
        assert "by its secret" in caught.value.problem


def test_what_is_not_given_stays_as_it_is_stored(stored: Credentials, identity: Identity) -> None:
    stored.put("studio", servers=["10.0.0.2"], identity=identity)
    found = stored.find("studio", "10.0.0.2", 1)
    assert found == Credential("studio", Secret(_WORD), identity)
    stored.put("STUDIO", servers=["10.0.0.3"], secret=Secret("new"))
    assert stored.find("studio", "10.0.0.3", 1) == Credential("STUDIO", Secret("new"), identity)
    assert stored.listed() == [Listed("STUDIO", True, ("10.0.0.3",), True, True)]


@pytest.mark.parametrize("further", ["*", "evil.example", "mac.local:7860", "localhost"])
def test_a_page_cannot_have_a_secret_sent_further(
    stored: Credentials, identity: Identity, further: str
) -> None:
    """It may write secrets, not read them: by a server of its own it would."""
    stored.put("studio", servers=["mac.local:7859", "10.0.0.2"])
    before = stored.stored("studio")
    for name in ("studio", " STUDIO", "DRAWBRIDGE_SECRET_STUDIO"):
        for given in (None, identity):
            with pytest.raises(RequestRejected) as caught:
                stored.put(name, servers=["10.0.0.2", further], identity=given, by_owner=False)
            assert _WORD not in str(caught.value)
    assert stored.stored("studio") == before
    stored.put("studio", servers=["MAC.local.:7859"], identity=identity, by_owner=False)
    stored.put("studio", servers=[further], secret=Secret("another"), by_owner=False)
    assert secret_of(stored.find("studio", further.partition(":")[0], 7860)) == "another"
    stored.put("badge", servers=["mac.local"], identity=identity, by_owner=False)
    stored.put("badge", servers=["*"], by_owner=False)  # its key is never sent


def test_credential_without_server_or_content_is_refused(stored: Credentials) -> None:
    with pytest.raises(RequestRejected, match="not meant for any server"):
        stored.put("studio", servers=[], secret=Secret("new"))
    with pytest.raises(RequestRejected, match="does not name a server"):
        stored.put("studio", servers=["mac.local", "http://x"], secret=Secret("new"))
    with pytest.raises(RequestRejected, match="neither"):
        stored.put("other", servers=["*"])
    with pytest.raises(RequestRejected, match="for 101 servers"):
        stored.put("studio", servers=[f"mac{number}.local" for number in range(101)])
    assert secret_of(stored.find("studio", "mac.local", 1)) == _WORD


def test_identity_of_no_use_is_refused_and_not_stored(
    stored: Credentials, identity: Identity
) -> None:
    broken = Identity(identity.certificate, Secret(identity.key.reveal()[:-60]))
    with pytest.raises(RequestRejected):
        stored.put("studio", servers=["*"], identity=broken)
    assert stored.listed() == [Listed("Studio", True, ("mac.local",), True, False)]


def test_identity_of_the_environment_comes_from_files(tmp_path: Path, identity: Identity) -> None:
    certificate, key = tmp_path / "c.pem", tmp_path / "k.pem"
    certificate.write_bytes(identity.certificate + b"\n" + identity.key.reveal().encode())
    environ = {"DRAWBRIDGE_CLIENT_CERTIFICATE_STUDIO": str(certificate)}
    found = Credentials(None, environ)
    with pytest.raises(CredentialMissing, match="no key"):
        found.find("studio", "localhost", 1)
    environ["DRAWBRIDGE_CLIENT_KEY_STUDIO"] = str(key)
    with pytest.raises(CredentialMissing, match=r"k\.pem cannot be read"):
        found.find("studio", "localhost", 1)
    key.write_text(identity.key.reveal())
    # a key beside the certificate does not travel with it
    assert found.find("studio", "localhost", 1) == Credential("studio", None, identity)
    assert found.listed() == [Listed("studio", False, ("localhost",), False, True)]


def test_removed_credential_is_gone(stored: Credentials, tmp_path: Path) -> None:
    stored.put("other", servers=["*"], secret=Secret("x"))
    stored.remove("STUDIO")
    assert [one.name for one in stored.listed()] == ["other"]
    assert stored.path is not None
    assert _WORD not in stored.path.read_text()
    with pytest.raises(CredentialMissing):
        stored.remove("studio")
    environ = {"DRAWBRIDGE_SECRET_STUDIO": "x"}
    with pytest.raises(CredentialMissing, match="environment variable"):
        Credentials(tmp_path / "folder", environ).remove("studio")


def test_without_a_folder_nothing_is_stored() -> None:
    with pytest.raises(StoreUnusable):
        Credentials(None, {}).put("studio", servers=["*"], secret=Secret("x"))
    assert Credentials(None, {}).listed() == []


@pytest.mark.parametrize(
    "content",
    [
        [],
        {"STUDIO": 1},
        {"STUDIO": {"name": "studio"}},
        {"STUDIO": {"name": "studio", "servers": "mac.local", "secret": _WORD}},
        {"STUDIO": {"name": "studio", "servers": ["http://x"], "secret": _WORD}},
        {"STUDIO": {"name": "other", "servers": ["*"], "secret": _WORD}},
        {"STUDIO": {"name": "studio", "servers": ["*"], "secret": 1}},
        {"STUDIO": {"name": "studio", "servers": ["*"], "secret": "\ud800" + _WORD}},
    ],
)
def test_damaged_file_is_told_and_left_alone(stored: Credentials, content: object) -> None:
    assert stored.path is not None
    stored.path.write_text(json.dumps({"credentials": content}))
    before = stored.path.read_bytes()
    for attempt in (
        stored.listed,
        lambda: stored.find("studio", "mac.local", 1),
        lambda: stored.put("studio", servers=["*"], secret=Secret("x")),
        lambda: stored.remove("studio"),
    ):
        with pytest.raises(DrawbridgeError) as caught:
            attempt()
        assert isinstance(caught.value, StoreUnusable)
        assert _WORD not in str(caught.value)
    assert stored.path.read_bytes() == before


def test_digest_changes_with_what_a_name_stands_for(
    stored: Credentials, identity: Identity
) -> None:
    seen = [stored.digest("studio", _KEY), stored.digest("absent", _KEY)]
    assert stored.digest("", _KEY) == b""
    stored.put("studio", servers=["mac.local"], secret=Secret("new"))
    seen.append(stored.digest("studio", _KEY))
    stored.put("studio", servers=["10.0.0.2"])
    seen.append(stored.digest("studio", _KEY))
    stored.put("studio", servers=["10.0.0.2"], identity=identity)
    seen.append(stored.digest("studio", _KEY))
    assert len(set(seen)) == len(seen)
    assert stored.digest("studio", _KEY) == seen[-1] != stored.digest("studio", b"x")
