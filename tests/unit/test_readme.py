"""What the README says of errors is what they say."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from drawbridge.client import failures, selection
from drawbridge.client.catalog import Catalog, ServerInfo
from drawbridge.client.credentials import Credentials, missing
from drawbridge.client.endpoint import Endpoint, Transport
from drawbridge.client.probe import Finding, Probed
from drawbridge.client.secret import Secret
from drawbridge.codec import fpzip_process
from drawbridge.errors import CredentialMissing, DrawbridgeError

README = Path(__file__).resolve().parents[2] / "README.md"
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
        failures.describe(MAC, Probed(Finding.REFUSED)),
        failures.describe(MAC, Probed(Finding.NO_SUCH_HOST)),
        failures.describe(MAC, Probed(Finding.TIMED_OUT)),
        failures.describe(MAC, Probed(Finding.NO_TLS)),
        failures.describe(PLAIN, Probed(Finding.WANTS_TLS)),
        failures.describe(MAC, Probed(Finding.UNKNOWN_AUTHORITY)),
        failures.describe(MAC, Probed(Finding.HTTP)),
        failures.secret_rejected(SIGNED),
        missing("studio"),
        not_meant(),
        selection.untold("mac.local:7859", "my_model_f16.ckpt", "choose the version in Load Model"),
        selection.unknown("mac.local:7859", ServerInfo("", 0, (), Catalog()), "my_model_f16.ckpt"),
        failures.no_pictures(MAC),
    ],
    ids=lambda error: error.problem,
)
def test_readme_quotes_the_error(error: DrawbridgeError) -> None:
    text = README.read_text(encoding="utf-8")
    assert f"| {error.problem} | {error.remedy} |" in text


def test_readme_quotes_the_missing_decoder() -> None:
    error = fpzip_process.unavailable("the Python package fpzip is not installed here")
    text = README.read_text(encoding="utf-8")
    assert error.problem in text
    assert error.remedy.partition(", or run")[0] in text
