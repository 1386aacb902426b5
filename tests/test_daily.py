"""What is added up by day beforehand says what counting row by row says."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_metrics import columns, daily, sorting
from cs_metrics.daily import Daily, Means, Standing, Successors
from cs_metrics.periods import FIRST_DAY, NO_DAY, Window
from cs_metrics.standings import disjoint

DAYS = st.integers(-5, 5)
ROWS = st.lists(st.tuples(st.none() | DAYS, DAYS, st.integers(-(2**40), 2**40)), max_size=12)


@pytest.fixture(autouse=True, scope="module", params=[2, sorting.STEP], ids="{} rows at a time".format)
def _step(request: pytest.FixtureRequest) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sorting, "STEP", request.param)
        patch.setattr(columns, "STEP", request.param)
        yield


def array(numbers: list[int]) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return np.array(numbers, np.int32)


@given(ROWS, DAYS, DAYS, DAYS)
def test_counts_and_amounts_of_windows(
    rows: list[tuple[int | None, int, int]], first: int, last: int, today: int
) -> None:
    days = array([NO_DAY if day is None else day for day, _, _ in rows])
    begins, amounts = array([begin for _, begin, _ in rows]), np.array([n for _, _, n in rows], np.int64)
    for ahead in (False, True):
        found = Daily.of(days, begins, amounts, ahead=ahead)
        assert found is not None
        last_day = last if ahead else min(last, today)  # without `ahead` it knows of no day to come
        window = Window(first, last_day)
        chosen = [
            amount for day, begin, amount in rows
            if day is not None and begin <= today and first <= day <= last_day
        ]  # fmt: skip
        if first <= last_day:
            assert found.within(window, today) == len(chosen)
            assert found.amount_within(window, today) == sum(chosen)


def test_days_too_far_apart_are_not_added_up() -> None:
    assert Daily.of(array([0, daily.LONGEST]), None) is None
    assert Daily.of(array([0, daily.LONGEST - 1]), None) is not None
    assert Standing.of(array([0, 0]), array([1, daily.LONGEST])) is None
    always = Standing.of(array([FIRST_DAY, 0]), array([1, NO_DAY]))
    assert always is not None and always.on(0) == 2  # what has always been has no day


def test_numbers_times_days_are_bounded_by_the_rows() -> None:
    """A day such as 9999-12-31 in a table of millions of rows must not cost as much again for each word."""
    many, span = 2 * daily.LONGEST, 3 * daily.LONGEST // 2
    since, until = np.zeros(many, np.int32), np.full(many, span, np.int32)
    nobody = np.full(many, -1, np.int8)
    assert Standing.by(nobody, 0, since, until) is not None
    assert Standing.by(nobody, 1, since, until) is None


ENDS = DAYS | st.sampled_from([FIRST_DAY, NO_DAY])
SPANS = st.lists(st.tuples(st.integers(0, 3), ENDS, ENDS, st.integers(-(2**40), 2**40)), max_size=12)


@given(SPANS, DAYS)
def test_what_stands_on_a_day(spans: list[tuple[int, int, int, int]], day: int) -> None:
    _, since, until = (array([span[place] for span in spans]) for place in range(3))
    found = Standing.of(since, until, np.array([span[3] for span in spans], np.int64))
    assert found is not None
    standing = [amount for _, first, end, amount in spans if first <= day < end]
    assert (found.on(day), found.amount_on(day)) == (len(standing), sum(standing))


@given(SPANS, DAYS)
def test_what_stands_by_number(spans: list[tuple[int, int, int, int]], day: int) -> None:
    codes, since, until = (array([span[place] for span in spans]) for place in range(3))
    found = Standing.by((codes - 1).astype(np.int8), 3, since, until)
    assert found is not None
    for code, standing in enumerate(found):
        assert standing.on(day) == sum(
            first <= day < end for number, first, end, _ in spans if number == code
        )


def test_many_rows_on_few_days() -> None:
    """More of them than days, so that they are looked at part by part."""
    spans = [(row % 3, row * 7 % 5, row * 11 % 6, row - 30) for row in range(99)]
    codes, since, until, amounts = (np.array([span[place] for span in spans], np.int32) for place in range(4))
    rows, by = Standing.of(since, until, amounts), Standing.by((codes - 1).astype(np.int8), 2, since, until)
    daily = Daily.of(since, None, amounts)
    assert rows is not None and by is not None and daily is not None
    for day in range(-1, 7):
        standing = [span for span in spans if span[1] <= day < span[2]]
        assert (rows.on(day), rows.amount_on(day)) == (len(standing), sum(span[3] for span in standing))
        assert [each.on(day) for each in by] == [
            sum(span[0] == code for span in standing) for code in range(3)
        ]
        begun = [span[3] for span in spans if span[1] <= day]
        assert (daily.by(day, 9), daily.amount_by(day, 9)) == (len(begun), sum(begun))


@given(SPANS, DAYS)
def test_spans_cut_so_that_each_owner_has_one_a_day(spans: list[tuple[int, int, int, int]], day: int) -> None:
    whose, since, until = disjoint(*(array([span[place] for span in spans]) for place in range(3)))
    standing = [owner for owner, first, end in zip(whose, since, until, strict=True) if first <= day < end]
    assert sorted(standing) == sorted({owner for owner, first, end, _ in spans if first <= day < end})


SCORES = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 2), DAYS, st.sampled_from([0.0, 0.1, 33.3, 50.0, 100.0])),
    max_size=14,
)


@given(SCORES, DAYS)
def test_means_by_day_and_what_replaces_what(scores: list[tuple[int, int, int, float]], day: int) -> None:
    account, product, on = (array([row[place] for row in scores]) for place in range(3))
    score = np.array([row[3] for row in scores], np.float64)
    successors, order = Successors.of((account, product, on, score))
    means = Means.of((account, product, on, score), on, size=3, order=order)
    assert means is not None
    latest: dict[int, dict[int, tuple[int, float]]] = {}
    for whose, which, when, value in scores:
        known = latest.setdefault(whose, {})
        if when <= day and (which not in known or (when, -value) > (known[which][0], -known[which][1])):
            known[which] = when, value
    expected = {
        whose: sum((Fraction(value) for _, value in known.values()), Fraction(0)) / len(known)
        for whose, known in latest.items() if known
    }  # fmt: skip
    assert means.total(day) == sum(expected.values(), Fraction(0))
    assert means.count(day) == len(expected)
    assert set(np.flatnonzero(means.since <= day).tolist()) == set(expected)
    current = sorted(
        (int(account[row]), int(product[row]), float(score[row]))
        for row in np.flatnonzero((on <= day) & (successors.on > day))
    )
    assert current == sorted(
        (whose, which, value) for whose, known in latest.items() for which, (_, value) in known.items()
    )
    for row, by in enumerate(successors.by.tolist()):
        assert by == -1 or (account[by], product[by]) == (account[row], product[row])


@pytest.mark.parametrize("score", [5e-324, 2.0**-60 + 1])
def test_scores_too_fine_for_the_sums_are_left_to_be_looked_at(score: float) -> None:
    given_ = (array([0]), array([0]), array([0]), np.array([score]))
    whole = Means.of(given_, array([0]), size=1, order=np.array([0]))
    assert (whole is None) == (score == 5e-324)


def test_scores_that_exist_later_than_their_day_are_noticed() -> None:
    given_ = (array([0]), array([0]), array([3]), np.array([50.0]))
    means = Means.of(given_, array([7]), size=1, order=np.array([0]))
    assert means is not None
    assert [means.complete(today) for today in (2, 3, 6, 7)] == [True, False, False, True]
