"""Every finding of a probe has a class, a fact with the address, and one remedy."""

from __future__ import annotations

import dataclasses
import re

import pytest

from drawbridge import errors
from drawbridge.client.connection.channel import draw_things_root
from drawbridge.client.connection.diagnosis import describe
from drawbridge.client.connection.endpoint import Endpoint
from drawbridge.client.connection.finding import Finding, Probed
from drawbridge.client.server_fields import Transport
from drawbridge.client.store.credentials import Identity, Secret
from drawbridge.client.store.pins import fingerprint
from drawbridge.errors import DrawbridgeError

_ENDPOINT = Endpoint("mac.local", 7859, Transport.PLAINTEXT, secret=Secret("sesame-4711"))
_ENDPOINTS = (
    _ENDPOINT,
    Endpoint("mac.local"),
    Endpoint("mac.local", transport=Transport.SYSTEM),
    Endpoint("mac.local", transport=Transport.OWN_CA, certificate=draw_things_root()),
    Endpoint("mac.local", transport=Transport.PINNED),
)


def _is_well_said(error: DrawbridgeError) -> None:
    assert re.search(r"mac\.local", error.problem)
    assert "sesame" not in str(error)
    for sentence in (error.problem, error.remedy):
        assert re.fullmatch(r"[A-Z].*\.", sentence), sentence
        assert not re.search(r"\.\s+[A-Z]", sentence), sentence  # one sentence each
        assert "  " not in sentence


@pytest.mark.parametrize("finding", list(Finding))
@pytest.mark.parametrize("endpoint", _ENDPOINTS, ids=lambda endpoint: endpoint.transport.name)
def test_every_finding_is_told_in_two_sentences(endpoint: Endpoint, finding: Finding) -> None:
    pem = draw_things_root().decode()
    seen = Probed(finding, "words", pem, "mac.local", fingerprint(pem))
    _is_well_said(describe(endpoint, seen, 10))
    identified = dataclasses.replace(endpoint, identity=Identity(b"", Secret("sesame")))
    _is_well_said(describe(identified, Probed(finding, pinned="AB:CD"), 10))


@pytest.mark.parametrize(
    ("finding", "kind"),
    [
        (Finding.NO_SUCH_HOST, errors.ServerUnreachable),
        (Finding.REFUSED, errors.ServerUnreachable),
        (Finding.TIMED_OUT, errors.ServerUnreachable),
        (Finding.NO_ROUTE, errors.ServerUnreachable),
        (Finding.SILENT, errors.ServerUnreachable),
        (Finding.NOTHING_WRONG, errors.ServerUnreachable),
        (Finding.NO_TLS, errors.TlsMismatch),
        (Finding.WANTS_TLS, errors.TlsMismatch),
        (Finding.UNKNOWN_AUTHORITY, errors.TlsMismatch),
        (Finding.WRONG_NAME, errors.TlsMismatch),
        (Finding.EXPIRED, errors.TlsMismatch),
        (Finding.NOT_YET_VALID, errors.TlsMismatch),
        (Finding.NO_COMMON_TLS, errors.TlsMismatch),
        (Finding.CHANGED, errors.TlsMismatch),
        (Finding.NO_NAME, errors.TlsMismatch),
        (Finding.UNUSABLE, errors.TlsMismatch),
        (Finding.IDENTITY_WANTED, errors.TlsMismatch),
        (Finding.IDENTITY_REFUSED, errors.TlsMismatch),
        (Finding.DROPPED, errors.TlsMismatch),
        (Finding.HTTP, errors.ProtocolMismatch),
    ],
)
def test_findings_have_the_class_of_what_helps(
    finding: Finding, kind: type[DrawbridgeError]
) -> None:
    assert type(describe(_ENDPOINT, Probed(finding))) is kind
