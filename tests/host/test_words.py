"""The real ComfyUI gives translations and help pages to the page."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from drawbridge.devtools.comfyui.host import FOLDER, ROOT, RealComfyUI
from drawbridge.nodes import NODES
from drawbridge.scripts import translations


@pytest.mark.parametrize("language", ["en", *translations.languages()])
def test_translations_reach_the_page(comfyui: RealComfyUI, language: str) -> None:
    status, answer = comfyui.request("GET", "/i18n")
    assert status == 200
    told = answer[language]
    assert told["nodeCategories"]["Draw Things"] == "Draw Things"
    for node in NODES:
        schema = node.GET_SCHEMA()
        title = translations.read(language)[f"nodeDefs.{schema.node_id}.display_name"]
        assert told["nodeDefs"][schema.node_id]["display_name"] == title


@pytest.mark.parametrize("page", ["Drawbridge_Connect.md", "Drawbridge_Connect/de.md"])
def test_help_pages_are_where_the_panel_looks(comfyui: RealComfyUI, page: str) -> None:
    status, text = comfyui.request("GET", f"/extensions/{quote(FOLDER)}/docs/{page}")
    assert status == 200
    assert text == (ROOT / "web" / "docs" / page).read_text(encoding="utf-8")
