"""The lists in the page: models and LoRAs of the server that a node is wired to."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from drawbridge.devtools.browser import ComfyPage, Open
from drawbridge.devtools.comfyui.host import RealComfyUI
from drawbridge.devtools.page_graphs import (
    LOAD_MODEL,
    LORA_STACK,
    OUTSIDE,
    List,
    New,
    build,
    connect_to,
    drawn_on,
    face_of,
    is_vue,
    look_at_all,
    press,
    save_server,
    saved,
    select,
    value_of,
    wait_for_tooltip,
    wait_for_value,
    wait_until_connected,
    wait_until_drawn,
)
from drawbridge.emulator.server.server import Emulator
from drawbridge.emulator.stock.models import MODELS

Serve = Callable[..., Emulator]
TURBO = "z_image_turbo_1.0_q8p.ckpt"
BASE = "sd_xl_base_1.0_q6p_q8p.ckpt"
FJORD = "fjord_1_dev_q8p.ckpt"
KONTEXT = "fjord_1_kontext_dev_q6p.ckpt"
GOUACHE = "gouache_fjord_1_lora_f16.ckpt"
TURBO_LORA = "turbo_fjord_1_lora_f16.ckpt"
GLASS = "glass_xl_transparent_lora_f16.ckpt"
LINOCUT = "linocut_xl_lora_f16.ckpt"
MINE = "my_own_f16.ckpt"
WIRED = [(0, "server", 1, "server"), (1, "model", 2, "model")]


@pytest.fixture
def emulator(serve: Serve, comfyui: RealComfyUI) -> Emulator:
    """A server that the person has saved."""
    running = serve()
    save_server(comfyui, running)
    return running


def open_three(page: ComfyPage, port: int, model: str = TURBO, lora: str = "") -> list[str]:
    """Show Connect, Load Model and LoRA Stack beside each other; return their ids."""
    nodes = [
        connect_to(port),
        New(LOAD_MODEL, (480, 0), {"model": model}),
        New(LORA_STACK, (960, 0), {"lora_1": lora}),
    ]
    return build(page, nodes, WIRED)


def have_mine(folder: Path) -> None:
    """Have a server with that folder know a model of ours; it lists it once the file is there."""
    mine = {"name": "My Own", "file": MINE, "version": "v1", "prefix": ""}
    more = {"default_scale": 8, "upcast_attention": False}
    (folder / "custom.json").write_text(json.dumps([{**mine, **more}]), encoding="utf-8")


def models_in_prompt(page: ComfyPage) -> list[str]:
    """Return the models that the graph would be queued with."""
    nodes = page.prompt().values()
    return [one["inputs"]["model"] for one in nodes if one["class_type"] == LOAD_MODEL]


def test_model_is_found_and_chosen_by_mouse_and_by_keys(
    page: ComfyPage, emulator: Emulator
) -> None:
    _, load, _ = open_three(page, emulator.port)
    wait_until_connected(page)
    listed = List(page).open(load, "model")
    assert listed.headings()[:3] == ["Z Image", "AuraFlow", "Cosmos 2.5 2B"]
    assert "SDXL" in listed.headings()
    assert listed.headings()[-1] == "Deprecated"
    assert len(listed.values()) == len(MODELS)
    expect(listed.row(TURBO)).to_contain_text("Z Image Turbo 1.0")
    expect(listed.row(TURBO)).to_have_attribute("aria-selected", "true")

    listed.search("dev FJORD kont")
    assert listed.values()[:-1] == [KONTEXT]
    assert listed.root.locator("mark").all_inner_texts()[:3] == ["Fjord", "Kont", "dev"]
    page.page.keyboard.press("Enter")
    listed.root.wait_for(state="detached")
    assert value_of(page, load, "model") == KONTEXT
    assert models_in_prompt(page) == [KONTEXT]

    listed.open(load, "model").close()
    assert value_of(page, load, "model") == KONTEXT
    if is_vue(page):
        listed.open_by_keys(load, "model")
        expect(listed.row(KONTEXT)).to_have_attribute("aria-selected", "true")
        page.page.keyboard.press("ArrowUp")
        page.page.keyboard.press("Enter")
        assert models_in_prompt(page) == ["fjord_1_fill_dev_q6p.ckpt"]
        expect(face_of(page, load, "model")).to_be_focused()
    listed.open(load, "model").choose(BASE)
    assert models_in_prompt(page) == [BASE]
    wait_until_drawn(page, load, "SDXL Base v1.0 (8-bit)", *([BASE] if page.is_frozen() else []))

    page.load(saved(page))  # as a file of it would be
    assert models_in_prompt(page) == [BASE]
    assert page.complaints == []


def test_choice_is_undone_and_copied(page: ComfyPage, emulator: Emulator) -> None:
    _, load, stack = open_three(page, emulator.port, BASE)
    wait_until_connected(page)
    listed = List(page)
    listed.open(load, "model").choose(FJORD)
    listed.open(stack, "lora_1").choose(GOUACHE)
    listed.open(stack, "lora_1").choose(TURBO_LORA)
    assert value_of(page, stack, "weight_1") == 1
    page.page.keyboard.press("Control+z")
    wait_for_value(page, stack, "lora_1", GOUACHE)
    assert value_of(page, stack, "weight_1") == 0.6

    select(page, load)
    page.page.keyboard.press("Control+c")
    page.page.keyboard.press("Control+v")
    page.wait_for("() => app.graph.nodes.length === 4")
    copy = page.page.evaluate("() => String(app.graph.nodes.at(-1).id)")
    assert value_of(page, copy, "model") == FJORD
    # The copy is wired to nothing, so what there is to choose from is not known.
    listed.open(copy, "model")
    expect(listed.notice()).to_contain_text("No Connect leads here")
    listed.close()
    assert page.complaints == []


def test_row_that_a_choice_opens_is_undone_with_it(page: ComfyPage, emulator: Emulator) -> None:
    if page.is_frozen():
        pytest.skip("frontend 1.27 copies a Vue node when it is added, and opens no row of it")
    _, _, stack = open_three(page, emulator.port, BASE, LINOCUT)
    wait_until_connected(page)
    page.look_anew()
    List(page).open(stack, "lora_2").choose(GLASS)
    page.look_anew()
    page.command("Comfy.Undo")
    wait_for_value(page, stack, "lora_2", "")
    assert value_of(page, stack, "lora_1") == LINOCUT
    page.command("Comfy.Redo")
    wait_for_value(page, stack, "lora_2", GLASS)
    assert page.complaints == []


def test_loras_are_those_of_the_models_version(page: ComfyPage, emulator: Emulator) -> None:
    _, load, stack = open_three(page, emulator.port, BASE, lora=LINOCUT)
    wait_until_connected(page)
    listed = List(page).open(stack, "lora_2")
    fitting = [one for one in listed.values() if one]
    assert fitting == ["clay_xl_loha_f16.ckpt", "glass_xl_transparent_lora_f16.ckpt", LINOCUT]
    listed.root.get_by_label("Show all versions").check()
    assert len([one for one in listed.values() if one]) == 13
    listed.choose("clay_xl_loha_f16.ckpt")
    assert value_of(page, stack, "weight_2") == 0.6

    # Another model: the choice is kept, and marked as one that does not fit.
    List(page).open(load, "model").choose(TURBO)
    wait_for_tooltip(page, stack, "lora_1", "is for SDXL")
    listed = List(page).open(stack, "lora_1")
    expect(listed.row(LINOCUT)).to_contain_text("for SDXL")
    assert listed.headings() == ["Chosen", "Z Image"]
    listed.close()
    assert value_of(page, stack, "lora_1") == LINOCUT
    assert page.complaints == []


def test_refresh_sees_what_the_server_got_meanwhile(
    open_page: Open, serve: Serve, comfyui: RealComfyUI, tmp_path: Path
) -> None:
    have_mine(tmp_path)
    emulator = serve(models=tmp_path, stock=True)
    save_server(comfyui, emulator)
    page = open_page()
    _, load, _ = open_three(page, emulator.port, MINE)
    wait_until_connected(page)
    wait_for_tooltip(page, load, "model", "does not have")
    (tmp_path / MINE).write_bytes(b"weights")
    listed = List(page).open(load, "model")
    expect(listed.row(MINE)).to_contain_text("not on the server")
    listed.root.get_by_role("button", name="Read the list again").click()
    expect(listed.row(MINE)).to_contain_text("My Own")
    expect(listed.root.get_by_role("combobox")).to_be_focused()
    listed.close()
    wait_for_tooltip(page, load, "model", "does not have", there=False)
    assert page.complaints == []


def test_connect_is_followed_through_reroutes_and_subgraphs(
    page: ComfyPage, emulator: Emulator, serve: Serve, comfyui: RealComfyUI, tmp_path: Path
) -> None:
    have_mine(tmp_path)
    (tmp_path / MINE).write_bytes(b"weights")
    other = serve(models=tmp_path, stock=True)
    save_server(comfyui, other)
    ids = build(
        page,
        [
            connect_to(emulator.port),
            New("Reroute", (420, 0)),
            New(LOAD_MODEL, (560, 0), {"model": TURBO}),
            connect_to(other.port, (0, 420)),
            New(LOAD_MODEL, (480, 420), {"model": TURBO}),
            New(LORA_STACK, (960, 420)),
        ],
        [
            *((0, "server", 1, ""), (1, "", 2, "server")),
            *((3, "server", 4, "server"), (4, "model", 5, "model")),
        ],
    )
    _, _, first, _, second, stack = ids
    wait_until_connected(page)
    listed = List(page)
    assert MINE not in listed.open(first, "model").values()
    listed.close()
    listed.open(second, "model").choose(MINE)
    wait_until_drawn(page, second, "My Own", *([MINE] if page.is_frozen() else []))
    assert sorted(models_in_prompt(page)) == sorted([TURBO, MINE])

    # Into a subgraph, whose output the LoRA Stack is wired to.
    page.page.evaluate(
        """(ids) => {
          const node = (id) => app.graph.nodes.find((one) => String(one.id) === id);
          app.graph.convertToSubgraph(new Set(ids.map(node)));
        }""",
        ids[3:5],
    )
    listed.open(stack, "lora_1")
    assert listed.headings() == ["Stable Diffusion 1"]
    listed.close()
    page.load(saved(page))
    look_at_all(page)
    listed.open(stack, "lora_1")
    assert listed.headings() == ["Stable Diffusion 1"]
    listed.close()
    assert page.complaints == []


def test_what_a_subgraph_shows_outside_has_its_list_there(
    page: ComfyPage, emulator: Emulator
) -> None:
    _, load, _ = open_three(page, emulator.port)
    wait_until_connected(page)
    host = page.page.evaluate(OUTSIDE, load)
    page.load(saved(page))
    look_at_all(page)
    listed = List(page).open(host, "model")
    assert "Z Image" in listed.headings()
    listed.choose(KONTEXT)
    assert value_of(page, host, "model") == KONTEXT
    assert models_in_prompt(page) == [KONTEXT]
    page.load(saved(page))
    assert models_in_prompt(page) == [KONTEXT]
    assert page.complaints == []


def test_saved_choice_is_kept_where_no_server_answers(page: ComfyPage, serve: Serve) -> None:
    emulator = serve()
    port = emulator.port
    emulator.stop()
    _, load, stack = open_three(page, port, MINE, LINOCUT)
    page.page.locator("[data-action=test]").click()
    page.wait_for(
        "() => document.querySelector('[data-drawbridge=connect]').dataset.state === 'failed'"
    )
    wait_until_drawn(page, load, MINE)
    wait_until_drawn(page, stack, LINOCUT[:12])
    listed = List(page).open(load, "model")
    expect(listed.notice()).to_contain_text(f"Nothing listens at 127.0.0.1:{port}.")
    assert listed.headings() == ["Chosen"]
    assert listed.values() == [MINE]
    # Names can be typed all the same.
    listed.search("other_f16.ckpt")
    page.page.keyboard.press("Enter")
    assert models_in_prompt(page) == ["other_f16.ckpt"]

    # Now there is a server, which lacks it.
    listed.open(load, "model")
    serve(port=port)
    listed.notice().get_by_role("button", name="Try again").click()
    expect(listed.row("other_f16.ckpt")).to_contain_text("not on the server")
    listed.close()
    wait_for_tooltip(page, load, "model", "does not have other_f16.ckpt")
    assert value_of(page, load, "model") == "other_f16.ckpt"
    assert drawn_on(page, load)["other_f16.ckpt"] != drawn_on(page, stack)["0.60"]
    assert page.complaints == []


def test_official_list_serves_where_the_server_keeps_its_own(
    open_page: Open, serve: Serve, comfyui: RealComfyUI
) -> None:
    emulator = serve(model_browser=False)
    save_server(comfyui, emulator)
    page = open_page()
    _, load, _ = open_three(page, emulator.port, MINE)
    wait_until_connected(page)
    listed = List(page).open(load, "model")
    expect(listed.notice()).to_contain_text("the app's own list")
    assert listed.headings()[-1] == "Not on the server"
    listed.search("FLUX klein 4b")
    assert "flux_2_klein_4b_q8p.ckpt" in listed.values()
    listed.search("anything_f16.ckpt")
    page.page.keyboard.press("Enter")
    assert models_in_prompt(page) == ["anything_f16.ckpt"]
    assert page.complaints == []


def test_link_brings_the_value_in_the_place_of_a_choice(
    page: ComfyPage, emulator: Emulator
) -> None:
    _, load, stack, words = build(
        page,
        [
            connect_to(emulator.port),
            New(LOAD_MODEL, (480, 0), {"model": TURBO}),
            New(LORA_STACK, (960, 0)),
            New("PrimitiveString", (480, 400), {"value": BASE}),
        ],
        [*WIRED, (3, "", 1, "model")],
    )
    wait_until_connected(page)
    assert models_in_prompt(page) == [[words, 0]]
    if not is_vue(page):
        press(page, load, "model")
    elif (face := face_of(page, load, "model")).count():  # newer pages show the slot alone
        face.click(force=True)
    expect(List(page).root).to_have_count(0)
    # The version is that of the model that is linked.
    listed = List(page).open(stack, "lora_1")
    assert listed.headings() == ["SDXL"]
    listed.close()
    assert page.complaints == []
