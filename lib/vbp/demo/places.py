"""What the demonstration takes from a real city: how many varieties it publishes, and how far prices fell.

Nothing else of the city goes in: no name, no hospital, no amount. The counts are scaled down to a small folder.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vbp.errors import InputError, Problem, UsageError, unknown
from vbp.paths import data

if TYPE_CHECKING:
    import pandas as pd

    from vbp.demo.rounds import Plan

TENDERED = 28
"""Varieties tendered in the folder, all categories and first-cycle rounds together."""
FEWEST = {"drug": 10, "consumable": 5}
GENERAL_CUT = 53.0
DEAREST = 10_000
"""Published prices above this many yuan per unit are not taken."""
PAID = ("previous_price", "average", "average_2019")
FORMS = {
    "tablet": ("片剂", "片"),
    "capsule": ("胶囊剂", "粒"),
    "vial": ("注射剂", "支"),
    "piece": ("注射剂", "支"),
    "set": ("医用耗材", "套"),
}
USABLE = ("exact", "about", "more_than", "less_than")


@dataclass(frozen=True)
class PublishedPrice:
    """A variety whose unit prices before and after a round are published (data/prices.csv), in yuan per unit."""

    generic: str
    category: str
    dosage_form: str
    unit_name: str
    pre_yuan: float
    selected_yuan: float
    source_id: str


@dataclass(frozen=True)
class Cut:
    """A published average cut in percent: of which rounds (scope), stated by whom."""

    percent: float
    scope: str
    source_id: str


@dataclass(frozen=True)
class Shape:
    """Counts of tendered varieties for the folder, the cuts it must show, and what was published."""

    drug_varieties: int
    consumable_varieties: int
    cuts: dict[str, Cut]
    published: dict[str, float | None]
    prices: tuple[PublishedPrice, ...] = ()

    def cut_percent(self, plan: Plan) -> float:
        """Return the mean cut for a round: that of its own level where published, else that of its category."""
        return self.cut(plan).percent

    def cut(self, plan: Plan) -> Cut:
        """Return the published cut that a round of the demonstration follows."""
        return self.cuts.get(plan.level) or self.cuts[plan.category]

    def as_json(self) -> dict[str, Any]:
        """Return counts, cuts and their sources for truth.json."""
        return {
            "varieties_published": self.published,
            "varieties_here": {"drug": self.drug_varieties, "consumable": self.consumable_varieties},
            "note": "published counts are scaled down together to a small folder; it has at least "
            f"{FEWEST['drug']} drugs and {FEWEST['consumable']} consumables whatever is published",
            "average_cut_percent": {
                key: {"percent": cut.percent, "scope": cut.scope, "source_id": cut.source_id}
                for key, cut in self.cuts.items()
            },
            "published_prices": [price.generic for price in self.prices],
        }


def general() -> Shape:
    """Return the shape of no city: half-way counts and one general cut, for simulations that need no files."""
    cut = Cut(GENERAL_CUT, "general", "")
    return Shape(TENDERED - 8, 8, {"drug": cut, "consumable": cut}, {"drug": None, "consumable": None})


def scaled(drug: float | None, consumable: float | None) -> tuple[int, int]:
    """Scale published counts of varieties down to `TENDERED` in all, each category at its least number or above."""
    if not drug or not consumable:
        return TENDERED - FEWEST["consumable"], FEWEST["consumable"]
    here = round(TENDERED * consumable / (drug + consumable))
    here = min(max(here, FEWEST["consumable"]), TENDERED - FEWEST["drug"])
    return TENDERED - here, here


def like_city(city: str) -> Shape:
    """Return the shape of `city` (a slug of data/cities.csv) from data/facts.csv, batches.csv and prices.csv.

    Raises
    ------
    UsageError
        For a city that is not in data/cities.csv.
    InputError
        Where data/ is not there.
    """
    known = list(_table("cities")["city"])
    if city not in known:
        raise UsageError(unknown("city", city, known))
    facts = _table("facts")
    own = facts[(facts["city"] == city) & facts["qualifier"].isin(USABLE)]
    counts = {category: _count(own, f"procured_{category}_varieties") for category in ("drug", "consumable")}
    drug, consumable = scaled(counts["drug"], counts["consumable"])
    cuts = {"drug": _national("drug"), "consumable": _national("consumable")} | _cuts(own)
    return Shape(drug, consumable, cuts, counts, published_prices(cuts))


def _table(name: str) -> pd.DataFrame:
    import pandas as pd

    path: Path = data() / f"{name}.csv"
    if not path.is_file():
        raise InputError(
            Problem(
                f"published data are missing: no {path.name} in data/; restore it, or set VBP_DATA",
                rule="missing_file",
                file=path.name,
            )
        )
    frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    if "value" in frame:
        frame["number"] = pd.to_numeric(frame["value"], errors="coerce")
    return frame


def _count(own: pd.DataFrame, metric: str) -> float | None:
    """Return the published number of varieties: the cumulative one, else the sum over the rounds named."""
    rows = own[(own["metric"] == metric) & own["number"].notna() & own["scope"].str.startswith("rounds:")]
    total = rows[rows["scope"].str.contains("cumulative")]
    if len(total):
        return float(total["number"].max())
    return float(rows["number"].sum()) if len(rows) else None


def _cuts(own: pd.DataFrame) -> dict[str, Cut]:
    """Return the city's own cuts by category and, for rounds of a city or of hospitals, by level."""
    devices = set(own.loc[own["metric"] == "procured_consumable_varieties", "scope"])
    devices -= set(own.loc[own["metric"] == "procured_drug_varieties", "scope"])
    found: dict[str, Cut] = {}
    rows = own[(own["metric"] == "average_price_cut") & own["number"].notna() & own["scope"].str.startswith("rounds:")]
    for row in rows.itertuples():
        cut = Cut(float(str(row.number)), str(row.scope), str(row.source_id))
        found.setdefault("consumable" if row.scope in devices else "drug", cut)
        for level in ("hospital_alliance", "municipal"):
            if level in str(row.scope):
                found.setdefault(level, cut)
    return found


def _national(category: str) -> Cut:
    """Return the mean of the national rounds' published average cuts in a category (data/batches.csv)."""
    import pandas as pd

    batches = _table("batches")
    number = pd.to_numeric(batches["average_cut_percent"], errors="coerce")
    own = (batches["level"] == "national") & (batches["category"] == category)
    # a renewal's cut is against the selected price before, and a total repeats the rounds it sums up
    own &= batches["cut_baseline"] != "previous_selected_price"
    for column in batches.columns.intersection(["total_of", "part_of"])[:1]:
        own &= batches[column] == ""
    rows = number[own].dropna()
    if rows.empty:
        raise InputError(
            Problem(
                f"data/batches.csv has no average cut of a national {category} round",
                rule="missing_row",
                file="batches.csv",
                column="average_cut_percent",
            )
        )
    return Cut(round(float(rows.mean()), 2), f"mean of {len(rows)} national {category} rounds", "batches.csv")


def published_prices(cuts: dict[str, Cut]) -> tuple[PublishedPrice, ...]:
    """Return up to three varieties per category whose unit prices before and after a round are both published.

    Taken are prices per piece, tablet, capsule, vial or set against a price really paid before (not a cap), whose cut
    lies within 15 points of the mean that the demonstration has to show; nothing so dear (`DEAREST`) that a small city
    would buy one in some months only; a name once.
    """
    import pandas as pd

    rows = _table("prices")
    pre, low, high = (
        pd.to_numeric(rows[name], errors="coerce")
        for name in ("pre_price_yuan", "selected_price_low_yuan", "selected_price_high_yuan")
    )
    paid = rows["pre_price_basis"].isin(PAID) & rows["price_unit"].isin(list(FORMS)) & (low == high) & (pre > low)
    names = rows["product_zh"].str.split("(").str[0]
    paid &= (pre <= DEAREST) & ~names.where(paid).duplicated()
    found = []
    for category, cut in ((name, cuts[name].percent) for name in FEWEST):
        near = paid & (rows["category"] == category) & ((100 * (1 - low / pre) - cut).abs() <= 15)
        for row in rows.assign(pre=pre, low=low, name=names)[near].head(3).to_dict("records"):
            form, unit = FORMS[str(row["price_unit"])] if category == "drug" else ("医用耗材", "个")
            found.append(
                PublishedPrice(
                    str(row["name"]), category, form, unit, float(row["pre"]), float(row["low"]), str(row["source_id"])
                )
            )
    return tuple(found)
