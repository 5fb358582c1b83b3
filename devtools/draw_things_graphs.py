"""Small graphs of the official Draw Things pack, for tests of their conversion."""

from __future__ import annotations

from typing import Any

from ..graphs import draw_things_pack as pack
from ..graphs.convert import convert
from ..graphs.own_nodes import own_nodes

V1 = {"value": {"file": "meadow_v1.ckpt", "version": "v1", "name": "Meadow"}, "content": "Meadow"}
FLUX = {"value": {"file": "flux_1_schnell_q8p.ckpt", "version": "flux1"}, "content": "F"}
XL = {"value": {"file": "xl.ckpt", "version": "sdxl_base_v0.9"}, "content": "XL"}
VIDEO = {"value": {"file": "wan.ckpt", "version": "wan_v2.1_14b"}, "content": "Wan"}
NO_PROMPT = 'theirs sent the word "None"'
POSE = {
    "value": {"file": "pose.ckpt", "version": "v1", "modifier": "pose", "type": "controlnet"},
    "content": "Pose",
}
# What a new sampler says, in the order in which graphs hold it.
SAMPLER: dict[str, Any] = {
    **{"settings": "Basic", "server": "mac.local", "port": "7860", "use_tls": True, "model": V1},
    **{"strength": 0.8, "seed": 7, "control_after_generate": "fixed", "seed_mode": "ScaleAlike"},
    **{"width": 1000, "height": 512, "steps": 12, "num_frames": 14, "cfg": 5.5},
    **{"cfg_zero_star": False, "cfg_zero_star_init_steps": 0, "speed_up": True},
    **{"guidance_embed": 4.5, "sampler_name": "Euler A", "stochastic_sampling_gamma": 0.3},
    **{"res_dpt_shift": True, "shift": 2.5, "batch_size": 2, "fps": 5, "motion_scale": 127},
    **{"guiding_frame_noise": 0.02, "start_frame_guidance": 1.0, "causal_inference": 0},
    **{"causal_inference_pad": 0, "clip_skip": 1, "sharpness": 0.0, "mask_blur": 1.5},
    **{"mask_blur_outset": 0, "preserve_original": True, "high_res_fix": False},
    **{"high_res_fix_start_width": 448, "high_res_fix_start_height": 448},
    **{"high_res_fix_strength": 0.7, "tiled_decoding": False, "decoding_tile_width": 640},
    **{"decoding_tile_height": 640, "decoding_tile_overlap": 128, "tiled_diffusion": False},
    **{"diffusion_tile_width": 512, "diffusion_tile_height": 512, "diffusion_tile_overlap": 64},
    **{"tea_cache": False, "tea_cache_start": 5, "tea_cache_end": 2, "tea_cache_threshold": 0.2},
    **{"tea_cache_max_skip_steps": 3, "separate_clip_l": False, "clip_l_text": ""},
    **{"separate_open_clip_g": False, "open_clip_g_text": ""},
}
LORA: dict[str, Any] = {"buttons": ""}
for suffix in ("", *(f"_{number}" for number in range(2, 9))):
    LORA.update({f"lora{suffix}": None, f"weight{suffix}": 1, f"mode{suffix}": "All"})
CONTROL: dict[str, Any] = {
    **{"control_name": POSE, "control_input_type": "Pose", "control_mode": "Prompt"},
    **{"control_weight": 0.8, "control_start": 0.1, "control_end": 0.9},
    **{"global_average_pooling": False, "down_sampling_rate": 1, "target_blocks": "All"},
    "invert_image": False,
}
HINTS: dict[str, Any] = {}
for suffix in ("", "_2", "_3", "_4"):
    HINTS.update({f"type{suffix}": "(None selected)", f"weight{suffix}": 1})
DEFAULTS = {pack.SAMPLER: SAMPLER, pack.THEIR_LORA: LORA, pack.THEIR_CONTROL: CONTROL}
DEFAULTS[pack.HINTS] = HINTS

Wires = dict[str, tuple[int, int]]


class Saved:
    """A workflow as the page saves it, put together node by node."""

    def __init__(self) -> None:
        self.graph: dict[str, Any] = {"nodes": [], "links": [], "version": 0.4}
        self.graph.update({"last_node_id": 0, "last_link_id": 0})

    def add(self, kind: str, wires: Wires | None = None, keyed: bool = False, **said: Any) -> int:
        """Add a node with its widgets and what is wired to its inputs, and return its id."""
        number = len(self.graph["nodes"]) + 1
        values = {**DEFAULTS.get(kind, {}), **said}
        node: dict[str, Any] = {
            **{"id": number, "type": kind, "pos": [number * 400, 100], "size": [300, 200]},
            **{"inputs": [], "mode": 0},
            "outputs": [{"name": name, "type": "X", "links": []} for name in ("x", "y")],
            "widgets_values": list(values.values()),
        }
        if keyed:
            node["widget_values_keyed"] = values
        for name, (source, slot) in (wires or {}).items():
            link = self.graph["last_link_id"] = len(self.graph["links"]) + 1
            node["inputs"].append({"name": name, "type": "X", "link": link})
            row = [link, source, slot, number, len(node["inputs"]) - 1, "X"]
            self.graph["links"].append(row)
        self.graph["nodes"].append(node)
        self.graph["last_node_id"] = number
        return number

    def convert(self) -> tuple[dict[int, dict[str, Any]], tuple[str, ...]]:
        """Return ours by id: type, inputs as values or (source, output); and the notes, without
        those about prompts that these small graphs have none of.
        """
        notes = convert(self.graph).notes
        return read(self.graph), tuple(one for one in notes if NO_PROMPT not in one)


def crowded() -> Saved:
    """Return a graph whose nodes stand close together, as people have them."""
    saved = Saved()
    lora = saved.add(pack.THEIR_LORA, lora=FLUX, lora_2=FLUX)
    refiner = saved.add(pack.THEIR_REFINER, refiner_model=FLUX, refiner_start=0)
    upscaler = saved.add(pack.THEIR_UPSCALER, upscaler_model=FLUX, upscaler_scale_factor=2)
    prompt = saved.add("DrawThingsPrompt", insert_textual_inversion="...", prompt="a lake")
    wires: Wires = {"lora": (lora, 0), "refiner": (refiner, 0), "upscaler": (upscaler, 0)}
    sampler = saved.add(pack.SAMPLER, {**wires, "positive": (prompt, 0), "negative": (prompt, 0)})
    saved.add("SaveImage", {"images": (sampler, 0)}, filename_prefix="x")
    at = [(320, 520), (0, 520), (0, 640), (0, 0), (640, 0), (900, 0)]
    sizes = [(250, 170), (250, 80), (250, 80), (400, 200), (240, 554), (300, 300)]
    for node, pos, size in zip(saved.graph["nodes"], at, sizes, strict=True):
        node.update(pos=list(pos), size=list(size))
    return saved


def read(graph: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """Return type and named inputs of a workflow's nodes, and check that its links are whole."""
    by_id = {node["id"]: node for node in graph["nodes"]}
    assert len(by_id) == len(graph["nodes"])
    links = {link[0]: link for link in graph["links"]}
    assert len(links) == len(graph["links"])
    found = {}
    for node in graph["nodes"]:
        known = own_nodes().get(node["type"])
        inputs: dict[str, Any] = {}
        if known:
            assert len(node["widgets_values"]) == len(known.widgets)
            inputs = dict(zip(known.widgets, node["widgets_values"], strict=True))
        for slot, one in enumerate(node.get("inputs") or []):
            if one.get("link") is None:
                continue
            _, source, output, target, at, kind = links[one["link"]]
            assert (target, at) == (node["id"], slot)
            assert one["link"] in by_id[source]["outputs"][output]["links"]
            assert kind == one["type"]
            inputs[one["name"]] = (source, output)
        found[node["id"]] = {"type": node["type"], **inputs}
    for link in links.values():
        assert by_id[link[3]]["inputs"][link[4]]["link"] == link[0]
    return found


def of_kind(found: dict[int, dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [node for node in found.values() if node["type"] == f"Drawbridge_{kind}"]
