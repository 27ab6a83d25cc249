"""Completion per hospital × generic × agreement year and rolled up: done, on course, at risk, not completed.

rate = selected quantity / agreed quantity, in converted units; by amount it is amount paid / (agreed quantity · P1),
another number, shown beside it. Elapsed = days of the agreement year gone by, both ends counted.
Units of different varieties (tablets, millilitres) do not add up: over several varieties the rate is Σ quantity · P1 /
Σ agreed quantity · P1, each unit weighed by its own selected price, and so is elapsed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vbp.errors import InputError, Problem, UsageError, unknown
from vbp.fine import Fine
from vbp.ledger.rests import rest_of
from vbp.savings.keys import numbers
from vbp.words import say
from vbp.words.said import Said

if TYPE_CHECKING:
    from vbp.ledger import Panels

STATES = ("done", "on_course", "at_risk", "not_completed", "not_started", "no_agreed_volume", "no_data")
"""done: agreed volume reached. on_course, at_risk: the year runs, ahead of or behind time. not_completed: it ended."""
FAR_DAYS = 36_500
"""A pace that needs a hundred years names no day."""
KEYS = ("batch_id", "hospital_id", "county_group", "generic", "product_id", "agreement_year", "start_date", "end_date")
COLUMNS = [
    "agreed_units",
    "actual_units",
    "rate",
    "agreed_yuan",
    "actual_yuan",
    "rate_by_amount",
    "elapsed",
    "state",
    "expected_done",
]
SUMS = (
    "agreed",
    "actual",
    "agreed_fen",
    "weighed_fen",
    "actual_fen",
    "due",
    "due_fen",
    "items",
    *(f"{name}_items" for name in STATES[:4]),
)
ROLL_UPS: Mapping[str, tuple[str, ...]] = {
    "hospital": ("hospital_id",),
    "group": ("county_group",),
    "generic": ("generic",),
    "batch": ("batch_id",),
    "batch_year": ("batch_id", "agreement_year"),
    "hospital_batch_year": ("hospital_id", "batch_id", "agreement_year"),
}


@dataclass(frozen=True)
class Completion:
    """Completion at `as_of`: `table` one row per agreement, `rolled(name)` sums (`hospital`, `group`, `batch` …);
    `rows` are the same as integers (thousandths of a unit, fen).

    A roll-up's `rate_basis` is units (one variety) or selected_price (several: `rate` and `elapsed` weighed by P1, no
    `agreed_units` and `actual_units`); `rate_of_summed_units` is what adding the units of several varieties up would
    give, to compare with rates published so.

    Columns of `table`: `batch_id, hospital_id, generic, product_id, agreement_year, start_date, end_date`,
    `agreed_units, actual_units, rate, agreed_yuan, actual_yuan, rate_by_amount, elapsed, state, expected_done` (the day
    on which the pace so far completes it; missing where nothing was bought or it is done).
    """

    rows: pd.DataFrame
    as_of: dt.date
    data_until: dt.date
    assumptions: tuple[Said, ...]

    @cached_property
    def table(self) -> pd.DataFrame:
        """Return one row per agreement, amounts and quantities exact."""
        return _shown(self.rows)

    @property
    def roll_ups(self) -> tuple[str, ...]:
        """Return the names of the roll-ups that the data allow."""
        return tuple(name for name, keys in ROLL_UPS.items() if set(keys) <= set(self.rows.columns))

    def rolled(self, name: str) -> pd.DataFrame:
        """Return a roll-up; a UsageError lists those that exist."""
        if name not in self.roll_ups:
            raise UsageError(unknown("roll-up", name, self.roll_ups))
        keys = ROLL_UPS[name]
        return _rates(_sums(self.rows, keys) if name == "generic" else self._places, keys)

    @cached_property
    def _places(self) -> pd.DataFrame:
        """Return the sums by hospital, its group, batch and year, from which every roll-up but one is added up."""
        group = ["county_group"] if "county_group" in self.rows else []
        return _sums(self.rows, ["hospital_id", *group, "batch_id", "agreement_year"]).reset_index()

    def text(self, lang: str) -> str:
        """Return how many agreements are in which state, and the rate of all that run or have ended."""
        counts = self.rows["state"].value_counts()
        told = [
            say(f"completion.in_{state}", lang, count=f"{int(counts[state]):,}")
            for state in STATES
            if counts.get(state, 0)
        ]
        states = ("，" if lang == "zh" else ", ").join(told) or "—"
        return say("completion.sentence", lang, as_of=self.as_of, items=f"{len(self.rows):,}", states=states)

    def document(self) -> dict[str, Any]:
        """Return the JSON document: one row per agreement and the roll-ups."""
        return {
            "as_of": self.as_of,
            "data_until": self.data_until,
            "states": {str(k): int(v) for k, v in self.rows["state"].value_counts().items()},
            "rows": self.table.to_dict("records"),
            "by": {name: self.rolled(name).to_dict("records") for name in self.roll_ups},
            "assumptions": [{"zh": said.text("zh"), "en": said.text("en")} for said in self.assumptions],
        }


def completion(panels: Panels, hospitals: pd.DataFrame | None = None, as_of: Any = None) -> Completion:
    """Return the completion of every agreement.

    Parameters
    ----------
    panels
        The ledger's panels, built from purchases up to `as_of` (the command cuts the ledger first).
    hospitals
        `hospital_id, county_group` for the roll-up by county group; None: no groups.
    as_of
        Default the end of the ledger's last month. Before that end is refused, for panels cannot be cut back; time
        after the ledger's end counts neither as elapsed nor as bought.
    """
    if panels.items.empty:
        raise InputError(
            Problem(
                "no agreements: completion needs the table agreements (约定采购量)",
                rule="table_missing",
                table="agreements",
            )
        )
    last = pd.Timestamp(panels.product_month["month"].max()) + pd.offsets.MonthEnd(0)
    day = last if as_of is None else pd.Timestamp(as_of)
    if day < last:
        raise UsageError(
            f"as_of {day.date()} lies before the panels' end {last.date()}; build the panels up to that day"
        )
    table = _judged(_rows(panels), min(day, last), day)
    if hospitals is not None and "county_group" in hospitals:
        groups = hospitals.set_index(hospitals["hospital_id"].astype(object))["county_group"].astype(object)
        table["county_group"] = groups.reindex(table["hospital_id"].astype(object)).to_numpy()
    assumptions = (
        Said("completion.assume_quantity"),
        Said("completion.assume_varieties"),
        Said("completion.assume_elapsed", {"day": min(day, last).date()}),
    )
    return Completion(table, day.date(), last.date(), assumptions)


def _rows(panels: Panels) -> pd.DataFrame:
    """Return the agreements with integers (0 where missing: see `seen` for quantities, `priced` for P1), keys as categories."""
    items = panels.items
    names = ["batch_id", "hospital_id", "generic", "product_id", "agreement_year", "start_date", "end_date"]
    agreed, actual = (numbers(items[f"{name}_milliunits"]) for name in ("agreed", "actual"))
    p1, rest = numbers(items["p1_e10"]), rest_of(items)
    agreed_fen = Fine.product(p1, agreed, rest).rounded()
    return items[names].assign(
        seen=items["actual_milliunits"].notna().to_numpy(),
        agreed=agreed,
        actual=actual,
        priced=items["p1_e10"].notna().to_numpy(),
        agreed_fen=agreed_fen,
        weighed_fen=np.where(agreed_fen > 0, Fine.product(p1, actual, rest).rounded(), 0),
        actual_fen=numbers(items["actual_fen"]),
    )


def _judged(table: pd.DataFrame, until: pd.Timestamp, day: pd.Timestamp) -> pd.DataFrame:
    """Return the rows with rates, elapsed share, state and the day of completion at the pace so far."""
    start, end = (table[name].to_numpy(dtype="datetime64[D]") for name in ("start_date", "end_date"))
    stop, today = (np.datetime64(moment.date(), "D") for moment in (until, day))
    days = (end - start).astype(np.int64) + 1
    gone = np.clip((stop - start).astype(np.int64) + 1, 0, days)
    elapsed = gone / days
    seen, agreed = table["seen"].to_numpy(), table["agreed"].to_numpy()
    rate = _ratio(table["actual"].to_numpy(), np.where(seen, agreed, 0))
    # the first rule that fits decides, in the order of `STATES` as the rules name them
    rules = [start > today, ~seen, agreed <= 0, rate >= 1, end <= today, rate >= elapsed]
    names = ["not_started", "no_data", "no_agreed_volume", "done", "not_completed", "on_course"]
    state = np.select(rules, [STATES.index(name) for name in names], default=STATES.index("at_risk"))
    with np.errstate(divide="ignore", invalid="ignore"):
        needed = np.ceil(gone / rate)
    runs = np.isin(state, (1, 2)) & np.isfinite(needed) & (needed < FAR_DAYS)
    done = start + np.where(runs, needed - 1, 0).astype("timedelta64[D]")
    return table.assign(
        rate=rate,
        rate_by_amount=_ratio(table["actual_fen"].to_numpy(), np.where(seen, table["agreed_fen"], 0)),
        elapsed=elapsed,
        state=pd.Categorical.from_codes(state.astype(np.int8), categories=pd.Index(STATES)),
        expected_done=np.where(runs, done, np.datetime64("NaT")).astype("datetime64[s]"),
    )


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Return above / below, NaN where the latter is not above zero."""
    top, bottom = np.asarray(above, dtype=float), np.asarray(below, dtype=float)
    return np.divide(top, bottom, out=np.full(len(top), np.nan), where=bottom > 0)


def _sums(rows: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Return sums by `keys` over agreements that have begun and are known: volumes, amounts, counts by state."""
    state = rows["state"].cat.codes.to_numpy()
    begun = np.isin(state, [STATES.index(name) for name in ("not_started", "no_data")], invert=True)
    columns = {
        name: rows[name].to_numpy()[begun] for name in ("agreed", "actual", "agreed_fen", "weighed_fen", "actual_fen")
    }
    elapsed = rows["elapsed"].to_numpy()[begun]
    columns |= {"due": columns["agreed"] * elapsed, "due_fen": columns["agreed_fen"] * elapsed}
    columns["items"] = np.ones(int(begun.sum()), dtype=np.int64)
    columns |= {f"{name}_items": (state[begun] == place).astype(int) for place, name in enumerate(STATES[:4])}
    names = [rows.loc[begun, key] for key in keys]
    frame = pd.DataFrame(columns, index=names[0].index)
    groups = frame.groupby(names, sort=True, observed=True, dropna=False)
    variety = rows["generic"].astype("category").cat.codes[begun].groupby(names, sort=True, observed=True, dropna=False)
    return groups.sum().assign(first_variety=variety.min(), last_variety=variety.max())


def _rates(sums: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Return a roll-up of sums: both rates, elapsed time weighted by agreed volume, the count in each state."""
    groups = sums.groupby(list(keys), sort=True, observed=True)
    one = (groups["first_variety"].min() == groups["last_variety"].max()).to_numpy()
    sums = groups[list(SUMS)].sum()

    def rate(units: str, fen: str) -> np.ndarray:
        priced = _ratio(sums[fen].to_numpy(), sums["agreed_fen"].to_numpy())
        return np.where(one, _ratio(sums[units].to_numpy(), sums["agreed"].to_numpy()), priced)

    rates = pd.DataFrame(
        {
            "items": sums["items"],
            "agreed_units": _exact(sums["agreed"], 3, one),
            "actual_units": _exact(sums["actual"], 3, one),
            "rate": rate("actual", "weighed_fen"),
            "rate_basis": np.where(one, "units", "selected_price"),
            "rate_by_amount": _ratio(sums["actual_fen"].to_numpy(), sums["agreed_fen"].to_numpy()),
            "rate_of_summed_units": _ratio(sums["actual"].to_numpy(), sums["agreed"].to_numpy()),
            "elapsed": rate("due", "due_fen"),
        },
        index=sums.index,
    )
    return rates.join(sums[[f"{name}_items" for name in STATES[:4]]]).reset_index()


def _exact(whole: Any, places: int, known: Any = None) -> list[Decimal | None]:
    """Return integers as Decimals with `places` decimals; None where not `known`."""
    values = [Decimal(value).scaleb(-places) for value in np.asarray(whole).tolist()]
    return list(values) if known is None else [v if k else None for v, k in zip(values, known, strict=True)]


def _shown(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with exact units and yuan in place of thousandths and fen, keys as text."""
    seen = rows["seen"].to_numpy()
    exact: Any = {
        "agreed_units": _exact(rows["agreed"], 3),
        "actual_units": _exact(rows["actual"], 3, seen),
        "agreed_yuan": _exact(rows["agreed_fen"], 2, rows["priced"].to_numpy()),
        "actual_yuan": _exact(rows["actual_fen"], 2, seen),
    }
    text = [name for name in KEYS[:5] if name in rows]
    whole = rows.astype(dict.fromkeys([*text, "state"], object)).assign(**exact)
    return whole[[*(name for name in KEYS if name in rows), *COLUMNS]].reset_index(drop=True)
