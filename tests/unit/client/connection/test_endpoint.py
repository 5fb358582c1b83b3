"""Addresses and certificates as people type them."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle

import pytest

from drawbridge.client.connection.channel import draw_things_root
from drawbridge.client.connection.endpoint import Endpoint
from drawbridge.client.server_fields import Transport
from drawbridge.client.store.certificates import check_certificate
from drawbridge.client.store.credentials import Secret
from drawbridge.errors import CredentialMissing, RequestRejected

_WORD = "sesame-4711"


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("mac.local", "mac.local:7859"),
        ("  192.168.1.20 ", "192.168.1.20:7859"),
        ("::1", "[::1]:7859"),
        ("[fe80::1]", "[fe80::1]:7859"),
        ("Studio-Mac", "Studio-Mac:7859"),
        ("my_mac", "my_mac:7859"),
        ("münchen.example", "münchen.example:7859"),
    ],
)
def test_hosts_that_people_type_give_an_address(host: str, address: str) -> None:
    assert Endpoint(host).address == address


@pytest.mark.parametrize(
    "host",
    [
        *("", "   ", "http://mac.local", "mac.local/api", "mac.local:7859", "user@mac", "a b"),
        *(
            "unix:socket",
            "[mac]",
            "-mac",
            "mac..local",
            "1:2:3",
            "a?b",
            "a#b",
            "a\\b",
            "[::1",
            "a" * 64,
        ),
        *("127.1", "0x7f.1", "2130706433", "0177.0.0.1", "127.0.0.1.", "1.2.3.4.5", "\u2488.com"),
        *("a." * 127 + "a", "fe80::1%", "fe80::1%a b"),
    ],
)
def test_what_is_no_host_is_rejected_with_a_remedy(host: str) -> None:
    with pytest.raises(RequestRejected) as caught:
        Endpoint(host)
    assert caught.value.remedy.startswith("Give the ")


@pytest.mark.parametrize("host", ["::1%1]:9,[2001:db8::1", "::1%1],[2001:db8::1", "::1%1,2"])
def test_a_zone_cannot_smuggle_in_another_address(host: str) -> None:
    """Such a host would count as this computer, and gRPC would read two addresses."""
    assert Endpoint("fe80::1%eth0.100").host == "fe80::1%eth0.100"
    with pytest.raises(RequestRejected, match="neither a name nor an IP address"):
        Endpoint(host)


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_port_outside_of_its_range_is_rejected(port: int) -> None:
    with pytest.raises(RequestRejected, match=f"port {port}"):
        Endpoint("mac.local", port)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("localhost", True), ("127.0.0.9", True), ("::1", True), ("mac.local", False), ("::2", False)],
)
def test_loopback_is_known_by_its_addresses(host: str, loopback: bool) -> None:
    assert Endpoint(host).is_loopback is loopback


def test_own_authority_wants_a_certificate() -> None:
    with pytest.raises(RequestRejected, match="No certificate"):
        Endpoint("mac.local", transport=Transport.OWN_CA)


@pytest.mark.parametrize(
    "pem",
    [
        *(
            b"",
            b"\xff\xfe",
            "hello",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
        ),
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
    ],
)
def test_what_is_no_certificate_is_rejected(pem: str | bytes) -> None:
    with pytest.raises(RequestRejected, match="certificate"):
        check_certificate(pem)


def test_a_certificate_is_taken_as_text_and_as_bytes() -> None:
    pem = draw_things_root()
    assert check_certificate(pem) == check_certificate(pem.decode()) == pem
    endpoint = Endpoint("mac.local", transport=Transport.OWN_CA, certificate=pem)
    assert endpoint.expected_name == "mac.local"


def test_a_name_in_other_letters_is_expected_as_certificates_write_it() -> None:
    endpoint = Endpoint("münchen.example", transport=Transport.SYSTEM)
    assert endpoint.expected_name == "xn--mnchen-3ya.example"


def test_the_shared_certificate_is_expected_to_be_for_localhost() -> None:
    assert Endpoint("mac.local").expected_name == "localhost"


def test_a_secret_never_shows_itself() -> None:
    secret = Secret(_WORD)
    endpoint = Endpoint("mac.local", secret=secret)
    shown = [
        *(
            repr(secret),
            str(secret),
            f"{secret}",
            f"{secret!r:>20}",
            repr([secret]),
            f"{secret}",
        ),
        *(repr(endpoint), str(endpoint), str(dataclasses.asdict(endpoint))),
    ]
    assert not any(_WORD in text for text in shown)
    with pytest.raises(TypeError):
        pickle.dumps(endpoint)
    with pytest.raises(TypeError):
        json.dumps(secret)
    assert not hasattr(secret, "__dict__")


def test_a_secret_does_not_change_and_compares_by_value() -> None:
    secret = Secret(_WORD)
    with pytest.raises(AttributeError):
        secret.anything = 1  # pyright: ignore[reportAttributeAccessIssue]
    assert secret == Secret(_WORD)
    assert secret != Secret("other")
    assert hash(secret) == hash(Secret(_WORD))
    assert copy.deepcopy(secret) is secret


@pytest.mark.parametrize("value", ["", "\ud800" + _WORD])
def test_a_secret_that_cannot_be_sent_is_refused_without_showing_it(value: str) -> None:
    with pytest.raises(CredentialMissing) as caught:
        Secret(value)
    assert _WORD not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
