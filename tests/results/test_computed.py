"""A place's results: there where its tables are, and naming what to supply where they are not."""

from __future__ import annotations

import pytest

from tests.results.places import altered, one_hospital, one_month
from vbp.city import open_city
from vbp.errors import InputError
from vbp.results import Missing

RESULTS = (
    "panels", "prices", "completion", "savings", "spending_change", "benefit", "surplus", "tornado", "scan", "projection", "settlement",
)  # fmt: skip


def lacking(city) -> dict[str, str]:
    found = {name: getattr(city, name) for name in RESULTS}
    assert all(value is not None for value in found.values())
    return {name: value.text("en") for name, value in found.items() if isinstance(value, Missing)}


def test_a_whole_folder_lacks_nothing_and_published_figures_alone_have_no_results(city):
    assert lacking(city) == {}
    assert {getattr(open_city("quanzhou"), name) for name in RESULTS} == {None}


def test_the_benefit_is_the_realised_saving_split_to_the_fen(city):
    assert city.savings.totals["realised"] > 0
    assert city.benefit.saving_yuan == city.savings.totals["realised"] == sum(city.benefit.table["saving_yuan"])
    fund = city.inputs.frame("fund")
    if len(fund) == 2:  # one row a fund for everything: the split is one product
        share = sum(fund["fund_ratio"] * fund["insured_share"])
        assert abs(city.benefit.fund_yuan - share * city.benefit.saving_yuan) < 1


def test_results_equal_those_of_the_commands(city, demo):
    from vbp.cli.panels import open_panels
    from vbp.savings import savings
    from vbp.surplus.open import open_settlement

    opened = open_panels(demo, "savings", ("awards",))
    assert savings(opened.panels, opened.inputs.frame("products")).totals == city.savings.totals
    settled = open_settlement(demo, None, None, None, lambda text: None).settlement
    assert settled.total_yuan == city.surplus.total_yuan > 0


def test_as_of_leaves_out_what_was_not_known(demo, city):
    early = open_city("demo", inputs=demo, as_of="2022-12-31")
    assert str(early.panels.product_month["month"].max())[:7] == "2022-12"
    assert early.completion.as_of.isoformat() == early.savings.as_of.isoformat() == "2022-12-31"
    assert 0 < early.savings.totals["realised"] < city.savings.totals["realised"]
    assert early.surplus.as_of.isoformat() == "2022-12-31"
    assert early.settlement.as_of.isoformat() == "2022-12-31"


@pytest.mark.parametrize(
    ("table", "lost"),
    [
        ("agreements", {"completion", "surplus", "tornado", "projection"}),
        ("fund", {"benefit", "surplus", "tornado"}),
        ("settlements", {"settlement"}),
        ("usage", set(RESULTS) - {"settlement"}),
    ],
)
def test_an_absent_table_is_named_by_every_result_that_needs_it(demo, tmp_path, table, lost):
    found = lacking(open_city("demo", inputs=altered(demo, tmp_path / "demo", without=(table,))))
    assert set(found) == lost
    assert all(f"{table}" in text for text in found.values())


def test_without_assessments_nothing_is_paid_and_the_score_is_asked_for(demo, tmp_path):
    city = open_city("demo", inputs=altered(demo, tmp_path / "demo", without=("assessments",)))
    assert city.surplus.total_yuan == 0
    assert any("NO_SCORE" in codes for codes in city.surplus.table["codes"])
    assert set(lacking(city)) == {"tornado"}
    assert "assessments" in city.tornado.text("zh")


def test_one_hospital_has_every_result(demo, tmp_path):
    assert lacking(open_city("demo", inputs=one_hospital(demo, tmp_path / "demo"))) == {}


def test_one_month_says_how_many_months_are_needed(demo, tmp_path):
    found = lacking(open_city("demo", inputs=one_month(demo, tmp_path / "demo")))
    assert set(found) == {"savings", "spending_change", "benefit", "tornado", "scan", "projection"}
    assert "1 month(s)" in found["scan"]
    assert "24 months" in found["scan"]
    assert "price before" in found["savings"]


def test_a_day_before_the_ledger_is_an_error_that_says_so(demo):
    with pytest.raises(InputError, match="2019"):
        _ = open_city("demo", inputs=demo, as_of="2019-06-30").panels
