"""The folder on disk: same seed, same bytes; marked; whole or not at all; never another's files."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import yaml

from vbp.demo import make_demo, simulate
from vbp.demo.writing import BOM, MARK, TITLE, write_csv
from vbp.errors import InputError, UsageError

REAL_PLACES = (
    "泉州",
    "青岛",
    "九江",
    "南通",
    "周口",
    "福建",
    "山东",
    "江西",
    "江苏",
    "河南",
    "甲市",
    "甲省",
    "Quanzhou",
    "Qingdao",
    "Jiujiang",
    "Nantong",
    "Zhoukou",
)


def _bytes(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(folder: Path, data: Path, tmp_path: Path) -> None:
    again = _bytes(make_demo(tmp_path / "again", "alpha", 5, 12))
    other = _bytes(make_demo(tmp_path / "other", "alpha", 6, 12))
    first = _bytes(folder)
    assert len(first) == 14
    assert first == again
    same = {name for name in first if first[name] == other[name]}
    assert same <= {"city.yaml", "fund.csv", "hospitals.csv"}


def test_every_file_is_marked(folder: Path) -> None:
    for name, content in _bytes(folder).items():
        assert MARK in content.decode("utf-8"), name
        if name.endswith(".csv"):
            assert content.startswith(BOM + TITLE.encode())
    assert yaml.safe_load((folder / "city.yaml").read_text("utf-8"))["synthetic"] is True
    assert json.loads((folder / "truth.json").read_text("utf-8"))["synthetic"] is True


def test_no_real_place_is_named_but_where_truth_says_whose_counts_were_followed(folder: Path) -> None:
    texts = {path.name: path.read_text("utf-8") for path in folder.iterdir()}
    truth = json.loads(texts["truth.json"])
    assert truth["made_with"].pop("like") == "alpha"
    texts["truth.json"] = json.dumps(truth, ensure_ascii=False)
    assert len(texts) == 14
    for name, text in texts.items():
        assert not [place for place in REAL_PLACES if place.lower() in text.lower()], name


def test_the_files_read_back_as_the_tables(folder: Path, data: Path) -> None:
    made = simulate(5, 12, like="alpha")
    for name, table in made.tables.items():
        with (folder / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
            title, header, *rows = list(csv.reader(file))
        assert title[0].startswith(MARK) and len(title) == 1
        assert header == table.column_names and len(rows) == table.num_rows
        assert all(len(row) == len(header) for row in rows)
    with (folder / "usage.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(list(file)[1:]))
    fen = sum(round(float(row["amount_yuan"]) * 100) for row in rows)
    assert fen == made.truth["totals"]["amount_fen"]
    assert rows[0]["month"] == "2020-01" and rows[0]["quantity_packs"].isdigit()


def test_read_inputs_gives_the_simulated_tables_back_cell_by_cell(folder: Path, data: Path) -> None:
    tables = pytest.importorskip("vbp.tables", reason="the reader of inputs folders is not in this tree")
    inputs = tables.read_inputs(folder)
    made = simulate(5, 12, like="alpha")
    assert inputs.place.synthetic is True and inputs.place.name_zh == "示范市"
    compared = 0
    for name, table in made.tables.items():
        for column in table.column_names:
            if column != "timely_reporting_percent":  # an indicator of the user's own: kept as text
                assert inputs.tables[name][column].type == table[column].type, (name, column)
                assert inputs.tables[name][column].to_pylist() == table[column].to_pylist(), (name, column)
                compared += 1
    assert compared > 80
    assert not [problem for problem in inputs.problems if problem.level == "error"]


def test_decimals_are_written_plainly(folder: Path) -> None:
    for name in ("fund", "products", "varieties", "awards", "batches"):
        with (folder / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
            cells = [cell for row in list(csv.reader(file))[2:] for cell in row]
        assert cells
        assert not [
            cell
            for cell in cells
            if "E-" in cell or (cell.endswith("0") and cell.count(".") == 1 and cell.replace(".", "").isdigit())
        ]


def test_a_text_with_a_comma_is_quoted(tmp_path: Path) -> None:
    import pyarrow as pa

    write_csv(tmp_path / "t.csv", "t", pa.table({"name": ['a,"b"', "c"], "n": pa.array([1, None], pa.int64())}))
    with (tmp_path / "t.csv").open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file))[1:] == [["name", "n"], ['a,"b"', "1"], ["c", ""]]


def test_an_earlier_demonstration_is_replaced_as_a_whole_and_what_a_user_put_beside_it_stays(
    data: Path, tmp_path: Path
) -> None:
    out = make_demo(tmp_path / "deep" / "demo", "alpha", 1, 9, 24)
    for name in ("old_table.csv", "rules.yaml"):
        (out / name).write_text("left over", encoding="utf-8")
    make_demo(out, "alpha", 2, 9, 24)
    assert not (out / "old_table.csv").exists() and (out / "rules.yaml").read_text("utf-8") == "left over"
    assert json.loads((out / "truth.json").read_text("utf-8"))["made_with"]["seed"] == 2
    assert [path.name for path in out.parent.iterdir()] == ["demo"]


def test_anything_else_is_left_alone(data: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "usage.csv").write_text("hospital_id\n", encoding="utf-8")
    file = tmp_path / "file"
    file.write_text("x", encoding="utf-8")
    for out in (own, file):
        with pytest.raises(UsageError):
            make_demo(out, "alpha", 1, 9, 24)
    assert (own / "usage.csv").read_text("utf-8") == "hospital_id\n" and file.read_text("utf-8") == "x"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "own"]


def test_a_failure_while_writing_leaves_nothing(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("vbp.demo.writing.write_csv", fail)
    with pytest.raises(InputError, match="disk full"):
        make_demo(tmp_path / "demo", "alpha", 1, 9, 24)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("hospitals,months,seed", [(8, 60, 1), (1001, 60, 1), (12, 23, 1), (12, 85, 1), (12, 60, -1)])
def test_numbers_out_of_bounds_are_refused(hospitals: int, months: int, seed: int) -> None:
    with pytest.raises(UsageError, match="--"):
        simulate(seed, hospitals, months)


def test_the_command_says_what_it_made_in_both_languages(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from vbp.cli import main

    with pytest.raises(SystemExit) as stop:
        main(["demo", str(tmp_path / "d"), "--like", "alpha", "--hospitals", "9", "--months", "30", "--seed", "3"])
    assert stop.value.code in (0, None)
    said = capsys.readouterr().out
    assert "演示数据" in said and "Everything is invented" in said and "9 家医疗机构" in said
    assert (tmp_path / "d" / "usage.csv").is_file()


def test_the_command_refuses_an_unknown_city_with_status_2(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from vbp.cli import main

    with pytest.raises(SystemExit) as stop:
        main(["demo", str(tmp_path / "d"), "--like", "gamma"])
    assert stop.value.code == 2
    assert "alpha" in capsys.readouterr().err and not (tmp_path / "d").exists()
