"""What stands beside a page when it is asked for, and from then on: a PDF (`--pdf`), the page in one file (`--standalone`).

The choice is kept in the place's `made_from.json`, so a page that is made anew gets its paper anew; the two are exchanged
together, and no paper of an older page ever stands beside a newer one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from vbp.errors import InputError
from vbp.render import fingerprint

if TYPE_CHECKING:
    from vbp.render.city import Job

SUFFIXES = {"pdf": ".pdf", "standalone": ".standalone.html"}
SECONDS_A_PAGE = 200.0
"""Most time that a page's extras take: the browser's own limit, and some."""


def wanted(folder: Path, asked: Mapping[str, bool | None]) -> tuple[str, ...]:
    """Return the kinds to make for the place in `folder`: as asked; where nothing was said (None), as it was before."""
    before = fingerprint.stamped(folder).get("extras") or ()
    return tuple(kind for kind in SUFFIXES if (kind in before if asked.get(kind) is None else asked[kind]))


def missing(job: Job) -> bool:
    """Return whether something that the job wants does not stand beside its pages, or is older than what it was made from."""
    if not job.extras:
        return False
    from vbp.render.paper import outdated

    pages = [job.out / job.slug / f"report.{lang}.html" for lang in job.languages]
    return any(outdated(page.with_suffix(SUFFIXES[kind]), page) for kind in job.extras for page in pages)


def settle(job: Job) -> tuple[str, ...]:
    """Bring the folder of a place that is left as it is in line with what is wanted: the note, and what is wanted no more.

    Returns
    -------
    tuple of str
        A line where the folder cannot be written to; the report stands.
    """
    folder, kinds = job.out / job.slug, job.extras or ()
    if tuple(fingerprint.stamped(folder).get("extras") or ()) == kinds:
        return ()
    try:
        fingerprint.remember_extras(folder, kinds)
        for kind in SUFFIXES.keys() - set(kinds):
            for path in folder.glob(f"report.*{SUFFIXES[kind]}"):
                path.unlink(missing_ok=True)
    except OSError as error:
        return (f"{error.strerror or error}: {error.filename or folder}",)
    return ()


def make(job: Job, folder: str) -> tuple[str, ...]:
    """Write the extras of the pages in `<out>/<folder>/`; return a line for each that could not be made."""
    from vbp.render.paper import find_browser, write_extras

    if not job.extras:
        return ()
    lines: tuple[str, ...] = ()
    browser = ""
    if "pdf" in job.extras:
        try:
            browser = find_browser()
        except InputError as error:  # the choice of an earlier run, on another machine
            lines = (f"{error.problems[0].line()} (--no-pdf for a report without)",)
    try:
        told = write_extras([replace(job, slug=folder)], pdf=browser, one_file="standalone" in job.extras)
    except OSError as error:
        told = (f"{error.strerror or error}: {error.filename or folder}",)
    return (*lines, *(line.removeprefix(f"{folder}: ").replace(folder, job.slug) for line in told))
