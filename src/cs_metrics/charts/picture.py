"""A picture of a result: a Vega-Lite specification that draws itself without a browser and without a network."""

from __future__ import annotations

import base64
import copy
import hashlib
import html
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import vl_convert

from ..errors import OptionError

if TYPE_CHECKING:
    from .words import Words

__all__ = ["Chart"]

VEGA_LITE = "6.4"
SUFFIXES = (".png", ".svg", ".html")
MIME = "application/vnd.vegalite.v6+json"
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>body {{ margin: 1rem; font-family: sans-serif; background: #fff; color: #1f2933; }}</style>
</head>
<body>
<div id="picture"></div>
<script type="application/json" id="spec">{spec}</script>
<script>{library}</script>
<script>{start}</script>
</body>
</html>
"""
START = """
const given = JSON.parse(document.getElementById("spec").textContent);
const refuse = {load: () => Promise.reject(new Error("nothing is loaded")),
                sanitize: () => Promise.reject(new Error("nothing is linked"))};
vegaEmbed("#picture", given.spec, {
  ast: true, actions: false, renderer: "svg", loader: refuse,
  formatLocale: given.numbers, timeFormatLocale: given.times,
});
"""


class Chart:
    """A picture of one result. `.save("x.png")`, `.svg` or `.html`; notebooks show it as it is.

    `.data` are the rows drawn, `.spec` the Vega-Lite specification that draws them.
    """

    def __init__(
        self, spec: Mapping[str, Any], data: Sequence[Mapping[str, Any]], words: Words, title: str
    ) -> None:
        self._spec = dict(spec)
        self._data = [dict(row) for row in data]
        self._words = words
        self._title = title

    @property
    def spec(self) -> dict[str, Any]:
        """The Vega-Lite specification, data and look included."""
        return copy.deepcopy(self._spec)

    @property
    def data(self) -> list[dict[str, Any]]:
        """The rows drawn, as plain Python."""
        return copy.deepcopy(self._data)

    def to_dict(self) -> dict[str, Any]:
        """The Vega-Lite specification: the same as `.spec`."""
        return self.spec

    @property
    def altair(self) -> Any:
        """The picture as an Altair chart, to be changed or combined with others."""
        import altair as alt

        return alt.Chart.from_dict(self.spec)

    def to_svg(self) -> str:
        """The picture as SVG."""
        return str(vl_convert.vegalite_to_svg(self._spec, **self._how()))

    def to_png(self, *, scale: float = 2.0) -> bytes:
        """The picture as PNG, `scale` pixels for one of the specification."""
        if isinstance(scale, bool) or not isinstance(scale, int | float) or not 0 < scale <= 10:
            raise OptionError("scale", scale, "a number above 0, at most 10")
        return bytes(vl_convert.vegalite_to_png(self._spec, scale=scale, **self._how()))

    def to_html(self) -> str:
        """The picture as a page that answers to the pointer, and is whole in itself: nothing is loaded."""
        given = {"spec": self._spec, "numbers": self._words.numbers, "times": self._words.times}
        text = json.dumps(given, ensure_ascii=False, allow_nan=False)
        library = vl_convert.javascript_bundle(vl_version=VEGA_LITE).replace("</script", "<\\/script")
        hashes = " ".join(f"'sha256-{_digest(script)}'" for script in (library, START))
        return PAGE.format(
            policy=f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:; "
            "base-uri 'none'; form-action 'none'",
            title=html.escape(self._title),
            spec=text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"),
            library=library,
            start=START,
        )

    def save(self, path: str | os.PathLike[str], *, scale: float = 2.0) -> Path:
        """Write the picture to a file; its ending says how: .png, .svg or .html."""
        target = Path(path)
        suffix = target.suffix.lower()
        if suffix not in SUFFIXES:
            raise OptionError("path", str(path), f"a name that ends in {', '.join(SUFFIXES)}")
        if suffix == ".png":
            target.write_bytes(self.to_png(scale=scale))
        else:
            target.write_text(self.to_svg() if suffix == ".svg" else self.to_html(), encoding="utf-8")
        return target

    def _how(self) -> dict[str, Any]:
        return {
            "vl_version": VEGA_LITE,
            "format_locale": self._words.numbers,
            "time_format_locale": self._words.times,
            "allowed_base_urls": [],
        }

    def _repr_html_(self) -> str:
        return f"<figure style='margin:0'>{self.to_svg()}</figure>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {MIME: self.spec, "text/html": self._repr_html_(), "text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"<Chart {self._title!r}: {len(self._data)} rows drawn>"


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
