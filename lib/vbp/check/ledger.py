"""Rules on the rows of usage: prices against awards, signs, gaps, repeats, outliers, basis."""
from __future__ import annotations

import numpy as np

from vbp.check.view import View, month_name, months
from vbp.errors import Problem
from vbp.tables.arrays import flat
from vbp.tables.validate import key_codes, repeated

NEAR = 0.10
"""How near a price ratio must be to the pack size to count as a mix-up of packs and units (relative)."""
ABOVE = 0.01
"""How far above the selected price (relative) a purchase is reported; one fen per pack is always allowed."""
ODD = 3.0
"""Price ratio to the product's own usual price beyond which a row is odd."""
ODD_PRODUCT = 10.0
"""Price ratio of a product to the median of its generic's other products, per unit, beyond which it is odd."""


def _yuan(value: float) -> str:
    return f"{value:,.4f}".rstrip("0").rstrip(".")


def mixed_up(view: View) -> np.ndarray:
    """Return the mask of usage rows whose price is off the award by a factor near units_per_pack."""
    size = view.pack_size[view.product]
    ratio = view.price / view.covered
    with np.errstate(invalid="ignore"):
        low, high = np.abs(ratio * size - 1) <= NEAR, np.abs(ratio / size - 1) <= NEAR
    return (size >= 2) & (low | high)


def pack_unit(view: View) -> list[Problem]:
    """Return an error for rows whose price per pack is the award's price off by units_per_pack: packs and units mixed up."""
    if not view.has("usage", "products", "awards") or not view.awards:
        return []
    places = np.flatnonzero(mixed_up(view))
    return view.listed("usage", places, _quantity(view), "pack_unit", lambda place: (
        f"{_yuan(view.price[place])} yuan a pack against {_yuan(view.covered[place])} in the award, a factor near the pack size "
        f"({view.pack_size[view.product[place]]:g}): the quantity counts {'minimum units' if view.price[place] < view.covered[place] else 'packs'}"
        f", not {'packs' if view.price[place] < view.covered[place] else 'minimum units'}", _yuan(view.packs[place])), "error")


def _quantity(view: View) -> str:
    return "quantity_packs" if "quantity_packs" in view.usage.column_names else "quantity_units"


def above_selected(view: View) -> list[Problem]:
    """Return a warning for selected products bought above their selected price in months that the award covers whole."""
    if not view.has("usage", "products", "awards") or not view.awards:
        return []
    over = view.price > np.maximum(view.covered * (1 + ABOVE), view.covered + 0.01)
    places = np.flatnonzero(over & ~mixed_up(view))
    return view.listed("usage", places, "amount_yuan", "above_selected", lambda place: (
        f"bought at {_yuan(view.price[place])} yuan a pack, above the selected price {_yuan(view.covered[place])}",
        _yuan(view.amount[place])))


def outside_award(view: View) -> list[Problem]:
    """Return a warning, one per product, for purchases at the selected price before the start, or any after the end."""
    if not view.has("usage", "products", "awards") or not view.awards:
        return []
    by_product: dict[int, list[dict]] = {}
    for award in view.awards:
        by_product.setdefault(award["product"], []).append(award)
    order = np.argsort(view.product, kind="stable")
    bounds = np.searchsorted(view.product[order], np.arange(len(view.rows("products")) + 1))
    problems: list[Problem] = []
    for product, awards in by_product.items():
        rows = order[bounds[product]:bounds[product + 1]]
        first = min(awards, key=lambda award: award["start_date"])
        last = max(awards, key=lambda award: award["end_date"])
        price = float(first["selected_price_yuan"])
        early = rows[(view.month[rows] < months(first["start_date"])) & (np.abs(view.price[rows] / price - 1) <= 0.001)]
        late = rows[view.month[rows] > months(last["end_date"])]
        problems += _outside(view, early, "before_start", f"bought at the selected price before the start ({first['start_date']})")
        problems += _outside(view, late, "after_end", f"bought after the last award ended ({last['end_date']}): is a renewal missing?")
    return problems


def _outside(view: View, rows: np.ndarray, rule: str, text: str) -> list[Problem]:
    if not len(rows):
        return []
    where = int(rows.min())
    return [view.problem("usage", where, "month", rule, f"{text}; {len(rows):,} rows, {_yuan(float(view.amount[rows].sum()))} yuan",
                         view.usage["product_id"][where].as_py())]


def returns(view: View) -> list[Problem]:
    """Return one warning for all negative quantities (returns: they are netted), and an error where the signs contradict."""
    if not view.has("usage"):
        return []
    back = np.flatnonzero((view.packs < 0) | (view.amount < 0))
    problems: list[Problem] = []
    if len(back):
        packs, amount = float(np.nansum(view.packs[back])), float(view.amount[back].sum())
        problems.append(view.problem("usage", back[0], _quantity(view), "returns",
                                     f"{len(back):,} rows are negative (returns, 退货): {_yuan(packs)} packs and {_yuan(amount)} yuan are "
                                     "netted against the purchases", _yuan(view.packs[back[0]])))
    contrary = back[(view.packs[back] > 0) | (view.amount[back] > 0)]
    nothing = np.flatnonzero((view.packs == 0) & (view.amount != 0))
    problems += view.listed("usage", contrary, "amount_yuan", "sign", lambda place: (
        f"quantity {_yuan(view.packs[place])} and amount {_yuan(view.amount[place])} have opposite signs", _yuan(view.amount[place])),
        "error")
    return problems + view.listed("usage", nothing, _quantity(view), "zero_quantity", lambda place: (
        f"no quantity for {_yuan(view.amount[place])} yuan: a price cannot be made from it", "0"))


def missing_months(view: View) -> list[Problem]:
    """Return a warning for months without any row between the first and the last, and for hospitals with gaps of their own."""
    if not view.has("usage", "hospitals") or not view.usage.num_rows:
        return []
    first, span = int(view.month.min()), int(view.month.max() - view.month.min()) + 1
    seen = np.zeros((len(view.rows("hospitals")) + 2, span), bool)
    seen[view.hospital, view.month - first] = True
    empty = np.flatnonzero(~seen.any(0))
    problems = [view.problem("usage", None, "month", "missing_month", "no row of any hospital in " + _named(empty + first))] if len(empty) else []
    for place, row in enumerate(view.rows("hospitals")):
        own = np.flatnonzero(seen[place])
        gaps = np.setdiff1d(np.arange(own[0], own[-1]), np.concatenate([own, empty])) if len(own) else own
        if len(gaps) and len(own) >= 6:
            problems.append(view.problem("usage", None, "month", "missing_month",
                                         f"hospital {row['hospital_id']} has no row in {_named(gaps + first)}: a gap is not zero use",
                                         row["hospital_id"]))
    return problems if view.limit is None else problems[:view.limit * 3]


def _named(numbers: np.ndarray) -> str:
    names = [month_name(int(number)) for number in numbers[:12]]
    return ", ".join(names) + (f" and {len(numbers) - 12} more months" if len(numbers) > 12 else "")


def duplicates(view: View) -> list[Problem]:
    """Return a warning for rows equal in every cell, and one for keys that stand in several rows (they are added up)."""
    if not view.has("usage"):
        return []
    table = view.usage
    key = ["hospital_id", "product_id"]
    when = flat(table["date"]) if "date" in table.column_names else None
    keys = key_codes([view.inputs.codes("usage", name) for name in key])
    keys = keys * (int(view.month.max(initial=0)) + 2) + view.month + 1
    if when is not None:
        # the month too: a template's date column may be there and empty
        keys = key_codes([flat(table["date"]), flat(table["month"]), *(view.inputs.codes("usage", name) for name in key)])
    again = repeated(keys)
    if not len(again):
        return []
    alike = np.flatnonzero(np.isin(keys, keys[again]))
    numbers = [flat(table[name].take(alike)) for name in ("quantity_packs", "quantity_units", "amount_yuan") if name in table.column_names]
    same = alike[repeated(key_codes([flat(table["product_id"].take(alike)), flat(table["hospital_id"].take(alike)),
                                     flat(table["month"].take(alike)), *([flat(table["date"].take(alike))] if when is not None else []),
                                     *numbers]))]
    problems = view.listed("usage", same, "product_id", "duplicate_row", lambda place: (
        "equal in every cell to an earlier row: read as a second purchase; delete it if it is the same one",
        table["product_id"][place].as_py()))
    if len(again) > len(same):
        problems.append(view.problem("usage", again[0], "product_id", "repeated_key",
                                     f"{len(again) - len(same):,} rows repeat a hospital, {'day' if when is not None else 'month'} and product "
                                     "with other figures: they are added up", table["product_id"][int(again[0])].as_py()))
    return problems


def outliers(view: View) -> list[Problem]:
    """Return a warning for rows far from their product's usual price, and products far from their generic's price per unit."""
    if not view.has("usage", "products") or not view.rows("products"):
        return []
    good = ~np.isnan(view.price) & (view.product >= 0)
    log = np.log(np.where(good, view.price, 1))
    count = np.bincount(view.product[good], minlength=len(view.pack_size))
    usual = np.bincount(view.product[good], log[good], len(view.pack_size)) / np.maximum(count, 1)
    odd = good & (np.abs(log - usual[view.product]) > np.log(ODD)) & (count[view.product] >= 3)
    places = np.flatnonzero(odd)
    problems = view.listed("usage", places, "amount_yuan", "price_outlier", lambda place: (
        f"{_yuan(view.price[place])} yuan a pack; this product usually costs {_yuan(float(np.exp(usual[view.product[place]])))}",
        _yuan(view.amount[place])))
    return problems + _odd_products(view, usual, count)


def _odd_products(view: View, usual: np.ndarray, count: np.ndarray) -> list[Problem]:
    products = view.rows("products")
    factor = np.array([float(row["spec_factor"] or 1) for row in products])
    unit = usual[:len(products)] - np.log(view.pack_size[:len(products)] * factor)
    seen = count[:len(products)] > 0
    generic = view.generic[:len(products)]
    others = {place: unit[seen & (generic == generic[place]) & (np.arange(len(unit)) != place)] for place in np.flatnonzero(seen)}
    middle = {place: float(np.median(rest)) for place, rest in others.items() if len(rest)}
    odd = [place for place in middle if abs(unit[place] - middle[place]) > np.log(ODD_PRODUCT)]
    return view.listed("products", odd, "units_per_pack", "price_outlier", lambda place: (
        f"{_yuan(float(np.exp(unit[place])))} yuan per unit, against {_yuan(float(np.exp(middle[place])))} of the other products of "
        f"{view.generics[generic[place]]}: is units_per_pack or spec_factor right?", products[place]["units_per_pack"]))


def mixed_basis(view: View) -> list[Problem]:
    """Return an error where purchased and dispensed rows stand together: stock moves would count twice."""
    if not view.has("usage") or "basis" not in view.usage.column_names:
        return []
    kinds = [text for text in view.usage["basis"].unique().to_pylist() if text]
    if len(kinds) < 2:
        return []
    return [view.problem("usage", None, "basis", "mixed_basis", f"{' and '.join(sorted(kinds))} rows stand together: keep one basis in "
                         "usage (stock moves belong into stock)", ", ".join(sorted(kinds)), "error")]


def packs_and_units(view: View) -> list[Problem]:
    """Return an error where packs × units per pack is not the quantity in units given beside it."""
    if not view.has("usage", "products") or not {"quantity_packs", "quantity_units"} <= set(view.usage.column_names):
        return []
    packs, units = view._quantity("quantity_packs"), view._quantity("quantity_units")
    if packs is None or units is None:
        return []
    off = np.abs(packs * view.pack_size[view.product] - units) > 0.01 * np.maximum(np.abs(units), 1)
    return view.listed("usage", np.flatnonzero(off & (view.product >= 0)), "quantity_units", "packs_units", lambda place: (
        f"{_yuan(packs[place])} packs of {view.pack_size[view.product[place]]:g} are not {_yuan(units[place])} units", _yuan(units[place])),
        "error")
