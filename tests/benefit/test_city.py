"""Who keeps a city's realised saving: by hand from a small folder, and the same whatever the order of rows."""

from __future__ import annotations

from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest

from tests import small_folder
from vbp.benefit.city import CityBenefit, city_benefit
from vbp.errors import InputError

VARIETIES = [
    ["batch_id", "generic", "unit_name", "level", "category", "cycle", "pre_price_yuan_per_unit"],
    ["N1", "甲片", "片", "国家", "药品", 1, "2.00"],
]
AWARDS = [
    ["batch_id", "product_id", "start_date", "selected_price_yuan", "end_date"],
    ["N1", "P1", "2024-01-01", "28", "2024-12-31"],
]
AGREEMENTS = [
    [
        "batch_id",
        "hospital_id",
        "generic",
        "agreement_year",
        "start_date",
        "end_date",
        "base_quantity_units",
        "agreed_quantity_units",
    ],
    *(["N1", name, "甲片", 1, "2024-01-01", "2024-12-31", 8000, 5000] for name in ("H001", "H002")),
]
FUND = ["hospital_id", "fund", "fund_ratio", "insured_share"]
PAIR = [["", "职工", "0.80", "0.40"], ["", "居民", "0.60", "0.50"]]
EACH = 1260
"""What each hospital saved: 45 packs of 28 in January and February 2024, 2.00 before and 1.00 now."""


def benefit(folder: Path, fund: list[list[Any]], usage: list[list[Any]] | None = None) -> CityBenefit:
    from vbp.ledger import build
    from vbp.tables import read_inputs

    tables = {"varieties": VARIETIES, "awards": AWARDS, "agreements": AGREEMENTS, "fund": [FUND, *fund]}
    inputs = read_inputs(small_folder.write(folder, tables | ({"usage": usage} if usage else {})))
    return city_benefit(build(inputs), inputs.frame("fund"))


def by_payer(result: CityBenefit) -> dict[str, D]:
    return dict(zip(result.table["payer"], result.table["saving_yuan"], strict=True))


@pytest.mark.parametrize(
    ("fund", "payers"),
    [
        ([["", "", "0.70", "0.90"]], {"": D("0.63") * 2 * EACH}),
        (PAIR, {"employee": D("0.32") * 2 * EACH, "resident": D("0.30") * 2 * EACH}),
        (
            [*PAIR, ["H001", "职工", "0.85", "0.45"]],
            {"employee": (D("0.3825") + D("0.32")) * EACH, "resident": D("0.30") * 2 * EACH},
        ),
        (
            [*PAIR, ["H001", "", "0.50", "0.50"]],
            {"": D("0.25") * EACH, "employee": D("0.32") * EACH, "resident": D("0.30") * EACH},
        ),
    ],
    ids=["one row for all", "a pair", "a hospital's own employee row", "a hospital's own row for all"],
)
def test_each_fund_keeps_its_share_of_each_hospitals_saving_and_patients_the_rest(
    tmp_path: Path, fund: list[list[Any]], payers: dict[str, D]
) -> None:
    result = benefit(tmp_path, fund)
    funds = sum(payers.values(), D(0))
    assert by_payer(result) == {
        **{name: amount.quantize(D("0.01")) for name, amount in payers.items()},
        "patient": 2 * EACH - funds,
    }
    assert (result.saving_yuan, result.fund_yuan, result.patient_yuan) == (2 * EACH, funds, 2 * EACH - funds)
    assert all(result.text(lang) for lang in ("zh", "en"))


def test_the_order_of_purchases_and_splitting_one_in_two_change_nothing(tmp_path: Path) -> None:
    head, *rows = small_folder.usage_rows()
    halves = [
        [*row[:3], part, f"{D(str(row[4])) / int(str(row[3])) * part:.2f}"]
        for row in rows
        for part in (int(str(row[3])) // 2, int(str(row[3])) - int(str(row[3])) // 2)
    ]
    whole, split = benefit(tmp_path / "a", PAIR), benefit(tmp_path / "b", PAIR, [head, *reversed(halves)])
    assert by_payer(whole) == by_payer(split) and len(halves) == 2 * len(rows)


def test_a_return_takes_its_saving_back(tmp_path: Path) -> None:
    rows = small_folder.usage_rows()
    bought = next(row for row in rows if row[:3] == ["H001", "2024-02", "P1"])
    back = ["H001", "2024-02", "P1", -int(str(bought[3])), f"-{bought[4]}"]
    result = benefit(tmp_path, PAIR, [*rows, back])
    assert result.saving_yuan == 2 * EACH - 23 * 28 and sum(by_payer(result).values(), D(0)) == result.saving_yuan


def test_a_loss_is_shared_as_a_saving_is(tmp_path: Path) -> None:
    rows = [[*row[:4], f"{D(str(row[4])) * 3:.2f}"] if row[2] == "P1" else row for row in small_folder.usage_rows()[1:]]
    result = benefit(tmp_path, PAIR, [small_folder.usage_rows()[0], *rows])
    assert result.saving_yuan == -2 * EACH
    assert by_payer(result) == {"employee": D("-806.40"), "resident": D("-756.00"), "patient": D("-957.60")}


def test_a_hospital_that_no_fund_row_fits_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="H002"):
        benefit(tmp_path, [["H001", "", "0.7", "0.9"]])
