"""What a person sees while Generate runs: bar, words, previews, the button that stops, errors."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from drawbridge.devtools.browser import ComfyPage, Open, read_workflow
from drawbridge.devtools.shared_graphs import shared_graph
from drawbridge.emulator.server.server import Emulator

Serve = Callable[..., Emulator]
GRAPH = shared_graph("text_to_image")

# How the heights of Generate's boxes for prompts change from now on; what a node hides counts not.
# `looks` counts how often they were looked at while a picture was shown on the node.
_WATCH_BOXES = """
() => {
  const node = app.graph._nodes.find((one) => one.type === "Drawbridge_Generate");
  const boxes = () => LiteGraph.vueNodesMode
    ? [...document.querySelectorAll(`[data-node-id="${node.id}"] textarea`)]
    : node.widgets.filter((one) => one.element instanceof HTMLTextAreaElement)
        .map((one) => one.element);
  const isShown = () => LiteGraph.vueNodesMode
    ? !!document.querySelector(`[data-node-id="${node.id}"] img`)
    : !!node.imgs?.length;
  window.heights = boxes().map((one) => [one.offsetHeight]);
  window.looks = 0;
  const look = () => {
    boxes().forEach((one, index) => window.heights[index]?.push(one.offsetHeight));
    if (isShown()) window.looks += 1;
    requestAnimationFrame(look);
  };
  look();
}
"""
_SAVED_SIZE = """
() => app.graph.serialize().nodes.find((one) => one.type === "Drawbridge_Generate").size
"""
# The pictures to be seen on Generate, each with its mean difference from a file of ComfyUI's.
_SHOWN = """
async (name) => {
  const node = app.graph._nodes.find((one) => one.type === "Drawbridge_Generate");
  const images = LiteGraph.vueNodesMode
    ? [...document.querySelectorAll(`[data-node-id="${node.id}"] img`)]
    : [...(node.imgs ?? [])];
  const file = new Image();
  file.src = `/api/view?filename=${name}&type=temp&subfolder=`;
  await file.decode();
  const colours = (image) => {
    const canvas = new OffscreenCanvas(64, 64);
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0, 64, 64);
    return context.getImageData(0, 0, 64, 64).data;
  };
  const wanted = colours(file);
  return images.filter((one) => one.naturalWidth).map((one) => {
    const found = colours(one);
    const apart = found.reduce((sum, value, at) => sum + Math.abs(value - wanted[at]), 0);
    return [one.naturalWidth, one.naturalHeight, apart / wanted.length];
  });
}
"""


def load(page: ComfyPage, port: int) -> None:
    page.load(
        read_workflow(GRAPH), Connect={"host": "127.0.0.1", "port": port, "transport": "plaintext"}
    )


def test_bar_words_and_previews_are_seen(page: ComfyPage, serve: Serve) -> None:
    emulator = serve(step_ms=100)
    load(page, emulator.port)
    page.queue()
    page.wait_for("() => seen.filter(([name]) => name === 'preview').length > 1")
    page.wait_for(
        "() => app.graph._nodes.some((node) => node.type === 'Drawbridge_Generate'"
        " && (node.progress > 0 || document.querySelector(`[data-node-id='${node.id}'] img`)))"
    )
    ending, told = page.ending()
    assert ending == "execution_success", told.get("exception_message", told)
    words = [detail["text"] for detail in page.seen("progress_text")]
    assert any(text.startswith("Sampling ") for text in words), words
    assert page.complaints == []


def test_stop_button_ends_the_generation_on_both_sides(page: ComfyPage, serve: Serve) -> None:
    emulator = serve(step_ms=300)
    load(page, emulator.port)
    page.queue()
    page.wait_for("() => seen.some(([name]) => name === 'preview')")
    page.page.evaluate("() => app.extensionManager.command.execute('Comfy.Interrupt')")
    ending, _ = page.ending()
    assert ending == "execution_interrupted"
    emulator.journal.wait_for_event("cancelled", timeout=20)


def test_error_names_fact_and_remedy_at_the_node(page: ComfyPage, serve: Serve) -> None:
    emulator = serve()
    port = emulator.port
    emulator.stop()
    load(page, port)
    ending, told = page.run()
    assert ending == "execution_error"
    assert told["node_type"] == "Drawbridge_Connect"
    assert "turn on API Server" in page.error(f"Nothing listens at 127.0.0.1:{port}.")


@pytest.mark.parametrize("rendering", [False, True], ids=["classic", "vue"])
def test_finished_picture_is_on_the_node_also_after_a_reload(
    open_page: Open, serve: Serve, rendering: bool
) -> None:
    page = open_page(Comfy_VueNodes_Enabled=rendering)
    if page.is_frozen():
        pytest.skip("frontend 1.27 shows no preview in a Vue node")
    load(page, serve(step_ms=60).port)
    page.change("Generate", width=768, height=512)
    ending, told = page.run()
    assert ending == "execution_success", told.get("exception_message", told)
    [name] = [
        detail["output"]["drawbridge_finished"][0]
        for detail in page.seen("executed")
        if "drawbridge_finished" in (detail.get("output") or {})
    ]
    is_there = (
        f"async (name) => {{ const all = await ({_SHOWN})(name); return all.length === 1"
        " && all.every(([width, height, apart]) => width === 768 && height === 512 && apart < 4); }"
    )
    page.wait_for(is_there, name)
    page.reload()
    page.wait_for(is_there, name)
    assert page.complaints == []


def test_prompts_keep_their_height_during_a_run(page: ComfyPage, serve: Serve) -> None:
    if page.is_frozen():
        pytest.skip("frontend 1.27 shows neither words nor previews in a Vue node")
    load(page, serve(step_ms=60).port)
    page.wait_for(f"() => {{ ({_WATCH_BOXES})(); return heights.length === 2; }}")
    before = page.page.evaluate(_SAVED_SIZE)
    ending, told = page.run()
    assert ending == "execution_success", told.get("exception_message", told)
    page.wait_for("() => looks > 2")
    for heights in page.page.evaluate("() => heights"):
        assert max(heights) - min(heights) <= 2, sorted(set(heights))
    # A graph that is saved now does not grow each time.
    assert page.page.evaluate(_SAVED_SIZE) == before
    assert page.complaints == []
