"""ControlNet Hint and Moodboard: what they give, and whether a strict server reads all of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from standin.executor import Outcome
from standin.graph_nodes import board, hint, paint, run
from standin.stage import Stage

from drawbridge.client.catalog.records import Catalog
from drawbridge.client.client import DrawThingsClient
from drawbridge.client.configuration.enums import ControlMode
from drawbridge.client.configuration.fields import Control, GenerationConfig
from drawbridge.client.connection.endpoint import Endpoint
from drawbridge.client.generation.events import Picture
from drawbridge.client.generation.hints import steer
from drawbridge.client.generation.pictures import hint_of
from drawbridge.client.generation.request import GenerationRequest, Hint
from drawbridge.client.server_fields import Transport
from drawbridge.emulator.server.server import Emulator
from drawbridge.facts.hints import KINDS, ControlInput
from drawbridge.facts.samplers import Sampler
from drawbridge.facts.versions import VERSIONS
from drawbridge.nodes.control import ControlNetHint, Moodboard
from drawbridge.nodes.records import Hinted

Serve = Callable[..., Emulator]


def hinted(stage: Stage, node: str, **prompt: Any) -> tuple[Hinted, ...]:
    outcome = run(stage.host, {"paint": paint(), **prompt}, node, "controls")
    assert outcome.status == "success", outcome.exception_message
    return outcome.outputs[node][0][0]


def refused(stage: Stage, node: dict[str, Any]) -> str:
    outcome: Outcome = run(stage.host, {"paint": paint(), "one": node}, "one", "controls")
    assert (outcome.node_id, outcome.exception_type) == ("one", "drawbridge.RequestRejected")
    return str(outcome.exception_message)


@pytest.mark.parametrize("node", [ControlNetHint, Moodboard])
def test_inputs_explain_themselves(node: Any) -> None:
    for entry in node.GET_SCHEMA().inputs:
        assert entry.tooltip.endswith("."), entry.id


def test_hint_says_what_the_widgets_say(stage: Stage) -> None:
    node = hint(
        image=["paint", 0],
        control=" net.ckpt ",
        kind="tile",
        weight=0.7,
        start=0.1,
        end=0.9,
        control_mode="control",
        input_override="blur",
        target_blocks="down_blocks.2, mid_block,",
        down_sampling_rate=2.0,
        no_prompt=True,
        global_average_pooling=False,
    )
    [one] = hinted(stage, "one", one=node)
    assert one.control == Control(
        *("net.ckpt", 0.7, 0.1, 0.9, True, False, 2.0, ControlMode.CONTROL),
        target_blocks=("down_blocks.2", "mid_block"),
        input_override=ControlInput.BLUR,
    )
    assert one.kind == "tile"
    assert one.image is not None
    assert tuple(one.image.shape) == (1, 64, 64, 3)


def test_hint_without_picture_or_without_control_is_one_too(stage: Stage) -> None:
    [one] = hinted(stage, "one", one=hint(kind="canny"))
    assert (one.image, one.control) == (None, Control("c.ckpt"))
    [one] = hinted(stage, "one", one=hint(control="None", kind="depth", image=["paint", 0]))
    assert one.control is None
    assert "neither a control nor a picture" in refused(stage, hint(control=""))


@pytest.mark.parametrize(
    ("kind", "lines", "left"),
    [
        *(("canny", "light on dark", 0), ("canny", "dark on light", 1)),
        *(("scribble", "dark on light", 1), ("lineart", "dark on light", 1)),
        *(("depth", "dark on light", 0), ("pose", "dark on light", 0)),
    ],
)
def test_dark_lines_are_turned_light_where_there_are_lines(
    stage: Stage, kind: str, lines: str, left: int
) -> None:
    [one] = hinted(stage, "one", one=hint(image=["paint", 0], kind=kind, lines=lines))
    assert one.image is not None
    assert (one.image[0, :, 0] == left).all()
    assert (one.image[0, :, -1] == 1 - left).all()


def test_hints_and_moodboards_chain_in_order(stage: Stage) -> None:
    chained = hinted(
        stage,
        "third",
        first=hint(control="a.ckpt"),
        second=board(controls=["first", 0], image_3=["paint", 0]),
        third=hint(control="b.ckpt", controls=["second", 0]),
    )
    files = [one.control.file if one.control else None for one in chained]
    assert files == ["a.ckpt", None, "b.ckpt"]


def test_weight_of_nothing_leaves_a_hint_out(stage: Stage) -> None:
    assert hinted(stage, "one", one=hint(weight=0.0)) == ()
    muted = board(control="ip.ckpt", control_weight=0, image_1=["paint", 0])
    assert hinted(stage, "one", one=muted) == ()


def test_moodboard_keeps_weights_and_leaves_zeros_out(stage: Stage) -> None:
    node = board(
        control="ip.ckpt",
        control_weight=0.5,
        image_1=["paint", 0],
        weight_1=0.25,
        image_4=["paint", 0],
        weight_4=0,
        image_8=["paint", 0],
        weight_7=3.0,
    )
    found = hinted(stage, "one", one=node)
    assert [(one.kind, one.weight) for one in found] == [("shuffle", 0.25), ("shuffle", 1.0)]
    assert {one.control for one in found} == {Control("ip.ckpt", 0.5)}


def test_moodboard_of_nothing_is_refused(stage: Stage) -> None:
    assert "no picture" in refused(stage, board(weight_1=1.0))


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        *(
            ({name: "odd"}, "cannot be 'odd'")
            for name in ("kind", "lines", "control_mode", "input_override")
        ),
    ],
)
def test_hint_refuses_what_makes_no_sense(stage: Stage, inputs: dict[str, Any], words: str) -> None:
    assert words in refused(stage, hint(**inputs))


# What a strict server makes of it.

V1 = "sd_v1.5_f16.ckpt"
UNION_XL = "controlnet_union_sd_xl_base_1.0_f16.ckpt"
UNION_FLUX = "controlnet_union_pro_fjord_1_q8p.ckpt"
XL, FLUX = "sd_xl_base_1.0_q6p_q8p.ckpt", "fjord_1_dev_q8p.ckpt"
FROM_IMAGE = frozenset({"inpaint", "ip2p"})
PICTURE = torch.rand(1, 80, 100, 3, generator=torch.Generator().manual_seed(1))


def steered(
    hinted: Iterable[Hinted],
    config: GenerationConfig,
    catalog: Catalog,
    version: str,
    has_image: bool,
) -> tuple[tuple[Control, ...], tuple[Hint, ...]]:
    """Return controls and hints as a request has them."""
    guides = [one.guide for one in hinted]
    steering = steer(guides, config, catalog, "mac:1", version, has_image=has_image)
    return steering.controls, tuple(hint_of(form, None) for form in steering.hints)


def generate(
    emulator: Emulator, model: str, *hints: Hinted, image: bool = False, **more: Any
) -> GenerationRequest:
    """Send a generation with these hints and return the request, once its picture is there."""

    async def send() -> GenerationRequest:
        endpoint = Endpoint("127.0.0.1", emulator.port, Transport.PLAINTEXT)
        async with DrawThingsClient(endpoint) as client:
            catalog = (await client.echo()).catalog
            assert catalog is not None
            spec = catalog.model(model)
            assert spec is not None
            flow = VERSIONS[spec.version].flow
            sampler = Sampler.UNIPC_TRAILING if flow else Sampler.DPMPP_2M_AYS
            config = GenerationConfig(
                **{
                    **{"model": model, "steps": 2, "sampler": sampler, "num_frames": 5},
                    **{"start_width": 192, "start_height": 128, **more},
                }
            )
            controls, carried = steered(hints, config, catalog, spec.version, image)
            known = [catalog.control(control.file) for control in controls]
            request = GenerationRequest(
                "a bridge",
                replace(config, controls=controls),
                override=Catalog(models=(spec,), controls=tuple(one for one in known if one)),
                image=np.zeros((1, 128, 192, 3), np.float16) if image else None,
                hints=carried,
            )
            events = [event async for event in client.generate(request)]
            assert any(isinstance(event, Picture) for event in events)
            return request

    return asyncio.run(send())


@pytest.mark.parametrize(
    ("model", "control", "kind"),
    [
        (V1, "Canny Edge Map (SD v1.x, ControlNet 1.1)", "canny"),
        (V1, "Depth Map (SD v1.x, ControlNet 1.1)", "depth"),
        (V1, "Scribble (SD v1.x, ControlNet 1.1)", "scribble"),
        (V1, "Pose (SD v1.x, ControlNet 1.1)", "pose"),
        (V1, "LineArt (SD v1.x, ControlNet 1.1)", "lineart"),
        (V1, "Inpainting (SD v1.x, ControlNet 1.1)", "inpaint"),
        (V1, "Shuffle (SD v1.x, ControlNet 1.1)", "shuffle"),
        (V1, "Tile (SD v1.x, ControlNet 1.1)", "tile"),
        (V1, "Color Palette (SD v1.x, T2I Adapter)", "color"),
        (V1, "IP Adapter Plus (SD v1.x)", "shuffle"),
        (XL, "Canny Edge Map (SDXL, ControlNet, Diffusers 1.0 Mid)", "canny"),
        (FLUX, "Canny LoRA (Fjord.1)", "canny"),
        (FLUX, "Redux (Fjord.1)", "shuffle"),
        (FLUX, "PuLID (Fjord.1)", "shuffle"),
        ("quince_image_1.0_q8p.ckpt", "Canny (Quince)", "canny"),
        ("willow_v2.1_14b_720p_q8p.ckpt", "VACE 14B (Willow 2.1)", "shuffle"),
        *((XL, UNION_XL, kind) for kind in KINDS if kind != "color"),
        *((FLUX, UNION_FLUX, kind) for kind in KINDS if kind != "color"),
    ],
)
def test_strict_server_reads_every_kind(serve: Serve, model: str, control: str, kind: str) -> None:
    image = kind in FROM_IMAGE
    one = Hinted(Control(control), kind, None if image else PICTURE)
    request = generate(serve(strict=True), model, one, image=image)
    assert len(request.hints) == (not image)
    assert len(request.config.controls) == 1


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("fjord_1_kontext_dev_q6p.ckpt", "shuffle"),
        ("qwen_image_edit_2511_q6p.ckpt", "shuffle"),
        ("fjord_2_cove_9b_q8p.ckpt", "shuffle"),
        ("fjord_1_depth_dev_q6p.ckpt", "depth"),
        ("fjord_1_canny_dev_q6p.ckpt", "canny"),
        ("meadow_v2.0_depth_q6p_q8p.ckpt", "depth"),
    ],
)
def test_strict_server_reads_pictures_without_a_control(
    serve: Serve, model: str, kind: str
) -> None:
    [carried] = generate(serve(strict=True), model, Hinted(None, kind, PICTURE)).hints
    assert carried.type == ("custom" if kind == "canny" else kind)


@pytest.mark.parametrize("kind", ["canny", "mlsd", "softedge", "depth", "scribble", "tile"])
def test_strict_server_makes_the_picture_from_the_init_image(serve: Serve, kind: str) -> None:
    one = Hinted(Control(UNION_XL), kind, None)
    assert generate(serve(strict=True), XL, one, image=True).hints == ()


def test_strict_server_reads_several_hints_at_once(serve: Serve) -> None:
    request = generate(
        serve(strict=True),
        *(V1, Hinted(Control("Pose (SD v1.x, ControlNet 1.1)"), "pose", PICTURE)),
        Hinted(Control("Depth Map (SD v1.x, ControlNet 1.1)"), "depth", PICTURE),
        Hinted(Control("Tile (SD v1.x, ControlNet 1.1)"), "tile", PICTURE),
        Hinted(Control("IP Adapter Plus (SD v1.x)"), "shuffle", torch.cat((PICTURE, PICTURE)), 0.5),
        Hinted(Control("IP Adapter Plus (SD v1.x)"), "shuffle", PICTURE, 0.25),
    )
    assert [one.type for one in request.hints] == ["pose", "depth", "custom", "shuffle"]
    assert [one.weight for one in request.hints[-1].tensors] == [0.5, 0.5, 0.25]
    assert len(request.config.controls) == 4


def test_strict_server_gets_a_pose_for_each_pass(serve: Serve) -> None:
    hires = {"hires_fix": True, "hires_fix_start_width": 128, "hires_fix_start_height": 128}
    one = Hinted(Control("Pose (SD v1.x, ControlNet 1.1)"), "pose", PICTURE)
    [carried] = generate(
        *(serve(strict=True), V1, one), start_width=256, start_height=192, **hires
    ).hints
    assert [one.array.shape for one in carried.tensors] == [(1, 128, 128, 3), (1, 192, 256, 3)]


def test_arrays_have_the_values_that_a_server_expects() -> None:
    lines = torch.zeros(1, 128, 192, 3)
    lines[:, 64] = 1  # one light line on dark
    ranges = {"lineart": (1, -1), "canny": (-1, 1), "scribble": (0, 1), "depth": (-1, 1)}
    for kind, (ground, line) in ranges.items():
        catalog = Catalog(complete=False)
        config = GenerationConfig(model=V1, start_width=192, start_height=128)
        one = Hinted(Control("x"), kind, lines)
        _, [carried] = steered([one], config, catalog, "v1", False)
        [tensor] = carried.tensors
        assert tensor.array.dtype == np.float16
        assert (tensor.array[0, 64] == line).all(), kind
        assert (tensor.array[0, 0] == ground).all(), kind


def test_same_picture_is_recognised_and_another_is_not() -> None:
    config = GenerationConfig(model=V1, start_width=192, start_height=128)
    first, second = (Hinted(Control("x"), kind, PICTURE) for kind in ("tile", "gray"))
    nothing = Catalog(complete=False)
    controls, carried = steered([first, second], config, nothing, "v1", False)
    assert (len(controls), len(carried)) == (2, 1)
    other = replace(second, image=PICTURE.clone())
    controls, carried = steered([first, other], config, nothing, "v1", False)
    assert (len(controls), len(carried)) == (1, 1)
