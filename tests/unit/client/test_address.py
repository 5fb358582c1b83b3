"""Different ways to write a host, and what covers it."""

from __future__ import annotations

import pytest

from drawbridge.client.address import Address, Destination, is_loopback, normalised
from drawbridge.errors import RequestRejected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Mac.Local", " mac.local. "),
        ("münchen.example", "XN--MNCHEN-3YA.example"),
        ("MÜNCHEN.example.", "münchen.example"),
        ("::1", "[0:0:0:0:0:0:0:1]"),
        ("FE80::A", "[fe80:0::a]"),
        ("192.168.1.20", "::ffff:192.168.1.20"),
        ("\uff11\uff12\uff17.0.0.1", "127.0.0.1"),
    ],
)
def test_ways_to_write_one_host_are_equal(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("mac.local", "mac.local.evil.example"),
        ("mac.local", "xmac.local"),
        ("192.168.1.20", "192.168.1.2"),
        ("fe80::1", "fe80::1%eth0"),
        ("münchen.example", "munchen.example"),
        ("a" * 70, "b" * 70),
        ("192.168.1.20", "192.168.1.20."),  # which is looked up like a name
        ("127.0.0.1", "127.1"),
        ("127.0.0.1", "0x7f.1"),
        ("127.0.0.1", "2130706433"),
        ("::1", "::1%1]:9,[2001:db8::1"),
        ("mac.local", "m\u0430c.local"),  # with a Cyrillic letter
    ],
)
def test_other_hosts_are_not_equal(one: str, other: str) -> None:
    assert normalised(one) != normalised(other)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        *((host, True) for host in ("localhost", "LOCALHOST.", "127.3.2.1", "::1", "[::1]")),
        ("::ffff:127.0.0.1", True),
        *((host, False) for host in ("mac.local", "0.0.0.0", "localhost.example", "", "::2")),
        *((host, False) for host in ("127.1", "0x7f000001", "2130706433", "127.0.0.1.", "::1%a]b")),
        *((host, True) for host in ("::1%lo", "::1%1", "::ffff:127.0.0.1%eth0.100")),
    ],
)
def test_this_computer_is_known_by_name_and_address(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    ("text", "told", "covered", "others"),
    [
        ("Mac.local", "mac.local", [("MAC.LOCAL.", 1)], [("mac", 1)]),
        ("mac.local:7859", "mac.local:7859", [("mac.local", 7859)], [("mac.local", 7860)]),
        ("::1", "::1", [("::1", 7859), ("127.0.0.1", 7859)], [("::2", 7859)]),
        ("[FE80::1]:70", "[fe80::1]:70", [("fe80::1", 70)], [("fe80::1", 71)]),
        ("[fe80::1]", "fe80::1", [("[fe80:0::1]", 1)], [("fe80::2", 1)]),
        ("fe80::1:7859", "fe80::1:7859", [("fe80::1:7859", 1)], [("fe80::1", 7859)]),
        ("localhost:70", "localhost:70", [("127.0.0.1", 70), ("::1", 70)], [("127.0.0.1", 71)]),
        (" * ", "*", [("evil.example", 1)], []),
        ("bücher.example", "xn--bcher-kva.example", [("BÜCHER.example", 1)], [("bucher", 1)]),
    ],
)
def test_an_entry_covers_what_it_names(
    text: str, told: str, covered: list[tuple[str, int]], others: list[tuple[str, int]]
) -> None:
    entry = Destination.read(text)
    assert str(entry) == told
    assert Destination.read(told) == entry
    assert all(entry.covers(host, port) for host, port in covered)
    assert not any(entry.covers(host, port) for host, port in others)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", ":7859", "mac.local:", "mac.local:0", "mac.local:65536", "mac.local:x", "**"),
        *("*.local", "*:7859", "http://mac.local", "mac.local/x", "a b", "[mac]", "[mac]:80"),
        *("mac..local", "-mac", "[::1", "user@mac", "mac.local,10.0.0.1", "1:2:3"),
        *("127.1", "0177.0.0.1", "0x7f.1", "2130706433", "1.2.3.4.5", "mac.0x1"),
        *(
            "[::1%1]:9,[2001:db8::1]",
            "::1%1]:9,[2001:db8::1",
            "fe80::1%",
            "a" * 254,
            "ä" * 1_000_000,
        ),
    ],
)
def test_what_names_no_server_is_rejected(text: str) -> None:
    with pytest.raises(RequestRejected, match="does not name a server"):
        Destination.read(text)


@pytest.mark.parametrize(
    ("entry", "within", "beyond"),
    [
        ("*", ("*", "mac.local", "mac.local:1"), ()),
        ("mac.local", ("MAC.local.", "mac.local:1"), ("*", "mac", "xmac.local:1")),
        ("mac.local:1", ("mac.local:1",), ("mac.local", "mac.local:2", "*")),
        ("localhost", ("127.0.0.1", "[::1]:7859"), ("mac.local",)),
    ],
)
def test_an_entry_includes_those_that_name_no_further_server(
    entry: str, within: tuple[str, ...], beyond: tuple[str, ...]
) -> None:
    known = Destination.read(entry)
    assert all(known.includes(Destination.read(text)) for text in within)
    assert not any(known.includes(Destination.read(text)) for text in beyond)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("mac.local", ("mac.local", 7859)),
        (" mac.local:7860 ", ("mac.local", 7860)),
        ("https://mac.local:7860/", ("mac.local", 7860)),
        ("http://mac.local:7860/sdapi/v1?x=1", ("mac.local", 7860)),
        ("http://mac.local", ("mac.local", 7859)),
        ("grpc+tls://[fe80::1]:7861", ("fe80::1", 7861)),
        ("[fe80::1]:7860", ("fe80::1", 7860)),
        ("fe80::1", ("fe80::1", 7859)),
        ("::1", ("::1", 7859)),
        ("mac.local/", ("mac.local", 7859)),
        ("mac.local:7860/", ("mac.local", 7860)),
        ("[fe80::1]:7860/", ("fe80::1", 7860)),
    ],
)
def test_a_pasted_host_is_taken_apart(text: str, address: tuple[str, int]) -> None:
    assert Address.taken_apart(text, 7859) == Address(*address)


@pytest.mark.parametrize(
    "text",
    ["", "http://", "/etc/passwd", "mac.local/x", "http://me@mac.local", "mac:99999", "a b:1"],
)
def test_what_is_no_host_stays_none(text: str) -> None:
    with pytest.raises(RequestRejected):
        Address.taken_apart(text, 7859)


@pytest.mark.parametrize(
    "text",
    [
        *("http://me:geheim@mac.local:7859/x", "me:geheim@mac.local", "geheim@mac.local:7859"),
        *("//me:geheim@mac.local", "me@geheim@mac.local", "http://x://me:geheim@mac.local"),
    ],
)
def test_a_password_in_a_pasted_host_is_not_repeated(text: str) -> None:
    with pytest.raises(RequestRejected) as caught:
        Address.taken_apart(text, 7859)
    assert "geheim" not in f"{caught.value.problem} {caught.value.remedy}"
