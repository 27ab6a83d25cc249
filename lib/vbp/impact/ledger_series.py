"""From the ledger's panels to series and units: generic × month × measure, dates of batches, comparison groups.

Works on the columns fixed in docs/panels.md (`product_month`, `prices`, `awards`) and on the table `products`; it
reads no file. A month without a purchase is a gap, never a zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vbp.errors import InputError, Problem

if TYPE_CHECKING:
    from vbp.ledger import Panels

COLUMNS = ["generic", "month", "measure", "value"]


def _sums(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return quantity (converted units) and spending (yuan) by generic × month."""
    both = ["quantity_milliunits", "amount_fen"]
    found = rows.groupby(["generic", "month"], observed=True, as_index=False)[both].sum()
    return found.assign(
        **{f"{name}quantity": found["quantity_milliunits"] / 1000, f"{name}spending": found["amount_fen"] / 100}
    ).drop(columns=both)


def winners(awards: pd.DataFrame) -> pd.DataFrame:
    """Return generic and product_id of every product awarded as main or backup supplier."""
    chosen = awards[awards["supply_role"].astype(str) != "elsewhere"]
    return pd.DataFrame(
        {"generic": chosen["generic"].astype(str), "product_id": chosen["product_id"].astype(str)}
    ).drop_duplicates()


def _known(product_month: pd.DataFrame) -> pd.DataFrame:
    rows = product_month.assign(
        generic=product_month["generic"].astype(str),
        product_id=product_month["product_id"].astype(str),
        month=pd.to_datetime(product_month["month"]),
    )
    # purchases of products that nobody knows stand under generic '' with quantity 0
    return rows[rows["generic"] != ""]


def _share(rows: pd.DataFrame, total: pd.DataFrame, chosen: np.ndarray, generics: Iterable[str]) -> pd.Series:
    """Return the quantity share of the chosen rows, 0 where the generic was bought but none of them."""
    part = _sums(rows[chosen], "part_")
    whole = total.merge(part, on=["generic", "month"], how="left", validate="1:1")
    share = whole["part_quantity"].fillna(0.0) / whole["quantity"].where(whole["quantity"] > 0)
    return share.where(whole["generic"].isin(set(generics)))


def alternatives_spending(total: pd.DataFrame, products: pd.DataFrame) -> pd.Series:
    """Return for each generic × month the spending on other generics of its substitute groups (yuan); none: missing."""
    if "substitute_group" not in products.columns:
        return pd.Series(np.nan, index=total.index)
    groups = products[["generic", "substitute_group"]].dropna().astype(str).drop_duplicates()
    groups = groups[groups["substitute_group"] != ""]
    pairs = groups.merge(groups, on="substitute_group", suffixes=("", "_other"))
    pairs = pairs.loc[pairs["generic"] != pairs["generic_other"], ["generic", "generic_other"]].drop_duplicates()
    other = total[["generic", "month", "spending"]].rename(columns={"generic": "generic_other"})
    found = pairs.merge(other, on="generic_other").groupby(["generic", "month"])["spending"].sum()
    return pd.Series(found.reindex(pd.MultiIndex.from_frame(total[["generic", "month"]])).to_numpy(), index=total.index)


def generic_series(product_month: pd.DataFrame, products: pd.DataFrame, awards: pd.DataFrame) -> pd.DataFrame:
    """Return the scan's frame: generic, month, measure, value.

    Measures: `price` (mean yuan per converted unit over all products), `quantity` (converted units), `spending` (yuan),
    `selected_share` (share of quantity bought from products that won, before and after), `originator_share` (of
    quantity; generics with a known originator), `alternatives` (yuan spent on other generics of the substitute group).
    """
    rows = _known(product_month)
    if rows.empty:
        raise InputError(Problem("the panel product_month holds no purchase of a known product", rule="empty"))
    total = _sums(rows, "")
    won = winners(awards)
    original = products.loc[_yes(products, "originator"), ["generic", "product_id"]].astype(str)
    wide = total.assign(
        price=total["spending"] / total["quantity"].where(total["quantity"] > 0),
        selected_share=_share(rows, total, rows["product_id"].isin(set(won["product_id"])).to_numpy(), won["generic"]),
        originator_share=_share(
            rows, total, rows["product_id"].isin(set(original["product_id"])).to_numpy(), original["generic"]
        ),
        alternatives=alternatives_spending(total, products),
    )
    long = wide.melt(["generic", "month"], var_name="measure", value_name="value").dropna(subset=["value"])
    return long.sort_values(["generic", "measure", "month"]).reset_index(drop=True)[COLUMNS]


def _yes(frame: pd.DataFrame, column: str) -> np.ndarray:
    if column not in frame.columns:
        return np.zeros(len(frame), dtype=bool)
    return frame[column].fillna(False).astype(bool).to_numpy()


def policy_month(start: pd.Timestamp) -> str:
    """Return the first month that a batch covers most of (tie: covered), as agreement years are counted."""
    start = pd.Timestamp(start)
    covered = start.days_in_month - start.day + 1
    month = start if covered * 2 >= start.days_in_month else start + pd.DateOffset(months=1)
    return f"{month:%Y-%m}"


def batch_dates(prices: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Return each tendered generic's policy months in order: its first batch, then renewals."""
    known = prices.assign(generic=prices["generic"].astype(str)).dropna(subset=["start_date"])
    return {
        str(generic): tuple(sorted({policy_month(start) for start in part["start_date"]}))
        for generic, part in known.groupby("generic")
    }


def inside(series: pd.DataFrame, dates: Mapping[str, tuple[str, ...]], side: int = 8) -> dict[str, tuple[str, ...]]:
    """Keep of each generic's dates those with `side` months of data around them; the first stays where none does.

    A renewal near another date or near the end of the data cannot be told apart and is no term of its own.
    """
    months = pd.to_datetime(series["month"])
    low, high = months.min() + pd.DateOffset(months=side), months.max() - pd.DateOffset(months=side - 1)
    kept = {}
    for generic, given in dates.items():
        chosen: list[str] = []
        for date in given:
            near = chosen and pd.Timestamp(date) < pd.Timestamp(chosen[-1]) + pd.DateOffset(months=side)
            if low <= pd.Timestamp(date) <= high and not near:
                chosen.append(date)
        kept[generic] = tuple(chosen) or given[:1]
    return kept


def panels_series(panels: Panels, products: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, tuple[str, ...]]]:
    """Return the scan's frame of tendered generics, and their dates, from a city's panels."""
    series = generic_series(panels.product_month, products, panels.awards)
    dates = batch_dates(panels.prices)
    tendered = series[series["generic"].isin(dates)].reset_index(drop=True)
    if tendered.empty:
        raise InputError(
            Problem("no tendered generic has any purchase; a scan needs varieties with awards", rule="empty")
        )
    return tendered, inside(tendered, dates)


def generic_units(
    series: pd.DataFrame, measure: str, dates: Mapping[str, tuple[str, ...]], products: pd.DataFrame
) -> pd.DataFrame:
    """Return units for `did`: generic, month, value, cohort (first date; None for controls).

    Controls were never tendered and are outside the substitute group of any tendered generic (no spillover to them).
    """
    chosen = series.loc[series["measure"] == measure, ["generic", "month", "value"]]
    touched: set[str] = set(dates)
    if "substitute_group" in products.columns:
        groups = products[["generic", "substitute_group"]].dropna().astype(str)
        near = set(groups.loc[groups["generic"].isin(touched), "substitute_group"]) - {""}
        touched |= set(groups.loc[groups["substitute_group"].isin(near), "generic"])
    chosen = chosen[chosen["generic"].isin(set(dates)) | ~chosen["generic"].isin(touched)]
    cohort = [dates[generic][0] if generic in dates else None for generic in chosen["generic"]]
    return chosen.assign(cohort=pd.Series(cohort, index=chosen.index, dtype="object")).reset_index(drop=True)


def city_units(
    series: Mapping[str, pd.DataFrame], dates: Mapping[str, str | None], measure: str, generics: Iterable[str]
) -> pd.DataFrame:
    """Return units for `did` from several cities: city, month, value, cohort.

    `value` is the sum over `generics` (quantity, spending, alternatives) or spending over quantity (price); a month in
    which a city lacks one of the generics that it otherwise buys is a gap.
    """
    wanted, parts = set(generics), []
    for city, frame in series.items():
        chosen = frame[frame["generic"].isin(wanted)]
        names = ("spending", "quantity") if measure == "price" else (measure,)
        sums = {name: _whole_sum(chosen[chosen["measure"] == name]) for name in names}
        value = sums["spending"] / sums["quantity"] if measure == "price" else sums[measure]
        parts.append(
            pd.DataFrame({"city": city, "month": value.index, "value": value.to_numpy(), "cohort": dates.get(city)})
        )
    return pd.concat(parts, ignore_index=True)


def _whole_sum(rows: pd.DataFrame) -> pd.Series:
    wide = rows.pivot(index="month", columns="generic", values="value")
    return wide.sum(axis=1, skipna=False)
