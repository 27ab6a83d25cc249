"""Agreements joined with their cells and prices, one row an agreement: what settlement and completion start from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from vbp.ledger.calendar import Years, completed, day_number, periods
from vbp.ledger.calendar import month_starts as starts_of
from vbp.ledger.classes import NONSELECTED
from vbp.ledger.coding import scaled
from vbp.ledger.frames import CELL, plain
from vbp.ledger.reference import read_reference
from vbp.ledger.rests import award_rests, halves, weighted_rest

if TYPE_CHECKING:
    from vbp.ledger.panels import Panels

YEAR = ["hospital_id", "batch_id", "generic", "agreement_year"]
OTHERS = (*NONSELECTED, "elsewhere")
COPIED = [f"{name}_{suffix}" for name in OTHERS for suffix in ("milliunits", "fen")] + [
    "nonselected_milliunits",
    "nonselected_fen",
    "boundary_fen",
]


def items(panels: Panels, tables: Mapping[str, pa.Table]) -> pd.DataFrame:
    """Return the agreements with what was bought under them (columns: docs/panels.md, `items`)."""
    frame = _agreements(tables.get("agreements"))
    frame = _with_cells(frame, panels.cells)
    frame = _with_months(frame, panels, tables)
    frame = _with_p0(frame, panels.prices)
    frame = _with_p1(frame, panels, award_rests(read_reference(tables)))
    return _gaps(frame)


def _agreements(table: pa.Table | None) -> pd.DataFrame:
    """Return agreements with quantities in thousandths, in order of hospital, batch, generic, year, product."""
    names = ["batch_id", "hospital_id", "generic", "product_id"]
    if table is None:
        return pd.DataFrame(
            {name: pd.Categorical([]) for name in names}
            | {name: pd.Series(dtype="int64") for name in ("agreement_year", "base_milliunits", "agreed_milliunits")}
            | {name: pd.Series(dtype="datetime64[s]") for name in ("start_date", "end_date")}
            | {"generic_first": pd.Series(dtype=bool)}
        )
    if "product_id" not in table.column_names:
        table = table.append_column("product_id", pa.nulls(table.num_rows, pa.string()))
    frame = plain(
        pa.table(
            {name: table[name].combine_chunks().dictionary_encode() for name in names}
            | {name: table[name] for name in ("agreement_year", "start_date", "end_date")}
        )
    )
    for name in ("base", "agreed"):
        # half up like every quantity; agreed volumes are never negative
        frame[f"{name}_milliunits"] = (scaled(table[f"{name}_quantity_units"], 4) + 5) // 10
    frame = frame.sort_values(["hospital_id", "batch_id", "generic", "agreement_year", "product_id"], ignore_index=True)
    return frame.assign(generic_first=~frame.duplicated(YEAR))


def keyed(
    left: pd.DataFrame, right: pd.DataFrame, names: Sequence[str], renamed: Mapping[str, str] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return one integer key for the rows of two frames, equal where `names` are equal; -1 where the right has no such
    name.

    Categories are matched by name and coded by the left; a missing value is a value of its own.
    """
    keys = [np.zeros(len(left), dtype=np.int64), np.zeros(len(right), dtype=np.int64)]
    lost = np.zeros(len(right), dtype=bool)
    for name in names:
        one, two = left[name], right[(renamed or {}).get(name, name)]
        if isinstance(one.dtype, pd.CategoricalDtype):
            known = pd.Index(one.cat.categories.astype(str))
            own = known.get_indexer(pd.Index(two.cat.categories.astype(str)))
            codes = [one.cat.codes.to_numpy().astype(np.int64), np.append(own, -1)[two.cat.codes]]
            lost |= (codes[1] < 0) & two.notna().to_numpy()
            size = len(known)
        else:
            codes = [one.to_numpy().astype(np.int64), two.to_numpy().astype(np.int64)]
            size = int(max(codes[0].max(initial=0), codes[1].max(initial=0)))
        keys = [key * (size + 3) + code + 2 for key, code in zip(keys, codes, strict=True)]
    return keys[0], np.where(lost, -1, keys[1])


def _places(wanted: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return for each wanted key its row among the known ones (unique), -1 where it is not there."""
    return (
        pd.Index(known[known >= 0]).get_indexer(pd.Index(wanted))
        if len(known) and not (known < 0).any()
        else _sparse(wanted, known)
    )


def _sparse(wanted: np.ndarray, known: np.ndarray) -> np.ndarray:
    rows = np.flatnonzero(known >= 0)
    at = pd.Index(known[rows]).get_indexer(pd.Index(wanted))
    return np.where(at >= 0, rows[at] if len(rows) else -1, -1)


def _taken(column: pd.Series, places: np.ndarray) -> np.ndarray:
    """Return integers by place, 0 where there is none."""
    return np.append(
        column.to_numpy(dtype=np.int64, na_value=0) if column.dtype.name.startswith("Int") else column.to_numpy(), 0
    )[places]


def _with_cells(frame: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """Add what the generic's cell holds; amounts that are the generic's stand on its first row only."""
    wanted, known = keyed(frame, cells, YEAR, {"agreement_year": "period"})
    before, _ = keyed(
        frame.assign(agreement_year=frame["agreement_year"] - 1), cells, YEAR, {"agreement_year": "period"}
    )
    at, previous = _places(wanted, known), _places(before, known)
    first = frame["generic_first"].to_numpy()
    added = {name: np.where(first, _taken(cells[name], at), 0) for name in COPIED}
    return frame.assign(
        actual_milliunits=_taken(cells["selected_milliunits"], at),
        actual_fen=_taken(cells["selected_fen"], at),
        **added,
        previous_milliunits=np.where(first, _taken(cells["quantity_milliunits"], previous), 0),
        months_seen=_taken(cells["months_seen"], at).astype("int16"),
    )


def _with_months(frame: pd.DataFrame, panels: Panels, tables: Mapping[str, pa.Table]) -> pd.DataFrame:
    """Add how many months belong to each agreement year, and how many of these (and of the year before) the ledger
    covers.
    """
    if frame.empty:
        return frame.assign(months_in_year=0, months_in_ledger=0, months_before=0)
    reference = read_reference(tables)
    totals = panels.facts["totals"]
    keys = frame[["start_date", "end_date", "batch_id", "generic", "agreement_year"]].drop_duplicates()
    calendars: dict[tuple[Years, int], np.ndarray] = {}
    counts = []
    days = [[day_number(day.date()) for day in keys[name]] for name in ("start_date", "end_date")]
    for row, begin, end in zip(keys.itertuples(), *days, strict=True):
        pair = (reference.batches.index(row.batch_id), reference.generics.index(row.generic))
        start, stop = reference.runs[pair]
        own = tuple((year[0], begin, end) if year[0] == row.agreement_year else year for year in reference.years[pair])
        years = completed(own, start, stop)
        counts.append(
            _counted(calendars, years, start, int(row.agreement_year), totals["first_month"], totals["last_month"])
        )
    table = pd.DataFrame(counts, columns=["months_in_year", "months_in_ledger", "months_before"], index=keys.index)
    return frame.merge(pd.concat([keys, table], axis=1), on=list(keys.columns), how="left", validate="m:1")


def _counted(
    calendars: dict[tuple[Years, int], np.ndarray], years: Years, start: int, year: int, first: int, last: int
) -> tuple[int, int, int]:
    """Return the months of a year, those the ledger covers, and those of the year before that it covers."""
    low = min(start, *(begin for _, begin, _ in years))
    high = max(end for _, _, end in years)
    window = [int(np.datetime64(int(day), "D").astype("datetime64[M]").astype(np.int64)) for day in (low, high)]
    window = [min(window[0] - 13, first), max(window[1] + 1, last)]
    if (years, start) not in calendars:
        calendars[years, start] = periods(years, start, starts_of(*window)).period
    months = np.arange(window[0], window[1] + 1)
    period, inside = calendars[years, start], (months >= first) & (months <= last)
    return (
        int((period == year).sum()),
        int(((period == year) & inside).sum()),
        int(((period == year - 1) & inside).sum()),
    )


def _with_p0(frame: pd.DataFrame, prices: pd.DataFrame) -> pd.DataFrame:
    """Add P0 and its source."""
    at = _places(*keyed(frame, prices, ["batch_id", "generic"]))
    none = np.append(prices["p0_e10"].isna().to_numpy(), True)[at]
    p0 = pd.Series(_taken(prices["p0_e10"], at), dtype="Int64").mask(none)
    source = np.append(prices["p0_source"].to_numpy(dtype=object), "none")[at]
    return frame.assign(
        p0_e10=p0.array,
        p0_source=pd.Categorical(source, ["given", "ledger", "none"]),
        p0_months_seen=_taken(prices["p0_months_seen"], at).astype("int16"),
    )


def _year_awards(awards: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """Return for each batch × generic × agreement dates the products whose award covers the year, with the price at its
    start.
    """
    keys = (
        frame[["batch_id", "generic", "agreement_year", "start_date", "end_date"]]
        .drop_duplicates()
        .astype({"batch_id": str, "generic": str})
    )
    awards = awards[awards["supply_role"] != "elsewhere"].astype(
        {"batch_id": str, "generic": str, "product_id": str, "supply_role": str}
    )
    pairs = keys.merge(
        awards.rename(columns={"start_date": "award_start", "end_date": "award_end"}), on=["batch_id", "generic"]
    )
    pairs = pairs[(pairs["award_start"] <= pairs["end_date"]) & (pairs["award_end"] >= pairs["start_date"])]
    late = (pairs["award_start"] > pairs["start_date"]).to_numpy()
    start = pairs["award_start"].astype("datetime64[s]").astype("int64").to_numpy()
    # the award in force at the year's start, else the first that begins inside it
    ordered = pairs.iloc[np.lexsort((np.where(late, start, -start), late))]
    return ordered.drop_duplicates(
        ["batch_id", "generic", "agreement_year", "start_date", "end_date", "product_id"], ignore_index=True
    )


def _with_p1(frame: pd.DataFrame, panels: Panels, rests: np.ndarray) -> pd.DataFrame:
    """Add P1, what its ten decimals leave, and its source: the product's own; the only winner's; weighted by the
    hospital's purchases; the main supplier's.
    """
    year = ["batch_id", "generic", "agreement_year", "start_date", "end_date"]
    awards = _year_awards(panels.awards.assign(p1_rest=rests), frame).astype(
        {"batch_id": "category", "generic": "category", "product_id": "category"}
    )
    priced = awards[awards["p1_e10"].notna()]
    days, priced_days = _days(frame), _days(priced)
    wanted, known = keyed(days, priced_days, year)
    main, winners = _main_of(priced, known)
    at_main = _places(wanted, main["key"].to_numpy())
    by_product = frame["product_id"].notna().to_numpy()
    at_own = _places(*keyed(days, priced_days, [*year, "product_id"]))
    several = (_taken(winners, at_main) > 1) & ~by_product
    weighted, weighted_rest, bought = _weighted(frame, panels.selected, _selected_rests(panels, rests))

    def chosen(own: pd.Series, mean: np.ndarray, other: pd.Series) -> np.ndarray:
        common = np.where(at_main >= 0, _taken(other, at_main), 0)
        return np.select([by_product, several & bought], [_taken(own, at_own), mean], common)

    price = chosen(priced["p1_e10"], weighted, main["p1_e10"])
    source = np.select(
        [by_product & (at_own >= 0), by_product | (at_main < 0), several & bought, several],
        ["product", "none", "weighted", "main"],
        "single",
    )
    frame = frame.assign(
        p1_e10=pd.array(price, dtype="Int64"),
        p1_rest_e18=pd.array(chosen(priced["p1_rest"], weighted_rest, main["p1_rest"]), dtype="Int64"),
        p1_source=pd.Categorical(source, ["product", "single", "weighted", "main", "none"]),
    )
    for name in ("p1_e10", "p1_rest_e18"):
        frame[name] = frame[name].mask(source == "none")
    return _own_quantities(frame, panels.selected, by_product)


def _main_of(priced: pd.DataFrame, known: np.ndarray) -> tuple[pd.DataFrame, pd.Series]:
    """Return for each year (`known`: its key in every row) the price to take where one is needed, and how many products won.

    The main supplier's before others', the lowest of these, the first product of several equal ones.
    """
    product = priced["product_id"].cat.codes.to_numpy().astype(np.int64)
    price = priced["p1_e10"].to_numpy(dtype=np.int64)
    order = np.lexsort((product, price, (priced["supply_role"] != "main").to_numpy()))
    keys, first = np.unique(known[order], return_index=True)
    pairs = np.unique(np.stack([known, product]), axis=1)[0]
    winners = np.searchsorted(pairs, keys, "right") - np.searchsorted(pairs, keys, "left")
    rest = priced["p1_rest"].to_numpy(dtype=np.int64)
    main = pd.DataFrame({"key": keys, "p1_e10": price[order][first], "p1_rest": rest[order][first]})
    return main, pd.Series(winners, dtype="int64")


def _days(frame: pd.DataFrame, names: Sequence[str] = ("start_date", "end_date")) -> pd.DataFrame:
    """Return a frame with its dates as day numbers, to be keys; a missing date is day 0."""
    return frame.assign(
        **{
            name: frame[name].astype("datetime64[s]").where(frame[name].notna(), pd.Timestamp(0)).astype("int64")
            // 86_400
            for name in names
            if name in frame
        }
    )


def _selected_rests(panels: Panels, rests: np.ndarray) -> np.ndarray:
    """Return the rest of each row of the panel `selected`, by its award."""
    names = ["batch_id", "product_id", "award_start_date"]
    own, known = (
        _days(table, names[2:]) for table in (panels.selected, panels.awards.rename(columns={"start_date": names[2]}))
    )
    return np.append(rests, 0)[_places(*keyed(own, known, names))]


def _weighted(
    frame: pd.DataFrame, selected: pd.DataFrame, rests: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return Σ q·P1 / Σ q of the hospital's selected purchases in the year (10^-10 yuan, half up), its rest, and where it
    exists.

    Quantities times prices can pass int64, so they are added in two halves and joined as exact Python integers.
    """
    wanted, known = keyed(frame, selected, YEAR, {"agreement_year": "period"})
    usable = (known >= 0) & selected["p1_e10"].notna().to_numpy()
    keys, codes = np.unique(known[usable], return_inverse=True)
    quantity = selected["quantity_milliunits"].to_numpy()[usable]
    price = selected["p1_e10"].to_numpy(dtype=np.int64, na_value=0)[usable]
    factors = (1, price // 10**6, price % 10**6, *halves(rests[usable]))
    sums = np.zeros((len(factors), len(keys)), dtype=np.int64)
    for out, factor in zip(sums, factors, strict=True):
        np.add.at(out, codes, quantity * factor)
    total, *parts = sums.tolist()
    exact = [_quotient(h * 10**6 + low, q) if q > 0 else 0 for q, h, low in zip(total, *parts[:2], strict=True)]
    left = [
        weighted_rest(e10, part, q) if q > 0 else 0
        for e10, q, part in zip(exact, total, zip(*parts, strict=True), strict=True)
    ]
    at = pd.Index(keys).get_indexer(pd.Index(wanted))
    value, rest = (np.append(np.array(numbers, dtype=np.int64), 0)[at] for numbers in (exact, left))
    return value, rest, (at >= 0) & (value > 0)


def _quotient(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)


def _own_quantities(frame: pd.DataFrame, selected: pd.DataFrame, by_product: np.ndarray) -> pd.DataFrame:
    """Replace the generic's selected purchases by the product's where agreements name products."""
    if not by_product.any():
        return frame
    names = [*YEAR, "product_id"]
    sums = (
        selected.groupby(["hospital_id", "batch_id", "generic", "period", "product_id"], observed=True)[
            ["quantity_milliunits", "amount_fen"]
        ]
        .sum()
        .reset_index()
    )
    at = _places(*keyed(frame, sums, names, {"agreement_year": "period"}))
    own = {"actual_milliunits": _taken(sums["quantity_milliunits"], at), "actual_fen": _taken(sums["amount_fen"], at)}
    return frame.assign(**{name: np.where(by_product, values, frame[name]) for name, values in own.items()})


def _gaps(frame: pd.DataFrame) -> pd.DataFrame:
    """Make quantities and amounts missing in years that the ledger does not reach, and where no award says what was selected."""
    unseen = (frame["months_in_ledger"] == 0) | (frame["p1_source"] == "none")
    names = ["actual_milliunits", "actual_fen", *COPIED, "months_seen"]
    frame = frame.assign(**{name: frame[name].astype("Int64").mask(unseen) for name in names})
    frame["previous_milliunits"] = frame["previous_milliunits"].astype("Int64").mask(frame["months_before"] == 0)
    order = [
        *CELL[:3],
        "product_id",
        "agreement_year",
        "generic_first",
        "start_date",
        "end_date",
        "base_milliunits",
        "agreed_milliunits",
        "actual_milliunits",
        "actual_fen",
        *COPIED,
        "previous_milliunits",
        "months_seen",
        "months_in_year",
        "months_in_ledger",
        "months_before",
        "p0_e10",
        "p0_source",
        "p0_months_seen",
        "p1_e10",
        "p1_rest_e18",
        "p1_source",
    ]
    return frame[order]
