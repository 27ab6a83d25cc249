"""The ledger's rules again, day by day and row by row in plain loops: slow, obvious, and sharing nothing with the
library.
"""

from __future__ import annotations

import calendar
import datetime as dt
import functools
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.ledger.worlds import World

ONE_DAY = dt.timedelta(days=1)


def month_days(first: dt.date) -> list[dt.date]:
    """Every day of a month."""
    return [first.replace(day=number) for number in range(1, calendar.monthrange(first.year, first.month)[1] + 1)]


def year_before(day: dt.date) -> dt.date:
    """The same day a year earlier."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)


def year_after(day: dt.date) -> dt.date:
    """The same day a year later."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)


def most(values: list[Any]) -> Any:
    """The value that stands most often in a list; of equals the one that comes last."""
    best = max(values.count(value) for value in values)
    return [value for value in values if values.count(value) == best][-1]


class Slow:
    """All panels of a world, by dictionaries."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.products = {row["product_id"]: row for row in world.rows["products"]}
        self.awards = world.rows["awards"]
        self.agreements = world.rows["agreements"]
        for name in (
            "run",
            "at_home",
            "pairs",
            "running",
            "claim",
            "signed",
            "years",
            "period",
            "main_price",
            "units",
            "purchases",
        ):
            setattr(self, name, functools.cache(getattr(self, name)))  # the same answers, only not asked for again

    def units(self, product: str) -> Decimal:
        """Converted units in a pack."""
        row = self.products[product]
        return Decimal(row["units_per_pack"]) * (row["spec_factor"] if row["spec_factor"] is not None else 1)

    def run(self, batch: str, generic: str) -> tuple[dt.date, dt.date] | None:
        """First and last day of a batch's home awards and the city's agreement years; of awards elsewhere if there is
        nothing else.
        """
        mine = [
            row
            for row in self.awards
            if row["batch_id"] == batch and self.products[row["product_id"]]["generic"] == generic
        ]
        spans = [(row["start_date"], row["end_date"]) for row in mine if row["supply_role"] != "elsewhere"]
        spans = spans + [(begin, end) for _, begin, end in self.signed(batch, generic, None)] or [
            (row["start_date"], row["end_date"]) for row in mine
        ]
        return (min(begin for begin, _ in spans), max(end for _, end in spans)) if spans else None

    def signed(self, batch: str, generic: str, hospital: str | None) -> list[tuple[int, dt.date, dt.date]]:
        """The agreement years of a hospital: its own dates where it signed the year, else the commonest in the city."""
        mine = [row for row in self.agreements if (row["batch_id"], row["generic"]) == (batch, generic)]
        years = []
        for number in sorted({row["agreement_year"] for row in mine}):
            each: dict[str, tuple[dt.date, dt.date]] = {}  # of several products the first and the last day
            for row in mine:
                if row["agreement_year"] == number:
                    begin, end = each.get(row["hospital_id"], (row["start_date"], row["end_date"]))
                    each[row["hospital_id"]] = min(begin, row["start_date"]), max(end, row["end_date"])
            dates = list(each.values())
            common = min(set(dates), key=lambda span: (-dates.count(span), span))
            years.append((number, *each.get(hospital, common)))
        return years

    def at_home(self, batch: str, generic: str) -> bool:
        """Whether the batch makes others of the generic non-selected."""
        return any(
            row["batch_id"] == batch
            and self.products[row["product_id"]]["generic"] == generic
            and row["supply_role"] != "elsewhere"
            for row in self.awards
        ) or any((row["batch_id"], row["generic"]) == (batch, generic) for row in self.agreements)

    def pairs(self) -> list[tuple[str, str]]:
        """Every batch × generic."""
        return sorted(
            {(row["batch_id"], self.products[row["product_id"]]["generic"]) for row in self.awards}
            | {(row["batch_id"], row["generic"]) for row in self.agreements}
        )

    def running(self, generic: str, day: dt.date) -> str | None:
        """The batch that runs for a generic on a day; of several the later start."""
        found = [
            (self.run(*pair)[0], pair[0])
            for pair in self.pairs()
            if pair[1] == generic and self.at_home(*pair) and self.run(*pair)[0] <= day <= self.run(*pair)[1]
        ]
        return max(found)[1] if found else None

    def claim(self, product: str, day: dt.date) -> tuple[str, str | None, dt.date | None]:
        """Status, batch and award's start of a product on a day."""
        for status, away in (("selected", False), ("elsewhere", True)):
            found = [
                (row["start_date"], row["batch_id"])
                for row in self.awards
                if row["product_id"] == product
                and (row["supply_role"] == "elsewhere") == away
                and row["start_date"] <= day <= row["end_date"]
            ]
            if found:
                return status, max(found)[1], max(found)[0]
        generic, group = self.products[product]["generic"], self.products[product]["substitute_group"]
        batch = self.running(generic, day)
        if batch:
            return "nonselected", batch, None
        others = {row["generic"] for row in self.products.values() if group and row["substitute_group"] == group}
        return ("alternative" if any(self.running(other, day) for other in others) else "outside"), None, None

    def years(self, batch: str, generic: str, hospital: str | None) -> list[tuple[int, dt.date, dt.date]]:
        """A hospital's agreement years, and to the end of the run years of twelve months."""
        years = self.signed(batch, generic, hospital)
        start, end = self.run(batch, generic)
        begin = years[-1][2] + ONE_DAY if years else start
        while begin <= end:
            stop = min(year_after(begin) - ONE_DAY, end)
            years.append((years[-1][0] + 1 if years else 1, begin, stop))
            begin = stop + ONE_DAY
        return years

    def period(self, batch: str, generic: str, hospital: str | None, month: dt.date) -> tuple[int, bool]:
        """The period of a month, and whether the month is split."""
        years = self.years(batch, generic, hospital)
        own = [
            row
            for row in self.agreements
            if (row["batch_id"], row["generic"], row["hospital_id"]) == (batch, generic, hospital)
        ]
        city = self.years(batch, generic, None)
        start = years[0][1] if own and years != city else self.run(batch, generic)[0]
        start = min([start] + [begin for number, begin, _ in years if number == 1])
        found = []
        for day in month_days(month):
            value = 0 if year_before(start) <= day < start else -1
            for number, begin, end in years:
                if begin <= day <= end:
                    value = number
            found.append(value)
        return most(found), len(set(found)) > 1

    def home(
        self, product: str, claim: tuple[str, str | None, Any], hospital: str | None, month: dt.date
    ) -> tuple[str | None, int, bool]:
        """Batch, period and split of the cell that a purchase belongs to."""
        generic = self.products[product]["generic"]
        if claim[1]:
            return claim[1], *self.period(claim[1], generic, hospital, month)
        inside, coming = [], []
        for pair in self.pairs():
            if pair[1] == generic:
                value, split = self.period(*pair, hospital, month)
                (inside if value > 0 else coming if value == 0 else []).append(
                    (self.run(*pair)[0], pair[0], value, split)
                )
        return max(inside)[1:] if inside else min(coming)[1:] if coming else (None, -1, False)

    def main_price(self, batch: str, generic: str, day: dt.date) -> Decimal | None:
        """The main supplier's price per unit on a day."""
        for role in ("main", "backup"):
            found = [
                row["selected_price_yuan"] / self.units(row["product_id"])
                for row in self.awards
                if row["batch_id"] == batch
                and self.products[row["product_id"]]["generic"] == generic
                and row["supply_role"].startswith(role)
                and row["start_date"] <= day <= row["end_date"]
            ]
            if found:
                return min(found)
        return None

    def purchases(self) -> list[dict[str, Any]]:
        """Every purchase with its status, class, cell, converted quantity (thousandths) and amount (fen)."""
        return [self.purchase(row) for row in self.world.rows["usage"]]

    def purchase(self, row: dict[str, Any]) -> dict[str, Any]:
        """One purchase."""
        product, generic = self.products[row["product_id"]], self.products[row["product_id"]]["generic"]
        days = [row["date"]] if self.world.dated else month_days(row["month"])
        claims = [self.claim(row["product_id"], day) for day in days]
        claim = most(claims)
        batch, period, split = self.home(row["product_id"], claim, row["hospital_id"], row["month"])
        quantity = row["quantity_packs"] * self.units(row["product_id"])
        kind = claim[0]
        if kind == "nonselected":
            # with months only, any day of the claim: the price is the same on all of them in these worlds
            price = self.main_price(
                claim[1], generic, next(day for day, one in zip(days, claims, strict=True) if one == claim)
            )
            cheaper = quantity != 0 and price is not None and abs(row["amount_yuan"] / quantity) < price
            sort = (
                "originator"
                if product["originator"]
                else "evaluated"
                if product["consistency_evaluated"]
                else "unevaluated"
            )
            kind = f"{sort}_{'cheaper' if cheaper else 'dearer'}"
        milli = int((quantity * 1000).quantize(Decimal(1), ROUND_HALF_UP))
        return {
            **row,
            "generic": generic,
            "status": claim[0],
            "class": kind,
            "claimed": claim[1],
            "award": claim[2],
            "batch": batch,
            "period": period,
            "split": split,
            "milli": milli,
            "fen": int(row["amount_yuan"] * 100),
        }

    def product_month(self) -> dict[tuple[Any, ...], list[int]]:
        """(product, month, status, batch, award) → [quantity, amount, purchases]."""
        sums: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0, 0])
        for row in self.purchases():
            one = sums[row["product_id"], row["month"], row["status"], row["claimed"], row["award"]]
            one[0], one[1], one[2] = one[0] + row["milli"], one[1] + row["fen"], one[2] + 1
        return dict(sums)

    def cells(self, by: str = "generic") -> dict[tuple[Any, ...], dict[str, Any]]:
        """(hospital, batch, generic or product, period) → sums by class, months seen, boundary amount."""
        sums: dict[tuple[Any, ...], dict[str, Any]] = defaultdict(lambda: defaultdict(int))
        months: dict[tuple[Any, ...], set[dt.date]] = defaultdict(set)
        for row in self.purchases():
            key = (row["hospital_id"], row["batch"], row[by], row["period"])
            sums[key][f"{row['class']}_milliunits"] += row["milli"]
            sums[key][f"{row['class']}_fen"] += row["fen"]
            sums[key]["boundary_fen"] += row["fen"] if row["split"] else 0
            months[key].add(row["month"])
            sums[key]["months_seen"] = len(months[key])
        return {key: dict(value) for key, value in sums.items()}

    def progress(self) -> dict[tuple[Any, ...], list[int]]:
        """(hospital, batch, month) → [quantity, amount] of selected purchases."""
        sums: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0])
        for row in self.purchases():
            if row["status"] == "selected":
                one = sums[row["hospital_id"], row["claimed"], row["month"]]
                one[0], one[1] = one[0] + row["milli"], one[1] + row["fen"]
        return dict(sums)

    def p0(self, batch: str, generic: str) -> Decimal | None:
        """The ledger's mean price in the months before the start (four decimals), None without purchases."""
        rows = [
            row
            for row in self.purchases()
            if row["generic"] == generic and self.period(batch, generic, None, row["month"])[0] == 0
        ]
        quantity, amount = sum(row["milli"] for row in rows), sum(row["fen"] for row in rows)
        return (
            (Decimal(amount) * 10 / Decimal(quantity)).quantize(Decimal("0.0001"), ROUND_HALF_UP)
            if quantity > 0 and amount > 0
            else None
        )
