"""The help of generate says the ranges that the configuration's fields have."""

from __future__ import annotations

import argparse

import pytest

from drawbridge.cli.generating.options import add_options
from drawbridge.client.configuration.fields import GenerationConfig
from drawbridge.client.configuration.ranges import ranges


@pytest.mark.parametrize("field", ["shift", "strength", "batch_size", "seed"])
def test_range_of_an_option_is_that_of_its_field(field: str) -> None:
    parser = argparse.ArgumentParser()
    add_options(parser)
    [option] = [one for one in parser._actions if one.dest == field]
    assert str(ranges(GenerationConfig)[field]) in str(option.help)
