"""The record of a run (`runs/<id>.json`), its summary as text that mail can carry (`runs/<id>.txt`), and how long both are kept."""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from vbp.render import files
from vbp.render.city import Job, Outcome
from vbp.words import LANGUAGES, say

FOLDER = "runs"
KEPT = 100
_LISTED = 40
_LINES = 3
_NAME = re.compile(r"\d{8}T\d{6,9}-\d+\.json")
_NOTHING_DONE = re.compile(r'"made": 0,\s*"skipped": \d+,\s*"failed": 0,')
_HEAD_BYTES = 400


@dataclass(frozen=True)
class Run:
    """A run that has ended: when it started, how kernels were started, its jobs, what became of them, and what was asked."""

    started: datetime
    seconds: float
    kernels: str
    jobs: Sequence[Job]
    outcomes: Sequence[Outcome]
    basis: Mapping[str, Any]
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def identifier(self) -> str:
        """The run's id: its start (UTC, to the millisecond: in a container every run may have the same number) and process."""
        return f"{self.started:%Y%m%dT%H%M%S}{self.started.microsecond // 1000:03d}-{os.getpid()}"

    @property
    def failed(self) -> list[Outcome]:
        """The outcomes of places that failed."""
        return [outcome for outcome in self.outcomes if not outcome.ok]

    @property
    def lacking(self) -> list[tuple[str, str]]:
        """Places whose page stands without a PDF or page in one file that was wanted, and why."""
        return [(outcome.slug, line) for outcome in self.outcomes for line in outcome.lacking]

    @property
    def made(self) -> int:
        """How many reports were made."""
        return sum(outcome.ok and not outcome.skipped for outcome in self.outcomes)

    @property
    def skipped(self) -> int:
        """How many were left, being made from the same."""
        return sum(outcome.skipped for outcome in self.outcomes)


def write_record(out: Path, run: Run) -> Path:
    """Write `runs/<id>.json`: hashes, versions, parameters; duration, memory and outcome of each place."""
    folder = out / FOLDER
    folder.mkdir(exist_ok=True)
    path = folder / f"{run.identifier}.json"
    files.write(path, json.dumps(_record(run), ensure_ascii=False, indent=1) + "\n")
    files.write(path.with_suffix(".txt"), summary(run))
    return path


def forget_old(out: Path, keep: int) -> None:
    """Delete old records with their texts; 0 keeps all.

    The newest `keep` runs that made or failed something stay, and as many of those that found nothing to do: a year of quiet
    nights does not take away the record of the run that made a report.
    """
    paths = sorted((path for path in (out / FOLDER).glob("*.json") if _NAME.fullmatch(path.name)), reverse=True)
    if not keep or len(paths) <= keep:
        return
    kept = {True: 0, False: 0}
    for path in paths:
        with suppress(OSError):  # the reports stand; an old record that cannot be deleted is no reason to fail
            idle = bool(_NOTHING_DONE.search(_head(path)))
            kept[idle] += 1
            if kept[idle] > keep:
                path.unlink()
                path.with_suffix(".txt").unlink(missing_ok=True)


def _head(path: Path) -> str:
    with path.open("rb") as stream:
        return stream.read(_HEAD_BYTES).decode("utf-8", "replace")


def _record(run: Run) -> dict[str, Any]:
    return {
        "run": run.identifier,
        "started": run.started.isoformat(timespec="seconds"),
        "seconds": round(run.seconds, 1),
        "made": run.made,  # these three stand first: `forget_old` reads no further
        "skipped": run.skipped,
        "failed": len(run.failed),
        "kernels": run.kernels,
        "options": dict(run.options),
        "python": platform.python_version(),
        "versions": run.basis["versions"],
        "hashes": {name: part for name, part in run.basis.items() if name != "versions"},
        "places": [_place(job, outcome) for job, outcome in zip(run.jobs, run.outcomes, strict=True)],
    }


def _place(job: Job, outcome: Outcome) -> dict[str, Any]:
    return {
        "parameters": job.parameters(),
        "limits": {"seconds": job.seconds, "memory_mib": job.memory_mib},
        "extras": list(job.extras or ()),
        "inputs": (job.made_from or {}).get("inputs", {}),
        **asdict(outcome),
        "seconds": round(outcome.seconds, 2),
    }


def summary(run: Run) -> str:
    """Return the run in words, Chinese and then English, failures first: the text of a mail."""
    return "\n".join(line for lang in LANGUAGES for line in [*_words(run, lang), ""])


def not_run(error: Exception, out: Path) -> str:
    """Return in words, Chinese and then English, that there was no run, and why: the text of a mail."""
    lines = [
        line for lang in LANGUAGES for line in (say("render.not_run", lang), say("render.folder", lang, path=out), "")
    ]
    return "\n".join([*lines, *(f"  {line}" for line in str(error).splitlines()), ""])


def _words(run: Run, lang: str) -> list[str]:
    lines = [
        say("render.subject", lang, failed=len(run.failed), count=len(run.outcomes)),
        say("render.counts", lang, made=run.made, skipped=run.skipped, failed=len(run.failed)),
        say(
            "render.when",
            lang,
            started=f"{run.started:%Y-%m-%d %H:%M}",
            minutes=f"{run.seconds / 60:.1f}",
            run=run.identifier,
        ),
    ]
    lines += [say("render.index", lang, path=run.jobs[0].out / "index.html")] if run.jobs else []
    for outcome in run.failed[:_LISTED]:
        told = outcome.problems or (outcome.reason,)
        lines += [f"  {outcome.slug}: {line}" for line in told[:_LINES]]
        lines += [say("render.lines", lang, count=len(told) - _LINES)] if len(told) > _LINES else []
        lines += [f"    {outcome.kept}"] if outcome.kept else []
    lines += [f"  {slug}: {line}" for slug, line in run.lacking[:_LISTED]]
    if len(run.failed) > _LISTED:
        lines.append(say("render.more", lang, count=len(run.failed) - _LISTED))
    return lines


def now() -> datetime:
    """Return the clock's time (UTC); it goes into the record and nowhere else."""
    return datetime.now(UTC)
