"""Rules on the table `fund`: what settlement and estimate would refuse of it, said with file and row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vbp.check.view import View
from vbp.errors import InputError, Problem
from vbp.schema import TABLES

if TYPE_CHECKING:
    import pandas as pd

    from vbp.funds import Fault


def fund_rows(view: View) -> list[Problem]:
    """Return an error for every item whose fund rows tie, are missing, or together insure more than all of its use.

    The items are those of `agreements` and the pairs of `batch_usage`; where there is neither, every item that rows of
    the table single out alone or together, and then no row is missed.
    """
    if not view.has("fund") or not view.rows("fund"):
        return []
    from vbp.funds import faults, meetings

    fund, basis = view.inputs.frame("fund"), _share_basis(view)
    asked = [items for items in (_agreed(view), _by_round(view)) if items is not None]
    if asked:
        found = [fault for items in asked for fault in faults(items, fund, basis)]
    else:
        found = [fault for fault in faults(meetings(fund), fund, basis) if fault.rule != "fund_missing"]
    found = [fault for fault in found if not _same_key(view, fault)]
    once = list({(fault.rule, fault.rows or fault.place): fault for fault in reversed(found)}.values())[::-1]
    problems = [_problem(view, fault) for fault in once[: view.limit]]
    if len(once) > len(problems):
        text = f"and {len(once) - len(problems):,} more items of the same kinds"
        problems.append(view.problem("fund", None, None, once[-1].rule, text, None, "error"))
    return problems


def _same_key(view: View, fault: Fault) -> bool:
    """Return whether a tie is one of rows with the very same keys: a duplicate, which reading has named already."""
    rows = [view.rows("fund")[place] for place in fault.rows]
    return fault.rule == "fund_tie" and len({tuple(row[key] for key in TABLES["fund"].key) for row in rows}) == 1


def _share_basis(view: View) -> str:
    from vbp.rules import profile_of_place

    try:
        return profile_of_place(view.inputs.place.rule_profile, view.inputs.folder).settlement.share_basis
    except InputError:  # named by the rule on profiles
        return "volume"


def _agreed(view: View) -> pd.DataFrame | None:
    """Return the items of `agreements`, a product's generic looked up; None without the table."""
    if not view.has("agreements"):
        return None
    import pandas as pd

    generics = {row["product_id"]: row["generic"] for row in view.rows("products")}
    items = [
        (row["hospital_id"], row["batch_id"], row["generic"] or generics.get(row["product_id"]), row["agreement_year"])
        for row in view.rows("agreements")
    ]
    return pd.DataFrame(items, columns=["hospital_id", "batch_id", "generic", "agreement_year"], dtype=object)


def _by_round(view: View) -> pd.DataFrame | None:
    if not view.has("batch_usage"):
        return None
    import pandas as pd

    pairs = [(row["hospital_id"], row["batch_id"]) for row in view.rows("batch_usage")]
    return pd.DataFrame(pairs, columns=["hospital_id", "batch_id"], dtype=object)


def _problem(view: View, fault: Fault) -> Problem:
    """Return a fault at its last row; the other rows are named in the words of the user's file."""
    if fault.rule == "fund_missing":
        return view.problem("fund", None, None, fault.rule, fault.problem().message, None, "error")
    *others, last = sorted(fault.rows)
    named = " and ".join(f"row {row} of {file}" for file, row in (view.inputs.at("fund", other) for other in others))
    keys = {key: value for key, value in fault.item.items() if value != ""}
    item = f" to {', '.join(map(str, keys.values()))}" if keys else ""
    if fault.rule == "insured_share":
        text = (
            f"the insured shares of these {len(fault.rows)} funds sum to {fault.total:f}, more than 1"
            f" (with {named}; all apply{item}): mend one of them"
        )
        return view.problem(
            "fund", last, "insured_share", fault.rule, text, view.rows("fund")[last]["insured_share"], "error"
        )
    filled = sum(
        view.rows("fund")[last][key] is not None for key in ("hospital_id", "batch_id", "generic", "agreement_year")
    )
    text = (
        f"this row and {named} both apply{item} with {filled} filled keys each: fill one more key cell in the one that "
        "should win"
    )
    return view.problem("fund", last, "fund_ratio", fault.rule, text, None, "error")
