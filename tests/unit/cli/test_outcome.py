"""Exit codes and names of errors, which scripts rely on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from drawbridge import errors
from drawbridge.cli import outcome
from drawbridge.cli.outcome import EXPLAINED, Interrupted, Usage, exit_code, fields, word_of
from drawbridge.client.address import ChooseTransport
from drawbridge.client.connection.diagnosis import describe
from drawbridge.client.connection.endpoint import Endpoint
from drawbridge.client.connection.finding import Finding, Probed
from drawbridge.client.server_fields import Transport
from drawbridge.client.store import credentials
from drawbridge.errors import DrawbridgeError

ROOT = Path(errors.__file__).parent
AUTHORITY = (ROOT / "client/connection/draw_things_root_ca.pem").read_bytes()


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.GenerationFailed, 1),
        (errors.UploadFailed, 1),
        (errors.ServerBusy, 1),
        (errors.ProtocolMismatch, 1),
        (errors.BadTensor, 1),
        (errors.DecoderUnavailable, 1),
        (Usage, 2),
        (errors.StoreUnusable, 2),
        (errors.ServerUnreachable, 3),
        (errors.TlsMismatch, 4),
        (errors.SecretRejected, 5),
        (errors.CredentialMissing, 5),
        (errors.ModelUnavailable, 6),
        (errors.RequestRejected, 7),
        (Interrupted, 130),
    ],
)
def test_each_kind_of_error_has_its_exit_code(kind: type[DrawbridgeError], code: int) -> None:
    assert exit_code(kind("a", "b")) == code
    assert fields(kind("a", "b")) == {"kind": kind.__name__, "problem": "a", "remedy": "b"}


def test_help_explains_every_exit_code() -> None:
    told = {int(code) for code in re.findall(r"^  (\d+)", EXPLAINED, re.MULTILINE)}
    assert told == {outcome.OK, outcome.FAILED, *(code for _, code in outcome._CODES)}


def test_transports_are_called_as_the_option_calls_them() -> None:
    error = errors.TlsMismatch(
        "The server encrypts, but the connection is set to '{transport}'.",
        "{choose}, or choose '{other}'.",
        transport=Transport.SYSTEM,
        choose=ChooseTransport(Transport.DRAW_THINGS),
        other=Transport.OWN_CA,
    )
    assert error.problem.endswith("set to 'system certificates'.")
    assert error.remedy == (
        "Set the connection to 'Draw Things certificate', or choose 'own certificate authority'."
    )
    told = fields(error)
    assert told["problem"] == "The server encrypts, but the connection is set to 'system'."
    assert told["remedy"] == "Choose --transport draw-things, or choose 'own-ca'."


@pytest.mark.parametrize("seen", [Finding.NO_TLS, Finding.WANTS_TLS, Finding.UNKNOWN_AUTHORITY])
@pytest.mark.parametrize("transport", list(Transport))
def test_no_word_of_a_menu_is_left_in_errors_about_encryption(
    seen: Finding, transport: Transport
) -> None:
    pem = AUTHORITY if transport is Transport.OWN_CA else None
    told = fields(describe(Endpoint("mac.local", 7859, transport, pem), Probed(seen)))
    said = f"{told['problem']} {told['remedy']}"
    assert not [one for one in Transport if repr(one.value) in said and one.value != "plaintext"]
    assert "Set the connection" not in said
    if seen is Finding.NO_TLS:
        assert f"set to {word_of(transport)!r}" in said
        assert "Choose --transport plaintext" in said


def test_credentials_are_managed_by_a_command_here() -> None:
    told = fields(credentials.missing("studio"))
    assert told["problem"] == "This computer has no credential 'studio'."
    assert "by `drawbridge credentials`, or leave --credential out" in told["remedy"]
    assert "settings" not in told["remedy"]


def test_an_error_that_becomes_a_wrong_use_keeps_its_parts() -> None:
    error = errors.RequestRejected("It is '{transport}'.", "No.", transport=Transport.OWN_CA)
    assert fields(error.become(Usage)) == {
        "kind": "Usage",
        "problem": "It is 'own-ca'.",
        "remedy": "No.",
    }
