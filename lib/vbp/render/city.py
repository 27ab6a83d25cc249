"""One place's report: its notebooks executed, its pages written, its folder replaced in one step."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vbp import paths
from vbp.render import asked, extras, failures, files, fingerprint, provenance
from vbp.render.execute import NotebookFailed, execute, stable
from vbp.render.page import figures_in, page
from vbp.render.parameters import check_parameters
from vbp.words import say

if TYPE_CHECKING:
    from vbp.city import City
    from vbp.render.kernel import Watch

NOTEBOOK = "city_report.ipynb"
LEAST_FIGURES = 5

SECONDS = 600.0


@dataclass(frozen=True)
class Job:
    """One place to render: its checked parameters but for the language, the languages, and where to.

    Attributes
    ----------
    seconds, memory_mib
        Limits of each notebook's kernel: time-out, and most private memory (0 for no limit).
    zygote
        The socket on which a zygote forks kernels; empty for kernels started afresh.
    made_from
        What `made_from.json` will say, hashed before anything is read: a file that changes later is seen by the next run.
    extras
        What is to stand beside the pages (`pdf`, `standalone`); None until the run has looked what stood there before.
    stands
        The report in place was made from the same, and only its extras are to be made.
    refused
        Why nothing can be made of it at all (an input that cannot be read, a name that is taken); empty where nothing is known.
    """

    slug: str
    inputs: str
    as_of: str
    languages: tuple[str, ...]
    out: Path
    seconds: float = SECONDS
    memory_mib: int = 0
    zygote: str = ""
    made_from: Mapping[str, Any] | None = None
    extras: tuple[str, ...] | None = None
    stands: bool = False
    refused: str = ""

    def parameters(self) -> dict[str, Any]:
        """Return the parameters as the run's record holds them."""
        return {"city": self.slug, "inputs": self.inputs, "as_of": self.as_of, "languages": list(self.languages)}


@dataclass(frozen=True)
class Outcome:
    """What became of a job.

    Attributes
    ----------
    reason
        Why it failed, or why it was left as it is; empty where a report was made.
    problems
        Lines for the user where there are several.
    skipped
        The report in place was made from the same: nothing was done.
    peak_mib
        Peak resident memory of the kernels, MiB; None where the platform does not tell.
    worker_mib
        Resident memory of the process that rendered, MiB, when the report was done.
    files
        SHA-256 of each file of the report, by name.
    kept
        The failed notebook below the folder of reports, if there is one.
    lacking
        Lines about PDFs and pages in one file that could not be made; the report itself stands.
    """

    slug: str
    ok: bool
    seconds: float
    reason: str = ""
    problems: tuple[str, ...] = ()
    figures: int = 0
    skipped: bool = False
    peak_mib: float | None = None
    worker_mib: float | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    kept: str = ""
    lacking: tuple[str, ...] = ()


def render_city(job: Job) -> Outcome:
    """Render one place into `<out>/<slug>/`; a failure leaves what was there and says why.

    The folder is made beside the old one and exchanged only when every page is whole. Whatever goes wrong is an outcome: no
    place stops the others.
    """
    from vbp.render.kernel import Watch, resident_mib

    started = time.perf_counter()
    if job.stands:
        sums, lacking = fingerprint.sums(job.out / job.slug), extras.make(job, job.slug)
        return Outcome(job.slug, True, time.perf_counter() - started, skipped=True, files=sums, lacking=lacking)
    watch = Watch(job.seconds, job.memory_mib, job.zygote)
    fresh = None
    told: dict[str, Any] = {}
    try:
        files.refuse_foreign(job.out / job.slug)
        fresh = files.fresh_folder(job.out, job.slug)
        told["figures"] = _render_into(fresh, job, watch)
        told["files"] = fingerprint.stamp(fresh, job.made_from or {}, job.extras or ())
        told["lacking"] = extras.make(job, fresh.name)
        files.put_in_place(fresh, job.out / job.slug)
    except Exception as error:
        told = {"ok": False, **failures.explain(error, job.out, job.slug)}
    finally:
        if fresh is not None:
            shutil.rmtree(fresh, ignore_errors=True)
    memory = {"peak_mib": round(watch.peak_kib / 1024, 1) or None, "worker_mib": resident_mib()}
    return Outcome(**{"slug": job.slug, "ok": True, "seconds": time.perf_counter() - started, **memory, **told})


def _render_into(folder: Path, job: Job, watch: Watch) -> int:
    """Write notebooks, pages and the summary; return the number of figures on a page."""
    given = {"city": job.slug, "inputs": job.inputs, "as_of": job.as_of}
    parameters = [check_parameters({**given, "lang": lang}, (job.slug,)) for lang in job.languages]
    figures = 0
    for lang, checked in zip(job.languages, parameters, strict=True):
        target = folder / f"report.{lang}.ipynb"
        last = str(folder) if lang == job.languages[-1] else ""
        notebook, told = _executed(job, lang, checked.model_dump(), target, last, watch)
        figures = _prove_figures(notebook, target)
        other = next((f"report.{name}.html" for name in job.languages if name != lang), "")
        notice = say("page.synthetic", lang) if told["synthetic"] else ""
        _write(
            folder / f"report.{lang}.html",
            page(
                notebook,
                title=told["title"],
                lang=lang,
                assets="../assets",
                notice=notice,
                other=other,
                record=provenance.section(job.made_from or {}, lang),
            ),
        )
        _write_notebook(target, notebook)
        if last:
            _write(folder / "summary.json", told["summary"] + "\n")
    return figures


def _executed(
    job: Job, lang: str, given: Mapping[str, Any], target: Path, folder: str, watch: Watch
) -> tuple[Any, dict[str, Any]]:
    """Return the executed notebook, and what its kernel told (`asked.told`) or, where it could not, this process finds out.

    Where the place's own tables are at fault, every problem of them is raised in place of the cell that met the first.
    """
    watch.ask, watch.answer = asked.question(lang, folder), ""
    try:
        notebook = execute(paths.notebooks().resolve() / NOTEBOOK, target, given, watch)
    except NotebookFailed:
        _opened(job)
        raise
    return notebook, json.loads(watch.answer or asked.told(_opened(job), lang, folder))


def _opened(job: Job) -> City:
    from vbp.city import open_city

    return open_city(job.slug, inputs=job.inputs or None, as_of=job.as_of or None)


def _prove_figures(notebook: Any, target: Path) -> int:
    figures = figures_in(notebook)
    if figures < LEAST_FIGURES:
        raise NotebookFailed(f"only {figures} figures on the page, at least {LEAST_FIGURES} are expected", target)
    return figures


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _write_notebook(path: Path, notebook: Any) -> None:
    import nbformat

    _write(path, nbformat.writes(stable(notebook)) + "\n")


def languages(choice: str) -> Sequence[str]:
    """Return the languages of `--lang`."""
    return ("zh", "en") if choice == "both" else (choice,)
