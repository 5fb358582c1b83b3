"""Commands as processes of their own: modules, environment, signals, pipes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from drawbridge.emulator.server.server import Emulator
from drawbridge.emulator.stock.models import MODELS

Serve = Callable[..., Emulator]
Start = Callable[..., "subprocess.Popen[str]"]
FILE = next(str(m["file"]) for m in MODELS if m["version"] == "v1" and "modifier" not in m)


def test_the_environment_says_which_server_and_the_secret_is_nowhere_to_be_seen(
    serve: Serve, start: Start, tmp_path: Path
) -> None:
    emulator = serve(secret="sesame-4711", tls=True)
    pem = tmp_path / "root.pem"
    pem.write_bytes(emulator.certificate)
    process = start(
        *("doctor", "--json"),
        DRAWBRIDGE_HOST="127.0.0.1",
        DRAWBRIDGE_PORT=str(emulator.port),
        DRAWBRIDGE_TRANSPORT="own-ca",
        DRAWBRIDGE_CERTIFICATE=str(pem),
        DRAWBRIDGE_CREDENTIAL="studio",
        DRAWBRIDGE_SECRET_STUDIO="sesame-4711",
    )
    arguments = ""
    if sys.platform == "linux":
        arguments = Path(f"/proc/{process.pid}/cmdline").read_text(encoding="utf-8")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, out + err
    assert json.loads(out)["steps"][-1]["status"] == "ok"
    assert "4711" not in out + err + arguments


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signal for one process alone")
@pytest.mark.parametrize("more", [(), ("--json",)])
def test_interruption_stops_the_server_too(
    serve: Serve, start: Start, tmp_path: Path, more: tuple[str, ...]
) -> None:
    emulator = serve(step_ms=200)
    process = start(
        *("generate", "--model", FILE, "--prompt", "x", "--steps", 150, "-o", tmp_path / "x.png"),
        *("--port", emulator.port, "--transport", "plaintext", *more),
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "Sampling" in line:
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err
    if more:
        assert json.loads(out)["error"]["kind"] == "Interrupted"
    else:
        assert err.splitlines()[-1] == "Interrupted."
    emulator.journal.wait_for_event("cancelled")
    assert not list(tmp_path.iterdir())


# What a command that only greets a server loads of neither others nor ours.
NOT_TO_GREET = (
    *("google", "flatbuffers", "fpzip", "numpy", "torch", "PIL"),
    *("client.catalog.lookup", "client.catalog.official", "client.catalog.specification"),
    *("client.configuration", "client.generation", "client.pool", "client.upload"),
    *("client.store.credentials", "codec.tensor", "proto"),
    *("facts.hints", "facts.modifiers", "facts.specifications", "facts.versions"),
)
GREET = """
import sys
sys.path.insert(0, sys.argv.pop(1))
import checkout
checkout.register()
from drawbridge.cli.main import main
code = main()
print(*sys.modules, file=sys.stderr)
sys.exit(code)
"""


def test_echo_loads_only_what_it_needs(serve: Serve, tmp_path: Path) -> None:
    options = ("--port", str(serve().port), "--transport", "plaintext", "--store", str(tmp_path))
    root = str(Path(__file__).resolve().parents[3])
    done = subprocess.run(
        [sys.executable, "-c", GREET, root, "echo", *options],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("HELLO Drawbridge")
    loaded = {name.removeprefix("drawbridge.") for name in done.stderr.split()}
    assert "client.connection.greeting" in loaded
    assert not loaded & set(NOT_TO_GREET)


def test_usage_errors_are_told_without_a_traceback(start: Start) -> None:
    process = start("generate", "--json")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert json.loads(out)["error"]["kind"] == "Usage"
    assert err == ""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no shell like this")
def test_a_reader_that_has_had_enough_is_no_error(serve: Serve) -> None:
    port = serve().port
    command = f"{sys.executable} -W error -m cli models --port {port} --transport plaintext"
    done = subprocess.run(
        ["/bin/sh", "-c", f"{command} --json | head -c 1"],
        cwd=Path(__file__).resolve().parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("{", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is full")
def test_output_that_cannot_be_written_is_told(serve: Serve) -> None:
    options = ("--port", str(serve().port), "--transport", "plaintext")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-m", "cli", "models", *options],
            cwd=Path(__file__).resolve().parents[3],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.startswith("The command ended early: No space left on device.")
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows makes links for administrators only")
def test_the_installed_name_runs_as_a_module_too(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[3]
    (tmp_path / "drawbridge").symlink_to(root, target_is_directory=True)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "drawbridge.cli", "--help"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "exit codes:" in done.stdout
    assert "130" in done.stdout
