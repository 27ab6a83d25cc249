"""Published rows as a reader of the file expects: what may stand in a headline, any spelling of csv, recipes by hand."""

from __future__ import annotations

from decimal import Decimal
from itertools import product
from pathlib import Path

import pytest

from vbp.errors import InputError
from vbp.facts import Fact, load_published
from vbp.facts.load import read_rows
from vbp.facts.recompute import recompute, recompute_all
from vbp.facts.rows import CityRow, Theme

HEAD = "city,name_zh,name_en,province,rule_profile\n"
ROW = {
    "city": "quanzhou",
    "metric": "m",
    "value": "1.50",
    "unit": "yuan",
    "qualifier": "exact",
    "status": "reported",
    "period_start": "",
    "period_end": "",
    "scope": "city",
    "baseline": "",
    "source_id": "s",
    "note": "",
}


def fact(**changes: str) -> Fact:
    return Fact.model_validate({**ROW, **changes})


@pytest.mark.parametrize(
    ("scope", "elsewhere"),
    [
        ("city", ""),
        ("rounds:cumulative", ""),
        ("county:商水县", "商水县"),
        ("county:商水县/医院", "商水县"),
        ("place:某市", "某市"),
        ("province", "province"),
        ("nation", "nation"),
        ("city:employee", ""),
    ],
)
@pytest.mark.parametrize(
    ("qualifier", "status"),
    list(product(["exact", "about", "more_than", "range_low", "doubtful"], ["reported", "target", "example"])),
)
def test_only_a_whole_undoubted_figure_of_the_city_itself_may_stand_in_a_headline(
    scope: str, elsewhere: str, qualifier: str, status: str
) -> None:
    row = fact(scope=scope, qualifier=qualifier, status=status)
    assert row.elsewhere == elsewhere
    assert row.usable == (not elsewhere and qualifier != "doubtful" and status != "example")


@pytest.mark.parametrize("value", ["", "12"])
def test_a_damaged_figure_is_a_gap_and_every_other_has_a_number(value: str) -> None:
    if value:
        assert fact(value=value).value == 12
        with pytest.raises(ValueError, match="damaged"):
            fact(value=value, qualifier="damaged")
    else:
        assert (
            fact(value=value, qualifier="damaged").value is None and not fact(value=value, qualifier="damaged").usable
        )
        with pytest.raises(ValueError, match="damaged"):
            fact(value=value)


@pytest.mark.parametrize(
    ("start", "end", "good"),
    [
        ("2020-01-01", "2020-12-31", True),
        ("2020-01-01", "2020-01-01", True),
        ("", "2020-01-01", True),
        ("2020-01-02", "2020-01-01", False),
        ("2020-02-30", "", False),
        ("2020", "", False),
    ],
)
def test_a_period_is_made_of_real_days_in_order(start: str, end: str, good: bool) -> None:
    if good:
        assert fact(period_start=start, period_end=end).key
    else:
        with pytest.raises(ValueError, match=r"period|date"):
            fact(period_start=start, period_end=end)


def test_a_number_keeps_the_digits_that_were_printed() -> None:
    assert str(fact(value="37.4285").value) == "37.4285" and fact(value="１２").value == 12
    for wrong in ("1,124", "nan", "inf", "1 2", "约5"):
        with pytest.raises(ValueError, match="value"):
            fact(value=wrong)


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "a,甲,A,省,p\nb,乙,B,省,p\n",
        "\ufeff" + HEAD + "a,甲,A,省,p\nb,乙,B,省,p\n",
        (HEAD + "a,甲,A,省,p\nb,乙,B,省,p").replace("\n", "\r\n"),
        'province,city,name_en,name_zh,rule_profile\n省,a,A,甲,p\n省,b,"B",乙,p\n',
        HEAD + "\na,甲,A,省,p\n\n\nb,乙,B,省,p\n",
        HEAD + " a ,甲,A,省,p\nb,　乙,B ,省,p\n",
    ],
    ids=["plain", "BOM", "CRLF without an end", "other order of columns", "blank lines", "spaces around"],
)
def test_any_spelling_of_the_same_csv_gives_the_same_rows(tmp_path: Path, text: str) -> None:
    (tmp_path / "cities.csv").write_bytes(text.encode())
    problems: list[object] = []
    rows = [row for _, row in read_rows(tmp_path / "cities.csv", CityRow, problems)]  # type: ignore[arg-type]
    assert not problems and [(row.city, row.name_zh, row.name_en) for row in rows] == [
        ("a", "甲", "A"),
        ("b", "乙", "B"),
    ]


@pytest.mark.parametrize(
    ("text", "rule", "row"),
    [
        ("theme,metric\na,b\n", "missing_column", 1),
        ("theme,metric,headline_rank\na,b\n", "cells", 2),
        ("theme,metric,headline_rank\na,b,1\na,b,1,2\n", "cells", 3),
        ("theme,metric,headline_rank\na,b,1.5\n", "int_parsing", 2),
        ("theme,metric,headline_rank,more\na,b,1,x\n", "extra_forbidden", 2),
        ("", "missing_column", 1),
    ],
)
def test_a_broken_table_is_named_by_its_row(tmp_path: Path, text: str, rule: str, row: int) -> None:
    (tmp_path / "themes.csv").write_text(text, encoding="utf-8")
    problems: list[object] = []
    read_rows(tmp_path / "themes.csv", Theme, problems)  # type: ignore[arg-type]
    assert [(problem.rule, problem.row, problem.file) for problem in problems] == [(rule, row, "themes.csv")]  # type: ignore[attr-defined]


def test_the_order_of_the_facts_does_not_decide_what_is_found(data_copy: Path) -> None:
    path = data_copy / "facts.csv"
    head, *lines = path.read_text(encoding="utf-8-sig").splitlines()
    before = load_published()
    assert not any('"' in line and line.count('"') % 2 for line in lines), "a cell over two lines cannot be turned over"
    path.write_text("\n".join([head, *reversed(lines)]) + "\n", encoding="utf-8")
    after = load_published()
    metrics = {(row.city, row.metric) for row in before.facts}
    assert len(metrics) > 100
    for city, metric in metrics:
        for doubtful in (False, True):
            found = [sorted(map(str, one.find(city, metric, doubtful=doubtful))) for one in (before, after)]
            assert found[0] == found[1]


def test_every_damaged_figure_is_empty_and_no_found_figure_is_damaged_or_from_elsewhere() -> None:
    published = load_published()
    damaged = [row for row in published.facts if row.qualifier == "damaged"]
    assert damaged and all(row.value is None for row in damaged)
    for row in published.facts:
        found = published.find(row.city, row.metric, doubtful=True)
        assert row not in found or (row.value is not None and not row.elsewhere and row.status != "example")


@pytest.mark.parametrize(
    ("recipe", "inputs", "value"),
    [
        ("unit_cost_change", "spending_change_percent=-45.43;volume_change_percent=76.48", "-69.078649"),
        ("product", "price=0.78;volume=1.73;structure=0.47", "0.634218"),
        ("product_change", "price=0.78;volume=1.73;structure=0.47", "-36.5782"),
        ("quotient", "numerator=6.74;denominator=4.68", "1.440171"),
        ("market_times_cut", "market_yuan=6500000000;cut_percent=60", "3900000000"),
        ("sum", "a=631917;b=510972;c=7428410;d=3472186;e=2039843", "14083328"),
        ("price_cut", "pre_price_yuan=13000;selected_price_yuan=700", "94.6154"),
        (
            "quantity_times_price_drop",
            "quantity_pieces=1070000;pre_price_yuan=13000;selected_price_yuan=700",
            "13161000000",
        ),
    ],
)
def test_recipes_give_the_worked_figures_of_the_rules(recipe: str, inputs: str, value: str) -> None:
    row = recompute_all()[0].row.model_copy(update={"recipe": recipe, "inputs": inputs})
    assert recompute(row).value == pytest.approx(float(Decimal(value)), rel=2e-6)


@pytest.mark.parametrize(
    ("recipe", "inputs"),
    [
        ("quotient", "numerator=1;denominator=0"),
        ("quotient", "numerator=x;denominator=2"),
        ("quotient", "numerator=1"),
        ("sum", ""),
    ],
)
def test_inputs_that_give_no_figure_are_named_with_the_result(recipe: str, inputs: str) -> None:
    row = recompute_all()[0].row.model_copy(update={"recipe": recipe, "inputs": inputs})
    with pytest.raises(InputError, match=row.result_id) as caught:
        recompute(row)
    assert caught.value.problems[0].column == "inputs"
