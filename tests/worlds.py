"""What the law tests do to worlds: load them, split them, hide rows in them."""

from __future__ import annotations

from typing import Any

import attrs

import cs_metrics as csm
import oracle
from cs_metrics import testing
from cs_metrics.testing.changing import canaries, compute, everything, record_keys, row_keys, shards
from oracle_scope import Scope
from variants_beyond import BEYOND_TABLES, BEYOND_VARIANTS
from variants_portfolio import portfolio_variants

SUCCESS_TABLES = (
    "users", "accounts", "engagements", "escalations", "qbrs", "touchpoints", "tasks", "risk_signals",
    "objectives", "adoption_scores", "contracts", "opportunities",
)  # fmt: skip
PORTFOLIO_TABLES = (
    "users", "accounts", "contacts", "engagements", "tasks", "adoption_scores", "subscriptions", "renewals",
    "playbook_runs", "alerts", "activities",
)  # fmt: skip
REVENUE_TABLES = (
    "users", "accounts", "engagements", "subscriptions", "contracts", "opportunities", "propensities",
)  # fmt: skip

POOR_RED = {"poor": (csm.Health.RED,)}
BANDS = {"satisfactory": (50, 100), "at_risk": (0, 50)}
HEALTHS = [
    {"model": csm.HealthModel(weights={"nps": 0.1, "csat": 0.7}, scales={"nps": (-1, 50), "csat": (100, 1)})},
    {"model": csm.HealthModel(weights={"nps": 2, "tickets_open": 1}, scales={"nps": (0, 100), "tickets_open": (50, 0)},
                              bands=BANDS, missing="worst")},
    {"model": csm.HealthModel(weights={"nps": 1}, scales={"nps": (0, 100)}, missing="none")},
]  # fmt: skip
EFFORTS = [
    csm.EffortModel(weights={"account:seats": 1}, scales={"account:seats": (0, 250)}),
    csm.EffortModel(weights={"stack:misalignment": 3, "locations": 1},
                    scales={"stack:misalignment": (0, 100), "locations": (0, 50)}, missing="worst"),
]  # fmt: skip
SEGMENTATIONS: list[dict[str, Any]] = [
    {"cut": csm.Cut.at(100, 50)},
    {"value": "mrr_per_seat", "effort": EFFORTS[0], "health": HEALTHS[1]["model"]},
    {"value": "mrr_per_seat", "effort": EFFORTS[1], "cut": csm.Cut.at("12.34", 50.5)},
    {"effort": EFFORTS[1], "cut": csm.Cut.mean()},
    {"value": "mrr_per_seat", "effort": EFFORTS[1], "cut": csm.Cut.mean()},
]
WEEKLY = csm.ContactPolicy(days=dict.fromkeys(csm.ContactPolicy().days, 7))
VARIANTS: dict[str, list[dict[str, Any]]] = {
    "overview.average_engagements_per_csm": [{"over": "team"}],
    "overview.engagements_with_upcoming_qbrs": [{"within": 0}, {"within": 30}],
    "risk.contract_value_at_risk": [{"by": by} for by in ("stage", "owner", "industry", "category")],
    "risk.engagements_in_poor_health": [POOR_RED],
    "risk.renewals_due_in_poor_health": [{"within": 30}, POOR_RED],
    "risk.engagements_without_touchpoints": [{"direction": "past"}, {"within": 0}],
    "risk.top_risk_indicators": [{"limit": 1}],
    "adoption.engagements_in_onboarding": [{"stage": "adoption"}],
    "adoption.engagements_going_live": [{"within": 1}],
    "adoption.engagements_with_objectives_complete": [{"above": 0.5}, {"above": 0}],
    "adoption.low_adoption_products": [{"below": 80}],
    "renewal.engagements_with_renewals_due": [{"within": 31}],
    "renewal.renewals_and_losses_ytd": [{"measure": "value"}],
    "renewal.contract_value_ytd": [{"basis": "in_force"}],
    **portfolio_variants(),
    **BEYOND_VARIANTS,
    "accounts.top": [*BEYOND_VARIANTS["accounts.top"], *({"health": model["model"]} for model in HEALTHS)],
    "health.scores": HEALTHS,
    "health.distribution": HEALTHS,
    "health.opportunity": HEALTHS,
    "health.changes": [{"days": 0}, *({"days": 7, **options} for options in HEALTHS)],
    "effort.scores": [{"model": model} for model in EFFORTS],
    "segmentation.segments": SEGMENTATIONS,
    "segmentation.contact_cadence": [*SEGMENTATIONS, {"policy": WEEKLY}],
    "stack.by_customer": [{"by": "mrr", "limit": 1}, {"limit": 0}],
    "stack.by_item": [{"by": "opportunity", "limit": 1}, {"by": "aligned"}],
}
"""Options to try beside the defaults; a metric with options that has no entry fails a test."""


@attrs.frozen
class Group:
    """Metrics that read the same tables; a world of the laws holds the tables of one group, so it stays small."""

    name: str
    modules: tuple[str, ...]
    tables: tuple[str, ...]

    @property
    def worlds(self) -> Any:
        return testing.worlds(tables=self.tables)

    @property
    def calls(self) -> list[tuple[Any, dict[str, Any]]]:
        """Every metric with every variant of its options."""
        return [
            (metric, options)
            for metric in csm.catalog.metrics()
            if metric.id.split(".")[0] in self.modules
            for options in [{}, *VARIANTS.get(metric.id, [])]
        ]

    def __str__(self) -> str:
        return self.name


HEALTH_TABLES = (
    "users", "accounts", "engagements", "subscriptions", "measures", "stack_items", "stack_tags", "stack_positions"
)  # fmt: skip
GROUPS = (
    Group("success", ("overview", "risk", "adoption", "renewal"), SUCCESS_TABLES),
    Group("portfolio", ("review", "act"), PORTFOLIO_TABLES),
    Group("revenue", ("revenue",), REVENUE_TABLES),
    Group("beyond", ("coverage", "usage", "accounts"), BEYOND_TABLES),
    Group("health", ("health", "effort", "segmentation", "stack"), HEALTH_TABLES),
)
"""Each metric of the catalog stands in one of them; a test keeps it so."""
__all__ = [
    "CALLS", "GROUPS", "VARIANTS", "Group", "arguments", "canaries", "changed", "compute", "cut_by_the_view",
    "everything", "library_filters", "load", "record_keys", "row_keys", "scope", "shards", "view", "viewer_of",
]  # fmt: skip
CALLS = [call for group in GROUPS for call in group.calls]


def cut_by_the_view(metric: Any, options: dict[str, Any]) -> bool:
    """Whether a metric is cut at a median or mean of what is in view, so that parts cannot be merged."""
    cut = {**metric.defaults, **options}.get("cut")
    return cut is not None and cut.kind != "at"


def arguments(world: Any) -> dict[str, Any]:
    """A world's settings as `Portfolio.from_*` takes them."""
    return {
        "currency": world.currency,
        "rates": world.rates,
        "tz": world.tz,
        "fiscal_year_start": world.fiscal_year_start,
    }


def load(world: Any, **changed: Any) -> csm.Portfolio:
    """A world as a portfolio, through records."""
    tables = {name: changed.get(name, rows) for name, rows in world.tables.items()}
    return csm.Portfolio.from_records(**tables, **arguments(world))


def viewer_of(world: Any) -> Any:
    return csm.EVERYONE if world.viewer is None else world.viewer


def library_filters(filters: dict[str, Any] | None) -> csm.Filters | None:
    """The oracle's plain filters as the library's."""
    if filters is None:
        return None
    given = dict(filters)
    if given.get("contract_values") is not None:
        given["contract_values"] = [csm.ValueBand(low, high) for low, high in given["contract_values"]]
    return csm.Filters(**given)


def view(world: Any, portfolio: csm.Portfolio | None = None, filters: Any = None) -> csm.View:
    portfolio = portfolio or load(world)
    return portfolio.view(as_of=world.as_of, viewer=viewer_of(world), filters=library_filters(filters))


def scope(world: Any, filters: Any = None) -> Scope:
    viewer = oracle.EVERYONE if world.viewer is None else world.viewer
    told = oracle.World(
        tables=world.tables,
        currency=world.currency,
        rates=world.rates,
        tz=world.tz,
        fiscal_year_start=world.fiscal_year_start,
    )
    return Scope(told, world.as_of, viewer, filters)


def changed(world: Any, tables: dict[str, list[Any]]) -> Any:
    return attrs.evolve(world, tables=tables)
