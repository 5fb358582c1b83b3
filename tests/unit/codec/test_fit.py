"""Pictures and masks come to the size of a generation without moving against each other."""

from __future__ import annotations

import pytest
import torch

from drawbridge.codec.fit import Fit, fit_image, fit_mask, pairs, split_alpha
from drawbridge.errors import RequestRejected

SIZES = [(64, 64), (65, 64), (90, 40), (40, 90), (257, 128), (33, 301), (128, 192), (4, 700)]


def spot(width: int, height: int, share: float = 0.5) -> torch.Tensor:
    """A white rectangle in the middle of a black picture, [1, H, W, 3]."""
    picture = torch.zeros(1, height, width, 3)
    across, down = int(width * (1 - share) / 2), int(height * (1 - share) / 2)
    picture[:, down : height - down, across : width - across] = 1
    return picture


def pad_mask(width: int, height: int, image_width: int, image_height: int) -> torch.Tensor:
    """What PAD adds to a picture: [1, height, width], 1 there and 0 on the picture."""
    kept = torch.zeros(1, image_height, image_width)
    return fit_mask(kept, image_width, image_height, width, height, Fit.PAD)


def centre(plane: torch.Tensor) -> tuple[float, float]:
    """Where the white lies: columns and rows of its centre of mass, 0 in the picture's middle."""
    height, width = plane.shape
    columns = (torch.arange(width) + 0.5 - width / 2).to(torch.float64)
    rows = (torch.arange(height) + 0.5 - height / 2).to(torch.float64)
    weights = plane.to(torch.float64)
    total = weights.sum()
    return (
        float((weights.sum(0) * columns).sum() / total),
        float((weights.sum(1) * rows).sum() / total),
    )


@pytest.mark.parametrize("fit", Fit)
def test_picture_of_the_right_size_is_not_touched(fit: Fit) -> None:
    image, mask = torch.rand(2, 128, 64, 3), torch.rand(2, 128, 64)
    assert fit_image(image, 64, 128, fit) is image
    assert fit_mask(mask, 64, 128, 64, 128, fit) is mask


@pytest.mark.parametrize("fit", Fit)
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("target", [(128, 192), (320, 128)], ids=str)
def test_middle_stays_the_middle(fit: Fit, size: tuple[int, int], target: tuple[int, int]) -> None:
    width, height = target
    # Where nothing is resized, an odd pixel more or less is half a pixel on either side.
    near = 0.5 if 1 in (width / size[0], height / size[1]) else 1e-3
    fitted = fit_image(spot(*size), width, height, fit)
    assert fitted.shape == (1, height, width, 3)
    if fit is not Fit.PAD:  # there, the white of a thin picture may reach the repeated edge
        assert centre(fitted[0, ..., 0]) == pytest.approx((0, 0), abs=near)
    mask = fit_mask(spot(*size)[..., 0], *size, width, height, fit)
    assert mask.shape == (1, height, width)
    if fit is Fit.PAD:
        mask = mask * (1 - pad_mask(width, height, *size))
    assert centre(mask[0]) == pytest.approx((0, 0), abs=near)


@pytest.mark.parametrize("fit", Fit)
@pytest.mark.parametrize("size", [(200, 130), (130, 200), (97, 61), (700, 500)], ids=str)
def test_mask_stays_on_what_it_covers(fit: Fit, size: tuple[int, int]) -> None:
    width, height = size
    picture = torch.zeros(1, height, width, 3)
    picture[:, height // 3 : height // 2, width // 2 : 2 * width // 3] = 1  # off the middle
    fitted = fit_image(picture, 128, 192, fit)
    mask = fit_mask(picture[..., 0], width, height, 128, 192, fit)
    if fit is Fit.PAD:
        mask = mask * (1 - pad_mask(128, 192, width, height))
    bright = (fitted[0, ..., 0] >= 0.5).float()
    painted = (mask[0] >= 0.5).float()
    assert centre(bright) == pytest.approx(centre(painted), abs=0.25)
    assert (bright != painted).float().mean() < 0.01


def test_crop_keeps_the_middle_and_loses_the_sides() -> None:
    picture = torch.zeros(1, 64, 192, 3)
    picture[:, :, 64:128] = 1
    assert torch.equal(fit_image(picture, 64, 64, Fit.CROP), torch.ones(1, 64, 64, 3))


@pytest.mark.parametrize(("width", "first"), [(129, 0), (131, 1), (192, 32)])
def test_crop_without_a_change_of_scale_keeps_every_level(width: int, first: int) -> None:
    picture = torch.rand(1, 128, width, 3)
    fitted = fit_image(picture, 128, 128, Fit.CROP)
    assert torch.equal(fitted, picture[:, :, first : first + 128])


def test_stretch_shows_all_of_the_picture() -> None:
    picture = torch.zeros(1, 64, 128, 3)
    picture[:, :, 64:] = 1
    fitted = fit_image(picture, 64, 64, Fit.STRETCH)
    assert float(fitted.mean()) == pytest.approx(0.5, abs=1e-3)
    assert float(fitted[..., 0, :].max()) == 0
    assert float(fitted[..., -1, :].min()) == 1


def test_pad_repeats_the_edges_around_the_whole_picture() -> None:
    picture = torch.rand(1, 128, 64, 3)
    fitted = fit_image(picture, 128, 128, Fit.PAD)
    assert torch.equal(fitted[:, :, 32:96], picture)
    assert torch.equal(fitted[:, :, :32], picture[:, :, :1].expand(-1, -1, 32, -1))
    assert torch.equal(fitted[:, :, 96:], picture[:, :, -1:].expand(-1, -1, 32, -1))


def test_padded_border_is_white_and_the_picture_keeps_its_own_mask() -> None:
    mask = torch.rand(1, 128, 64)
    fitted = fit_mask(mask, 64, 128, 128, 128, Fit.PAD)
    assert torch.equal(fitted[:, :, 32:96], mask)
    assert fitted[:, :, :32].min() == fitted[:, :, 96:].min() == 1
    border = pad_mask(128, 128, 64, 128)
    assert border.dtype == torch.float32
    assert border.sum() == 64 * 128
    assert pad_mask(128, 128, 64, 64).sum() == 0


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_border_begins_where_the_picture_ends(size: tuple[int, int]) -> None:
    white = torch.ones(1, size[1], size[0], 3)
    border = pad_mask(256, 192, *size)[0] >= 0.5
    rows = (~border).any(1).nonzero().flatten()
    columns = (~border).any(0).nonzero().flatten()
    shown = (int(columns[-1] - columns[0] + 1), int(rows[-1] - rows[0] + 1))
    scale = min(256 / size[0], 192 / size[1])
    assert shown[0] == pytest.approx(size[0] * scale, abs=1.01)
    assert shown[1] == pytest.approx(size[1] * scale, abs=1.01)
    assert int(columns[0]) == 255 - int(columns[-1])
    assert int(rows[0]) == 191 - int(rows[-1])
    assert fit_image(white, 256, 192, Fit.PAD).min() == pytest.approx(1, abs=1e-6)


def test_result_stays_between_black_and_white() -> None:
    picture = (torch.rand(1, 20, 30, 3) > 0.5).float()
    fitted = fit_image(picture, 256, 192, Fit.STRETCH)  # a bicubic filter swings over at edges
    assert float(fitted.min()) >= 0
    assert float(fitted.max()) <= 1
    mask = fit_mask(picture[..., 0], 30, 20, 256, 192, Fit.STRETCH)
    assert float(mask.min()) >= 0
    assert float(mask.max()) <= 1


def test_fine_pattern_becomes_grey_and_no_moire() -> None:
    picture = torch.zeros(1, 512, 512, 3)
    picture[:, ::2] = 1
    fitted = fit_image(picture, 128, 128, Fit.STRETCH)[:, 4:-4]
    assert float((fitted - 0.5).abs().max()) < 0.02


@pytest.mark.parametrize("fit", Fit)
def test_every_picture_of_a_batch_is_fitted_by_itself(fit: Fit) -> None:
    pictures = torch.rand(3, 90, 70, 3)
    whole = fit_image(pictures, 128, 64, fit)
    for index in range(3):
        assert torch.allclose(whole[index], fit_image(pictures[index : index + 1], 128, 64, fit)[0])


def test_hidden_colour_of_transparent_pixels_does_not_bleed() -> None:
    picture = torch.zeros(1, 100, 100, 4)
    picture[..., 0] = 1  # red everywhere, but seen on the right only
    picture[:, :, 50:] = torch.tensor([0.0, 1.0, 0.0, 1.0])
    fitted = fit_image(picture, 64, 64, Fit.STRETCH)
    seen = fitted[fitted[..., 3] > 0.05]
    assert float(seen[:, 0].max()) < 1e-5
    assert float(seen[:, 1].min()) > 1 - 1e-5


def test_mask_of_another_size_covers_the_whole_picture() -> None:
    mask = torch.zeros(1, 64, 64)
    mask[:, :, 32:] = 1
    fitted = fit_mask(mask, 300, 100, 128, 128, Fit.CROP)
    assert float(fitted.mean()) == pytest.approx(0.5, abs=0.02)
    assert fit_mask(mask[0], 300, 100, 128, 128, Fit.CROP).shape == (1, 128, 128)
    assert fit_mask(torch.zeros(1, 64, 64), 300, 100, 128, 128, Fit.CROP).sum() == 0


@pytest.mark.parametrize("dtype", [torch.float16, torch.float64, torch.bfloat16])
def test_other_float_types_are_fitted(dtype: torch.dtype) -> None:
    fitted = fit_image(torch.rand(1, 40, 50, 3).to(dtype), 64, 64, Fit.CROP)
    assert fitted.shape == (1, 64, 64, 3)
    assert torch.isfinite(fitted).all()


@pytest.mark.parametrize(
    "images",
    [
        *(torch.rand(4, 4, 3), torch.rand(1, 4, 4, 1), torch.rand(0, 4, 4, 3)),
        torch.ones(1, 4, 4, 3).int(),
    ],
    ids=["no batch", "one channel", "empty", "int"],
)
def test_other_pictures_are_refused(images: torch.Tensor) -> None:
    for use in (lambda: fit_image(images, 64, 64, Fit.CROP), lambda: split_alpha(images)):
        with pytest.raises(RequestRejected, match=r"batch, height, width, 3 or 4"):
            use()


def test_transparent_part_becomes_white_in_the_mask() -> None:
    picture = torch.rand(2, 8, 6, 4)
    colours, mask = split_alpha(picture)
    assert mask is not None
    assert torch.equal(colours, picture[..., :3])
    assert torch.equal(mask, 1 - picture[..., 3])
    opaque, nothing = split_alpha(colours)
    assert opaque is colours
    assert nothing is None


@pytest.mark.parametrize("count", [1, 3])
def test_each_picture_gets_its_mask(count: int) -> None:
    images, masks = torch.rand(3, 8, 6, 3), torch.rand(count, 4, 5)
    found = pairs(images, masks)
    assert [image.shape for image, _ in found] == [(1, 8, 6, 3)] * 3
    for index, (image, mask) in enumerate(found):
        assert mask is not None
        assert torch.equal(image[0], images[index])
        assert torch.equal(mask[0], masks[index % count])
    assert [mask for _, mask in pairs(images, None)] == [None] * 3
    assert len(pairs(images, masks[0])) == 3


@pytest.mark.parametrize("counts", [(1, 2), (3, 2), (2, 3)], ids=str)
def test_other_numbers_of_masks_are_refused(counts: tuple[int, int]) -> None:
    images, masks = torch.rand(counts[0], 8, 6, 3), torch.rand(counts[1], 8, 6)
    with pytest.raises(RequestRejected, match=f"{counts[1]} masks for {counts[0]} picture"):
        pairs(images, masks)
