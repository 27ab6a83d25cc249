"""Price cuts (降幅): simple mean and weighted mean apart, and never without the baseline they are measured from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Any

import pandas as pd

from vbp.exact import DEEP
from vbp.words import percent, say
from vbp.words.said import Said

if TYPE_CHECKING:
    from vbp.ledger import Panels

BASELINES = ("p0", "own_last_price", "cap", "published")
"""p0: the generic's mean price before; own_last_price: the winner's own; cap: 最高有效申报价; published."""


@dataclass(frozen=True)
class Cuts:
    """Cuts by group and baseline: `simple_cut_percent` (mean over items), `weighted_cut_percent`, `saving_yuan`.

    `items` has each item's own cut; `left_out` what has no usable price, with the reason (a phrase `lack.<reason>`).
    Where nothing was bought there is no weighted cut and no saving.
    """

    table: pd.DataFrame
    items: pd.DataFrame
    left_out: pd.DataFrame
    assumptions: tuple[Said, ...]

    def text(self, lang: str) -> str:
        """Return one sentence per group and baseline."""
        lines = []
        for row in self.table.to_dict("records"):
            lines.append(
                say(
                    "prices.cut",
                    lang,
                    baseline=say(f"prices.baseline_{row['baseline']}", lang),
                    items=row["items"],
                    simple=percent(row["simple_cut_percent"], 1),
                    weighted=percent(row["weighted_cut_percent"], 1),
                )
            )
        return "\n".join(lines)


def cuts(frame: pd.DataFrame, by: Sequence[str] = ()) -> Cuts:
    """Return simple and weighted cuts per group of `by` and baseline.

    Parameters
    ----------
    frame
        One row per item: `pre_price_yuan, post_price_yuan` (of one unit), `quantity_units` (the weight), `baseline`
        (one of BASELINES: items of different baselines are never averaged together) and the columns of `by`.

    Notes
    -----
    simple = mean of (1 − post / pre); weighted = 1 − Σ post·q / Σ pre·q; saving = Σ (pre − post)·q. A missing price, or
    one of zero or below, leaves the item out with its reason; an item without quantity counts in the simple mean only.
    """
    reasons = [_reason(row) for row in frame[["pre_price_yuan", "post_price_yuan"]].itertuples(index=False)]
    good = pd.Series([reason is None for reason in reasons], index=frame.index, dtype=bool)
    items = frame[good].copy()
    with localcontext(DEEP):
        items["cut_percent"] = [
            100 * (1 - post / pre) for pre, post in zip(items["pre_price_yuan"], items["post_price_yuan"], strict=True)
        ]
        groups = items.groupby([*by, "baseline"], sort=True, observed=True)
        table = pd.DataFrame([_group(dict(zip([*by, "baseline"], key, strict=True)), part) for key, part in groups])
    left_out = frame[~good].assign(reason=[reason for reason in reasons if reason])
    return Cuts(
        table,
        items.reset_index(drop=True),
        left_out.reset_index(drop=True),
        (Said("prices.assume_simple_weighted"), Said("prices.assume_baseline")),
    )


def _reason(row: tuple[Any, ...]) -> str | None:
    for name, price in zip(("before", "after"), row, strict=True):
        if price is None or price is pd.NA or price != price:
            return f"no_price_{name}"
        if price <= 0:
            return f"price_{name}_not_positive"
    return None


def _group(keys: dict[str, Any], part: pd.DataFrame) -> dict[str, Any]:
    weights = [Decimal(0) if q is None or q is pd.NA or q != q else Decimal(q) for q in part["quantity_units"]]
    before = sum((pre * q for pre, q in zip(part["pre_price_yuan"], weights, strict=True)), Decimal(0))
    after = sum((post * q for post, q in zip(part["post_price_yuan"], weights, strict=True)), Decimal(0))
    return {
        **keys,
        "items": len(part),
        "simple_cut_percent": sum(part["cut_percent"], Decimal(0)) / len(part),
        "weighted_cut_percent": 100 * (before - after) / before if before else None,
        "saving_yuan": before - after if before else None,  # nothing bought: what it saved is not known, and no zero
    }


def award_cuts(panels: Panels, by: Sequence[str] = ("batch_id",)) -> Cuts:
    """Return the cuts of a city's awards against each baseline it has, weighted by the quantity bought as selected.

    `by` may hold `batch_id`, `generic`, `product_id`. Against P0 (per unit), the winner's own last price and the cap.
    """
    bought = panels.selected.groupby(["batch_id", "product_id"], observed=True)["quantity_milliunits"].sum()
    awards = panels.awards[panels.awards["supply_role"] != "elsewhere"].astype(
        {"batch_id": str, "product_id": str, "generic": str}
    )
    awards = awards.sort_values("start_date").drop_duplicates(["batch_id", "product_id"])
    prices = panels.prices.astype({"batch_id": str, "generic": str}).set_index(["batch_id", "generic"])
    by_variety = prices.to_dict("index")
    pairs = bought.reset_index().itertuples(index=False)
    sums = {(str(batch), str(product)): int(quantity) for batch, product, quantity in pairs}
    rows = []
    for award in awards.to_dict("records"):
        weight = Decimal(sums.get((award["batch_id"], award["product_id"]), 0)).scaleb(-3)
        rows += _baselines(award, by_variety[award["batch_id"], award["generic"]], weight)
    columns = ["batch_id", "generic", "product_id", "baseline", "pre_price_yuan", "post_price_yuan", "quantity_units"]
    return cuts(pd.DataFrame(rows, columns=columns), by)


def _baselines(award: dict[Any, Any], price: dict[Any, Any], weight: Decimal) -> list[tuple[Any, ...]]:
    """Return an award's rows, one per baseline given; the P0 row always, so that a missing P0 is listed."""
    key = (award["batch_id"], award["generic"], award["product_id"])
    pack = Decimal(int(award["pack_milliunits"])).scaleb(-3)
    post = _e10(award["p1_e10"])
    published = price.get("p0_source") == "given" and price.get("p0_basis") == "published"
    rows = [(*key, "published" if published else "p0", _e10(price["p0_e10"]), post, weight)]
    for name, column in (("own_last_price", "pre_price_yuan"), ("cap", "price_cap_yuan")):
        value = award.get(column)
        if value is not None and value == value and value is not pd.NA:
            rows.append((*key, name, DEEP.divide(Decimal(value), pack), post, weight))
    return rows


def _e10(value: Any) -> Decimal | None:
    return None if value is None or value is pd.NA or value != value else Decimal(int(value)).scaleb(-10)
