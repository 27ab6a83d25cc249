"""What a report was made from, as the last part of its page: parameters, inputs, rules and facts, program, versions.

Clock times and the run's number stand in `runs/<id>.json` alone: the same inputs give the same page, byte for byte.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import PurePath
from typing import Any

from vbp.render import fingerprint
from vbp.words import say


def section(made_from: Mapping[str, Any], lang: str) -> str:
    """Return the run record of a page as HTML; empty where nothing is known of it.

    Parameters
    ----------
    made_from
        What `fingerprint.made_from` says: parameters, and SHA-256 of inputs, data, notebook and library; versions.
    """
    if not made_from:
        return ""
    inputs = made_from["inputs"]
    lines = [
        _parameters(made_from["parameters"], lang),
        say("provenance.inputs" if inputs else "provenance.published", lang, count=len(inputs)),
    ]
    parts = [
        f'<h2 id="run">{escape(say("provenance.title", lang))}</h2>',
        "<ul>",
        *(f"<li>{escape(line)}</li>" for line in lines),
        "</ul>",
    ]
    parts.append(_hashes(_prints(made_from, lang), lang))
    if inputs:
        title = say("provenance.files", lang, count=len(inputs))
        parts.append(_folded(title, _hashes(list(inputs.items()), lang), "screen-only"))
    versions = ", ".join(f"{name} {number}" for name, number in made_from["versions"].items())
    parts.append(
        _folded(say("provenance.versions", lang, count=len(made_from["versions"])), f"<p>{escape(versions)}</p>")
    )
    where = escape(say("provenance.where", lang)).replace(
        fingerprint.NAME, f'<a href="{fingerprint.NAME}">{fingerprint.NAME}</a>'
    )
    parts.append(f'<p class="small soft">{where}</p>')
    return "\n" + "\n".join(parts)


def _parameters(given: Mapping[str, Any], lang: str) -> str:
    """Return the parameters in one line; of a folder its name only, so that a page says nothing of the machine it was made on."""
    folder = PurePath(given.get("inputs") or "").name or say("provenance.none", lang)
    usual = "last_month" if given.get("inputs") else "as_published"
    day = given.get("as_of") or say(f"provenance.{usual}", lang)
    return say("provenance.parameters", lang, city=given.get("city", ""), inputs=folder, as_of=day)


def _prints(made_from: Mapping[str, Any], lang: str) -> list[tuple[str, str]]:
    """Return name and SHA-256 of what all places share: the facts and rules together, the notebook, the program."""
    data = made_from["data"]
    rows = [(say("provenance.data", lang, count=len(data)), _together(data))]
    rows += [(say("provenance.notebook", lang, name=name), digest) for name, digest in made_from["notebook"].items()]
    return [*rows, (say("provenance.library", lang), _together(made_from["library"]))]


def _together(hashes: Mapping[str, str]) -> str:
    """Return one SHA-256 of many files' by name."""
    return hashlib.sha256("".join(f"{name} {digest}\n" for name, digest in hashes.items()).encode()).hexdigest()


def _hashes(rows: Sequence[tuple[str, str]], lang: str) -> str:
    heads = "".join(f'<th scope="col">{escape(head)}</th>' for head in (say("provenance.item", lang), "SHA-256"))
    body = "".join(f"<tr><td>{escape(name)}</td><td><code>{escape(digest)}</code></td></tr>" for name, digest in rows)
    return (
        f'<div class="scroll"><table class="plain"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def _folded(summary: str, inside: str, css: str = "") -> str:
    attribute = f' class="{css}"' if css else ""
    return f"<details{attribute}><summary>{escape(summary)}</summary>{inside}</details>"
