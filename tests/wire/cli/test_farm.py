"""Several emulated servers behind a real HAProxy, set up by the command that people use."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from drawbridge.cli.main import main
from drawbridge.client.address import Address
from drawbridge.client.client import DrawThingsClient
from drawbridge.client.configuration.fields import GenerationConfig
from drawbridge.client.connection.endpoint import Endpoint
from drawbridge.client.generation.events import Event, Picture, Progress
from drawbridge.client.generation.request import GenerationRequest
from drawbridge.client.server_fields import Transport
from drawbridge.client.store.server import Server
from drawbridge.client.store.servers import SavedServers
from drawbridge.client.upload.transfer import Done
from drawbridge.emulator.server.server import Emulator, Options
from drawbridge.emulator.server.tls import Authority
from drawbridge.errors import (
    DrawbridgeError,
    RequestRejected,
    ServerBusy,
    ServerUnreachable,
    UploadFailed,
)

pytestmark = pytest.mark.skipif(not shutil.which("haproxy"), reason="HAProxy is not installed")

PATIENCE_SECONDS = 60
REQUEST = GenerationRequest(
    "a bridge",
    GenerationConfig(
        model="z_image_turbo_1.0_q8p.ckpt", steps=4, start_width=128, start_height=128
    ),
    model_version="z_image",
)

# `inter` stays as it is: it also limits a check's handshake, which takes long on a busy computer.
_QUICK = (
    ("inter 2s fall 3", "inter 2s fastinter 50ms downinter 50ms fall 2"),
    ("global\n", "global\n    max-spread-checks 50ms\n"),
)
# Where no server is to be found dead, a busy computer has all the time it needs: HAProxy takes a
# handshake that lasts longer than these for a server that is gone, and a job for a failure.
_PATIENT = (
    ("inter 2s fastinter", "inter 60s fastinter"),
    ("timeout connect 3s", "timeout connect 60s"),
    ("timeout check 5s", "timeout check 60s"),
)


@dataclass
class Farm:
    """A running HAProxy; `port` is the farm's, `each` the first of its servers' own."""

    folder: Path
    servers: list[Server]
    port: int
    each: int
    root: bytes | None = None
    changes: Sequence[tuple[str, str]] = ()
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> None:
        """Write the configuration and start, or take over from the one that runs."""
        saved = SavedServers(self.folder)
        for server in self.servers:
            saved.put(server)
        words = ["farm", "haproxy", "--store", str(self.folder), "--into", str(self.folder)]
        words += ["--port", str(self.port), "--each-port", str(self.each), "--bind", "127.0.0.1"]
        words += ["--socket", str(self.folder / "admin")]
        if self.root is not None:
            words += ["--tls", str(self.folder / "farm.pem")]
        assert main(words) == 0
        path = self.folder / "haproxy.cfg"
        text = path.read_text("utf-8")
        for old, new in (*_QUICK, *self.changes):
            assert old in text
            text = text.replace(old, new)
        path.write_text(text, "utf-8")
        run = ["haproxy", "-f", str(path), "-db"]
        if self.processes:
            run += ["-x", str(self.folder / "admin"), "-sf", str(self.processes[-1].pid)]
        log = (self.folder / "log").open("ab")
        with log:
            self.processes.append(subprocess.Popen(run, stdout=log, stderr=log))
        self._until(lambda: self._state(len(self.servers)))

    def _state(self, servers: int) -> bool:
        assert self.processes[-1].poll() is None, (self.folder / "log").read_text()
        told = self.command("show stat")  # L7OK: the check has seen the server, not only assumed it
        return len(re.findall(r"^gen,s[0-9]+,.*,L7OK,", told, re.MULTILINE)) == servers

    def command(self, words: str) -> str:
        """Return what HAProxy says to a command, "" where it does not listen yet."""
        with socket.socket(socket.AF_UNIX) as ask, contextlib.suppress(OSError):
            ask.connect(str(self.folder / "admin"))
            ask.sendall(words.encode() + b"\n")
            return b"".join(iter(lambda: ask.recv(1 << 16), b"")).decode()
        return ""

    def shows(self, state: str) -> bool:
        """Return whether HAProxy finds its first server in that state, such as UP."""
        return (
            re.search(rf"^gen,s1,.*,{state},", self.command("show stat"), re.MULTILINE) is not None
        )

    def _until(self, condition: Callable[[], bool]) -> None:
        asyncio.run(_until(condition))

    def stop(self) -> None:
        """End it."""
        for process in self.processes:
            process.kill()
            process.wait()
        sys.stdout.write((self.folder / "log").read_text())  # seen where the test fails

    def client(self, each: int | None = None) -> DrawThingsClient:
        """Return a client of the farm, or of one server's own port, counted from 0."""
        port = self.port if each is None else self.each + each
        transport = Transport.PLAINTEXT if self.root is None else Transport.OWN_CA
        return DrawThingsClient(Endpoint("localhost", port, transport, self.root))

    async def generate(self, reached: Callable[[Event], None] = lambda event: None) -> int:
        """Generate one picture; return how many came."""
        count = 0
        async with self.client() as client:
            async for event in client.generate(REQUEST):
                reached(event)
                count += isinstance(event, Picture)
        return count


async def _until(condition: Callable[[], bool]) -> None:
    async def wait() -> None:
        while not condition():  # noqa: ASYNC110 - another process tells nobody
            await asyncio.sleep(0.01)

    await asyncio.wait_for(wait(), PATIENCE_SECONDS)


@contextlib.contextmanager
def _ports() -> Iterator[tuple[int, int]]:
    """Hold five ports in a row, for HAProxy alone: the farm's, and the first of its servers'.

    HAProxy listens at a port that another socket of the same user has, if both say SO_REUSEPORT.
    Released, a port could become that of anybody's connection before HAProxy takes it.
    """
    while True:
        with contextlib.ExitStack() as stack:
            taken = [stack.enter_context(socket.socket()) for _ in range(5)]
            for one in taken:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            try:
                taken[0].bind(("127.0.0.1", 0))
                port = taken[0].getsockname()[1]
                for number, one in enumerate(taken[1:], 1):
                    one.bind(("127.0.0.1", port + number))
            except (OSError, OverflowError):
                continue
            yield port, port + 1
            return


@pytest.fixture
def serve() -> Iterator[Callable[..., Emulator]]:
    """Start emulators; they end with the test."""
    with contextlib.ExitStack() as stack:
        yield lambda **options: stack.enter_context(Emulator(Options(**options)))


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Farm]]:
    """Start a farm of emulators, with changes to the configuration's text."""
    with contextlib.ExitStack() as stack:
        # The path of a socket may have some 100 characters.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="farm-")))

        def begin(
            emulators: Sequence[Emulator], *changes: tuple[str, str], tls: bool = False
        ) -> Farm:
            servers = [saved(emulator, f"s{n}") for n, emulator in enumerate(emulators, 1)]
            port, each = stack.enter_context(_ports())
            farm = Farm(folder, servers, port, each, changes=changes)
            if tls:
                authority = Authority()
                pair = authority.server(("localhost",))
                (folder / "farm.pem").write_bytes(pair.certificate + pair.key)
                farm.root = authority.root
            stack.callback(farm.stop)
            farm.start()
            return farm

        yield begin


def saved(emulator: Emulator, name: str) -> Server:
    """Return an emulator as a person saves it."""
    if not emulator.certificate:
        return Server(Address("127.0.0.1", emulator.port), Transport.PLAINTEXT, name=name)
    certificate = emulator.certificate.decode()
    return Server(Address("localhost", emulator.port), Transport.OWN_CA, certificate, name=name)


def _most_at_once(emulator: Emulator) -> int:
    running = most = 0
    for entry in emulator.journal:
        if entry.get("rpc") == "GenerateImage":
            running += 1
        running -= entry["event"] in ("finished", "failed", "cancelled")
        most = max(most, running)
    return most


@pytest.mark.parametrize("tls", [False, True], ids=["plaintext", "TLS on both sides"])
async def test_jobs_are_given_to_free_servers_one_at_a_time(
    serve: Callable[..., Emulator], start: Callable[..., Farm], tls: bool
) -> None:
    emulators = [serve(tls=tls, step_ms=10) for _ in range(2)]
    farm = await asyncio.to_thread(lambda: start(emulators, *_PATIENT, tls=tls))
    assert await asyncio.gather(*(farm.generate() for _ in range(6))) == [1] * 6
    shares = [len(one.journal.events("finished")) for one in emulators]
    assert sum(shares) == 6
    assert min(shares) >= 1
    assert [_most_at_once(one) for one in emulators] == [1, 1]
    async with farm.client() as client:
        assert (await client.echo()).catalog is not None


async def test_server_killed_in_mid_job_costs_that_job_alone(
    serve: Callable[..., Emulator], start: Callable[..., Farm]
) -> None:
    emulators = [serve(step_ms=50) for _ in range(2)]
    farm = await asyncio.to_thread(lambda: start(emulators))
    killed: list[Emulator] = []

    def kill(event: Event) -> None:
        if isinstance(event, Progress) and not killed:
            [busy] = [one for one in emulators if one.journal.events("started")]
            killed.append(busy)
            busy._front.stop()  # what it told is on its way, its connections end

    with pytest.raises(ServerUnreachable, match="broke in the middle of the generation"):
        await farm.generate(kill)
    assert await asyncio.gather(farm.generate(), farm.generate()) == [1, 1]
    [alive] = [one for one in emulators if one not in killed]
    assert len(alive.journal.events("finished")) == 2


async def test_server_is_added_while_another_works(
    serve: Callable[..., Emulator], start: Callable[..., Farm]
) -> None:
    old = serve(step_ms=40)
    farm = await asyncio.to_thread(lambda: start([old], *_PATIENT))
    running = asyncio.ensure_future(farm.generate())
    await _until(lambda: bool(old.journal.events("step")))
    new = serve()
    farm.servers.append(saved(new, "s2"))
    await asyncio.to_thread(farm.start)  # takes the ports over; the old process ends its job
    for _ in range(20):  # on a busy computer one may be over before the other comes
        assert await asyncio.gather(farm.generate(), farm.generate()) == [1, 1]
        if new.journal.events("finished"):
            break
    assert new.journal.events("finished")
    assert await running == 1


@pytest.mark.parametrize(
    ("rule", "changes", "kind", "words"),
    [
        ("connect: refuse", (), ServerUnreachable, "no server"),
        (
            "generate: stall after 2",
            (("timeout server 6h", "timeout server 1s"),),
            ServerUnreachable,
            "middle of the generation",
        ),
        (
            "generate: stall",
            (("timeout server 6h", "timeout server 1s"),),
            ServerUnreachable,
            "farm: the server was silent for too long",
        ),
        ("generate: reset after 3", (), ServerUnreachable, "middle of the generation"),
        ("generate: status INTERNAL", (), DrawbridgeError, "INTERNAL"),
    ],
)
async def test_what_goes_wrong_is_said_in_the_farm_s_words(
    serve: Callable[..., Emulator],
    start: Callable[..., Farm],
    rule: str,
    changes: tuple[tuple[str, str], ...],
    kind: type[DrawbridgeError],
    words: str,
) -> None:
    emulator = serve()
    farm = await asyncio.to_thread(lambda: start([emulator], *changes))
    emulator.faults = [rule]
    if rule == "connect: refuse":  # a job may be there before the check that finds it out
        await _until(lambda: farm.shows("DOWN"))
    with pytest.raises(kind, match=words):
        await farm.generate()
    if not changes:  # whose limits a busy computer would not keep
        emulator.faults = []
        await _until(lambda: farm.shows("UP"))
        assert await farm.generate() == 1


async def test_dead_farm_and_full_queue_are_told_apart(
    serve: Callable[..., Emulator], start: Callable[..., Farm]
) -> None:
    emulator = serve(step_ms=100)
    farm = await asyncio.to_thread(
        lambda: start([emulator], ("queue(gen) ge 200", "queue(gen) ge 1"))
    )
    jobs = [asyncio.ensure_future(farm.generate()) for _ in range(2)]
    await _until(lambda: re.search(r"^gen,BACKEND,1,", farm.command("show stat"), re.M) is not None)
    with pytest.raises(ServerBusy, match="farm: the queue is full"):
        await farm.generate()
    assert await asyncio.gather(*jobs) == [1, 1]
    emulator.stop()
    await _until(lambda: farm.shows("DOWN"))
    with pytest.raises(ServerUnreachable, match="farm: no server"):
        await farm.generate()


async def test_file_goes_to_a_server_s_own_port(
    serve: Callable[..., Emulator], start: Callable[..., Farm], tmp_path: Path
) -> None:
    emulators = [serve(), serve()]
    farm = await asyncio.to_thread(lambda: start(emulators, *_PATIENT))
    path = tmp_path / "new.ckpt"
    path.write_bytes(b"weights")
    async with farm.client() as client:
        # HAProxy answers before the file is sent, and may end the stream before the words are read.
        told = "bring files to each server|stopped the upload"
        with pytest.raises((RequestRejected, UploadFailed), match=told):
            _ = [step async for step in client.upload(path)]
    async with farm.client(each=1) as client:
        assert isinstance([step async for step in client.upload(path)][-1], Done)
        assert (await client.files_exist(["new.ckpt"]))[0].exists
    async with farm.client(each=0) as client:
        assert not (await client.files_exist(["new.ckpt"]))[0].exists


@pytest.mark.parametrize(
    ("server", "words"),
    [
        (Server(Address("mac.local"), Transport.PINNED, name="a"), "pinned certificate of a"),
        (Server(Address("10.0.0.2"), Transport.SYSTEM, name="a"), "no certificate for an address"),
    ],
)
def test_what_haproxy_cannot_check_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], server: Server, words: str
) -> None:
    SavedServers(tmp_path).put(server)
    assert main(["farm", "haproxy", "--store", str(tmp_path)]) == 2
    assert words in capsys.readouterr().err


def test_page_s_example_is_what_the_command_prints(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = SavedServers(tmp_path)
    for name, number in (("studio", 21), ("mini", 22)):
        store.put(Server(Address(f"192.168.1.{number}"), Transport.DRAW_THINGS, name=name))
    words = ["--server", "studio", "--server", "mini", "--tls", "/etc/haproxy/farm.pem"]
    assert main(["farm", "haproxy", "--store", str(tmp_path), *words]) == 0
    example = Path(__file__).parents[3] / "docs" / "haproxy.cfg"
    assert capsys.readouterr().out == example.read_text("utf-8")
