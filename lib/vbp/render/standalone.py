"""A page as one HTML file to mail: style, plotly.js, script and the methods it links to inside it; other files named in words.

The file keeps a strict content policy: only the very scripts written into it may run (by their SHA-256), no network.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Sequence
from pathlib import Path

from vbp.errors import InputError, Problem
from vbp.render import files, methods

LARGEST_BYTES = 6_000_000
SUFFIX = ".standalone.html"
_SCRIPT = re.compile(r'<script src="([^"]+)"[^>]*></script>')
_STYLE = re.compile(r'<link rel="stylesheet" href="([^"]+)"[^>]*>')
_POLICY = re.compile(r'(<meta http-equiv="Content-Security-Policy" content=")[^"]*(">)')
_TOP = re.compile(r'<nav class="top".*?</nav>', re.DOTALL)
_FILE_LINK = re.compile(r'<a\b[^>]*\bhref="((?!#|https?:|mailto:|data:)[^"]*)"[^>]*>(.*?)</a>', re.DOTALL)


def standalone(page: Path, scripts: Sequence[str] = (), styles: Sequence[str] = ()) -> str:
    """Return a rendered page as one self-contained document.

    Parameters
    ----------
    page
        A page of `vbp report`; its style and scripts are found by the addresses it names.
    scripts
        More scripts, run after the library and before the page's own (the last of its scripts).
    styles
        More style sheets, after the page's own.

    Raises
    ------
    InputError
        Where a file that the page names is missing.
    """
    text = page.read_text(encoding="utf-8")
    sources = [_read(page, address) for address in _SCRIPT.findall(text)]
    sheets = [*(_read(page, address) for address in _STYLE.findall(text)), *styles]
    inside = [*sources[:-1], *scripts, *sources[-1:]]
    text = _SCRIPT.sub("", _STYLE.sub("", _TOP.sub("", text)))
    text = _FILE_LINK.sub(_in_words, _with_methods(page, text))
    text = _POLICY.sub(lambda match: match[1] + html.escape(_policy(inside), quote=True) + match[2], text)
    head = "\n".join(f"<style>\n{sheet}\n</style>" for sheet in sheets)
    foot = "\n".join(f"<script>{_closed(source)}</script>" for source in inside)
    # by position and not by template: plotly.js holds every character that a template might mean
    start, end = text.index("</head>"), text.rindex("</body>")
    return f"{text[:start]}{head}\n{text[start:end]}{foot}\n{text[end:]}"


def _with_methods(page: Path, text: str) -> str:
    """Put the methods that a page links to at its end, and let the links lead there."""
    names = [name for name in methods.used(text) if (page.parent / ".." / methods.FOLDER / f"{name}.html").is_file()]
    lang = re.search(r'data-lang="(\w+)"', text)
    section = methods.appendix(page, names, lang[1] if lang else "zh")
    for name in names:
        text = text.replace(f'href="../{methods.FOLDER}/{name}.html"', f'href="#method-{name}"')
    end = text.index("</main>")
    return f"{text[:end]}{section}\n{text[end:]}"


def _in_words(link: re.Match[str]) -> str:
    """Return a link to another file as words: what it said, and the file's name where the words do not hold it."""
    address, words = link[1], link[2]
    name = html.escape(html.unescape(address).rsplit("/", 1)[-1])
    return (
        f"<span>{words}</span>"
        if name in words or link[0].startswith('<a class="how"')
        else f"<span>{words} ({name})</span>"
    )


def write_standalone(page: Path) -> Path:
    """Write `report.<lang>.standalone.html` beside a page and return it; in one step, and never above 6 MB."""
    text = standalone(page)
    size = len(text.encode())
    if size > LARGEST_BYTES:
        words = f"the page in one file has {size / 1e6:.1f} MB, above the {LARGEST_BYTES / 1e6:.0f} MB that mail takes"
        raise InputError(Problem(words + "; mail the PDF (--pdf) instead", "too_large", file=str(page)))
    target = page.with_name(page.name.removesuffix(".html") + SUFFIX)
    files.write(target, text)
    return target


def _read(page: Path, address: str) -> str:
    path = page.parent / address
    if not path.is_file():
        raise InputError(
            Problem(f"the page needs {address}, which is missing; render it again", "missing_file", file=str(page))
        )
    return path.read_text(encoding="utf-8")


def _closed(source: str) -> str:
    """Return a script that cannot close its own element."""
    return source.replace("</script", "<\\/script")


def _policy(scripts: Sequence[str]) -> str:
    digests = (base64.b64encode(hashlib.sha256(_closed(script).encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )
