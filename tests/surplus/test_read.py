"""Items files as people have them: csv in UTF-8 and GBK, xlsx, parquet, Chinese headers; every problem at once."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal as D
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import Workbook

from tests.surplus.samples import C1
from vbp.cli import main
from vbp.errors import InputError
from vbp.rules import load_profile
from vbp.surplus import settle
from vbp.surplus.read import read_items

NATIONAL = load_profile()
CHINESE = {
    "hospital_id": "医疗机构代码",
    "batch_id": "批次",
    "agreement_year": "协议年度",
    "generic": "通用名",
    "base_quantity_units": "约定采购量基数",
    "pre_price_yuan": "集采前均价",
    "agreed_quantity_units": "约定采购量",
    "selected_price_yuan": "中选价",
    "actual_quantity_units": "实际采购量(中选)",
    "nonselected_amount_yuan": "非中选金额",
    "fund_ratio": "支付比例",
    "insured_share": "参保占比",
    "score": "考核得分",
}


def as_csv(path: Path, rows: list[dict[str, object]], encoding: str = "utf-8") -> Path:
    pd.DataFrame(rows).to_csv(path, index=False, encoding=encoding)
    return path


def problems(path: Path) -> str:
    with pytest.raises(InputError) as error:
        read_items(path, NATIONAL)
    return str(error.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
def test_csv_in_every_usual_encoding(encoding: str, tmp_path: Path) -> None:
    frame = read_items(as_csv(tmp_path / "i.csv", [{**C1, "hospital_id": "007"}], encoding), NATIONAL).frame
    assert frame.iloc[0][["hospital_id", "generic", "fund_ratio"]].tolist() == ["007", "阿莫西林", D("0.70")]


def test_chinese_headers_percent_signs_and_separators(tmp_path: Path) -> None:
    row = {CHINESE[key]: value for key, value in C1.items()} | {"支付比例": "70%", "约定采购量基数": "１００，０００"}
    frame = read_items(as_csv(tmp_path / "i.csv", [row], "gbk"), NATIONAL).frame
    assert settle(frame, NATIONAL).total_yuan == D("121590.00")


def test_a_headers_own_unit_is_honoured_or_refused_never_dropped(tmp_path: Path) -> None:
    row = {CHINESE.get(key, key): value for key, value in C1.items()}
    row |= {"非中选金额（万元）": "3", "支付比例(%)": "70", "约定采购量基数(万片)": "10"}
    for name in ("非中选金额", "支付比例", "约定采购量基数"):
        del row[name]
    frame = read_items(as_csv(tmp_path / "i.csv", [row]), NATIONAL).frame
    assert settle(frame, NATIONAL).total_yuan == D("121590.00")
    row["集采前均价(千元)"] = row.pop("集采前均价")
    assert "header's unit" in problems(as_csv(tmp_path / "j.csv", [row]))


def test_xlsx_and_parquet_give_the_same_settlement_as_csv(tmp_path: Path) -> None:
    numbers = {
        key: value if key in ("hospital_id", "batch_id", "generic") else float(str(value)) for key, value in C1.items()
    }
    book = Workbook()
    assert book.active is not None
    book.active.append(list(numbers))
    book.active.append(list(numbers.values()))
    book.save(tmp_path / "i.xlsx")
    pd.DataFrame([numbers]).to_parquet(tmp_path / "i.parquet")
    for name in ("i.xlsx", "i.parquet"):
        assert settle(read_items(tmp_path / name, NATIONAL).frame, NATIONAL).total_yuan == D("121590.00")


def test_every_problem_names_file_row_column_and_value(tmp_path: Path) -> None:
    bad = {
        **C1,
        "fund_ratio": "70",
        "score": "101",
        "agreed_quantity_units": "-5",
        "base_quantity_units": "many",
        "agreement_year": "0",
        "generic": "",
    }
    text = problems(as_csv(tmp_path / "i.csv", [C1, bad]))
    for part in (
        "row 3, column fund_ratio [70]",
        "0.70 or 70%",
        "row 3, column score [101]",
        "cannot lie below zero",
        "column base_quantity_units [many]",
        "column agreement_year [0]",
        "column generic",
    ):
        assert part in text, part


def test_missing_and_unknown_columns(tmp_path: Path) -> None:
    row = {("scor" if key == "score" else key): value for key, value in C1.items() if key != "fund_ratio"}
    text = problems(as_csv(tmp_path / "i.csv", [row]))
    assert "column fund_ratio: this column is required" in text and "column score: this column is required" in text
    assert "did you mean score" in text


def test_a_duplicate_key_is_refused_and_names_both_rows(tmp_path: Path) -> None:
    text = problems(as_csv(tmp_path / "i.csv", [C1, {**C1, "score": "90"}, {**C1, "generic": "x"}]))
    assert "row 3: the same item as row 2" in text and text.count("duplicate_key") == 1


def test_fund_rows_must_repeat_the_items_figures_and_share_at_most_one(tmp_path: Path) -> None:
    pair = [
        {**C1, "fund": "employee", "insured_share": "0.7"},
        {**C1, "fund": "resident", "insured_share": "0.4", "actual_quantity_units": "1"},
    ]
    text = problems(as_csv(tmp_path / "i.csv", pair))
    assert "fund_rows_differ" in text and "sum to 1.1" in text


def test_two_scores_for_one_row_are_refused_except_where_items_are_scored(tmp_path: Path) -> None:
    path = as_csv(tmp_path / "i.csv", [C1, {**C1, "generic": "x", "score": "80"}])
    assert "score_differs" in problems(path)
    assert len(read_items(path, load_profile("guangxi-2021")).frame) == 2


def test_a_part_of_n_above_n_and_a_column_the_profile_needs(tmp_path: Path) -> None:
    assert "part_above_whole" in problems(as_csv(tmp_path / "a.csv", [{**C1, "nonselected_cheaper_yuan": "30001"}]))
    path = as_csv(tmp_path / "b.csv", [C1])
    with pytest.raises(InputError, match="nonselected_evaluated_yuan"):
        read_items(path, NATIONAL.with_switches(non_selected="leave_out_evaluated"))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b""),
        ("b.csv", b"\xff\xfe\x00\x01"),
        ("c.xlsx", b"PK\x03\x04 no workbook"),
        ("d.parquet", b"PAR1"),
        ("e.pdf", b"%PDF"),
        ("f.csv", b'a,"b\n1,2'),
        ("g.csv", ",".join(C1).encode() + b"\n"),
    ],
)
def test_broken_files_are_refused_in_one_line(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    assert name in problems(tmp_path / name)


@pytest.mark.parametrize("cell", ["=1+1", "1e999", "nan5", "1,2,3", "٣", "0x10", "9" * 30, "1_000", "--5"])
def test_hostile_numbers_are_refused(cell: str, tmp_path: Path) -> None:
    assert "base_quantity_units" in problems(as_csv(tmp_path / "i.csv", [{**C1, "base_quantity_units": cell}]))


def test_names_that_look_like_formulas_stay_names(tmp_path: Path) -> None:
    frame = read_items(as_csv(tmp_path / "i.csv", [{**C1, "generic": "=cmd|' /C calc'!A0"}]), NATIONAL).frame
    assert frame["generic"].tolist() == ["=cmd|' /C calc'!A0"]


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main(list(words))
    out, err = capsys.readouterr()
    return int(stop.value.code or 0), out, err


def test_the_json_is_the_contracts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = as_csv(
        tmp_path / "i.csv",
        [
            C1,
            {**C1, "generic": "x", "actual_quantity_units": "60000"},
            {**C1, "hospital_id": "H2", "pre_price_yuan": ""},
        ],
    )
    code, out, _ = run(capsys, "surplus", "--items", str(path), "--json")
    document = json.loads(out)
    assert code == 0 and document["profile"] == "national-2020"
    assert document["total_retained_yuan"] == "121590.00"
    first, second = document["rows"]
    assert {
        key: first[key]
        for key in (
            "hospital_id",
            "batch_id",
            "agreement_year",
            "budget_yuan",
            "expenditure_yuan",
            "net_yuan",
            "base_yuan",
            "ratio",
            "retained_yuan",
        )
    } == {
        "hospital_id": "H1",
        "batch_id": "B1",
        "agreement_year": 1,
        "budget_yuan": "315000.00",
        "expenditure_yuan": "71820.00",
        "net_yuan": "243180.00",
        "base_yuan": "243180.00",
        "ratio": 0.5,
        "retained_yuan": "121590.00",
    }
    assert first["reasons"][0]["code"] == "NOT_COMPLETED" and "未完成约定采购量" in first["reasons"][0]["text"]
    assert second["retained_yuan"] is None and second["reasons"][0]["code"] == "NO_P0"


def test_csv_table_and_exit_codes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = as_csv(tmp_path / "i.csv", [C1])
    code, out, _ = run(capsys, "surplus", "--items", str(path), "--csv")
    assert code == 0 and out.splitlines()[1].startswith("H1,B1,1,315000.00")
    code, out, _ = run(capsys, "surplus", "--items", str(path), "--lang", "en")
    assert code == 0 and "121,590.00" in out and "Unverified parameter" in out
    assert run(capsys, "surplus", "--items", str(path), "--profile", "nationl-2020")[0] == 2
    assert run(capsys, "surplus", "--items", str(path), "--as-of", "2024-13-01")[0] == 2
    assert run(capsys, "surplus")[0] == 2
    code, out, err = run(capsys, "surplus", "--items", str(tmp_path / "none.csv"))
    assert (code, out) == (1, "") and "no such file" in err


def test_as_of_uses_end_dates_and_warns_without_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dated = as_csv(tmp_path / "a.csv", [{**C1, "end_date": "2024-12-31"}])
    assert read_items(dated).frame["end_date"].tolist() == [date(2024, 12, 31)]
    _, out, _ = run(capsys, "surplus", "--items", str(dated), "--as-of", "2024-06-30", "--json")
    assert json.loads(out)["rows"][0]["reasons"][0]["code"] == "YEAR_NOT_ENDED"
    _, _, err = run(capsys, "surplus", "--items", str(as_csv(tmp_path / "b.csv", [C1])), "--as-of", "2024-06-30")
    assert "--as-of has no effect" in err


def test_statement_writes_nothing_when_the_items_are_bad(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = as_csv(tmp_path / "i.csv", [{**C1, "fund_ratio": "7"}])
    code, _, err = run(capsys, "statement", "--items", str(path), "--out", str(tmp_path / "s.xlsx"))
    assert code == 1 and "fund_ratio" in err and [file.name for file in tmp_path.iterdir()] == ["i.csv"]
    good = as_csv(tmp_path / "j.csv", [C1])
    assert run(capsys, "statement", "--items", str(good), "--out", str(tmp_path / "s.pdf"))[0] == 2
    code, out, _ = run(
        capsys, "statement", "--items", str(good), "--out", str(tmp_path / "s.xlsx"), "--notices", str(tmp_path / "n")
    )
    assert (
        code == 0
        and "121,590.00" in out
        and (tmp_path / "s.xlsx").is_file()
        and len(list((tmp_path / "n").iterdir())) == 2
    )


def test_explain_prints_rule_formula_items_and_reasons(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = as_csv(tmp_path / "i.csv", [C1, {**C1, "generic": "x", "actual_quantity_units": "60000"}])
    words = ("explain", "--items", str(path), "--hospital", "H1", "--batch", "B1")
    code, out, _ = run(capsys, *words)
    for part in (
        "医保发〔2020〕26号",
        "待核",
        "100,000×5×0.7×0.9 = 315,000.00",
        "(70,000×1.2+30,000)×0.7×0.9 = 71,820.00",
        "0.5×243,180.00 → 121,590.00",
        "60,000/70,000 ＝ 85.71%",
        "未完成约定采购量：x",
    ):
        assert part in out, part
    assert code == 0
    code, _, err = run(capsys, *words[:-1], "B2")
    assert code == 2 and "unknown batch 'B2'" in err


def test_a_hostile_profile_file_lists_its_problems_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    items = as_csv(tmp_path / "i.csv", [C1])
    (tmp_path / "p.yaml").write_text("name: p\nextends: national-2020\nunknown_key: 1\n", encoding="utf-8")
    out = tmp_path / "out" / "s.xlsx"
    code, text, err = run(
        capsys, "statement", "--items", str(items), "--profile", str(tmp_path / "p.yaml"), "--out", str(out)
    )
    assert (code, text) == (1, "") and not out.parent.exists()
    for part in ("column source", "column title", "column place", "column effective", "unknown_key"):
        assert part in err, part


def test_a_users_own_profile_settles(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "p.yaml").write_text(
        "name: p\nextends: shenzhen-2024-draft\ntitle: {zh: 我, en: me}\nplace: {zh: 我, en: me}\n"
        'source: {document: d, publisher: p, date: "2024"}\neffective: {from: 2024-01-01}\n',
        encoding="utf-8",
    )
    path = as_csv(tmp_path / "i.csv", [{**C1, "score": "70"}])
    code, out, _ = run(capsys, "surplus", "--items", str(path), "--profile", str(tmp_path / "p.yaml"), "--json")
    assert code == 0 and json.loads(out)["total_retained_yuan"] == "97272.00"


def test_a_gap_in_the_items_is_null_in_json_and_empty_in_csv(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = as_csv(tmp_path / "i.csv", [{**C1, "nonselected_amount_yuan": "缺"}])
    _, out, _ = run(capsys, "surplus", "--items", str(path), "--json")
    row = json.loads(out)["rows"][0]
    assert (row["budget_yuan"], row["expenditure_yuan"], row["base_yuan"], row["retained_yuan"]) == (
        "315000.00",
        None,
        None,
        None,
    )
    assert row["reasons"][0]["items"] == ["阿莫西林"]
    _, out, _ = run(capsys, "surplus", "--items", str(path), "--csv")
    assert "315000.00,,,,0.50,,NO_N" in out
