"""Which server is meant by options and environment."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from drawbridge.cli.connection import add_options, endpoint, timeout_seconds
from drawbridge.cli.outcome import Usage, fields
from drawbridge.client.address import Address
from drawbridge.client.connection.channel import draw_things_root
from drawbridge.client.server_fields import Transport
from drawbridge.client.store.credentials import Credentials
from drawbridge.client.store.secret import Secret
from drawbridge.client.store.server import Server
from drawbridge.client.store.servers import SavedServers
from drawbridge.errors import CredentialMissing


def parsed(*arguments: object) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_options(parser)
    return parser.parse_args([str(argument) for argument in arguments])


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    path = tmp_path / "root.pem"
    path.write_bytes(draw_things_root())
    return path


def test_nothing_said_is_this_computer_as_a_server_comes(tmp_path: Path) -> None:
    environ = {"DRAWBRIDGE_STORE": str(tmp_path)}
    found = endpoint(parsed(), environ)
    assert found.address == "127.0.0.1:7859"
    assert found.transport is Transport.DRAW_THINGS
    assert found.secret is None
    assert timeout_seconds(parsed(), environ) == 30


def test_default_server_is_meant_by_its_word_and_where_nothing_is_said(tmp_path: Path) -> None:
    saved, environ = SavedServers(tmp_path), {"DRAWBRIDGE_STORE": str(tmp_path)}
    with pytest.raises(Usage, match="No default server is set up here"):
        endpoint(parsed("--server", "default"), environ)
    saved.put(Server(Address("mac.local", 7000), Transport.PLAINTEXT, name="Studio"))
    saved.put(Server(Address("10.0.0.2"), Transport.SYSTEM, name="Other"))
    for options in (parsed("--server", "Default"), parsed()):
        found = endpoint(options, environ)
        assert (found.address, found.transport) == ("mac.local:7000", Transport.PLAINTEXT)
    assert endpoint(parsed("--port", 1), environ).address == "127.0.0.1:1"
    assert endpoint(parsed(), {**environ, "DRAWBRIDGE_HOST": "a.local"}).address == "a.local:7859"
    saved.choose("other")
    assert endpoint(parsed(), environ).address == "10.0.0.2:7859"
    saved.put(Server(Address("10.0.0.3"), Transport.SYSTEM, name="default"))
    assert endpoint(parsed("--server", "default"), environ).address == "10.0.0.3:7859"
    assert endpoint(parsed(), environ).address == "10.0.0.2:7859"


def test_environment_fills_in_and_options_win() -> None:
    environ = {
        "DRAWBRIDGE_HOST": "mac.local",
        "DRAWBRIDGE_PORT": "7000",
        "DRAWBRIDGE_TRANSPORT": "system",
        "DRAWBRIDGE_CREDENTIAL": "studio",
        "DRAWBRIDGE_SECRET_STUDIO": "sesame",
        "DRAWBRIDGE_SERVERS_STUDIO": "mac.local, [::1]:7001",
        "DRAWBRIDGE_TIMEOUT": "5",
    }
    found = endpoint(parsed(), environ)
    assert (found.address, found.transport) == ("mac.local:7000", Transport.SYSTEM)
    assert found.secret is not None
    assert found.secret.reveal() == "sesame"
    assert timeout_seconds(parsed(), environ) == 5
    chosen = parsed("--host", "::1", "--port", 7001, "--transport", "plaintext", "--timeout", 2)
    found = endpoint(chosen, environ)
    assert (found.address, found.transport) == ("[::1]:7001", Transport.PLAINTEXT)
    assert timeout_seconds(chosen, environ) == 2


def test_a_certificate_implies_an_own_authority(pem: Path) -> None:
    assert endpoint(parsed("--certificate", pem), {}).transport is Transport.OWN_CA
    environ = {"DRAWBRIDGE_CERTIFICATE": str(pem)}
    assert endpoint(parsed(), environ).certificate == draw_things_root().strip()
    assert endpoint(parsed("--transport", "plaintext"), environ).certificate is None
    elsewhere = {"DRAWBRIDGE_TRANSPORT": "plaintext"}
    assert endpoint(parsed("--certificate", pem), elsewhere).transport is Transport.OWN_CA


@pytest.mark.parametrize(
    ("arguments", "environ", "words"),
    [
        (("--host", "http://mac.local"), {}, "is a URL"),
        (("--port", "70000"), {}, "outside of 1 to 65535"),
        ((), {"DRAWBRIDGE_PORT": "x"}, "port 'x' is not a number"),
        ((), {"DRAWBRIDGE_TRANSPORT": "tls"}, "transport 'tls' is not known"),
        (("--transport", "own-ca"), {}, "No certificate"),
        (("--certificate", "absent.pem"), {}, "no certificate file absent.pem"),
        (("--certificate", "x", "--transport", "system"), {}, "does not read"),
    ],
)
def test_what_cannot_be_meant_is_a_wrong_use(
    arguments: tuple[str, ...], environ: dict[str, str], words: str
) -> None:
    with pytest.raises(Usage) as caught:
        endpoint(parsed(*arguments), environ)
    assert words in caught.value.problem


@pytest.mark.parametrize("value", ["x", "0", "-1", "nan", "1e9"])
def test_a_timeout_of_the_environment_that_is_no_time_is_a_wrong_use(value: str) -> None:
    with pytest.raises(Usage):
        timeout_seconds(parsed(), {"DRAWBRIDGE_TIMEOUT": value})


def test_a_missing_credential_is_told_for_a_shell() -> None:
    with pytest.raises(CredentialMissing) as caught:
        endpoint(parsed("--credential", "studio"), {})
    told = fields(caught.value)
    assert "drawbridge credentials" in told["remedy"]
    assert "--credential" in told["remedy"]
    assert "ComfyUI" not in told["remedy"]
    assert "workflow" not in told["remedy"]


def test_credential_of_the_environment_stays_here_unless_told(tmp_path: Path) -> None:
    environ = {"DRAWBRIDGE_SECRET_STUDIO": "sesame", "DRAWBRIDGE_STORE": str(tmp_path)}
    assert endpoint(parsed("--credential", "studio"), environ).secret == Secret("sesame")
    with pytest.raises(CredentialMissing) as caught:
        endpoint(parsed("--credential", "studio", "--host", "mac.local"), environ)
    assert "mac.local:7859" in caught.value.problem
    assert "DRAWBRIDGE_SERVERS_STUDIO" in caught.value.remedy


def test_saved_server_goes_before_the_environment_and_after_options(
    tmp_path: Path, pem: Path
) -> None:
    saved = SavedServers(tmp_path)
    own = Transport.OWN_CA
    saved.put(Server(Address("mac.local", 7000), own, str(pem), "studio", "Studio"))
    saved.put(Server(Address("10.0.0.2", 7001), Transport.PINNED, name="Other"))
    pasted = draw_things_root().decode()
    saved.put(Server(Address("::1", 7002), own, pasted, name="Pasted"))
    Credentials(tmp_path, {}).put("studio", servers=["mac.local:7000"], secret=Secret("sesame"))
    environ = {
        **{"DRAWBRIDGE_STORE": str(tmp_path), "DRAWBRIDGE_HOST": "elsewhere.example"},
        **{"DRAWBRIDGE_CERTIFICATE": "absent.pem", "DRAWBRIDGE_CREDENTIAL": "absent"},
    }
    found = endpoint(parsed("--server", "studio"), environ)
    assert (found.address, found.transport) == ("mac.local:7000", own)
    assert found.certificate == draw_things_root().strip()
    assert found.secret == Secret("sesame")
    assert endpoint(parsed(), {**environ, "DRAWBRIDGE_SERVER": "Studio"}) == found
    other = endpoint(parsed("--server", "other"), environ)
    assert (other.address, other.transport) == ("10.0.0.2:7001", Transport.PINNED)
    assert (other.certificate, other.secret) == (None, None)
    found = endpoint(parsed("--server", "Pasted"), environ)
    assert found.certificate == draw_things_root().strip()
    plain = parsed("--server", "studio", "--transport", "plaintext")
    assert endpoint(plain, environ).transport is Transport.PLAINTEXT
    with pytest.raises(CredentialMissing, match=r"not meant for 10\.0\.0\.3:7000"):
        endpoint(parsed("--server", "studio", "--host", "10.0.0.3"), environ)
    with pytest.raises(Usage, match="Other, Pasted, Studio"):
        endpoint(parsed("--server", "nobody"), environ)
