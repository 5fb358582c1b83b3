"""What docs/errors.md quotes of errors is what they say."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from drawbridge.client.catalog import lookup
from drawbridge.client.catalog.records import Catalog
from drawbridge.client.connection import call_error
from drawbridge.client.connection.diagnosis import describe
from drawbridge.client.connection.endpoint import Endpoint
from drawbridge.client.connection.probe import Finding, Probed
from drawbridge.client.generation.stream import no_pictures
from drawbridge.client.server_fields import Transport
from drawbridge.client.store.credentials import Credentials, missing
from drawbridge.client.store.secret import Secret
from drawbridge.codec import fpzip_process
from drawbridge.errors import CredentialMissing, DrawbridgeError

PAGE = Path(__file__).resolve().parents[2] / "docs" / "errors.md"
MAC = Endpoint("mac.local")
PLAIN = Endpoint("mac.local", transport=Transport.PLAINTEXT)
SIGNED = Endpoint("mac.local", secret=Secret("x"))


def not_meant() -> DrawbridgeError:
    with tempfile.TemporaryDirectory() as folder:
        credentials = Credentials(Path(folder), {})
        credentials.put("studio", servers=["localhost"], secret=Secret("x"))
        with pytest.raises(CredentialMissing) as caught:
            credentials.find("studio", "mac.local", 7859)
    return caught.value


@pytest.mark.parametrize(
    "error",
    [
        describe(MAC, Probed(Finding.REFUSED)),
        describe(MAC, Probed(Finding.NO_SUCH_HOST)),
        describe(MAC, Probed(Finding.TIMED_OUT)),
        describe(MAC, Probed(Finding.NO_TLS)),
        describe(PLAIN, Probed(Finding.WANTS_TLS)),
        describe(MAC, Probed(Finding.UNKNOWN_AUTHORITY)),
        describe(MAC, Probed(Finding.HTTP)),
        call_error.secret_rejected(SIGNED),
        missing("studio"),
        not_meant(),
        lookup.untold("mac.local:7859", "my_model_f16.ckpt", "choose the version in Load Model"),
        lookup.unavailable(lookup.MODEL, "my_model_f16.ckpt", Catalog(), "mac.local:7859"),
        no_pictures(MAC),
    ],
    ids=lambda error: error.problem,
)
def test_page_quotes_the_error(error: DrawbridgeError) -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert f"| {error.problem} | {error.remedy} |" in text


def test_page_quotes_the_missing_decoder() -> None:
    error = fpzip_process.unavailable("the Python package fpzip is not installed here")
    text = PAGE.read_text(encoding="utf-8")
    assert error.problem in text
    assert error.remedy.partition(", or run")[0] in text
