"""The method pages beside the reports: `docs/methods/*.md` as HTML, readable from the disk without a network.

The Chinese summary stands first, the parts of the frame below it as they are written; the numbers of a worked example fold.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from pathlib import Path

from vbp import paths
from vbp.render import files
from vbp.words import LANGUAGES, say

FOLDER = "methods"
_LINK = re.compile(r'href="([\w-]+)\.md(#[\w-]*)?"')
_FROM_NOTEBOOK = re.compile(r'href="(?:\.\./)+docs/methods/([\w-]+)\.md"')
_WORKED = re.compile(r"^```yaml worked\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SUMMARY = "中文摘要"
_ARTICLE = re.compile(r'<article class="method"[^>]*>.*?</article>', re.DOTALL)


def write_methods(out: Path) -> None:
    """Write a page per measure and their index into `out`/methods, each in one step; what is unchanged is left."""
    folder = out / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    pages = [path for path in sorted(paths.methods().glob("*.md")) if path.name != "README.md"]
    made = {f"{path.stem}.html": _page(path.stem, path.read_text(encoding="utf-8")) for path in pages}
    made["index.html"] = _index([path.stem for path in pages])
    for name, text in made.items():
        target = folder / name
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            files.write(target, text)
    for path in folder.glob("*.html"):
        if path.name not in made:
            path.unlink()


def linked(source: str) -> str:
    """Return a page's HTML with its links to method pages leading to those beside the reports."""
    return _FROM_NOTEBOOK.sub(rf'href="../{FOLDER}/\1.html"', source)


def link(name: str, lang: str) -> str:
    """Return a figure's link to its method page, as HTML."""
    words = html.escape(say("how.label", lang) + say(f"how.{name}", lang))
    return f'<a class="how" href="../{FOLDER}/{html.escape(name, quote=True)}.html">{words}</a>'


def used(source: str) -> list[str]:
    """Return the method pages that a report links to, in the order of their first link."""
    return list(dict.fromkeys(re.findall(rf'href="\.\./{FOLDER}/([\w-]+)\.html"', source)))


def appendix(page: Path, names: Iterable[str], lang: str) -> str:
    """Return the methods that a report uses as one section, each with the anchor `method-<name>`: for a page without neighbours."""
    articles = [_ARTICLE.search((page.parent / ".." / FOLDER / f"{name}.html").read_text("utf-8")) for name in names]
    inside = "\n".join(found[0] for found in articles if found)
    if not inside:
        return ""
    # a link from one method to another stays inside where that one is here, and is plain words where it is not
    known = set(names)
    inside = re.sub(
        r'<a href="([\w-]+)\.html"[^>]*>(.*?)</a>',
        lambda match: f'<a href="#method-{match[1]}">{match[2]}</a>' if match[1] in known else match[2],
        inside,
    )
    note = html.escape(say("how.appendix_note", lang))
    return f'<section class="appendix"><h2>{html.escape(say("how.appendix", lang))}</h2><p class="soft small">{note}</p>{inside}</section>'


def _page(name: str, source: str) -> str:
    from vbp.render.page import render_template

    return render_template(
        "method.html.j2",
        title=_title(source),
        article=_article(name, source),
        back={lang: say("how.back", lang) for lang in LANGUAGES},
        index={lang: say("how.index", lang) for lang in LANGUAGES},
        footer={lang: say("page.footer", lang) for lang in LANGUAGES},
    )


def _index(names: Iterable[str]) -> str:
    from vbp.render.page import render_template

    words = {key: {lang: say(f"how.{key}", lang) for lang in LANGUAGES} for key in ("index", "index_note", "back")}
    pages = [(name, {lang: say(f"how.{name}", lang) for lang in LANGUAGES}) for name in names]
    return render_template("methods.html.j2", words=words, pages=pages)


def _title(source: str) -> str:
    return source.split("\n", 1)[0].removeprefix("# ").strip()


def _article(name: str, source: str) -> str:
    """Return a method page's body: title, Chinese summary, then the frame's parts in order."""
    parts = re.split(r"^## ", source, flags=re.MULTILINE)[1:]
    named = [part.split("\n", 1) for part in parts]
    ordered = sorted(named, key=lambda part: part[0].strip() != _SUMMARY)
    english, _, chinese = _title(source).partition(" · ")
    made = [f'<h1 id="method-{html.escape(name, quote=True)}">{_bilingual(english, chinese)}</h1>']
    made += [_part(title.strip(), body) for title, body in ordered]
    return f'<article class="method" data-method="{html.escape(name, quote=True)}">{"".join(made)}</article>'


def _part(title: str, body: str) -> str:
    from vbp.render.page import markdown

    english, _, chinese = title.partition(" · ")
    if title == _SUMMARY:
        return f'<section class="summary" lang="zh-CN">{markdown(body)}</section>'
    key = english.split()[0].lower()
    inside = _LINK.sub(r'href="\1.html\2"', _folded(body))
    return f'<section class="part {html.escape(key, quote=True)}"><h2>{_bilingual(english, chinese)}</h2>{inside}</section>'


def _folded(body: str) -> str:
    """Return a part's HTML with the blocks of worked numbers folded."""
    from vbp.render.page import markdown

    pieces = _WORKED.split(body)  # words, block, words, block … words
    made = []
    for place, piece in enumerate(pieces):
        if place % 2 == 0:
            made.append(markdown(piece))
            continue
        title = " · ".join(say("how.worked", lang) for lang in LANGUAGES)
        block = f"<pre><code>{html.escape(piece.strip())}</code></pre>"
        made.append(f'<details class="worked"><summary>{html.escape(title)}</summary>{block}</details>')
    return "".join(made)


def _bilingual(english: str, chinese: str) -> str:
    if not chinese:
        return html.escape(english)
    return f'{html.escape(chinese)} <span class="soft" lang="en">{html.escape(english)}</span>'
