"""Vendors' exports: files as ServiceNow, CustomerSuccessBox, Salesforce and HubSpot write them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ...errors import DataError, Problem
from .apply import apply
from .mappings import OWN, SOURCES, mapping_of
from .propose import Proposal, propose

__all__ = ["OWN", "SOURCES", "Proposal", "propose", "read_source"]


def read_source(
    source: str, folder: str | os.PathLike[str], mapping: Any = None
) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    """The tables of a folder of a vendor's exports, and notes on what was left out or read by a rule."""
    told = mapping_of(source, mapping)
    place = Path(folder)
    if not place.is_dir():
        expected = f"a folder of exports of {told.title}"
        raise DataError([Problem(table="portfolio", value=str(folder), expected=expected, code="folder")])
    return apply(told, place)
