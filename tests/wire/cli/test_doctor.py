"""The doctor: which step fails, what it says, and how it ends."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from drawbridge.client.catalog import official
from drawbridge.client.catalog.records import Catalog
from drawbridge.emulator.server.server import Emulator
from drawbridge.emulator.stock.models import MODELS

Serve = Callable[..., Emulator]
Run = Callable[..., Any]
STEPS = [
    *("host name", "port", "encryption", "gRPC", "shared secret", "model browser", "generation"),
]
V1 = next(str(m["file"]) for m in MODELS if m["version"] == "v1" and "modifier" not in m)
VIDEO = next(str(m["file"]) for m in MODELS if str(m["version"]).startswith("wan_"))


def statuses(done: Any) -> dict[str, str]:
    return {taken["step"]: taken["status"] for taken in done.json["steps"]}


def failed(*passed: str, at: str) -> dict[str, str]:
    return {**dict.fromkeys(passed, "ok"), at: "failed"}


def test_a_server_that_works_passes_every_step(serve: Serve, run: Run) -> None:
    emulator = serve(strict=True)
    done = run(emulator, "doctor")
    assert done.code == 0, done.err
    assert [line[:14].strip() for line in done.out.splitlines()[:7]] == STEPS
    assert "Everything works." in done.out
    calls: list[Any] = emulator.journal.events("call", rpc="GenerateImage")
    assert [call["request"]["configuration"]["start_width"] for call in calls] == [4]


@pytest.mark.parametrize("model", [V1, VIDEO])
def test_a_model_of_ones_choice_is_tried(serve: Serve, run: Run, model: str) -> None:
    done = run(serve(strict=True), "doctor", "--model", model, "--json")
    assert done.code == 0, done.out
    assert statuses(done) == dict.fromkeys(STEPS, "ok")
    assert model in done.json["steps"][-1]["detail"]


def test_a_host_that_does_not_exist_fails_first(run: Run) -> None:
    done = run(None, "doctor", "--host", "no-such-mac.invalid", "--json")
    assert done.code == 3
    assert statuses(done) == failed(at="host name")


def test_a_closed_port_fails_at_the_port(run: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        done = run(None, "doctor", "--port", taken.getsockname()[1], "--json")
    assert done.code == 3
    assert statuses(done) == failed(*STEPS[:1], at="port")
    assert done.json["error"]["kind"] == "ServerUnreachable"


def test_a_listener_that_says_nothing_fails_at_grpc(run: Run) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        done = run(
            *(None, "doctor", "--port", port, "--transport", "plaintext", "--json"),
            *("--timeout", 0.5),
        )
    assert done.code == 3
    assert statuses(done) == failed(*STEPS[:3], at="gRPC")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "closes them whatever is said"),
        (b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", "A web server answers"),
    ],
)
def test_what_is_no_grpc_server_is_told_apart(run: Run, answer: bytes | None, words: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve_all() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection, contextlib.suppress(OSError):
                        if answer is not None and connection.recv(1 << 16).startswith(b"GET"):
                            connection.sendall(answer)

        threading.Thread(target=serve_all, daemon=True).start()
        port = listener.getsockname()[1]
        done = run(None, "doctor", "--port", port, "--transport", "plaintext", "--json")
    assert statuses(done) == failed(*STEPS[:3], at="gRPC")
    assert words in done.json["error"]["problem"]


@pytest.mark.parametrize(
    ("tls", "transport", "word"),
    [(False, "draw-things", "plaintext"), (True, "plaintext", "draw-things")],
)
def test_tls_on_one_side_fails_at_encryption(
    serve: Serve, run: Run, tls: bool, transport: str, word: str
) -> None:
    done = run(serve(tls=tls), "doctor", "--transport", transport, "--json")
    assert done.code == 4
    assert statuses(done) == failed(*STEPS[:2], at="encryption")
    assert f"--transport {word}" in done.json["error"]["remedy"]


def test_tls_with_an_own_authority_passes(serve: Serve, run: Run, tmp_path: Path) -> None:
    emulator = serve(tls=True)
    pem = tmp_path / "root.pem"
    pem.write_bytes(emulator.certificate)
    done = run(emulator, "doctor", "--certificate", pem)
    assert done.code == 0, done.err
    assert "TLS, and the certificate is trusted" in done.out


def test_a_wrong_secret_fails_at_the_secret(
    serve: Serve, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRAWBRIDGE_SECRET_STUDIO", "wrong-4711")
    done = run(serve(secret="right"), "doctor", "--credential", "studio", "--json")
    assert done.code == 5
    assert statuses(done) == failed(*STEPS[:4], at="shared secret")
    assert "4711" not in done.out + done.err


def test_a_missing_credential_is_told_before_any_step(serve: Serve, run: Run) -> None:
    done = run(serve(), "doctor", "--credential", "studio", "--json")
    assert done.code == 5
    assert "steps" not in done.json


def test_with_the_model_browser_off_an_official_model_is_tried(serve: Serve, run: Run) -> None:
    done = run(serve(model_browser=False, strict=True), "doctor", "--json")
    assert done.code == 0, done.out
    assert statuses(done)["model browser"] == "note"


def test_a_model_browser_that_is_off_fails_there(
    serve: Serve, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(official, "catalog", Catalog)
    done = run(serve(model_browser=False), "doctor", "--json")
    assert done.code == 6
    assert statuses(done) == failed(*STEPS[:5], at="model browser")


def test_with_the_model_browser_off_a_named_model_is_tried(serve: Serve, run: Run) -> None:
    done = run(serve(model_browser=False, strict=True), "doctor", "--model", V1, "--json")
    assert done.code == 0, done.out
    assert statuses(done)["model browser"] == "note"


def test_a_model_that_is_not_there_fails_at_generation(serve: Serve, run: Run) -> None:
    done = run(serve(), "doctor", "--model", "absent.ckpt", "--json")
    assert done.code == 6
    assert statuses(done) == failed(*STEPS[:6], at="generation")


def test_a_generation_that_fails_is_told(serve: Serve, run: Run) -> None:
    done = run(serve(faults=("internal-error",)), "doctor")
    assert done.code == 1
    assert done.out.splitlines()[-1].split() == ["generation", "failed"]
    assert len(done.err.splitlines()) >= 2
    assert "Traceback" not in done.err
