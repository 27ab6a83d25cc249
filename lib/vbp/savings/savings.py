"""Savings from the panels: every kind by every cut, totals equal to the fen.

Each kind is one list of exact amounts; every cut adds up the same amounts and is rounded once, by largest remainder to
the same rounded total. What cannot be known (no P0, no P1) is in no kind and is listed with its share of spending.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vbp.fine import FEN, STEP, Fine
from vbp.savings import parts
from vbp.savings.alternatives import alternatives
from vbp.savings.keys import Keys, codes, numbers
from vbp.savings.parts import Part
from vbp.savings.result import CUTS, KINDS, OF_AGREEMENTS, Savings
from vbp.words.said import Said

if TYPE_CHECKING:
    from vbp.ledger import Panels

NO_YEAR = "outside"
Sums = dict[str, dict[str, Fine]]


def savings(panels: Panels, products: pd.DataFrame | None = None, as_of: Any = None) -> Savings:
    """Return every kind of saving of a city by generic, hospital, batch, month and agreement year.

    Parameters
    ----------
    panels
        The ledger's panels (`vbp.ledger.build`).
    products
        The inputs' products (`product_id, generic, substitute_group`), for alternatives; None: these are not known.
    as_of
        Agreement years that begin after this day are left to `vbp project`; default the end of the ledger's last month.
    """
    keys = Keys.of(panels)
    last = pd.Timestamp(panels.product_month["month"].max())
    day = pd.Timestamp(as_of) if as_of is not None else last + pd.offsets.MonthEnd(0)
    axes = _axes(panels, keys)
    kinds = _kinds(panels, keys, day)
    sums: Sums = {cut: {} for cut in CUTS}
    varieties: dict[str, Fine] = {}
    for kind, part in kinds.items():
        varieties[kind], by = _by(part, keys, axes)
        for cut, amounts in by.items():
            sums[cut][kind] = amounts
    months, sums["month"] = _by_month(panels, keys, day, kinds["official"], varieties)
    axes["month"] = pd.Index(months)
    moved = alternatives(panels, products, last)
    _add_alternatives(sums, moved.monthly, axes, panels, keys)
    totals = {kind: sums["batch"][kind].total_yuan() for kind in KINDS if kind != "potential_beyond"}
    totals["potential_beyond"] = totals["potential"] - totals["potential_lawful"]
    left_out, share = _left_out(panels, keys)
    gaps = (*(OF_AGREEMENTS if panels.items.empty else ()), *(("alternatives",) if moved.table.empty else ()))
    compared = {
        "generic": set(moved.table["generic"]),
        "batch": set(moved.table["batch_id"]),
        "month": set(moved.monthly["month"]),
        "year": {NO_YEAR},
    }
    return Savings(
        {kind: None if kind in gaps else totals[kind] for kind in KINDS},
        {cut: _with_gaps(_compared(_table(cut, axes[cut], sums[cut]), compared.get(cut)), gaps) for cut in CUTS},
        left_out,
        share,
        moved.table.assign(change_fen=[float(x) for x in moved.table["change_fen"]]),
        _with_gaps(_baselines(panels, keys, varieties), gaps),
        day.date(),
        _assumptions(moved.table, products),
    )


def _with_gaps(table: pd.DataFrame, kinds: Collection[str]) -> pd.DataFrame:
    """Return a table without the amounts of kinds that are not known."""
    columns = [name for name in table if str(name).removesuffix("_yuan") in kinds]
    return table.assign(
        **{str(name): pd.Series([None] * len(table), index=table.index, dtype=object) for name in columns}
    )


def _compared(table: pd.DataFrame, compared: Collection[Any] | None) -> pd.DataFrame:
    """Return a table whose rows without anything to compare (no substitute group, no month before) say nothing of
    alternatives; None: every row is compared.
    """
    if compared is None:
        return table
    amounts = zip(table.iloc[:, 0], table["alternatives_yuan"], strict=True)
    known = [amount if key in compared else None for key, amount in amounts]
    return table.assign(alternatives_yuan=pd.Series(known, index=table.index, dtype=object))


def _axes(panels: Panels, keys: Keys) -> dict[str, pd.Index]:
    years = set(pd.unique(numbers(panels.items["agreement_year"]))) | set(pd.unique(numbers(panels.cells["period"])))
    whole = range(int(min(years)), int(max(years)) + 1)
    return {"generic": keys.generics, "hospital": keys.hospitals, "batch": keys.batches, "year": pd.Index(whole)}


def _kinds(panels: Panels, keys: Keys, day: pd.Timestamp) -> dict[str, Part]:
    """Return the kinds that hospitals add up to; months are added up apart."""
    whole, lawful = parts.potential(panels, keys)
    return {
        "official": parts.official(panels, keys, day),
        "realised": parts.realised(panels, keys),
        "excess": parts.excess(panels, keys),
        "potential": whole,
        "potential_lawful": lawful,
    }


def _by(part: Part, keys: Keys, axes: Mapping[str, pd.Index]) -> tuple[Fine, dict[str, Fine]]:
    """Return a part's sums by variety, and by generic, batch, hospital, year: two passes over the rows, the rest small.

    Rows without a variety hold nothing (their amounts are zero by construction).
    """
    assert part.hospital is not None and part.year is not None
    known = part.variety >= 0
    by_variety = part.amounts.where(known).grouped(np.where(known, part.variety, 0), len(keys.p0_e10))
    years, hospitals = len(axes["year"]), len(keys.hospitals)
    both = part.amounts.where(known).grouped(
        part.hospital * years + part.year - int(axes["year"][0]), hospitals * years
    )
    variety, cell = np.arange(len(keys.p0_e10)), np.arange(hospitals * years)
    return by_variety, {
        "generic": by_variety.grouped(keys.generic_of(variety), len(keys.generics)),
        "batch": by_variety.grouped(keys.batch_of(variety), len(keys.batches)),
        "hospital": both.grouped(cell // years, hospitals),
        "year": both.grouped(cell % years, years),
    }


def _by_month(
    panels: Panels, keys: Keys, day: pd.Timestamp, whole: Part, varieties: Mapping[str, Fine]
) -> tuple[list[pd.Timestamp], dict[str, Fine]]:
    """Return the months and each kind's sums: what was bought by its month, agreed volume spread over its year."""
    ahead, official = parts.official_by_month(panels, day, whole)
    months = sorted(set(keys.months) | set(ahead))
    place = {month: number for number, month in enumerate(months)}
    found: dict[str, Fine] = {}
    spread = [0] * len(months)
    for month, amount in zip(ahead, official, strict=True):
        spread[place[month]] = amount
    found["official"] = Fine.exactly(spread)
    moved = np.array([place[month] for month in keys.months])
    bought = (("realised", parts.realised_by_month(panels, keys)), ("excess", parts.excess_by_month(panels, keys)))
    for kind, part in bought:
        assert part.month is not None
        found[kind] = part.amounts.grouped(moved[part.month], len(months))
    weights = _nonselected_by_month(panels, keys, moved, len(months))
    for kind in ("potential", "potential_lawful"):
        found[kind] = parts.spread(varieties[kind], weights)
    return months, found


def _nonselected_by_month(panels: Panels, keys: Keys, moved: np.ndarray, months: int) -> np.ndarray:
    """Return the spending on non-selected products by variety and month (fen): the weights for what has no month."""
    rows = panels.product_month[(panels.product_month["status"] == "nonselected").to_numpy()]
    variety = keys.variety(rows)
    weights = np.zeros((len(keys.p0_e10), months), dtype=np.int64)
    known = variety >= 0
    place = moved[codes(rows["month"], keys.months)]
    np.add.at(weights, (variety[known], place[known]), numbers(rows["amount_fen"])[known])
    return np.clip(weights, 0, None)


def _add_alternatives(
    sums: Sums, monthly: pd.DataFrame, axes: Mapping[str, pd.Index], panels: Panels, keys: Keys
) -> None:
    """Add the spillover to every cut; hospitals by their spending on alternatives, years as one row outside years."""
    exact = [int(Fraction(value) * FEN * STEP) for value in monthly["change_fen"]]
    for cut, column in (("generic", "generic"), ("batch", "batch_id"), ("month", "month")):
        found = [0] * len(axes[cut])
        place = {name: number for number, name in enumerate(axes[cut])}
        for name, amount in zip(monthly[column], exact, strict=True):
            found[place[name]] += amount
        sums[cut]["alternatives"] = Fine.exactly(found)
    weights = np.zeros(len(keys.hospitals), dtype=np.int64)
    np.add.at(
        weights,
        codes(panels.cells["hospital_id"], keys.hospitals),
        np.clip(numbers(panels.cells["alternative_fen"]), 0, None),
    )
    sums["hospital"]["alternatives"] = parts.spread(Fine.exactly([sum(exact)]), weights[None, :])
    years = [0] * len(axes["year"])
    years[0] = sum(exact)
    sums["year"]["alternatives"] = Fine.exactly(years)


def _table(cut: str, axis: pd.Index, sums: Mapping[str, Fine]) -> pd.DataFrame:
    """Return one cut's rows in yuan; rows in which every kind is zero are left out."""
    yuan: dict[str, Any] = {f"{kind}_yuan": sums[kind].to_yuan() for kind in KINDS if kind != "potential_beyond"}
    yuan["potential_beyond_yuan"] = [
        a - b for a, b in zip(yuan["potential_yuan"], yuan["potential_lawful_yuan"], strict=True)
    ]
    names = {
        "generic": "generic",
        "hospital": "hospital_id",
        "batch": "batch_id",
        "month": "month",
        "year": "agreement_year",
    }
    labels = [NO_YEAR if year < 1 else str(year) for year in axis] if cut == "year" else list(axis)
    table = pd.DataFrame({names[cut]: labels, **{f"{kind}_yuan": yuan[f"{kind}_yuan"] for kind in KINDS}})
    if cut == "year":
        # years −1 and 0 are one row: before the first and after the last agreement year
        rows: dict[str, list[Decimal]] = {}
        for label, *amounts in table.itertuples(index=False):
            known = rows.setdefault(label, [Decimal(0)] * len(amounts))
            rows[label] = [a + b for a, b in zip(known, amounts, strict=True)]
        table = pd.DataFrame([(label, *amounts) for label, amounts in rows.items()], columns=table.columns)
    filled = (table.drop(columns=names[cut]) != 0).any(axis=1)
    return table[filled].reset_index(drop=True)


def _left_out(panels: Panels, keys: Keys) -> tuple[pd.DataFrame, float]:
    """Return the varieties without P0 or P1, their spending while the batch ran, and their share of all such."""
    cells = panels.cells
    variety = keys.variety(cells)
    spent = numbers(cells["selected_fen"]) + numbers(cells["nonselected_fen"]) + numbers(cells["elsewhere_fen"])
    sums = np.zeros(len(keys.p0_e10), dtype=np.int64)
    np.add.at(sums, variety[variety >= 0], spent[variety >= 0])
    batch = {name: number for number, name in enumerate(keys.batches)}
    generic = {name: number for number, name in enumerate(keys.generics)}
    rows = []
    for price in panels.prices.to_dict("records"):
        at = batch[price["batch_id"]] * len(keys.generics) + generic[price["generic"]]
        reasons = [
            name for name, known in (("NO_P0", keys.p0_e10[at] >= 0), ("NO_P1", keys.p1_main_e10[at] >= 0)) if not known
        ]
        if reasons:
            rows.append(
                (
                    str(price["batch_id"]),
                    str(price["generic"]),
                    ", ".join(reasons),
                    Decimal(int(sums[at])).scaleb(-2),
                    int(sums[at]) / max(int(sums.sum()), 1),
                )
            )
    table = pd.DataFrame(rows, columns=["batch_id", "generic", "reason", "spending_yuan", "share_of_spending"])
    return table, float(table["share_of_spending"].sum())


def _baselines(panels: Panels, keys: Keys, varieties: Mapping[str, Fine]) -> pd.DataFrame:
    """Return official and realised saving by the source and basis of P0, for a saving is never without its baseline."""
    prices = panels.prices
    source = prices["p0_source"].astype(object)
    basis = prices["p0_basis"].astype(object) if "p0_basis" in prices else pd.Series(None, index=source.index)
    labels = [
        f"{a}: {b}" if a == "given" and isinstance(b, str) else str(a) for a, b in zip(source, basis, strict=True)
    ]
    axis = pd.Index(sorted(set(labels)))
    place = np.zeros(len(keys.p0_e10), dtype=np.int64)
    place[keys.variety(prices)] = axis.get_indexer(pd.Index(labels))
    found: dict[str, Any] = {"p0_source": list(axis)}
    for kind in ("official", "realised"):
        found[f"{kind}_yuan"] = varieties[kind].grouped(place, len(axis)).to_yuan()
    return pd.DataFrame(found)


def _assumptions(moved: pd.DataFrame, products: pd.DataFrame | None) -> tuple[Said, ...]:
    said = [Said(f"savings.assume_{kind}") for kind in ("official", "realised", "potential", "alternatives")]
    if products is None or "substitute_group" not in products or moved.empty:
        said[-1] = Said("savings.assume_no_alternatives")
    return (*said, Said("savings.assume_months"), Said("savings.assume_rounding"))
