"""What is done with customers, and who they are: playbooks, alerts, activities, contacts."""

from __future__ import annotations

from ..columns import Codes, Dates, Flags, Refs
from ..scope import ViewTable

__all__ = ["Activities", "Alerts", "Contacts", "PlaybookRuns"]


class Contacts(ViewTable):
    account: Refs
    role: Codes
    created_on: Dates


class PlaybookRuns(ViewTable):
    playbook: Codes
    account: Refs
    status: Codes
    started_on: Dates
    due_on: Dates
    completed_on: Dates


class Alerts(ViewTable):
    name: Codes
    kind: Codes
    account: Refs
    raised_on: Dates
    closed_on: Dates
    action_defined: Flags


class Activities(ViewTable):
    account: Refs
    kind: Codes
    performed_on: Dates
