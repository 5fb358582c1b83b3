"""Stored credentials in a graph: for their own servers, and looked up again when they change."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from standin.stage import Stage, graph

from drawbridge.client.store.credentials import Credentials
from drawbridge.client.store.secret import Secret
from drawbridge.emulator.server.server import Emulator
from drawbridge.nodes import host

Serve = Callable[..., Emulator]


@pytest.fixture
def kept(stage: Stage) -> Credentials:
    """Return the credentials of the stage's host."""
    return Credentials(host.user_folder())


def test_a_change_behind_the_name_runs_connect_again(
    serve: Serve, stage: Stage, kept: Credentials
) -> None:
    asked = graph(serve(secret="right").port, credential="studio")
    first = stage.host.run(asked)
    assert first.exception_type == "drawbridge.CredentialMissing"
    kept.put("studio", servers=["localhost"], secret=Secret("right"))
    assert stage.host.run(asked).status == "success"
    again = stage.host.run(asked)
    assert "connect" in again.cached
    kept.put("studio", servers=["localhost"], secret=Secret("wrong"))
    assert stage.host.run(asked).exception_type == "drawbridge.SecretRejected"
    kept.put("Studio", servers=["localhost"], secret=Secret("right"))
    assert stage.host.run(asked).status == "success"
    kept.put("studio", servers=["mac.local"])
    assert stage.host.run(asked).exception_type == "drawbridge.CredentialMissing"
    kept.remove("studio")
    assert stage.host.run(asked).exception_type == "drawbridge.CredentialMissing"


@pytest.mark.parametrize("origin", ["stored", "environment"])
def test_shared_graph_cannot_send_a_credential_elsewhere(
    serve: Serve,
    stage: Stage,
    kept: Credentials,
    monkeypatch: pytest.MonkeyPatch,
    origin: str,
) -> None:
    emulator = serve()
    if origin == "stored":
        kept.put("studio", servers=["mac.local"], secret=Secret("mine"))
    else:
        monkeypatch.setenv("DRAWBRIDGE_SECRET_STUDIO", "mine")
        monkeypatch.setenv("DRAWBRIDGE_SERVERS_STUDIO", "mac.local")
    outcome = stage.host.run(graph(emulator.port, credential="studio"))
    assert (outcome.node_id, outcome.exception_type) == ("connect", "drawbridge.CredentialMissing")
    assert f"not meant for 127.0.0.1:{emulator.port}" in str(outcome.exception)
    assert not emulator.journal.events("call")


def test_missing_credential_is_told_to_who_received_the_graph(serve: Serve, stage: Stage) -> None:
    emulator = serve()
    outcome = stage.host.run(graph(emulator.port, credential="authors studio"))
    assert outcome.node_id == "connect"
    message = str(outcome.exception_message)
    assert "no credential 'authors studio'" in message
    assert "ComfyUI's settings under Drawbridge" in message
    assert "workflow from someone else" in message
    assert not emulator.journal.events("call")
