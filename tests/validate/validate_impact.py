"""Size, power and coverage of the default inference, and the demonstration's planted effects over 500 seeds.

Writes the tables into docs/validation.md between the marks `impact:begin` and `impact:end`, dated, and prints them.
`python tests/validate/validate_impact.py [series per cell] [seeds]`; 10,000 and 500 take about 30 CPU minutes.
"""

from __future__ import annotations

import datetime
import math
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent))
import impact_simulation as simulation

PAGE = Path(__file__).resolve().parents[2] / "docs" / "validation.md"
ROUNDS = ("DEMO-N1", "DEMO-N2", "DEMO-P1")
"""Rounds of drugs with twelve control generics; the others have four controls, too few to reject or cover anything."""


def size_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Worst and mean size of the mixture, and worst false 'supported', by process, over breaks and harmonics."""
    rows = rows.assign(months=np.where(rows["n"] == 24, "24", "36–60"))
    order = [process for process in simulation.CORE + simulation.BEYOND if process in set(rows["process"])]
    parts = []
    for contrast in simulation.CONTRASTS:
        chosen = rows[rows["contrast"] == contrast]
        for months in ("24", "36–60"):
            group = chosen[chosen["months"] == months].groupby("process")
            span = group["size"].min().map("{:.3f}".format) + "–" + group["size"].max().map("{:.3f}".format)
            parts += [
                span.rename(f"{contrast} n {months}"),
                group["both"].max().map("{:.3f}".format).rename(f"supported n {months}"),
            ]
    return pd.concat(parts, axis=1).loc[order].reset_index()


def power_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean power where an oracle that knows the errors has .80, by process, contrast and length."""
    found = rows[rows["power"].notna()]
    table = found.pivot_table(index=["process", "contrast"], columns="n", values="power", aggfunc="mean")
    table["all n"] = found.groupby(["process", "contrast"])["power"].mean()
    table["supported"] = found.groupby(["process", "contrast"])["both_power"].mean()
    return table.round(3).reset_index()


def criteria(rows: pd.DataFrame) -> pd.DataFrame:
    """The issue's bounds beside what was measured; tolerance is three Monte Carlo errors."""
    series = int(rows["series"].min())
    core = rows[rows["process"].isin(simulation.CORE)]
    verdicts = rows[rows["process"].isin((*simulation.CORE, "random walk"))]
    level = core[core["contrast"] == "level"]
    power = rows[(rows["contrast"] == "level") & rows["power"].notna()].groupby("process")["power"].mean()
    lines = [
        ("size, core, n ≥ 36", "≤ .10", core.loc[core["n"] >= 36, "size"].max(), 0.10, 1),
        ("size, core, n = 24", "≤ .12", core.loc[core["n"] == 24, "size"].max(), 0.12, 1),
        ("'supported' without effect, core and random walk", "≤ .09", verdicts["both"].max(), 0.09, 1),
    ]
    lines += [
        (f"power, level, {name}", f"≥ {least:.2f}", power[name], least, -1)
        for name, least in (("ar0", 0.60), ("ar.4", 0.70), ("ar.8", 0.75))
        if name in power
    ]
    lines += [
        ("coverage, level, lowest", "≥ .90", 1 - level["size"].max(), 0.90, -1),
        ("coverage, level, highest", "≤ .97", 1 - level["size"].min(), 0.97, 1),
        ("coverage, slope and cumulative, lowest", "≥ .90", 1 - core["size"].max(), 0.90, -1),
        ("coverage, slope and cumulative, highest", "≤ .97", 1 - core["size"].min(), 0.97, 1),
    ]
    return pd.DataFrame(
        [
            {"criterion": name, "bound": bound, "measured": f"{value:.3f}", "met": _met(value, limit, side, series)}
            for name, bound, value, limit, side in lines
        ]
    )


def _met(value: float, limit: float, side: int, series: int) -> str:
    error = 3 * math.sqrt(limit * (1 - limit) / series)
    return (
        "yes"
        if side * (value - limit) <= 0
        else "within Monte Carlo error"
        if side * (value - limit) <= error
        else "no"
    )


def did_sizes(rounds: int = 4_000) -> pd.DataFrame:
    """Size of the permutation test with 1, 2, 3 treated of 10, 20, 30 (t4 changes), beside the attainable level."""
    from vbp.impact import permute

    rows = []
    for units in (10, 20, 30):
        for treated in (1, 2, 3):
            made = permute.assignments(np.arange(units) < treated)
            rng = np.random.default_rng(1_000 * units + treated)
            change = rng.standard_t(4, (units, rounds))
            found = (made.rows @ change) / treated - ((1 - made.rows) @ change) / (units - treated)
            p_values = (np.abs(found) >= np.abs(found[0]) * (1 - permute.TIE)).mean(axis=0)
            count = made.rows.shape[0]
            rows.append(
                {
                    "units": units,
                    "treated": treated,
                    "assignments": count,
                    "attainable": f"{math.floor(0.05 * count) / count:.4f}",
                    "size": f"{(p_values <= 0.05).mean():.4f}",
                    "smallest p": f"{1 / count:.4f}",
                }
            )
    return pd.DataFrame(rows)


def planted(seeds: int) -> pd.DataFrame:
    """Coverage of the demonstration's planted mean differences by `did`, and of level and slope by the mixture."""
    from vbp.demo import outcomes, simulate

    hits: dict[str, list[bool]] = {batch: [] for batch in ROUNDS}
    series: dict[str, list[tuple[np.ndarray, float, float]]] = {batch: [] for batch in ROUNDS}
    months: dict[str, tuple[np.ndarray, pd.DatetimeIndex, int]] = {}
    for seed in range(seeds):
        made = simulate(seed, 12, disturbed=False)
        truth = {row["batch_id"]: row for row in made.truth["rounds"]}
        units = (made.ledger.packs * made.world.products.units[None, :, None]).sum(axis=0)
        for plan in made.world.rounds:
            if plan.batch_id not in ROUNDS:
                continue
            own = np.flatnonzero(made.world.products.tendered(plan.batch_id))
            control = [
                at
                for at, one in enumerate(made.world.generics)
                if one.role == "control" and one.category == plan.category
            ]
            chosen = [*own, *control]
            logs = np.log([units[made.world.products.of(at)].sum(axis=0) for at in chosen])
            before, after = outcomes.windows(made.world, plan)
            steps = np.concatenate([before, after])
            expected = truth[plan.batch_id]["expected"]["difference_in_differences"]["log_quantity"]
            hits[plan.batch_id].append(_covers(logs[:, steps], steps, int(after[0]), len(own), expected))
            series[plan.batch_id] += [(row, plan.log_level, plan.log_slope) for row in logs[: len(own)][:, steps]]
            calendar = pd.DatetimeIndex([pd.Timestamp(str(day)[:7]) for day in made.world.calendar.starts])
            months[plan.batch_id] = steps, calendar[steps], int(after[0])
    rows = []
    for batch in ROUNDS:
        level, slope = _its_coverage(series[batch], *months[batch])
        rows.append(
            {
                "round": batch,
                "seeds": seeds,
                "difference-in-differences": f"{np.mean(hits[batch]):.3f}",
                "generics": len(series[batch]),
                "level (time series)": f"{level:.3f}",
                "slope (time series)": f"{slope:.3f}",
            }
        )
    return pd.DataFrame(rows)


def _covers(values: np.ndarray, steps: np.ndarray, start: int, treated: int, truth: float) -> bool:
    from vbp.impact import permute
    from vbp.impact.did_estimators import cells_statistic
    from vbp.impact.grid import Grid
    from vbp.impact.panel import NEVER, Panel

    flags = np.arange(values.shape[0]) < treated
    panel = Panel(
        tuple(range(values.shape[0])), Grid("number", steps, 0), steps, values, flags, np.where(flags, start, NEVER)
    )
    made = permute.assignments(flags, sampled=1_999)
    statistic = cells_statistic(panel)
    pull = statistic(made.rows, flags[:, None] * panel.post[None, :] * 1.0)
    low, high = permute.inverted_interval(statistic(made.rows, values), pull)
    return low <= truth <= high


def _its_coverage(
    found: list[tuple[np.ndarray, float, float]], steps: np.ndarray, months: pd.DatetimeIndex, start: int
) -> tuple[float, float]:
    """Coverage of planted level and slope, the season modelled by two harmonics and Spring Festival days."""
    from vbp.impact.design import Options, make_design
    from vbp.impact.grid import read_times
    from vbp.impact.inference import default_batch

    grid = read_times(list(months))
    options = Options(dates=(f"{months[list(steps).index(start)]:%Y-%m}",), harmonics=2, spring_festival=True)
    design = make_design(grid, options, np.sort(grid.steps))
    rows = [design.names.index("level"), design.names.index("slope")]
    made = default_batch(design, np.column_stack([row for row, _, _ in found]), rows=rows).main
    truth = np.array([(level, slope) for _, level, slope in found]).T
    inside = (made.low <= truth) & (truth <= made.high)
    return float(inside[0].mean()), float(inside[1].mean())


def markdown(table: pd.DataFrame) -> str:
    """A frame as a table of a page."""
    lines = ["| " + " | ".join(str(name) for name in table.columns) + " |", "|" + "---|" * len(table.columns)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in table.itertuples(index=False)]
    return "\n".join(lines)


def page(rows: pd.DataFrame, seeds: int) -> str:
    """The section of docs/validation.md."""
    series = int(rows["series"].min())
    day = datetime.date.today().isoformat()
    parts = [
        "## Impact: interrupted time series, difference-in-differences",
        f"Measured {day} by `tests/validate/validate_impact.py`: {series:,} simulated series a cell, "
        f"{rows.groupby(['process', 'n', 'break', 'harmonics']).ngroups} cells (process × n × break at 1/3, 1/2, 2/3 × with and "
        "without two harmonics), three contrasts each. Mark: simulated.",
        "### Against the bounds set beforehand",
        markdown(criteria(rows)),
        "### Size at 5 % of the default (range over designs), and the worst rate of 'supported' without an effect",
        "Coverage of a 95 % interval is one minus the size (the interval excludes zero exactly where p < .05).",
        markdown(size_table(rows)),
        "### Power where an oracle that knows the errors has .80 (mean over designs)",
        markdown(power_table(rows)),
        "### Permutation with few treated units (4,000 rounds, t4 changes)",
        markdown(did_sizes()),
    ]
    if seeds:
        parts += [
            "### Planted effects of the demonstration, coverage of 95 % intervals",
            "Permutation interval of the mean difference (generics against controls); level and slope of each generic's "
            "log quantity by the mixture.",
            markdown(planted(seeds)),
        ]
    return "\n\n".join(parts)


def write(section: str) -> None:
    """Put the section between its marks in docs/validation.md."""
    marked = f"<!-- impact:begin -->\n{section}\n<!-- impact:end -->"
    text = PAGE.read_text(encoding="utf-8") if PAGE.exists() else "# Validation\n\n"
    if "<!-- impact:begin -->" in text:
        text = re.sub(r"<!-- impact:begin -->.*<!-- impact:end -->", lambda _: marked, text, flags=re.S)
    else:
        text = text.rstrip() + "\n\n" + marked + "\n"
    PAGE.write_text(text, encoding="utf-8")


def main(series: int = 10_000, seeds: int = 500, kept: str = "") -> None:
    """Simulate (or read rows kept from an earlier run), write the page, print it."""
    rows = pd.read_csv(kept) if kept else simulation.table(simulation.cells(), series)
    section = page(rows, seeds)
    write(section)
    print(section)


if __name__ == "__main__":
    main(*(int(word) if word.isdigit() else word for word in sys.argv[1:4]))
