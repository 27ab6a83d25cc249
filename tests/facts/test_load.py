"""Published tables: every broken row at once, with file, row, column and value."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from vbp.errors import InputError
from vbp.facts import load_published


def broken(folder: Path, name: str, change) -> InputError:
    path = folder / name
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_published(folder)
    return caught.value


def test_the_repository_reads_whole():
    published = load_published()
    assert {row.city for row in published.cities} == {"quanzhou", "qingdao", "jiujiang", "nantong", "zhoukou"}
    assert len(published.facts) > 150
    (saving,) = published.find("quanzhou", "procurement_saving")
    assert (saving.value, saving.qualifier, saving.unit) == (Decimal(1_124_000_000), "about", "yuan")


def test_damaged_doubtful_and_other_places_figures_are_no_headline():
    published = load_published()
    assert published.find("qingdao", "average_price_cut") == ()
    (doubtful,) = published.find("qingdao", "average_price_cut", doubtful=True)
    assert doubtful.value == 53
    assert published.find("qingdao", "surplus_payout", doubtful=True) == ()
    county = [fact for fact in published.of("zhoukou") if fact.elsewhere == "商水县"]
    assert county
    assert not any(fact.usable for fact in county)


def test_every_broken_row_is_named_with_row_and_column(data_copy):
    def change(text: str) -> str:
        lines = text.splitlines()
        first = lines[1].split(",")
        lines[1] = ",".join([*first[:2], "lots", *first[3:]])
        lines[2] = lines[2].replace("exact", "maybe")
        return "\n".join(lines) + "\n"

    problems = broken(data_copy, "facts.csv", change).problems
    assert {(p.file, p.row, p.column, p.value) for p in problems} == {
        ("facts.csv", 2, "value", "lots"),
        ("facts.csv", 3, "qualifier", "maybe"),
    }


def test_a_row_with_too_many_cells_is_named(data_copy):
    error = broken(
        data_copy,
        "facts.csv",
        lambda text: text + "quanzhou,insured_persons,1,person,exact,reported,,,city,,quanzhou-2023-12-22,a,b,c\n",
    )
    assert [p.rule for p in error.problems] == ["cells"]
    assert "quotes" in error.problems[0].message


def test_unknown_references_and_duplicate_keys_are_named(data_copy):
    text = (data_copy / "facts.csv").read_text(encoding="utf-8").splitlines()
    wrong = text[1].replace("quanzhou-2023-12-22", "quanzhou-2023-12-23")
    error = broken(
        data_copy, "facts.csv", lambda body: body + text[2] + "\n" + wrong.replace(",exact,", ",more_than,") + "\n"
    )
    assert {p.rule for p in error.problems} == {"duplicate", "reference"}
    assert any("did you mean quanzhou-2023-12-22" in p.message for p in error.problems)


def test_another_unit_than_the_metrics_is_refused(data_copy):
    error = broken(data_copy, "facts.csv", lambda text: text.replace("1124000000,yuan,", "11.24,yuan_per_year,"))
    assert [(p.rule, p.column) for p in error.problems] == [("unit", "unit")]


def test_a_damaged_figure_with_a_value_is_refused(data_copy):
    error = broken(
        data_copy,
        "facts.csv",
        lambda text: text.replace("surplus_payout,,yuan,damaged", "surplus_payout,70000000,yuan,damaged"),
    )
    assert "damaged" in str(error)


def test_a_missing_file_and_a_wrong_encoding_are_each_one_message(data_copy):
    (data_copy / "batches.csv").unlink()
    (data_copy / "sources.csv").write_bytes("来源,标题\n".encode("gbk"))
    with pytest.raises(InputError) as caught:
        load_published(data_copy)
    rules = [p.rule for p in caught.value.problems]
    assert {"missing_file", "encoding"} <= set(rules)


def test_an_unknown_city_lists_what_exists():
    with pytest.raises(
        InputError, match=r"did you mean quanzhou\?.*known: jiujiang, nantong, qingdao, quanzhou, zhoukou"
    ):
        load_published().of("quanzou")
