"""The command credentials: list, set and remove what proves who may use a server."""

from __future__ import annotations

import argparse
import dataclasses
import getpass
import sys
from pathlib import Path

from ..client.store.credential_sources import PREFIX, key_of, read_pem
from ..client.store.credentials import Credentials, Listed
from ..client.store.secret import Identity, Secret
from ..errors import CredentialMissing, RequestRejected
from . import connection
from .command import Command, add_action, no_options
from .outcome import OK, Interrupted, Usage
from .output import Output

_MOST_SECRET_BYTES = 1 << 16


def _actions(parser: argparse.ArgumentParser) -> None:
    """Add list, set and remove."""
    actions = parser.add_subparsers(title="actions", dest="action", required=True, metavar="ACTION")

    def action(name: str, text: str) -> argparse.ArgumentParser:
        added = add_action(actions, name, text)
        connection.add_common_options(added)
        return added

    action("list", "say which credentials there are, and for which servers; never the secrets")
    setting = action(
        "set",
        "store a credential; the secret is asked for, or comes from stdin, never from an option",
    )
    setting.add_argument("name", metavar="NAME", help="how Connect and --credential call it")
    setting.add_argument(
        "--for",
        dest="servers",
        nargs="+",
        default=[],
        metavar="HOST",
        help="the servers that may get it: host, host:port, or * for every one (default: those "
        "that are stored)",
    )
    setting.add_argument(
        "--stdin", action="store_true", help="read the shared secret from stdin, as one line"
    )
    setting.add_argument(
        "--client-certificate",
        type=Path,
        metavar="FILE",
        help="PEM file of the certificate to show to a server that asks for one",
    )
    setting.add_argument(
        "--client-key", type=Path, metavar="FILE", help="PEM file of its key, without a passphrase"
    )
    action("remove", "forget a stored credential").add_argument("name", metavar="NAME")


def credentials(options: argparse.Namespace, output: Output) -> int:
    """Do what one action says."""
    kept = connection.credentials(options)
    try:
        return {"list": _list, "set": _set, "remove": _remove}[options.action](
            options, kept, output
        )
    except RequestRejected as error:
        raise error.become(Usage) from error


def _list(options: argparse.Namespace, kept: Credentials, output: Output) -> int:
    found = kept.listed()
    for one in found:
        origin = "stored" if one.stored else "environment"
        output.line(f"{one.name}  {_holds(one)}  for {', '.join(one.servers)}  ({origin})")
    if not found:
        output.line("There are no credentials.")
    output.result(credentials=[dataclasses.asdict(one) for one in found], path=_path(kept))
    return OK


def _set(options: argparse.Namespace, kept: Credentials, output: Output) -> int:
    known = kept.stored(options.name)
    servers = options.servers or (known.servers if known else ())
    if not servers:
        raise Usage(
            f"No server is named that may get the credential {options.name.strip()!r}.",
            "Name it with --for, such as --for mac.local.",
        )
    identity = _identity(options.client_certificate, options.client_key)
    secret = _secret(options.stdin, known, wanted=identity is None)
    kept.put(options.name, servers=servers, secret=secret, identity=identity)
    now = kept.stored(options.name)
    if now is None:  # another program has just removed it
        raise CredentialMissing(
            f"The credential {options.name.strip()!r} is not stored any more.", "Set it again."
        )
    told = f"{_holds(now)}, for {', '.join(now.servers)}"
    output.line(f"Stored {now.name!r} ({told}) in {_path(kept)}.")
    [first] = [one for one in kept.listed() if key_of(one.name) == key_of(now.name)]
    if not first.stored:
        variable = f"{PREFIX}{key_of(now.name)}"
        output.note(f"The environment variable {variable} goes before it as long as it is set.")
    output.result(credential=dataclasses.asdict(now), path=_path(kept))
    return OK


def _remove(options: argparse.Namespace, kept: Credentials, output: Output) -> int:
    kept.remove(options.name)
    output.line(f"Removed {options.name.strip()!r} from {_path(kept)}.")
    output.result(removed=options.name.strip(), path=_path(kept))
    return OK


def _path(kept: Credentials) -> str | None:
    return None if kept.path is None else str(kept.path)


def _holds(one: Listed) -> str:
    parts = {"shared secret": one.has_secret, "client certificate": one.has_identity}
    return " and ".join(part for part, there in parts.items() if there)


def _secret(from_stdin: bool, known: Listed | None, *, wanted: bool) -> Secret | None:
    """Return the secret that was typed; None where a stored one stays, or none is `wanted`."""
    if from_stdin:
        return _line()
    if not wanted:
        return None
    if not sys.stdin.isatty():
        if known is not None:
            return None
        raise Usage(
            "No shared secret is given.", "Type it at a terminal, or pipe it in with --stdin."
        )
    stays = ", or nothing to keep the one that is stored" if known and known.has_secret else ""
    try:
        typed = getpass.getpass(f"Shared secret (it is not shown{stays}): ")
    except EOFError:
        raise Interrupted("Interrupted.", "") from None
    return Secret(typed) if typed or known is None else None


def _line() -> Secret:
    data = sys.stdin.buffer.read(_MOST_SECRET_BYTES + 1)
    secret = None
    try:
        text = data.decode("utf-8-sig").removesuffix("\n").removesuffix("\r")
        if len(data) <= _MOST_SECRET_BYTES and len(text.splitlines()) <= 1:
            secret = Secret(text)
    except UnicodeDecodeError:
        pass
    if secret is None:
        raise Usage("The text on stdin is not one line.", "Pipe the shared secret in, alone.")
    return secret


def _identity(certificate: Path | None, key: Path | None) -> Identity | None:
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise Usage(
            "A client certificate and its key belong together.",
            "Give both --client-certificate and --client-key.",
        )
    return Identity(_pem(certificate).reveal().encode(), _pem(key))


def _pem(path: Path) -> Secret:
    found = read_pem(path)
    if found is None:
        raise Usage(f"The PEM file {path} cannot be read.", "Check its path and permissions.")
    return found


COMMAND = Command(
    "credentials",
    "manage shared secrets and client certificates",
    credentials,
    _actions,
    common=no_options,
)
