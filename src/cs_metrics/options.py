"""What a viewer's filters can be set to: only what that viewer can see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import OptionError
from .models import DEFAULT_HEALTH, SEGMENTS
from .narrow import ACCOUNT_FILTERS, ENGAGEMENT_FILTERS
from .scope import own

if TYPE_CHECKING:
    from .columns import Array, Codes, Flags
    from .filters import Filters
    from .view import View

__all__ = ["options"]

OFFERED = ("owners", *ACCOUNT_FILTERS, "accounts", *ENGAGEMENT_FILTERS, "customer_segments", "health_bands")


def options(view: View, name: str, filters: Filters | None = None) -> list[Any]:
    """The values that occur in an unfiltered view, in order; of segments and bands all there may be."""
    if not isinstance(name, str):
        raise OptionError("name", name, OFFERED)
    if name == "owners":
        users = view.users
        return sorted(users.ids(np.arange(users.n)))
    if name == "accounts":
        table = view.portfolio.table("accounts")
        assert table.keys is not None
        return sorted(table.keys.take(table.order[_accounts(view)]))
    if name in ACCOUNT_FILTERS:
        return _words(own(view.portfolio.table("accounts"), ACCOUNT_FILTERS[name], _accounts(view)))
    if name in ENGAGEMENT_FILTERS:
        engagements = view.engagements
        return _words(getattr(engagements, ENGAGEMENT_FILTERS[name]), engagements.everything.flags)
    if name == "customer_segments":
        return list(SEGMENTS)
    if name == "health_bands":
        model = None if filters is None else filters.health_model
        return list((model or DEFAULT_HEALTH).bands)
    raise OptionError("name", name, OFFERED)


def _accounts(view: View) -> Array:
    """The accounts in scope, and those of the engagements in scope."""
    accounts = view.accounts
    found = [accounts.whole_numbers(accounts.everything.index)]
    if view.has("engagements"):
        engagements = view.engagements
        found.append(engagements.values("account_id")[engagements.everything.flags])
    return np.unique(np.concatenate(found))


def _words(codes: Codes, rows: Flags | None = None) -> list[Any]:
    """The labels that occur, in their order."""
    occurring = codes.codes if rows is None else codes.codes[rows]
    return [codes.labels[code] for code in np.unique(occurring).tolist() if code >= 0]
