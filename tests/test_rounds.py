"""Rounds of a city: its own, what it published for several together, a user's, then the national ones; cuts keep baselines."""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

import vbp
from tests import small_folder
from vbp.paths import data
from vbp.rounds import Round, rounds_of
from vbp.words.typeset import fullwidth

HEAD = ["batch_id", "name_zh", "name_en", "category", "average_cut_percent", "cut_baseline", "start_date"]


def published() -> list[dict[str, str]]:
    with (data() / "batches.csv").open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("slug", ["quanzhou", "qingdao", "jiujiang", "nantong", "zhoukou"])
def test_each_round_of_the_table_appears_once_where_it_belongs(slug: str) -> None:
    rounds = rounds_of(vbp.open_city(slug))
    own = [row for row in published() if row["city"] == slug]
    assert [one.name_zh for one in rounds if one.own][: len(own)] == [fullwidth(row["name_zh"]) for row in own]
    national = [one for one in rounds if not one.own]
    names = {fullwidth(row["name_zh"]) for row in published() if not row["city"] and not row["total_of"]}
    assert len(national) > 5 and {one.name_zh for one in national} <= names
    assert len({(one.name_zh, one.category) for one in national}) == len(national)
    assert not {fullwidth(row["name_zh"]) for row in published() if row["total_of"]} & {one.name_zh for one in national}


@pytest.mark.parametrize("slug", ["quanzhou", "qingdao", "jiujiang", "nantong", "zhoukou"])
def test_a_cut_is_the_tables_own_with_its_baseline_and_a_gap_stays_a_gap(slug: str) -> None:
    table = {row["name_zh"]: row for row in published()}
    listed = [one for one in rounds_of(vbp.open_city(slug)) if one.name_zh in table]
    assert any(one.cut_percent is None for one in listed) and any(one.cut_percent for one in listed)
    for one in listed:
        row = table[one.name_zh]
        assert one.cut_percent == (Decimal(row["average_cut_percent"]) if row["average_cut_percent"] else None)
        assert one.baseline == row["cut_baseline"] and one.status == row["status"]
        assert (one.varieties is None) == (not row["varieties"])
        assert one.verified("average_cut_percent") == ("average_cut_percent" not in row["unverified_cells"].split(";"))


def test_a_cut_that_a_city_published_for_several_rounds_is_its_own_and_no_level_is_made_up() -> None:
    together = [one for one in rounds_of(vbp.open_city("nantong")) if one.own and one.level == ""]
    others = [
        one
        for slug in ("quanzhou", "qingdao", "jiujiang", "zhoukou")
        for one in rounds_of(vbp.open_city(slug))
        if one.own and one.level == ""
    ]
    assert together or others
    for one in (*together, *others):
        assert one.cut_percent is not None and one.when is None and one.category == "mixed" and one.source_id
        assert one.name("zh") != one.name("en") and all(one.described(lang) for lang in ("zh", "en"))


def own_rounds(folder: Path, *rows: list[object]) -> list[Round]:
    small_folder.write(folder / "demo", batches=[HEAD, *rows])
    return [one for one in rounds_of(vbp.open_city("demo", inputs=folder / "demo")) if one.own]


def test_a_users_rounds_are_read_with_day_cut_and_baseline_and_named_by_their_id_without_a_name(tmp_path: Path) -> None:
    made = own_rounds(
        tmp_path,
        ["D1", "演示第一批", "Demo 1", "drug", "52.50", "previous_selected_price", "2024-03-01"],
        ["D2", "", "", "", "0", "", ""],
    )
    first, second = made
    assert (first.name_zh, first.name_en, first.cut_percent, first.when) == (
        "演示第一批",
        "Demo 1",
        Decimal("52.5"),
        date(2024, 3, 1),
    )
    assert (second.name_zh, second.name_en, second.cut_percent, second.when) == ("D2", "D2", Decimal(0), None)
    assert (
        second.category == "drug" and second.baseline == "unknown" and second.described("zh") and second.described("en")
    )


def test_a_folder_without_batches_has_only_the_national_rounds(tmp_path: Path) -> None:
    small_folder.write(tmp_path / "demo")
    rounds = rounds_of(vbp.open_city("demo", inputs=tmp_path / "demo"))
    assert rounds and not any(one.own for one in rounds)
