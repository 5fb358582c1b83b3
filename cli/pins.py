"""The command pins: list the pinned certificates, or forget one."""

from __future__ import annotations

import argparse

from ..client.store.pins import Pins
from ..client.threads import in_thread
from .command import Command
from .connection import add_common_options
from .folder import user_folder
from .outcome import OK, Usage
from .output import Output


def _options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("action", nargs="?", choices=("list", "forget"), default="list", help="default: list")
    add("address", nargs="?", metavar="HOST:PORT", help="which one to forget, as list gives it")


async def pins(options: argparse.Namespace, output: Output) -> int:
    """List the pinned certificates, or forget that of one address."""
    kept = Pins(user_folder(options))
    if options.action == "forget":
        return await _forget(kept, options.address, output)
    if options.address:
        raise Usage(
            "An address is given, but nothing to do with it.", "See drawbridge pins --help."
        )
    found = await in_thread(lambda: kept.all())
    for pin in found:
        public = "; comes with Draw Things, proves nothing" if pin.is_public else ""
        output.line(f"{pin.address}  since {pin.first_seen}{public}")
        output.line(f"  {pin.fingerprint}")
    if not found:
        output.line("No certificate is pinned.")
    output.result(pins=[pin.as_dict() for pin in found])
    return OK


async def _forget(kept: Pins, address: str | None, output: Output) -> int:
    if not address:
        raise Usage("The address to forget is missing.", "Give it as drawbridge pins lists it.")
    if not await in_thread(lambda: kept.forget(address)):
        known = ", ".join(pin.address for pin in await in_thread(lambda: kept.all()))
        raise Usage(
            f"No certificate is pinned for {address}.",
            f"Name one of {known}." if known else "There is nothing to forget.",
        )
    output.line(f"The next certificate that {address} shows will be trusted.")
    output.result(forgotten=address)
    return OK


COMMAND = Command(
    "pins", "list or forget pinned certificates", pins, _options, common=add_common_options
)
