"""Models: what is taken, what is refused and why, and TOML both ways."""

from __future__ import annotations

import copy
import pickle
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cs_metrics as csm
from cs_metrics import testing
from cs_metrics.errors import OptionError
from cs_metrics.models import SEGMENTS, misspelt

SCALES = {"nps": (-100, 100), "tickets": (20, 0)}
WEIGHTS = {"nps": 3, "tickets": 1}


def model(**given: Any) -> csm.HealthModel:
    return csm.HealthModel(**{"weights": WEIGHTS, "scales": SCALES, **given})


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"weights": {}}, "at least one metric"),
        ({"weights": {"nps": 0}}, "above 0"),
        ({"weights": {"nps": -1}}, "above 0"),
        ({"weights": {"nps": float("nan")}}, "a finite number"),
        ({"weights": {"nps": True}}, "a number"),
        ({"weights": {"nps": "2"}}, "a number"),
        ({"weights": {"nps": 10**400}}, "a finite number"),
        ({"weights": ["nps"]}, "a mapping"),
        ({"weights": {"": 1}}, "not empty"),
        ({"weights": {"nsp": 1}}, r"did you mean 'nps'\?"),
        ({"weights": {"account:employes": 1}}, r"did you mean 'account:employees'\?"),
        ({"weights": {"stack:alignment": 1}}, r"did you mean 'stack:misalignment'\?"),
        ({"scales": {"nps": (1, 1)}}, "two different ends"),
        ({"scales": {"nps": (0, 1, 2)}}, "a pair of numbers"),
        ({"scales": {"nps": 5}}, "a pair of numbers"),
        ({"scales": {"nps": (0, float("inf"))}}, "a finite number"),
        ({"scales": {"nps": (-1.7e308, 1.7e308)}}, "distance is finite"),
        ({"missing": "ignore"}, "'exclude', 'worst', 'none'"),
        ({"bands": {}}, "a gap, 0 to 100"),
        ({"bands": {"a": (0, 40), "b": (50, 100)}}, "between 'a' and 'b' is a gap, 40 to 50"),
        ({"bands": {"a": (0, 60), "b": (50, 100)}}, "between 'a' and 'b' is an overlap, 50 to 60"),
        ({"bands": {"a": (10, 100)}}, "a gap, 0 to 10"),
        ({"bands": {"a": (0, 90)}}, "after 'a' is a gap, 90 to 100"),
        ({"bands": {"a": (0, 110)}}, "after 'a' is an overlap, 100 to 110"),
        ({"bands": {"a": (0, 50), "b": (50, 50), "c": (50, 100)}}, "below the upper one"),
        ({"bands": {"unscored": (0, 100)}}, "another name"),
    ],
)
def test_a_bad_model_is_refused_with_the_reason(given: Any, reason: str) -> None:
    with pytest.raises(OptionError, match=reason):
        model(**given)


def test_a_model_is_frozen_and_equal_to_its_like() -> None:
    one, two = model(), model(weights={"nps": Decimal(3), "tickets": 1.0})
    assert one == two and hash(one) == hash(two)
    assert one != model(weights={"tickets": 1, "nps": 3})  # floats add up in the model's order
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        one.missing = "none"  # type: ignore[misc]
    with pytest.raises(TypeError):
        one.weights["nps"] = 5  # type: ignore[index]
    assert pickle.loads(pickle.dumps(one)) == one == copy.deepcopy(one)


def test_what_was_given_may_change_afterwards() -> None:
    weights = dict(WEIGHTS)
    made = model(weights=weights)
    weights["nps"] = 100
    assert made.weights == WEIGHTS


@given(st.one_of(testing.health_models(), testing.effort_models()))
def test_toml_both_ways(made: Any) -> None:
    text = made.to_toml()
    back = type(made).from_toml(text)
    assert back == made and back.to_toml() == text
    assert pickle.loads(pickle.dumps(made)) == made


@given(st.text(min_size=1).filter(lambda name: not name.startswith(("account:", "stack:"))))
def test_any_name_goes_through_toml(name: str) -> None:
    made = csm.EffortModel(weights={name: 1}, scales={name: (0, 1e300)})
    assert csm.EffortModel.from_toml(made.to_toml()) == made


def test_models_come_from_files(tmp_path: Path) -> None:
    file = tmp_path / "health.toml"
    assert model(missing="worst").to_toml(file) == file.read_text("utf-8")
    assert csm.HealthModel.from_toml(file) == csm.HealthModel.from_toml(str(file)) == model(missing="worst")
    policy = csm.ContactPolicy(days={("low_value_low_effort", None): 5, ("low_value_low_effort", "a b"): 6})
    policy.to_toml(file)
    assert csm.ContactPolicy.from_toml(file) == policy
    assert csm.ContactPolicy.from_toml(csm.ContactPolicy().to_toml()) == csm.ContactPolicy()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("weights = ", "valid TOML"),
        ("weights = {nps = 1}", r"\[scales\] too"),
        ("weights = {nps = 1}\nscales = {nps = [0, 1]}\nweight = 1", r"did you mean 'weights'\?"),
        ("weights = {nps = 2026-01-01}\nscales = {nps = [0, 1]}", "a number"),
        ("weights = {nps = 1}\nscales = {nps = [0, 1]}\nbands = {a = [0, 50]}", "a gap, 50 to 100"),
        ("no such file", "a TOML file that can be read"),
    ],
)
def test_bad_toml_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(OptionError, match=reason):
        csm.HealthModel.from_toml(text)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: csm.Cut.at("x", 50), "an amount"),
        (lambda: csm.Cut.at(True, 50), "an amount"),
        (lambda: csm.Cut.at(Decimal("nan"), 50), "an amount"),
        (lambda: csm.Cut.at(1, float("nan")), "a finite number"),
        (lambda: csm.Cut(kind="mode"), "'median', 'mean', 'at'"),
        (lambda: csm.Cut(kind="at"), r"Cut\.at"),
        (lambda: csm.Cut(kind="mean", value=Decimal(1), effort=1.0), r"Cut\.at"),
        (lambda: csm.ContactPolicy(days={("high", None): 1}), "segment one of"),
        (lambda: csm.ContactPolicy(days={(SEGMENTS[0], None): 0}), "1 or more"),
        (lambda: csm.ContactPolicy(days={(SEGMENTS[0], None): 1.5}), "a whole number"),
        (lambda: csm.ContactPolicy.from_toml("[high_value]\na = 1"), "did you mean"),
        (lambda: csm.Filters(health_bands={"at_risk"}), "the model that health_bands go by"),
        (lambda: csm.Filters(customer_segments=set()), "the model that customer_segments go by"),
        (lambda: csm.Filters(customer_segments={"high_value"}, effort_model=csm.EffortModel.default()), "did you mean"),
        (lambda: csm.Filters(health_bands={"red"}, health_model=csm.HealthModel.default()), "at_risk"),
        (lambda: csm.Filters(health_model=csm.EffortModel.default()), "a HealthModel"),
        (lambda: csm.Filters(cut="median"), "a Cut"),
        (lambda: csm.Filters(segment_value="arr"), "mrr_per_seat"),
    ],
)  # fmt: skip
def test_bad_cuts_policies_and_filters_are_refused(make: Any, reason: str) -> None:
    with pytest.raises(OptionError, match=reason):
        make()


def test_a_cut_is_what_was_written() -> None:
    assert csm.Cut.at(0.1, 50).value == Decimal("0.1")
    for cut in (csm.Cut.median(), csm.Cut.mean(), csm.Cut.at(Fraction(1, 3), 50), csm.Cut.at("12.50", 0.1)):
        assert csm.Cut.from_dict(cut.to_dict()) == cut


@pytest.mark.parametrize(
    ("metric", "known", "slip"),
    [
        ("nps", {"Nps"}, True), ("csta", {"csat"}, True), ("ticket", {"tickets"}, True),
        ("tickets", {"tickets_open"}, False), ("support_hours", {"support_tickets"}, False),
        ("a", {"b"}, False), ("tickets_opne", {"tickets_open"}, True), ("nps", set(), False),
    ],
)  # fmt: skip
def test_slips_are_told_from_other_metrics(metric: str, known: set[str], slip: bool) -> None:
    assert misspelt(metric, known) is slip


def test_filters_without_a_model_at_work_say_nothing_of_it() -> None:
    idle = csm.Filters(health_model=csm.HealthModel.default(), cut=csm.Cut.mean())
    assert idle.applied == {} == idle.to_dict()
