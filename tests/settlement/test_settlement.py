"""Settlement: punctuality by amount and count, gaps, and a slow recomputation."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vbp.errors import InputError
from vbp.settlement import settlement

COLUMNS = ["hospital_id", "supplier", "invoice_id", "invoice_date", "paid_date", "amount_yuan", "direct"]


def invoices(*rows):
    return pd.DataFrame(
        [
            (h, s, str(i), pd.Timestamp(d), pd.NaT if p is None else pd.Timestamp(p), Decimal(a), direct)
            for i, (h, s, d, p, a, direct) in enumerate(rows)
        ],
        columns=COLUMNS,
    )


FOUR = invoices(
    ("H1", "S", "2024-01-01", "2024-01-31", "100.00", True),
    ("H1", "S", "2024-01-01", "2024-02-01", "300.00", False),
    ("H2", "T", "2024-02-10", None, "600.00", False),
    ("H2", "S", "2024-03-20", None, "50.00", None),
)


def test_thirty_days_are_in_time_and_thirty_one_are_not():
    row = settlement(FOUR, dt.date(2024, 4, 1)).total.iloc[0]
    assert (row["invoices"], row["not_due"], row["unpaid"]) == (4, 1, 1)
    assert row["on_time_share_count"] == pytest.approx(1 / 3) and row["on_time_share_amount"] == pytest.approx(
        100 / 1000
    )
    assert row["median_days"] == 30.5 and row["p90_days"] == pytest.approx(30.9)
    assert row["direct_share_amount"] == pytest.approx(100 / 1050) and row["amount_yuan"] == Decimal("1050.00")


def test_cuts_by_hospital_supplier_and_month_add_up():
    result = settlement(FOUR, dt.date(2024, 4, 1))
    for table in (result.by_hospital_id, result.by_supplier, result.by_month):
        assert table["amount_yuan"].sum() == result.total["amount_yuan"][0]
        assert table["invoices"].sum() == 4
    assert result.by_month["month"].tolist() == ["2024-01", "2024-02", "2024-03"]
    assert math.isnan(result.by_month["on_time_share_amount"][2]) and math.isnan(result.by_month["median_days"][1])


def test_an_earlier_day_knows_no_later_payment():
    row = settlement(FOUR, dt.date(2024, 1, 30)).total.iloc[0]
    assert (row["invoices"], row["not_due"]) == (2, 2) and math.isnan(row["median_days"])


def test_the_day_is_the_last_date_when_not_given():
    assert settlement(FOUR).as_of == dt.date(2024, 3, 20)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("AB"),
            st.integers(0, 200),
            st.integers(-5, 90) | st.none(),
            st.integers(1, 10**9),
            st.booleans(),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_agrees_with_plain_loops(rows):
    start = dt.date(2024, 1, 1)
    frame = invoices(
        *(
            (
                h,
                "S",
                start + dt.timedelta(d),
                None if p is None else start + dt.timedelta(d + p),
                Decimal(a).scaleb(-2),
                x,
            )
            for h, d, p, a, x in rows
        )
    )
    day = start + dt.timedelta(250)
    got = settlement(frame, day).total.iloc[0]
    due = on_time = due_fen = on_time_fen = 0
    for _, d, p, a, _ in rows:
        paid = p is not None and d + p <= 250
        if paid or 250 - d > 30:
            due, due_fen = due + 1, due_fen + a
            if paid and p <= 30:
                on_time, on_time_fen = on_time + 1, on_time_fen + a
    assert got["unpaid"] + got["not_due"] == sum(p is None or d + p > 250 for _, d, p, _, _ in rows)
    if due:
        assert got["on_time_share_count"] == pytest.approx(on_time / due)
        assert got["on_time_share_amount"] == pytest.approx(on_time_fen / due_fen)
    else:
        assert math.isnan(got["on_time_share_count"])


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_sentence(lang):
    text = settlement(FOUR, dt.date(2024, 4, 1)).text(lang)
    assert "10.0%" in text and "{" not in text


def test_no_invoice_and_no_date_are_errors():
    with pytest.raises(InputError, match="no invoices"):
        settlement(FOUR.head(0))
    with pytest.raises(InputError, match="no invoice up to"):
        settlement(FOUR, dt.date(2023, 1, 1))
    with pytest.raises(InputError, match="no date"):
        settlement(FOUR.assign(invoice_date=pd.NaT))
