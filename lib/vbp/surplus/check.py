"""What must agree between the rows of an items table: keys, fund rows of one item, shares, scores."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pandas as pd

from vbp.errors import Problem
from vbp.rules import Profile
from vbp.surplus.columns import ITEM, KEY, ROW

REPEATED = (
    "base_quantity_units",
    "pre_price_yuan",
    "agreed_quantity_units",
    "selected_price_yuan",
    "actual_quantity_units",
    "nonselected_amount_yuan",
    "nonselected_evaluated_yuan",
    "nonselected_cheaper_yuan",
    "last_year_quantity_units",
    "end_date",
    "cycle",
    "exempt_reason",
    "category",
    "county_group",
)
"""What the two fund rows of one item repeat."""


def check_items(frame: pd.DataFrame, file: str | None = None, profile: Profile | None = None) -> list[Problem]:
    """Return every problem between rows; `row` of the frame (if there) is the row as the user sees it."""
    frame = frame.assign(**{name: "" for name in ("spec", "fund") if name not in frame})
    if "row" not in frame:
        frame = frame.assign(row=range(2, len(frame) + 2))
    problems = [*_duplicates(frame, file), *_fund_rows(frame, file), *_fund_shares(frame, file), *_parts(frame, file)]
    if profile is None or not profile.settlement.scored_by_item:
        problems += _scores(frame, file)
    return problems + _needs(frame, file, profile)


def _key(row: dict[Any, Any], names: tuple[str, ...]) -> str:
    return " × ".join(str(row[name]) for name in names if row[name] not in ("", None))


def _duplicates(frame: pd.DataFrame, file: str | None) -> list[Problem]:
    double = frame[frame.duplicated(list(KEY), keep=False)]
    problems = []
    for _, rows in double.groupby(list(KEY), sort=False, dropna=False):
        first, *rest = rows.to_dict("records")
        problems += [
            Problem(
                f"the same item as row {first['row']}: {_key(row, KEY)}; keep one, or tell them apart by spec or fund",
                rule="duplicate_key",
                file=file,
                row=row["row"],
            )
            for row in rest
        ]
    return problems


def _fund_rows(frame: pd.DataFrame, file: str | None) -> list[Problem]:
    names = [name for name in REPEATED if name in frame]
    many = frame[frame.duplicated(list(ITEM), keep=False)]
    problems = []
    for _, rows in many.groupby(list(ITEM), sort=False, dropna=False):
        first, *rest = rows.to_dict("records")
        problems += [
            Problem(
                f"the fund rows of one item repeat its figures; row {first['row']} has {first[name]}",
                rule="fund_rows_differ",
                file=file,
                row=row["row"],
                column=name,
                value=str(row[name]),
            )
            for row in rest
            for name in names
            if _differ(first[name], row[name])
        ]
    return problems


def _differ(left: Any, right: Any) -> bool:
    return not (pd.isna(left) and pd.isna(right)) and bool(left != right)


def _fund_shares(frame: pd.DataFrame, file: str | None) -> list[Problem]:
    if "insured_share" not in frame:
        return []
    many = frame[frame.duplicated(list(ITEM), keep=False) & ~frame.duplicated(list(KEY), keep=False)]
    problems = []
    for _, rows in many.groupby(list(ITEM), sort=False, dropna=False):
        total = sum((share for share in rows["insured_share"] if share is not None), Decimal(0))
        if total > 1:
            problems.append(
                Problem(
                    f"the insured shares of one item's funds sum to {total}, more than 1",
                    rule="insured_share_sum",
                    file=file,
                    row=int(rows["row"].iloc[-1]),
                    column="insured_share",
                )
            )
    return problems


def _parts(frame: pd.DataFrame, file: str | None) -> list[Problem]:
    problems = []
    for name in ("nonselected_evaluated_yuan", "nonselected_cheaper_yuan"):
        if name not in frame or "nonselected_amount_yuan" not in frame:
            continue
        for row in frame[frame[name].notna() & frame["nonselected_amount_yuan"].notna()].to_dict("records"):
            if row[name] > row["nonselected_amount_yuan"]:
                problems.append(
                    Problem(
                        f"more than the whole non-selected amount {row['nonselected_amount_yuan']}",
                        rule="part_above_whole",
                        file=file,
                        row=row["row"],
                        column=name,
                        value=str(row[name]),
                    )
                )
    return problems


def _scores(frame: pd.DataFrame, file: str | None) -> list[Problem]:
    if "score" not in frame:
        return []
    problems = []
    scored = frame[frame["score"].notna()]
    for key, rows in scored.groupby(list(ROW), sort=False):
        if rows["score"].nunique() > 1:
            first = rows["score"].iloc[0]
            other = next(row for row in rows.to_dict("records") if row["score"] != first)
            problems.append(
                Problem(
                    f"two scores for {' × '.join(map(str, key))}: {first} (row {rows['row'].iloc[0]}) and this; this "
                    "profile scores a hospital once per batch and year",
                    rule="score_differs",
                    file=file,
                    row=other["row"],
                    column="score",
                    value=str(other["score"]),
                )
            )
    return problems


def _needs(frame: pd.DataFrame, file: str | None, profile: Profile | None) -> list[Problem]:
    if profile is None:
        return []
    return [
        Problem(
            f"profile {profile.name} ({profile.settlement.non_selected}) needs this column",
            file=file,
            row=1,
            rule="profile_needs_column",
            column=name,
        )
        for name in profile.settlement.needs
        if name not in frame
    ]
