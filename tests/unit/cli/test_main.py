"""What can be typed, and what is said where it cannot."""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from drawbridge.cli import main as command_line
from drawbridge.cli.command import Command
from drawbridge.cli.main import main
from drawbridge.cli.output import Output
from drawbridge.errors import GenerationFailed
from drawbridge.facts.samplers import Sampler

GENERATE = ("generate", "--model", "m.ckpt", "--prompt", "x", "-o", "x.png")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "required: COMMAND"),
        (("sing",), "invalid choice: 'sing'"),
        (("files",), "required: NAME"),
        (("echo", "--port", "x"), "invalid int value: 'x'"),
        (("echo", "--timeout", "0"), "--timeout"),
        (("echo", "--transport", "tls"), "invalid choice: 'tls'"),
        (("echo", "--hos", "x"), "--hos"),
        (("generate", "--prompt", "x"), "-o"),
        ((*GENERATE, "--sampler", "Euler"), "Euler A"),
        (("generate", "--prompt", "x", "-o", "x.png"), "No model is named"),
        (("generate", "--prompt", "x", "-o", "x.png", "--specification", "no.json"), "no.json"),
        (("upload",), "required: FILE"),
        (("upload", "absent.ckpt"), "absent.ckpt cannot be read"),
        (("upload", "a.ckpt", "b.ckpt", "--name", "c.ckpt"), "--name is given for 2 files"),
    ],
)
def test_a_wrong_use_is_explained_in_words_and_as_json(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
) -> None:
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert words in said.err
    assert main((*arguments, "--json")) == 2
    said = capsys.readouterr()
    assert said.err == ""
    assert json.loads(said.out)["error"]["kind"] == "Usage"


@pytest.mark.parametrize("arguments", [(), ("doctor",), ("generate",), ("upload",)])
def test_help_explains_exit_codes(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as end:
        main((*arguments, "--help"))
    assert end.value.code == 0
    assert "130  interrupted" in capsys.readouterr().out


def test_options_of_the_server_may_stand_on_both_sides_of_the_command() -> None:
    parser = command_line._parser()
    options = parser.parse_args(["--host", "a", "--json", "echo", "--port", "1"])
    assert (options.host, options.port, options.json) == ("a", 1, True)
    assert parser.parse_args(["--host", "a", "echo", "--host", "b"]).host == "b"


def test_samplers_are_known_by_the_apps_names() -> None:
    parser = command_line._parser()
    for sampler in Sampler:
        given = [*GENERATE, "--sampler", sampler.label.lower()]
        assert parser.parse_args(given).sampler is sampler


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Make the command echo end with an exception."""

    def make(error: BaseException) -> None:
        async def command(*_: object) -> int:
            raise error

        echo = replace(command_line.COMMANDS["echo"], run=command)
        monkeypatch.setitem(command_line.COMMANDS, "echo", echo)

    return make


def test_an_interruption_ends_with_130(
    capsys: pytest.CaptureFixture[str], pretend: Callable[[BaseException], None]
) -> None:
    pretend(KeyboardInterrupt())
    assert main(["echo"]) == 130
    assert capsys.readouterr() == ("", "Interrupted.\n")
    assert main(["echo", "--json"]) == 130
    assert json.loads(capsys.readouterr().out)["error"]["kind"] == "Interrupted"


def test_an_error_is_problem_and_remedy_on_stderr(
    capsys: pytest.CaptureFixture[str], pretend: Callable[[BaseException], None]
) -> None:
    pretend(GenerationFailed("It failed.", "Try again."))
    assert main(["echo"]) == 1
    assert capsys.readouterr() == ("", "It failed.\nTry again.\n")


def test_names_that_the_terminal_cannot_show_do_not_stop_a_command(
    monkeypatch: pytest.MonkeyPatch, pretend: Callable[[BaseException], None]
) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(raw, encoding="ascii"))
    pretend(GenerationFailed("The file 背景 is gone.", "Try again."))
    assert main(["echo"]) == 1
    assert b"The file \\u80cc\\u666f is gone." in raw.getvalue()


def test_one_row_makes_a_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def options(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--loud", action="store_true")

    async def sing(options: argparse.Namespace, output: Output) -> int:
        output.line("LA" if options.loud else "la")
        return 1

    monkeypatch.setitem(
        command_line.COMMANDS, "sing", Command("sing", "sing a song", sing, options)
    )
    assert main(["sing", "--loud", "--host", "mac.local"]) == 1
    assert capsys.readouterr().out == "LA\n"
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "sing a song" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["sing", "--help"])
    said = capsys.readouterr().out
    assert "Sing a song." in said
    assert "--transport" in said


def test_every_module_of_a_command_is_in_the_table() -> None:
    folder = Path(command_line.__file__).parent
    named = {path.stem for path in folder.glob("*.py") if "\nCOMMAND = " in path.read_text("utf-8")}
    assert named == set(command_line.COMMANDS)


def test_help_is_quick(tmp_path: Path) -> None:
    script = (
        "import sys; sys.path.insert(0, {root!r}); import checkout; checkout.register();"
        "from drawbridge.cli.main import _parser; _parser();"
        "print(*(n for n in ('grpc', 'google', 'torch', 'numpy', 'PIL') if n in sys.modules))"
    )
    root = str(Path(__file__).resolve().parents[3])
    done = subprocess.run(
        [sys.executable, "-c", script.format(root=root)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == ""
