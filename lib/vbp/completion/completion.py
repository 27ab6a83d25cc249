"""Completion per hospital × generic × agreement year and rolled up: done, on course, at risk, not completed.

rate = selected quantity / agreed quantity, in converted units; by amount it is amount paid / (agreed quantity · P1),
another number, shown beside it. Elapsed = days of the agreement year gone by, both ends counted.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vbp.errors import InputError, Problem, UsageError, unknown
from vbp.words import say
from vbp.words.said import Said

if TYPE_CHECKING:
    from vbp.ledger import Panels

STATES = ("done", "on_course", "at_risk", "not_completed", "not_started", "no_agreed_volume", "no_data")
"""done: agreed volume reached. on_course, at_risk: the year runs, ahead of or behind time. not_completed: it ended."""
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
    """Completion at `as_of`: `table` one row per agreement, `rolled(name)` sums (`hospital`, `group`, `batch` …).

    Columns of `table`: `batch_id, hospital_id, generic, product_id, agreement_year, start_date, end_date`,
    `agreed_units, actual_units, rate, agreed_yuan, actual_yuan, rate_by_amount, elapsed, state, expected_done` (the day
    on which the pace so far completes it; missing where nothing was bought or it is done).
    """

    table: pd.DataFrame
    roll_ups: Mapping[str, pd.DataFrame]
    as_of: dt.date
    data_until: dt.date
    assumptions: tuple[Said, ...]

    def rolled(self, name: str) -> pd.DataFrame:
        """Return a roll-up; a UsageError lists those that exist."""
        if name not in self.roll_ups:
            raise UsageError(unknown("roll-up", name, tuple(self.roll_ups)))
        return self.roll_ups[name]

    def text(self, lang: str) -> str:
        """Return how many agreements are in which state, and the rate of all that run or have ended."""
        counts = self.table["state"].value_counts()
        states = {state: int(counts.get(state, 0)) for state in STATES}
        return say("completion.sentence", lang, as_of=self.as_of, items=len(self.table), **states)

    def document(self) -> dict[str, Any]:
        """Return the JSON document: one row per agreement and the roll-ups."""
        return {
            "as_of": self.as_of,
            "data_until": self.data_until,
            "states": {str(k): int(v) for k, v in self.table["state"].value_counts().items()},
            "rows": self.table.to_dict("records"),
            "by": {name: frame.to_dict("records") for name, frame in self.roll_ups.items()},
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
        table["county_group"] = groups.reindex(table["hospital_id"]).to_numpy()
    roll_ups = {name: _rolled(table, keys) for name, keys in ROLL_UPS.items() if set(keys) <= set(table.columns)}
    assumptions = (
        Said("completion.assume_quantity"),
        Said("completion.assume_elapsed", {"day": min(day, last).date()}),
    )
    return Completion(_shown(table), roll_ups, day.date(), last.date(), assumptions)


def _rows(panels: Panels) -> pd.DataFrame:
    items = panels.items
    names = ["batch_id", "hospital_id", "generic", "product_id"]
    table = items[[*names, "agreement_year", "start_date", "end_date"]].astype(dict.fromkeys(names, object))
    agreed = items["agreed_milliunits"].astype("Int64")
    p1 = items["p1_e10"].astype("Float64") / 1e8  # fen per unit; an amount to compare with, never money that is paid
    return table.assign(
        agreed=agreed,
        actual=items["actual_milliunits"].astype("Int64"),
        actual_fen=items["actual_fen"].astype("Int64"),
        agreed_fen=(agreed.astype("Float64") * p1 / 1000).round().astype("Int64"),
    )


def _judged(table: pd.DataFrame, seen: pd.Timestamp, day: pd.Timestamp) -> pd.DataFrame:
    """Return the rows with rates, elapsed share, state and the date of completion at the pace so far."""
    days = (table["end_date"] - table["start_date"]).dt.days + 1
    gone = ((seen - table["start_date"]).dt.days + 1).clip(lower=0)
    elapsed = (gone / days).clip(upper=1.0)
    rate = _ratio(table["actual"], table["agreed"])
    state = np.select(
        [
            table["start_date"] > day,
            table["actual"].isna(),
            table["agreed"].fillna(0) <= 0,
            rate >= 1,
            table["end_date"] <= day,
            rate >= elapsed,
        ],
        ["not_started", "no_data", "no_agreed_volume", "done", "not_completed", "on_course"],
        default="at_risk",
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        needed = np.ceil(np.minimum(gone, days) / rate)
    runs = np.isin(state, ("on_course", "at_risk")) & np.isfinite(needed) & (needed < 36500)
    done = table["start_date"] + pd.to_timedelta(np.where(runs, needed, 1) - 1, unit="D")
    return table.assign(
        rate=rate,
        rate_by_amount=_ratio(table["actual_fen"], table["agreed_fen"]),
        elapsed=elapsed,
        state=state,
        expected_done=done.where(runs),
    )


def _ratio(above: pd.Series, below: pd.Series) -> np.ndarray:
    top, bottom = (column.to_numpy(dtype=float, na_value=np.nan) for column in (above, below))
    return np.divide(top, bottom, out=np.full(len(top), np.nan), where=bottom > 0)


def _rolled(table: pd.DataFrame, keys: tuple[str, ...]) -> pd.DataFrame:
    """Return sums over agreements that have begun and are known, with both rates and the count in each state."""
    begun = table[~table["state"].isin(["not_started", "no_data"])]
    states = begun[list(keys)].assign(
        **{f"{state}_items": begun["state"].eq(state).astype(int) for state in STATES[:4]}
    )
    sums = begun.groupby(list(keys), sort=True)[["agreed", "actual", "agreed_fen", "actual_fen"]].sum()
    due = begun.assign(due=begun["agreed"].astype(float) * begun["elapsed"]).groupby(list(keys), sort=True)["due"].sum()
    counts = states.groupby(list(keys), sort=True).sum()
    rates = pd.DataFrame(
        {
            "items": begun.groupby(list(keys), sort=True).size(),
            "agreed_units": _units(sums["agreed"]),
            "actual_units": _units(sums["actual"]),
            "rate": _ratio(sums["actual"], sums["agreed"]),
            "rate_by_amount": _ratio(sums["actual_fen"], sums["agreed_fen"]),
            "elapsed": _ratio(due, sums["agreed"]),
        },
        index=sums.index,
    )
    return rates.join(counts).reset_index()


def _units(milliunits: pd.Series) -> list[Decimal | None]:
    return [None if value is pd.NA else Decimal(int(value)).scaleb(-3) for value in milliunits]


def _shown(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with exact units and yuan in place of thousandths and fen."""
    yuan = {
        f"{name}_yuan": [None if v is pd.NA else Decimal(int(v)).scaleb(-2) for v in table[f"{name}_fen"]]
        for name in ("agreed", "actual")
    }
    units = {f"{name}_units": _units(table[name]) for name in ("agreed", "actual")}
    keys = [
        c
        for c in (
            "batch_id",
            "hospital_id",
            "county_group",
            "generic",
            "product_id",
            "agreement_year",
            "start_date",
            "end_date",
        )
        if c in table
    ]
    shown: Any = {**units, **yuan}
    whole = table.assign(**shown)
    return whole[
        [
            *keys,
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
    ]
