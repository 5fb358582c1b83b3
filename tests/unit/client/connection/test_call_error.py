"""Every failed call has a class, a fact with the address, and one remedy."""

from __future__ import annotations

import re

import grpc
import pytest

from drawbridge import errors
from drawbridge.client.connection import call_error
from drawbridge.client.connection.endpoint import Endpoint
from drawbridge.client.generation.stream import no_pictures, too_few
from drawbridge.client.server_fields import Transport
from drawbridge.client.store.credentials import Secret
from drawbridge.errors import DrawbridgeError

_ENDPOINT = Endpoint("mac.local", 7859, Transport.PLAINTEXT, secret=Secret("sesame-4711"))


def _is_well_said(error: DrawbridgeError) -> None:
    assert re.search(r"mac\.local", error.problem)
    assert "sesame" not in str(error)
    for sentence in (error.problem, error.remedy):
        assert re.fullmatch(r"[A-Z].*\.", sentence), sentence
        assert not re.search(r"\.\s+[A-Z]", sentence), sentence  # one sentence each
        assert "  " not in sentence


def test_a_web_server_that_wants_a_certificate_is_told_from_a_failing_one() -> None:
    """As nginx does, which shakes hands first and then answers in HTTP."""
    words = "Received http2 header with status: 400"
    for transport, kind in (
        (Transport.SYSTEM, errors.TlsMismatch),
        (Transport.PLAINTEXT, errors.ProtocolMismatch),
    ):
        endpoint = Endpoint("mac.local", transport=transport)
        error = call_error.from_status(endpoint, grpc.StatusCode.INTERNAL, words, generating=False)
        assert type(error) is kind
        _is_well_said(error)
        assert ("client certificate" in error.problem) is (kind is errors.TlsMismatch)


@pytest.mark.parametrize("generating", [True, False])
@pytest.mark.parametrize("code", [code for code in grpc.StatusCode if code.name != "OK"])
def test_every_status_is_told_in_two_sentences(code: grpc.StatusCode, generating: bool) -> None:
    for details in (None, "", "words with sesame-4711 in them.", "a\n b" * 1000):
        error = call_error.from_status(_ENDPOINT, code, details, generating=generating)
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
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            "Payload length exceeds limit (10485760 > 4194304)",
            *(False, errors.RequestRejected, "larger than the server"),
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
        (
            grpc.StatusCode.UNKNOWN,
            "Received RST_STREAM after a DATA frame with END_STREAM flag received",
            True,
            errors.ServerUnreachable,
            "broke before",
        ),
        (
            grpc.StatusCode.INTERNAL,
            "Stream removed (RST_STREAM (Received RST_STREAM with error code 2))",
            True,
            errors.ServerUnreachable,
            "broke before",
        ),
        (grpc.StatusCode.UNKNOWN, "boom", True, errors.GenerationFailed, "UNKNOWN"),
    ],
)
def test_statuses_have_the_class_of_what_helps(
    code: grpc.StatusCode, details: str, generating: bool, kind: type[DrawbridgeError], words: str
) -> None:
    error = call_error.from_status(_ENDPOINT, code, details, generating=generating)
    assert type(error) is kind
    assert re.search(words, error.problem)


@pytest.mark.parametrize("generating", [True, False])
def test_remedy_for_a_message_too_large_names_pictures_only_where_some_were_sent(
    generating: bool,
) -> None:
    code, words = grpc.StatusCode.RESOURCE_EXHAUSTED, "Payload length exceeds limit (2 > 1)"
    error = call_error.from_status(_ENDPOINT, code, words, generating=generating)
    assert ("pictures" in error.remedy) is generating


def test_a_connection_that_breaks_after_the_start_is_told_as_such() -> None:
    error = call_error.from_status(
        _ENDPOINT, grpc.StatusCode.UNAVAILABLE, "Socket closed", generating=True, started=True
    )
    assert type(error) is errors.ServerUnreachable
    assert "in the middle of the generation" in error.problem


def test_the_servers_own_error_may_be_the_secret_where_nothing_confirmed_it() -> None:
    error = call_error.from_status(
        *(_ENDPOINT, grpc.StatusCode.INTERNAL, _SWIFT), generating=True, secret_confirmed=False
    )
    assert "shared secret" in error.problem
    _is_well_said(error)


@pytest.mark.parametrize(
    "error",
    [
        *(call_error.secret_rejected(_ENDPOINT), call_error.secret_rejected(Endpoint("mac.local"))),
        *(call_error.busy(_ENDPOINT, 30), call_error.closed_here(_ENDPOINT)),
        *(no_pictures(_ENDPOINT), too_few(_ENDPOINT, 4, 1)),
        call_error.unreadable(_ENDPOINT),
        call_error.excessive(_ENDPOINT, "sends a message of more than 4,096 parts"),
    ],
)
def test_other_failures_are_told_in_two_sentences(error: DrawbridgeError) -> None:
    _is_well_said(error)


@pytest.mark.parametrize("started", [False, True])
def test_an_internal_error_names_the_causes_that_people_met(started: bool) -> None:
    error = call_error.from_status(
        *(_ENDPOINT, grpc.StatusCode.INTERNAL, "Unknown error processing request."),
        generating=True,
        started=started,
    )
    for cause in ("Bridge Mode", "Server Offload", "every file it needs"):
        assert cause in error.remedy


def test_an_empty_answer_names_the_causes_that_people_met() -> None:
    error = no_pictures(_ENDPOINT)
    assert "finished without a picture" in error.problem
    for cause in ("no project is open", "open a project", "needs an image"):
        assert cause in error.remedy
