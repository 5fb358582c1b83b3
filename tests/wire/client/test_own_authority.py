"""The certificates that the security page teaches to make do what it says."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path

import grpc
import pytest

from drawbridge import errors
from drawbridge.client.client import DrawThingsClient
from drawbridge.client.connection import channel
from drawbridge.client.connection.endpoint import Endpoint
from drawbridge.client.server_fields import Transport
from drawbridge.client.store.credentials import Identity, Secret
from drawbridge.client.store.pins import Pins, fingerprint
from drawbridge.proto import image_service_pb2 as pb2
from drawbridge.proto.service import generic_handler

_PAGE = Path(__file__).resolve().parents[3] / "docs" / "security.md"
_HOST = "mac.local"


class _Greeter:
    def Echo(self, request: pb2.EchoRequest, context: grpc.ServicerContext) -> pb2.EchoReply:
        return pb2.EchoReply(message="HELLO")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the commands of the page leave behind."""
    if shutil.which("openssl") is None or shutil.which("sh") is None:
        pytest.skip("there is no openssl")
    found = re.search(r"run by a test -->\n```sh\n(.*?)```", _PAGE.read_text("utf-8"), re.DOTALL)
    assert found
    subprocess.run(
        ["sh", "-e", "-c", found.group(1)], cwd=tmp_path, check=True, capture_output=True
    )
    return tmp_path


@pytest.fixture
def port(folder: Path) -> Iterator[int]:
    """Serve as a proxy does that asks for client certificates."""

    def read(name: str) -> bytes:
        return (folder / name).read_bytes()

    server = grpc.server(futures.ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers((generic_handler(_Greeter()),))
    pair = (read("server-key.pem"), read("server.pem"))
    credentials = grpc.ssl_server_credentials([pair], read("ca.pem"), require_client_auth=True)
    port = server.add_secure_port("127.0.0.1:0", credentials)
    server.start()
    yield port
    server.stop(None).wait()


async def test_the_pages_certificates_let_the_right_client_in(
    folder: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def here(endpoint: Endpoint) -> list[str]:
        return ["127.0.0.1"]

    monkeypatch.setattr(channel, "resolve", here)
    identity = Identity(
        (folder / "client.pem").read_bytes(), Secret((folder / "client-key.pem").read_text())
    )
    root = (folder / "ca.pem").read_bytes()
    for host in (_HOST, "192.168.1.20"):
        endpoint = Endpoint(host, port, Transport.OWN_CA, root, identity=identity)
        async with DrawThingsClient(endpoint) as client:
            assert (await client.echo()).message == "HELLO"
    nameless = Endpoint("127.0.0.1", port, Transport.OWN_CA, root, identity=identity)
    with pytest.raises(errors.TlsMismatch, match="another name"):
        async with DrawThingsClient(nameless) as client:
            await client.echo()
    anonymous = Endpoint("127.0.0.1", port, Transport.PINNED)
    with pytest.raises(errors.TlsMismatch, match="client certificate"):
        async with DrawThingsClient(anonymous, pins=Pins(None)) as client:
            await client.echo()


def test_the_page_shows_a_fingerprint_as_drawbridge_does(folder: Path) -> None:
    [command] = re.findall(r"^openssl x509 -in .* -fingerprint .*$", _PAGE.read_text("utf-8"), re.M)
    shown = subprocess.run(
        command.split(), cwd=folder, check=True, capture_output=True, text=True
    ).stdout
    assert shown.strip().endswith("=" + fingerprint((folder / "server.pem").read_text()))
