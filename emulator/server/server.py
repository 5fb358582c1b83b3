"""Starts and stops an emulated server, inside of any process and beside any event loop."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import tempfile
from collections.abc import Iterable
from concurrent import futures
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import grpc

from ...errors import DrawbridgeError
from ...proto.service import SERVICE
from ..stock.catalog import Catalog
from .announce import Announcement
from .faults import Faults
from .faulty_service import FaultyService
from .front import Front
from .journal import Journal
from .methods import Methods
from .service import Behaviour, Service
from .tls import Authority, Pair, server_context
from .worker import Worker

# Enough for every client that waits in the queue while others ask for something else; a thread is
# made when it is needed.
_TOLD_BYTES = 64 << 20
_THREADS = 4096


@dataclass(frozen=True)
class Options:
    """How an emulated server is set up.

    `port` 0 takes any free one. `models` is the folder of the models and custom lists, of which the
    server has what is in it, and with `stock` the emulator's made-up files as well; None makes an
    empty one that vanishes at the end, and has those files. `step_ms` is how long each progress
    message takes. `identity` is a certificate of one's own for the server, in place of a throw-away
    one. `faults` are those of faults.py, written NAME or NAME:COUNT, or rules. `announce` is the
    name under which the server is announced on the network, "" for its own; None does not announce
    it.
    """

    host: str = "127.0.0.1"
    port: int = 0
    tls: bool = False
    identity: Pair | None = None
    certificate_names: tuple[str, ...] = ()
    require_client_certificate: bool = False
    client_authority: bytes | None = field(default=None, repr=False)
    secret: str | None = field(default=None, repr=False)
    name: str = field(default_factory=socket.gethostname)
    model_browser: bool = True
    compression: bool = True
    float32: bool = False
    echo_on_queue: bool = False
    step_ms: float = 0.0
    strict: bool = False
    reflection: bool = False
    faults: tuple[str, ...] = ()
    models: Path | None = None
    stock: bool = False
    journal: Path | None = None
    announce: str | None = None
    max_receive_bytes: int = 1 << 30


class Emulator:
    """A server that answers like Draw Things and paints landscapes instead of thinking.

        with Emulator(Options(step_ms=5)) as emulator:
            channel = grpc.insecure_channel(emulator.address)

    Its threads are its own, so it serves synchronous and asynchronous clients of the same process
    alike. It can be started once. Raises DrawbridgeError where it cannot start.
    """

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or Options()
        self.journal = Journal(self.options.journal)
        self._faults = Faults(self.options.faults)
        self._worker = Worker(self.journal, self.options.step_ms)
        self._authority = Authority() if self._signs else None
        self._identity = self.options.identity if self.options.tls else None
        if self._authority is not None and self._identity is None:
            self._identity = self._authority.server(self.options.certificate_names)
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._server: grpc.Server | None = None
        self._front = Front(self._tls_context(), self._faults.call)
        self._announcement: Announcement | None = None
        self._port = 0

    def __enter__(self) -> Emulator:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Open the port and begin to answer."""
        try:
            folder = self._open_folder()
            server = self._build(Catalog(folder, made_up=self._makes_up))
            self._port = self._bind()
            # Only the front is reached from elsewhere; who is on this computer is no stranger.
            target = server.add_insecure_port("127.0.0.1:0")
        except BaseException:
            self._close()
            raise
        self.journal.add(
            "listening",
            name=self.options.name,
            address=self.address,
            tls=self.options.tls,
            strict=self.options.strict,
            faults=list(self.options.faults),
        )
        self._worker.start()
        server.start()
        self._server = server
        self._front.start(target)
        if self.options.announce is not None:
            try:
                self._announce(self.options.announce or self.options.name)
            except BaseException:
                self.stop()
                raise

    @property
    def _signs(self) -> bool:
        """Return whether it needs certificates of its own making, for itself or for its clients."""
        options = self.options
        clients = options.require_client_certificate and options.client_authority is None
        return options.tls and (options.identity is None or clients)

    @property
    def _makes_up(self) -> bool:
        return self.options.models is None or self.options.stock

    def _announce(self, name: str) -> None:
        tls = self.options.tls
        self._announcement = Announcement(name, self.options.host, self.port, tls=tls)
        self.journal.add("announced", name=name)

    def _build(self, catalog: Catalog) -> grpc.Server:
        options = self.options
        behaviour = Behaviour(
            secret=options.secret or "",
            model_browser=options.model_browser,
            compression=options.compression,
            float32=options.float32,
            strict=options.strict,
            echo_on_queue=options.echo_on_queue,
        )
        service = Service(
            behaviour, catalog, self._worker, self._faults, self.journal, self._front.drop
        )
        server = grpc.server(
            futures.ThreadPoolExecutor(_THREADS, thread_name_prefix="emulator"),
            options=_channel_options(options.max_receive_bytes),
        )
        if options.reflection:
            _add_reflection(server)
        faulty = FaultyService(service, self._faults, self._front.drop, self._front.restart)
        server.add_generic_rpc_handlers((Methods(faulty, options.max_receive_bytes),))
        return server

    def _open_folder(self) -> Path:
        if self.options.models is None:
            self._folder = tempfile.TemporaryDirectory(
                prefix="drawbridge-emulator-", ignore_cleanup_errors=True
            )
            return Path(self._folder.name)
        if not self.options.models.is_dir():
            raise DrawbridgeError(
                f"There is no folder {self.options.models} for models.",
                "Make it, or name another one.",
            )
        return self.options.models

    def _bind(self) -> int:
        try:
            return self._front.bind(self.options.host.strip("[]"), self.options.port)
        except (OSError, OverflowError) as error:
            raise DrawbridgeError(
                f"The emulator cannot listen on {_join(self.options.host, self.options.port)}.",
                "Stop what already listens there, or choose another port or address.",
            ) from error

    def _tls_context(self) -> ssl.SSLContext | None:
        if self._identity is None:
            return None
        clients = None
        if self.options.require_client_certificate:
            clients = self.options.client_authority
            if clients is None and self._authority is not None:
                clients = self._authority.root
        return server_context(self._identity, clients)

    def stop(self) -> None:
        """End all calls, close the port and remove what was temporary; harmless when done twice."""
        if self._announcement is not None:
            self._announcement.close()
            self._announcement = None
        if self._server is not None:
            stopped = self._server.stop(grace=None)
            self._worker.stop()
            stopped.wait()
            self._server = None
        self._close()

    def _close(self) -> None:
        self._front.stop()
        self.journal.close()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def restart(self, seconds: float = 0) -> None:
        """End every call and connection, as a server whose process ends and is started again, and
        listen again after so many seconds.
        """
        self._front.restart(seconds)

    @property
    def connections(self) -> int:
        """Return how many clients are connected now."""
        return self._front.connections

    @property
    def port(self) -> int:
        """Return the port it listens on, once started."""
        return self._port

    @property
    def address(self) -> str:
        """Return where a client on this computer finds it: "127.0.0.1:7859"."""
        unspecified = {"0.0.0.0": "127.0.0.1", "::": "::1", "[::]": "::1"}
        return _join(unspecified.get(self.options.host, self.options.host), self._port)

    @property
    def certificate(self) -> bytes:
        """Return the root that a client has to trust, as PEM.

        Empty in plaintext, and where the server's certificate is not of the emulator's making.
        """
        if self._authority is None or self.options.identity is not None:
            return b""
        return self._authority.root

    def new_client(self) -> Pair:
        """Return a certificate and key of the emulator's own root, for a client to show.

        Raises DrawbridgeError in plaintext, and where the emulator makes no certificates.
        """
        if self._authority is None:
            raise DrawbridgeError(
                "A server in plaintext, or with a certificate of its own, makes no certificates.",
                "Start the emulator with TLS, and without --certificate.",
            )
        return self._authority.client()

    @property
    def faults(self) -> frozenset[str]:
        """Return the faults switched on by name; may be set at any time, to NAMEs, NAME:COUNTs
        and rules.
        """
        return self._faults.names

    @faults.setter
    def faults(self, faults: Iterable[str]) -> None:
        self._faults.replace(faults)


def _join(host: str, port: int) -> str:
    try:
        bracketed = ipaddress.ip_address(host.strip("[]")).version == 6
    except ValueError:
        bracketed = False
    return f"[{host.strip('[]')}]:{port}" if bracketed else f"{host}:{port}"


def _channel_options(max_receive_bytes: int) -> list[tuple[str, int]]:
    """Return gRPC core's options for the transport of a real server (docs/protocol.md 1.10)."""
    return [
        # What is a little longer is refused in a real server's words, by `Methods`.
        ("grpc.max_receive_message_length", max_receive_bytes + _TOLD_BYTES),
        ("grpc.max_send_message_length", -1),
        # Identity alone: gzip is UNIMPLEMENTED, in other words than a real server's, as the library
        # refuses it before the call is ours.
        ("grpc.compression_enabled_algorithms_bitset", 1),
        ("grpc.max_concurrent_streams", 100),
        ("grpc.so_reuseport", 0),
        ("grpc.keepalive_time_ms", 2 * 60 * 60 * 1000),
        ("grpc.keepalive_timeout_ms", 20 * 1000),
        ("grpc.http2.min_recv_ping_interval_without_data_ms", 0),
        ("grpc.http2.max_ping_strikes", 0),
    ]


def _add_reflection(server: grpc.Server) -> None:
    try:
        from grpc_reflection.v1alpha import reflection
    except ImportError as error:
        raise DrawbridgeError(
            "Reflection needs the package 'grpcio-reflection'.",
            "Install it (pip install grpcio-reflection), or do without --reflection.",
        ) from error
    # Our messages live in a pool of their own, which the reflection service has to be told of.
    reflection.enable_server_reflection(
        (SERVICE.full_name, reflection.SERVICE_NAME), server, pool=SERVICE.file.pool
    )
