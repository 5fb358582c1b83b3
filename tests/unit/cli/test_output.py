"""Lines, bars and objects."""

from __future__ import annotations

import io
import json
import sys

import pytest

from drawbridge.cli.output import Output


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_bar_that_leaves_no_trace(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    output = Output(as_json=False)
    output.progress(0.5, "Sampling 10 of 20")
    assert screen.getvalue() == "[############............]  50% Sampling 10 of 20\r"
    output.progress(1.0, "Done")
    shown, _, last = screen.getvalue()[:-1].rpartition("\r")
    assert len(last) == len(shown.split("\r")[-1])
    output.line("x.png")
    assert screen.getvalue().split("\r")[-2].strip() == ""
    assert capsys.readouterr().out == "x.png\n"


def test_a_log_gets_a_line_for_each_tenth_and_each_phase(
    capsys: pytest.CaptureFixture[str],
) -> None:
    output = Output(as_json=False)
    for step in range(101):
        output.progress(step / 125, f"Sampling {step} of 100", "sampling")
    output.progress(0.81, "Decoding", "decoding")
    lines = capsys.readouterr().err.splitlines()
    assert 8 <= len(lines) <= 11
    assert lines[0] == "  0% Sampling 0 of 100"
    assert lines[-1] == " 81% Decoding"


def test_a_log_says_when_it_starts_again(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output(as_json=False)
    for done in (0, 50, 0, 1, 50):
        output.progress(done / 100, f"Sending {done} of 100 MB", "sending")
    lines = capsys.readouterr().err.splitlines()
    assert [int(line.split("%")[0]) for line in lines] == [0, 50, 0, 50]


def test_scripts_get_exactly_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output(as_json=True)
    output.line("for people")
    output.note("A note.")
    output.result(value=1, text="背")
    said = capsys.readouterr()
    assert json.loads(said.out) == {"value": 1, "text": "背", "notes": ["A note."]}
    assert said.out.isascii()
    assert said.err == ""
