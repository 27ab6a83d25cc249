"""Spoil folders and run the whole chain on them: `python -m tests.fuzz.run --seed 1 --count 20000 --jobs 8`.

A failing case prints its number; `--seed S --only N --keep DIR` repeats it and leaves its folder. `--minutes M` begins
no more cases after M minutes; the last lines say which cases were run, of what kinds, and what came of them.

Each case is a small invented city, its meaning known, written as people write (`tests.fuzz.steps`):

- spellings (the same totals must come): Chinese headers and file names, csv in UTF-8, UTF-8 with a mark, GBK, GB18030 or
  UTF-16 with commas, tabs or semicolons, one workbook of all tables, single xlsx and Parquet files, parts by year, days
  and months and numbers as people type them, units and 万元, title and total rows, more columns, `city.yaml` in other
  words, a rule profile of the folder's own, usage as an export that a profile of its own imports;
- changes of meaning (the other totals, or a refusal that names a place): negative, tiny and huge numbers, other words,
  days, funds, rows gone or twice, tables gone, every rule profile;
- nonsense (must be refused by file, row and column): cells, codes, formulas, merged numbers, hidden sheets, a broken
  `city.yaml`, copies of files;
- damage (what a plain reader of the same bytes has, or a refusal): csv, xlsx and the one workbook cut off, flipped,
  emptied, doubled, columns crossed, files that are called .xls and hold text, a web page, an xlsx or an old one cut off.

What is held against what: every sum of a column of numbers, the panels, savings, agreed and bought quantities and each
payout against a slow recomputation (`tests.fuzz.truth`); how often each part of the chain runs says `tests.fuzz.chain`.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.fuzz import chain, content, steps, writing
from tests.fuzz.chain import Outcome
from tests.fuzz.judge import judge
from tests.fuzz.steps import Case

THOROUGH = 100
"""Every so many cases the slow parts (scan, figures, annotated workbook) are run too."""


def make(seed: int, number: int) -> Case:
    """Return case `number` of `seed`."""
    rng = random.Random(f"{seed}/{number}")
    meaning = content.make(rng)
    case = Case(meaning, writing.folder_of(meaning), rng, number)
    kind = rng.choices(["spelling", "change", "nonsense", "damage"], [25, 35, 25, 15])[0]
    chosen: list[steps.Step] = []
    if kind == "change" or rng.random() < 0.15:
        chosen += rng.sample(steps.CHANGES, rng.randint(1, 2))
    most = {"spelling": 6, "change": 3, "nonsense": 3, "damage": 1}[kind]
    chosen += sorted(rng.sample(steps.SPELLINGS, rng.randint(0, most)), key=ORDER)
    if kind == "nonsense":
        chosen.append(rng.choice(steps.NONSENSE))
    if kind == "damage":
        chosen.append(rng.choice(steps.DAMAGE))
    for step in chosen:
        with contextlib.suppress(steps.Skipped):
            step(case)
            case.steps.append(step.__name__)
    return case


def ORDER(step: steps.Step) -> int:
    """Rows are shuffled before cells are put in place of others; the rest in the order of the list."""
    return -1 if step is steps.rows_shuffled else steps.SPELLINGS.index(step)


def tried(seed: int, number: int, folder: Path) -> tuple[Case, Outcome, str | None]:
    """Run one case; return what came out and what is wrong with it."""
    case = make(seed, number)
    case.folder.write(folder)
    changed = case.expect != "same" or "profile" in case.steps or "own_rules" in case.steps
    outcome = chain.run(folder, number, number % THOROUGH == 0, changed)
    return case, outcome, judge(case, outcome, folder)


def run(
    seed: int, numbers: Iterable[int], folder: Path, seen: Callable[[Case, Outcome], None] = lambda case, outcome: None
) -> list[str]:
    """Run cases and return one line for each that fails; the folders of those are left. `seen` is called with each."""
    failures = []
    for number in numbers:
        own = folder / f"case{number}"
        shutil.rmtree(own, ignore_errors=True)
        try:
            case, outcome, wrong = tried(seed, number, own)
            told = f"({', '.join(case.steps)}; {case.expect})"
            seen(case, outcome)
        except Exception as error:
            told, wrong = "", f"the fuzzer itself failed: {type(error).__name__}: {error}"
        if wrong:
            failures.append(f"seed {seed} case {number} {told}: {wrong}")
        else:
            shutil.rmtree(own)
    return failures


def main() -> None:
    """Run from the command line."""
    from tests.fuzz import jobs

    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--only", type=int)
    parser.add_argument("--jobs", type=int, default=1, help="processes (as many as the machine has cores)")
    parser.add_argument("--minutes", type=float, help="after so many begin no more cases; Ctrl-C does the same")
    parser.add_argument("--keep", type=Path, help="where failing cases are left")
    parser.add_argument("--messages", type=Path, help="a file for the first message of each refused case")
    chosen = parser.parse_args()
    numbers = [chosen.only] if chosen.only is not None else range(chosen.first, chosen.first + chosen.count)
    folder = chosen.keep or Path(tempfile.mkdtemp(prefix="vbp-fuzz-"))
    stop = jobs.Stop(chosen.minutes)
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, lambda *_: setattr(stop, "told", True))
    with jobs.progress(len(numbers)) as told:
        tally = jobs.many(chosen.seed, numbers, folder, chosen.jobs, told, stop)
    if chosen.messages:
        chosen.messages.write_text("".join(f"{line}\n" for line in tally.messages), encoding="utf-8")
    print(f"seed {chosen.seed}, run: cases {tally.ranges} of {numbers[0]}-{numbers[-1]}; failing folders in {folder}")
    print(tally.text())
    sys.exit(bool(tally.defects) or tally.cases < len(numbers))


if __name__ == "__main__":
    main()
