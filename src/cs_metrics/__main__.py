"""`python -m cs_metrics` is `cs-metrics`."""

from .cli import main

if __name__ == "__main__":
    raise SystemExit(main())
