"""What a job will do: routes, sizes, steps and milestones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from drawbridge.codec import tensor
from drawbridge.emulator.painting import audio
from drawbridge.emulator.painting.pictures import further_seeds
from drawbridge.emulator.stock.catalog import Catalog
from drawbridge.emulator.understanding.controls import find_effects
from drawbridge.emulator.understanding.message import read
from drawbridge.emulator.understanding.plan import Plan, Route
from drawbridge.emulator.understanding.planner import make_plan
from drawbridge.facts.versions import VERSIONS
from drawbridge.proto import image_service_pb2 as pb2
from drawbridge.proto.generation_config_fbs import LoRAT

MEADOW = "sd_v1.5_f16.ckpt"
IMAGE = tensor.encode(np.zeros((1, 128, 192, 3), np.float16))


def mask_of(*kinds: int) -> bytes:
    mask = np.zeros((128, 192), np.uint8)
    mask.flat[: len(kinds)] = kinds
    mask.flat[len(kinds) :] = kinds[-1]
    return tensor.encode(mask)


@pytest.fixture
def plan(ask: Callable, catalog: Catalog) -> Callable[..., Plan]:
    def make(message: dict | None = None, **settings: object) -> Plan:
        request = read(ask(message, **settings), catalog)
        return make_plan(request, find_effects(request, catalog), catalog)

    return make


def names(plan: Plan) -> Counter:
    posts = Counter()
    for post in plan.signposts:
        name = post.WhichOneof("signpost")
        step = getattr(getattr(post, name), "step", None)
        posts[name if step is None else f"{name} {step}"] += 1
    return posts


def test_text_to_image_has_three_milestones(plan: Callable):
    assert names(plan()) == Counter(["textEncoded", "sampling 8", "imageDecoded"])


@pytest.mark.parametrize("model", ["fjord_1_fill_dev_q6p.ckpt", "instruct_meadow_v1_q6p_q8p.ckpt"])
def test_models_that_take_pictures_encode_them_in_text_to_image(plan: Callable, model: str):
    assert names(plan(model=model))["imageEncoded"] == 1


def test_hires_fix_adds_a_second_pass(plan: Callable):
    made = plan(
        startWidth=4,
        startHeight=4,
        hiresFix=True,
        hiresFixStartWidth=2,
        hiresFixStartHeight=2,
        hiresFixStrength=0.5,
        steps=10,
        model=MEADOW,
        sampler=3,
    )
    assert (made.first_width, made.first_height, made.width) == (128, 128, 256)
    assert names(made) == Counter(
        [
            *("textEncoded", "sampling 10", "imageDecoded", "secondPassImageEncoded"),
            *("secondPassSampling 5", "secondPassImageDecoded"),
        ]
    )


@pytest.mark.parametrize("small", [0, 4])
def test_hires_fix_without_a_smaller_size_does_nothing(plan: Callable, small: int):
    made = plan(
        startWidth=4, startHeight=4, hiresFix=True, hiresFixStartWidth=small, hiresFixStartHeight=2
    )
    assert made.second_steps == 0


def test_stable_cascade_has_a_second_pass_of_its_own_steps(plan: Callable):
    made = plan(model="cascade_hills_stage_c_v1.0_f32_q6p_q8p.ckpt", stage2Steps=7)
    assert names(made)["secondPassSampling 7"] == 1


def test_post_processing_needs_its_files(plan: Callable):
    made = plan(
        upscaler="realesrgan_x2plus_f16.ckpt", faceRestoration="restoreformer_v1.0_f16.ckpt"
    )
    assert names(made)["imageUpscaled"] == names(made)["faceRestored"] == 1
    assert made.scale == 2
    made = plan(upscaler="nothing.ckpt", faceRestoration="nothing.ckpt")
    assert names(made) == Counter(["textEncoded", "sampling 8", "imageDecoded"])
    assert made.scale == 1


@pytest.mark.parametrize(("wanted", "scale"), [(0, 4), (2, 2), (4, 4), (3, 4)])
def test_upscaler_factor_can_be_forced_to_two_or_four(plan: Callable, wanted: int, scale: int):
    made = plan(upscaler="remacri_4x_f16.ckpt", upscalerScaleFactor=wanted)
    assert made.scale == scale


def test_image_below_full_strength_decides_the_size(plan: Callable):
    made = plan({"image": IMAGE}, model=MEADOW, sampler=3, strength=0.5, steps=9)
    assert made.route is Route.IMAGE
    assert (made.width, made.height) == (192, 128)
    assert (made.start, made.steps) == (5, 4)  # PLMS: steps - int(strength * steps)
    assert names(made) == Counter(["textEncoded", "imageEncoded", "sampling 4", "imageDecoded"])


def test_shift_changes_how_many_steps_a_strength_means(plan: Callable):
    made = plan({"image": IMAGE}, strength=0.5, steps=10, shift=3.0, resolutionDependentShift=False)
    assert made.steps == 3  # ceil(10 * 0.5 / (3 - 2 * 0.5)), where int(0.5 * 10) would be 5


def test_image_at_full_strength_leaves_the_configured_size(plan: Callable):
    made = plan({"image": IMAGE})
    assert made.route is Route.TEXT
    assert (made.width, made.height) == (128, 64)


@pytest.mark.parametrize(
    ("shift", "strength", "sampled"),
    [(1.0, 0.3, 3), (1.0, 0.31, 4), (1.0, 0.7, 7), (3.0, 0.75, 5), (3.0, 0.9, 8), (3.0, 0.99, 10)],
)
def test_strength_is_a_place_in_the_noise_schedule(
    plan: Callable, shift: float, strength: float, sampled: int
):
    made = plan({"image": IMAGE}, model=MEADOW, strength=strength, steps=10, shift=shift)
    assert (made.route, made.steps, made.start) == (Route.IMAGE, sampled, 10 - sampled)
    assert names(made)[f"sampling {sampled}"] == names(made)["imageEncoded"] == 1


def test_computed_shift_is_bounded_by_the_diffusion_tile(plan: Callable):
    settings = {"model": "fjord_1_dev_q8p.ckpt", "startWidth": 32, "startHeight": 32, "steps": 20}
    image = {"image": tensor.encode(np.zeros((1, 64, 64, 3), np.float16))}
    whole = plan(image, strength=0.8, **settings)
    tiled = plan(
        image,
        strength=0.8,
        tiledDiffusion=True,
        diffusionTileWidth=16,
        diffusionTileHeight=16,
        **settings,
    )
    assert whole.steps < tiled.steps


def test_strength_zero_returns_the_image(plan: Callable):
    made = plan({"image": IMAGE}, strength=0.0)
    assert (made.route, made.batch) == (Route.RETURN, 1)
    assert names(made) == Counter(["textEncoded", "imageEncoded", "sampling 0", "imageDecoded"])


def test_strength_below_one_step_returns_the_image_as_well(plan: Callable):
    assert plan({"image": IMAGE}, model=MEADOW, sampler=3, strength=0.1).route is Route.RETURN
    assert plan({"image": IMAGE}, model=MEADOW, strength=0.1).route is Route.IMAGE


@pytest.mark.parametrize("model", ["sharpen_vr_3b_q8p.ckpt", "brook_i2v_xt_1.1_q6p_q8p.ckpt"])
def test_model_that_samples_from_the_image_does_so_at_full_strength(plan: Callable, model: str):
    made = plan({"image": IMAGE}, model=model)
    assert (made.route, made.steps) == (Route.IMAGE, 8)
    assert (made.width, made.height) == (192, 128)


def test_stable_cascade_starts_both_stages_by_the_strength(plan: Callable):
    model = "cascade_hills_stage_c_v1.0_f32_q6p_q8p.ckpt"
    made = plan({"image": IMAGE}, model=model, strength=0.5, stage2Steps=10)
    assert names(made) == Counter(
        [
            *("textEncoded", "imageEncoded", "sampling 4", "imageDecoded"),
            *("secondPassImageEncoded", "secondPassSampling 5"),
        ]
    )


def test_hires_fix_at_full_strength_does_nothing(plan: Callable):
    settings = {"startWidth": 4, "startHeight": 4, "hiresFixStartWidth": 2}
    settings |= {"hiresFix": True, "hiresFixStartHeight": 2}
    assert plan(**settings, hiresFixStrength=0.7).second_steps > 0
    assert plan(**settings, hiresFixStrength=1.0).second_steps == 0


def test_mask_for_transparent_results_needs_the_second_kind(plan: Callable):
    settings = {
        "model": "sd_xl_base_1.0_q6p_q8p.ckpt",
        "loras": [LoRAT(file="glass_xl_transparent_lora_f16.ckpt")],
        "strength": 0.5,
    }
    message = {"image": IMAGE, "mask": mask_of(3, 1)}
    assert plan(message, **settings).route is Route.IMAGE
    made = plan({"image": IMAGE, "mask": mask_of(3, 1, 2)}, **settings)
    assert (made.route, made.steps) == (Route.MASK, 4)  # nothing starts from noise there


@pytest.mark.parametrize(
    ("kinds", "route"),
    [
        ((0,), Route.IMAGE),
        ((3,), Route.IMAGE),
        ((1,), Route.TEXT),
        ((2,), Route.MASK),
        ((0, 2), Route.MASK),
        ((3, 2), Route.MASK),
        ((3, 1), Route.MASK),
        ((255, 0), Route.IMAGE),
    ],
)
def test_mask_kinds_decide_the_route(plan: Callable, kinds: tuple[int, ...], route: Route):
    made = plan({"image": IMAGE, "mask": mask_of(*kinds)}, model=MEADOW, sampler=3, strength=0.5)
    assert made.route is route


def test_mask_with_noise_samples_every_step(plan: Callable):
    made = plan({"image": IMAGE, "mask": mask_of(3, 1)}, model=MEADOW, sampler=3, strength=0.5)
    assert names(made) == Counter(["textEncoded", "imageEncoded", "sampling 8", "imageDecoded"])


@pytest.mark.parametrize(
    ("model", "frames", "latent", "returned"),
    [
        ("willow_v2.1_14b_720p_q8p.ckpt", 81, 21, 81),
        ("willow_v2.1_14b_720p_q8p.ckpt", 80, 20, 77),
        ("larch_2.3_22b_dev_q6p.ckpt", 121, 16, 121),
        ("fjord_1_quick_q8p.ckpt", 81, 1, 1),
    ],
)
def test_video_frames_follow_the_latent_frames(
    plan: Callable, model: str, frames: int, latent: int, returned: int
):
    made = plan(model=model, numFrames=frames, batchSize=3)
    assert (made.latent_frames, made.frames) == (latent, returned)
    assert made.batch == (3 if model.startswith("fjord") else 1)


def test_milestones_are_shuffled_but_the_same_every_time(plan: Callable):
    settings = {"upscaler": "realesrgan_x2plus_f16.ckpt", "hiresFix": True}
    first, second = (plan(**settings).signposts for _ in range(2))
    assert list(first) == list(second)
    orders = {tuple(names(plan(seed=seed, **settings))) for seed in range(20)}
    assert len(orders) > 1


@pytest.mark.parametrize(
    ("version", "latent_frames", "samples"),
    [("ltx2", 16, 240 * 481), ("ltx2.3", 16, 480 * 481), ("ltx2", 1, 240), ("wan_v2.1_14b", 5, 0)],
)
def test_sound_has_the_servers_exact_length(version: str, latent_frames: int, samples: int):
    sound = audio.compose(VERSIONS[version], latent_frames, seed=1)
    assert sound.shape == (2, samples)
    assert sound.dtype == np.float32
    assert not samples or 0.05 < np.abs(sound).max() <= 1


def test_further_seeds_differ_and_fit_32_bits():
    seeds = further_seeds(0, 4) + further_seeds(4294967295, 4)
    assert len(set(seeds)) == 8
    assert all(0 <= seed < 1 << 32 for seed in seeds)


AVATAR = "marmot_avatar_v1.5_q8p.ckpt"
FEATURE = pb2.TensorAndWeight(tensor=tensor.encode(np.zeros((5, 8), np.float16)))


@pytest.mark.parametrize(
    ("model", "image", "mask", "sounds", "route"),
    [
        (AVATAR, IMAGE, None, 0, Route.TEXT),
        (AVATAR, IMAGE, None, 1, Route.NOTHING),
        (AVATAR, IMAGE, None, 2, Route.NOTHING),
        (AVATAR, IMAGE, mask_of(2, 3), 0, Route.NOTHING),
        (AVATAR, None, None, 0, Route.NOTHING),
        (MEADOW, IMAGE, None, 1, Route.NOTHING),
        ("minimax_h3_ref2va_q8p.ckpt", None, None, 1, Route.NOTHING),
    ],
)
def test_a_sound_that_came_over_grpc_gives_nothing(
    plan: Callable,
    model: str,
    image: bytes | None,
    mask: bytes | None,
    sounds: int,
    route: Route,
):
    """docs/protocol.md 16.6: it has become float16, and any violation gives the empty result."""
    sound = [pb2.HintProto(hintType="audio", tensors=[FEATURE] * sounds)] if sounds else []
    message = {"image": image, "mask": mask, "hints": sound}
    assert plan(message, model=model, numFrames=9).route is route
