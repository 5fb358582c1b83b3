"""Does ComfyUI load the pack as users install it: by path, under a name that is no module's?"""

from __future__ import annotations

from drawbridge.devtools.comfyui.host import FOLDER, RealComfyUI


def test_pack_loads_without_complaint(comfyui: RealComfyUI) -> None:
    assert comfyui.load_failures == ()
    start, reached, _ = comfyui.log.partition("Starting server")
    assert reached
    assert "Traceback" not in start


def test_nodes_are_ours_and_in_our_menu(comfyui: RealComfyUI) -> None:
    module = f"custom_nodes.{FOLDER}"

    ours = {
        name: info
        for name, info in comfyui.object_info().items()
        if info["python_module"] == module
    }

    assert ours
    for name, info in ours.items():
        assert name.startswith("Drawbridge_")
        assert info["category"].split("/")[0] == "Draw Things"
        assert info["description"]
