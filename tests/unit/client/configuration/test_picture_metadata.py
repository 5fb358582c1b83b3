"""What pictures tell of themselves: written as the app does, read wherever it may stand."""

from __future__ import annotations

import io
import json
import struct
import zlib
from xml.etree import ElementTree

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from drawbridge.client.configuration import clipboard, picture_file, picture_metadata
from drawbridge.client.configuration.enums import LoRAMode, SeedMode
from drawbridge.client.configuration.fields import Control, GenerationConfig, LoRA
from drawbridge.errors import RequestRejected
from drawbridge.facts.samplers import Sampler

PLAIN = GenerationConfig(
    model="sd_v1.5_f16.ckpt",
    seed=4279116933,
    steps=16,
    guidance_scale=4.5,
    start_width=512,
    start_height=768,
    sampler=Sampler.EULER_A_TRAILING,
)
RICH = GenerationConfig(
    model="sd_xl_base_1.0_f16.ckpt",
    seed=7,
    start_width=1024,
    start_height=1024,
    strength=0.7,
    seed_mode=SeedMode.NVIDIA_GPU_COMPATIBLE,
    shift=3.0,
    clip_skip=2,
    upscaler="realesrgan_x2plus_f16.ckpt",
    hires_fix=True,
    hires_fix_start_width=512,
    hires_fix_start_height=576,
    hires_fix_strength=0.6,
    refiner_model="sd_xl_refiner_1.0_f16.ckpt",
    refiner_start=0.8,
    target_image_width=1024,
    target_image_height=1024,
    zero_negative_prompt=True,
    loras=(LoRA("a.ckpt", 0.8, LoRAMode.BASE), LoRA("b.ckpt", -0.5)),
    controls=(Control("c.ckpt", 0.9, guidance_end=0.5),),
)
PROMPT = 'a <lake> & "hills"\nin two lines, 中文 🌊'


def png(*texts: tuple[str, str], packed: bool = False, kind: str = "itxt") -> bytes:
    told = PngInfo()
    for keyword, text in texts:
        if kind == "itxt":
            told.add_itxt(keyword, text, zip=packed)
        else:
            told.add_text(keyword, text, zip=packed)
    file = io.BytesIO()
    Image.new("RGB", (2, 2)).save(file, "PNG", pnginfo=told)
    return file.getvalue()


def xmp(config: GenerationConfig = PLAIN) -> str:
    return picture_metadata.describe(config, PROMPT, "people").xmp()


def test_description_is_the_apps_in_words_and_keys() -> None:
    told = picture_metadata.describe(PLAIN, " a lake ", " people ")
    assert told.description == (
        "a lake\n-people\nSteps: 16, Sampler: Euler A Trailing, Guidance Scale: 4.5, Seed:"
        " 4279116933, Size: 512x768, Model: sd_v1.5_f16.ckpt, Strength: 1.0, Seed Mode: Scale Alike"
    )
    assert {key: value for key, value in told.comment.items() if key != "v2"} == {
        "c": "a lake",
        "uc": "people",
        "steps": 16,
        "sampler": "Euler A Trailing",
        "scale": 4.5,
        "seed": 4279116933,
        "size": "512x768",
        "model": "sd_v1.5_f16.ckpt",
        "strength": 1.0,
        "seed_mode": "Scale Alike",
    }


def test_what_is_not_the_default_is_said_too() -> None:
    told = picture_metadata.describe(RICH, "a lake")
    said = {key: value for key, value in told.comment.items() if key != "v2"}
    assert (said["shift"], said["clip_skip"], said["seed_mode"]) == (3, 2, "NVIDIA GPU Compatible")
    assert (said["hires_fix"], said["first_stage_size"], said["second_stage_strength"]) == (
        *(True, "512x576", 0.6),
    )
    assert (said["refiner"], said["refiner_start"]) == ("sd_xl_refiner_1.0_f16.ckpt", 0.8)
    assert (said["target_size"], said["zero_negative_prompt"]) == ("1024x1024", True)
    assert said["lora"][0] == {"model": "a.ckpt", "weight": 0.8, "mode": "base"}
    assert said["control"][0]["guidance_end"] == 0.5
    assert "Hires Fix: true" in told.description
    assert "LoRA 2 Model: b.ckpt, LoRA 2 Weight: -0.5" in told.description
    assert "Control: c.ckpt, Control No Prompt: false, Control Weight: 0.9" in told.description
    assert "\n-" not in told.description  # without a negative prompt


def test_xmp_is_the_form_that_other_readers_know() -> None:
    """Those look for `xmp:CreatorTool` as text, and for the first `rdf:li` of each field."""
    text = xmp()
    assert "<xmp:CreatorTool>Draw Things</xmp:CreatorTool>" in text
    root = ElementTree.fromstring(text)
    rdf = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
    [description] = root.iter("{http://purl.org/dc/elements/1.1/}description")
    [comment] = root.iter("{http://ns.adobe.com/exif/1.0/}UserComment")
    words = description.findtext(f"{rdf}Alt/{rdf}li")
    assert words
    assert words.startswith(f"{PROMPT}\n-people\nSteps: 16")
    said = json.loads(comment.findtext(f"{rdf}Alt/{rdf}li") or "")
    assert (said["c"], said["uc"]) == (PROMPT, "people")


@pytest.mark.parametrize("config", [PLAIN, RICH])
def test_the_configuration_comes_back_whole(config: GenerationConfig) -> None:
    text = picture_file.description(png((picture_metadata.XMP_KEYWORD, xmp(config))))
    imported = clipboard.read(text)
    assert imported.config() == config
    assert [words for words in imported.warnings if "prompts" not in words] == []


@pytest.mark.parametrize(
    ("packed", "kind"), [(False, "itxt"), (True, "itxt"), (False, "text"), (True, "text")]
)
def test_it_is_found_in_every_kind_of_text_chunk(packed: bool, kind: str) -> None:
    text = xmp().replace("🌊", "").replace("中文", "") if kind == "text" else xmp()
    data = png(("Software", "x"), (picture_metadata.XMP_KEYWORD, text), packed=packed, kind=kind)
    assert json.loads(picture_file.description(data))["seed"] == PLAIN.seed


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("code", [b"ASCII\0\0\0", b"UNICODE\0", b"\0" * 8])
def test_it_is_found_in_exif(order: str, code: bytes) -> None:
    said = json.dumps({"c": "é", "seed": 7, "steps": 4}, ensure_ascii=False)
    utf16 = "utf-16-le" if order == "<" else "utf-16-be"
    comment = code + said.encode(utf16 if code.startswith(b"UNI") else "utf-8")
    tiff = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, 8)
    tiff += struct.pack(f"{order}HHHIII", 1, 0x8769, 4, 1, 26, 0)
    tiff += struct.pack(f"{order}HHHIII", 1, 0x9286, 7, len(comment), 44, 0) + comment
    body = struct.pack(">I", len(tiff)) + b"eXIf" + tiff
    data = png()
    at = data.index(b"IDAT") - 4
    crc = struct.pack(">I", zlib.crc32(body[4:]))
    found = picture_file.description(data[:at] + body + crc + data[at:])
    assert json.loads(found) == json.loads(said)


def test_it_is_found_where_an_editor_has_made_an_attribute_of_it() -> None:
    text = (
        "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF"
        " xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description"
        " xmlns:exif='http://ns.adobe.com/exif/1.0/' exif:UserComment='{&quot;seed&quot;: 7}'/>"
        "</rdf:RDF></x:xmpmeta>"
    )
    assert json.loads(picture_file.description(png((picture_metadata.XMP_KEYWORD, text))))


BOMB = (
    '<!DOCTYPE a [<!ENTITY b "xxxxxxxxxx"><!ENTITY c "&b;&b;&b;&b;">]>'
    "<x:xmpmeta xmlns:x='adobe:ns:meta/'>&c;</x:xmpmeta>"
)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8\xff\xe0 no PNG",
        picture_file.SIGNATURE,
        png(),
        png(("parameters", "{}")),
        png((picture_metadata.XMP_KEYWORD, "<not xml")),
        png((picture_metadata.XMP_KEYWORD, BOMB)),
        png((picture_metadata.XMP_KEYWORD, "x" * (5 << 20)), packed=True),
        png((picture_metadata.XMP_KEYWORD, xmp()))[:200],
        picture_file.SIGNATURE + struct.pack(">I4s", 0xFFFFFFFF, b"eXIf") + b"MM",
        picture_file.SIGNATURE
        + struct.pack(">I4s", 10, b"eXIf")
        + b"MM\0*\xff\xff\xff\xff\0\0" * 2,
    ],
)
def test_what_tells_nothing_is_refused(data: bytes) -> None:
    with pytest.raises(RequestRejected, match="does not tell how it was made"):
        picture_file.description(data)


@pytest.mark.parametrize("character", ["\0", "\x1b", "\uffff"])
def test_a_prompt_with_what_xml_cannot_hold_still_gives_a_readable_picture(character: str) -> None:
    text = picture_metadata.describe(PLAIN, f"a{character}lake").xmp()
    found = picture_file.description(png((picture_metadata.XMP_KEYWORD, text)))
    assert json.loads(found)["seed"] == PLAIN.seed
