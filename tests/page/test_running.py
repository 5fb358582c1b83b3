"""What a person sees while Generate runs: bar, words, previews, the button that stops, errors."""

from __future__ import annotations

from collections.abc import Callable

from drawbridge.devtools.browser import ComfyPage, read_workflow
from drawbridge.devtools.comfyui.host import ROOT
from drawbridge.emulator.server.server import Emulator

Serve = Callable[..., Emulator]
GRAPH = ROOT / "workflows" / "text_to_image.json"


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
