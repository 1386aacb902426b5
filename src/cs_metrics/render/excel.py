"""A report as a workbook: what is in it first, then one sheet a metric, with real numbers and days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import OptionError
from ..results import Listing, Result
from . import shape
from .export import columns_of, summary
from .facts import facts_of
from .local import style, written_for

if TYPE_CHECKING:
    from ..report import ReportResult

__all__ = ["to_excel"]

MOST_ROWS = 1_048_576 - 1
MOST_LETTERS = 32_767
EXACT = 15
"""So many digits of a number a workbook keeps; one of more stands as text."""
FIRST_YEAR = 1900
NO_FORMULAS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
UNWRITTEN = dict.fromkeys((*range(0xD800, 0xE000), 0xFFFE, 0xFFFF), "\ufffd")
WIDE, NARROW, LOOKED_AT = 60, 8, 100


def to_excel(found: ReportResult, path: Path, locale: str | None = None) -> None:
    try:
        import xlsxwriter
    except ImportError:
        raise OptionError(
            "path",
            str(path),
            'a workbook only where xlsxwriter is installed: pip install "cs-metrics[excel]"',
        ) from None
    try:
        with written_for(locale), xlsxwriter.Workbook(str(path), NO_FORMULAS) as book:
            _fill(book, found)
    except xlsxwriter.exceptions.FileCreateError as error:
        raise error.args[0] from None  # the OSError that says which file, and why


def _fill(book: Any, found: ReportResult) -> None:
    made = dt.datetime.combine(max(found.as_of, dt.date(FIRST_YEAR + 80, 1, 1)), dt.time())
    book.set_properties({"title": found.title, "created": made})  # this library has no clock
    looks = _Looks(book, found)
    names = _sheet_names(found)
    contents = book.add_worksheet("Contents")
    _contents(contents, found, names, looks)
    for metric, name in names.items():
        result = found.results[metric]
        if isinstance(result, Result):
            _sheet(book.add_worksheet(name), result, looks)


class _Looks:
    """The formats of a workbook's cells, each made once."""

    def __init__(self, book: Any, found: ReportResult) -> None:
        manner = style()
        digits = found.context.exponent
        currency = found.context.currency
        decimals = f".{'0' * digits}" if digits else ""
        plain = f'#,##0{decimals} "{currency}"'
        self.head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        self.top = book.add_format({"valign": "top"})
        self.link = book.add_format({"font_color": "#1a56b8", "underline": 1, "valign": "top"})
        self.text = book.add_format({"num_format": "@"})
        self.money = book.add_format(
            {"num_format": manner.money_pattern(currency, digits) if manner else plain}
        )
        self.day = book.add_format({"num_format": manner.day_pattern() if manner else "yyyy-mm-dd"})
        self.count = book.add_format({"num_format": "#,##0"})
        self.number = book.add_format({"num_format": "#,##0.00"})
        self.share = book.add_format({"num_format": "0.0%"})
        self.id = book.add_format({"num_format": "0"})


def _sheet_names(found: ReportResult) -> dict[str, str]:
    """A sheet's name for each metric: its function's, cut to what a workbook allows, each once."""
    names: dict[str, str] = {}
    taken = {"contents"}
    for metric in found.results:
        whole = metric.rpartition(".")[2]
        name, number = whole[:31], 1
        while name.lower() in taken:
            number += 1
            name = f"{whole[: 30 - len(str(number))]}~{number}"
        taken.add(name.lower())
        names[metric] = name
    return names


def _contents(sheet: Any, found: ReportResult, names: Mapping[str, str], looks: _Looks) -> None:
    """The first sheet: who looked, when, at what, and each metric with the way to its sheet."""
    sheet.write_string(0, 0, _text(found.title), looks.title)
    facts = facts_of(found)
    for row, (name, said) in enumerate(facts.items(), 1):
        sheet.write_string(row, 0, name)
        if name == "As of":
            _write(sheet, (row, 1), found.as_of, looks.day, looks)
        else:
            sheet.write_string(row, 1, _text(said))
    columns = {name: values for name, values in summary(found).items() if name not in facts}
    top = len(facts) + 2
    for column, (name, values) in enumerate(columns.items()):
        sheet.write_string(top, column, name, looks.head)
        for row, value in enumerate(values, top + 1):
            look = looks.wrapped if name in ("definition", "left out") else looks.top
            metric = columns["metric"][row - top - 1]
            if name == "title" and isinstance(found.results[metric], Result):
                sheet.write_url(row, column, f"internal:'{names[metric]}'!A1", looks.link, _text(value))
            else:
                sheet.write_string(row, column, _text(value), look)
    for column, width in enumerate((14, 34, 34, 16, 18, 40, 80, 36)):
        sheet.set_column(column, column, width)
    sheet.freeze_panes(top + 1, 0)
    sheet.autofilter(top, 0, top + len(found.results), len(columns) - 1)


def _sheet(sheet: Any, result: Result, looks: _Looks) -> None:
    columns = columns_of(result)
    kinds = result._types if isinstance(result, Listing) else {}
    longest = 0
    for column, (name, values) in enumerate(columns.items()):
        shown = values[:MOST_ROWS]
        longest = max(longest, len(shown))
        sheet.write_string(0, column, _text(shape.spoken_name(name)), looks.head)
        look = _look(name, kinds.get(name), shown, looks)
        for row, value in enumerate(shown, 1):
            _write(sheet, (row, column), value, look, looks)
        widest = max((len(str(value)) for value in shown[:LOOKED_AT]), default=0)
        sheet.set_column(column, column, min(WIDE, max(NARROW, widest, len(name)) + 2))
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, longest, max(len(columns) - 1, 0))


def _look(name: str, kind: str | None, values: list[Any], looks: _Looks) -> Any:
    """How a column's numbers look: by its kind where that is known, else by what is in it."""
    known = [value for value in values if value is not None]
    if kind == "id":
        return looks.id
    if any(isinstance(value, Decimal) for value in known):
        return looks.money
    if any(isinstance(value, float | Fraction) for value in known):
        return looks.share if "share" in name or name in ("alignment", "coverage") else looks.number
    if any(isinstance(value, dt.date) for value in known):
        return looks.day
    return looks.count


def _write(sheet: Any, place: tuple[int, int], value: Any, look: Any, looks: _Looks) -> None:
    """One cell: a number or a day as such where a workbook can hold it, all else as text that does nothing."""
    if value is None or value != value:
        return
    if isinstance(value, bool):
        sheet.write_boolean(*place, value)
    elif isinstance(value, dt.date) and value.year > FIRST_YEAR:
        sheet.write_datetime(*place, dt.datetime.combine(value, dt.time()), look)
    elif isinstance(value, float | Fraction) or _is_exact(value):
        sheet.write_number(*place, float(value), look)
    else:
        sheet.write_string(*place, _text(str(value)), looks.text)


def _is_exact(value: Any) -> bool:
    """Whether a workbook keeps all digits of a number."""
    return isinstance(value, int | Decimal) and len(str(value).lstrip("-").replace(".", "")) <= EXACT


def _text(text: str) -> str:
    """A text as long as a cell holds, without the letters that a workbook cannot."""
    text = text.translate(UNWRITTEN)
    return text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 1]}…"
