"""What goes wrong is said at the node that it concerns, and the next run works."""

from __future__ import annotations

import importlib.util
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest
from standin.outcomes import SECRET, assert_failed
from standin.stage import Stage, graph

from drawbridge.codec import fpzip
from drawbridge.emulator.server.server import Emulator

Serve = Callable[..., Emulator]


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def test_closed_port_is_said_at_connect(serve: Serve, stage: Stage, closed_port: int) -> None:
    outcome = stage.host.run(graph(closed_port))
    assert_failed(outcome, "connect", "ServerUnreachable", f"Nothing listens at .*{closed_port}")
    assert stage.host.run(graph(serve().port)).status == "success"


def test_unknown_host_is_said_at_connect(serve: Serve, stage: Stage) -> None:
    emulator = serve()
    outcome = stage.host.run(graph(emulator.port, host="no-such-host.invalid"))
    assert_failed(outcome, "connect", "ServerUnreachable", r"no-such-host\.invalid")
    assert stage.host.run(graph(emulator.port)).status == "success"


@pytest.mark.parametrize(
    "host", ["", "http://me@mac.local", "mac.local/path", "mac local", "mac.local:99999"]
)
def test_host_that_is_no_host_is_said_at_the_field(stage: Stage, host: str) -> None:
    outcome = stage.host.run(graph(7859, host=host))
    assert outcome.status == "invalid"
    [error] = outcome.node_errors["connect"]
    assert error["extra_info"]["input_name"] == "host"
    assert error["details"].endswith(".")


@pytest.mark.parametrize("pasted", ["127.0.0.1:{port}", "http://127.0.0.1:{port}/sdapi/v1"])
def test_a_pasted_address_is_taken_apart(serve: Serve, stage: Stage, pasted: str) -> None:
    prompt = graph(1)
    prompt["connect"]["inputs"]["host"] = pasted.format(port=serve().port)
    assert stage.host.run(prompt).status == "success"


def test_plaintext_server_is_said_where_tls_is_chosen(serve: Serve, stage: Stage) -> None:
    emulator = serve()
    outcome = stage.host.run(graph(emulator.port, transport="Draw Things certificate"))
    assert_failed(outcome, "connect", "TlsMismatch", "does not encrypt")
    assert stage.host.run(graph(emulator.port)).status == "success"


def test_tls_server_is_said_where_plaintext_is_chosen(serve: Serve, stage: Stage) -> None:
    emulator = serve(tls=True)
    assert_failed(stage.host.run(graph(emulator.port)), "connect", "TlsMismatch", "encrypts")
    trusting = graph(
        emulator.port,
        transport="own certificate authority",
        certificate=emulator.certificate.decode(),
    )
    assert stage.host.run(trusting).status == "success"


def test_certificate_of_another_authority_is_said_at_connect(serve: Serve, stage: Stage) -> None:
    emulator = serve(tls=True)
    outcome = stage.host.run(graph(emulator.port, transport="Draw Things certificate"))
    assert_failed(outcome, "connect", "TlsMismatch", "authority")


@pytest.mark.parametrize(
    ("certificate", "words"),
    [
        ("", "No certificate"),
        ("/no/such/file.pem", "no certificate file"),
        ("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----", "cannot be read"),
    ],
    ids=["none", "no file", "nonsense"],
)
def test_certificate_that_is_none_is_said_at_connect(
    serve: Serve, stage: Stage, certificate: str, words: str
) -> None:
    outcome = stage.host.run(
        graph(serve(tls=True).port, transport="own certificate authority", certificate=certificate)
    )
    assert_failed(outcome, "connect", "RequestRejected", words)


@pytest.mark.parametrize("sent", ["", "not the secret"], ids=["missing", "wrong"])
def test_wrong_secret_is_said_at_connect_before_anything_else_is_sent(
    serve: Serve, stage: Stage, monkeypatch: pytest.MonkeyPatch, sent: str
) -> None:
    emulator = serve(secret=SECRET)
    if sent:
        monkeypatch.setenv("DRAWBRIDGE_SECRET_STUDIO", sent)
    named = {"credential": "studio" if sent else ""}
    outcome = stage.host.run(graph(emulator.port, **named))
    assert_failed(outcome, "connect", "SecretRejected", "secret")
    calls = emulator.journal.events("call")
    assert calls == emulator.journal.events("call", rpc="Echo")
    # the same graph works as soon as the secret behind the name is right
    monkeypatch.setenv("DRAWBRIDGE_SECRET_STUDIO", SECRET)
    assert stage.host.run(graph(emulator.port, credential="studio")).status == "success"


def test_missing_credential_is_said_at_connect(
    serve: Serve, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DRAWBRIDGE_SECRET_STUDIO", raising=False)
    outcome = stage.host.run(graph(serve().port, credential="studio"))
    assert_failed(outcome, "connect", "CredentialMissing", "studio")


def test_secret_reaches_neither_picture_nor_page(
    serve: Serve, stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    monkeypatch.setenv("DRAWBRIDGE_SECRET_STUDIO", SECRET)
    outcome = stage.host.run(graph(serve(secret=SECRET).port, credential="studio"))
    assert outcome.status == "success"
    [path] = stage.pictures
    assert SECRET.encode() not in path.read_bytes()
    assert SECRET not in repr(stage.events) + repr(outcome) + caplog.text


def test_model_that_nobody_knows_is_said_at_load_model(serve: Serve, stage: Stage) -> None:
    emulator = serve(model_browser=False)
    outcome = stage.host.run(graph(emulator.port, model="fjord_1_dev_q8p.ckpt"))
    assert_failed(outcome, "model", "ModelUnavailable", "model browser of the server at .* is off")
    known = graph(emulator.port, model="fjord_1_dev_q8p.ckpt", version="flux1")
    assert stage.host.run(known).status == "success"


@pytest.mark.parametrize("options", [{}, {"model_browser": False}], ids=["browser", "no browser"])
def test_unknown_model_is_said_at_load_model(
    serve: Serve, stage: Stage, options: dict[str, Any]
) -> None:
    emulator = serve(**options)
    outcome = stage.host.run(graph(emulator.port, model="z_image_turbo_1.0_q4p.ckpt"))
    assert_failed(outcome, "model", "ModelUnavailable", "z_image_turbo_1.0_q4p.ckpt")
    assert "z_image_turbo_1.0_q8p.ckpt" in str(outcome.exception_message)


def test_file_without_specification_is_said_at_load_model(serve: Serve, stage: Stage) -> None:
    outcome = stage.host.run(graph(serve().port, model="my_old_merge_f16.ckpt"))
    assert_failed(outcome, "model", "ModelUnavailable", "no specification")


def test_no_model_is_said_at_the_field(stage: Stage) -> None:
    outcome = stage.host.run(graph(7859, model=" "))
    assert outcome.status == "invalid"
    assert outcome.node_errors["model"][0]["extra_info"]["input_name"] == "model"


def test_model_is_found_by_the_name_that_the_app_shows(serve: Serve, stage: Stage) -> None:
    assert stage.host.run(graph(serve().port, model="z image turbo 1.0")).status == "success"


@pytest.mark.parametrize(
    ("side", "pixels", "words"),
    [
        ("height", 65, "outside of 128 to 8192"),
        ("width", 9000, "outside of 128 to 8192"),
    ],
)
def test_size_that_a_server_cannot_make_is_said_at_the_field(
    stage: Stage, side: str, pixels: int, words: str
) -> None:
    outcome = stage.host.run(graph(7859, **{side: pixels}))
    assert outcome.status == "invalid"
    errors = outcome.node_errors["generate"]
    assert side in {error["extra_info"]["input_name"] for error in errors}
    assert words in errors[0]["details"]


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"sampler": "Heun"}, "cannot be 'Heun'"),
        ({"shift": 0.0001}, "shift is 0.0001"),
    ],
    ids=["unknown", "shift"],
)
def test_setting_that_cannot_work_is_said_at_generate(
    serve: Serve, stage: Stage, inputs: dict[str, Any], words: str
) -> None:
    emulator = serve()
    outcome = stage.host.run(graph(emulator.port, **inputs))
    assert_failed(outcome, "generate", "RequestRejected", words)
    assert emulator.journal.events("call", rpc="GenerateImage") == []


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        ("die-mid-stream", "ServerUnreachable", "broke in the middle"),
        ("missing-last-chunk", "GenerationFailed", "."),
        ("damaged-picture", "BadTensor", "Picture 1"),
        ("truncated-picture", "BadTensor", "Picture 1"),
        ("nan-pixels", "GenerationFailed", "not (a )?numbers?|no numbers"),
        ("no-pictures", "GenerationFailed", "without a picture"),
        ("short-batch", "GenerationFailed", "1 of 2 pictures"),
        ("internal-error", "GenerationFailed", "unknown error processing request"),
        ("cancel-status", "GenerationFailed", "stopped the generation itself"),
    ],
)
def test_fault_of_the_server_is_said_at_generate(
    serve: Serve, stage: Stage, fault: str, kind: str, words: str
) -> None:
    emulator = serve(faults=(f"{fault}:1",))
    prompt = graph(emulator.port, width=256, height=256, batch_size=2)
    assert_failed(stage.host.run(prompt), "generate", kind, words)
    assert stage.pictures == []
    assert stage.host.run(prompt).status == "success"
    assert len(stage.pictures) == 2


@pytest.mark.parametrize(
    "fault", ["heartbeats", "bad-preview", "wrong-preview-channels", "remote-download", "slow-echo"]
)
def test_oddity_of_the_server_costs_no_picture(serve: Serve, stage: Stage, fault: str) -> None:
    outcome = stage.host.run(graph(serve(faults=(fault,), step_ms=5).port))
    assert outcome.status == "success", outcome.exception_message


def test_server_that_is_gone_is_said_at_generate(serve: Serve, stage: Stage) -> None:
    emulator = serve()
    assert stage.host.run(graph(emulator.port)).status == "success"
    emulator.stop()
    outcome = stage.host.run(graph(emulator.port, seed=8))  # Connect and Load Model are cached
    assert_failed(outcome, "generate", "ServerUnreachable", "Nothing listens")


def test_killed_decoder_costs_nothing(serve: Serve, stage: Stage) -> None:
    emulator = serve()
    assert stage.host.run(graph(emulator.port)).status == "success"
    kill_decoder()
    assert stage.host.run(graph(emulator.port, seed=8)).status == "success"


def test_decoder_that_dies_while_it_works_costs_nothing(serve: Serve, stage: Stage) -> None:
    emulator = serve(step_ms=50)
    killed = threading.Event()

    def watch(name: str, data: dict[str, Any]) -> None:
        if name == "preview" and not killed.is_set():
            kill_decoder()
            killed.set()

    stage.watch = watch
    outcome = stage.host.run(graph(emulator.port, steps=12, width=512, height=512))
    assert killed.is_set()
    assert outcome.status == "success", outcome.exception_message


def kill_decoder() -> None:
    """Do what a system that runs out of memory would do to the decoder's processes."""
    pool = fpzip._pool
    for worker in [*pool._idle, *pool._busy]:
        worker._process.kill()


def test_missing_fpzip_says_what_to_switch_off(
    serve: Serve, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator = serve(step_ms=5)
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "fpzip" else find(name)
    )
    outcome = stage.host.run(graph(emulator.port))
    assert_failed(outcome, "generate", "DecoderUnavailable", "fpzip is not installed")
    assert "Response Compression" in str(outcome.exception_message)
    assert stage.host.run(graph(serve(compression=False).port)).status == "success"
