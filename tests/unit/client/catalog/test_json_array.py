"""An array is read as json.loads reads it, within bounds and without holding up other threads."""

from __future__ import annotations

import json
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawbridge.client.catalog.json_array import LONGEST_ELEMENT, elements
from drawbridge.client.catalog.records import Catalog

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(st.lists(_VALUES, max_size=9), st.sampled_from([None, 1, 4]))
def test_array_is_read_as_a_whole_one_is(values: list[object], indent: int | None) -> None:
    text = json.dumps(values, indent=indent)
    assert elements(text, 9) == (values, True)
    assert elements(f" \r\n{text}\t", 9) == (values, True)


@given(st.text("[]{},:\"'1e. \n\\untrfalse", max_size=12))
def test_what_json_does_not_read_is_not_read(text: str) -> None:
    try:
        expected = json.loads(text)
    except ValueError:
        expected = None
    if isinstance(expected, list):
        assert elements(text, 99) == (expected, True)
    else:
        with pytest.raises(ValueError, match=r".*"):
            elements(text, 99)


def test_number_and_length_of_elements_are_bounded() -> None:
    assert elements("[1,2,3]", 3) == ([1, 2, 3], True)
    assert elements("[1,2,3,4]", 3) == ([1, 2, 3], False)
    assert len(elements(json.dumps(["x" * (LONGEST_ELEMENT - 2)]), 3)[0]) == 1
    with pytest.raises(ValueError, match=r".*"):
        elements(json.dumps(["x" * (LONGEST_ELEMENT - 1)]), 3)


def _six_hundred_thousand_keys(models: int) -> bytes:
    keys = ",".join(f'"k{number}":{number}' for number in range(600_000 // models))
    data = f"[{','.join([f'{{{keys}}}'] * models)}]".encode()
    assert data.count(b":") == 600_000
    return data


def test_six_hundred_thousand_keys_leave_other_threads_their_turn() -> None:
    data = _six_hundred_thousand_keys(15_000)
    reading = threading.Thread(target=lambda: Catalog.from_json(models=data), daemon=True)
    reading.start()
    turns = 0
    while reading.is_alive():
        time.sleep(0.001)
        turns += 1
    assert turns >= 10  # parsed in one piece, it would leave one or two


def test_six_hundred_thousand_keys_of_one_model_are_not_parsed() -> None:
    assert not Catalog.from_json(models=_six_hundred_thousand_keys(1)).models


def test_thousand_models_pass_untouched() -> None:
    note = "A model that somebody has described at length. " * 40
    told = [
        {"file": f"m{n}.ckpt", "name": f"Model {n}", "version": "flux1", "note": note, "n": n}
        for n in range(1000)
    ]
    catalog = Catalog.from_json(models=json.dumps(told).encode())
    assert [json.loads(spec.raw) for spec in catalog.models] == told
