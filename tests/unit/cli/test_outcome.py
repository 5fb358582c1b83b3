"""Exit codes and names of errors, which scripts rely on."""

from __future__ import annotations

import re

import pytest

from drawbridge import errors
from drawbridge.cli import outcome
from drawbridge.cli.outcome import EXPLAINED, Interrupted, Usage, exit_code, fields
from drawbridge.errors import DrawbridgeError


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
        "The server encrypts, but the connection is set to 'plaintext'.",
        "Set the connection to 'Draw Things certificate', or choose 'own certificate authority'.",
    )
    told = fields(error)
    assert told["remedy"] == "Choose --transport draw-things, or choose 'own-ca'."
