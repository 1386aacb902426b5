"""Accounts one by one: the largest of them in a row each, and all that there is to know of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from . import adoption, details, review, stack, usage
from . import health as healths
from .columns import Dates, Numbers
from .errors import NotVisible, shown
from .filters import Filters, as_plain
from .metric import check_view, metric
from .models import DEFAULT_HEALTH, HealthModel
from .periods import as_count
from .report import Audience, Purpose, Report, ReportResult, Section, Unavailable, settle_models
from .results import Listing, Trend
from .view import View

if TYPE_CHECKING:
    from .columns import Listed
    from .results import Result

__all__ = ["top"]

SOURCE = "GitLab CS Reporting and Dashboarding framework › "


@metric(
    title="Top customers", unit="accounts", source=SOURCE + "Top customer report", counts="accounts",
    needs=("accounts", "subscriptions"),
    states=(
        "accounts.segment", "contracts.state", "contracts.renewal_stage", "opportunities.stage",
        "subscriptions.status",
    ),
)  # fmt: skip
def top(view: View, *, limit: int = 10, health: HealthModel = DEFAULT_HEALTH) -> Listing:
    """Accounts with MRR, health, adoption, next renewal, risk and segment in a row each; the largest MRR first.

    MRR, health (the score under the health model) and product adoption health are those of the as-of
    day. `next_renewal_on` is the first day from then on on which one of its active subscriptions is billed or an
    undecided contract in force ends. `risk_signals` counts the active ones of its open engagements in view.
    Segment is the account's own.

    Ties: by id. `limit` cuts what is shown; nothing is excluded. Ours: a column is empty where the tables that
    it reads were not supplied; only accounts and subscriptions cannot be done without.
    """
    accounts = view.accounts
    mrr = view.subscriptions.account_mrr(view.today)
    columns: dict[str, Listed] = {
        "mrr": mrr,
        "health": accounts.graded(health).scores if view.has("measures") else _nothing(view),
        "adoption": _adoption(view),
        "next_renewal_on": _next_renewal(view),
        "risk_signals": accounts.active_signals
        if view.has("risk_signals") and view.has("engagements")
        else _nothing(view),
        "segment": accounts.segment,
    }  # fmt: skip
    return Listing(accounts.everything, columns, by=[-mrr.minor], limit=as_count(limit, "limit"))


def _nothing(view: View) -> Numbers:
    """A column of accounts of which nothing is known."""
    return Numbers(np.full(view.accounts.n, np.nan))


def _adoption(view: View) -> Listed:
    if not view.has("adoption_scores"):
        return _nothing(view)
    found: Listed = view.adoption_scores.adoption_on(view.today)
    return found


def _next_renewal(view: View) -> Dates:
    """The first day from the as-of day on on which something of each account in view renews."""
    subscriptions = view.subscriptions
    ahead = subscriptions.active & subscriptions.next_billing_on.not_before(view.today)
    billed = subscriptions.account.earliest(subscriptions.next_billing_on, ahead)
    if not view.has("contracts"):
        return billed
    contracts = view.contracts
    ends = contracts.account.earliest(contracts.ends_on, contracts.undecided_in_force)
    return Dates(np.minimum(billed.days, ends.days))


# the profile of one account -----------------------------------------------------------------------------------


@attrs.frozen(kw_only=True, eq=False, getstate_setstate=False)
class Profile(ReportResult):
    """All that there is to know of one account: a computed report, with the account's id and its parts by name."""

    account_id: Any

    @property
    def value(self) -> dict[str, Any]:
        """The sections in plain Python: by section, by metric ("contracts"), a number or a list of rows.

        A row is a dict by column; None stands where a table was not supplied.
        """
        return {
            title: {
                metric.id.partition(".")[2]: _plain(self.results[metric.id]) for metric in section.metrics
            }
            for title, section in ((section.title.lower(), section) for section in self.report.sections)
        }

    def __repr__(self) -> str:
        return f"<profile of {shown(self.account_id)} on {self.as_of.isoformat()}>"


def _plain(found: Result | Unavailable) -> Any:
    """A result in plain Python: the rows of a listing, else its value."""
    if isinstance(found, Unavailable):
        return None
    if isinstance(found, Listing):
        return [dict(zip(found.names, line, strict=True)) for line in found.head(found.value)]
    if isinstance(found, Trend):
        return {"now": found.value, "before": found.previous.value, "change": found.change}
    return found.value


@attrs.frozen(kw_only=True)
class AccountReport(Report):
    """A report of one account, by `compute(view, account_id=...)`; without it of all accounts in view."""

    def compute(self, view: View, *, account_id: Any = None, **options: Any) -> ReportResult:
        """Every metric of the report over what is in view of the account.

        Raises:
            NotVisible: no such account is in view.
        """
        if account_id is None:
            return Report.compute(self, view, **options)
        alone = view_of_one(view, account_id)
        found = Report.compute(self, alone, **options)
        return Profile(report=self, view=alone, results=found.results, account_id=account_id)


C360 = AccountReport(
    id="c360",
    title="Customer 360",
    purpose=Purpose.INSIGHT,
    audiences=(
        Audience.CSM,
        Audience.CSM_MANAGER,
        Audience.ANALYTICS,
        Audience.LEADERSHIP,
        Audience.EXECUTIVE,
    ),
    source=SOURCE + "C360",
    settle=settle_models,
    sections=(
        Section("Account", (details.account,)),
        Section("Contracts", (details.contract_value, details.contracts)),
        Section("MRR", (review.active_mrr, details.subscriptions)),
        Section("Usage", (usage.adoption,)),
        Section("Health", (healths.scores, review.product_adoption_health, details.engagements)),
        Section("Risk", (details.risk_signals, adoption.low_adoption_products)),
        Section("Tasks", (details.tasks,)),
        Section("Touchpoints", (details.touchpoints,)),
        Section("Playbooks", (details.playbooks,)),
        Section("Stack", (stack.alignment, details.stack)),
        Section("Campaigns", (details.attributed, details.campaigns)),
        Section("Propensities", (details.propensities,)),
    ),
)
"""All that there is to know of accounts; `accounts.profile` and `reports.c360` compute it over one of them."""


def profile(view: View, account_id: Any) -> Profile:
    """All that there is to know of one account in view: the C360.

    Contracts, MRR, usage, health, risk signals, tasks, touchpoints, playbooks, stack, campaigns with what is
    attributed to them, and propensities; each is a result, with its rows. What the viewer may not see of the
    account's, such as engagements that others own, is not in it. It is not a metric of the catalog: nobody has a
    default account.

    >>> view = csm.samples.portfolio(engagements=50).view(as_of="2026-06-30", viewer=csm.EVERYONE)
    >>> csm.accounts.profile(view, "A0000001").value["contracts"]["contract_value"]
    Decimal('...')

    Raises:
        NotVisible: no such account is in view: it is outside the viewer's scope or the filters, does not exist
            yet, or never did. The words are the same.
    """
    check_view(view)
    if account_id is None:
        raise not_visible(account_id)
    found = C360.compute(view, account_id=account_id)
    assert isinstance(found, Profile)
    return found


def not_visible(account_id: Any) -> NotVisible:
    """What is said of an account outside the scope, and of one that does not exist."""
    return NotVisible(f"no account {shown(account_id)} is in view")


def only_account(filters: Filters | None, account_id: Any) -> Filters:
    """Filters that keep one account at most: those given, narrowed down."""
    account_id = as_plain(account_id)
    if isinstance(account_id, bool) or not isinstance(account_id, int | str):
        raise not_visible(account_id)
    chosen = filters or Filters()
    among = frozenset({account_id}) if chosen.accounts is None else chosen.accounts & {account_id}
    return attrs.evolve(chosen, accounts=among)


def view_of_one(view: View, account_id: Any) -> View:
    """What is in view of one account, and nothing else."""
    filters = only_account(view.filters, account_id)
    alone = view.portfolio.view(as_of=view.as_of, viewer=view.viewer, filters=filters)
    if not alone.accounts.everything.count:
        raise not_visible(account_id)
    return alone
