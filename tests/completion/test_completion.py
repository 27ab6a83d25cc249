"""Completion: the published example, states against elapsed time, roll-ups, gaps."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vbp.completion import STATES, completion
from vbp.errors import InputError, UsageError

YEAR = (pd.Timestamp("2024-01-01"), pd.Timestamp("2024-12-31"))


def panels(*rows, last="2024-06-01"):
    """Items `(hospital, generic, agreed units, actual units or None, paid yuan, start, end)`; P1 is 2 yuan."""
    frame = pd.DataFrame(
        [
            (
                "B1",
                h,
                g,
                None,
                1,
                start,
                end,
                agreed * 1000,
                None if actual is None else actual * 1000,
                paid * 100,
                2 * 10**10,
            )
            for h, g, agreed, actual, paid, start, end in rows
        ],
        columns=[
            "batch_id",
            "hospital_id",
            "generic",
            "product_id",
            "agreement_year",
            "start_date",
            "end_date",
            "agreed_milliunits",
            "actual_milliunits",
            "actual_fen",
            "p1_e10",
        ],
    )
    frame = frame.astype(
        {"hospital_id": "category", "batch_id": "category", "generic": "category", "actual_milliunits": "Int64"}
    )
    return SimpleNamespace(items=frame, product_month=pd.DataFrame({"month": [pd.Timestamp(last)]}))


def states(*rows, **options):
    return completion(panels(*rows, **options)).table["state"].tolist()


def test_published_rate_by_quantity_and_by_amount():
    # Zhongwei batch 7: 6.74 m of 4.68 m units is 144.02 %; by amount another number
    table = completion(panels(("H1", "A", 4_680_000, 6_740_000, 17_540_640, *YEAR))).table
    assert round(100 * table["rate"][0], 2) == 144.02
    assert round(100 * table["rate_by_amount"][0], 1) == 187.4
    assert table["actual_units"][0] == Decimal("6740000.000") and table["agreed_yuan"][0] == Decimal("9360000.00")


def test_states_against_elapsed_time():
    half = 182 / 366
    rows = [
        ("H1", "A", 1000, 1000, 1, *YEAR),
        ("H1", "B", 1000, 498, 1, *YEAR),
        ("H1", "C", 1000, 497, 1, *YEAR),
        ("H1", "D", 1000, 0, 0, *YEAR),
        ("H1", "E", 0, 5, 1, *YEAR),
        ("H1", "F", 1000, None, 0, *YEAR),
        ("H1", "G", 1000, 999, 1, pd.Timestamp("2023-07-01"), pd.Timestamp("2024-06-30")),
        ("H1", "H", 1000, None, 0, pd.Timestamp("2025-01-01"), pd.Timestamp("2025-12-31")),
    ]
    result = completion(panels(*rows))
    assert result.table["elapsed"][0] == pytest.approx(half) and result.as_of == dt.date(2024, 6, 30)
    assert result.table["state"].tolist() == [
        "done",
        "on_course",
        "at_risk",
        "at_risk",
        "no_agreed_volume",
        "no_data",
        "not_completed",
        "not_started",
    ]
    assert set(result.table["state"]) <= set(STATES)


def test_pace_names_the_day_of_completion():
    table = completion(
        panels(("H1", "A", 1000, 500, 1, *YEAR), ("H1", "B", 1000, 0, 0, *YEAR), ("H1", "C", 9, 9, 1, *YEAR))
    ).table
    # 500 in 182 days: 1,000 on day 364
    assert table["expected_done"][0] == pd.Timestamp("2024-12-29")
    assert table["expected_done"][1:].isna().all()


def test_a_later_day_does_not_count_time_without_data():
    one = panels(("H1", "A", 1000, 500, 1, *YEAR))
    later = completion(one, as_of=dt.date(2024, 9, 30))
    assert later.table["elapsed"][0] == pytest.approx(182 / 366) and later.data_until == dt.date(2024, 6, 30)
    with pytest.raises(UsageError, match="before the panels' end"):
        completion(one, as_of=dt.date(2024, 5, 31))


def test_roll_ups_add_up_and_leave_out_what_has_not_begun():
    rows = [
        ("H1", "A", 100, 150, 3, *YEAR),
        ("H1", "B", 100, 10, 1, *YEAR),
        ("H2", "A", 200, 100, 2, *YEAR),
        ("H2", "B", 50, None, 0, *YEAR),
    ]
    hospitals = pd.DataFrame({"hospital_id": ["H1", "H2"], "county_group": ["G", "G"]})
    result = completion(panels(*rows), hospitals)
    group = result.rolled("group").iloc[0]
    assert (
        group["county_group"] == "G" and group["items"] == 3 and group["rate"] == pytest.approx(260 / 400)
    )  # one price
    assert result.rolled("hospital")["rate"].tolist() == pytest.approx([160 / 200, 100 / 200])
    assert result.rolled("generic")["done_items"].tolist() == [1, 0]
    assert result.rolled("batch_year")[["agreed_units", "actual_units"]].values.tolist() == [[None, None]]
    assert result.rolled("generic")[["agreed_units", "actual_units"]].values.tolist() == [[300, 250], [100, 10]]
    assert result.rolled("generic")["rate_basis"].tolist() == ["units"] * 2
    with pytest.raises(UsageError, match="unknown roll-up"):
        result.rolled("city")
    assert "group" not in completion(panels(*rows)).roll_ups


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["H1", "H2"]), st.integers(0, 10**6), st.none() | st.integers(0, 10**6)),
        min_size=1,
        max_size=12,
    )
)
def test_agrees_with_plain_loops(rows):
    full = [(h, f"g{i}", agreed, actual, 0, *YEAR) for i, (h, agreed, actual) in enumerate(rows)]
    result = completion(panels(*full))
    for (_, agreed, actual), row in zip(rows, result.table.to_dict("records"), strict=True):
        if actual is None or agreed == 0:
            assert row["state"] == ("no_data" if actual is None else "no_agreed_volume") and pd.isna(row["rate"])
        else:
            assert row["rate"] == pytest.approx(actual / agreed)
            assert row["state"] == (
                "done" if actual >= agreed else "on_course" if actual / agreed >= 182 / 366 else "at_risk"
            )
    known = [(h, a, b) for h, a, b in rows if b is not None]
    singles = {h for h, _, _ in known if sum(other == h for other, _, _ in known) == 1}
    sums = {r["hospital_id"]: r for r in result.rolled("hospital").to_dict("records")}
    assert set(sums) == {h for h, _, _ in known}
    for hospital, row in sums.items():
        whole = sum(b for h, _, b in known if h == hospital)
        assert row["actual_units"] == (whole if hospital in singles else None)
        agreed = sum(a for h, a, _ in known if h == hospital)
        assert row["rate_of_summed_units"] == pytest.approx(whole / agreed if agreed else np.nan, nan_ok=True)


def priced(*rows):
    """Agreements `(hospital, generic, agreed, actual, elapsed half or whole year, P1 in yuan or None)`."""
    made = panels(
        *(
            (h, g, agreed, actual, 0, *(YEAR if half else ("2023-07-01", "2024-06-30")))
            for h, g, agreed, actual, half, _ in rows
        )
    )
    prices = [None if price is None else int(Decimal(price) * 10**10) for *_, price in rows]
    made.items["p1_e10"] = pd.array(prices, dtype="Int64")
    return made


def test_tablets_and_millilitres_are_weighed_by_their_selected_prices_and_never_added_up():
    # 2,000,000 tablets at 0.05 yuan all but untouched, 100 vials at 1,000 yuan bought twice over: units say 5 %, worth says half
    found = completion(
        priced(("H1", "tablet", 2_000_000, 100_000, True, "0.05"), ("H1", "vial", 100, 100, False, "1000"))
    )
    (row,) = found.rolled("hospital").to_dict("records")
    assert row["rate"] == pytest.approx((100_000 * 0.05 + 100 * 1000) / (2_000_000 * 0.05 + 100 * 1000)) == 0.525
    assert row["rate_of_summed_units"] == pytest.approx(100_100 / 2_000_100)
    assert (row["agreed_units"], row["actual_units"], row["rate_basis"]) == (None, None, "selected_price")
    assert row["elapsed"] == pytest.approx((182 / 366 + 1) / 2), (
        "time gone by is weighed like the volume it is set against"
    )


def test_a_change_of_the_unit_of_one_variety_changes_no_rate():
    """A rate over varieties must not depend on whether a liquid is counted in bottles or in millilitres."""
    bottles = [("H1", "tablet", 5000, 4000, True, "0.40"), ("H1", "syrup", 300, 90, True, "25")]
    millilitres = [bottles[0], ("H1", "syrup", 30_000, 9_000, True, "0.25")]
    first, second = (completion(priced(*rows)).rolled("batch").iloc[0] for rows in (bottles, millilitres))
    assert first["rate"] == pytest.approx(second["rate"]) == pytest.approx((1600 + 2250) / (2000 + 7500))
    assert first["rate_of_summed_units"] != pytest.approx(second["rate_of_summed_units"])


def test_an_agreement_without_a_price_is_in_no_weighed_rate_but_in_the_count():
    rows = [
        ("H1", "A", 100, 50, True, "2"),
        ("H1", "B", 100, 100, True, None),
        ("H2", "B", 10, 5, True, None),
        ("H2", "C", 10, 5, True, None),
    ]
    first, second = completion(priced(*rows)).rolled("hospital").to_dict("records")
    assert first["rate"] == 0.5 and first["items"] == 2 and first["done_items"] == 1
    assert np.isnan(second["rate"]) and second["items"] == 2, "no price at all: the rate is not known"
    assert completion(priced(rows[2])).rolled("hospital")["rate"].tolist() == [0.5], "one variety needs no price"


def test_no_agreements_is_an_error_that_names_the_table():
    with pytest.raises(InputError, match="约定采购量"):
        completion(SimpleNamespace(items=panels(("H", "A", 1, 1, 1, *YEAR)).items.head(0), product_month=None))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_words_count_every_state(lang):
    result = completion(panels(("H1", "A", 100, 150, 3, *YEAR), ("H1", "B", 100, 10, 1, *YEAR)))
    assert "{" not in result.text(lang) and all(said.text(lang) for said in result.assumptions)
    assert result.document()["states"]["done"] == 1 and len(result.document()["rows"]) == 2
