"""What a request brings along is seen in its picture: in the right place and in proportion."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest

from drawbridge.codec import tensor
from drawbridge.emulator.painting.render import Scene, paint
from drawbridge.proto import image_service_pb2 as pb2
from drawbridge.proto.generation_config_fbs import ControlT, LoRAT

Show = Callable[..., list[np.ndarray]]

MEADOW = {"model": "sd_v1.5_f16.ckpt", "startHeight": 2}  # 128 x 128
XL = {"model": "sd_xl_base_1.0_q6p_q8p.ckpt", "startHeight": 2}
REFINER = "alpine_xl_refiner_v1.0_q6p_q8p.ckpt"
FJORD = {"model": "fjord_1_dev_q8p.ckpt", "startHeight": 2}
KONTEXT = {"model": "fjord_1_kontext_dev_q6p.ckpt", "startHeight": 2}
WATERCOLOUR = "watercolour_v1_lora_f16.ckpt"
AQUARELL = "aquarell_für_anfänger_v1_lora_f16.ckpt"
LINOCUT = "linocut_xl_lora_f16.ckpt"


def photo(height: int = 128, width: int = 128, red: float = 0.6) -> np.ndarray:
    """Return a picture with a bright disc: float16 [1, height, width, 3], -1 to 1."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    picture = np.stack([np.full_like(x, red), y / height - 0.6, 0.3 - x / width], axis=-1)
    picture[np.hypot(x - width / 2, y - height / 2) < min(height, width) / 4] = (0.9, 0.9, -0.7)
    return picture.astype(np.float16)[None]


def square() -> np.ndarray:
    """Return a white outline on black: float16 [1, 128, 128, 3], -1 and 1."""
    picture = np.full((1, 128, 128, 3), -1, np.float16)
    picture[:, 32:96, 32:96] = 1
    picture[:, 35:93, 35:93] = -1
    return picture


def hint(kind: str, *arrays: np.ndarray, weights: tuple[float, ...] = ()) -> dict:
    rows = [
        pb2.TensorAndWeight(tensor=tensor.encode(array), weight=weight)
        for array, weight in zip(arrays, weights or [1.0] * len(arrays), strict=True)
    ]
    return {"hints": [pb2.HintProto(hintType=kind, tensors=rows)]}


def given(array: np.ndarray) -> dict:
    return {"image": tensor.encode(array)}


def apart(first: np.ndarray, second: np.ndarray) -> float:
    """Return the mean difference of two pictures in levels of 255."""
    return float(np.abs(first - second).mean()) * 127.5


def resembles(picture: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(picture.ravel(), other.ravel())[0, 1])


# Words and numbers alone


def test_request_without_pictures_gives_the_bare_painting(show: Show):
    (shown,) = show({"negativePrompt": "storm"})
    scene = Scene("a lake", 128, 64, 5, 8, 4.0, "", "fjord_1_quick_q8p.ckpt", 10, 1.0)
    assert np.array_equal(shown, paint(scene))  # this model knows no negative prompt


@pytest.mark.parametrize(
    ("settings", "counts"),
    [
        (MEADOW, True),
        (MEADOW | {"guidanceScale": 1.0}, False),
        (MEADOW | {"loras": [LoRAT(file="quick_steps_v1_lora_f16.ckpt", weight=0.5)]}, False),
        (FJORD, False),
        (FJORD | {"speedUpWithGuidanceEmbed": False}, True),
    ],
)
def test_negative_prompt_counts_with_guidance_alone(show: Show, settings: dict, counts: bool):
    (plain,), (negative,) = show(**settings), show({"negativePrompt": "lake"}, **settings)
    assert (apart(plain, negative) > 2) is counts


@pytest.mark.parametrize(
    ("base", "change"),
    [
        (MEADOW, {"sharpness": 10.0}),
        (MEADOW, {"clipSkip": 2}),
        (FJORD, {"shift": 3.0}),
        (FJORD, {"guidanceEmbed": 10.0}),
        (FJORD, {"separateClipL": True, "clipLText": "harbour"}),
        (XL, {"refinerModel": REFINER, "refinerStart": 0.7}),
    ],
)
def test_setting_shows_a_little(show: Show, base: dict, change: dict):
    (plain,), (changed,) = show(**base), show(**base, **change)
    assert 0.3 < apart(plain, changed) < 40


@pytest.mark.parametrize(
    "change",
    [
        {"tiledDecoding": True},
        {"tiledDiffusion": True},
        {"clipSkip": 2},
        {"zeroNegativePrompt": True},
    ],
)
def test_setting_without_a_look_changes_nothing(show: Show, change: dict):
    settings = {"model": "quince_image_1.0_q8p.ckpt"}
    assert np.array_equal(show(**settings)[0], show(**settings, **change)[0])


def test_earlier_refiner_shows_more(show: Show):
    (plain,) = show(**XL)
    shown = [
        apart(plain, show(**XL, refinerModel=REFINER, refinerStart=start)[0])
        for start in (1.0, 0.7, 0.3)
    ]
    assert shown[0] == 0
    assert shown == sorted(shown)


def test_hires_fix_adds_detail_and_keeps_the_composition(show: Show):
    settings = MEADOW | {"startWidth": 4, "startHeight": 4, "sampler": 16}
    fix = {"hiresFix": True, "hiresFixStartWidth": 2, "hiresFixStartHeight": 2}
    (plain,), (fixed,) = show(**settings), show(**settings, **fix)
    assert resembles(plain, fixed) > 0.97
    assert np.abs(np.diff(fixed, axis=1)).mean() > 1.1 * np.abs(np.diff(plain, axis=1)).mean()


@pytest.mark.parametrize(("factor", "side"), [(0, 256), (2, 256), (4, 512)])
def test_upscaler_gives_the_exact_size(show: Show, factor: int, side: int):
    settings = {"upscaler": "realesrgan_x2plus_f16.ckpt", "upscalerScaleFactor": factor}
    assert show(**MEADOW, **settings)[0].shape == (side, side, 3)


# LoRAs


@pytest.mark.parametrize("file", [WATERCOLOUR, AQUARELL])
def test_lora_shows_in_proportion_to_its_weight(show: Show, file: str):
    (plain,) = show(**MEADOW)

    def change(weight: float) -> np.ndarray:
        return show(**MEADOW, loras=[LoRAT(file=file, weight=weight)])[0] - plain

    assert not change(0.0).any()
    assert np.abs(change(0.6)).mean() * 127.5 > 3
    assert np.allclose(change(1.2), 2 * change(0.6), atol=1e-5)
    assert np.allclose(change(-0.6), -change(0.6), atol=1e-5)


def test_every_lora_has_a_look_of_its_own(show: Show):
    (plain,) = show(**MEADOW)
    first, second = (
        show(**MEADOW, loras=[LoRAT(file=file, weight=1.0)])[0] - plain
        for file in (WATERCOLOUR, AQUARELL)
    )
    (both,) = show(
        **MEADOW, loras=[LoRAT(file=name, weight=1.0) for name in (WATERCOLOUR, AQUARELL)]
    )
    assert resembles(first, second) < 0.7
    assert np.allclose(both - plain, first + second, atol=1e-5)


@pytest.mark.parametrize("weight", [float("nan"), float("inf"), 1e30])
def test_lora_of_impossible_weight_leaves_a_finite_picture(show: Show, weight: float):
    assert np.isfinite(show(**MEADOW, loras=[LoRAT(file=WATERCOLOUR, weight=weight)])[0]).all()


def test_lora_mode_counts_beside_a_refiner_alone(show: Show):
    def change(mode: int, **settings: object) -> float:
        (without,) = show(**XL, **settings)
        (with_lora,) = show(**XL, **settings, loras=[LoRAT(file=LINOCUT, weight=1.0, mode=mode)])
        return apart(without, with_lora)

    assert change(0) == change(1) == change(2)
    refined = {"refinerModel": REFINER, "refinerStart": 0.7}
    whole, base, refiner = (change(mode, **refined) for mode in range(3))
    assert 0 < refiner < base < whole
    assert base / refiner == pytest.approx(7 / 3, rel=0.05)


# Image to image


def test_image_shines_through_by_strength(show: Show):
    image = photo()
    shown = [show(given(image), **MEADOW, strength=value)[0] for value in (0.0, 0.3, 0.6, 0.9, 1.0)]
    away = [apart(picture, image[0]) for picture in shown]
    assert away == sorted(away)
    assert np.array_equal(shown[0], image[0])
    assert away[1] < 0.3 * away[-1]
    assert np.array_equal(shown[-1], show(**MEADOW)[0])


def test_picture_is_as_large_as_the_image_it_starts_from(show: Show):
    image = given(photo(192, 64))
    assert show(image, **MEADOW, strength=0.5)[0].shape == (192, 64, 3)
    assert show(image, **MEADOW)[0].shape == (128, 128, 3)


def test_larger_image_is_averaged_by_the_scale_factor(show: Show):
    large = photo(256, 256)
    (returned,) = show(given(large) | {"scaleFactor": 2}, **MEADOW, strength=0.0)
    means = large[0].astype(np.float32).reshape(128, 2, 128, 2, 3).mean(axis=(1, 3))
    assert apart(returned, means) < 2


@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_colour_calibration_takes_over_the_colours_of_the_image(show: Show, strength: float):
    image = photo()
    settings = MEADOW | {"strength": strength}
    (plain,), (matched,) = (
        show(given(image), **settings, colorCalibration=mode) for mode in (0, 1)
    )
    wanted = image[0].astype(np.float32).mean(axis=(0, 1))
    before, after = (
        np.abs(picture.mean(axis=(0, 1)) - wanted).max() for picture in (plain, matched)
    )
    assert after < 0.5 * before


# Inpainting


def area(kind: int, rest: int) -> dict:
    mask = np.full((128, 128), rest, np.uint8)
    mask[40:88, 32:96] = kind
    return given(photo()) | {"mask": tensor.encode(mask)}


INSIDE = (slice(48, 80), slice(40, 88))


@pytest.mark.parametrize(("sigma", "margin"), [(0.0, 0), (1.5, 5), (4.0, 12)])
@pytest.mark.parametrize("kind", [1, 2])
def test_inpainting_keeps_the_rest_exactly(show: Show, kind: int, sigma: float, margin: int):
    (shown,) = show(area(kind, 3), **MEADOW, maskBlur=sigma, preserveOriginalAfterInpaint=True)
    kept = np.ones((128, 128), bool)
    kept[40 - margin : 88 + margin, 32 - margin : 96 + margin] = False
    assert np.array_equal(shown[kept], photo()[0][kept])
    assert apart(shown[INSIDE], photo()[0][INSIDE]) > 20


def test_kind_one_starts_from_noise_and_kind_two_at_the_strength(show: Show):
    (painting,) = show(**MEADOW)
    (noise,), (faint,), (strong,) = (
        show(area(kind, 3), **MEADOW, strength=strength)
        for kind, strength in ((1, 0.3), (2, 0.3), (2, 0.8))
    )
    assert np.allclose(noise[INSIDE], painting[INSIDE], atol=1e-6)
    image = photo()[0]
    near, far = (apart(picture[INSIDE], image[INSIDE]) for picture in (faint, strong))
    assert 0 < near < far < apart(painting[INSIDE], image[INSIDE])


def test_mask_of_nothing_but_zeros_is_image_to_image(show: Show):
    settings = MEADOW | {"strength": 0.5}
    (plain,) = show(given(photo()), **settings)
    assert np.array_equal(show(area(0, 255), **settings)[0], plain)
    assert np.array_equal(show(area(3, 3), **settings)[0], plain)
    assert not np.array_equal(show(area(2, 0), **settings)[0], plain)


def test_mask_of_noise_alone_is_text_to_image(show: Show):
    assert np.array_equal(show(area(1, 1), **MEADOW, strength=0.5)[0], show(**MEADOW)[0])


def test_without_preserving_what_is_kept_is_only_nearly_the_original(show: Show):
    (shown,) = show(area(2, 3), **MEADOW, preserveOriginalAfterInpaint=False)
    corner = (slice(0, 32), slice(0, 32))
    assert 0 < apart(shown[corner], photo()[0][corner]) < 3


def test_colour_calibration_leaves_what_is_kept(show: Show):
    (shown,) = show(area(2, 3), **MEADOW, colorCalibration=1)
    assert np.array_equal(shown[:40], photo()[0][:40])


# Models that take pictures


def test_edit_model_shows_the_image_and_the_words_tint_it(show: Show):
    image = photo()
    (sunset,), (night,) = (
        show(given(image) | {"prompt": words}, **KONTEXT) for words in ("sunset", "night")
    )
    assert min(resembles(picture, image[0]) for picture in (sunset, night)) > 0.8
    assert apart(sunset, night) > 3
    assert resembles(show(**KONTEXT)[0], image[0]) < 0.5


@pytest.mark.parametrize("model", ["quince_image_edit_2509_q6p.ckpt", "flux_2_klein_4b_q8p.ckpt"])
def test_references_show_in_their_order(show: Show, model: str):
    settings = {"model": model, "startWidth": 4, "startHeight": 4}
    red, blue = np.zeros((2, 1, 96, 96, 3), np.float16)
    red[...], blue[...] = (1, -1, -1), (-1, -1, 1)
    one, other = (
        show(given(photo(256, 256)) | hint("shuffle", *pair), **settings)[0]
        for pair in ((red, blue), (blue, red))
    )
    alone = show(given(photo(256, 256)), **settings)[0]
    assert np.array_equal(one[:128], alone[:128])
    for picture, colours in ((one, (red, blue)), (other, (blue, red))):
        for index, colour in enumerate(colours):
            inset = picture[-60:-12, 16 + 84 * index : 60 + 84 * index]
            assert np.abs(inset - colour[0, 0, 0]).mean() < 0.05


def test_reference_of_weight_zero_is_left_out(show: Show):
    first, second = photo(64, 96, red=-0.9), photo(96, 64)
    both = hint("shuffle", first, second, weights=(0.0, 1.0))
    assert np.array_equal(show(both, **KONTEXT)[0], show(hint("shuffle", second), **KONTEXT)[0])


def test_edit_by_instruction_follows_the_image_guidance(show: Show):
    settings = MEADOW | {"model": "instruct_meadow_v1_q6p_q8p.ckpt"}
    likeness = [
        resembles(show(given(photo()), **settings, imageGuidanceScale=scale)[0], photo()[0])
        for scale in (0.0, 1.5, 10.0)
    ]
    assert likeness == sorted(likeness)
    assert likeness[0] < likeness[2] - 0.03


def test_restorer_gives_the_image_back_sharper(show: Show):
    (shown,) = show(given(photo()), model="sharpen_vr_3b_q8p.ckpt")
    assert shown.shape == (128, 128, 3)
    assert resembles(shown, photo()[0]) > 0.98


@pytest.mark.parametrize(
    "model",
    [
        "willow_v2.1_14b_i2v_480p_q8p.ckpt",
        "brook_i2v_xt_1.1_q6p_q8p.ckpt",
        "ltx_2_19b_distilled_q8p.ckpt",
    ],
)
def test_video_starts_with_the_image_and_moves_on_smoothly(show: Show, model: str):
    frames = show(given(photo()), model=model, startHeight=2, numFrames=17)
    assert len(frames) == 17
    assert apart(frames[0], photo()[0]) < 0.01
    steps = [apart(one, next_one) for one, next_one in itertools.pairwise(frames)]
    assert min(steps) > 0
    assert max(steps) < 12
    assert apart(frames[0], frames[-1]) > max(steps)


def test_every_frame_of_an_image_of_several_is_shown(show: Show):
    image = np.concatenate([photo(red=value) for value in (-0.8, 0.0, 0.8)])
    frames = show(
        given(image), model="willow_v2.1_14b_i2v_480p_q8p.ckpt", startHeight=2, numFrames=5
    )
    assert apart(frames[0], image[0]) < 0.01
    assert apart(frames[-1], image[-1]) < 0.01


def test_layers_make_up_the_picture(show: Show):
    shown = show(given(photo()), model="quince_image_layered_q6p.ckpt", startHeight=2, batchSize=3)
    assert [layer.shape for layer in shown] == [(128, 128, 4)] * 3
    assert shown[0][..., 0].min() == 1
    stacked = shown[0][..., 1:]
    for layer in shown[1:]:
        assert 0.05 < layer[..., 0].mean() < 0.95
        stacked = stacked + (layer[..., 1:] - stacked) * layer[..., :1]
    assert np.allclose(stacked, shown[0][..., 1:], atol=1e-6)
    assert resembles(stacked, photo()[0]) > 0.8


# Controls


def control(file: str, weight: float = 1.0, **more: object) -> dict:
    row = ControlT(file=file, weight=weight)
    for name, value in more.items():
        assert hasattr(row, name)
        setattr(row, name, value)
    return {"controls": [row]}


CANNY = "controlnet_canny_1.x_v1.1_f16.ckpt"
LINEART = "controlnet_lineart_1.x_v1.1_f16.ckpt"
DEPTH = "controlnet_depth_1.x_v1.1_f16.ckpt"
OUTLINE = square()[0, ..., 0] > 0


def brighter_on_the_outline(picture: np.ndarray, plain: np.ndarray) -> float:
    change = (picture - plain).mean(axis=-1)
    return float(change[OUTLINE].mean() - change[~OUTLINE].mean())


def test_lines_are_drawn_where_the_control_has_them(show: Show):
    (plain,) = show(**MEADOW)
    shown = [
        brighter_on_the_outline(
            show(hint("custom", square()), **MEADOW, **control(CANNY, weight))[0], plain
        )
        for weight in (0.3, 0.6, 1.0)
    ]
    assert shown == sorted(shown)
    assert shown[0] > 0.02
    assert shown[-1] > 0.2


def test_control_counts_for_the_steps_of_its_window(show: Show):
    (plain,) = show(**MEADOW)

    def drawn(**window: float) -> float:
        return apart(show(hint("custom", square()), **MEADOW, **control(CANNY, **window))[0], plain)

    assert drawn(guidanceStart=0.9, guidanceEnd=0.1) == 0
    assert drawn(guidanceEnd=0.3) < drawn(guidanceEnd=0.6) < drawn()
    assert drawn(guidanceStart=0.5) < drawn()


def test_control_mode_shows(show: Show):
    (plain,) = show(**MEADOW)
    prompt, balanced, own = (
        apart(
            show(hint("custom", square()), **MEADOW, **control(CANNY, controlMode=mode))[0], plain
        )
        for mode in (1, 0, 2)
    )
    assert prompt < balanced < own


def test_line_art_is_dark_on_white(show: Show):
    (plain,) = show(**MEADOW)
    (right,), (wrong,) = (
        show(hint("custom", lines), **MEADOW, **control(LINEART)) for lines in (-square(), square())
    )
    assert brighter_on_the_outline(right, plain) > 0.2
    assert brighter_on_the_outline(wrong, plain) < 0


def test_canny_prefers_the_image_to_a_custom_picture(show: Show):
    both = given(photo()) | hint("custom", square())
    (shown,) = show(both, **MEADOW, **control(CANNY))
    assert np.array_equal(shown, show(given(photo()), **MEADOW, **control(CANNY))[0])
    assert not np.array_equal(shown, show(**MEADOW)[0])


def test_depth_lights_what_is_near_whatever_its_range(show: Show):
    depth = np.zeros((1, 128, 128, 1), np.float16)
    depth[:, :, 64:] = 40
    (plain,) = show(**MEADOW)
    (shown,) = show(hint("depth", depth), **MEADOW, **control(DEPTH))
    change = shown - plain
    assert change[:, 72:].mean() - change[:, :56].mean() > 0.1
    assert np.array_equal(shown, show(hint("depth", depth / 40), **MEADOW, **control(DEPTH))[0])


def skeleton(side: int, colour: tuple[float, float, float]) -> np.ndarray:
    picture = np.zeros((1, side, side, 3), np.float16)
    picture[:, :, side // 2 - side // 16 : side // 2 + side // 16] = colour
    return picture


POSE = control("controlnet_openpose_1.x_v1.1_f16.ckpt")


def test_first_pose_is_for_text_to_image_and_the_last_for_image_to_image(show: Show):
    pair = hint("pose", skeleton(128, (1, 0, 0)), skeleton(128, (0, 0, 1)))
    (text,) = show(pair, **MEADOW, **POSE)
    (image,) = show(given(photo()) | pair, **MEADOW, **POSE, strength=0.9)
    assert text[:, 64, 0].mean() > text[:, 64, 2].mean() + 0.5
    assert image[:, 64, 2].mean() > image[:, 64, 0].mean() + 0.5


def test_second_pose_is_for_the_second_pass(show: Show):
    pair = hint("pose", skeleton(64, (1, 0, 0)), skeleton(128, (0, 0, 1)))
    fix = {"hiresFix": True, "hiresFixStartWidth": 1, "hiresFixStartHeight": 1}
    (shown,) = show(pair, **MEADOW, **POSE, **fix)
    assert shown[:, 64, 2].mean() > shown[:, 64, 0].mean() + 0.5


def test_palette_colours_the_places_it_is_for(show: Show):
    palette = np.zeros((1, 2, 2, 3), np.float16)
    palette[:, :, 0], palette[:, :, 1] = (1, -1, -1), (-1, -1, 1)
    (shown,) = show(hint("color", palette), **MEADOW, **control("t2iadapter_color_1.x_f16.ckpt"))
    assert shown[:, :48, 0].mean() > shown[:, :48, 2].mean() + 0.3
    assert shown[:, 80:, 2].mean() > shown[:, 80:, 0].mean() + 0.3


@pytest.mark.parametrize(
    ("base", "file", "more"),
    [
        (MEADOW, "controlnet_shuffle_1.x_v1.1_f16.ckpt", {"globalAveragePooling": False}),
        (MEADOW, "ip_adapter_plus_sd_v1.x_open_clip_h14_f16.ckpt", {}),
        (FJORD, "redux_fjord_1_f16.ckpt", {}),
        (FJORD, "pulid_fjord_1_f16.ckpt", {}),
    ],
)
def test_picture_prompt_shows_by_both_weights(show: Show, base: dict, file: str, more: dict):
    def likeness(weight: float, own: float) -> float:
        message = hint("shuffle", photo(), weights=(own,))
        return apart(show(message, **base, **control(file, weight, **more))[0], photo()[0])

    values = [likeness(1.0, 1.0), likeness(1.0, 0.5), likeness(0.2, 1.0), likeness(1.0, 0.0)]
    assert values == sorted(values)
    assert values[0] < 0.8 * values[-1]


def test_style_blocks_hand_on_colours_without_shapes(show: Show):
    file = "ip_adapter_plus_sd_v1.x_open_clip_h14_f16.ckpt"
    whole, style = (
        resembles(
            show(hint("shuffle", photo()), **MEADOW, **control(file, targetBlocks=blocks))[0],
            photo()[0],
        )
        for blocks in (None, ["up_blocks.1"])
    )
    assert style < whole - 0.1


def test_tile_shows_the_picture_as_coarse_as_it_is_sampled(show: Show):
    file = "controlnet_tile_1.x_v1.1_f16.ckpt"
    fine, coarse = (
        show(hint("custom", photo()), **MEADOW, **control(file, downSamplingRate=rate))[0]
        for rate in (1.0, 8.0)
    )
    assert resembles(fine, photo()[0]) > 0.6
    assert np.abs(np.diff(coarse, axis=1)).mean() < np.abs(np.diff(fine, axis=1)).mean()


@pytest.mark.parametrize("kind", range(1, 19))
def test_union_control_shows_whatever_kind_it_is_told(show: Show, kind: int):
    sources = {2: "depth", 4: "scribble", 13: "shuffle"}
    source = sources.get(kind, "custom")
    array = photo()[..., :1] if source == "depth" else photo()
    message = hint(source, array) | (given(photo()) if kind in (11, 12) else {})
    shown = control("controlnet_union_pro_fjord_1_q8p.ckpt", inputOverride=kind)
    change = apart(show(message, **FJORD, **shown)[0], show(**FJORD)[0])
    assert (change > 1.5) is (kind != 7)  # there is no control of kind color but the adapter


@pytest.mark.parametrize("kind", ["canny", "lineart", "softedge", "tile", "seg", "gray"])
def test_hint_types_that_nothing_reads_show_nothing(show: Show, kind: str):
    (shown,) = show(hint(kind, square()), **MEADOW, **control(CANNY))
    assert np.array_equal(shown, show(**MEADOW)[0])


@pytest.mark.parametrize("weight", [float("nan"), float("inf"), 1e30])
def test_impossible_numbers_leave_a_finite_picture(show: Show, weight: float):
    broken = square()
    broken[0, :8] = np.nan
    broken[0, 8:16] = np.inf
    settings = control(CANNY, weight, guidanceStart=weight, guidanceEnd=weight)
    assert np.isfinite(show(hint("custom", broken), **MEADOW, **settings)[0]).all()
    plain = show(hint("custom", broken), **MEADOW, **control(CANNY))
    assert np.isfinite(plain[0]).all()


@pytest.mark.parametrize("strength", [0.0, 0.5])
def test_image_with_numbers_that_are_none_leaves_a_finite_picture(show: Show, strength: float):
    broken = photo()
    broken[0, 0, :3, 0] = (np.nan, np.inf, -np.inf)
    settings = MEADOW | {"strength": strength, "upscaler": "realesrgan_x2plus_f16.ckpt"}
    assert np.isfinite(show(given(broken), **settings)[0]).all()
