"""Holding what metrics give against what the oracle says."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import cs_metrics as csm
from cs_metrics.models import SEGMENTS
from oracle import ORACLE, Missing
from oracle_base import UNSET, Answer
from worlds import compute, record_keys, row_keys, scope


def held(calls: Iterable[tuple[Any, dict[str, Any]]], world: Any, filters: Any, looked: csm.View) -> None:
    """Every metric that is called says what its oracle says."""
    for metric, options in calls:
        where = f"{metric.id}({', '.join(f'{name}={value}' for name, value in options.items())})"
        result = compute(metric, looked, options)
        try:
            answer = ORACLE[metric.id](scope(world, filters), **options)
        except Missing:
            assert isinstance(result, csm.errors.MissingTable), where
            continue
        assert not isinstance(result, Exception), f"{where}: {result}"
        assert result.value == answer.value, where
        if isinstance(answer.value, dict):
            assert list(result.value) == list(answer.value), where
        assert row_keys(result) == record_keys(answer.counts, answer.rows), where
        assert result.used + sum(result.excluded.values()) == answer.in_scope, where
        assert result.used == len(answer.rows), where
        if answer.frame is not None:
            held_listing(result, answer, where)
        for found, expected in besides(result, answer):
            assert found == expected, where
            if isinstance(expected, dict):
                assert list(found) == list(expected), where


def held_listing(result: Any, answer: Answer, where: str) -> None:
    assert answer.frame is not None
    assert result.head(result.value) == answer.frame, where
    assert result.to_frame(limit=1).shape[0] == min(1, len(answer.frame)), where
    if answer.limit is not None:
        assert result.head() == answer.frame[: answer.limit], where
        assert len(result.all()) == len(answer.frame), where


def besides(result: Any, answer: Answer) -> list[tuple[Any, Any]]:
    """What an answer says beside value and rows, and what the result says of it."""
    half = getattr(result, "current", result)
    pairs = [
        (half.numerator if name == "numerator" else half.denominator, getattr(answer, name))
        for name in ("numerator", "denominator")
        if getattr(answer, name) is not UNSET
    ]
    if answer.previous is not UNSET:
        pairs.append((result.previous.value, answer.previous))
    if answer.shares is not UNSET:
        pairs.append((result.shares(), answer.shares))
    pairs += [
        (getattr(result, name), getattr(answer, name))
        for name in ("change", "change_share", "total")
        if getattr(answer, name) is not UNSET
    ]
    told = said(result)
    for name, expected in answer.also.items():
        exact = name == "cut" and expected is not None
        pairs.append((told[name], (Fraction(expected[0]), expected[1]) if exact else expected))
    return pairs


def said(result: Any) -> dict[str, Any]:
    """What a result says beside its value, by the oracle's names."""
    found: dict[str, Any] = {"excluded": result.excluded}
    if isinstance(result, csm.Segments):
        cut = result.cut
        found["cut"] = None if cut is None else (Fraction(cut.value), cut.effort)
        found |= {"counts": result.counts(), "value_by_segment": result.value_by_segment()}
        found["accounts"] = {segment: result.accounts(segment) for segment in SEGMENTS}
    elif isinstance(result, csm.Customers):
        found["totals"] = result.totals
    elif isinstance(result, csm.Tree):
        found |= {"total": result.total, "tag_totals": result.tags, "tag_shares": result.tag_shares()}
        found["item_shares"] = result.shares()
    elif isinstance(result, csm.Changes):
        found["moves"] = result.moves
    elif isinstance(result, csm.Breakdown):
        found |= {"total": result.total, "shares": result.shares()}
    return found
