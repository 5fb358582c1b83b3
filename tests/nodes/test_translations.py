"""What locales/ says is complete, in step with the nodes, and keeps their facts."""

from __future__ import annotations

from pathlib import Path

import pytest

from drawbridge.nodes import NODES
from drawbridge.scripts import translations

LANGUAGES = ["de", "ja", "zh"]
REMEDY = "run python scripts/translations.py --write, then translate what it reports"
HOST = "nodeDefs.Drawbridge_Connect.inputs.host.tooltip"
STEPS = "nodeDefs.Drawbridge_Generate.inputs.steps.tooltip"
TRANSPORT = "nodeDefs.Drawbridge_Connect.inputs.transport.tooltip"
WIDTH = "nodeDefs.Drawbridge_Generate.inputs.width.tooltip"
MODEL = "nodeDefs.Drawbridge_Generate.inputs.model.tooltip"


@pytest.fixture(scope="module")
def english() -> translations.Texts:
    return translations.schemas(NODES)


def test_english_is_what_the_nodes_say(english: translations.Texts) -> None:
    assert translations.outdated(english, translations.read("en")) == [], REMEDY


def test_promised_languages_are_there() -> None:
    assert set(LANGUAGES) <= set(translations.languages())


@pytest.mark.parametrize("language", translations.languages())
def test_language_has_every_text_and_its_facts(language: str, english: translations.Texts) -> None:
    texts = translations.read(language)
    assert translations.faults(language, texts, english) == [], REMEDY


@pytest.mark.parametrize("language", translations.languages())
def test_inputs_of_a_node_have_different_names(language: str) -> None:
    texts = translations.read(language)
    for node in NODES:
        schema = node.GET_SCHEMA()
        here = f"nodeDefs.{schema.node_id}.inputs"
        names = [texts[f"{here}.{entry.id}.name"] for entry in schema.inputs]
        assert sorted(names) == sorted(set(names)), schema.node_id


@pytest.mark.parametrize("language", ["en", *translations.languages()])
def test_files_are_as_the_script_writes_them(
    language: str, english: translations.Texts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    texts = translations.read(language)
    kept = translations.LOCALES / language
    monkeypatch.setattr(translations, "LOCALES", tmp_path)
    translations.write(language, texts, english)
    for name in translations.FILES.values():
        assert (tmp_path / language / name).read_bytes() == (kept / name).read_bytes(), REMEDY


@pytest.mark.parametrize(
    ("key", "text", "words"),
    [
        (HOST, "", "is missing"),
        (HOST, "  ", "is missing"),
        (HOST, "Name oder IP-Adresse, etwa mac.local oder 192.168.1.20.", "lacks '127.0.0.1'"),
        (STEPS, "Schritte: schnell, turbo, lightning 4 bis 8, sonst 20 bis 35.", "number 30"),
        (STEPS, "Schritte: schnell, turbo, lightning 4 bis 8, 20 bis 30, 9.", "number 9 of its"),
        (STEPS, "schnell, turbo, lightning: 4 bis 8, sonst 20 bis 30", "no full stop"),
        (TRANSPORT, "„plaintext“ ist ohne TLS.", "lacks 'Draw Things certificate'"),
        (WIDTH, "Breite des Bildes, ein Vielfaches von 64.", "lacks 'Pixel'"),
        (WIDTH, "Breite {des} Bildes in Pixeln, ein Vielfaches von 64.", "contains '{'"),
        (WIDTH, "The picture's width in pixels, a multiple of 64.", "is not translated"),
        (MODEL, "Von „Lade Modell“.", "does not call Load Model 'Modell laden'"),
    ],
)
def test_fault_is_noticed(key: str, text: str, words: str, english: translations.Texts) -> None:
    texts = {**translations.read("de"), key: text}
    found = translations.faults("de", texts, english)
    assert any(words in fault for fault in found)
    assert all(key in fault for fault in found)


def test_text_of_no_node_is_noticed(english: translations.Texts) -> None:
    texts = {**translations.read("de"), "nodeDefs.Drawbridge_Gone.display_name": "Weg"}
    [fault] = translations.faults("de", texts, english)
    assert "Drawbridge_Gone" in fault


def test_translation_of_a_changed_text_goes_and_others_stay() -> None:
    before = {"a.tooltip": "One.", "b.tooltip": "Two."}
    after = {"a.tooltip": "One more.", "b.tooltip": "Two."}
    texts = {"a.tooltip": "Eins.", "b.tooltip": "Zwei."}
    assert translations.without_changed(texts, after, before) == {"b.tooltip": "Zwei."}


def test_text_that_is_translated_elsewhere_is_filled_in() -> None:
    english = {"a.tooltip": "One.", "b.tooltip": "One.", "b.name": "One.", "c.tooltip": "Two."}
    filled = translations.filled({"a.tooltip": "Eins."}, english)
    assert filled == {"a.tooltip": "Eins.", "b.tooltip": "Eins."}
