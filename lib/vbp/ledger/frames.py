"""From the tables as written (star-shaped, long) to the frames as documented (wide, with names)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from vbp.ledger.calendar import as_date, month_starts
from vbp.ledger.classes import CLASSES, CODE, NONSELECTED, STATUS_OF, STATUSES

CELL = ["hospital_id", "batch_id", "generic", "period"]


def plain(table: pa.Table) -> pd.DataFrame:
    """Return an Arrow table as pandas: dictionaries as categories, missing integers as `Int64`, dates as datetimes."""
    frame = {}
    for name in table.column_names:
        column = table[name]
        if pa.types.is_date(column.type):
            frame[name] = column.cast(pa.timestamp("s")).to_pandas()
        elif pa.types.is_integer(column.type) and column.null_count:
            frame[name] = column.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype(), pa.int16(): pd.Int16Dtype()}.get)
        else:
            frame[name] = column.to_pandas()
    return pd.DataFrame(frame)


def product_month(table: pd.DataFrame, slots: pd.DataFrame, awards: pd.DataFrame) -> pd.DataFrame:
    """Return panel (a) with generic, batch, period and award; rows of one key that split months' slots tell apart stay
    one.
    """
    found = slots.iloc[table["slot"].to_numpy()].reset_index(drop=True)
    status = pd.Series(
        pd.Categorical.from_codes(
            np.array([STATUSES.index(STATUS_OF[name]) for name in found["class"].cat.categories], dtype=np.int64)[
                found["class"].cat.codes
            ],
            pd.Index(list(STATUSES)),
        )
    )
    frame = pd.DataFrame(
        {
            "product_id": table["product_id"],
            "generic": found["generic"],
            "month": table["month"],
            "status": status,
            "batch_id": found["batch_id"].where(status.isin(["selected", "elsewhere", "nonselected"])),
            "period": found["period"],
            "award_start_date": found["award_start_date"],
        }
    )
    priced = _priced(frame, awards)
    return frame.assign(
        selected_price_yuan=priced["selected_price_yuan"],
        p1_e10=priced["p1_e10"],
        **{name: table[name] for name in ("quantity_milliunits", "amount_fen", "purchases")},
        boundary=found["boundary"],
    )


def _priced(frame: pd.DataFrame, awards: pd.DataFrame) -> pd.DataFrame:
    """Return the award of each row by product, batch and start date, by position."""
    keys = ["batch_id", "product_id", "award_start_date"]
    known = awards.rename(columns={"start_date": "award_start_date"})
    place = pd.Series(
        np.arange(len(known)), index=pd.MultiIndex.from_frame(known[keys].astype({"batch_id": str, "product_id": str}))
    )
    has = frame["award_start_date"].notna().to_numpy()
    at = np.full(len(frame), -1, dtype=np.int64)
    if has.any():
        wanted = frame.loc[has, keys].drop_duplicates()
        named = pd.MultiIndex.from_frame(wanted.astype({"batch_id": str, "product_id": str}))
        wanted["at"] = place.reindex(named).to_numpy()
        codes = [
            frame.loc[has, "batch_id"].cat.codes,
            frame.loc[has, "product_id"].cat.codes,
            frame.loc[has, "award_start_date"].astype("int64"),
        ]
        few = [wanted["batch_id"].cat.codes, wanted["product_id"].cat.codes, wanted["award_start_date"].astype("int64")]
        at[has] = (
            pd.DataFrame(dict(enumerate(codes)))
            .merge(
                pd.DataFrame(dict(enumerate(few))).assign(at=wanted["at"]), on=[0, 1, 2], how="left", validate="m:1"
            )["at"]
            .to_numpy()
        )
    price = np.array([*known["selected_price_yuan"], None], dtype=object)[at]
    unit = (
        pd.concat([known["p1_e10"].astype("Int64"), pd.Series([pd.NA], dtype="Int64")], ignore_index=True)
        .take(at)
        .reset_index(drop=True)
    )
    return pd.DataFrame({"selected_price_yuan": pd.Series(price, dtype=object), "p1_e10": unit})


def _grouped(keys: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return for each row the number of its group (ordered by key) and for each group its first row."""
    key = np.zeros(len(keys[0]), dtype=np.int64)
    for values in keys:
        low = int(values.min(initial=0))
        key = key * (int(values.max(initial=0)) - low + 1) + (values.astype(np.int64) - low)
    codes, seen = pd.factorize(key, sort=True)
    first = np.full(len(seen), len(key), dtype=np.int64)
    np.minimum.at(first, codes, np.arange(len(key)))
    return codes, first


def _sum(codes: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    """Return exact integer sums by group."""
    out = np.zeros(count, dtype=np.int64)
    np.add.at(out, codes, values)
    return out


def _wide(long: pd.DataFrame, slots: pd.DataFrame, key: str) -> pd.DataFrame:
    """Return long cells as one row a cell, with a pair of columns a class; `key` is generic or product_id."""
    found = slots.iloc[long["slot"].to_numpy()]
    quantity, amount = long["quantity_milliunits"].to_numpy(), long["amount_fen"].to_numpy()
    parts = [long["hospital_id"].cat.codes, found["batch_id"].cat.codes, found[key].cat.codes, found["period"]]
    codes, first = _grouped([part.to_numpy() for part in parts])
    count, kinds = len(first), _class_codes(found["class"])
    head = pd.DataFrame(
        {
            "hospital_id": long["hospital_id"].iloc[first].reset_index(drop=True),
            **{
                name: found[name].iloc[first].reset_index(drop=True)
                for name in dict.fromkeys(["batch_id", key, "generic", "period"])
            },
        }
    )
    sums = {"quantity_milliunits": _sum(codes, quantity, count), "amount_fen": _sum(codes, amount, count)}
    classes: dict[str, np.ndarray] = {}
    place = kinds * count + codes
    for suffix, values in (("milliunits", quantity), ("fen", amount)):
        table = _sum(place, values, count * len(CLASSES)).reshape(len(CLASSES), count)
        classes |= {f"{name}_{suffix}": table[CODE[name]] for name in CLASSES}
        sums[f"nonselected_{suffix}"] = table[[CODE[name] for name in NONSELECTED]].sum(axis=0)
    ordered = {f"{name}_{suffix}": classes[f"{name}_{suffix}"] for name in CLASSES for suffix in ("milliunits", "fen")}
    return head.assign(
        **ordered,
        **sums,
        months_seen=_months_seen(codes, long["months_mask"].to_numpy(), head["period"].to_numpy()),
        boundary_fen=_sum(codes, np.where(found["boundary"], amount, 0), count),
    )


def _class_codes(column: pd.Series) -> np.ndarray:
    """Return class codes from a category column."""
    return np.array([CODE[name] for name in column.cat.categories], dtype=np.int64)[column.cat.codes]


def _months_seen(codes: np.ndarray, masks: np.ndarray, period: np.ndarray) -> pd.Series:
    """Return the number of months with purchases of each cell; missing outside."""
    joined = np.zeros(len(period), dtype=np.int64)
    np.bitwise_or.at(joined, codes, masks)
    return pd.Series(np.bitwise_count(joined), dtype="Int16").mask(period < 0)


def cells(long: pd.DataFrame, slots: pd.DataFrame) -> pd.DataFrame:
    """Return panel (b)."""
    return _wide(long, slots, "generic")


def spec_cells(long: pd.DataFrame, slots: pd.DataFrame) -> pd.DataFrame:
    """Return panel (d): only generics kept by product."""
    mine = slots["by_product"].to_numpy()[long["slot"].to_numpy()]
    return _wide(long[mine].reset_index(drop=True), slots, "product_id")


def selected(long: pd.DataFrame, slots: pd.DataFrame, awards: pd.DataFrame) -> pd.DataFrame:
    """Return the selected class by product and award."""
    mine = long[(slots["class"] == "selected").to_numpy()[long["slot"].to_numpy()]].reset_index(drop=True)
    found = slots.iloc[mine["slot"].to_numpy()].reset_index(drop=True)
    start = found["award_start_date"].astype("int64") // 86_400
    parts = [
        mine["hospital_id"].cat.codes,
        found["batch_id"].cat.codes,
        found["generic"].cat.codes,
        found["period"],
        found["product_id"].cat.codes,
        start,
    ]
    codes, first = _grouped([part.to_numpy() for part in parts])
    keys = ["batch_id", "generic", "period", "product_id", "award_start_date"]
    frame = pd.DataFrame(
        {
            "hospital_id": mine["hospital_id"].iloc[first].reset_index(drop=True),
            **{name: found[name].iloc[first].reset_index(drop=True) for name in keys},
        }
    )
    priced = _priced(frame, awards)
    return frame.assign(
        **{name: _sum(codes, mine[name].to_numpy(), len(first)) for name in ("quantity_milliunits", "amount_fen")},
        selected_price_yuan=priced["selected_price_yuan"],
        p1_e10=priced["p1_e10"],
    )


def progress(table: pd.DataFrame) -> pd.DataFrame:
    """Return panel (c) in order, with running sums from the batch's first month."""
    frame = table.sort_values(["hospital_id", "batch_id", "month"], ignore_index=True)
    running = frame.groupby(["hospital_id", "batch_id"], observed=True)[["quantity_milliunits", "amount_fen"]].cumsum()
    return frame.assign(cumulative_milliunits=running["quantity_milliunits"], cumulative_fen=running["amount_fen"])


def totals(facts: Mapping[str, Any]) -> pd.DataFrame:
    """Return the ledger's totals as one row."""
    row = dict(facts)
    for name in ("first_month", "last_month"):
        row[name] = pd.Timestamp(as_date(month_starts(row[name], row[name])[0]))
    return pd.DataFrame([row])
