"""Options that say which server is meant, and the environment where they are silent."""

from __future__ import annotations

import argparse
import contextlib
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..client.address import Address
from ..client.connection.endpoint import Endpoint
from ..client.server_fields import DEFAULT_PORT, Transport
from ..client.store.certificates import PEM_MARK
from ..client.store.server import Server
from ..client.store.servers import SavedServers
from ..errors import RequestRejected
from . import folder
from .outcome import TRANSPORTS, Usage, word_of

if TYPE_CHECKING:
    from ..client.client import DrawThingsClient
    from ..client.store.credentials import Credentials
    from .output import Output

DEFAULT_TIMEOUT_SECONDS = 30.0
DEFAULT = "default"
_PARTS = ("host", "port", "transport", "certificate", "credential")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that every command has.

    They have no defaults: each may stand before or after the command's name, and the second parser
    must not undo what the first one found.
    """
    group = parser.add_argument_group("server", argument_default=argparse.SUPPRESS)
    group.add_argument(
        "--server",
        metavar="NAME",
        action=_Servers,
        help="a saved server (see servers), from which host, port, transport, certificate and "
        "credential come where no option gives them; default is the one that is chosen there "
        "(DRAWBRIDGE_SERVER; else the default one, where nothing else names a server); generate "
        "uses several at once where it is given several times",
    )
    group.add_argument("--host", help="name or IP address (DRAWBRIDGE_HOST; else 127.0.0.1)")
    group.add_argument(
        "--port", type=int, help=f"the port it shows (DRAWBRIDGE_PORT; else {DEFAULT_PORT})"
    )
    group.add_argument(
        "--transport",
        choices=TRANSPORTS,
        help="how the connection is protected: not at all, by the certificate that Draw Things "
        "comes with, by an authority of your own (--certificate), by those that this computer "
        "trusts, or by the certificate that is seen first and then pinned (DRAWBRIDGE_TRANSPORT; "
        "else own-ca with --certificate, draw-things without)",
    )
    group.add_argument(
        "--certificate",
        type=Path,
        metavar="FILE",
        help="PEM file of your own authority (DRAWBRIDGE_CERTIFICATE)",
    )
    group.add_argument(
        "--credential",
        metavar="NAME",
        help="name of the shared secret, never the secret (see credentials), such as studio "
        "(DRAWBRIDGE_CREDENTIAL; else none)",
    )
    group.add_argument(
        "--timeout",
        type=_seconds,
        metavar="SECONDS",
        help="how long to wait for a connection and for a short answer (DRAWBRIDGE_TIMEOUT; else "
        f"{DEFAULT_TIMEOUT_SECONDS:g}); a generation may take as long as it takes",
    )
    _add_common(group)


class _Servers(argparse.Action):
    """Keeps the last name as `server`, and all of them as `servers`."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        namespace.servers = [*getattr(namespace, "servers", ()), values]
        namespace.server = values


def each_server(options: argparse.Namespace) -> list[argparse.Namespace]:
    """Return the options as they would be for each of the servers that are named, each once."""
    names = dict.fromkeys(getattr(options, "servers", ()))
    if len(names) < 2:
        return [options]
    return [_with(options, server=name) for name in names]


async def each_way(options: argparse.Namespace) -> list[argparse.Namespace]:
    """Return the options for each server that is named and, with --each-address, for each IP
    address of its name. Raises what `endpoint` raises.
    """
    everyone = each_server(options)
    if not options.each_address:
        return everyone
    from ..client.client import DrawThingsClient
    from ..client.pool.addresses import distinct, each_address
    from ..client.store.pins import Pins

    async def identify(way: argparse.Namespace) -> int:
        pins = Pins(folder.user_folder(options))
        async with DrawThingsClient(endpoint(way), pins=pins) as client:
            return (await client.echo(timeout_seconds(options))).server_identifier

    found: list[argparse.Namespace] = []
    for one in everyone:
        addresses = await each_address(endpoint(one, signed=False))
        ways = [_with(one, at=address) for address in addresses]
        found += await distinct(ways, identify) or [one]
    return found


def _with(options: argparse.Namespace, **values: Any) -> argparse.Namespace:
    return argparse.Namespace(**{**vars(options), **values})


def add_common_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of commands that ask no server."""
    _add_common(parser.add_argument_group("common", argument_default=argparse.SUPPRESS))


def _add_common(group: argparse._ArgumentGroup) -> None:
    folder.add_option(group)
    group.add_argument(
        "--json",
        action="store_true",
        help="say the result, or the error, as one JSON object on stdout",
    )


def chosen(
    options: argparse.Namespace, environ: Mapping[str, str] | None = None, name: str = "chosen"
) -> Server:
    """Return the server that is meant, as it could be saved under `name`.

    Raises Usage, CredentialMissing for an odd credential, StoreUnusable.
    """
    given = _Given(options, environ)
    transport, certificate = _transport(given)
    try:
        address = Address(given("host") or "127.0.0.1", _port(given))
        credential, at_once = given("credential") or "", given.at_once
        return Server(address, transport, certificate, credential, name, at_once)
    except RequestRejected as error:
        raise error.become(Usage) from error


def endpoint(
    options: argparse.Namespace, environ: Mapping[str, str] | None = None, *, signed: bool = True
) -> Endpoint:
    """Return the server that is meant, with what its credential stands for if it is to be `signed`.

    Raises Usage, CredentialMissing, StoreUnusable.
    """
    server = chosen(options, environ)
    try:
        known = credentials(options, environ) if signed and server.credential else None
        found = Endpoint.of(server, known)
        return replace(found, at=getattr(options, "at", ""))
    except RequestRejected as error:
        raise error.become(Usage) from error


def credentials(
    options: argparse.Namespace, environ: Mapping[str, str] | None = None
) -> Credentials:
    """Return the credentials of the folder that is meant, and of the environment."""
    from ..client.store.credentials import Credentials

    variables = _variables(environ)
    return Credentials(folder.user_folder(options, variables), variables)


def timeout_seconds(options: argparse.Namespace, environ: Mapping[str, str] | None = None) -> float:
    """Return how long to wait for a connection, and for a short answer."""
    given = _Given(options, environ, saved=False)("timeout")
    if given is None:
        return DEFAULT_TIMEOUT_SECONDS
    try:
        return _seconds(str(given))
    except ValueError:
        raise Usage(
            f"The timeout {given!r} is not a number of seconds above 0.",
            "Correct DRAWBRIDGE_TIMEOUT.",
        ) from None


def open_client(
    options: argparse.Namespace, output: Output
) -> AbstractAsyncContextManager[DrawThingsClient]:
    """Return a client of the server that is meant; nothing is sent yet.

    When it is closed, `output` has been told what a person should know about a pinned certificate.
    """
    from ..client.client import DrawThingsClient
    from ..client.store.pins import Pins

    seconds = timeout_seconds(options)
    client = DrawThingsClient(
        endpoint(options),
        connect_timeout_seconds=seconds,
        secret_timeout_seconds=seconds,
        pins=Pins(folder.user_folder(options)),
    )
    return _noting(client, output)


@contextlib.asynccontextmanager
async def _noting(client: DrawThingsClient, output: Output) -> AsyncIterator[DrawThingsClient]:
    from ..client.store.pins import note

    try:
        async with client:
            yield client
    finally:
        words = note(client.pin, client.pinned_now) if client.pin else ""
        if words:
            output.note(words)


class _Given:
    """What was said: by an option, by a saved server, or by the environment. Never shows any."""

    def __init__(
        self,
        options: argparse.Namespace,
        environ: Mapping[str, str] | None,
        *,
        saved: bool = True,
    ) -> None:
        """Raise Usage for a server that is not saved, StoreUnusable."""
        self._options, self._environ = options, _variables(environ)
        self._saved: dict[str, str] = {}
        if not saved:
            return
        name, servers = self("server"), SavedServers(folder.user_folder(options, self._environ))
        if name is not None:
            self._saved = _saved(servers, name)
        elif not any(map(self, _PARTS)) and servers.default_name():
            self._saved = _saved(servers, servers.default_name())

    def __call__(self, name: str) -> str | None:
        option = self.option(name)
        if option is not None:
            return option
        if name in self._saved:
            return self._saved[name] or None
        return self._environ.get(f"DRAWBRIDGE_{name.upper()}", "").strip() or None

    @property
    def at_once(self) -> int:
        """Return how many requests may be open at the saved server; 1 where none is meant."""
        return int(self._saved.get("at_once", 1))

    def option(self, name: str) -> str | None:
        """Return what an option says, None where it is not given."""
        said = getattr(self._options, name, None)
        return None if said is None else str(said)


def _variables(environ: Mapping[str, str] | None) -> Mapping[str, str]:
    """Return the environment. It is no default of ours: a traceback can show local variables, and
    this one holds secrets.
    """
    return os.environ if environ is None else environ


def _saved(servers: SavedServers, name: str) -> dict[str, str]:
    """Return the parts of a saved server; a server that is called `default` comes first."""
    try:
        is_default = name.strip().casefold() == DEFAULT and not servers.has(name)
        server = servers.default() if is_default else servers.find(name)
    except RequestRejected as error:
        raise error.become(Usage) from error
    port, word = str(server.address.port), word_of(server.transport)
    return {**server.as_dict(), "port": port, "transport": word}


def _port(given: _Given) -> int:
    text = given("port")
    try:
        return DEFAULT_PORT if text is None else int(text)
    except ValueError:
        raise Usage(f"The port {text!r} is not a number.", "Correct DRAWBRIDGE_PORT.") from None


def _transport(given: _Given) -> tuple[Transport, str]:
    word, certificate = given("transport"), given("certificate")
    if given.option("certificate") is not None and given.option("transport") is None:
        word = "own-ca"
    word = word or ("own-ca" if certificate else "draw-things")
    if word not in TRANSPORTS:
        raise Usage(
            f"The transport {word!r} is not known.",
            f"Set DRAWBRIDGE_TRANSPORT to one of {', '.join(TRANSPORTS)}.",
        )
    transport = TRANSPORTS[word]
    if transport is not Transport.OWN_CA:
        if given.option("certificate") is not None:
            raise Usage(
                f"A certificate is given, which the transport {word} does not read.",
                "Choose --transport own-ca, or leave --certificate out.",
            )
        return transport, ""
    if certificate is None:
        raise Usage(
            "No certificate of your own authority is given.",
            "Name its PEM file with --certificate, or choose another --transport.",
        )
    return transport, certificate


def absolute(certificate: str) -> str:
    """Return a certificate that means the same in every folder: PEM text, or an absolute path."""
    if not certificate or PEM_MARK in certificate:
        return certificate
    path = Path(certificate)
    with contextlib.suppress(RuntimeError):  # of a user who is unknown here
        path = path.expanduser()
    return str(path.absolute())


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= 86400:
        raise ValueError
    return seconds
