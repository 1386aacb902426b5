"""Packed sorting says what Python's own sorting says, and parts together are the whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_metrics import sorting
from cs_metrics.sorting import order_by, parts, sorted_by, whole_parts

KEYS = st.integers(-3, 3) | st.integers(-(2**31), 2**31 - 1) | st.sampled_from([-(2**63), 2**63 - 1])
ROWS = st.lists(st.tuples(KEYS, KEYS, KEYS), max_size=10)


@pytest.fixture(autouse=True, scope="module", params=[2, sorting.STEP], ids="{} rows at a time".format)
def _step(request: pytest.FixtureRequest) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sorting, "STEP", request.param)
        yield


@given(ROWS, st.integers(1, 3))
def test_rows_stand_by_one_key_after_the_other(rows: list[tuple[int, int, int]], count: int) -> None:
    keys = [np.array([row[place] for row in rows], np.int64) for place in range(count)]
    expected = sorted(range(len(rows)), key=lambda row: rows[row][:count])
    assert order_by(None, *keys, n=len(rows)).tolist() == expected


def test_without_keys_rows_stay_as_they_are() -> None:
    assert order_by(None, n=3).tolist() == [0, 1, 2]


@given(st.lists(st.integers(0, 3), max_size=12))
def test_parts_are_the_whole_and_cut_no_run(numbers: list[int]) -> None:
    keys = np.array(sorted(numbers), np.int32)
    assert [row for part in parts(len(keys)) for row in range(len(keys))[part]] == list(range(len(keys)))
    assert [part.stop - part.start for part in parts(7, sorting.STEP + 1)] == (
        [3, 3, 1] if sorting.STEP == 2 else [7]
    )
    whole = list(whole_parts(keys))
    assert [row for part in whole for row in range(len(keys))[part]] == list(range(len(keys)))
    assert all(keys[part.stop - 1] != keys[part.stop] for part in whole[:-1])


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(0, 2**31 - 1), st.booleans()), max_size=9))
def test_rows_by_their_days(rows: list[tuple[int, int, bool]]) -> None:
    columns = zip(*rows, strict=True) if rows else ((), (), ())
    days, numbers, there = (np.array(column, kind) for column, kind in zip(columns, "iib", strict=True))
    expected = [row for day, row, kept in sorted(rows) if kept]
    assert sorted_by(days, numbers, there.astype(bool)).tolist() == expected
