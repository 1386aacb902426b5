"""What makes a function a metric: one record of metadata, from which catalog and docs are made."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

import attrs
import numpy as np

from .errors import OptionError
from .models import ContactPolicy, Cut, Model
from .periods import Trailing
from .results.base import Result, Spec

__all__ = ["Metric", "check_view", "metric", "metric_of"]

F = TypeVar("F", bound=Callable[..., Any])
MODELS = (Model, Cut, ContactPolicy, Trailing)


@attrs.frozen(kw_only=True)
class Metric:
    """One metric of the catalog. `compute(view, **options)` gives its result.

    `id` is "module.function", `counts` the table whose rows it counts, `needs` the tables that it cannot do
    without, `defaults` its options. `states` are the columns by whose words it goes, with these options
    ("engagements.stage"): without the table `history` they say what they say today, whatever the day; so does who
    owns a row.
    """

    id: str
    title: str
    unit: str
    source: str
    definition: str
    counts: str
    needs: tuple[str, ...]
    states: tuple[str, ...] = ()
    defaults: Mapping[str, Any]
    version: int = 1
    compute: Callable[..., Any] = attrs.field(repr=False, eq=False)

    def spec(self, options: Mapping[str, Any]) -> Spec:
        """The metric as it was called."""
        return Spec(
            id=self.id,
            title=self.title,
            unit=self.unit,
            source=self.source,
            definition=self.definition,
            counts=self.counts,
            options={**self.defaults, **options},
            version=self.version,
        )


def metric(
    *,
    title: str,
    unit: str,
    source: str,
    counts: str,
    needs: tuple[str, ...] = (),
    states: tuple[str, ...] = (),
    version: int = 1,
) -> Callable[[F], F]:
    """Make a function of a view a metric.

    It takes a view, options by keyword only, all with defaults, and gives a result of this library; a model
    may also stand right after the view, since nobody takes it for anything else. Its docstring is the
    definition that catalog, pages and docs show. `states` are the columns by whose words it goes, so that readers
    know what is today's where nobody tells of earlier days. `version` counts up whenever the definition gives
    other numbers than before.

    >>> @metric(title="All engagements", unit="engagements", source="ours", counts="engagements")
    ... def all_engagements(view):
    ...     '''Engagements, open or closed.'''
    ...     return csm.Count(view.engagements.everything)
    """

    def declare(function: F) -> F:
        if not function.__doc__:
            raise TypeError(f"the metric {function.__name__} needs a docstring: it is its definition")
        options = _options(function)
        model = next((o.name for o in options if o.kind is o.POSITIONAL_OR_KEYWORD), None)

        declared = Metric(
            id=f"{function.__module__.rpartition('.')[2]}.{function.__name__}",
            title=title,
            unit=unit,
            source=source,
            definition=inspect.cleandoc(function.__doc__),
            counts=counts,
            needs=needs or (counts,),
            states=states,
            defaults={option.name: option.default for option in options},
            version=version,
            compute=function,
        )
        return cast(F, _callable(declared, model))

    return declare


def _callable(declared: Metric, model: str | None) -> Callable[..., Any]:
    """The function as it is called: its options looked at, its result told whose it is."""
    function = declared.compute

    @functools.wraps(function)
    def compute(view: Any, /, *models: Any, **given: Any) -> Any:
        if models or given:  # mostly there are none, and a small view's time is made of such calls
            given = _taken(known, model, models, given)
        try:
            result = function(view, **given)
        except AttributeError:
            check_view(view)  # only now, so that it costs nothing
            raise
        result.__dict__["_origin"] = known, given, view
        return result

    known = attrs.evolve(declared, compute=compute)
    compute.metric = known  # type: ignore[attr-defined]
    return compute


def _taken(
    metric: Metric, model: str | None, models: tuple[Any, ...], given: dict[str, Any]
) -> dict[str, Any]:
    """The options of a call by name, the model among them."""
    if models:
        if model is None or len(models) > 1 or model in given:
            raise TypeError(f"{metric.id}() takes its options by keyword")
        given = {model: models[0], **given}
    return {name: _fitting(name, value, metric.defaults.get(name)) for name, value in given.items()}


def _fitting(name: str, value: Any, default: Any) -> Any:
    """An option as the metric gets it: a number of NumPy's as a plain one, a model of the kind that is asked for."""
    if isinstance(value, np.generic) and not isinstance(value, np.datetime64 | np.timedelta64):
        value = value.item()
    if isinstance(default, MODELS) and not isinstance(value, type(default)):
        kind = type(default).__name__
        raise OptionError(name, value, f"{'an' if kind[0] in 'AEIOU' else 'a'} {kind}")
    return value


def check_view(view: Any) -> None:
    """Refuse what is no view, such as the portfolio itself."""
    from .view import View

    if not isinstance(view, View | Result):  # what is told of a result may be given one
        raise OptionError("view", view, "a view, as Portfolio.view gives it")


def _options(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """The options of a metric: by keyword, with defaults; a model may come first without one."""
    _, *options = inspect.signature(function).parameters.values()
    by_keyword = options[1:] if options and options[0].name == "model" else options
    if any(o.kind is not o.KEYWORD_ONLY for o in by_keyword) or any(o.default is o.empty for o in options):
        raise TypeError(f"the options of {function.__name__} must be keyword only, with defaults")
    return options


def metric_of(function: Callable[..., Any]) -> Metric:
    """The metadata of a metric's function."""
    found = getattr(function, "metric", None)
    if not isinstance(found, Metric):
        raise TypeError(f"{function!r} is not a metric; declare it with @metric")
    return found
