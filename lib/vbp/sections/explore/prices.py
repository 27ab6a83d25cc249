"""Who won at what price: awards, the spread among winners, the smallest cuts, what has no price, published prices."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd

from vbp.city import City
from vbp.facts import Published
from vbp.results.missing import Missing
from vbp.sections.explore.needs import needs, said, there
from vbp.sections.frames import frame_table
from vbp.sections.html import Html
from vbp.words import say

AWARDS = ("batch_id", "generic", "product_id", "supply_role", "selected_price_yuan", "pre_price_yuan", "price_cap_yuan")
CUTS = ("batch_id", "generic", "product_id", "price_before_yuan", "price_after_yuan", "cut_percent")


@needs("panels")
def awards(city: City, lang: str, rows: int = 10) -> Html:
    """Return the awards with the winner's own price before and the cap."""
    table = there(city.panels).awards.astype({"batch_id": str, "generic": str})
    table = table.sort_values(["batch_id", "generic", "supply_role"])
    return frame_table(table, lang, AWARDS, rows=rows, name="awards", city=city)


@needs("panels")
def winner_spread(city: City, lang: str, rows: int = 10) -> Html:
    """Return, per batch and generic with several winners, lowest and highest unit price: the widest spread first."""
    awarded = there(city.panels).awards
    won = awarded[awarded["supply_role"].astype(str) != "elsewhere"]
    groups = won.groupby(["batch_id", "generic"], observed=True)["p1_e10"].agg(["size", "min", "max"]).reset_index()
    several = groups[groups["size"] > 1]
    if not len(several):
        return said(say("play.no_spread", lang))
    table = several.assign(
        winners=several["size"],
        lowest_price_yuan=several["min"] / 1e10,
        highest_price_yuan=several["max"] / 1e10,
        highest_of_lowest=several["max"] / several["min"],
    ).sort_values("highest_of_lowest", ascending=False, kind="stable")
    columns = ["batch_id", "generic", "winners", "lowest_price_yuan", "highest_price_yuan", "highest_of_lowest"]
    return frame_table(table, lang, columns, rows=rows, name="winner-spread", city=city)


def cuts_of(city: City) -> pd.DataFrame | Missing:
    """Return every selected product's cut against the generic's price before, the smallest first; unit prices."""
    if isinstance(city.prices, Missing):
        return city.prices
    items = there(city.prices).items
    own = items[items["baseline"].isin(["p0", "published"])].sort_values("cut_percent", kind="stable")
    return own.assign(price_before_yuan=own["pre_price_yuan"], price_after_yuan=own["post_price_yuan"])


@needs("prices")
def smallest_cuts(city: City, lang: str, rows: int = 8) -> Html:
    """Return the products whose price fell least against the generic's price before."""
    table = cuts_of(city)
    assert not isinstance(table, Missing)
    return frame_table(table, lang, CUTS, rows=rows, name="smallest-cuts", city=city)


@needs("prices")
def cuts_left_out(city: City, lang: str) -> Html:
    """Return the products that have no cut, each with the price it lacks; a sentence where there is none."""
    table = there(city.prices).left_out
    if not len(table):
        return said(say("play.none_left_out", lang))
    return frame_table(
        table, lang, ["batch_id", "generic", "product_id", "baseline", "reason"], name="left-out", city=city
    )


def published_prices(published: Published, lang: str, rows: int = 40) -> Html:
    """Return the single products whose price before and selected price are both published, each with its baseline."""
    names = {row.batch_id: row.name_zh if lang == "zh" else row.name_en for row in published.batches}
    records = []
    for price in published.prices:
        row = price.model_dump()
        before, low, high = (
            _decimal(row[f"{name}_yuan"]) for name in ("pre_price", "selected_price_low", "selected_price_high")
        )
        if before is None or low is None or low != high:
            continue
        records.append(
            {
                "round": names.get(row["batch_id"], row["batch_id"]),
                "product": row["product_zh" if lang == "zh" else "product_en"],
                "basis": say(f"price_basis.{row['pre_price_basis']}", lang),
                "published_before_yuan": before,
                "published_after_yuan": low,
                "cut_percent": 100 * (1 - low / before),
                "stated_percent": _decimal(row["stated_cut_percent"]),
            }
        )
    columns = [
        "round",
        "product",
        "basis",
        "published_before_yuan",
        "published_after_yuan",
        "cut_percent",
        "stated_percent",
    ]
    return frame_table(pd.DataFrame(records), lang, columns, rows=rows, name="published-prices")


def _decimal(text: object) -> Decimal | None:
    return Decimal(str(text)) if text not in (None, "") else None
