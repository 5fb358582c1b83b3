"""The emulator as a program of its own: flags, first line, journal, end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest

from drawbridge.emulator import command
from drawbridge.emulator.server.tls import Authority
from drawbridge.proto import image_service_pb2 as pb2
from drawbridge.proto.service import ImageGenerationStub

ROOT = Path(__file__).resolve().parents[3]


@contextmanager
def running(*flags: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """Run the emulator from the checkout; give the process, its address and its transport."""
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "emulator", "--port", "0", *flags],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        words = process.stdout.readline().split()
        if not words:
            assert process.stderr is not None
            pytest.fail(process.stderr.read())
        assert words[:2] == ["Listening", "on"]
        yield process, words[2], words[3]
    finally:
        process.kill()
        process.communicate()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends processes without a signal")
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_program_serves_keeps_a_journal_and_ends_cleanly(
    ask: Callable, tmp_path: Path, end: signal.Signals
):
    journal = tmp_path / "journal.jsonl"
    with running(
        "--name", "Studio", "--journal", str(journal), "--secret-env", "HOLE", HOLE="ssh"
    ) as (
        process,
        address,
        kind,
    ):
        assert kind == "(plaintext)"
        with grpc.insecure_channel(address) as channel:
            stub = ImageGenerationStub(channel)
            assert stub.Echo(pb2.EchoRequest(name="x")).sharedSecretMissing
            messages = list(stub.GenerateImage(ask({"sharedSecret": "ssh"})))
        assert any(message.generatedImages for message in messages)
        process.send_signal(end)
        output, errors = process.communicate(timeout=30)
    assert process.returncode == 0
    assert (output, errors) == ("", "")
    lines = [json.loads(line) for line in journal.read_text("utf-8").splitlines()]
    assert [line["event"] for line in lines if line["event"] != "step"] == [
        *("listening", "call", "call", "queued", "started", "finished")
    ]
    assert lines[0]["name"] == "Studio"
    assert lines[2]["request"]["configuration"]["steps"] == 8
    assert "ssh" not in journal.read_text("utf-8")


def test_program_with_tls_writes_its_root(tmp_path: Path):
    path = tmp_path / "root.pem"
    with running("--tls", "--certificate-out", str(path)) as (_, address, kind):
        assert kind == "(TLS)"
        credentials = grpc.ssl_channel_credentials(path.read_bytes())
        with grpc.secure_channel(address, credentials) as channel:
            reply = ImageGenerationStub(channel).Echo(pb2.EchoRequest(name="Ada"), timeout=20)
    assert reply.message == "HELLO Ada"


def test_program_shows_a_certificate_of_ones_own(tmp_path: Path):
    authority = Authority()
    pair = authority.server(("127.0.0.1",))
    (tmp_path / "certificate.pem").write_bytes(pair.certificate)
    (tmp_path / "key.pem").write_bytes(pair.key)
    flags = ("--certificate", str(tmp_path / "certificate.pem"), "--key", str(tmp_path / "key.pem"))
    with running("--tls", *flags) as (_, address, _kind):
        credentials = grpc.ssl_channel_credentials(authority.root)
        with grpc.secure_channel(address, credentials) as channel:
            reply = ImageGenerationStub(channel).Echo(pb2.EchoRequest(name="Ada"), timeout=20)
    assert reply.message == "HELLO Ada"


def test_program_writes_what_a_client_needs_that_shows_a_certificate(tmp_path: Path):
    folder = tmp_path / "new"
    flags = ("--tls", "--require-client-certificate", "--certificates", str(folder))
    with running(*flags, "--certificate-name", "127.0.0.1") as (_, address, _kind):
        root, certificate, key = (
            (folder / name).read_bytes() for name in ("ca.pem", "client.pem", "client-key.pem")
        )
        for shown, welcome in (((key, certificate), True), ((None, None), False)):
            credentials = grpc.ssl_channel_credentials(root, *shown)
            with grpc.secure_channel(address, credentials) as channel:
                stub = ImageGenerationStub(channel)
                if welcome:
                    assert stub.Echo(pb2.EchoRequest(name="Ada"), timeout=20).message == "HELLO Ada"
                    continue
                with pytest.raises(grpc.RpcError) as error:
                    stub.Echo(pb2.EchoRequest(name="Ada"), timeout=20)
                assert error.value.code() is grpc.StatusCode.UNAVAILABLE
    assert b"PRIVATE" not in root + certificate
    if sys.platform != "win32":
        assert (folder / "client-key.pem").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (["--fault", "sabotage"], "there is no fault 'sabotage'"),
        (["--fault", "silent:x"], "'x' is no number"),
        (["--certificate-out", "x.pem"], "--certificate-out needs --tls"),
        (["--certificates", "folder"], "--certificates needs --tls"),
        (["--certificate", "x.pem", "--key", "y.pem"], "--certificate needs --tls"),
        (["--tls", "--certificate", "x.pem"], "--certificate and --key go together"),
        (["--tls", "--certificate", "/no/such.pem", "--key", "y.pem"], "cannot be read"),
        (
            ["--tls", "--certificate", "x", "--key", "y", "--certificate-out", "z"],
            "--certificate-out is about a throw-away certificate",
        ),
        (["--certificate-name", "mac.local"], "--certificate-name needs --tls"),
        (["--require-client-certificate"], "--require-client-certificate needs --tls"),
        (["--tls", "--client-authority", "x"], "needs --require-client-certificate"),
        (
            ["--tls", "--require-client-certificate", "--client-authority", "/no/such.pem"],
            "cannot be read",
        ),
        (["--secret-env", "DRAWBRIDGE_TEST_UNSET"], "DRAWBRIDGE_TEST_UNSET is not set"),
        (["--secret-env", "A", "--shared-secret", "b"], "not allowed with argument"),
    ],
)
def test_wrong_flags_are_explained(
    capsys: pytest.CaptureFixture[str], flags: list[str], reason: str
):
    with pytest.raises(SystemExit) as end:
        command.main(flags)
    assert end.value.code == 2
    assert reason in capsys.readouterr().err


def test_address_that_cannot_be_had_is_explained(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    assert command.main(["--models", str(tmp_path / "absent")]) == 1
    assert "There is no folder" in capsys.readouterr().err


def test_help_names_every_fault(capsys: pytest.CaptureFixture[str]):
    from drawbridge.emulator.server.faults import DESCRIPTIONS

    with pytest.raises(SystemExit):
        command.main(["--help"])
    shown = capsys.readouterr().out
    assert all(name in shown for name in DESCRIPTIONS)
