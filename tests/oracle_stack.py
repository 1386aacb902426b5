"""The stack once more, position by position, as metrics.md words it. Only positions that apply count.

`limit` cuts what is shown: `frame` has every line, `also["totals"]` is of the lines listed.

Decisions where the definitions are silent:
- by_item and opportunity read no accounts but stack_items, opportunity stack_tags too: without these they are Missing;
- untagged stands in the tree where an untagged item does, whatever it comes to;
- the share of something of nothing is None.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import attrs

from oracle_base import Answer, listing, metric
from oracle_models import aligned_of, applicable, by_account, need, opportunity_of
from oracle_scope import Record, Scope


@metric
def stack__alignment(scope: Scope) -> Answer:
    """Columns account, aligned, applicable, alignment."""
    need(scope, {"accounts", "stack_positions"})
    positions = by_account(applicable(scope.rows))
    rows = [account for account in scope.rows("accounts") if account.id in positions]
    columns: list[tuple[Any, ...]] = []
    for account in rows:
        aligned, applies = aligned_of(positions[account.id]), len(positions[account.id])
        columns.append((aligned, applies, aligned / applies))
    return listing(scope, rows, "accounts", columns)


MONEY = ("mrr", "non_recurring", "mrr_opportunity", "non_recurring_opportunity")


@attrs.frozen
class Sums:
    """What some positions come to."""

    mrr: Decimal
    non_recurring: Decimal
    mrr_opportunity: Decimal
    non_recurring_opportunity: Decimal
    aligned: int
    applicable: int

    @property
    def opportunity(self) -> Decimal:
        return self.mrr_opportunity + self.non_recurring_opportunity

    @property
    def alignment(self) -> float | None:
        return self.aligned / self.applicable if self.applicable else None

    def ranked(self, by: str) -> Decimal | Fraction:
        """What they are ranked by, exactly; of no position nothing is ranked."""
        if by == "aligned":
            return Fraction(self.aligned, self.applicable)
        assert by in ("mrr", "opportunity"), by
        return self.mrr if by == "mrr" else self.opportunity


def sums(scope: Scope, positions: list[Record]) -> Sums:
    money = dict.fromkeys(MONEY, Decimal(0))
    for position in positions:
        for column in MONEY:
            money[column] += scope.money(position, column)
    return Sums(**money, aligned=aligned_of(positions), applicable=len(positions))


@metric
def stack__by_customer(scope: Scope, *, limit: int | None = 10, by: str = "opportunity") -> Answer:
    """Columns account, mrr, non_recurring, mrr_opportunity, non_recurring_opportunity, alignment."""
    need(scope, {"accounts", "stack_positions"})
    positions = by_account(applicable(scope.rows))
    of = {account_id: sums(scope, found) for account_id, found in positions.items()}
    rows = [account for account in scope.rows("accounts") if account.id in positions]
    rows.sort(key=lambda account: (-of[account.id].ranked(by), account.id))
    columns: list[tuple[Any, ...]] = []
    for account in rows:
        found = of[account.id]
        columns.append((*(getattr(found, column) for column in MONEY), found.alignment))
    listed = []
    for account in rows[:limit]:
        listed.extend(positions[account.id])
    total = sums(scope, listed)
    answer = listing(scope, rows, "accounts", columns)
    answer.also["totals"] = {name: getattr(total, name) for name in (*MONEY, "alignment")}
    return answer


@metric
def stack__by_item(scope: Scope, *, limit: int | None = 10, by: str = "mrr") -> Answer:
    """Columns item, mrr, mrr_opportunity, non_recurring_opportunity, aligned, applicable, alignment.

    An item has one position an account, so that aligned positions are aligned accounts.
    """
    need(scope, {"stack_positions", "stack_items"})
    rows = applicable(scope.rows)
    positions: dict[Any, list[Record]] = {}
    for position in rows:
        positions.setdefault(position.item_id, []).append(position)
    of = {item_id: sums(scope, found) for item_id, found in positions.items()}
    frame = []
    for item_id in sorted(of, key=lambda item_id: (-of[item_id].ranked(by), item_id)):
        found = of[item_id]
        money = (found.mrr, found.mrr_opportunity, found.non_recurring_opportunity)
        frame.append((item_id, *money, found.aligned, found.applicable, found.alignment))
    in_scope = len(scope.rows("stack_positions"))
    return Answer(len(frame), rows, in_scope, "stack_positions", frame)


def share(part: Decimal, whole: Decimal) -> float | None:
    return float(Fraction(part) / Fraction(whole)) if whole else None


@metric
def stack__opportunity(scope: Scope) -> Answer:
    """The tree tag → item; told besides: its true total, each tag's share of all tags, each item's of its tag."""
    need(scope, {"stack_positions", "stack_items", "stack_tags"})
    rows = applicable(scope.rows)
    worth: dict[Any, Decimal] = {}
    for position in rows:
        known = worth.get(position.item_id, Decimal(0))
        worth[position.item_id] = known + opportunity_of(scope, position)
    items: dict[Any, dict[Any, Decimal]] = {}
    for item_id, amount in worth.items():
        tags = [tag.tag for tag in scope.rows("stack_tags") if tag.item_id == item_id]
        for label in tags or [None]:
            items.setdefault(label, {})[item_id] = amount
    of_tag = {tag: sum(found.values(), Decimal(0)) for tag, found in items.items()}
    value = {}
    for tag in sorted(items, key=lambda tag: (tag is None, -of_tag[tag], tag or "")):
        found = items[tag]
        value[tag] = {
            item_id: found[item_id] for item_id in sorted(found, key=lambda one: (-found[one], one))
        }
    over_tags = sum(of_tag.values(), Decimal(0))
    also = {
        "total": sum(worth.values(), Decimal(0)),
        "tag_totals": {tag: of_tag[tag] for tag in value},
        "tag_shares": {tag: share(of_tag[tag], over_tags) for tag in value},
        "item_shares": {
            tag: {item_id: share(amount, of_tag[tag]) for item_id, amount in found.items()}
            for tag, found in value.items()
        },
    }
    return Answer(value, rows, len(scope.rows("stack_positions")), "stack_positions", also=also)
