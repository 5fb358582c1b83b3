"""The way that a secret may travel: a graph from somebody else must not choose a worse one."""

from __future__ import annotations

from collections.abc import Sequence

from ...client.connection.endpoint import Endpoint
from ...client.server_fields import Transport
from ...client.store.server import Server
from ...errors import CredentialMissing, RequestRejected


def check_way(
    server: Server, endpoint: Endpoint, saved: Sequence[Server], *, is_pinned: bool = False
) -> None:
    """Raise CredentialMissing where a graph would send the secret of `endpoint` in another way than
    the person has chosen.

    To a server that is saved it goes as that is saved: with the same transport, and the same
    authority of one's own. To others it goes encrypted, or within this computer; with a pinned
    certificate alone where one `is_pinned` for the address. May block.
    """
    if endpoint.secret is None:
        return
    known = [one for one in saved if one.address.is_same(server.address)]
    if any(is_same_way(one, server) for one in known):
        return
    if known:
        raise CredentialMissing(
            f"The server at {endpoint.address} is saved as {known[0].name!r} with"
            f" {known[0].transport.value!r}, and the secret of {server.credential!r} does not go"
            " there in another way.",
            "Choose the saved server in Connect, or save it anew if it has changed.",
        )
    if is_pinned and endpoint.transport is not Transport.PINNED and not endpoint.is_loopback:
        raise CredentialMissing(
            f"A certificate is pinned for {endpoint.address}, and the secret of"
            f" {server.credential!r} does not go there in another way.",
            f"Choose {Transport.PINNED.value!r}, or save the server as it is to be reached.",
        )
    if endpoint.transport is Transport.PLAINTEXT and not endpoint.is_loopback:
        raise CredentialMissing(
            f"The secret of {server.credential!r} does not go to {endpoint.address} in plaintext,"
            " which everybody on the way can read.",
            "Choose a transport that encrypts; if the server has none, and you trust the network,"
            " save the server with 'plaintext': in Connect, or in"
            " ComfyUI's settings under Drawbridge.",
        )


def is_same_way(one: Server, other: Server) -> bool:
    """Return whether both have the same transport, and the same authority of one's own.

    May block.
    """
    if one.transport is not other.transport:
        return False
    if one.transport is not Transport.OWN_CA:
        return True
    try:
        texts = [each.with_certificate_text().certificate for each in (one, other)]
    except RequestRejected:  # its file is gone
        return False
    return texts[0] == texts[1]
