"""Scan: an interrupted time series for every series of a long frame, batched by design, with false-discovery control.

Series that share points, date and options share one decomposition; a bad series is marked with the reason and never
stops the others. Every number equals that of `its` for the series alone (to 1e-9).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from vbp.errors import InputError, Problem, UsageError
from vbp.impact import verdict as rule
from vbp.impact.design import Design, Options, make_design
from vbp.impact.discovery import q_values
from vbp.impact.grid import Grid, read_times
from vbp.impact.inference import P_FLOOR, Estimates, default_batch, linked
from vbp.impact.its import MEASURES, exact_fit, its, judge_all, refuse_unusable
from vbp.impact.its_result import ItsResult
from vbp.impact.kernel import Array
from vbp.impact.observations import refuse_domain
from vbp.impact.speak import direction
from vbp.impact.verdict import Verdict, show_p
from vbp.words import say

LOGGED = ("price", "quantity", "spending", "alternatives")
"""Measures taken in logarithms: money and counts; shares stay as they are."""
EFFECTS = ("level", "slope", "cumulative")


@dataclass
class _One:
    """One series on its way through the scan; `verdicts` and numbers are filled in."""

    key: tuple[Any, ...]
    measure: str
    dates: tuple[Any, ...]
    family: str
    grid: Grid | None = None
    steps: np.ndarray = field(default_factory=lambda: np.array([], dtype=int))
    values: Array = field(default_factory=lambda: np.array([]))
    design: Design | None = None
    scaled: Array = field(default_factory=lambda: np.array([]))
    numbers: dict[str, Any] = field(default_factory=dict)
    verdict: dict[str, Verdict] = field(default_factory=dict)


@dataclass(frozen=True)
class ScanResult:
    """The ranked table of a scan.

    `table` has the keys, `measure, family, date, points, before, after, gaps`; for level, slope and cumulative
    `<effect>, <effect>_low, <effect>_high, <effect>_p, <effect>_p_confirm, <effect>_verdict`; and for the level change
    `p_joint` (the larger of both tests' p), `p_shown`, `q_bh`, `q_by`, `change_percent`, `sentence_zh`, `sentence_en`.
    """

    table: pd.DataFrame
    keys: tuple[str, ...]
    options: Options
    alpha: float
    _frame: pd.DataFrame = field(repr=False)
    _dates: tuple[tuple[Any, ...], ...] = field(repr=False)

    @property
    def discoveries(self) -> pd.DataFrame:
        """Return the rows whose level change stands at the false-discovery rate `alpha` (Benjamini–Hochberg)."""
        return self.table[self.table["q_bh"] <= self.alpha]

    @property
    def assumptions(self) -> tuple[str, ...]:
        """Return the keys of the assumptions (group `impact_assumption`)."""
        return "its_trend", "its_no_other_shock", "its_date_known", "its_noise"

    def series(self, row: int) -> pd.DataFrame:
        """Return month and value of the series in a row of the table, for a figure or `its`."""
        chosen = self.table.iloc[row]
        same = self._frame["measure"] == chosen["measure"]
        for key in self.keys:
            same &= self._frame[key] == chosen[key]
        return self._frame.loc[same, ["month", "value"]].sort_values("month").reset_index(drop=True)

    def fitted(self, row: int, checks: bool = True) -> ItsResult:
        """Return the full result of the series in a row by the single-series function, its checks (slower) if wanted."""
        chosen = self.table.iloc[row]
        options = {name: value for name, value in self.options.__dict__.items() if name != "dates"}
        return its(
            self.series(row),
            "value",
            "month",
            list(self._dates[row]),
            family=chosen["family"],
            measure=chosen["measure"] if chosen["measure"] in MEASURES else "other",
            checks=checks,
            **options,
        )

    def text(self, lang: str = "zh") -> str:
        """Return the scan in a sentence."""
        table = self.table
        counts = {
            "series": len(table),
            "assessed": int((table["level_verdict"] != "not_assessable").sum()),
            "supported": int((table["level_verdict"] == "supported").sum()),
            "bh": int((table["q_bh"] <= self.alpha).sum()),
            "by": int((table["q_by"] <= self.alpha).sum()),
        }
        parts = say("impact_scan.summary", lang, **counts), say("impact_scan.bound", lang, floor=f"{P_FLOOR:g}")
        return ("" if lang == "zh" else " ").join(parts)


def _dates_of(part: pd.DataFrame, dates: Any, key: tuple[Any, ...]) -> tuple[Any, ...]:
    if "date" in part.columns:
        found = part["date"].dropna().unique()
        return tuple(found)
    given = dates.get(key, dates.get(key[-1])) if isinstance(dates, Mapping) else dates
    if given is None:
        return ()
    return tuple(given) if isinstance(given, (list, tuple)) else (given,)


def _why(error: Exception) -> Verdict:
    text = error.problems[0].message if isinstance(error, InputError) else str(error)
    return Verdict("not_assessable", "refused", {"why": text})


def _prepare(one: _One, part: pd.DataFrame, options: Options) -> None:
    """Read one series, make its design, and set aside what cannot be assessed or is exact."""
    try:
        _read_one(one, part, options)
    except (InputError, UsageError, np.linalg.LinAlgError) as error:
        one.design, one.verdict = None, dict.fromkeys(EFFECTS, _why(error))


def _read_one(one: _One, part: pd.DataFrame, options: Options) -> None:
    values = part["value"].to_numpy(float)
    there = np.isfinite(values)
    if not there.any():
        raise InputError(Problem("every value is missing; nothing to fit", rule="all_missing"))
    if not one.dates:
        raise InputError(Problem("no date of a policy is known for this series", rule="no_date"))
    one.grid = read_times(part["month"], "month")
    if np.unique(one.grid.steps).size < one.grid.steps.size:
        raise InputError(Problem("a month stands twice in this series; add its rows up first", rule="duplicate"))
    order = np.flatnonzero(there)[np.argsort(one.grid.steps[there], kind="stable")]
    one.steps, one.values = one.grid.steps[order], values[order]
    refuse_domain(one.grid, one.steps, one.values, None, one.family, one.measure)
    design = make_design(one.grid, Options(**{**options.__dict__, "dates": one.dates}), one.steps)
    used = one.values[design.keep]
    before, after = int((~design.after).sum()), int(design.after.sum())
    gaps = one.grid.gaps(one.steps)
    one.numbers |= {
        "date": one.grid.label(design.starts[0]),
        "points": used.size,
        "before": before,
        "after": after,
        "gaps": len(gaps),
    }
    barrier = rule.obstacle(used.size, before, after)
    if rule.constant(used):
        one.verdict = dict.fromkeys(EFFECTS, Verdict("not_assessable", "constant"))
        return
    if barrier:
        one.verdict = dict.fromkeys(EFFECTS, barrier)
        return
    refuse_unusable(design, used)
    if _exact(one, design, used):
        return
    one.design, one.scaled = design, linked(used, None, one.family)


def _exact(one: _One, design: Design, used: Array) -> bool:
    """Fill in a tariff step: exact numbers, no test."""
    fit = exact_fit(design, used, one.family, None)
    if fit is None:
        return False
    before, after = used[~design.after][-1], used[design.after][0]
    change = (after / before - 1) * 100 if before else float("nan")
    said = Verdict(
        "not_assessable",
        "exact",
        {"before": f"{before:g}", "after": f"{after:g}", "change": f"{change:+.2f}".replace("-", "−")},
    )
    one.verdict = dict.fromkeys(EFFECTS, said)
    for effect, row in _rows(design).items():
        value = float(fit.estimates.main.estimate[row, 0])
        one.numbers |= {effect: value, f"{effect}_low": value, f"{effect}_high": value}
    return True


def _rows(design: Design) -> dict[str, int]:
    """Return which contrast holds each effect (a level-only design has no slope)."""
    rows = {name: design.names.index(name) for name in ("level", "slope") if name in design.names}
    return rows | {"cumulative": len(design.names)}


def _fill(members: Sequence[_One]) -> None:
    """Infer all series of one design at once."""
    design = members[0].design
    assert design is not None
    rows = _rows(design)
    found = default_batch(design, np.column_stack([one.scaled for one in members]), rows=list(rows.values()))
    for at, one in enumerate(members):
        verdicts = judge_all(found, found.p_confirm[:, at], None, None, at)
        for position, effect in enumerate(rows):
            one.verdict[effect] = verdicts[position]
            one.numbers |= _numbers_of(found, effect, position, at)


def _numbers_of(found: Estimates, effect: str, row: int, at: int) -> dict[str, float]:
    main = found.main
    return {
        effect: float(main.estimate[row, at]),
        f"{effect}_se": float(main.std_error[row, at]),
        f"{effect}_low": float(main.low[row, at]),
        f"{effect}_high": float(main.high[row, at]),
        f"{effect}_p": float(main.p_value[row, at]),
        f"{effect}_p_confirm": float(found.p_confirm[row, at]),
        f"{effect}_detectable": float(found.reach[row, at]),
    }


def _row(one: _One, keys: Sequence[str]) -> dict[str, Any]:
    row: dict[str, Any] = dict(zip(keys, one.key, strict=True))
    row |= {
        "measure": one.measure,
        "family": one.family,
        "date": None,
        "points": int(np.isfinite(one.values).sum()),
        "before": None,
        "after": None,
        "gaps": None,
    }
    for effect in EFFECTS:
        for tail in ("", "_se", "_low", "_high", "_p", "_p_confirm", "_detectable"):
            row[effect + tail] = np.nan
    row |= one.numbers
    missing = Verdict("not_assessable", "refused", {"why": "no such term"})
    for effect in EFFECTS:
        row[f"{effect}_verdict"] = one.verdict.get(effect, missing).word
    level = row["level"]
    row["change_percent"] = float(np.expm1(level) * 100) if one.family == "log" else np.nan
    said = one.verdict.get("level", missing)
    for lang in ("zh", "en"):
        aim = direction(one.measure, level, lang) if said.word == "supported" or said.reason == "exact" else ""
        row[f"sentence_{lang}"] = said.text(lang) + ("" if lang == "zh" else " ") * bool(aim) + aim
    return row


def _ranked(rows: list[dict[str, Any]]) -> tuple[pd.DataFrame, list[int]]:
    """Return the ranked table and which row each of its rows was."""
    table = pd.DataFrame(rows)
    table["p_joint"] = table[["level_p", "level_p_confirm"]].max(axis=1, skipna=False)
    table["p_shown"] = [None if np.isnan(p) else show_p(float(p)) for p in table["p_joint"]]
    for method in ("bh", "by"):
        table[f"q_{method}"] = q_values(table["p_joint"].to_numpy(float), method)
    order = pd.DataFrame({"p": table["p_joint"], "size": -(table["level"] / table["level_se"]).abs()})
    ranked = table.loc[order.sort_values(["p", "size"], kind="stable", na_position="last").index]
    places = [int(at) for at in ranked.index]
    ranked.insert(0, "rank", np.arange(1, len(ranked) + 1))
    return ranked.reset_index(drop=True), places


def scan(
    frame: pd.DataFrame,
    date: Any = None,
    *,
    keys: Sequence[str] = ("generic",),
    alpha: float = 0.05,
    families: Mapping[str, str] | None = None,
    **design_options: Any,
) -> ScanResult:
    """Run an interrupted time series on every key × measure of a long frame.

    Parameters
    ----------
    frame : columns `keys`, `month`, `measure`, `value` and, if dates differ by row, `date` (one or several values a
        series). A missing row or value is a gap.
    date : one date for all, or a mapping from the key (a tuple, or the last key alone) to a date or several.
    families : measure → gaussian or log; by default money and counts in logarithms, shares as they are.
    alpha : false-discovery rate.
    design_options : as for `its` (effect, harmonics, exclude …), the same for every series.

    Returns
    -------
    ScanResult
        Ranked by the larger of both tests' p-values of the level change. A series that cannot be assessed is a row
        with the reason.
    """
    need = [*keys, "month", "measure", "value"]
    missing = [name for name in need if name not in frame.columns]
    if missing:
        raise UsageError(f"the frame lacks {', '.join(missing)}; a scan needs {', '.join(need)}")
    if frame.empty:
        raise InputError(Problem("no series to scan", rule="empty"))
    options = Options(dates=("any",), **design_options).checked()
    chosen = {measure: "log" if measure in LOGGED else "gaussian" for measure in frame["measure"].unique()}
    chosen |= dict(families or {})
    everyone: list[_One] = []
    groups: dict[bytes, list[_One]] = {}
    for found, part in frame.groupby([*keys, "measure"], sort=True, observed=True):
        *key, measure = tuple(found)
        one = _One(tuple(key), str(measure), _dates_of(part, date, tuple(key)), chosen[str(measure)])
        _prepare(one, part, options)
        everyone.append(one)
        if one.design is not None:
            groups.setdefault(one.design.key(), []).append(one)
    for members in groups.values():
        _fill(members)
    table, order = _ranked([_row(one, keys) for one in everyone])
    return ScanResult(table, tuple(keys), options, alpha, frame, tuple(everyone[at].dates for at in order))
