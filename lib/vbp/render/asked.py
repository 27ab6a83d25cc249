"""What a report's own kernel is asked after the last cell: what the page needs beside the cells, from the very objects that they show.

So the process that renders reads no table, and a place's ledger is read once a language.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vbp.city import City

_JSON: dict[str, Any] = {"ensure_ascii": False, "indent": 1}


def question(lang: str, folder: str) -> str:
    """Return the Python expression that is put to the kernel, whose notebook calls the open place `place`."""
    return f"__import__({__name__!r}, fromlist=['_']).told(place, {lang!r}, {folder!r})"


def told(place: City, lang: str, folder: str) -> str:
    """Return as JSON the page's title and whether the place is synthetic.

    Parameters
    ----------
    folder
        Where the statement is to stand, and then the summary is told, too; empty for neither.
    """
    from vbp.sections.published import page_title

    document: dict[str, Any] = {"title": page_title(place, lang), "synthetic": place.synthetic}
    if folder:
        from vbp.statement.place import write_beside

        write_beside(place, folder)
        document["summary"] = json.dumps(place.summary(), **_JSON)
    return json.dumps(document)
