"""Many pictures from one command: their order and names, and what is left when one fails."""

from __future__ import annotations

import base64
import io
import json
import re
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from drawbridge.cli.generating.files import Files
from drawbridge.client.configuration import clipboard, picture_file
from drawbridge.emulator.server.server import Emulator
from drawbridge.emulator.stock.models import MODELS

Serve = Callable[..., Emulator]
Run = Callable[..., Any]
FILE = next(str(m["file"]) for m in MODELS if m["version"] == "v1" and "modifier" not in m)
SIZE = ("--width", 192, "--height", 128, "--steps", 2)
SMALL = ("--model", FILE, *SIZE)


def sent(emulator: Emulator) -> list[tuple[str, int]]:
    """Return prompt and seed of each request, in order."""
    calls: list[Any] = emulator.journal.events("call", rpc="GenerateImage")
    return [(call["request"]["prompt"], call["request"]["configuration"]["seed"]) for call in calls]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def told(path: Path) -> dict[str, Any]:
    return json.loads(picture_file.description(path.read_bytes()))


def test_each_prompt_is_generated_with_each_seed_and_batch(
    serve: Serve, run: Run, tmp_path: Path
) -> None:
    emulator = serve()
    (tmp_path / "prompts.txt").write_text("# two\n\n  dunes \n", encoding="utf-8")
    folder = tmp_path / "out"
    folder.mkdir()
    done = run(
        *(
            emulator,
            "generate",
            *SMALL,
            "--prompt",
            "a lake",
            "--prompts",
            tmp_path / "prompts.txt",
        ),
        *("--seed", 7, 100, "--batch-count", 2, "-o", folder / "p.png", "--json"),
    )
    assert done.code == 0, done.out
    expected = [(prompt, seed) for prompt in ("a lake", "dunes") for seed in (7, 8, 100, 101)]
    assert sent(emulator) == expected
    assert names(folder) == [f"p-{number}.png" for number in range(1, 9)]
    assert [(one["prompt"], one["seed"]) for one in done.json["pictures"]] == expected
    assert [Path(one["file"]).name for one in done.json["pictures"]] == names(folder)
    assert [(told(path)["c"], told(path)["seed"]) for path in sorted(folder.iterdir())] == expected
    assert all(told(path)["v2"]["batchCount"] == 1 for path in folder.iterdir())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_prompts_and_configuration_are_read_as_windows_writes_them(
    serve: Serve, run: Run, tmp_path: Path, encoding: str
) -> None:
    emulator, listed, copied = serve(), tmp_path / "C:\\prompts.txt", tmp_path / "copied.json"
    listed.write_bytes("Ein See\r\n\r\n# nichts\r\n Dünen\u2028im Wind \r\n".encode(encoding))
    copied.write_bytes('{\r\n"Steps": "2", "sampler": "euler_a", "seed": -1}'.encode(encoding))
    done = run(
        *(emulator, "generate", *SMALL, "--prompts", listed, "--configuration", copied),
        *("--seed", 7, "--sampler", "dpmpp_2m_karras", "-o", tmp_path / "p.png", "--json"),
    )
    assert done.code == 0, done.out
    assert sent(emulator) == [("Ein See", 7), ("Dünen\u2028im Wind", 7)]
    assert done.json["sampler"] == "DPM++ 2M Karras"
    assert "notes" not in done.json  # the seed that was drawn is not used


def test_single_settings_are_changed_as_those_of_a_configuration(
    serve: Serve, run: Run, tmp_path: Path
) -> None:
    emulator = serve()
    done = run(
        *(emulator, "generate", "--model", FILE, "--prompt", "a", "--set", "width=200"),
        *("--set", "Height=128", "--set", "seed=-1", "--set", "Steps=2"),
        *("-o", tmp_path / "p.png", "--json"),
    )
    assert done.code == 0, done.out
    seed, size = done.json["seed"], (done.json["width"], done.json["height"])
    assert (size, done.json["steps"]) == ((192, 128), 2)
    assert done.json["notes"] == [
        "The width 200 became 192, as in the app.",
        f"The seed -1 asks for a random one; {seed} was drawn.",
    ]


def test_prompts_come_from_stdin(
    serve: Serve, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator = serve()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("sea\nÄther\n".encode())))
    done = run(
        emulator, "generate", *SMALL, "--prompts", "-", "--seed", 7, "-o", tmp_path / "p.png"
    )
    assert done.code == 0, done.err
    assert sent(emulator) == [("sea", 7), ("Äther", 7)]
    assert done.out.splitlines() == [str(tmp_path / "p-1.png"), str(tmp_path / "p-2.png")]


def test_a_seed_of_minus_one_is_drawn_for_all_prompts(
    serve: Serve, run: Run, tmp_path: Path
) -> None:
    emulator = serve()
    done = run(
        *(emulator, "generate", *SMALL, "--prompt", "a", "--prompt", "b", "--seed", -1),
        *("-o", tmp_path / "p.png", "--json"),
    )
    assert done.code == 0, done.out
    assert sent(emulator) == [("a", done.json["seed"]), ("b", done.json["seed"])]


@pytest.mark.parametrize("more", [(), ("--batch-count", 3)])
def test_batch_count_of_the_configuration_is_generated_unless_an_option_says_otherwise(
    serve: Serve, run: Run, tmp_path: Path, more: tuple[object, ...]
) -> None:
    path = tmp_path / "configuration.json"
    path.write_text(json.dumps({"batchCount": 2, "seed": 5}), encoding="utf-8")
    emulator = serve()
    done = run(
        *(emulator, "generate", *SMALL, "--prompt", "x", "--configuration", path, *more),
        *("-o", tmp_path / "p.png"),
    )
    assert done.code == 0, done.err
    assert [seed for _, seed in sent(emulator)] == [5, 6, 7][: 3 if more else 2]


def fail_after(
    monkeypatch: pytest.MonkeyPatch, emulator: Emulator, number: int, fault: str
) -> None:
    """Have the server show a fault once, in the generation behind picture `number`."""
    write = Files.write

    def spy(files: Files, at: int, *rest: Any) -> Path:
        if at == number:
            emulator.faults = (f"{fault}:1",)
        return write(files, at, *rest)

    monkeypatch.setattr(Files, "write", spy)


FOUR = ("--prompt", "x", "--seed", 7, "--batch-count", 4)


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        ("no-pictures", 1, "without a picture"),
        ("nan-pixels", 1, "not numbers"),
        ("die-mid-stream", 3, "server"),
        ("damaged-picture", 1, "Picture 1 cannot be read"),
    ],
)
def test_what_was_finished_stays_when_the_third_of_four_fails(
    serve: Serve,
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
    code: int,
    words: str,
) -> None:
    emulator = serve()
    fail_after(monkeypatch, emulator, 2, fault)
    done = run(emulator, "generate", *SMALL, *FOUR, "-o", tmp_path / "p.png")
    assert done.code == code, done.err
    assert names(tmp_path) == ["p-1.png", "p-2.png"]
    assert done.out.splitlines() == [str(tmp_path / name) for name in names(tmp_path)]
    assert "Missing: p-3.png." in done.err
    assert "Not begun: p-4.png." in done.err
    assert words in done.err
    assert len(sent(emulator)) == 3


@pytest.mark.parametrize("fault", ["damaged-picture", "nan-pixels"])
def test_a_damaged_picture_of_a_batch_costs_none_of_the_others(
    serve: Serve, run: Run, tmp_path: Path, fault: str
) -> None:
    emulator = serve(faults=(fault,))
    done = run(
        *(emulator, "generate", *SMALL, "--prompt", "x", "--batch-size", 3),
        *("-o", tmp_path / "p.png", "--json"),
    )
    assert done.code == 1
    lost = [Path(one["file"]).name for one in done.json["missing"]]
    assert "p-1.png" in lost
    assert names(tmp_path) == [
        name for name in ("p-1.png", "p-2.png", "p-3.png") if name not in lost
    ]
    if fault == "damaged-picture":
        assert lost == ["p-1.png"]


def test_keep_going_makes_the_rest_and_a_second_run_what_is_missing(
    serve: Serve, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator = serve()
    fail_after(monkeypatch, emulator, 2, "no-pictures")
    command = (emulator, "generate", *SMALL, *FOUR, "-o", tmp_path / "p.png", "--json")
    done = run(*command, "--keep-going")
    assert done.code == 1
    assert names(tmp_path) == ["p-1.png", "p-2.png", "p-4.png"]
    assert done.json["error"]["kind"] == "GenerationFailed"
    [missing] = done.json["missing"]
    assert (Path(missing["file"]).name, missing["seed"]) == ("p-3.png", 9)
    assert "without a picture" in missing["why"]
    kept = {name: (tmp_path / name).stat().st_mtime_ns for name in names(tmp_path)}
    again = run(*command, "--skip-existing")
    assert again.code == 0, again.out
    assert (again.json["skipped"], sent(emulator)[4:]) == (3, [("x", 9)])
    assert [Path(path).name for path in again.json["files"]] == ["p-3.png"]
    assert told(tmp_path / "p-3.png")["seed"] == 9
    assert all((tmp_path / name).stat().st_mtime_ns == at for name, at in kept.items())


def test_a_prompt_that_is_refused_is_refused_before_anything_is_generated(
    serve: Serve, run: Run, tmp_path: Path
) -> None:
    emulator = serve()
    done = run(
        *(emulator, "generate", *SMALL, "--prompt", "x", "--seed", 7, "-o", tmp_path / "p.png"),
        *("--batch-count", 0),
    )
    assert done.code == 7
    assert "batch_count is 0" in done.err
    assert not sent(emulator)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signal for one process alone")
@pytest.mark.parametrize("more", [(), ("--json",)])
def test_interruption_keeps_what_is_finished_and_says_what_is_not(
    serve: Serve, start: Callable[..., Any], tmp_path: Path, more: tuple[str, ...]
) -> None:
    emulator = serve(step_ms=5)
    process = start(
        *("generate", *SMALL, "--steps", 12, *FOUR, "-o", tmp_path / "p.png", *more),
        *("--port", emulator.port, "--transport", "plaintext"),
    )
    deadline = time.monotonic() + 60
    while len(sent(emulator)) < 3 and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    there = names(tmp_path)
    assert there in (["p-1.png", "p-2.png"], ["p-1.png", "p-2.png", "p-3.png"])
    for name in there:
        with Image.open(tmp_path / name) as picture:
            picture.load()
    if more:
        found = json.loads(out)
        assert found["error"]["kind"] == "Interrupted"
        assert [Path(path).name for path in found["files"]] == there
        reasons = [one["why"] for one in found["missing"]]
        assert reasons == ["Interrupted.", "Not begun."][len(there) - 2 :] or there[2:]
    else:
        assert out.splitlines() == [str(tmp_path / name) for name in there]
        assert err.splitlines()[-1] == "Interrupted."
        assert "p-4.png" in err


def test_a_picture_gives_its_prompt_and_its_configuration_back(
    serve: Serve, run: Run, tmp_path: Path
) -> None:
    emulator, first = serve(), tmp_path / "first.png"
    done = run(
        *(emulator, "generate", *SMALL, "--prompt", "a lake", "--negative-prompt", "people"),
        *("--seed", 7, "--set", "maskBlur=2.5", "--sampler", "ddim", "-o", first),
    )
    assert done.code == 0, done.err
    again = run(emulator, "generate", "--configuration", first, "-o", tmp_path / "again.png")
    assert again.code == 0, again.err
    assert "not taken over" not in again.err
    calls: list[Any] = emulator.journal.events("call", rpc="GenerateImage")
    assert calls[0]["request"] == calls[1]["request"]
    assert first.read_bytes() == (tmp_path / "again.png").read_bytes()
    config = clipboard.read(picture_file.description(first.read_bytes())).config()
    assert (config.model, config.mask_blur, config.steps) == (FILE, 2.5, 2)
    bare = tmp_path / "bare.png"
    run(*(emulator, "generate", "--configuration", first, "--no-metadata", "-o", bare))
    with Image.open(bare) as picture:
        assert not picture.info


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        ((), 2, "No prompt is given"),
        (("--prompts", "absent.txt"), 2, "no file absent.txt"),
        (("--prompt", "x", "--seed", 1 << 32), 2, "seed 4294967296 is outside"),
        (("--prompt", "x", "--set", "steps"), 2, "--set steps is no setting"),
        (("--prompt", "x", "--set", "stepz=4"), 2, "no setting stepz"),
        (("--prompt", "x", "--set", "maskBlur=much", "--set", "steps=4"), 2, 'maskBlur is "much"'),
        (("--prompt", "x", "--sampler", "Heun"), 2, "'Heun' is no sampler"),
        (("--prompt", "x", "--set", "steps=4", "--set", "stepz=4"), 2, "no setting stepz"),
        (
            ("--prompt", "x", "--preset", "z_image_turb"),
            2,
            "Name one of these, or another one: z_image_turbo",
        ),
        (("--prompt", "x", "--masked-content", "noise"), 2, "without a mask"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    serve: Serve, run: Run, tmp_path: Path, options: tuple[object, ...], code: int, words: str
) -> None:
    emulator = serve()
    done = run(emulator, "generate", *SMALL, "-o", tmp_path / "p.png", *options)
    assert done.code == code, done.err
    assert words in done.err
    assert not sent(emulator)


def test_an_empty_list_of_prompts_is_said(serve: Serve, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "prompts.txt"
    path.write_text("# nothing\n", encoding="utf-8")
    done = run(serve(), "generate", *SMALL, "--prompts", path, "-o", tmp_path / "p.png")
    assert done.code == 2
    assert "every line is empty or a comment" in done.err


def test_a_picture_of_another_program_is_no_configuration(
    serve: Serve, run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "picture.png"
    Image.new("RGB", (8, 8)).save(path)
    done = run(serve(), "generate", "--configuration", path, "-o", tmp_path / "p.png")
    assert done.code == 2
    assert "does not tell how it was made" in done.err


class Terminal(io.StringIO):
    """What a command writes to, if a person sees it."""

    def isatty(self) -> bool:
        return True


def test_previews_and_the_result_are_shown_on_a_terminal(
    serve: Serve, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    command = (serve(), "generate", *SMALL, "--prompt", "x", "-o", tmp_path / "p.png")
    assert run(*command, "--preview", "kitty").code == 0
    chunks = re.findall(r"\x1b_G[^;]*m=([01]);([^\x1b]*)\x1b", screen.getvalue())
    shown = "".join(data + (" " if more == "0" else "") for more, data in chunks).split()
    assert len(shown) > 1  # one of two steps at least, and the result
    last = Image.open(io.BytesIO(base64.b64decode(shown[-1])))
    result = Image.open(tmp_path / "p.png").convert("RGB")
    assert last.size[0] / last.size[1] == result.size[0] / result.size[1]
    box = Image.Resampling.BOX
    small = [np.asarray(one.resize((8, 8), box)).astype(int) for one in (last, result)]
    assert np.abs(small[0] - small[1]).max() <= 2


def test_a_preset_brings_the_apps_settings_and_the_model(
    serve: Serve, run: Run, tmp_path: Path
) -> None:
    emulator = serve()
    calls = emulator.journal.events
    done = run(
        *(emulator, "generate", "--preset", "sd_v1.5", "--prompt", "x", *SIZE),
        *("-o", tmp_path / "p.png", "--json"),
    )
    assert done.code == 0, done.out
    [call] = calls("call", rpc="GenerateImage")
    request: Any = call["request"]
    assert done.json["model"].startswith("sd_v1.5")
    assert (request["configuration"]["guidance_scale"], done.json["sampler"]) == (5, "DPM++ 2M AYS")
