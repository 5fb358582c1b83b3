"""Does the reader of workflow files match saved values with widgets as the page does?"""

from __future__ import annotations

from typing import Any

import pytest
from standin.workflow import to_prompt

CODECS = [
    {"key": "auto", "inputs": {"required": {}}},
    {"key": "h264", "inputs": {"optional": {"crf": ["FLOAT", {"default": 23.0}]}}},
]
CODEC = ["COMFY_DYNAMICCOMBO_V3", {"options": CODECS}]
# As ComfyUI 0.33 describes Save Video: the choice of a container brings the choice of a codec, and
# the codec of older files is kept, hidden.
INFO = {
    "SaveVideo": {
        "input": {
            "required": {
                "video": ["VIDEO", {}],
                "filename_prefix": ["STRING", {}],
                "format": [
                    "COMFY_DYNAMICCOMBO_V3",
                    {
                        "options": [
                            {"key": "auto", "inputs": {"required": {"codec": CODEC}}},
                            {"key": "mp4", "inputs": {"required": {"codec": CODEC}}},
                        ]
                    },
                ],
            },
            "optional": {
                "codec": ["COMFY_DYNAMICCOMBO_V3", {"options": CODECS, "hidden": True}],
            },
        }
    }
}


def inputs(*values: object) -> dict[str, Any]:
    node = {"id": 1, "type": "SaveVideo", "inputs": [], "widgets_values": list(values)}
    return to_prompt({"nodes": [node], "links": []}, INFO)["1"]["inputs"]


def test_choice_brings_its_own_widgets() -> None:
    assert inputs("v", "mp4", "h264", 20.0, "auto") == {
        "filename_prefix": "v",
        "format": "mp4",
        "format.codec": "h264",
        "format.codec.crf": 20.0,
        "codec": "auto",
    }


def test_file_of_an_older_release_lacks_the_hidden_widget() -> None:
    assert inputs("v", "auto", "auto") == {
        "filename_prefix": "v",
        "format": "auto",
        "format.codec": "auto",
        "codec": "auto",
    }


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        (("v",), "no value is saved for the widget format"),
        (("v", "avi", "auto"), "'avi' is no choice of the widget format"),
        (("v", "mp4", "auto", "auto", 1), "more widget values"),
    ],
)
def test_values_that_do_not_fit_are_an_error(values: tuple[object, ...], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        inputs(*values)
