"""Rules on the rows of usage: prices against awards, signs, gaps, repeats, outliers, basis."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from vbp.check.view import Row, View, month_name, months
from vbp.errors import Problem
from vbp.tables.arrays import flat, missing
from vbp.tables.validate import key_codes, repeated

ABOVE = 0.01
"""How far above the selected price (relative) a purchase is reported; one fen per pack is always allowed."""
ODD = 3.0
"""Price ratio to the product's own usual price beyond which a row is odd."""
ODD_PRODUCT = 10.0
"""Price ratio of a product to the median of its generic's other products, per unit, beyond which it is odd."""


def _yuan(value: float) -> str:
    return f"{value:,.4f}".rstrip("0").rstrip(".")


def pack_unit(view: View) -> list[Problem]:
    """Return an error for rows whose price per pack is the award's price off by units_per_pack: packs and units mixed
    up."""
    if not view.has("usage", "products", "awards") or not view.awards:
        return []
    places, covered = view.off_award
    award = dict(zip(places[view.mixed_up].tolist(), covered[view.mixed_up].tolist(), strict=True))

    def text(place: int) -> tuple[str, str]:
        low = view.price[place] < award[place]
        said, meant = ("minimum units", "packs") if low else ("packs", "minimum units")
        return (
            f"{_yuan(view.price[place])} yuan a pack against {_yuan(award[place])} in the award, a factor near "
            "the pack "
            f"size ({view.pack_size[view.product[place]]:g}): the quantity counts {said}, not "
            f"{meant}",
            f"{view.counted([place]):f}",
        )

    return view.listed("usage", list(award), view.quantity_name, "pack_unit", text, "error")


def above_selected(view: View) -> list[Problem]:
    """Return a warning for selected products bought above their selected price in months that the award covers
    whole."""
    if not view.has("usage", "products", "awards") or not view.awards:
        return []
    places, covered = view.off_award
    over = (view.price[places] > np.maximum(covered * (1 + ABOVE), covered + 0.01)) & ~view.mixed_up
    award = dict(zip(places[over].tolist(), covered[over].tolist(), strict=True))
    return view.listed(
        "usage",
        list(award),
        "amount_yuan",
        "above_selected",
        lambda place: (
            f"bought at {_yuan(view.price[place])} yuan a pack, above the selected price {_yuan(award[place])}",
            f"{view.yuan([place]):,}",
        ),
    )


def outside_award(view: View) -> list[Problem]:
    """Return a warning, one per product, for purchases at the selected price before the start, or any after the end."""
    if not view.has("usage", "products", "awards") or not view.awards:
        return []
    first, last = _first_and_last(view)
    zero, span = view.span
    before = np.full((len(view.pack_size), span), np.nan, np.float32)
    late = np.zeros((len(view.pack_size), span), bool)
    for product, award in first.items():
        before[product, : max(months(award["start_date"]) - zero, 0)] = float(award["selected_price_yuan"])
        late[product, max(months(last[product]["end_date"]) - zero + 1, 0) :] = True
    early = (
        np.abs(view.price / before.ravel()[view.cell] - 1) <= 0.001 if not np.isnan(before).all() else np.zeros(0, bool)
    )
    problems = _outside(
        view,
        np.flatnonzero(early),
        "before_start",
        lambda product: f"bought at the selected price before the start ({first[product]['start_date']})",
    )
    if (late & (view.by_cell() > 0)).any():
        problems += _outside(
            view,
            np.flatnonzero(late.ravel()[view.cell]),
            "after_end",
            lambda product: f"bought after the last award ended ({last[product]['end_date']}): is a renewal missing?",
        )
    return problems


def _first_and_last(view: View) -> tuple[dict[int, Row], dict[int, Row]]:
    """Return every awarded product's first award and the one that ends last."""
    first: dict[int, Row] = {}
    last: dict[int, Row] = {}
    for award in view.awards:
        product = award["product"]
        if product not in first or award["start_date"] < first[product]["start_date"]:
            first[product] = award
        if product not in last or award["end_date"] > last[product]["end_date"]:
            last[product] = award
    return first, last


def _outside(view: View, places: np.ndarray, rule: str, text: Callable[[int], str]) -> list[Problem]:
    """Return one warning per product for the usage rows at `places`, and one for the products beyond the limit."""
    if not len(places):
        return []
    own = view.product[places]
    order = np.argsort(own, kind="stable")
    products, starts = np.unique(own[order], return_index=True)
    groups = np.split(places[order], starts[1:])
    problems = []
    for product, rows in list(zip(products.tolist(), groups, strict=True))[: view.limit]:
        message = f"{text(product)}; {len(rows):,} rows, {view.yuan(rows):,} yuan"
        name = view.rows("products")[product]["product_id"]
        problems.append(view.problem("usage", int(rows[0]), "month", rule, message, name))
    if len(products) > len(problems):
        rest = np.concatenate(groups[len(problems) :])
        more = f"and {len(products) - len(problems):,} more products; {len(rest):,} rows, {view.yuan(rest):,} yuan"
        problems.append(view.problem("usage", None, "month", rule, more))
    return problems


def returns(view: View) -> list[Problem]:
    """Return one warning for all negative quantities (returns: they are netted), an error where the signs
    contradict."""
    if not view.has("usage") or (view.packs.min(initial=1) > 0 and view.amount.min(initial=1) >= 0):
        return []
    packs, amount, column = view.packs, view.amount, view.quantity_name
    back = np.flatnonzero((packs < 0) | (amount < 0))
    problems: list[Problem] = []
    if len(back):
        said = (
            f"{len(back):,} rows are negative (returns, 退货): {view.counted(back):f} "
            f"{column.removeprefix('quantity_')} "
            f"and {view.yuan(back):,} yuan are netted against the purchases"
        )
        problems.append(view.problem("usage", back[0], column, "returns", said, f"{view.counted(back[:1]):f}"))
    contrary = back[(packs[back] > 0) | (amount[back] > 0)]
    problems += view.listed(
        "usage",
        contrary,
        "amount_yuan",
        "sign",
        lambda place: (
            f"quantity {view.counted([place]):f} and amount {view.yuan([place]):,} have opposite signs: "
            "a purchase has both above zero, a return both below",
            f"{view.yuan([place]):,}",
        ),
        "error",
    )
    nothing = np.flatnonzero((packs == 0) & (amount != 0))
    return problems + view.listed(
        "usage",
        nothing,
        column,
        "zero_quantity",
        lambda place: (f"no quantity for {view.yuan([place]):,} yuan: a price cannot be made from it", "0"),
    )


def missing_months(view: View) -> list[Problem]:
    """Return a warning for months without any row between the first and the last, and for hospitals with gaps of
    their own."""
    if not view.has("usage", "hospitals") or not view.usage.num_rows:
        return []
    first, span = view.span
    flags = np.zeros((len(view.rows("hospitals")) + 2) * span, bool)
    flags[view.hospital * np.int32(span) + (view.month - np.int32(first))] = True
    seen = flags.reshape(-1, span)
    if first < 0:
        # rows whose month could not be read stand before 1970; the months between are no gaps
        known = view.month[view.month >= 0]
        if not len(known):
            return []
        seen, first = seen[:, int(known.min()) - first :], int(known.min())
    empty = np.flatnonzero(~seen.any(0))
    problems = (
        [view.problem("usage", None, "month", "missing_month", "no row of any hospital in " + _named(empty + first))]
        if len(empty)
        else []
    )
    for place, row in enumerate(view.rows("hospitals")):
        own = np.flatnonzero(seen[place])
        gaps = np.setdiff1d(np.arange(own[0], own[-1]), np.concatenate([own, empty])) if len(own) else own
        if len(gaps) and len(own) >= 6:
            problems.append(
                view.problem(
                    "usage",
                    None,
                    "month",
                    "missing_month",
                    f"hospital {row['hospital_id']} has no row in {_named(gaps + first)}: a gap is not zero use",
                    row["hospital_id"],
                )
            )
    return problems if view.limit is None else problems[: view.limit * 3]


def _named(numbers: np.ndarray) -> str:
    names = [month_name(int(number)) for number in numbers[:12]]
    return ", ".join(names) + (f" and {len(numbers) - 12} more months" if len(numbers) > 12 else "")


def duplicates(view: View) -> list[Problem]:
    """Return a warning for rows equal in every cell, and one for keys that stand in several rows (they are added
    up)."""
    if not view.has("usage"):
        return []
    table = view.usage
    when = flat(table["date"]) if "date" in table.column_names else None
    # the month too: a date column may be there and empty, as in a template that was filled in by month
    named = ["hospital_id", "product_id", "month", *(["date"] if when is not None else [])]
    keys = key_codes([view.inputs.codes("usage", name) for name in named])
    # a row whose hospital, product or month is missing repeats nobody: that is an error of its own
    whole = ~np.logical_or.reduce([missing(flat(table[name])) for name in named[:3]])
    again = repeated(keys)
    again = again[whole[again]]
    if not len(again):
        return []
    alike = np.flatnonzero(np.isin(keys, keys[again]))
    cells = [
        name
        for name in ("hospital_id", "product_id", "month", "date", "quantity_packs", "quantity_units", "amount_yuan")
        if name in table.column_names
    ]
    same = alike[repeated(key_codes([flat(table[name].take(alike)) for name in cells]))]
    problems = view.listed(
        "usage",
        same,
        "product_id",
        "duplicate_row",
        lambda place: (
            "equal in every cell to an earlier row: read as a second purchase; delete it if it is the same one",
            table["product_id"][place].as_py(),
        ),
    )
    if len(again) > len(same):
        problems.append(
            view.problem(
                "usage",
                again[0],
                "product_id",
                "repeated_key",
                f"{len(again) - len(same):,} rows repeat a hospital, "
                f"{'day' if when is not None else 'month'} and product "
                "with other figures: they are added "
                "up",
                table["product_id"][int(again[0])].as_py(),
            )
        )
    return problems


def outliers(view: View) -> list[Problem]:
    """Return a warning for rows far from their product's usual price, and products far from their generic's.

    A product's months under a selected price have a usual price of their own, so that a price cut is no outlier.
    """
    if not view.has("usage", "products") or not view.rows("products"):
        return []
    whole = view.product.min(initial=0) >= 0 and not np.isnan(view.price.min(initial=1))
    good = np.ones(0, bool) if whole else ~np.isnan(view.price) & (view.product >= 0)
    group = _price_group(view) if whole else _price_group(view)[good]
    log = np.log(view.price if whole else view.price[good])
    size = 3 * len(view.pack_size)
    count = np.bincount(group, minlength=size)
    usual = np.bincount(group, log, size) / np.maximum(count, 1)
    odd = (np.abs(log - usual.astype(np.float32)[group]) > np.float32(np.log(ODD))) & (count[group] >= 3)
    places = np.flatnonzero(odd) if whole else np.flatnonzero(good)[odd]
    normal = dict(zip(places.tolist(), np.exp(usual[group[odd]]).tolist(), strict=True))
    problems = view.listed(
        "usage",
        places,
        "amount_yuan",
        "price_outlier",
        lambda place: (
            f"{_yuan(view.price[place])} yuan a pack; this product usually costs {_yuan(normal[place])}",
            f"{view.yuan([place]):,}",
        ),
    )
    return problems + _odd_products(view, usual, count)


def _price_group(view: View) -> np.ndarray:
    """Return, per usage row, three times its product's number, plus one in a month cut by a start, two after it."""
    first, span = view.span
    table = np.repeat(3 * np.arange(len(view.pack_size), dtype=np.int32)[:, None], span, 1)
    for award in view.awards:
        product, start = award["product"], months(award["start_date"]) - first
        table[product, max(start, 0) :] = 3 * product + 2
        if award["start_date"].day > 1 and 0 <= start < span:
            table[product, start] = 3 * product + 1
    return table.ravel()[view.cell]


def _odd_products(view: View, usual: np.ndarray, count: np.ndarray) -> list[Problem]:
    products = view.rows("products")
    # the price before any award where there is one: cuts differ between the products of a generic
    before = count[::3] > 0
    count, usual = np.where(before, count[::3], count[2::3]), np.where(before, usual[::3], usual[2::3])
    unit = usual[: len(products)] - np.log(view.conversion[: len(products)])
    seen = (count[: len(products)] > 0) & np.array([row["units_per_pack"] is not None for row in products], bool)
    generic = view.generic[: len(products)]
    others = {
        place: unit[seen & (generic == generic[place]) & (np.arange(len(unit)) != place)]
        for place in np.flatnonzero(seen).tolist()
    }
    middle = {place: float(np.median(rest)) for place, rest in others.items() if len(rest)}
    odd = [place for place in middle if abs(unit[place] - middle[place]) > np.log(ODD_PRODUCT)]
    return view.listed(
        "products",
        odd,
        "units_per_pack",
        "price_outlier",
        lambda place: (
            f"{_yuan(float(np.exp(unit[place])))} yuan per unit, against {_yuan(float(np.exp(middle[place])))} of the "
            f"other products of {view.generics[generic[place]]}: is units_per_pack or spec_factor right?",
            products[place]["units_per_pack"],
        ),
    )


def mixed_basis(view: View) -> list[Problem]:
    """Return an error where purchased and dispensed rows stand together: stock moves would count twice."""
    if not view.has("usage") or "basis" not in view.usage.column_names:
        return []
    kinds = [text for text in view.usage["basis"].unique().to_pylist() if text]
    if len(kinds) < 2:
        return []
    return [
        view.problem(
            "usage",
            None,
            "basis",
            "mixed_basis",
            f"{' and '.join(sorted(kinds))} rows stand together: "
            "keep one basis in "
            "usage (stock moves belong into stock)",
            ", ".join(sorted(kinds)),
            "error",
        )
    ]


def packs_and_units(view: View) -> list[Problem]:
    """Return an error where packs × units per pack is not the quantity in units given beside it."""
    if not view.has("usage", "products") or not {"quantity_packs", "quantity_units"} <= set(view.usage.column_names):
        return []
    packs, units = view.quantity("quantity_packs"), view.quantity("quantity_units")
    if packs is None or units is None:
        return []
    off = np.abs(packs * view.pack_size[view.product] - units) > 0.01 * np.maximum(np.abs(units), 1)
    return view.listed(
        "usage",
        np.flatnonzero(off & (view.product >= 0)),
        "quantity_units",
        "packs_units",
        lambda place: (
            f"{_yuan(packs[place])} packs of {view.pack_size[view.product[place]]:g} are not {_yuan(units[place])} "
            "units",
            _yuan(units[place]),
        ),
        "error",
    )
