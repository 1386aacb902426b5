"""Coverage: whose customers are in somebody's hands, and of which usage is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from .columns import Amounts
from .errors import OptionError
from .metric import metric
from .results import Part, Ratio

if TYPE_CHECKING:
    from .columns import Flags
    from .view import View

__all__ = ["csm_coverage", "usage_coverage"]

SOURCE = "GitLab CS Reporting and Dashboarding framework › Coverage"
Measure: TypeAlias = Literal["accounts", "mrr"]


@metric(
    title="CSM coverage", unit="of the portfolio", source=SOURCE, counts="accounts",
    needs=("accounts", "users"),
)  # fmt: skip
def csm_coverage(view: View, *, measure: Measure = "accounts") -> Ratio:
    """The share of the accounts in view whose owner is an active user; `measure="mrr"`: the share of their MRR.

    Accounts without an owner, and those whose owner is no longer active, are not covered. MRR is that of the
    as-of day, in the portfolio's currency, credits taken off on both sides. Nothing is excluded: every account
    stands in the denominator. No value without accounts, or without MRR.
    """
    return _covered(view, measure, lambda: view.accounts.actively_owned)


@metric(
    title="Usage coverage", unit="of the portfolio", source=SOURCE, counts="accounts",
    needs=("accounts", "usage"),
)  # fmt: skip
def usage_coverage(view: View, *, within: int = 30, measure: Measure = "accounts") -> Ratio:
    """The share of the accounts in view of which usage came in during the last `within` days, today in.

    Any row of usage will do, of any product, with or without active users: this is about what is known.
    `measure="mrr"` gives their share of the MRR on the as-of day. Nothing is excluded. No value without
    accounts, or without MRR.
    """
    days = view.last_days(within)
    return _covered(view, measure, lambda: view.usage.account.any(view.usage.on.within(days)))


def _covered(view: View, measure: Measure, find: Callable[[], Flags]) -> Ratio:
    """The share of the accounts, or of their MRR, where the flags hold."""
    if measure not in ("accounts", "mrr"):
        raise OptionError("measure", measure, ("accounts", "mrr"))
    everyone, covered = view.accounts.everything, find()
    if measure == "mrr":
        mrr = view.subscriptions.account_mrr(view.today)
        return Ratio.of_amounts(everyone, Amounts(np.where(covered, mrr.minor, 0), mrr.exponent), mrr)
    ones = everyone.only(covered, otherwise="not covered")
    return Ratio(
        everyone, ones.count, everyone.count,
        made_of=lambda: (Part.each(ones, "numerator"), Part.each(everyone, "denominator")),
    )  # fmt: skip
