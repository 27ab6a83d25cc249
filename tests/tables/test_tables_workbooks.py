"""Workbooks as they come: an old xls reads like its xlsx, Excel errors and unsaved formulas are no gaps."""

from __future__ import annotations

import shutil
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests import small_folder
from vbp.check import check
from vbp.errors import InputError
from vbp.imports import import_files
from vbp.tables import Loaded, cellerrors, load, read_inputs

SHEET: list[list[Any]] = [
    ["某市第一医院2024年一季度药品采购明细表"],
    ["医疗机构编码", "采购月份", "药品编码", "采购数量（盒）", "采购金额（元）", "处方数"],
    ["H001", "2024年1月", "00123", 100, 2800.0, 5],
    ["H001", "2024年2月", "00123", "1,200", 33600.5, 6],
    ["H002", "202403", "0012300000000000456", 5, 0.1, 7],
    ["合计", None, None, 1305, 36400.6, 18],
]
PRODUCTS: list[list[Any]] = [
    small_folder.PRODUCTS[0],
    ["00123", *small_folder.PRODUCTS[1][1:]],
    ["0012300000000000456", *small_folder.PRODUCTS[2][1:]],
]


def folder(path: Path, sheet: list[list[Any]] | None = None) -> Path:
    small_folder.write(path, products=PRODUCTS)
    (path / "usage.csv").unlink()
    small_folder.write_book(path / "采购明细.xlsx", {"一季度": sheet or SHEET})
    return path


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A way to save a workbook through LibreOffice, as another format or with its formulas calculated."""
    program = shutil.which("soffice")
    if program is None:
        pytest.skip("LibreOffice (soffice) is not installed: no real xls can be made")
    profile = tmp_path_factory.mktemp("office")

    def save(book: Path, suffix: str, out: Path) -> Path:
        subprocess.run(
            [
                program,
                f"-env:UserInstallation={profile.as_uri()}",
                "--headless",
                "--convert-to",
                suffix,
                "--outdir",
                str(out),
                str(book),
            ],
            check=True,
            capture_output=True,
            timeout=120,
        )
        return out / f"{book.stem}.{suffix}"

    return save


def test_an_old_xls_reads_like_the_xlsx(tmp_path: Path, office: Any) -> None:
    new, old = folder(tmp_path / "new"), folder(tmp_path / "old")
    office(old / "采购明细.xlsx", "xls", old)
    (old / "采购明细.xlsx").unlink()
    assert (old / "采购明细.xls").read_bytes()[:4] == b"\xd0\xcf\x11\xe0"
    right, read = read_inputs(new), read_inputs(old)
    assert right["usage"].num_rows == 3 and read["usage"].equals(right["usage"])
    assert read["usage"]["product_id"].to_pylist() == ["00123", "00123", "0012300000000000456"]
    assert read["usage"]["amount_yuan"].to_pylist() == [Decimal("2800.00"), Decimal("33600.50"), Decimal("0.10")]
    dropped = [dict(record.dropped) for record in read.provenance if record.table == "usage"]
    assert dropped == [{"total": 1, "title": 1}]
    assert (
        [problem.rule for problem in read.problems] == [problem.rule for problem in right.problems] == ["rows_left_out"]
    )


def test_a_total_that_differs_is_found_in_an_xls_too(tmp_path: Path, office: Any) -> None:
    place = folder(tmp_path / "in", [*SHEET[:-1], ["合计", None, None, 1305, 36400.7, 18]])
    office(place / "采购明细.xlsx", "xls", place)
    (place / "采购明细.xlsx").unlink()
    assert [(p.rule, p.row) for p in load(place).problems if p.rule == "total_differs"] == [("total_differs", 6)]


def with_formulas(place: Path, formulas: dict[str, str]) -> Path:
    book = openpyxl.load_workbook(place / "采购明细.xlsx")
    for cell, formula in formulas.items():
        book.active[cell] = formula
    book.save(place / "采购明细.xlsx")
    return place


def faults(loaded: Loaded) -> list[tuple[str, int | None, str | None, str | None]]:
    return [(problem.rule, problem.row, problem.column, problem.value) for problem in loaded.errors]


def test_excel_errors_are_named_with_their_cell_in_any_column(tmp_path: Path, office: Any) -> None:
    place = with_formulas(
        folder(tmp_path / "in"), {"E3": "=1/0", "F4": '=VLOOKUP("x",A1:B2,2,FALSE)', "D6": "=1/0", "D5": "=2+3"}
    )
    office(place / "采购明细.xlsx", "xlsx", tmp_path)
    (tmp_path / "采购明细.xlsx").replace(place / "采购明细.xlsx")
    loaded = load(place)
    assert faults(loaded) == [("excel_error", 3, "amount_yuan", "#DIV/0!"), ("excel_error", 4, "items", "#N/A")]
    assert "cell E3" in loaded.errors[0].message and loaded.inputs["usage"]["quantity_packs"][2].as_py() == 5


def test_formulas_never_calculated_are_errors(tmp_path: Path) -> None:
    place = with_formulas(folder(tmp_path / "in"), {"E4": "=D4*28", "F5": "=1+1"})
    assert faults(load(place)) == [
        ("formula_without_value", 4, "amount_yuan", None),
        ("formula_without_value", 5, "items", None),
    ]
    assert {problem.row for problem in check(place).problems if problem.level == "error"} == {4, 5}


def test_an_import_refuses_excel_errors_too(tmp_path: Path) -> None:
    rows = [["药品通用名", "中选规格包装", "中选价格(元/盒)", "降价幅度(%)"], ["甲片", "20mg*7片/盒", 28, 50]]
    book = small_folder.write_book(tmp_path / "结果.xlsx", {"Sheet1": rows})
    opened = openpyxl.load_workbook(book)
    opened.active["D2"] = "=1/3"
    opened.save(book)
    with pytest.raises(InputError, match="cell D2"):
        import_files([book], "result-4+7", tmp_path / "out")


@pytest.mark.parametrize(("column", "name"), [(0, "hospital_id"), (3, "quantity_packs"), (1, "month")])
def test_excel_errors_in_text_files_are_no_gaps(tmp_path: Path, column: int, name: str) -> None:
    rows = small_folder.usage_rows()
    rows[3][column] = "#N/A"
    errors = load(small_folder.write(tmp_path, usage=rows)).errors
    assert [(problem.row, problem.column) for problem in errors] == [(4, name)] and "Excel error" in errors[0].message


def test_faults_are_found_across_pieces_and_with_a_prefix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = with_formulas(folder(tmp_path / "in"), {f"F{row}": "=1+1" for row in range(7, 60)})
    whole = cellerrors.find(place / "采购明细.xlsx")["一季度"]
    monkeypatch.setattr(cellerrors, "PIECE", 50)
    assert len(whole) == 53 and cellerrors.find(place / "采购明细.xlsx")["一季度"] == whole
    text = (
        b'<x:c r="AB12" t="e"><x:f>1/0</x:f><x:v>#DIV/0!</x:v></x:c><x:c r="A1" t="str"><x:f>""</x:f><x:v></x:v></x:c>'
    )
    assert list(cellerrors._in(text)) == [cellerrors.Fault("AB12", 12, 27, "#DIV/0!")]
    assert cellerrors.find(place / "hospitals.csv") == {}


def test_true_is_no_quantity_and_is_yes(tmp_path: Path) -> None:
    rows = small_folder.usage_rows()
    rows[1][3] = True
    products = [[*row, "originator" if not place else place == 1] for place, row in enumerate(small_folder.PRODUCTS)]
    folder = small_folder.write(tmp_path)
    (folder / "usage.csv").unlink()
    (folder / "products.csv").unlink()
    small_folder.write_book(folder / "book.xlsx", {"usage": rows, "products": products})
    loaded = load(folder)
    assert [(problem.row, problem.column, problem.value) for problem in loaded.errors] == [
        (2, "quantity_packs", "TRUE")
    ]
    assert loaded.inputs["products"]["originator"].to_pylist() == [True, False, False]
