"""What a server is asked from the command line, and what each failure ends with."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from drawbridge.client.catalog import official
from drawbridge.client.catalog.records import Catalog
from drawbridge.emulator.server.server import Emulator
from drawbridge.emulator.stock.entries import LORAS, TEXTUAL_INVERSIONS, UPSCALERS
from drawbridge.emulator.stock.models import MODELS

Serve = Callable[..., Emulator]
Run = Callable[..., Any]


def test_echo_says_who_answers(serve: Serve, run: Run) -> None:
    emulator = serve()
    done = run(emulator, "echo")
    assert (done.code, done.err) == (0, "")
    assert f"HELLO Drawbridge (from {emulator.address})" in done.out
    assert "Model browser: on" in done.out


def test_echo_for_scripts_is_one_object(serve: Serve, run: Run) -> None:
    done = run(serve(model_browser=False), "echo", "--json")
    assert done.code == 0
    assert done.json["message"] == "HELLO Drawbridge"
    assert done.json["model_browser"] is False
    assert "models" not in done.json


def test_models_are_grouped_by_version(serve: Serve, run: Run) -> None:
    done = run(serve(), "models")
    lines = done.out.splitlines()
    assert done.code == 0
    [start] = [n for n, line in enumerate(lines) if line == "FLUX.1 (flux1)"]
    assert lines[start + 1].startswith("  ")
    for model in MODELS:
        assert any(line.startswith(f"  {model['file']} ") for line in lines), model["file"]


def test_other_lists_are_given_when_asked_for(serve: Serve, run: Run) -> None:
    done = run(serve(), "models", "--loras", "--upscalers", "--embeddings", "--json")
    for kind, key, known in (
        ("loras", "file", LORAS),
        ("upscalers", "file", UPSCALERS),
        ("embeddings", "keyword", TEXTUAL_INVERSIONS),
    ):
        listed = sorted(entry[key] for entry in done.json[kind])
        assert listed == sorted(str(one[key]) for one in known)
    assert "models" not in done.json


def test_several_lists_have_headings(serve: Serve, run: Run) -> None:
    done = run(serve(), "models", "--models", "--controls")
    assert [line for line in done.out.splitlines() if line.isupper()] == ["MODELS", "CONTROLS"]


def test_models_without_model_browser_are_the_official_ones(serve: Serve, run: Run) -> None:
    done = run(serve(model_browser=False), "models", "--json")
    assert (done.code, done.json["complete"]) == (0, False)
    files = {one["file"] for one in done.json["models"]}
    assert "sd_v1.5_f16.ckpt" in files
    assert "meadow_v1.5_inpainting_f16.ckpt" not in files
    assert "only official files" in done.json["notes"][0]
    assert run(serve(), "models", "--json").json["complete"] is True


def test_models_without_model_browser_name_the_switch(
    serve: Serve, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(official, "catalog", Catalog)
    done = run(serve(model_browser=False), "models")
    assert (done.code, done.out) == (6, "")
    assert "model browser is off" in done.err
    assert "Enable Model Browsing" in done.err


def test_files_that_are_there_end_well(serve: Serve, run: Run) -> None:
    file = MODELS[0]["file"]
    done = run(serve(), "files", file)
    assert (done.code, done.out) == (0, f"yes  {file}\n")


def test_files_that_are_missing_are_told_by_the_exit_code(serve: Serve, run: Run) -> None:
    file = MODELS[0]["file"]
    done = run(serve(), "files", file, "absent.ckpt", "--hashes", "--json")
    assert done.code == 6
    there, absent = done.json["files"]
    assert (there["name"], there["exists"], len(there["sha256"])) == (file, True, 64)
    assert absent == {"name": "absent.ckpt", "exists": False, "sha256": None}


def test_hours_of_an_own_server_have_no_limits(serve: Serve, run: Run) -> None:
    done = run(serve(), "hours")
    assert done.code == 0
    assert done.out


def test_server_that_does_not_answer_in_time_is_busy(serve: Serve, run: Run) -> None:
    done = run(serve(faults=("slow-echo",)), "echo", "--timeout", 0.3, "--json")
    assert done.code == 1
    assert done.json["error"]["kind"] == "ServerBusy"


def test_closed_port_is_unreachable(run: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        done = run(None, "echo", "--port", taken.getsockname()[1])
    assert (done.code, done.out) == (3, "")
    problem, remedy = done.err.splitlines()
    assert problem.startswith("Nothing listens at 127.0.0.1:")
    assert "API Server" in remedy


def test_tls_mismatch_names_the_option(serve: Serve, run: Run) -> None:
    done = run(serve(), "echo", "--transport", "draw-things", "--json")
    assert done.code == 4
    assert done.json["error"]["kind"] == "TlsMismatch"
    assert "'draw-things'" in done.json["error"]["problem"]
    assert "--transport plaintext" in done.json["error"]["remedy"]


def test_own_authority_is_trusted(serve: Serve, run: Run, tmp_path: Path) -> None:
    emulator = serve(tls=True)
    pem = tmp_path / "root.pem"
    pem.write_bytes(emulator.certificate)
    assert run(emulator, "echo", "--certificate", pem).code == 0
    assert run(emulator, "echo", "--transport", "plaintext").code == 4


def test_secret_comes_from_the_environment_and_is_never_shown(
    serve: Serve, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator = serve(secret="sesame-4711")
    monkeypatch.setenv("DRAWBRIDGE_SECRET_STUDIO", "sesame-4711")
    said = [run(emulator, "echo", "--credential", "studio", *more) for more in ((), ("--json",))]
    monkeypatch.setenv("DRAWBRIDGE_SECRET_STUDIO", "wrong-4711")
    wrong = run(emulator, "echo", "--credential", "studio", "--json")
    missing = run(emulator, "echo", "--credential", "absent", "--json")
    unsent = run(emulator, "echo", "--json")
    assert [done.code for done in said] == [0, 0]
    assert [done.code for done in (wrong, missing, unsent)] == [5, 5, 5]
    assert wrong.json["error"]["kind"] == "SecretRejected"
    assert missing.json["error"]["kind"] == "CredentialMissing"
    assert "ComfyUI" not in missing.json["error"]["remedy"]
    words = json.dumps([[done.out, done.err] for done in (*said, wrong, missing, unsent)])
    assert "4711" not in words


def test_words_of_a_server_cannot_command_the_terminal(
    serve: Serve, run: Run, tmp_path: Path
) -> None:
    entry = {**MODELS[0], "name": "a\x1b[2Jb\nc", "file": "escape_f16.ckpt"}
    (tmp_path / "custom.json").write_text(json.dumps([entry]), encoding="utf-8")
    (tmp_path / "escape_f16.ckpt").write_bytes(b"x")
    done = run(serve(models=tmp_path, stock=True), "models")
    assert "escape_f16.ckpt" in done.out
    assert "\x1b" not in done.out
    assert "a [2Jb c" in done.out
