"""From the ledger's panels to items: quantities, P0, P1 and N of each agreement, with r, s and score beside.

Reads the panel `items` (docs/panels.md) and the small tables fund, assessments, hospitals, varieties and products.
P0 and P1 keep their source: `pre_price_source` given or ledger, `selected_price_source` product,
single, weighted or main.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Protocol

import numpy as np
import pandas as pd

from vbp.exact import share_by
from vbp.fine import Fine
from vbp.funds import distinct, match
from vbp.ledger.rests import rest_of
from vbp.rules import Profile
from vbp.surplus import lines as line_tables
from vbp.surplus import scaled
from vbp.surplus.columns import COST
from vbp.surplus.lines import Lines
from vbp.surplus.scaled import Scaled

CHEAPER = ("evaluated_cheaper", "unevaluated_cheaper", "originator_cheaper")
EVALUATED = ("evaluated_cheaper", "evaluated_dearer")
SPENT = ("nonselected_fen", *(f"{name}_fen" for name in dict.fromkeys((*EVALUATED, *CHEAPER))), "elsewhere_fen")
"""Columns of the panel that are the generic's, whatever product was agreed."""
FEN, MILLI, E10 = 2, 3, 10
"""Decimals of the panels' integers: money in fen, quantities in thousandths, prices × 10^10."""


class PanelTables(Protocol):
    """What is read of `vbp.ledger.Panels`."""

    @property
    def items(self) -> pd.DataFrame:
        """The agreements joined with their cells."""

    @property
    def prices(self) -> pd.DataFrame:
        """One row per batch × generic: P0 and its sources, cycle."""


class InputTables(Protocol):
    """What is read of `vbp.tables.Inputs`."""

    def has(self, name: str) -> bool:
        """Whether the folder holds this table."""

    def frame(self, name: str) -> pd.DataFrame:
        """The table as a frame."""


def items_from_panels(panels: PanelTables, inputs: InputTables, profile: Profile) -> Lines:
    """Return the items of a city as lines, ready to settle.

    Raises
    ------
    InputError
        Where an agreement has no fund row, or two that fit equally well.
    """
    table = panels.items.reset_index(drop=True)
    facts = _facts(table, panels, inputs)
    numbers = _numbers(table, facts, profile)
    if profile.settlement.pre_price_decimals != 4:
        numbers["pre_price_yuan"] = _ledger_price(table, panels.prices, profile.settlement.pre_price_decimals)
    numbers["score"] = _scores(table, inputs, profile)
    if profile.assessment.weights:
        numbers["score"] = _computed_scores(table, panels, inputs, profile, numbers["score"])
    fund = inputs.frame("fund")
    matched = match(table, fund, profile.settlement.share_basis)
    own = {}
    for name in ("fund_ratio", "insured_share", "excluded_share"):
        source = fund[name].tolist() if name in fund else [None] * len(fund)
        own[name] = scaled.of_values(source).take(matched.row)
    lines = facts if _identical(matched.item, len(facts)) else facts.iloc[matched.item]
    return line_tables.of_columns(lines.assign(fund=matched.fund), own, numbers, matched.item)


def _identical(index: np.ndarray, length: int) -> bool:
    """Return whether an index takes every row once, in order."""
    return len(index) == length and bool((index == np.arange(length)).all())


def _numbers(table: pd.DataFrame, facts: pd.DataFrame, profile: Profile) -> dict[str, Scaled]:
    def fen(*names: str) -> Scaled:
        total = table[names[0]]
        for name in names[1:]:
            total = total + table[name]
        return scaled.of_integers(total, FEN)

    table = _of_products(table, facts, profile)
    return {
        "base_quantity_units": scaled.of_integers(table["base_milliunits"], MILLI),
        "agreed_quantity_units": scaled.of_integers(table["agreed_milliunits"], MILLI),
        "actual_quantity_units": scaled.of_integers(table["actual_milliunits"], MILLI),
        "last_year_quantity_units": scaled.of_integers(table["previous_milliunits"], MILLI),
        "pre_price_yuan": scaled.of_integers(table["p0_e10"], E10),
        "selected_price_yuan": scaled.of_integers(table["p1_e10"], E10),
        COST: _cost(table),
        "nonselected_amount_yuan": fen("nonselected_fen"),
        "nonselected_evaluated_yuan": fen(*(f"{name}_fen" for name in EVALUATED)),
        "nonselected_cheaper_yuan": fen(*(f"{name}_fen" for name in CHEAPER)),
        "elsewhere_amount_yuan": fen("elsewhere_fen"),
    }


def _cost(table: pd.DataFrame) -> Scaled:
    """Return Q·P1 with all that a price per pack divided by its units leaves, to ten decimals."""
    cost = Fine.product(
        table["p1_e10"].fillna(0).to_numpy(np.int64), table["agreed_milliunits"].to_numpy(np.int64), rest_of(table)
    )
    return scaled.of_integers(pd.Series(cost.to_e10(), dtype="Int64").mask(table["p1_e10"].isna().to_numpy()), E10)


def _of_products(table: pd.DataFrame, facts: pd.DataFrame, profile: Profile) -> pd.DataFrame:
    """Return the panel with what is the generic's shared over its products, where a hospital has several agreed.

    The panel puts it on the first row. N goes to the products that are settled, by agreed volume; last year's volume to
    all, by reported volume. So nothing depends on which product has the smaller code, and a product that is left out as
    incomplete takes its part of last year's volume with it, but not what was spent beside the winners.
    """
    if bool(table["generic_first"].all()):
        return table
    key = ["hospital_id", "batch_id", "generic", "agreement_year"]
    places = table.groupby(key, observed=True, sort=False).indices.values()
    groups = [np.asarray(rows) for rows in places if len(rows) > 1]
    settled = table["agreed_milliunits"].where(_stays(table, facts, profile), 0)
    parts = {name: _shared(table[name], settled, groups) for name in SPENT}
    return table.assign(
        **parts, previous_milliunits=_shared(table["previous_milliunits"], table["base_milliunits"], groups)
    )


def _shared(column: pd.Series[Any], weights: pd.Series[Any], groups: Sequence[np.ndarray]) -> pd.Series[Any]:
    """Return a column of integers with every group's sum shared out over its rows by weight; a missing one stays."""
    values, shares = column.astype("Int64").to_numpy(object), weights.fillna(0).to_numpy(object)
    for rows in groups:
        if pd.isna(values[rows]).any() or not values[rows].any():
            continue
        values[rows] = share_by(int(values[rows].sum()), [int(weight) for weight in shares[rows]])
    return pd.Series(values, index=column.index, dtype="Int64")


def _stays(table: pd.DataFrame, facts: pd.DataFrame, profile: Profile) -> np.ndarray:
    """Return which rows the settlement will not leave out as incomplete."""
    return _done(table, facts, profile) if profile.settlement.eligibility == "each_item" else np.ones(len(table), bool)


def _done(table: pd.DataFrame, facts: pd.DataFrame, profile: Profile) -> np.ndarray:
    """Return which rows the settlement will take for complete: exactly, pooled by county group where the profile does so,
    and exempt ones.
    """
    actual, agreed = table["actual_milliunits"].fillna(0), table["agreed_milliunits"].fillna(0)
    if profile.settlement.completion_by == "county_group" and "county_group" in facts:
        named = facts["county_group"].astype(object)
        pool = ("g:" + named.astype(str)).where(named.notna() & (named != ""), "h:" + table["hospital_id"].astype(str))
        keys = [pool, *(table[name].astype(str) for name in ("batch_id", "agreement_year", "generic", "product_id"))]
        actual, agreed = (column.groupby(keys, sort=False).transform("sum") for column in (actual, agreed))
    # whole numbers: 1.1 × 70,000 in floating point is more than 77,000
    above, below = profile.settlement.completion_threshold.as_integer_ratio()
    done = actual.astype(object) * below >= agreed.astype(object) * above
    exempt = facts["exempt_reason"].notna() if "exempt_reason" in facts else False
    return np.asarray(done.astype(bool) | exempt, dtype=bool)


def _ledger_price(table: pd.DataFrame, prices: pd.DataFrame, decimals: int) -> Scaled:
    """Return P0 rounded half up to the profile's own decimals where the ledger computed it; given prices stay."""
    joined = table[["batch_id", "generic", "p0_e10", "p0_source"]].merge(
        prices[["batch_id", "generic", "p0_ledger_e10"]], on=["batch_id", "generic"], how="left", validate="m:1"
    )
    step = 10 ** (E10 - decimals)
    computed = (joined["p0_ledger_e10"] + step // 2) // step * step
    return scaled.of_integers(joined["p0_e10"].where(joined["p0_source"] != "ledger", computed), E10)


def _facts(table: pd.DataFrame, panels: PanelTables, inputs: InputTables) -> pd.DataFrame:
    """Return keys and what is told about an item: dates, cycle, category, county group, names, sources."""
    facts = table[["hospital_id", "batch_id", "agreement_year", "generic", "end_date"]].copy()
    facts["spec"] = _categories(table["product_id"])
    facts["pre_price_source"], facts["selected_price_source"] = table["p0_source"], table["p1_source"]
    prices = panels.prices[["batch_id", "generic", "cycle"]]
    facts["cycle"] = _lookup(facts, prices, ["batch_id", "generic"], "cycle")
    if inputs.has("varieties"):
        varieties = inputs.frame("varieties")
        if "category" in varieties:
            facts["category"] = _lookup(facts, varieties, ["batch_id", "generic"], "category")
    hospitals = inputs.frame("hospitals")
    for name, source in (("county_group", "county_group"), ("hospital_name", "name"), ("tier", "tier")):
        if source in hospitals:
            facts[name] = _lookup(facts, hospitals, ["hospital_id"], source)
    products = inputs.frame("products") if inputs.has("products") else pd.DataFrame()
    if "exempt_reason" in products and products["exempt_reason"].notna().any():
        facts["exempt_reason"] = _exempt(table, products)
    return facts


def _categories(values: pd.Series[Any]) -> pd.Series[Any]:
    """Return product codes with '' for agreements per generic, cheap to sort."""
    as_codes = values.astype("category")
    if "" not in as_codes.cat.categories:
        as_codes = as_codes.cat.add_categories("")
    return as_codes.fillna("")


def _lookup(facts: pd.DataFrame, table: pd.DataFrame, keys: list[str], column: str) -> pd.Series[Any]:
    """Return a column of a small table at each item's keys; by categories, so that a million items stay cheap."""
    small = {tuple(map(str, row[:-1])): row[-1] for row in table[[*keys, column]].itertuples(index=False, name=None)}
    found, codes = distinct(facts, keys)
    values = pd.Series([small.get(tuple(map(str, key))) for key in found], dtype=object)
    compact = values.astype("category") if values.map(type).isin([str, type(None), float]).all() else values
    return compact.take(codes).reset_index(drop=True)


def _exempt(table: pd.DataFrame, products: pd.DataFrame) -> pd.Series[Any]:
    """Return why completion is not asked for: the agreed product's reason, or that of all the generic's products."""
    reason = products.set_index("product_id")["exempt_reason"]
    own = table["product_id"].astype(object).map(reason)
    every = pd.Series(
        {
            generic: part.iloc[0]
            for generic, part in products.groupby("generic", observed=True)["exempt_reason"]
            if part.notna().all()
        },
        dtype=object,
    )
    per_generic = table["generic"].astype(object).map(every)
    return own.where(table["product_id"].notna(), per_generic)


def _scores(table: pd.DataFrame, inputs: InputTables, profile: Profile) -> Scaled:
    """Return the score of each item: its product's own where the profile scores by item, else the row's."""
    if not inputs.has("assessments") or "score" not in inputs.frame("assessments"):
        return scaled.unknown(len(table))
    known = inputs.frame("assessments")
    known = known[known["score"].notna()]
    product = known["product_id"] if "product_id" in known else pd.Series(None, index=known.index, dtype=object)
    whole = _keyed(known[product.isna()], ())
    by_item = profile.settlement.scored_by_item and "product_id" in known
    single = _keyed(known[product.notna()], ("product_id",)) if by_item else {}
    names = [*_SCORE_KEY, *(("product_id",) if single else ())]
    keys, code = distinct(table, names)
    row = len(_SCORE_KEY)
    return scaled.of_values([single.get(key, whole.get(key[:row])) for key in keys]).take(code)


def _computed_scores(table: pd.DataFrame, panels: Any, inputs: Any, profile: Profile, entered: Scaled) -> Scaled:
    """Return the score that the profile's weights make of the indicators; where one is unknown, the entered score."""
    from vbp.surplus.indicators import indicators

    made = indicators(panels, inputs, profile)
    scores = {(row.batch_id, row.hospital_id, row.agreement_year): row.score_computed for row in made.itertuples()}
    keys, code = distinct(table, list(_SCORE_KEY))
    computed = scaled.of_values([scores.get(key) for key in keys]).take(code)
    return computed.where(computed.known, entered)


_SCORE_KEY = ("batch_id", "hospital_id", "agreement_year")


def _keyed(known: pd.DataFrame, more: tuple[str, ...]) -> dict[tuple[Any, ...], Any]:
    names = [*_SCORE_KEY, *more]
    keys, code = distinct(known, names)
    scores = known["score"].tolist()
    return {keys[place]: score for place, score in zip(code, scores, strict=True)}


def coverage_warnings(panels: PanelTables, until: date, warn: Callable[[str], None]) -> None:
    """Warn of agreement years ended by `until` that the ledger covers only in part: their N and Qa are too low."""
    table = panels.items
    if "months_in_ledger" not in table:
        return
    ended = pd.to_datetime(table["end_date"]) <= pd.Timestamp(until)
    short = table[ended & (table["months_in_ledger"] > 0) & (table["months_in_ledger"] < table["months_in_year"])]
    for (batch, year), rows in short.groupby(["batch_id", "agreement_year"], observed=True):
        warn(
            f"warning: {batch} year {year}: the ledger covers {int(rows['months_in_ledger'].max())} of "
            f"{int(rows['months_in_year'].max())} months of the agreement year; purchases and N are those seen so far"
        )
