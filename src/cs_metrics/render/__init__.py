"""Results for people: as plain text and as one page. What they say is decided once, in `shape`."""
