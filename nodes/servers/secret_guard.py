"""What is saved of servers must not let a stored secret go in a weaker way than its owner chose.

Whoever reaches ComfyUI's page can save a server or forget a pin, and then queue a graph that names
a credential. So such a change wants the secret itself, which only its owner knows.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence

from ...client.address import Address
from ...client.server_fields import Transport
from ...client.store.credentials import Credentials
from ...client.store.pins import Pins
from ...client.store.secret import Secret
from ...client.store.server import Server
from ...errors import CredentialMissing
from .secret_transport import is_same_way

# Those that prove which server answers.
_PROVING = frozenset({Transport.OWN_CA, Transport.SYSTEM, Transport.PINNED})


class SecretWanted(CredentialMissing):
    """A change would let a secret go in a weaker way, and whoever asks has not shown it."""


def check_servers(
    before: Sequence[Server],
    after: Sequence[Server],
    pins: Pins,
    credentials: Credentials,
    typed: Secret | None,
) -> None:
    """Raise SecretWanted unless `typed` is the secret that the saved servers `after` a change would
    let go in a weaker way than those `before` it.

    May block.
    """
    addresses = dict.fromkeys(one.address for one in (*before, *after))
    for address in addresses:
        ways = [
            [one for one in servers if one.address.is_same(address)] for servers in (before, after)
        ]
        if _weakens(*ways, is_pinned=pins.get(str(address)) is not None):
            demand(address, credentials, typed)


def demand(address: Address, credentials: Credentials, typed: Secret | None) -> None:
    """Raise SecretWanted unless `typed` is every shared secret that goes to a server.

    Without one there is nothing to guard, and what goes to this computer stays on it. May block.
    """
    if address.is_loopback:
        return
    for name, secret in credentials.secrets_for(address).items():
        shown = "" if typed is None else typed.reveal()
        if not hmac.compare_digest(shown.encode(), secret.reveal().encode()):
            raise SecretWanted(
                f"With this change the secret of {name!r} could go to {address} in a weaker way.",
                "Type that secret again, which shows that it is yours; or change it with the"
                " command drawbridge on the computer that runs ComfyUI.",
            )


def _weakens(before: Sequence[Server], after: Sequence[Server], *, is_pinned: bool) -> bool:
    """Return whether a secret may go to one server in a weaker way than it might before."""
    if any(one.transport is Transport.PLAINTEXT for one in before):
        return False  # everybody could read it
    known = {one.transport for one in before}
    new = [
        one
        for one in after
        if one not in before and not any(is_same_way(one, other) for other in before)
    ]
    if any(one.transport is Transport.PLAINTEXT for one in new):
        return True
    if before:  # what goes there may be read by whoever answers, or is proven
        return known <= _PROVING and bool(new or not after)
    return is_pinned and any(one.transport is not Transport.PINNED for one in new)
