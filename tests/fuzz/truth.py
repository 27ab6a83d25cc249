"""The totals that a folder's meaning gives, recomputed the slow way: plain loops, `Decimal` and `Fraction`, no code of the library.

Purchases and cells come from `tests.ledger.slow`, a row's payout from `tests.surplus.boring`; here stand the sums, the
prices and the fund rows that join them.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from tests.fuzz.content import Content, Row
from tests.ledger.slow import Slow, month_days, most
from tests.surplus import boring

Totals = dict[str, Any]
NUMBERS = {
    "products": ("units_per_pack", "spec_factor"),
    "varieties": ("pre_price_yuan_per_unit", "cycle"),
    "awards": ("selected_price_yuan",),
    "agreements": ("agreed_quantity_units", "base_quantity_units", "agreement_year"),
    "fund": ("fund_ratio", "insured_share", "excluded_share", "agreement_year"),
    "assessments": ("score", "agreement_year"),
    "settlements": ("amount_yuan",),
}
"""Columns of numbers by table, each added up; those of usage apart, for packs may be written as units."""
MILLI = Decimal("0.001")
KEYS = ("hospital_id", "batch_id", "generic", "agreement_year")


def half_up(value: Fraction) -> int:
    """The nearest integer, halves away from zero."""
    sign = -1 if value < 0 else 1
    return sign * ((2 * abs(value).numerator + value.denominator) // (2 * value.denominator))


def shared(total: int, weights: list[Decimal]) -> list[int]:
    """A whole number shared out by weight: each the part below, what is left to the largest remainders, first come first."""
    if not sum(weights):
        return [total] + [0] * (len(weights) - 1)
    exact = [Fraction(total) * Fraction(weight) / Fraction(sum(weights)) for weight in weights]
    found = [part.numerator // part.denominator for part in exact]
    for place in sorted(range(len(exact)), key=lambda place: found[place] - exact[place])[: total - sum(found)]:
        found[place] += 1
    return found


def fen(value: Decimal) -> int:
    """Yuan as fen."""
    return int((value * 100).to_integral_value(ROUND_HALF_UP))


def sums(content: Content) -> Totals:
    """What can be added up table by table."""
    found: Totals = {f"rows.{name}": len(rows) for name, rows in content.tables.items()}
    usage = content.tables["usage"]
    size = {row["product_id"]: row["units_per_pack"] for row in content.tables["products"]}
    found["usage.amount"] = sum((row["amount_yuan"] for row in usage), Decimal(0))
    found["usage.units"] = sum((row["quantity_packs"] * size.get(row["product_id"], 0) for row in usage), Decimal(0))
    for name, columns in NUMBERS.items():
        for column in columns:
            values = [row[column] for row in content.tables.get(name, ()) if row[column] is not None]
            if values:
                found[f"{name}.{column}"] = sum(values, Decimal(0))
    return found


class Truth:
    """The numbers of one content, each computed once."""

    def __init__(self, content: Content, profile: Any) -> None:
        self.content, self.profile = content, profile
        self.slow = Slow(content.world())
        self.purchases = self.slow.purchases()
        self.cells = self.slow.cells()
        self.last = max(row["month"] for row in content.tables["usage"])
        self.until = month_days(self.last)[-1]

    def totals(self, results: bool = True) -> Totals:
        """Every total that the chain must give; without `results` those of the panels alone."""
        found = {
            "panel.amount": sum(row["fen"] for row in self.purchases),
            "panel.quantity": sum(row["milli"] for row in self.purchases),
        }
        for name in ("selected", "nonselected", "elsewhere", "alternative", "outside"):
            mine = [row for row in self.purchases if row["status"] == name]
            found[f"panel.{name}"] = (sum(row["fen"] for row in mine), sum(row["milli"] for row in mine))
        if not results:
            return found
        if self.content.tables.get("agreements"):
            found |= self._agreed()
        found["savings.realised"] = self.realised()
        return found

    def p0(self, batch: str, generic: str) -> int | None:
        """P0 in 10^-10 yuan: as given, else the ledger's with the profile's decimals."""
        for row in self.content.tables.get("varieties", []):
            if (row["batch_id"], row["generic"]) == (batch, generic) and row["pre_price_yuan_per_unit"] is not None:
                return int(row["pre_price_yuan_per_unit"] * 10**10)
        found = self.slow.p0(batch, generic)
        return None if found is None else int(found * 10**10)

    def realised(self) -> Decimal | None:
        """Σ P0·bought − paid of winners, to the fen; None where no variety has a price before."""
        if all(self.p0(*pair) is None for pair in self.slow.pairs()):
            return None
        whole = Fraction(0)
        for row in self.purchases:
            if row["status"] == "selected":
                p0 = self.p0(row["claimed"], row["generic"])
                if p0 is not None:
                    whole += Fraction(p0 * row["milli"], 10**13) - Fraction(row["fen"], 100)
        return Decimal(half_up(whole * 100)).scaleb(-2)

    def _agreed(self) -> Totals:
        items = [self.item(row) for row in self.content.tables["agreements"]]
        self._once(items)
        begun = [item for item in items if item["start_date"] <= self.until]
        official = sum(
            (
                (Fraction(item["p0"]) - item["p1"]) * Fraction(item["agreed_quantity_units"]) / 10**10
                for item in begun
                if item["p0"] is not None and item["p1"] is not None
            ),
            Fraction(0),
        )
        found = {
            "items.actual": sum(item["actual_milli"] or 0 for item in items),
            "items.nonselected": sum((item["nonselected_amount_yuan"] or 0 for item in items), Decimal(0)),
            "savings.official": Decimal(half_up(official * 100)).scaleb(-2),
        }
        if self.content.tables.get("fund"):
            found |= self._paid(items)
        return found

    def _once(self, items: list[Row]) -> None:
        """What belongs to the generic is shared over its products: N over those that are settled, by agreed volume, last
        year's volume over all, by reported volume.
        """
        groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
        for item in sorted(items, key=lambda one: one["product_id"] or ""):
            groups[tuple(item[key] for key in KEYS)].append(item)
        threshold = Decimal(str(self.profile.settlement.completion_threshold))
        for group in groups.values():
            settled = [
                one["agreed_quantity_units"]
                if self.profile.settlement.eligibility != "each_item"
                or self._exempt(one)
                or (one["actual_quantity_units"] or 0) >= one["agreed_quantity_units"] * threshold
                else Decimal(0)
                for one in group
            ]
            spent = group[0]["spent_fen"]
            if any(one["spent_fen"] is None for one in group):
                settled = [Decimal(0)] * len(group)  # it stays where it stands
            if spent is not None:
                of_kind = {kind: shared(value, settled) for kind, value in spent.items()}
                whole = shared(sum(value for kind, value in spent.items() if _other(kind)), settled)
                for place, one in enumerate(group):
                    one["nonselected_amount_yuan"] = Decimal(whole[place]).scaleb(-2)
                    for name, chosen in (("evaluated", _evaluated), ("cheaper", _cheaper)):
                        own = sum(parts[place] for kind, parts in of_kind.items() if chosen(kind))
                        one[f"nonselected_{name}_yuan"] = Decimal(own).scaleb(-2)
            last = group[0]["last_year_quantity_units"]
            if last is not None:
                parts = shared(int(last * 1000), [one["base_quantity_units"] for one in group])
                for one, part in zip(group, parts, strict=True):
                    one["last_year_quantity_units"] = Decimal(part).scaleb(-3)

    def seen(self, row: Row, period: int) -> bool:
        """Whether the ledger covers a month of a period."""
        months = sorted({one["month"] for one in self.content.tables["usage"]})
        first, last = months[0], months[-1]
        span = [first]
        while span[-1] < last:
            span.append((span[-1] + dt.timedelta(days=31)).replace(day=1))
        return any(
            self.slow.period(row["batch_id"], row["generic"], row["hospital_id"], month)[0] == period for month in span
        )

    def item(self, row: Row) -> Row:
        """One agreement with what was bought under it and its prices."""
        key = (row["hospital_id"], row["batch_id"], row["generic"], row["agreement_year"])
        mine = [
            one for one in self.purchases if (one["hospital_id"], one["batch"], one["generic"], one["period"]) == key
        ]
        won = [one for one in mine if one["status"] == "selected"]
        own = [one for one in won if row["product_id"] in (None, one["product_id"])]
        cell = self.cells.get(key, {})
        p0 = self.p0(row["batch_id"], row["generic"])
        p1 = self.p1(row, won)
        # without an award nobody can say which purchases were of a winner
        seen = p1 is not None and self.seen(row, row["agreement_year"])
        before = self.cells.get((*key[:3], row["agreement_year"] - 1), {})
        milli = sum(one["milli"] for one in own) if seen else None
        return {
            **row,
            **{
                name: row[name].quantize(MILLI, ROUND_HALF_UP)
                for name in ("base_quantity_units", "agreed_quantity_units")
            },
            "spec": row["product_id"] or "",
            "actual_milli": milli,
            "actual_quantity_units": None if milli is None else Decimal(milli).scaleb(-3),
            "spent_fen": {kind: value for kind, value in cell.items() if kind.endswith("_fen")} if seen else None,
            "nonselected_amount_yuan": None,
            "nonselected_evaluated_yuan": None,
            "nonselected_cheaper_yuan": None,
            "last_year_quantity_units": Decimal(
                sum(value for kind, value in before.items() if kind.endswith("_milliunits"))
            ).scaleb(-3)
            if self.seen(row, row["agreement_year"] - 1)
            else None,
            "p0": p0,
            "p1": p1,
            "pre_price_yuan": None if p0 is None else Decimal(p0).scaleb(-10),
            "selected_price_yuan": None if p1 is None else Decimal(half_up(p1)).scaleb(-10),
            "agreed_cost": None
            if p1 is None
            else p1 * Fraction(row["agreed_quantity_units"].quantize(MILLI, ROUND_HALF_UP)) / 10**10,
        }

    def p1(self, row: Row, won: list[Row]) -> Fraction | None:
        """P1 in 10^-10 yuan, exact: the product's, the only winner's, weighted by purchases, else the main supplier's."""
        awards = {}
        for award in sorted(self.slow.awards, key=lambda one: one["start_date"]):
            inside = award["start_date"] <= row["end_date"] and award["end_date"] >= row["start_date"]
            generic = self.slow.products[award["product_id"]]["generic"]
            if (
                award["batch_id"] == row["batch_id"]
                and generic == row["generic"]
                and award["supply_role"] != "elsewhere"
                and inside
            ) and (award["product_id"] not in awards or award["start_date"] <= row["start_date"]):
                awards[award["product_id"]] = award
        unit = {
            name: Fraction(award["selected_price_yuan"]) * 10**10 / Fraction(self.slow.units(name))
            for name, award in awards.items()
        }
        if row["product_id"] is not None:
            return unit.get(row["product_id"])
        quantity = sum(one["milli"] for one in won)
        if len(unit) > 1 and quantity > 0:
            return sum((one["milli"] * self._price_of(one) for one in won), Fraction(0)) / quantity
        main = [price for name, price in unit.items() if awards[name]["supply_role"] == "main"] or list(unit.values())
        return min(main) if main else None

    def _price_of(self, one: Row) -> Fraction:
        award = next(
            award
            for award in self.slow.awards
            if (award["batch_id"], award["product_id"], award["start_date"])
            == (one["claimed"], one["product_id"], one["award"])
        )
        return Fraction(award["selected_price_yuan"]) * 10**10 / Fraction(self.slow.units(one["product_id"]))

    def funds(self, item: Row) -> list[Row]:
        """The fund rows that hold for an item: the most filled keys win, named funds before unnamed ones."""
        rows = self.content.tables["fund"]
        basis = self.profile.settlement.share_basis
        fits = [row for row in rows if row["share_basis"] in (None, basis)] or rows
        mine = [row for row in fits if all(row[key] in (None, item[key]) for key in KEYS)]
        most_filled = max((sum(row[key] is not None for key in KEYS) for row in mine), default=0)
        best = [row for row in mine if sum(row[key] is not None for key in KEYS) == most_filled]
        return [row for row in best if row["fund"]] or best

    def _paid(self, items: list[Row]) -> Totals:
        scores = {
            (row["batch_id"], row["hospital_id"], row["agreement_year"]): row["score"]
            for row in self.content.tables.get("assessments", [])
        }
        groups = {row["hospital_id"]: row["county_group"] for row in self.content.tables["hospitals"]}
        varieties = {(row["batch_id"], row["generic"]): row for row in self.content.tables.get("varieties", [])}
        rows: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
        for item in items:
            variety = varieties.get((item["batch_id"], item["generic"]), {})
            facts = {
                "cycle": variety.get("cycle"),
                "category": variety.get("category"),
                "county_group": groups.get(item["hospital_id"]),
                "exempt_reason": self._exempt(item),
                "score": scores.get((item["batch_id"], item["hospital_id"], item["agreement_year"])),
            }
            lines = self.funds(item)
            assert lines, "an item without a fund row is refused"
            for line in lines:
                own = {name: line[name] for name in ("fund_ratio", "insured_share", "excluded_share")}
                rows[item["hospital_id"], item["batch_id"], item["agreement_year"]].append(
                    {**item, **facts, **own, "fund": line["fund"] or ""}
                )
        due = {}
        for key, lines in rows.items():
            ended = all(line["end_date"] <= self.until for line in lines)
            due[key] = boring.settle_row(lines, self.profile)["retained"] if ended else self._open(lines)
        total = sum((value for value in due.values() if value is not None), Decimal("0.00"))
        return {"payout.rows": due, "payout": total}

    def _open(self, lines: list[Row]) -> Decimal | None:
        """A row whose year has not ended: nothing where every line is left out, else not due yet."""
        return Decimal("0.00") if all(boring.left_out(line, self.profile) for line in lines) else None

    def _exempt(self, item: Row) -> str | None:
        products = self.content.tables["products"]
        if item["product_id"]:
            return next(row["exempt_reason"] for row in products if row["product_id"] == item["product_id"])
        own = [row["exempt_reason"] for row in products if row["generic"] == item["generic"]]
        return own[0] if own and all(own) else None


def _other(kind: str) -> bool:
    return kind.endswith(("cheaper_fen", "dearer_fen"))


def _evaluated(kind: str) -> bool:
    return kind.startswith("evaluated_")


def _cheaper(kind: str) -> bool:
    return kind.endswith("cheaper_fen")


__all__ = ["Totals", "Truth", "dt", "fen", "most", "sums"]
