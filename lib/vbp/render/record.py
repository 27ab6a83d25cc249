"""The record of a run (`runs/<id>.json`), and its summary as text that mail can carry (`runs/<id>.txt`)."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from vbp.render import files
from vbp.render.city import Job, Outcome
from vbp.words import LANGUAGES, say

FOLDER = "runs"
_LISTED = 40


@dataclass(frozen=True)
class Run:
    """A run that has ended: when it started, how kernels were started, its jobs and what became of them."""

    started: datetime
    seconds: float
    kernels: str
    jobs: Sequence[Job]
    outcomes: Sequence[Outcome]
    basis: Mapping[str, Any]

    @property
    def identifier(self) -> str:
        """The run's id: its start (UTC) and process."""
        return f"{self.started:%Y%m%dT%H%M%S}-{os.getpid()}"

    @property
    def failed(self) -> list[Outcome]:
        """The outcomes of places that failed."""
        return [outcome for outcome in self.outcomes if not outcome.ok]

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


def _record(run: Run) -> dict[str, Any]:
    return {
        "run": run.identifier,
        "started": run.started.isoformat(timespec="seconds"),
        "seconds": round(run.seconds, 1),
        "kernels": run.kernels,
        "python": platform.python_version(),
        "versions": run.basis["versions"],
        "hashes": {name: part for name, part in run.basis.items() if name != "versions"},
        "made": run.made,
        "skipped": run.skipped,
        "failed": len(run.failed),
        "places": [_place(job, outcome) for job, outcome in zip(run.jobs, run.outcomes, strict=True)],
    }


def _place(job: Job, outcome: Outcome) -> dict[str, Any]:
    return {
        "parameters": job.parameters(),
        "limits": {"seconds": job.seconds, "memory_mib": job.memory_mib},
        "inputs": (job.made_from or {}).get("inputs", {}),
        **asdict(outcome),
        "seconds": round(outcome.seconds, 2),
    }


def summary(run: Run) -> str:
    """Return the run in words, Chinese and then English, failures first: the text of a mail."""
    return "\n".join(line for lang in LANGUAGES for line in [*_words(run, lang), ""])


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
    for outcome in run.failed[:_LISTED]:
        lines += [f"  {outcome.slug}: {line}" for line in outcome.problems[:5] or (outcome.reason,)]
        lines += [f"    {outcome.kept}"] if outcome.kept else []
    if len(run.failed) > _LISTED:
        lines.append(say("render.more", lang, count=len(run.failed) - _LISTED))
    return lines


def now() -> datetime:
    """Return the clock's time (UTC); it goes into the record and nowhere else."""
    return datetime.now(UTC)
