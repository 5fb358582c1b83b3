"""The language in which `--fault` says what goes wrong, and what it does to messages."""

from __future__ import annotations

from pathlib import Path

import grpc
import numpy as np
import pytest

from drawbridge.codec import tensor
from drawbridge.emulator.server import replies
from drawbridge.emulator.server.fault_rules import END, VERBS, Action, Rule, is_rule, parse
from drawbridge.emulator.server.fault_streams import change
from drawbridge.emulator.server.fault_tensors import DAMAGES, damage, resized
from drawbridge.emulator.server.faults import DESCRIPTIONS, Faults
from drawbridge.errors import BadTensor
from drawbridge.proto import image_service_pb2 as pb2

PICTURE = tensor.encode(np.linspace(-1, 1, 8 * 8 * 3).reshape(1, 8, 8, 3).astype(np.float16))


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("generate[2]: reset after 3", [Rule("generate", 2, 2, Action("reset", (), 3))]),
        ("any: reset", [Rule("any", 1, None, Action("reset"))]),
        ("echo[2-4]: stall", [Rule("echo", 2, 4, Action("stall"))]),
        ("upload[3-] : deny", [Rule("upload", 3, None, Action("deny"))]),
        (
            'generate: status INTERNAL "a \\"b\\"; c # d" after end # why',
            [
                Rule(
                    *("generate", 1, None),
                    Action("status", (grpc.StatusCode.INTERNAL, 'a "b"; c # d'), END),
                )
            ],
        ),
        (
            "# both\ngenerate: slices 70; generate: drop slice 2\n\n",
            [
                Rule("generate", 1, None, Action("slices", (70,))),
                Rule("generate", 1, None, Action("drop", ("slice", 2))),
            ],
        ),
        ("generate: size 64x32x4", [Rule("generate", 1, None, Action("size", ((64, 32, 4),)))]),
        ('connect: say ""', [Rule("connect", 1, None, Action("say", ("",)))]),
    ],
)
def test_rules_are_read(text: str, rules: list[Rule]) -> None:
    assert parse(text) == rules
    assert is_rule(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("generate[2] reset", "is no rule such as"),
        ("paint: reset", "there is no call 'paint'"),
        ("generate[0]: reset", "is not which call"),
        ("generate: explode", "there is no action 'explode'"),
        ("echo: slices 3", "nothing that can happen to 'echo'"),
        ("connect: restart", "nothing that can happen to 'connect'"),
        ("generate: wait", "is not written as wait MS"),
        ("generate: reset soon", "is not written as reset"),
        ("generate: reset after x", "'x' is no number"),
        ("generate: status FINE", "there is no status 'FINE'"),
        ("generate: damage picture 1 softly", "'softly' is none of"),
        ("generate: size 64", "is no size such as"),
    ],
)
def test_what_is_no_rule_is_explained(text: str, words: str) -> None:
    with pytest.raises(ValueError, match="'") as error:
        Faults([text])
    assert words in str(error.value)


def test_names_are_no_rules() -> None:
    assert not any(is_rule(name) or is_rule(f"{name}:3") for name in DESCRIPTIONS)


def test_calls_are_counted_by_their_name_until_the_faults_are_others() -> None:
    faults = Faults(["generate[2]: reset", "any[1]: stall", "silent"])
    assert [[action.verb for action in faults.call("generate")] for _ in range(3)] == [
        ["stall"],
        ["reset"],
        [],
    ]
    assert [action.verb for action in faults.call("echo")] == ["stall"]
    assert faults.call("connect") == []
    assert faults.names == {"silent"}
    faults.replace(["generate[1]: end"])
    assert [action.verb for action in faults.call("generate")] == ["end"]


def test_page_tells_every_action() -> None:
    page = (Path(__file__).parents[4] / "docs" / "emulator.md").read_text("utf-8")
    assert [name for name in (*VERBS, *DAMAGES) if f"`{name}" not in page] == []


@pytest.mark.parametrize("how", DAMAGES)
def test_damage_is_damage(how: str) -> None:
    damaged = damage(PICTURE, how)
    assert damaged != PICTURE
    try:
        values = tensor.decode(damaged)
    except BadTensor:
        return
    good = tensor.decode(PICTURE)
    assert values.shape != good.shape or not np.array_equal(values, good)


def test_resized_picture_shows_the_same() -> None:
    small = tensor.decode(resized(PICTURE, (4, 2, 1)))
    assert small.shape == (1, 2, 4, 1)
    assert small[0, 0, 0, 0] == tensor.decode(PICTURE)[0, 0, 0, 0]


def _sent(rules: str) -> list[pb2.ImageGenerationResponse]:
    actions = [rule.action for rule in parse(rules)]
    return list(change(replies.results([PICTURE] * 2, [], 1, chunked=True), actions))


def _whole(messages: list[pb2.ImageGenerationResponse]) -> bytes:
    return b"".join(b"".join(message.generatedImages) for message in messages)


def test_slices_are_cut_dropped_repeated_and_swapped() -> None:
    messages = _sent("generate: slices 300")
    assert [message.chunkState for message in messages[1:]] == [1, 0, 1, 0]
    assert _whole(messages) == 2 * PICTURE
    assert messages[0].downloadSize == 2 * len(PICTURE)
    cut = "generate: slices 300; generate: "
    assert _whole(_sent(f"{cut}drop slice 1")) == PICTURE[300:] + PICTURE
    assert _whole(_sent(f"{cut}repeat slice 1")) == PICTURE[:300] + 2 * PICTURE
    assert _whole(_sent(f"{cut}swap slice 1")) == PICTURE[300:] + PICTURE[:300] + PICTURE


def test_numbers_and_sums_are_what_a_rule_says() -> None:
    messages = _sent("generate: pictures 3; generate: announce 7; generate: scale 2")
    assert len(messages) == 4
    assert messages[0].downloadSize == 7
    assert messages[1].scaleFactor == 2
    assert len(_whole(_sent("generate: pictures 0"))) == 0
