"""Results at a terminal: columns in the reader's language, numbers by their unit, gaps as gaps."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from vbp.cli.output import print_table
from vbp.words.fields import LABELS, WORDS, field_label, field_text
from vbp.words.phrases import keys


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("retained_yuan", Decimal("11755825.475"), "11,755,825.48"),
        ("retained_yuan", Decimal("-0.004"), "0.00"),
        ("selected_price_yuan", Decimal("1.2300"), "1.2300"),
        ("actual_units", Decimal("575484.000"), "575,484"),
        ("actual_units", Decimal("10.5000"), "10.5"),
        ("rate", 1.6034, "160.3%"),
        ("rate", float("nan"), "—"),
        ("p_value", 0.0, "< 0.001"),
        ("p_value", 0.0412, "0.041"),
        ("level", -0.688, "-0.6880"),
        ("months", np.int64(12), "12"),
        ("start_date", pd.Timestamp("2021-01-01"), "2021-01-01"),
        ("end_date", date(2021, 12, 31), "2021-12-31"),
        ("paid", pd.NA, "—"),
        ("day", pd.NaT, "—"),
        ("completes", np.bool_(True), "是"),
        ("hospital_id", "H001", "H001"),
        ("state", "at_risk", "落后于序时进度"),
        ("codes", ("NO_P0", "NO_P1"), "缺集采前价格；缺中选价格"),
    ],
)
def test_a_cell_is_written_by_its_unit(name, value, shown):
    assert field_text(name, value, "zh") == shown


def test_a_column_is_named_in_the_language_and_an_unknown_one_keeps_its_name():
    assert (
        field_label("retained_yuan", "zh") == "结余留用（元）"
        and field_label("retained_yuan", "en") == "Retained (yuan)"
    )
    assert field_label("no_such_column", "zh") == "no_such_column"


@pytest.mark.parametrize(("lang", "unit"), [("zh", "元"), ("en", "yuan")])
def test_every_column_of_money_says_its_unit_once(lang, unit):
    names = {name for group, _, name in (key.partition(".") for key in keys()) if group in LABELS and "_yuan" in name}
    assert len(names) > 30
    assert {field_label(name, lang) for name in names if field_label(name, lang).count(unit) != 1} == set()
    assert field_label("official_yuan", "zh") == "官方口径（约定量，元）"


def test_every_group_that_is_looked_up_exists():
    groups = {key.split(".")[0] for key in keys()}
    assert {*LABELS, *WORDS} <= groups


def test_a_table_leaves_out_empty_columns_and_does_not_fold_names_in_a_file(capsys):
    frame = pd.DataFrame(
        {
            "generic": ["非常长的品种名称" * 3, "[red]"],
            "county_group": [None, None],
            "retained_yuan": [Decimal("1234567.5"), None],
        }
    )
    print_table(frame, "标题", "zh")
    printed = capsys.readouterr().out
    assert "1,234,567.50" in printed and "医共体" not in printed and "非常长的品种名称" * 3 in printed
    assert "[red]" in printed and "—" in printed and printed.startswith("标题")


def test_an_empty_table_keeps_its_heads(capsys):
    print_table(pd.DataFrame(columns=["generic", "retained_yuan"]), "", "en")
    assert "Generic" in capsys.readouterr().out
