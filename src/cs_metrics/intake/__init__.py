"""The ways in: frames, records and files to checked and coded columns."""

from __future__ import annotations

from .database import read_database
from .folder import folder_settings, read_folder
from .frames import Source, open_frame
from .ids import Keys
from .load import Loaded, LoadedTable, load
from .objects import from_records
from .sources import OWN, SOURCES, propose, read_source
from .values import NO_AMOUNT, NO_DAY, NO_INT, Coded

__all__ = [
    "NO_AMOUNT",
    "NO_DAY",
    "NO_INT",
    "OWN",
    "SOURCES",
    "Coded",
    "Keys",
    "Loaded",
    "LoadedTable",
    "Source",
    "folder_settings",
    "from_records",
    "load",
    "open_frame",
    "propose",
    "read_database",
    "read_folder",
    "read_source",
]
