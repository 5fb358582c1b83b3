"""The command farm: configurations for what gives jobs to several servers."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..client.store.server import Server
from ..client.store.servers import SavedServers
from ..errors import RequestRejected
from . import connection, haproxy
from .command import Command, add_action, no_options
from .folder import user_folder
from .outcome import OK, Usage
from .output import Output


def _actions(parser: argparse.ArgumentParser) -> None:
    """Add haproxy."""
    actions = parser.add_subparsers(title="actions", dest="action", required=True, metavar="ACTION")
    text = "write HAProxy's configuration for saved servers: one job each, one queue for all"
    making = add_action(actions, "haproxy", text)
    connection.add_common_options(making)
    usual = haproxy.Farm(())
    making.add_argument(
        "--server",
        dest="servers",
        action="append",
        default=[],
        metavar="NAME",
        help="a saved server (see servers); to be repeated (default: all saved ones)",
    )
    making.add_argument(
        "--into",
        type=Path,
        metavar="DIR",
        help="write haproxy.cfg and the certificates of authorities into this folder (default: "
        f"print haproxy.cfg, for the folder {usual.folder})",
    )
    making.add_argument(
        "--bind", default=usual.bind, metavar="HOST", help="address to listen at (default: all)"
    )
    making.add_argument(
        "--port", type=int, default=usual.port, help="the farm's port (default: %(default)s)"
    )
    making.add_argument(
        "--each-port",
        type=int,
        default=usual.each_port,
        metavar="PORT",
        help="the first of the ports of single servers (default: %(default)s)",
    )
    making.add_argument(
        "--tls",
        default=usual.certificate,
        metavar="FILE",
        help="PEM file of certificate and key that the farm shows, as HAProxy finds it (default: "
        "plaintext)",
    )
    making.add_argument(
        "--socket",
        default=usual.socket,
        metavar="FILE",
        help="where HAProxy listens for commands (default: %(default)s)",
    )
    making.add_argument(
        "--queue",
        type=int,
        default=usual.queue,
        metavar="JOBS",
        help="how many jobs may wait (default: %(default)s)",
    )


def farm(options: argparse.Namespace, output: Output) -> int:
    """Do what one action says."""
    folder = options.into.absolute() if options.into else None
    try:
        servers = _servers(options)
        files = haproxy.configuration(
            haproxy.Farm(
                servers,
                folder=str(folder) if folder else haproxy.Farm(()).folder,
                bind=options.bind,
                port=options.port,
                each_port=options.each_port,
                certificate=options.tls,
                socket=options.socket,
                queue=options.queue,
            )
        )
    except RequestRejected as error:
        raise error.become(Usage) from error
    if folder is None:
        for line in files["haproxy.cfg"].splitlines():
            output.line(line)
    else:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
        output.line(f"Wrote {', '.join(sorted(files))} into {folder}.")
    output.result(servers=[server.name for server in servers], files=files)
    return OK


def _servers(options: argparse.Namespace) -> list[Server]:
    """Return the saved servers that are named, in that order, or all. Raises Usage."""
    saved = SavedServers(user_folder(options))
    found = [saved.find(name) for name in options.servers] if options.servers else saved.all()
    if not found:
        raise Usage(
            "No server is saved, so there is nothing to make a farm of.",
            "Save some first: drawbridge servers save studio --host mac.local.",
        )
    return list(found)


COMMAND = Command("farm", "several servers behind one address", farm, _actions, common=no_options)
