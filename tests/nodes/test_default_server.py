"""Connect that names the person's own default server: found when it runs, never in the graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from standin.stage import Stage, graph

from drawbridge.client.address import Address
from drawbridge.client.server_fields import DEFAULT_SERVER, Transport
from drawbridge.client.store.server import Server
from drawbridge.client.store.servers import SavedServers
from drawbridge.emulator.server.server import Emulator
from drawbridge.nodes import host

Serve = Callable[..., Emulator]


def save(emulator: Emulator, name: str) -> None:
    server = Server(Address("127.0.0.1", emulator.port), Transport.PLAINTEXT, name=name)
    SavedServers(host.user_folder()).put(server)


def default_graph(**changes: Any) -> dict[str, Any]:
    """Return a graph whose other values of Connect are not those of the default server."""
    given = {"host": DEFAULT_SERVER, "transport": Transport.OWN_CA.value, **changes}
    return graph(1, credential="nobody's", **given)


@pytest.mark.parametrize("words", [DEFAULT_SERVER, " Default SERVER "])
def test_graph_runs_on_the_default_server_as_it_is_saved(
    serve: Serve, stage: Stage, words: str
) -> None:
    emulator = serve(strict=True)
    save(emulator, "mine")
    outcome = stage.host.run(default_graph(host=words))
    assert outcome.status == "success", outcome.exception_message
    assert len(stage.pictures) == 1


def test_graph_runs_again_once_another_server_is_the_default(serve: Serve, stage: Stage) -> None:
    one, other = serve(), serve()
    for name, emulator in (("one", one), ("other", other)):
        save(emulator, name)
    for _ in range(2):
        assert stage.host.run(default_graph()).status == "success"
    assert len(one.journal.events("call", rpc="GenerateImage")) == 1
    SavedServers(host.user_folder()).choose("other")
    assert stage.host.run(default_graph()).status == "success"
    assert len(other.journal.events("call", rpc="GenerateImage")) == 1


def test_without_a_default_server_connect_says_what_to_do(serve: Serve, stage: Stage) -> None:
    outcome = stage.host.run(default_graph())
    assert (outcome.status, outcome.node_id) == ("error", "connect")
    assert outcome.exception_type == "drawbridge.NoDefaultServer"
    assert str(outcome.exception_message).count("\n\n") == 1
    save(serve(), "mine")  # nothing of the failure is kept
    assert stage.host.run(default_graph()).status == "success"
