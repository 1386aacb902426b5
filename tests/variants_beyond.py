"""Options to try of coverage, usage and accounts beside the defaults: each option stands in at least one variant."""

from __future__ import annotations

from typing import Any

BEYOND_TABLES = (
    "users", "accounts", "engagements", "adoption_scores", "risk_signals", "contracts", "opportunities",
    "subscriptions", "measures", "usage",
)  # fmt: skip
"""What these metrics read."""

BEYOND_VARIANTS: dict[str, list[dict[str, Any]]] = {
    "coverage.csm_coverage": [{"measure": "mrr"}],
    "coverage.usage_coverage": [{"within": 0}, {"measure": "mrr"}, {"within": 366, "measure": "mrr"}],
    "accounts.top": [{"limit": 1}],
}
