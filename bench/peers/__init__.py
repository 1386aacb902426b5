"""The Success report written by hand on other engines, everything prepared, to compare with."""
