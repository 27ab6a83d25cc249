"""Rules on what points to what: ids known, batches not at odds, groups with one lead."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import replace
from itertools import combinations, groupby
from typing import Any

from vbp.check.view import Row, View
from vbp.errors import InputError, Problem, unknown

OWNERS = {"hospital_id": "hospitals", "product_id": "products"}
POINTERS = (
    ("usage", "product_id", "error"),
    ("usage", "hospital_id", "error"),
    ("awards", "product_id", "error"),
    ("agreements", "hospital_id", "error"),
    ("agreements", "product_id", "error"),
    ("assessments", "hospital_id", "error"),
    ("assessments", "product_id", "error"),
    ("fund", "hospital_id", "error"),
    ("batch_usage", "hospital_id", "error"),
    ("settlements", "hospital_id", "warning"),
    ("stock", "hospital_id", "error"),
    ("stock", "product_id", "error"),
)


def _like(text: str, known: Iterable[str]) -> str:
    """Return a hint: the same code without its leading zeros, or the nearest ones."""
    # an id may be an empty cell here: that is an error of its own, and no likeness of anything
    names = [name for name in known if name]
    bare = [name for name in names if name.lstrip("0") == text.lstrip("0")]
    if bare:
        return f"; {bare[0]} differs only in leading zeros: keep codes as text"
    near = difflib.get_close_matches(text, names[:5000], n=2, cutoff=0.8)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def unknown_ids(view: View) -> list[Problem]:
    """Return a problem for every id that its own table (products, hospitals) does not hold: once per id, at its first
    row."""
    problems: list[Problem] = []
    for table, column, level in POINTERS:
        own = OWNERS[column]
        if not view.has(own, table) or column not in view.inputs.tables[table].column_names:
            continue
        known = {row[column] for row in view.rows(own) if row[column]}  # a refused code is empty, and named elsewhere
        rule = f"unknown_{column.removesuffix('_id')}"
        strangers = view.strangers(table, column, own)
        listed = list(strangers)[: view.limit]
        mend = f": add it to {own}, or mend it here and in the rows below"
        problems += [
            view.problem(
                table,
                strangers[text],
                column,
                rule,
                f"{own} does not hold this id{_like(text, known) or mend}",
                text,
                level,
            )
            for text in listed
        ]
        if len(strangers) > len(listed):
            problems.append(
                view.problem(
                    table,
                    None,
                    column,
                    rule,
                    f"and {len(strangers) - len(listed):,} more ids that {own} does not hold",
                    None,
                    level,
                )
            )
    return problems


def unknown_varieties(view: View) -> list[Problem]:
    """Return a problem for every award, agreement or fund row whose batch and generic `varieties` does not hold."""
    if not view.has("varieties"):
        return []
    known = {(row["batch_id"], row["generic"]) for row in view.rows("varieties") if row["batch_id"] and row["generic"]}
    batches = sorted({batch for batch, _ in known})
    generics = {row["product_id"]: row["generic"] for row in view.rows("products")}
    problems: list[Problem] = []
    for table in ("awards", "agreements"):
        rows = view.rows(table) if view.has(table) else []
        pairs = [(row["batch_id"], row.get("generic") or generics.get(row.get("product_id"))) for row in rows]
        places = [place for place, pair in enumerate(pairs) if None not in pair and pair not in known]

        def text(place: int, pairs: list[tuple[Any, Any]] = pairs) -> tuple[str, Any]:
            batch, generic = pairs[place]
            if batch not in batches:
                return unknown("batch", batch, batches), batch
            own = [name for one, name in known if one == batch]
            near = [name for name in own if str(generic) in name] or difflib.get_close_matches(
                str(generic), own, n=2, cutoff=0.5
            )
            hint = f"did you mean {' or '.join(near)}?" if near else "mend it here, or add it to varieties"
            return f"varieties has no {generic} in batch {batch}: {hint}", generic

        level = "error" if table == "agreements" else "warning"
        name = "generic" if table == "agreements" else "product_id"
        for column, chosen in (
            ("batch_id", [place for place in places if pairs[place][0] not in batches]),
            (name, [place for place in places if pairs[place][0] in batches]),
        ):
            problems += view.listed(table, chosen, column, "unknown_variety", text, level)
    return problems


def without_award(view: View) -> list[Problem]:
    """Return an error for every agreement whose generic (or product) the round's awards do not hold: P1 and what was
    bought of the selected products are not known."""
    if not view.has("agreements", "awards", "products"):
        return []
    generics = {row["product_id"]: row["generic"] for row in view.rows("products")}
    awarded = {(row["batch_id"], row["product_id"]) for row in view.rows("awards") if row["supply_role"] != "elsewhere"}
    varieties = {(batch, generics.get(product)) for batch, product in awarded}
    rows = view.rows("agreements")
    known = {(row["batch_id"], row["generic"]) for row in view.rows("varieties")} if view.has("varieties") else None

    def lacks(row: Row) -> bool:
        own, generic = row["product_id"], row["generic"] or generics.get(row["product_id"])
        if not row["batch_id"] or not generic or (known is not None and (row["batch_id"], generic) not in known):
            return False  # an error of its own
        return (row["batch_id"], own) not in awarded if own else (row["batch_id"], generic) not in varieties

    def text(place: int) -> tuple[str, Any]:
        row = rows[place]
        what = row["product_id"] or row["generic"]
        return f"awards holds no winner of {what} in batch {row['batch_id']}: add it there, or mend it here", what

    whole = [place for place, row in enumerate(rows) if lacks(row) and not row["product_id"]]
    single = [place for place, row in enumerate(rows) if lacks(row) and row["product_id"]]
    return view.listed("agreements", whole, "generic", "no_award", text, "error") + view.listed(
        "agreements", single, "product_id", "no_award", text, "error"
    )


def rule_profile(view: View) -> list[Problem]:
    """Return every problem with the rule profile that the folder names: one of data/rules, or a file of its own."""
    from vbp.rules import profile_of_place

    profile = view.inputs.place.rule_profile
    if profile == "?":
        return []
    try:
        profile_of_place(profile, view.inputs.folder)
    except InputError as error:
        place = view.inputs.place.file
        return [
            replace(problem, file=place) if problem.rule == "rule_profile" else problem for problem in error.problems
        ]
    return []


def _overlap(first: Row, second: Row) -> bool:
    return bool(first["start_date"] <= second["end_date"] and second["start_date"] <= first["end_date"])


def _named(view: View) -> list[Row]:
    """Return the awards whose batch is filled in (an empty one is an error of its own)."""
    return [award for award in view.awards if award["batch_id"]]


def two_batches(view: View) -> list[Problem]:
    """Return an error where two batches claim one purchase: the same product or generic, the same start, overlapping
    periods.

    Of two starts the later one holds; two equal starts cannot be told apart.
    """
    problems: list[Problem] = []
    products = view.rows("products")
    seen: set[tuple[str, str, str]] = set()

    def claim(award: Row) -> tuple[str, Any]:
        return products[award["product"]]["generic"], award["start_date"]

    whole = [award for award in _named(view) if claim(award)[0]]
    for (generic, start), group in groupby(sorted(whole, key=claim), key=claim):
        for first, second in combinations(list(group), 2):
            names = tuple(sorted((first["batch_id"], second["batch_id"])))
            if names[0] == names[1] or not _overlap(first, second) or (generic, *names) in seen:
                continue
            seen.add((generic, *names))
            problems.append(
                view.problem(
                    "awards",
                    second["place"],
                    "batch_id",
                    "two_batches",
                    f"batches {names[0]} and {names[1]} both start on {start} for {generic}: no purchase can be given to "
                    "one of them; "
                    "correct a date or leave one out",
                    second["batch_id"],
                    "error",
                )
            )
    return problems


def one_award(view: View) -> list[Problem]:
    """Return an error where one batch holds a product twice in overlapping periods."""
    problems: list[Problem] = []
    ordered = sorted(_named(view), key=lambda award: (award["batch_id"], award["product_id"], award["start_date"]))
    for _, group in groupby(ordered, key=lambda award: (award["batch_id"], award["product_id"])):
        # against the award that reaches furthest so far: a short one inside a long one must not hide a third
        longest: Row | None = None
        for award in group:
            if longest is not None and _overlap(longest, award):
                problems.append(
                    view.problem(
                        "awards",
                        award["place"],
                        "start_date",
                        "overlapping_awards",
                        f"this award overlaps the one of the same batch and product that starts on {longest['start_date']}",
                        award["start_date"],
                        "error",
                    )
                )
            if longest is None or award["end_date"] > longest["end_date"]:
                longest = award
    return problems


def group_leads(view: View) -> list[Problem]:
    """Return a warning for every county group without exactly one lead hospital."""
    groups: dict[str, list[Row]] = {}
    for row in view.rows("hospitals"):
        if row["county_group"]:
            groups.setdefault(row["county_group"], []).append(row)
    return [
        view.problem(
            "hospitals",
            None,
            "group_lead",
            "group_lead",
            f"county group (医共体) {name} has {sum(bool(row['group_lead']) for row in members)} lead "
            "hospitals among "
            f"{len(members)}: one is needed where completion is judged by group",
            name,
        )
        for name, members in groups.items()
        if sum(bool(row["group_lead"]) for row in members) != 1
    ]


def renewals(view: View) -> list[Problem]:
    """Return a warning for a renewal (cycle 2 or more) that does not name the round it renews, or names an unknown
    one."""
    rows = view.rows("varieties") if view.has("varieties") else []
    batches = {row["batch_id"] for row in rows}
    places = [
        place
        for place, row in enumerate(rows)
        if (row["cycle"] or 1) > 1 and (row["renewal_of"] is None or row["renewal_of"] not in batches)
    ]
    return view.listed(
        "varieties",
        places,
        "renewal_of",
        "renewal_of",
        lambda place: (
            "a renewal whose earlier round is not in this folder: its price before cannot be taken from the ledger of the "
            "first round",
            rows[place]["renewal_of"],
        ),
    )
