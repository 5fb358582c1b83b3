"""Servers that announce themselves, on this computer's own loopback network."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from drawbridge.cli.main import main
from drawbridge.client.address import Address
from drawbridge.client.connection.nearby import nearby
from drawbridge.client.server_fields import Transport
from drawbridge.client.store.server import Server
from drawbridge.emulator.server.server import Emulator
from drawbridge.errors import DrawbridgeError

Emulate = Callable[..., Emulator]
ROOT = Path(__file__).resolve().parents[3]
HERE = "127.0.0.1"
# Announcing takes a second of probing; the rest is for computers with much else to do.
ROUNDS, SECONDS = 10, 1.0


def multicast_works() -> bool:
    """Say whether a datagram for everybody on the loopback network comes back."""
    group = "239.255.77.77"
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ears:
            ears.settimeout(2)
            ears.bind(("", 0))
            membership = struct.pack("4s4s", socket.inet_aton(group), socket.inet_aton(HERE))
            ears.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth:
                mouth.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(HERE))
                mouth.sendto(b"anybody?", (group, ears.getsockname()[1]))
            return ears.recv(64) == b"anybody?"
    except OSError:
        return False


@pytest.fixture(autouse=True)
def multicast() -> None:
    pytest.importorskip("zeroconf")
    if not multicast_works():
        pytest.skip("this computer lets nobody announce anything on its loopback network")


@pytest.fixture
def name() -> str:
    """Return a name that no other test has."""
    return f"Büro {uuid.uuid4().hex[:8]}"


@pytest.fixture
def neighbours() -> Iterator[None]:
    """Let other programs share the port, which get nearly all that is sent to one address.

    The system chooses whom it gives that to, on Linux anew with every start: with two, tests of
    what one of them hears would pass on every second day.
    """
    with ExitStack() as programs:
        for _ in range(16):
            program = programs.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            for option in ("SO_REUSEADDR", "SO_REUSEPORT"):  # Windows has the first alone
                if hasattr(socket, option):
                    program.setsockopt(socket.SOL_SOCKET, getattr(socket, option), 1)
            program.bind((HERE, 5353))
        yield


async def seek(name: str) -> Server | None:
    for _ in range(ROUNDS):
        for one in await nearby(SECONDS, [HERE]):
            if one.name == name:
                return one
    return None


@pytest.mark.parametrize("tls", [False, True])
async def test_an_announced_server_is_found(emulate: Emulate, name: str, tls: bool) -> None:
    emulator = emulate(announce=name, tls=tls)
    transport = Transport.DRAW_THINGS if tls else Transport.PLAINTEXT
    assert await seek(name) == Server(Address(HERE, emulator.port), transport, name=name)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_server_that_ended_is_not_found_any_more(emulate: Emulate, name: str) -> None:
    before = {thread.name for thread in threading.enumerate()}
    emulator = emulate(announce=name)
    assert await seek(name)
    emulator.stop()
    assert all(one.name != name for one in await nearby(SECONDS, [HERE]))
    assert {thread.name for thread in threading.enumerate()} <= before


@pytest.mark.usefixtures("neighbours")
async def test_a_server_is_found_where_programs_share_the_port(emulate: Emulate, name: str) -> None:
    emulator = emulate(announce=name)
    address = Address(HERE, emulator.port)
    assert await seek(name) == Server(address, Transport.PLAINTEXT, name=name)


@pytest.mark.parametrize("shared", [False, True])
async def test_a_name_is_taken_once(
    emulate: Emulate, name: str, shared: bool, request: pytest.FixtureRequest
) -> None:
    if shared:
        request.getfixturevalue("neighbours")
    emulate(announce=name)
    assert await seek(name)
    for _ in range(ROUNDS):  # the first may be too busy to object in time
        await asyncio.sleep(SECONDS)  # nobody says the same to everybody twice in a second
        try:
            # It goes on: its good-bye would make the first say everything again.
            emulate(announce=name)
        except DrawbridgeError as error:
            said = error.problem
            break
    else:
        said = "nothing"
    assert "already" in said


@pytest.mark.parametrize("bad", ["x" * 64, "ü" * 30, "two\nlines", " "])
def test_a_name_that_cannot_be_announced_is_said(emulate: Emulate, bad: str) -> None:
    with pytest.raises(DrawbridgeError, match="cannot be announced"):
        emulate(announce=bad)


def test_the_command_lists_what_is_announced(
    emulate: Emulate, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    emulator = emulate(announce=name)
    assert asyncio.run(seek(name))
    given = ["nearby", "--interface", HERE, "--seconds", str(3 * SECONDS)]
    assert main([*given, "--json"]) == 0
    wanted = {"name": name, "host": HERE, "port": emulator.port, "transport": "plaintext"}
    assert wanted in json.loads(capsys.readouterr().out)["servers"]
    assert main(given) == 0
    [line] = [line for line in capsys.readouterr().out.splitlines() if name in line]
    assert line.removeprefix(name).split() == [f"{HERE}:{emulator.port}", "plaintext"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signal for one process alone")
def test_the_emulator_announces_itself_and_says_good_bye(name: str) -> None:
    flags = ("-m", "emulator", "--port", "0", "--announce", name)
    with subprocess.Popen(
        [sys.executable, "-W", "error", *flags],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().split()[2]
            found = asyncio.run(seek(name))
            assert found is not None
            assert str(found.address) == address
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=60)
            assert (process.returncode, err) == (0, "")
            assert all(one.name != name for one in asyncio.run(nearby(SECONDS, [HERE])))
        finally:
            process.kill()
