"""The emulator's command line: its flags, its first line, its clean end."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .. import __version__
from ..errors import DrawbridgeError
from .server.fault_rules import VERBS, parse
from .server.faults import DESCRIPTIONS, Faults
from .server.server import Emulator, Options
from .server.tls import Pair

_DESCRIPTION = """\
A stand-in for a Draw Things gRPC server. It answers like one and paints landscapes instead of
running a model, so that clients can be tried and tested without a Mac and without a GPU."""


_RULES = """\
rules, for one call and one moment: CALL[WHICH]: ACTION, several between semicolons.
CALL is connect, echo, files, generate, upload, hours, pubkey or any; [2] is the second one,
[2-4] or [2-] some of them, and without it every one is meant. ACTION is one of"""


_OF_OWN_ROOT = ("--certificate-out", "--certificate-name", "--certificates")
_OF_TLS = (
    *("--certificate", "--key", "--certificate-out", "--certificate-name", "--certificates"),
    *("--require-client-certificate", "--client-authority"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted; return the exit code: 0 at a clean end, 1 without a start."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    options = _options(chosen, parser)
    over = threading.Event()
    try:
        with _signals(over), Emulator(options) as emulator:
            if chosen.certificate_out:
                chosen.certificate_out.write_bytes(emulator.certificate)
            if chosen.certificates:
                _write_certificates(chosen.certificates, emulator)
            transport = "TLS" if chosen.tls else "plaintext"
            sys.stdout.write(f"Listening on {emulator.address} ({transport})\n")
            sys.stdout.flush()
            # Windows does not interrupt a wait without an end.
            while not over.wait(0.2):
                pass
    except (DrawbridgeError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _write_certificates(folder: Path, emulator: Emulator) -> None:
    """Write what a client needs that shows a certificate of its own."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    client = emulator.new_client()
    (folder / "ca.pem").write_bytes(emulator.certificate)
    (folder / "client.pem").write_bytes(client.certificate)
    key = folder / "client-key.pem"
    key.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(key, flags, 0o600), "wb") as file:
        file.write(client.key)


@contextmanager
def _signals(over: threading.Event) -> Iterator[None]:
    """Let the signals that ask a program to end set an event, for as long as this lasts."""
    names = ("SIGINT", "SIGTERM", "SIGBREAK")  # the last one exists on Windows only
    known = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.signal(number, lambda *_: over.set()) for number in known}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _parser() -> argparse.ArgumentParser:
    faults = "\n".join(f"  {name:<24}{text}" for name, text in DESCRIPTIONS.items())
    rules = "\n".join(f"  {verb.shown}\n{'':<26}{verb.text}" for verb in VERBS.values())
    parser = argparse.ArgumentParser(
        prog="drawbridge-emulator",
        description=_DESCRIPTION,
        epilog=f"faults:\n{faults}\n\n{_RULES}\n{rules}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,  # --secret would take the secret for the name of a variable, and say it
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    parser.add_argument(
        "--address",
        default="127.0.0.1",
        metavar="HOST",
        help="address to listen on (default: %(default)s, reachable from this computer only)",
    )
    parser.add_argument(
        "--port", type=int, default=7859, help="0 takes any free port (default: %(default)s)"
    )
    parser.add_argument("--name", help="name of the server (default: this computer's)")
    parser.add_argument(
        "--models",
        type=Path,
        metavar="DIR",
        help="folder of models and custom*.json lists: the server has what is in it, and uploads "
        "go there (default: a temporary one, and made-up files)",
    )
    parser.add_argument(
        "--stock", action="store_true", help="have the made-up files besides those of --models"
    )
    parser.add_argument("--tls", action="store_true", help="encrypt, with a throw-away certificate")
    parser.add_argument(
        "--certificate",
        type=Path,
        metavar="FILE",
        help="PEM file of the server's certificate, in place of a throw-away one; needs --key",
    )
    parser.add_argument(
        "--key", type=Path, metavar="FILE", help="PEM file of that certificate's private key"
    )
    parser.add_argument(
        "--certificate-out",
        type=Path,
        metavar="FILE",
        help="write the root certificate that clients have to trust to this file",
    )
    parser.add_argument(
        "--certificate-name",
        action="append",
        default=[],
        metavar="NAME",
        help="name or IP address in the certificate, instead of those of Draw Things' "
        "own; may be repeated",
    )
    parser.add_argument(
        "--require-client-certificate",
        action="store_true",
        help="turn clients away that show no certificate of --client-authority",
    )
    parser.add_argument(
        "--client-authority",
        type=Path,
        metavar="FILE",
        help="PEM file of the authority of the clients (default: the emulator's own)",
    )
    parser.add_argument(
        "--certificates",
        type=Path,
        metavar="DIR",
        help="write ca.pem, which clients have to trust, and client.pem with client-key.pem, which "
        "one can show, to this folder",
    )
    secret = parser.add_mutually_exclusive_group()
    secret.add_argument(
        "--secret-env",
        metavar="NAME",
        help="environment variable that holds the shared secret clients have to send",
    )
    secret.add_argument(
        "--shared-secret",
        metavar="SECRET",
        help="the secret itself; others on this computer can read it in the list of processes, so "
        "prefer --secret-env",
    )
    parser.add_argument(
        "--no-model-browser", action="store_true", help="do not list models in Echo"
    )
    parser.add_argument("--no-compression", action="store_true", help="send pictures uncompressed")
    parser.add_argument(
        "--float32", action="store_true", help="send float32, as servers on Intel Macs do"
    )
    parser.add_argument(
        "--echo-on-queue", action="store_true", help="answer Echo after running generations"
    )
    parser.add_argument(
        "--step-ms",
        type=float,
        default=0.0,
        metavar="MS",
        help="how long each step takes (default: no time)",
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        help="refuse, with a reason, what a real server crashes on or silently ignores",
    )
    parser.add_argument(
        "--reflection", action="store_true", help="let generic clients ask for the schema"
    )
    parser.add_argument(
        "--announce",
        nargs="?",
        const="",
        metavar="NAME",
        help="announce the server on the network (Bonjour), to this computer alone where it is "
        "reachable from there alone (default name: --name)",
    )
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="NAME[:COUNT] | RULE | @FILE",
        help="misbehave, for the first COUNT generations or always, or by a rule such as "
        "'generate[2]: reset after 3', or by the rules in a file; may be repeated",
    )
    parser.add_argument(
        "--journal",
        type=Path,
        metavar="FILE",
        help="append what happens to this file, one JSON object per line",
    )
    return parser


def _options(chosen: argparse.Namespace, parser: argparse.ArgumentParser) -> Options:
    secret = chosen.shared_secret
    if chosen.secret_env:
        secret = os.environ.get(chosen.secret_env)
        if not secret:
            parser.error(f"the environment variable {chosen.secret_env} is not set")
    for flag in _OF_TLS:
        if getattr(chosen, flag[2:].replace("-", "_")) and not chosen.tls:
            parser.error(f"{flag} needs --tls")
    if bool(chosen.certificate) != bool(chosen.key):
        parser.error("--certificate and --key go together")
    for flag in _OF_OWN_ROOT if chosen.certificate else ():
        if getattr(chosen, flag[2:].replace("-", "_")):
            parser.error(f"{flag} is about a throw-away certificate, so not for --certificate")
    if chosen.client_authority and not chosen.require_client_certificate:
        parser.error("--client-authority needs --require-client-certificate")
    authority = _read(chosen.client_authority, parser) if chosen.client_authority else None
    identity = None
    if chosen.certificate:
        identity = Pair(_read(chosen.certificate, parser), _read(chosen.key, parser, "PRIVATE KEY"))
    try:
        faults = tuple(map(_fault, chosen.fault))
        Faults(faults)
    except (ValueError, OSError) as error:
        parser.error(str(error))
    named = {"name": chosen.name} if chosen.name else {}
    return Options(
        host=chosen.address,
        port=chosen.port,
        tls=chosen.tls,
        identity=identity,
        certificate_names=tuple(chosen.certificate_name),
        require_client_certificate=chosen.require_client_certificate,
        client_authority=authority,
        secret=secret,
        model_browser=not chosen.no_model_browser,
        compression=not chosen.no_compression,
        float32=chosen.float32,
        echo_on_queue=chosen.echo_on_queue,
        step_ms=chosen.step_ms,
        strict=chosen.strict,
        reflection=chosen.reflection,
        faults=faults,
        models=chosen.models,
        stock=chosen.stock,
        journal=chosen.journal,
        announce=chosen.announce,
        **named,
    )


def _fault(text: str) -> str:
    """Return a fault, or the rules in a file that is written @FILE. Raises OSError, ValueError."""
    if not text.startswith("@"):
        return text
    rules = Path(text[1:]).read_text(encoding="utf-8")
    parse(rules)
    return rules + "\n"  # also a single one is rules


def _read(path: Path, parser: argparse.ArgumentParser, what: str = "CERTIFICATE") -> bytes:
    try:
        text = path.read_bytes()
    except OSError as error:
        parser.error(f"{path} cannot be read: {error.strerror or error}")
    if f"{what}-----".encode() not in text:
        parser.error(f"{path} is no PEM file with a {what.lower()}")
    return text
