"""What is kept of certificates that were trusted when first seen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from drawbridge.client.connection.channel import draw_things_root
from drawbridge.client.connection.tls_probe import recognisable_name
from drawbridge.client.store.pins import Pin, Pins, fingerprint, note, shortened
from drawbridge.errors import StoreUnusable

_PEM = draw_things_root().decode()
# The certificate that Draw Things servers show, as its repository has it.
_PUBLIC = (
    "05:60:47:12:AF:A5:0D:D8:12:3C:86:92:59:1F:01:B1:"
    "38:B1:59:E3:95:08:FE:0A:29:38:10:4A:BE:76:03:38"
)


@pytest.fixture(params=["in a folder", "in memory"])
def pins(request: pytest.FixtureRequest, tmp_path: Path) -> Pins:
    return Pins(tmp_path / "new" if request.param == "in a folder" else None)


def test_a_pin_is_found_however_its_address_is_written(pins: Pins) -> None:
    pin = Pin.of("Mac.local:7859", _PEM)
    pins.put(pin)
    for address in ("mac.local:7859", "MAC.LOCAL:7859", "mac.local.:7859", " mac.local:7859 "):
        found = pins.get(address)
        assert found is not None
        assert (found.address, found.fingerprint) == ("mac.local:7859", pin.fingerprint)
    assert pins.get("mac.local:7860") is None
    assert pins.get("studio.local:7859") is None


def test_the_first_that_is_learned_stays_and_the_last_that_is_put(pins: Pins) -> None:
    first, second = (Pin.of("[::1]:7859", _PEM, day) for day in ("2026-01-01", "2026-01-02"))
    assert pins.learn(first) is first
    assert pins.learn(second) == first
    pins.put(second)
    assert pins.all() == [second]


def test_forgetting_is_counted_for_each_address(pins: Pins) -> None:
    assert not pins.forget("mac.local:7859")
    assert pins.times_forgotten("mac.local:7859") == 0
    for times in (1, 2):
        pins.put(Pin.of("mac.local:7859", _PEM))
        assert pins.forget("Mac.local:7859")
        assert pins.get("mac.local:7859") is None
        assert pins.times_forgotten("mac.local:7859") == times
    assert pins.times_forgotten("mac.local:7860") == 0


def test_pins_outlive_their_object_in_a_folder_only(tmp_path: Path) -> None:
    for folder, count in ((tmp_path, 1), (None, 0)):
        Pins(folder).put(Pin.of("mac.local:7859", _PEM))
        assert len(Pins(folder).all()) == count


@pytest.mark.parametrize(
    "kept",
    [
        {"pins": []},
        {"pins": {"mac.local:7859": {}}},
        {"pins": {"mac.local:7859": {"certificate": "nonsense", "first_seen": "2026-01-01"}}},
        {"pins": {"mac.local:7859": {"certificate": _PEM, "first_seen": 7}}},
        {"pins": {"mac.local:7859": 7}},
    ],
    ids=str,
)
def test_damaged_pins_are_an_error_and_stay(tmp_path: Path, kept: object) -> None:
    file = tmp_path / "pins.json"
    file.write_text(json.dumps(kept))
    pins = Pins(tmp_path)
    for use in (
        pins.all,
        lambda: pins.get("mac.local:7859"),
        lambda: pins.put(Pin.of("mac.local:7859", _PEM)),
        lambda: pins.learn(Pin.of("studio.local:7859", _PEM)),
        lambda: pins.forget("mac.local:7859"),
    ):
        with pytest.raises(StoreUnusable, match="damaged"):
            use()
    assert json.loads(file.read_text()) == kept


def test_a_fingerprint_is_written_as_tools_write_it() -> None:
    written = fingerprint(_PEM)
    assert written.startswith("8C:02:AB:58:")
    assert written.endswith(":2B:DA")
    assert len(written.split(":")) == 32
    assert shortened(written) == "8C:02:AB:58...2B:DA"


def test_the_certificate_that_everybody_has_is_said_to_prove_nothing() -> None:
    public = Pin("mac.local:7859", _PUBLIC, "", "2026-01-01")
    assert public.is_public
    for now in (True, False):
        assert "key is public" in note(public, now)
    own = Pin.of("mac.local:7859", _PEM)
    assert not own.is_public
    assert own.fingerprint in note(own, True)
    assert note(own, False) == ""


@pytest.mark.parametrize(
    ("host", "names", "common", "name"),
    [
        ("mac.local", [("DNS", "other"), ("DNS", "Mac.Local")], "x", "mac.local"),
        ("127.0.0.1", [("DNS", "localhost"), ("IP Address", "127.0.0.1")], "x", "127.0.0.1"),
        ("::1", [("DNS", "a"), ("IP Address", "0:0:0:0:0:0:0:1")], "x", "::1"),
        ("10.0.0.1", [("DNS", "*"), ("DNS", "localhost")], "x", "localhost"),
        ("mac.local", [("IP Address", "FE80:0:0:0:0:0:0:1")], "x", "fe80::1"),
        ("mac.local", [("DNS", "*.example.com")], "x", "drawbridge.example.com"),
        ("mac.local", [("DNS", "*")], "x", ""),
        ("mac.local", [("email", "me@example.com")], "x", ""),
        ("mac.local", [], "My Mac", "My Mac"),
        ("mac.local", [], "", ""),
    ],
)
def test_the_name_that_grpc_will_recognise_is_one_of_the_certificates(
    host: str, names: list[tuple[str, str]], common: str, name: str
) -> None:
    certificate: dict[str, object] = {"subject": ((("commonName", common),),)}
    if names:
        certificate["subjectAltName"] = tuple(names)
    assert recognisable_name(host, certificate) == name
