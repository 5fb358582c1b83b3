"""One number for how far a generation is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from drawbridge.client.generation.events import Phase, Plan, Progress
from drawbridge.client.generation.progress import Meter

_PLAN = Plan(
    frozenset({Phase.TEXT_ENCODED, Phase.SAMPLING, Phase.IMAGE_DECODED, Phase.IMAGE_UPSCALED}), 4, 0
)


def test_a_usual_run_rises_and_ends_below_one() -> None:
    meter = Meter()
    run = [
        Progress(Phase.TEXT_ENCODED, 0, _PLAN),
        Progress(Phase.IMAGE_ENCODED, 0, _PLAN),
        *(Progress(Phase.SAMPLING, step, _PLAN) for step in range(5)),
        Progress(Phase.IMAGE_DECODED, 0, _PLAN),
        Progress(Phase.IMAGE_UPSCALED, 0, _PLAN),
    ]
    values = [meter.update(progress) for progress in run]
    assert values == sorted(values)
    assert 0 < values[0] < values[4] < values[-1] < 1


@given(
    st.lists(
        st.builds(
            Progress,
            st.sampled_from(Phase),
            st.integers(-5, 10),
            st.builds(
                Plan,
                st.frozensets(st.sampled_from(Phase)),
                st.integers(-2, 5),
                st.integers(-2, 5),
            ),
        )
    )
)
def test_no_order_of_milestones_runs_backwards_or_out_of_range(run: list[Progress]) -> None:
    meter = Meter(video=True)
    values = [meter.update(progress) for progress in run]
    assert values == sorted(values)
    assert all(0 <= value < 1 for value in values)
