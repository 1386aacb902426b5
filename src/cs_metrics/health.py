"""Health of accounts: scores by a model of measures, by band, what is at stake, who moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .metric import metric
from .models import DEFAULT_HEALTH, HealthModel
from .periods import as_count
from .results import Breakdown, Changes, Part, Scores

if TYPE_CHECKING:
    from .columns import Listed
    from .view import View

__all__ = ["scores", "distribution", "opportunity", "changes"]

SOURCE = "Lifecycle Insights Customer Success Dashboard › Health scoring"


@metric(
    title="Health scores", unit="accounts", source=SOURCE, counts="accounts", needs=("accounts", "measures")
)
def scores(view: View, model: HealthModel = DEFAULT_HEALTH) -> Scores:
    """Accounts with their health, 0 (worst) to 100 (best); worst first, then by id.

    Each metric's latest measure by the as-of day is put on 0 to 100 by its scale, values beyond its ends as
    these; the score is the weighted mean over the metrics that the account has (our decision), `coverage` the
    weight of these ÷ the model's. `missing="worst"` counts metrics that an account lacks as 0, so that every
    account has a score; `missing="none"` gives an account that lacks one no score. Accounts without a score are
    excluded.

    Ours: a metric that nobody in view has is no error, unless a metric in view is spelt almost alike: then it
    is taken for a slip, and is an OptionError.
    """
    accounts = view.accounts
    grades = accounts.graded(model)
    rows = accounts.everything.only(grades.known, otherwise="without a health score")
    columns: dict[str, Listed] = {
        "score": grades.scores,
        "coverage": grades.coverage,
        "band": accounts.bands(model),
    }
    return Scores(rows, columns, by=[grades.scores.values])


@metric(
    title="Accounts by health", unit="accounts", source=SOURCE, counts="accounts",
    needs=("accounts", "measures"),
)  # fmt: skip
def distribution(view: View, model: HealthModel = DEFAULT_HEALTH) -> Breakdown:
    """Accounts by health band, in the model's order, zeros included; those without a score are a bucket of
    their own. A band holds its lower bound, the highest one 100 too. Shares are of all accounts in view.
    """
    return Breakdown.by(view.accounts.everything, view.accounts.bands(model))


@metric(
    title="Opportunity by health", unit="currency", source=SOURCE, counts="stack_positions",
    needs=("stack_positions", "accounts", "measures"),
)  # fmt: skip
def opportunity(view: View, model: HealthModel = DEFAULT_HEALTH) -> Breakdown:
    """MRR and non-recurring opportunity of the stack positions that apply, by their account's health band.

    In the model's order, zeros included; what accounts without a score offer is a bucket of its own. Positions
    that do not apply are excluded. Shares are of the whole opportunity.
    """
    accounts, positions = view.accounts, view.stack_positions
    bands, rows = accounts.bands(model), positions.applicable_ones
    sums = bands.sums(positions.per_account.opportunity, accounts.everything)
    buckets = dict(zip((*model.bands, None), sums, strict=True))
    made_of = lambda: (Part.by(rows, positions.of_account(bands), positions.opportunity),)  # noqa: E731
    return Breakdown(rows, buckets, money=True, made_of=made_of)


@metric(
    title="Changes of health", unit="accounts", source=SOURCE, counts="accounts",
    needs=("accounts", "measures"),
)  # fmt: skip
def changes(view: View, model: HealthModel = DEFAULT_HEALTH, *, days: int = 30) -> Changes:
    """Accounts whose health band is another than `days` before: improved or declined; `.moves` from where to
    where.

    The band before is that of the measures up to that day. Improved is a move to a band of higher scores.
    Accounts in the same band, and those without a score now or then, are excluded. Ours: accounts are those
    that exist on the as-of day, and what is derived from accounts and stack has no history.
    """
    accounts = view.accounts
    day = view.today - as_count(days, "days")
    now, before = accounts.bands(model), accounts.bands(model, day)
    scored = accounts.everything.only(~(now.missing | before.missing), otherwise="unscored now or before")
    moved = scored.only(np.not_equal(now.codes, before.codes), otherwise="same band")
    return Changes(moved, before, now, {band: low for band, (low, _) in model.bands.items()})
