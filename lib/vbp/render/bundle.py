"""The pages' plotly.js: the installed package's own file, arranged so that a browser starts it in a third of the time.

Two things cost a page most of a second before its first figure, and neither is drawing. The file registers 47 parts
(maps, 3-D, …) though a page draws five kinds of figure: the others are now registered when a figure asks for one. And its
two outer functions are arrows, which V8 reads once to skip and once more to run: a function in brackets is read once.
Nothing is left out or fetched. A file of another build is used as it is.
"""

from __future__ import annotations

import re

FIRST = ("bar", "heatmap", "waterfall", "sankey")  # scatter is part of plotly's core
_REGISTER = re.compile(r"([\w$]+)\.register\(\[((?:[\w$]+\(\),){9,}[\w$]+\(\))\]\);")
_MODULE = re.compile(r"\b([\w$]+)=[\w$]+\(\([\w$]+,[\w$]+\)=>\{\"use strict\";")
_EXPORT = re.compile(r"\b([\w$]+)=[\w$]+\(\([\w$]+,([\w$]+)\)=>\{\"use strict\";\2$")
_ARROW, _CALLED = "this, () => {\n", re.compile(r"return ([\w$]+)\(\);\}\)\(\);")
_INNER, _OUTER_END = "var Plotly=(()=>{", "}));"


def arranged(source: str) -> str:
    """Return plotly.js arranged for a quick start; as it is where it has another form than the known one."""
    return _read_once(_register_later(source))


def _register_later(source: str) -> str:
    """Register the kinds in FIRST at once and the others by `Plotly.registerRest()`."""
    places = [match.start() for match in re.finditer(r"\.register\(\[", source)]
    found = [match for place in places if (match := _REGISTER.search(source, max(0, place - 8), place + 2000))]
    if len(found) != 1:
        return source
    (whole,) = found
    core, parts = whole[1], whole[2].split(",")
    first = [part for part in (_exporter(source, kind) for kind in FIRST) if part in parts]
    if len(first) != len(FIRST):
        return source
    rest = ",".join(part for part in parts if part not in first)
    text = f"{core}.register([{','.join(first)}]);{core}.registerRest=function(){{{core}.register([{rest}])}};"
    return source[: whole.start()] + text + source[whole.end() :]


def _exporter(source: str, kind: str) -> str:
    """Return the call that makes a kind of trace (`OTe()`), empty where it is not found: its module, and what exports it."""
    at = source.find(f'moduleType:"trace",name:"{kind}"')
    start = max((match.start() for match in _MODULE.finditer(source, max(0, at - 4000), max(0, at))), default=-1)
    named = _MODULE.match(source, start) if start >= 0 else None
    if named is None:
        return ""
    name = f".exports={named[1]}()"
    export = _EXPORT.search(source[: source.find(name)][-80:]) if name in source else None
    return f"{export[1]}()" if export else ""


def _read_once(source: str) -> str:
    """Write the two outer arrow functions as functions in brackets, their `this` kept."""
    called, end = _CALLED.findall(source), source.rstrip()
    if source.count(_ARROW) != 1 or source.count(_INNER) != 1 or len(called) != 1 or not end.endswith(_OUTER_END):
        return source
    outer = end[: -len(_OUTER_END)] + "}).bind(this)));\n"
    outer = outer.replace(_ARROW, "this, (function () {\n")
    return _CALLED.sub(r"return \1();}).call(this);", outer.replace(_INNER, "var Plotly=(function(){"))
