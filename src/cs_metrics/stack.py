"""The stack: how accounts line up with what is offered, and what is still to be had."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from .errors import OptionError
from .metric import metric
from .periods import as_count
from .results import Customers, Groups, Listing, Part, Tree
from .results.groups import Grouped, Quotient, summed

if TYPE_CHECKING:
    from .columns import Listed
    from .view import View

__all__ = ["alignment", "by_customer", "by_item", "opportunity"]

SOURCE = "Lifecycle Insights Customer Success Dashboard › "


@metric(
    title="Stack alignment", unit="accounts", source=SOURCE + "Stack alignment", counts="accounts",
    needs=("accounts", "stack_positions"),
)  # fmt: skip
def alignment(view: View) -> Listing:
    """Accounts with how many of the stack items that apply to them are aligned, and the share; by id.

    Accounts to which nothing applies are excluded.
    """
    positions = view.stack_positions.per_account
    rows = view.accounts.everything.only(positions.any, otherwise="nothing applicable")
    return Listing(rows, {**positions.counts(), "alignment": positions.alignment})


@metric(
    title="Stack by customer", unit="accounts", source=SOURCE + "Stack by customer", counts="accounts",
    needs=("accounts", "stack_positions"),
)  # fmt: skip
def by_customer(
    view: View, *, limit: int = 10, by: Literal["opportunity", "mrr"] = "opportunity"
) -> Customers:
    """Accounts with the MRR and non-recurring revenue, current and to be had, of the positions that apply to
    them, and the share of these that is aligned; largest first, then by id. `.totals` is what the first
    `limit` come to together.

    Opportunity is MRR and non-recurring opportunity together, whatever is aligned: it is what the row says.
    Accounts to which nothing applies are excluded.
    """
    positions = view.stack_positions.per_account
    rows = view.accounts.everything.only(positions.any, otherwise="nothing applicable")
    columns: dict[str, Listed] = {**positions.money(), "alignment": positions.alignment}
    worth = {"opportunity": positions.opportunity, "mrr": positions.mrr}
    if by not in tuple(worth):
        raise OptionError("by", by, worth)
    return Customers(rows, columns, positions, by=[-worth[by].minor], limit=as_count(limit, "limit"))


@metric(
    title="Stack by item", unit="items", source=SOURCE + "Stack alignment", counts="stack_positions",
    needs=("stack_positions", "stack_items"),
)  # fmt: skip
def by_item(view: View, *, limit: int = 10, by: Literal["mrr", "opportunity", "aligned"] = "mrr") -> Groups:
    """Stack items with the MRR, and the MRR and non-recurring opportunity, of the positions that apply, at how
    many accounts the item is aligned, to how many it applies, and the share; largest first, then by id.

    `by="opportunity"` ranks by both opportunities together, `"aligned"` by the share of accounts that are
    aligned. Items that apply to nobody in view have no line; positions that do not apply are excluded.
    """
    ranking = {"mrr": ("mrr",), "opportunity": ("opportunity",), "aligned": ("alignment",)}
    if by not in tuple(ranking):
        raise OptionError("by", by, ranking)
    positions, items = view.stack_positions, view.stack_items
    found = positions.per_item
    columns: dict[str, Grouped | Quotient] = {
        "mrr": summed(found.mrr),
        "mrr_opportunity": summed(found.mrr_opportunity),
        "non_recurring_opportunity": summed(found.non_recurring_opportunity),
        "opportunity": summed(found.opportunity),
        **{name: summed(count) for name, count in found.counts().items()},
        "alignment": Quotient("aligned", "applicable"),
    }
    return Groups(
        positions.applicable_ones,
        "item",
        items.labels,
        columns,
        by=ranking[by],
        hidden=("opportunity",),
        occurs=found.any,
        limit=as_count(limit, "limit"),
        label_kind="id",
    )


@metric(
    title="Stack opportunity", unit="currency", source=SOURCE + "Stack opportunity",
    counts="stack_positions", needs=("stack_positions", "stack_items", "stack_tags"),
)  # fmt: skip
def opportunity(view: View) -> Tree:
    """MRR and non-recurring opportunity of the positions that apply, by tag and, within it, by item; largest
    first, then by label.

    An item stands under each of its tags, items without a tag under None, last. An item's share is of its
    tag's opportunity, a tag's share of the sum over tags; `.total` counts every position once. Positions that
    do not apply are excluded; an item that applies to nobody in view does not stand.
    """
    positions, items = view.stack_positions, view.stack_items
    found = positions.per_item
    occurring = found.any.nonzero()[0]
    labels = items.ids(occurring)
    tags = view.stack_tags.of_items()
    minor = found.opportunity.minor[occurring].tolist()
    tagged = {label: tags[item] for label, item in zip(labels, occurring.tolist(), strict=True)}
    rows = positions.applicable_ones
    made_of = lambda: Part.by(rows, positions.items, positions.opportunity)  # noqa: E731
    return Tree(rows, dict(zip(labels, minor, strict=True)), tagged, made_of=made_of)
