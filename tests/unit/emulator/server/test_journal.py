"""The journal and the faults: what is noted, and what is still to go wrong."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from drawbridge.emulator.server.faults import DESCRIPTIONS, Faults
from drawbridge.emulator.server.journal import Journal


def test_journal_writes_a_line_per_entry_at_once(tmp_path: Path):
    path = tmp_path / "journal.jsonl"
    with Journal(path) as journal:
        journal.add("call", rpc="Echo", name="häuschen")
        journal.add("started", generation=1)
        lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert [line["event"] for line in lines] == ["call", "started"]
    assert lines[0]["name"] == "häuschen"
    assert lines == journal.entries


def test_wait_for_returns_what_comes_later():
    journal = Journal()
    journal.add("started", generation=1)
    late = threading.Timer(0.02, lambda: journal.add("started", generation=2))
    late.start()
    assert journal.wait_for_event("started", generation=2)["number"] == 1
    late.join()


def test_wait_for_what_never_comes_times_out():
    with pytest.raises(TimeoutError):
        Journal().wait_for(lambda entry: True, timeout=0.01)


def test_faults_count_generations():
    faults = Faults(["no-pictures:2", "heartbeats"])
    assert faults.take() == faults.take() == {"no-pictures", "heartbeats"}
    assert faults.take() == {"heartbeats"}
    faults.replace([])
    assert faults.take() == frozenset()


@pytest.mark.parametrize("fault", ["", "sabotage", "no-pictures:0", "no-pictures:many"])
def test_faults_that_do_not_exist_are_refused(fault: str):
    with pytest.raises(ValueError, match="'"):
        Faults([fault])


def test_faults_are_all_described():
    assert all(text and text == text.strip(" .") for text in DESCRIPTIONS.values())
