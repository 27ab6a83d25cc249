"""Indices over all periods: against the base on the products both have, and chained from each period to the next."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from vbp.errors import InputError, Problem, UsageError, unknown
from vbp.indices.formulas import PRICE_FORMULAS, QUANTITY_FORMULAS, Formula
from vbp.indices.observations import Observations, matched, observe
from vbp.indices.result import IndexResult


def index_series(data: Observations | pd.DataFrame, base: str | None = None) -> IndexResult:
    """Return price and quantity indices, value ratios and the exact decomposition of every period against `base`.

    Parameters
    ----------
    data
        Observations, or a frame with `period, product_id, price, quantity`.
    base
        Label of the base period; the first in natural order when not given.

    Raises
    ------
    UsageError
        Where `base` is no period of the data.
    InputError
        Where there is only one period, or no period has a product in common with the base (one alone is a gap
        with a warning).
    """
    seen = data if isinstance(data, Observations) else observe(data)
    base = seen.periods[0] if base is None and seen.periods else base
    if base not in seen.periods:
        raise UsageError(unknown("period", str(base), seen.periods))
    if len(seen.periods) < 2:
        raise InputError(Problem("only one period; an index compares at least two", rule="one_period", value=str(base)))
    prices, quantities = seen.wide("price").to_numpy(), seen.wide("quantity").to_numpy()
    at = seen.periods.index(base)
    match = _match_table(seen, prices, quantities, at)
    return IndexResult(
        base=base,
        observations=seen,
        match=match,
        notes=(*seen.notes, *_unmatched_periods(match, base)),
        prices=_against_base(PRICE_FORMULAS, seen, prices, quantities, at),
        quantities=_against_base(QUANTITY_FORMULAS, seen, prices, quantities, at),
        chained=_chained(PRICE_FORMULAS, seen, prices, quantities, at),
        chained_quantities=_chained(QUANTITY_FORMULAS, seen, prices, quantities, at),
    )


def _pair(formula: Formula, prices: np.ndarray, quantities: np.ndarray, first: int, second: int) -> float:
    both = matched(prices[first], prices[second])
    if not both.any():
        return float("nan")
    return formula(prices[first, both], quantities[first, both], prices[second, both], quantities[second, both])


def _against_base(
    formulas: Mapping[str, Formula], seen: Observations, prices: np.ndarray, quantities: np.ndarray, at: int
) -> pd.DataFrame:
    values = {
        name: [1.0 if t == at else _pair(formula, prices, quantities, at, t) for t in range(len(seen.periods))]
        for name, formula in formulas.items()
    }
    return pd.DataFrame(values, index=pd.Index(seen.periods, name="period"))


def _chained(
    formulas: Mapping[str, Formula], seen: Observations, prices: np.ndarray, quantities: np.ndarray, at: int
) -> pd.DataFrame:
    """Return links between neighbours multiplied up, 1 at the base; a link without matches breaks the chain (NaN)."""
    values = {}
    for name, formula in formulas.items():
        links = [_pair(formula, prices, quantities, t - 1, t) for t in range(1, len(seen.periods))]
        after = np.cumprod(links[at:])
        before = 1 / np.cumprod(links[:at][::-1])[::-1] if at else np.array([])
        values[name] = [*before, 1.0, *after]
    return pd.DataFrame(values, index=pd.Index(seen.periods, name="period"))


def _match_table(seen: Observations, prices: np.ndarray, quantities: np.ndarray, at: int) -> pd.DataFrame:
    """Return per period how many products match the base, and the share of either period's value that they cover."""
    codes = np.array(sorted(seen.table["product_id"].unique()), dtype=object)
    value = np.nan_to_num(prices * quantities)
    rows = []
    for t, period in enumerate(seen.periods):
        here, there = ~np.isnan(prices[t]), ~np.isnan(prices[at])
        both = here & there
        rows.append(
            {
                "period": period,
                "matched": int(both.sum()),
                "new": int((here & ~there).sum()),
                "lost": int((there & ~here).sum()),
                "matched_share_of_base": value[at, both].sum() / value[at].sum(),
                "matched_share_of_period": value[t, both].sum() / value[t].sum(),
                "value_ratio": value[t, both].sum() / value[at, both].sum() if both.any() else np.nan,
                "value_ratio_all": value[t].sum() / value[at].sum(),
                "new_products": tuple(codes[here & ~there]),
                "lost_products": tuple(codes[there & ~here]),
            }
        )
    return pd.DataFrame(rows).set_index("period")


def _unmatched_periods(match: pd.DataFrame, base: str) -> list[Problem]:
    """Return a warning for each period that shares no product with the base; none sharing any is an error."""
    alone = [str(period) for period, count in match["matched"].items() if count == 0]
    if len(alone) == len(match) - 1:
        raise InputError(
            Problem(
                "no period has a product in common with the base; choose another --base or check the product codes",
                rule="no_match",
                column="product_id",
                value=base,
            )
        )
    return [
        Problem(
            "no product in common with the base period: its indices stay empty",
            rule="no_match",
            level="warning",
            column="period",
            value=period,
        )
        for period in alone
    ]
