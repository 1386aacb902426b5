"""Usage: who uses what of the licences there are, account by account and product by product."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .metric import metric
from .results import Groups, Listing
from .results.groups import Difference, Grouped, Quotient, summed
from .results.ordering import Parents

if TYPE_CHECKING:
    from .view import View

__all__ = ["adoption", "summary"]

SOURCE = "GitLab CS Reporting and Dashboarding framework › Detailed usage reporting"
BEFORE = 30
"""A share is compared with that of so many days before."""


@metric(
    title="Usage by account", unit="accounts and products", source=SOURCE, counts="usage",
    needs=("usage", "accounts"),
)  # fmt: skip
def adoption(view: View) -> Listing:
    """Accounts and products with their active and licensed users, by the latest row until the as-of day.

    `share` is active ÷ licensed users, more than 1 where more people use it than pay; none where licences are
    missing or 0. `share_before` is that of the latest row until 30 days before, `change` the difference, none
    where either is. By account, then product. Earlier rows are excluded.
    """
    usage = view.usage
    now, before = usage.shares_on(view.today), usage.shares_on(view.today - BEFORE)
    return Listing(
        usage.latest_ones,
        {
            "product": usage.product,
            "active_users": usage.active_users,
            "licensed_users": usage.licensed_users,
            "share": now,
            "share_before": before,
            "change": now.since(before),
        },
        id_column=("account", Parents(usage, "account_id")),
        ties=("account_id", "product"),
    )


@metric(title="Usage by product", unit="products", source=SOURCE, counts="usage", needs=("usage", "accounts"))
def summary(view: View) -> Groups:
    """Products with the number of accounts that use them, their active users and their licences; by product.

    Summed over the latest row of each account until the as-of day. `share` is active ÷ licensed users of the
    accounts that have licences, the others left out on both sides; `share_before` the same 30 days before,
    `change` the difference; none where there are no licences. Earlier rows are excluded.
    """
    usage = view.usage
    now, before = usage.by_product(view.today), usage.by_product(view.today - BEFORE)
    columns: dict[str, Grouped | Quotient | Difference] = {
        "accounts": summed(now.accounts),
        "active_users": summed(now.active),
        "licensed_users": summed(now.told),
        "licensed": summed(now.licensed),
        "active_of_licensed": summed(now.active_of_licensed),
        "active_before": summed(before.active_of_licensed),
        "licensed_before": summed(before.licensed),
        "share": Quotient("active_of_licensed", "licensed"),
        "share_before": Quotient("active_before", "licensed_before"),
        "change": Difference("share", "share_before"),
    }
    hidden = ("licensed", "active_of_licensed", "active_before", "licensed_before")
    known = now.accounts.values > 0
    return Groups(usage.latest_ones, "product", usage.product.labels, columns, hidden=hidden, occurs=known)
