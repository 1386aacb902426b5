"""Revenue: where monthly recurring revenue comes from and goes to, who stays, and what is to be expected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from .errors import OptionError
from .exact import weighted_sum
from .metric import metric
from .periods import as_count
from .results import Cohorts, Forecast, Monthly, Part, Ratio, TopShare

if TYPE_CHECKING:
    from .view import View

__all__ = [
    "mrr_movements",
    "net_revenue_retention",
    "gross_revenue_retention",
    "logo_retention",
    "quick_ratio",
    "cohorts",
    "concentration",
    "renewal_forecast",
]

TERMS = "Standard terms of the field"
BILLING = ("subscriptions", "accounts")


@metric(
    title="MRR movements",
    unit="currency",
    source=TERMS,
    counts="subscriptions",
    needs=BILLING,
    states=("subscriptions.status",),
)
def mrr_movements(view: View, *, months: int = 12, gap_days: int = 0) -> Monthly:
    """What moved monthly recurring revenue in the last calendar months, the current one so far.

    By account, its MRR at the month's last day (for the current month the as-of day) against that at the last
    day of the month before. `new`: from 0, and its first MRR on any day falls in the month; `reactivation`:
    from 0, after having had some; `churn`: to 0; else `expansion` or `contraction`, by the difference.
    `opening` + new + reactivation + expansion - contraction - churn = `closing`, to the cent, every month.

    Our decisions: credits move MRR too, so an account has MRR where it is not 0. A gap of at most `gap_days`
    days without MRR between two days with it is no churn: the account keeps over it what it had on its eve; a
    gap that is not over on the as-of day is churn.

    Rows are the subscriptions that counted on some day by then. In the portfolio's currency. An empty portfolio
    gives zeros.
    """
    subscriptions = view.subscriptions
    moved = subscriptions.movements((as_count(months, "months"), as_count(gap_days, "gap_days")))
    series = {"opening": moved.opening, **moved.kinds, "closing": moved.closing}
    by_month = {name: dict(zip(moved.months, line, strict=True)) for name, line in series.items()}
    return Monthly(subscriptions.ever_active, by_month, money=True, adds_up=False)


@metric(
    title="Net revenue retention",
    unit="share of MRR",
    source=TERMS,
    counts="accounts",
    needs=BILLING,
    states=("subscriptions.status",),
)
def net_revenue_retention(view: View, *, months: int = 12) -> Ratio:
    """What the accounts that had MRR `months` ago have on the as-of day, as a share of what they had then.

    Then is the same day so many months before, the month's last where it has no such day. Accounts without MRR
    then, and those with credits only, are excluded: growth by new accounts does not count. No value where
    nobody had any.
    """
    then, now, rows = view.subscriptions.retained(as_count(months, "months"))
    return Ratio.of_amounts(rows, now, then)


@metric(
    title="Gross revenue retention",
    unit="share of MRR",
    source=TERMS,
    counts="accounts",
    needs=BILLING,
    states=("subscriptions.status",),
)
def gross_revenue_retention(view: View, *, months: int = 12) -> Ratio:
    """As net revenue retention, but no account counts for more than it had: what was kept, without expansion.

    The smaller of what an account has and had is added up, account by account; excluded are the same. No value
    where nobody had any.
    """
    then, now, rows = view.subscriptions.retained(as_count(months, "months"))
    return Ratio.of_amounts(rows, then.at_most(now), then)


@metric(
    title="Logo retention",
    unit="share of accounts",
    source=TERMS,
    counts="accounts",
    needs=BILLING,
    states=("subscriptions.status",),
)
def logo_retention(view: View, *, months: int = 12) -> Ratio:
    """The share of the accounts with MRR `months` ago that have MRR on the as-of day, whatever the amount.

    Then is the same day so many months before, the month's last where it has no such day. No value where
    nobody had any.
    """
    _, now, rows = view.subscriptions.retained(as_count(months, "months"))
    stayed = rows.only(now.minor > 0, otherwise="without MRR now")
    parts = {("numerator",): stayed.flags, ("denominator",): rows.flags}
    return Ratio(rows, stayed.count, rows.count, made_of=lambda: (Part.split(rows, parts),))


@metric(
    title="Quick ratio",
    unit="gained for 1 lost",
    source=TERMS,
    counts="subscriptions",
    needs=BILLING,
    states=("subscriptions.status",),
)
def quick_ratio(view: View, *, months: int = 12, gap_days: int = 0) -> Ratio:
    """New, reactivated and expanded MRR of the last calendar months for each unit contracted and churned.

    The sums of the movements of these months (see mrr_movements). No value where nothing was lost.
    """
    subscriptions = view.subscriptions
    moved = subscriptions.movements((as_count(months, "months"), as_count(gap_days, "gap_days")))
    return Ratio.of_money(subscriptions.ever_active, moved.gained, moved.lost)


@metric(
    title="Cohorts",
    unit="accounts",
    source=TERMS,
    counts="subscriptions",
    needs=BILLING,
    states=("subscriptions.status",),
)
def cohorts(
    view: View,
    *,
    by: Literal["month", "quarter"] = "month",
    measure: Literal["accounts", "mrr"] = "accounts",
) -> Cohorts:
    """Accounts by the calendar month or quarter of their first MRR, and what is left of each at every period's
    end since, from its own period to the current one (on the as-of day).

    `measure="accounts"` counts the accounts that have MRR then, `"mrr"` adds it up, in the portfolio's currency;
    `.shares()` is of the first number. Our decisions: the first number is that of the end of the cohort's own
    period, so who came and left within it is in none; a period in which nobody came is no cohort.

    Rows are the subscriptions that counted on some day by the as-of day. An empty portfolio gives no cohorts.
    """
    if by not in ("month", "quarter"):
        raise OptionError("by", by, ("month", "quarter"))
    if measure not in ("accounts", "mrr"):
        raise OptionError("measure", measure, ("accounts", "mrr"))
    subscriptions, money = view.subscriptions, measure == "mrr"
    cells = subscriptions.timeline.cohorts(view.today, {"month": 1, "quarter": 3}[by], money)
    return Cohorts(subscriptions.ever_active, cells, by=by, money=money)


@metric(
    title="MRR concentration",
    unit="share of MRR",
    source=TERMS,
    counts="accounts",
    needs=BILLING,
    states=("subscriptions.status",),
)
def concentration(view: View, *, limit: int = 10) -> Ratio:
    """The share of the `limit` accounts with the largest MRR on the as-of day in that of all accounts.

    Accounts without MRR, and those with credits only, are excluded. No value where there is no MRR.
    """
    mrr = view.subscriptions.account_mrr(view.today).minor
    rows = view.accounts.everything.only(mrr > 0, otherwise="without MRR")
    return TopShare(rows, mrr[rows.index], as_count(limit, "limit"))


@metric(
    title="Renewal forecast",
    unit="currency",
    source=TERMS,
    counts="contracts",
    states=("contracts.state", "contracts.renewal_stage", "opportunities.stage"),
)
def renewal_forecast(view: View, *, within: int = 90) -> Forecast:
    """The value of the active and expired contracts that end in the next `within` days, today in.

    `due` is all of it, `won` and `lost` what was decided by the as-of day, `open` the rest. `expected` is what
    was won, and of each open contract its value times 1 - the latest churn propensity of its account; the
    whole of it where there is none, or where propensities were not supplied. It is added up exactly and
    rounded once, half to even. In the portfolio's currency; an empty portfolio gives zeros.
    """
    contracts, decisions = view.contracts, view.contracts.decisions
    ending = contracts.ends_on.within(view.next_days(within))
    due = contracts.signed_ones.only(ending, otherwise="does not end in these days")
    parts = {"won": decisions.won, "lost": decisions.lost, "open": contracts.undecided}
    sums = {name: contracts.value.sum(due.flags & part) for name, part in parts.items()}
    churn = contracts.churn
    at_risk = due.flags & contracts.undecided & (churn > 0)
    lost = weighted_sum(contracts.value.minor[at_risk], churn[at_risk])
    buckets = {"due": contracts.value.sum(due.flags), **sums}
    return Forecast(due, buckets, sums["won"] + sums["open"] - lost)
