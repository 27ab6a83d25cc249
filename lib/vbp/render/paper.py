"""A page on paper: A4 through headless Chromium, with header, page numbers, static charts and whole tables.

Chromium prints the page in one file (`standalone`) with a style and a script for paper; page numbers come from CSS page
margins, so nothing but the browser is needed.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from html import unescape
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from vbp.errors import InputError, Problem
from vbp.render import files, methods
from vbp.render.family import dying
from vbp.render.standalone import SUFFIX, standalone, write_standalone
from vbp.words import say

if TYPE_CHECKING:
    from vbp.render.city import Job

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
SECONDS = 180


def find_browser() -> str:
    """Return the program that prints: `VBP_CHROMIUM`, else the first of BROWSERS on the path.

    Raises
    ------
    InputError
        With what to install, where there is none.
    """
    named = os.environ.get("VBP_CHROMIUM")
    found = shutil.which(named) if named else next(filter(None, map(shutil.which, BROWSERS)), None)
    if found:
        return found
    words = f"VBP_CHROMIUM={named} is no program" if named else "no Chromium or Chrome was found"
    help_ = (
        "install one (Debian, Ubuntu: apt install chromium fonts-noto-cjk), name it in VBP_CHROMIUM, or leave --pdf out"
    )
    raise InputError(Problem(f"--pdf prints through Chromium, and {words}: {help_}", "missing_program"))


def write_pdf(page: Path, browser: str) -> Path:
    """Print a page as `report.<lang>.pdf` beside it, in one step; InputError with Chromium's words where it fails."""
    target = page.with_suffix(".pdf")
    # beside the page and not in /tmp: packaged browsers may read no other folder
    with files.passing_folder(target) as folder:
        (folder / "page.html").write_text(on_paper(page), encoding="utf-8")
        made = folder / "page.pdf"
        reason = _print(browser, folder, made)
        if not made.is_file() or made.stat().st_size < 1000:
            raise InputError(Problem(f"Chromium made no PDF: {reason}", "pdf", file=str(page)))
        made.replace(target)
    return target


def on_paper(page: Path) -> str:
    """Return the document that is printed: the page in one file, with the header and footer of its title."""
    script, sheet = (
        (resources.files("vbp.render") / "templates" / name).read_text(encoding="utf-8")
        for name in ("paper.js", "paper.css")
    )
    text = page.read_text(encoding="utf-8")
    found, lang = re.search(r"<title>(.*?)</title>", text, re.DOTALL), re.search(r'data-lang="(\w+)"', text)
    title = unescape(found[1].strip()) if found else page.stem
    return standalone(page, [script], [sheet, _margins(title, lang[1] if lang else "zh")])


def _margins(title: str, lang: str) -> str:
    """Return the page's header and footer as CSS; a title is text, whatever it holds."""
    number, of, after = say("paper.page", lang).split("|")
    # JSON's escapes are not CSS's: a backslash or an angle bracket would end the text or the style
    safe = "".join(
        letter if letter.isalnum() or letter in " ·-–（）()，。、" else f"\\{ord(letter):x} "
        for letter in (title if len(title) <= 240 else title[:239] + "…")
    )
    return (
        f'@page {{ @top-left {{ content: "{safe}"; }} '
        f"@bottom-left {{ content: {json.dumps(say('paper.made', lang), ensure_ascii=False)}; }} "
        f'@bottom-right {{ content: "{number}" counter(page) "{of}" counter(pages) "{after}"; }} }}'
    )


def _print(browser: str, folder: Path, made: Path) -> str:
    """Run the browser once; return what it said last."""
    options = ["--headless", "--disable-gpu", "--no-first-run", "--no-pdf-header-footer", "--hide-scrollbars"]
    options += ["--disable-extensions", "--disable-background-networking", "--virtual-time-budget=60000"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--no-sandbox")  # Chromium refuses to run as root with it
    options += [f"--user-data-dir={folder / 'profile'}", f"--print-to-pdf={made}", (folder / "page.html").as_uri()]
    try:
        run = subprocess.run(
            [browser, *options],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            preexec_fn=dying(os.getpid()) if sys.platform == "linux" else None,  # no browser outlives a killed run
        )
    except subprocess.TimeoutExpired:
        return f"no answer in {SECONDS} s"
    except OSError as error:
        return str(error.strerror or error)
    lines = [line for line in run.stderr.splitlines() if line.strip()]
    return lines[-1] if lines else f"exit status {run.returncode}"


def write_extras(jobs: Sequence[Job], *, pdf: str = "", one_file: bool = False) -> tuple[str, ...]:
    """Write PDFs (with the browser `pdf`) and pages in one file for every report that stands; return what failed.

    What is younger than its page, and than the methods that it brings along, is left as it is.
    """
    failed = []
    for job in jobs:
        for lang in job.languages:
            page = job.out / job.slug / f"report.{lang}.html"
            try:
                if one_file and outdated(page.with_name(page.stem + SUFFIX), page):
                    write_standalone(page)
                if pdf and outdated(page.with_suffix(".pdf"), page):
                    write_pdf(page, pdf)
            except InputError as error:
                failed.append(f"{job.slug}: {error.problems[0].line()}")
    return tuple(failed)


def outdated(made: Path, page: Path) -> bool:
    """Return whether `made` is missing, or older than its page or a method beside it; False without a page."""
    if not page.exists():
        return False
    sources = (page, *(page.parent.parent / methods.FOLDER).glob("*.html"))
    return not made.is_file() or made.stat().st_mtime < max(source.stat().st_mtime for source in sources)
