"""The names of the JSON that is published. Whoever changes what `to_dict` gives so that a reader of it could
stumble counts the version up, and publishes the schema beside the old one.
"""

from __future__ import annotations

__all__ = ["DIALECT", "RECORDS", "REPORTS", "RESULTS", "VERSION"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
VERSION = 1
RESULTS = f"urn:cs-metrics:results:{VERSION}"
REPORTS = f"urn:cs-metrics:reports:{VERSION}"
RECORDS = f"urn:cs-metrics:records:{VERSION}"
