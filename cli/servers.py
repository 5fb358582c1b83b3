"""The command servers: list, save and remove servers, and choose the default one."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any

from ..client.store.server import Server
from ..client.store.servers import SavedServers
from ..errors import RequestRejected
from . import connection
from .command import Command, add_action, no_options
from .folder import user_folder
from .outcome import OK, Usage, word_of
from .output import Output


def _actions(parser: argparse.ArgumentParser) -> None:
    """Add list, save, default and remove."""
    actions = parser.add_subparsers(title="actions", dest="action", required=True, metavar="ACTION")

    listing = add_action(actions, "list", "say which servers are saved")
    connection.add_common_options(listing)
    saving = add_action(
        actions, "save", "save the server that the options name, for --server and ComfyUI"
    )
    connection.add_options(saving)
    saving.add_argument("name", metavar="NAME")
    saving.add_argument("--default", action="store_true", help="make it the default server as well")
    saving.add_argument(
        "--at-once",
        type=int,
        metavar="N",
        help="how many requests may be open at it (default: 1, which is what a Draw Things server "
        "works on; more is for a proxy in front of several)",
    )
    choosing = add_action(
        actions,
        "default",
        "choose the server that is meant where none is named, by commands and by Connect",
    )
    connection.add_common_options(choosing)
    choosing.add_argument("name", metavar="NAME", nargs="?", help="without it: say which it is")
    removing = add_action(actions, "remove", "forget a saved server")
    connection.add_common_options(removing)
    removing.add_argument("name", metavar="NAME")


def servers(options: argparse.Namespace, output: Output) -> int:
    """Do what one action says."""
    saved = SavedServers(user_folder(options))
    path = None if saved.path is None else str(saved.path)
    try:
        if options.action == "save":
            connection.endpoint(options, signed=False)  # says what is wrong with the certificate
            server = connection.chosen(options, name=options.name)
            at_once = server.at_once if options.at_once is None else options.at_once
            certificate = connection.absolute(server.certificate)
            server = replace(server, certificate=certificate, at_once=at_once)
            saved.put(server)
            if options.default:
                saved.choose(server.name)
            output.line(f"Saved {_words(server)} in {path}.")
        elif options.action == "default":
            if options.name is not None:
                saved.choose(options.name)
            output.line(f"The default server is {_words(saved.default())}.")
        elif options.action == "remove":
            saved.remove(options.name)
            output.line(f"Removed {options.name.strip()!r} from {path}.")
    except RequestRejected as error:
        raise error.become(Usage) from error
    found, default = saved.all(), saved.default_name()
    if options.action == "list":
        for server in found:
            output.line(_words(server) + ("  default" if server.name == default else ""))
        if not found:
            output.line("No server is saved.")
    output.result(servers=[_entry(server) for server in found], default=default, path=path)
    return OK


def _entry(server: Server) -> dict[str, Any]:
    return {**server.as_dict(), "transport": word_of(server.transport)}


def _words(server: Server) -> str:
    named = f", credential {server.credential}" if server.credential else ""
    if server.at_once != 1:
        named += f", {server.at_once} at once"
    return f"{server.name}  {server.address}  ({word_of(server.transport)}{named})"


COMMAND = Command("servers", "manage saved servers", servers, _actions, common=no_options)
