"""In which way a graph may have a secret sent: not in a worse one than the person has chosen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from standin.stage import Stage, graph

from drawbridge.client.address import Address
from drawbridge.client.connection.endpoint import Endpoint
from drawbridge.client.server_fields import Transport
from drawbridge.client.store.credentials import Credentials
from drawbridge.client.store.secret import Secret
from drawbridge.client.store.server import Server
from drawbridge.client.store.servers import SavedServers
from drawbridge.emulator.server.server import Emulator
from drawbridge.errors import CredentialMissing
from drawbridge.nodes import host
from drawbridge.nodes.servers.secret_transport import check_way

Serve = Callable[..., Emulator]
MINE, THEIRS = (f"-----BEGIN CERTIFICATE-----\n{word}\n" for word in ("mine", "theirs"))


def check(
    at: str, transport: Transport, *saved: Server, secret: bool = True, certificate: str = ""
) -> str:
    """Return what hinders a secret on its way to port 7859 of a host."""
    server = Server(Address(at, 7859), transport, certificate, "studio")
    endpoint = Endpoint(at, 7859, Transport.PLAINTEXT, secret=Secret("word") if secret else None)
    object.__setattr__(endpoint, "transport", transport)  # whose certificate is of no matter here
    try:
        check_way(server, endpoint, saved)
    except CredentialMissing as error:
        return error.problem
    return ""


def saved(at: str, transport: Transport, certificate: str = "", port: int = 7859) -> Server:
    return Server(Address(at, port), transport, certificate, "studio", "desk")


def test_plaintext_leaves_this_computer_for_saved_servers_only() -> None:
    assert "in plaintext" in check("mac.local", Transport.PLAINTEXT)
    assert not check("mac.local", Transport.PLAINTEXT, secret=False)
    for at in ("127.0.0.1", "localhost", "::1"):
        assert not check(at, Transport.PLAINTEXT)
    for transport in (Transport.DRAW_THINGS, Transport.SYSTEM, Transport.PINNED, Transport.OWN_CA):
        assert not check("mac.local", transport)
    plain = saved("Mac.local.", Transport.PLAINTEXT)
    assert not check("mac.local", Transport.PLAINTEXT, plain)
    assert "in plaintext" in check(
        "mac.local", Transport.PLAINTEXT, saved("mac.local", Transport.PLAINTEXT, port=7860)
    )
    assert "in plaintext" in check("mac2.local", Transport.PLAINTEXT, plain)


def test_a_saved_server_gets_a_secret_as_it_is_saved() -> None:
    pinned = saved("mac.local", Transport.PINNED)
    assert not check("mac.local", Transport.PINNED, pinned)
    for worse in (Transport.DRAW_THINGS, Transport.OWN_CA, Transport.PLAINTEXT):
        assert "saved as 'desk' with 'pinned certificate'" in check("MAC.LOCAL", worse, pinned)
    both = (pinned, saved("mac.local", Transport.PLAINTEXT))
    assert not check("mac.local", Transport.PLAINTEXT, *both)
    assert check("mac.local", Transport.DRAW_THINGS, *both)
    tunnel = saved("localhost", Transport.PINNED)
    assert check("127.0.0.1", Transport.PLAINTEXT, tunnel)


def test_an_authority_of_somebody_else_does_not_do() -> None:
    mine = saved("mac.local", Transport.OWN_CA, MINE)
    assert not check("mac.local", Transport.OWN_CA, mine, certificate=MINE.strip())
    assert check("mac.local", Transport.OWN_CA, mine, certificate=THEIRS)
    gone = replace(mine, certificate="/there/is/no/such.pem")
    assert check("mac.local", Transport.OWN_CA, gone, certificate=MINE)


def test_a_shared_graph_cannot_weaken_the_way_to_a_saved_server(serve: Serve, stage: Stage) -> None:
    emulator = serve(secret="word")
    folder = host.user_folder()
    Credentials(folder).put("studio", servers=["127.0.0.1"], secret=Secret("word"))
    asked = graph(emulator.port, credential="studio")
    desk = Server(Address("localhost", emulator.port), Transport.PINNED, name="desk")
    SavedServers(folder).put(desk)
    outcome = stage.host.run(asked)
    assert (outcome.node_id, outcome.exception_type) == ("connect", "drawbridge.CredentialMissing")
    assert "saved as 'desk'" in str(outcome.exception)
    assert not emulator.journal.events("call")
    SavedServers(folder).put(replace(desk, transport=Transport.PLAINTEXT))
    assert stage.host.run(asked).status == "success"
