"""`vbp panel`: one city, many files, a national ledger; progress, rows in and out, what matched nothing, failures at
the end.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from tests.ledger.test_cache import months, same
from tests.ledger.worlds import World, world
from vbp.ledger import build, read_panels
from vbp.ledger.batch import build_cities
from vbp.ledger.cities import cities
from vbp.ledger.units import price, rounded_e10, unit_price_e10, units, yuan

LIB = Path(__file__).parents[2] / "lib"
NEEDED = {
    "products": {"category": "drug", "dosage_form": "片剂", "strength": "10mg", "manufacturer": "甲"},
    "varieties": {"unit_name": "片", "level": "national", "category": "drug"},
    "hospitals": {"name": "医院", "tier": "三级", "ownership": "公立"},
}


def folder_of(made: World, folder: Path, usage: bool = True) -> Path:
    """Write a world as an inputs folder of CSV tables."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "city.yaml").write_text(
        "name_zh: 示范市\nname_en: Demo\nprovince: 示范省\nrule_profile: national-2020\nsynthetic: true\n",
        encoding="utf-8",
    )
    for name, table in made.tables.items():
        if name == "usage" and not usage:
            continue
        for column, value in NEEDED.get(name, {}).items():
            if column in table.column_names:
                table = table.drop_columns([column])
            table = table.append_column(column, pa.array([value] * len(table)))
        pacsv.write_csv(table, folder / f"{name}.csv")
    return folder


def national(made: World, folder: Path, names: tuple[str, ...] = ("east", "west")) -> Path:
    """Write a world twice as a national ledger partitioned by city."""
    folder_of(made, folder, usage=False)
    for name in names:
        months(made, _made(folder / "usage" / f"city={name}"))
    return folder


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def vbp(*words: str) -> subprocess.CompletedProcess[str]:
    """Run the command line."""
    return subprocess.run(
        [sys.executable, "-m", "vbp", *words],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONPATH": str(LIB), "OMP_NUM_THREADS": "1"},
    )


@pytest.fixture
def clean() -> World:
    """A world that `vbp.tables` accepts whole: positive quantities, no rows twice."""
    made = world(1, purchases=700, shifts=False)
    rows = {
        (row["hospital_id"], row["month"], row["product_id"]): row
        for row in made.rows["usage"]
        if row["quantity_packs"] > 0
    }
    return World({**made.rows, "usage": list(rows.values())})


def test_one_city_from_csv_says_rows_in_and_out_and_is_kept(clean: World, tmp_path: Path) -> None:
    folder = folder_of(clean, tmp_path / "town")
    first = vbp("panel", str(folder), "--out", str(tmp_path / "out"), "--json", "--lang", "en")
    assert first.returncode == 0, first.stderr
    told = json.loads(first.stdout)
    (row,) = told["cities"]
    assert row["city"] == "town" and row["rows_in"] == len(clean.rows["usage"]) and row["cells"] > 50
    assert row["amount_yuan"] == str(sum(one["amount_yuan"] for one in clean.rows["usage"]))
    assert f"{row['rows_in']:,} rows in" in first.stderr and told["problems"] == []
    again = vbp("panel", str(folder), "--out", str(tmp_path / "out"), "--lang", "en")
    assert again.returncode == 0 and "unchanged" in again.stderr and "town" in again.stdout
    same(read_panels(tmp_path / "out" / "town"), build(clean))


def test_a_national_ledger_is_built_city_by_city_and_a_broken_city_fails_alone(clean: World, tmp_path: Path) -> None:
    folder = national(clean, tmp_path / "nation", ("east", "middle", "west"))
    results, problems = build_cities([folder], tmp_path / "out")
    assert [panels.slug for panels in results] == ["east", "middle", "west"] and not problems
    same(read_panels(tmp_path / "out" / "west"), build(clean))
    broken = sorted((folder / "usage" / "city=middle").iterdir())[2]
    broken.write_bytes(broken.read_bytes()[:50])
    ended = vbp("panel", str(folder), "--out", str(tmp_path / "out"), "--lang", "en")
    assert ended.returncode == 1
    assert (
        "middle: failed; earlier panels stand" in ended.stderr
        and broken.name in ended.stderr
        and "Traceback" not in ended.stderr
    )
    assert "east" in ended.stdout and "west" in ended.stdout
    same(read_panels(tmp_path / "out" / "middle"), build(clean))


def test_a_national_ledger_need_not_say_whose_it_is_but_a_citys_folder_must(clean: World, tmp_path: Path) -> None:
    folder = national(clean, tmp_path / "nation")
    (folder / "city.yaml").unlink()
    results, problems = build_cities([folder], tmp_path / "out")
    assert [panels.slug for panels in results] == ["east", "west"] and not problems
    (folder / "products.csv").unlink()
    (folder / "products.csv").write_text("generic\n甲\n", encoding="utf-8")
    _, problems = build_cities([folder], tmp_path / "out")
    assert {problem.file for problem in problems} == {"products.csv"}
    town = folder_of(clean, tmp_path / "town")
    (town / "city.yaml").unlink()
    _, problems = build_cities([town], tmp_path / "out")
    assert [problem.rule for problem in problems] == ["missing_file"]


def test_a_folder_of_monthly_files_grows_by_a_month(clean: World, tmp_path: Path) -> None:
    folder = folder_of(clean, tmp_path / "town", usage=False)
    months(clean, _made(folder / "usage"), "2023-05")
    assert vbp("panel", str(folder), "--out", str(tmp_path / "out")).returncode == 0
    months(clean, folder / "usage", "2023-06")
    ended = vbp("panel", str(folder), "--out", str(tmp_path / "out"))
    assert ended.returncode == 0 and "新增usage-2023-06.parquet" in ended.stderr


def test_what_matched_nothing_is_printed_as_a_table(clean: World, tmp_path: Path) -> None:
    folder = folder_of(clean, tmp_path / "town", usage=False)
    usage = clean.tables["usage"]
    strange = usage.set_column(
        usage.column_names.index("product_id"), "product_id", pa.array(["lost", *usage["product_id"].to_pylist()[1:]])
    )
    pq.write_table(strange, folder / "usage.parquet")
    ended = vbp("panel", str(folder), "--out", str(tmp_path / "out"))
    assert ended.returncode == 0, ended.stderr
    assert "未匹配的采购记录" in ended.stdout and "表中没有该产品" in ended.stdout and "lost" in ended.stdout
    english = vbp("panel", str(folder), "--out", str(tmp_path / "out"), "--lang", "en")
    assert "matched nothing" in english.stdout and "products does not list it" in english.stdout
    told = json.loads(vbp("panel", str(folder), "--out", str(tmp_path / "out"), "--json").stdout)
    assert told["unmatched"][0]["reason"] == "product_unknown" and told["unmatched"][0]["product_id"] == "lost"
    assert vbp("panel", str(folder), "--out", str(tmp_path / "out"), "--lang", "fr").returncode == 2


def test_wrong_usage_is_one_line(clean: World, tmp_path: Path) -> None:
    folder = folder_of(clean, tmp_path / "a" / "town")
    other = folder_of(clean, tmp_path / "b" / "town")
    twice = vbp("panel", str(folder), str(other), "--out", str(tmp_path / "out"))
    assert twice.returncode == 2 and "two inputs are called town" in twice.stderr
    assert vbp("panel", str(folder), "--out", str(tmp_path / "out"), "--engine", "flink").returncode == 2
    missing = vbp("panel", str(tmp_path / "nowhere"), "--out", str(tmp_path / "out"))
    assert missing.returncode == 1 and "no such folder" in missing.stderr


def test_a_citys_own_agreements_stand_beside_a_national_ledger(clean: World, tmp_path: Path) -> None:
    folder = national(clean, tmp_path / "nation")
    own = clean.tables["agreements"].slice(0, 3)
    pq.write_table(own, _made(folder / "agreements" / "city=west") / "agreements.parquet")
    found = cities(folder, None)
    assert found["west"]().tables["agreements"].num_rows == 3 < found["east"]().tables["agreements"].num_rows


def test_units_are_exact_and_round_half_away_from_zero() -> None:
    assert (
        str(yuan(1234567)) == "12345.67"
        and str(units(-1500)) == "-1.500"
        and str(price(46_600_000_000)) == "4.6600000000"
    )
    # C11 of the rules: 7.80, 4.50 and 2.00 with 20, 60 and 20 thousand units
    assert unit_price_e10(46_600_000, 100_000_000) == 46_600_000_000
    assert rounded_e10(500_000) == 1_000_000 and rounded_e10(-500_000) == -1_000_000 and rounded_e10(499_999) == 0
