"""Rules between columns and between tables: order of days, agreement, natural keys, sums."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..errors import Problem
from ..records import Kind
from .keys import KeyColumn
from .problems import Findings
from .references import Seen
from .tables import Draft
from .texts import BLOCK
from .values import NO_AMOUNT, NO_DAY, Array, Coded, Rows

__all__ = [
    "before_parents",
    "check_agreement",
    "check_kinds",
    "check_natural_key",
    "check_order",
    "check_sums",
]

SPANS = {
    "engagements": (("created_on", "closed_on"),),
    "escalations": (("opened_on", "closed_on"),),
    "risk_signals": (("opened_on", "closed_on"),),
    "contracts": (("starts_on", "ends_on"),),
    "subscriptions": (("started_on", "ended_on"), ("started_on", "cancelled_on")),
    "playbook_runs": (("started_on", "completed_on"),),
    "alerts": (("raised_on", "closed_on"),),
}
"""Where a row begins and ends. A task completed before it was written down is no contradiction."""

AGREE = ("contracts", "tasks", "adoption_scores")
"""Tables whose rows may name both an engagement and an account."""

PARENTS = ("account_id", "engagement_id", "contract_id", "subscription_id")
MOST_SUM = 2**62


def check_kinds(drafts: dict[str, Draft], findings: Findings) -> None:
    """The ids of a table and all references to it are of one kind: all int or all text."""
    spaces: dict[str, list[tuple[str, str, Seen]]] = {}
    for draft in drafts.values():
        for seen in draft.seen.get("id", ()):
            spaces.setdefault(draft.name, []).append((draft.name, "id", seen))
    for draft in drafts.values():
        for column in draft.schema.references:
            for seen in draft.seen.get(column.name, ()):
                spaces.setdefault(column.refers or "", []).append((draft.name, column.name, seen))
    for (table, name, first), *others in spaces.values():
        for other_table, other_name, seen in others:
            if seen.kind != first.kind:
                expected = f"{first.kind}, as {table}.{name} has in row {first.row} ({first.value!r})"
                values = [seen.value]
                findings.add(other_table, other_name, "key_kind", expected, values=values, structural=True)


def day_text(day: int) -> str:
    return str(np.datetime64(day, "D"))


def check_order(draft: Draft, findings: Findings) -> None:
    """No end before its start."""
    for start, end in SPANS.get(draft.name, ()):
        begins, ends = draft.array(start), draft.array(end)
        if begins is None or ends is None:
            continue
        rows = np.flatnonzero((ends < begins) & (ends != NO_DAY))
        if len(rows):
            expected = [f"a day on or after {start} {day_text(day)}" for day in begins[rows].tolist()]
            findings.add(draft.name, end, "end_before_start", expected, rows=rows)


def check_natural_key(draft: Draft, findings: Findings) -> None:
    """No two rows with one natural key."""
    parts = []
    whole = np.ones(draft.n, bool)
    for name in draft.schema.key:
        column = draft.columns.get(name)
        if column is None and name in draft.unchecked:
            column = _numbered(draft.unchecked[name])
        if column is None and draft.schema.columns[name].optional and name not in draft.supplied:
            continue  # missing in all rows
        if column is None:
            return
        codes = column.codes if isinstance(column, Coded) else column
        parts.append(codes)
        declared = draft.schema.columns[name]
        if not declared.optional:
            whole &= codes != (NO_DAY if declared.kind is Kind.DATE else -1)
    rows = np.flatnonzero(whole)
    later, first = _repeated([part[rows] for part in parts])
    if len(later):
        later, first = rows[later], rows[first]
        names = ", ".join(draft.schema.key)
        expected = [
            f"each ({names}) once; rows {a} and {b} have the same"
            for a, b in zip(first.tolist(), later.tolist(), strict=True)
        ]
        findings.add(draft.name, draft.schema.key[0], "duplicate", expected, rows=later, also=first)


def _numbered(keys: KeyColumn) -> Array:
    """Keys that refer to a table which is not there, numbered so that natural keys can be compared."""
    codes = keys.whole().dictionary_encode().indices.fill_null(-1)
    numbered: Array = codes.to_numpy(zero_copy_only=False)
    return numbered


def _repeated(parts: list[Array]) -> tuple[Rows, Rows]:
    """Rows whose values stand in an earlier row, and the first such rows."""
    nothing = np.empty(0, np.int64)
    if not parts or len(parts[0]) < 2:
        return nothing, nothing
    packed = _packed(parts)
    ordered = np.sort(packed)
    if not (ordered[1:] == ordered[:-1]).any():
        return nothing, nothing
    _, first, back = np.unique(packed, return_index=True, return_inverse=True)
    firsts = first[back]
    later = np.flatnonzero(firsts != np.arange(len(packed)))
    return later, firsts[later]


def _packed(parts: list[Array]) -> npt.NDArray[np.uint64]:
    """Several columns as one number a row: different numbers for different rows."""
    packed = np.zeros(len(parts[0]), np.uint64)
    room = 1
    for part in parts:
        low = int(part.min())
        span = int(part.max()) - low + 1
        if room * span > 2**64:
            packed = np.unique(packed, return_inverse=True)[1].astype(np.uint64)
            room = int(packed.max()) + 1
        packed = packed * np.uint64(span) + (part.astype(np.int64) - low).astype(np.uint64)
        room *= span
    return packed


def check_agreement(drafts: dict[str, Draft], findings: Findings) -> None:
    """A row that names an engagement and an account (or contract) names the engagement's own."""
    if "engagements" not in drafts:
        return
    own = drafts["engagements"].array("account_id")
    if own is None:
        return
    for draft in (drafts[table] for table in AGREE if table in drafts):
        _agree(draft, "account_id", draft.array("account_id"), own, findings)
    signals, contracts = drafts.get("risk_signals"), drafts.get("contracts")
    if signals is None or contracts is None:
        return
    contract, of_contract = signals.array("contract_id"), contracts.array("account_id")
    if contract is not None and of_contract is not None and len(of_contract):
        account = np.where(contract >= 0, of_contract[contract], -1)
        _agree(signals, "contract_id", account, own, findings)


def _agree(draft: Draft, column: str, account: Array | None, own: Array, findings: Findings) -> None:
    """Note rows whose account is not that of their engagement; `own` are the engagements' accounts."""
    engagement = draft.array("engagement_id")
    if account is None or engagement is None or not len(own):
        return
    wrong = np.zeros(draft.n, bool)
    for low in range(0, draft.n, BLOCK):
        part = slice(low, low + BLOCK)
        owner = own[engagement[part]]
        differ = (owner != account[part]) & (owner >= 0)
        wrong[part] = differ & (engagement[part] >= 0) & (account[part] >= 0)
    rows = np.flatnonzero(wrong)
    if len(rows):
        what = "a contract of the account" if column == "contract_id" else "the account"
        findings.add(draft.name, column, "agreement", f"{what} of the row's engagement", rows=rows)


def check_sums(draft: Draft, findings: Findings) -> None:
    """The amounts of a column, all with one sign, stay far from what 64 bits hold: no sum wraps."""
    for name, column in draft.schema.columns.items():
        amounts = draft.array(name) if column.kind is Kind.MONEY else None
        if amounts is not None and absolute_sum(amounts) >= MOST_SUM:
            expected = "amounts that together stay below 2**62 minor units"
            findings.add(draft.name, name, "overflow", expected, structural=True)


def absolute_sum(amounts: Array) -> int:
    """The sum of absolute values, exact where it is large; missing ones do not count."""
    rough = 0.0
    for low in range(0, len(amounts), BLOCK):
        part = amounts[low : low + BLOCK]
        rough += float(np.abs(part.astype(np.float64)).sum(where=part != NO_AMOUNT))
    if rough < MOST_SUM / 2:
        return int(rough)
    sizes = np.abs(amounts[amounts != NO_AMOUNT])
    return (int((sizes >> 32).sum()) << 32) + int((sizes & 0xFFFFFFFF).sum())


def before_parents(draft: Draft, drafts: dict[str, Draft]) -> list[Problem]:
    """Children dated before their parents: allowed, but worth a word."""
    told: list[Problem] = []
    begins = draft.array(draft.schema.begins)
    if begins is None:
        return told
    for column in draft.schema.references:
        parent = drafts.get(column.refers or "")
        if column.name not in PARENTS or parent is None:
            continue
        theirs, refs = parent.array(parent.schema.begins), draft.array(column.name)
        if theirs is None or refs is None or not len(theirs):
            continue
        rows = _earlier(begins, refs, theirs)
        if len(rows):
            told.append(_early(draft, column.name, rows))
    return told


def _earlier(begins: Array, refs: Array, theirs: Array) -> Rows:
    """Rows that begin before the rows that they refer to."""
    early = np.zeros(len(begins), bool)
    for low in range(0, len(begins), BLOCK):
        part = slice(low, low + BLOCK)
        before = begins[part] < theirs[refs[part]]
        early[part] = before & (refs[part] >= 0) & (begins[part] != NO_DAY)
    return np.flatnonzero(early)


def _early(draft: Draft, column: str, rows: Rows) -> Problem:
    examples = draft.source.values(column, rows[:3])
    expected = (
        f"a day on or after its parent's; {len(rows)} row{'s' if len(rows) > 1 else ''} begin before, "
        f"of {', '.join(map(repr, examples))}"
    )
    return Problem(table=draft.name, column=draft.schema.begins, expected=expected, code="before_parent")
