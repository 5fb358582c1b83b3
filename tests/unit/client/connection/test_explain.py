"""Every failure has a class, a fact with the address, and one remedy."""

from __future__ import annotations

import dataclasses
import re

import grpc
import pytest

from drawbridge import errors
from drawbridge.client.address import Transport
from drawbridge.client.connection import explain
from drawbridge.client.connection.channel import draw_things_root
from drawbridge.client.connection.endpoint import Endpoint
from drawbridge.client.connection.finding import Finding, Probed
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
    _is_well_said(explain.describe(endpoint, seen, 10))
    identified = dataclasses.replace(endpoint, identity=Identity(b"", Secret("sesame")))
    _is_well_said(explain.describe(identified, Probed(finding, pinned="AB:CD"), 10))


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
    assert type(explain.describe(_ENDPOINT, Probed(finding))) is kind


def test_a_web_server_that_wants_a_certificate_is_told_from_a_failing_one() -> None:
    """As nginx does, which shakes hands first and then answers in HTTP."""
    words = "Received http2 header with status: 400"
    for transport, kind in (
        (Transport.SYSTEM, errors.TlsMismatch),
        (Transport.PLAINTEXT, errors.ProtocolMismatch),
    ):
        endpoint = Endpoint("mac.local", transport=transport)
        error = explain.from_status(endpoint, grpc.StatusCode.INTERNAL, words, generating=False)
        assert type(error) is kind
        _is_well_said(error)
        assert ("client certificate" in error.problem) is (kind is errors.TlsMismatch)


@pytest.mark.parametrize("generating", [True, False])
@pytest.mark.parametrize("code", [code for code in grpc.StatusCode if code.name != "OK"])
def test_every_status_is_told_in_two_sentences(code: grpc.StatusCode, generating: bool) -> None:
    for details in (None, "", "words with sesame-4711 in them.", "a\n b" * 1000):
        error = explain.from_status(_ENDPOINT, code, details, generating=generating)
        _is_well_said(error)
        assert len(error.problem) < 500


_SWIFT = "unknown error processing request"


@pytest.mark.parametrize(
    ("code", "details", "generating", "kind", "words"),
    [
        (
            grpc.StatusCode.INTERNAL,
            _SWIFT,
            True,
            errors.GenerationFailed,
            "took the request and then failed",
        ),
        (grpc.StatusCode.INTERNAL, _SWIFT, False, errors.ProtocolMismatch, "failed to answer"),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "quota", True, errors.ServerBusy, "no room"),
        (
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            "Received message larger than max (2 vs. 1)",
            *(True, errors.RequestRejected, "larger than the server"),
        ),
        (
            grpc.StatusCode.UNIMPLEMENTED,
            "",
            True,
            errors.ProtocolMismatch,
            "does not know this call",
        ),
        (grpc.StatusCode.UNAVAILABLE, "", True, errors.ServerUnreachable, "broke before"),
        (grpc.StatusCode.DATA_LOSS, "", True, errors.GenerationFailed, "was lost"),
        (grpc.StatusCode.CANCELLED, "", True, errors.GenerationFailed, "stopped the generation"),
        (grpc.StatusCode.ABORTED, "", True, errors.GenerationFailed, "gave up"),
        (grpc.StatusCode.PERMISSION_DENIED, "", True, errors.RequestRejected, "refuses access"),
        (grpc.StatusCode.INVALID_ARGUMENT, "no", True, errors.RequestRejected, r'rejects.*"no"'),
        (grpc.StatusCode.UNKNOWN, "boom", True, errors.GenerationFailed, "UNKNOWN"),
    ],
)
def test_statuses_have_the_class_of_what_helps(
    code: grpc.StatusCode, details: str, generating: bool, kind: type[DrawbridgeError], words: str
) -> None:
    error = explain.from_status(_ENDPOINT, code, details, generating=generating)
    assert type(error) is kind
    assert re.search(words, error.problem)


def test_a_connection_that_breaks_after_the_start_is_told_as_such() -> None:
    error = explain.from_status(
        _ENDPOINT, grpc.StatusCode.UNAVAILABLE, "Socket closed", generating=True, started=True
    )
    assert type(error) is errors.ServerUnreachable
    assert "in the middle of the generation" in error.problem


def test_the_servers_own_error_may_be_the_secret_where_nothing_confirmed_it() -> None:
    error = explain.from_status(
        *(_ENDPOINT, grpc.StatusCode.INTERNAL, _SWIFT), generating=True, secret_confirmed=False
    )
    assert "shared secret" in error.problem
    _is_well_said(error)


@pytest.mark.parametrize(
    "error",
    [
        *(explain.secret_rejected(_ENDPOINT), explain.secret_rejected(Endpoint("mac.local"))),
        *(explain.busy(_ENDPOINT, 30), explain.closed_here(_ENDPOINT)),
        *(explain.no_pictures(_ENDPOINT), explain.too_few(_ENDPOINT, 4, 1)),
        explain.unreadable(_ENDPOINT),
        explain.excessive(_ENDPOINT, "sends a message of more than 4,096 parts"),
    ],
)
def test_other_failures_are_told_in_two_sentences(error: DrawbridgeError) -> None:
    _is_well_said(error)
