"""A profile of a user's own: laid over a shipped one, every mistake named, and the page that explains it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT
from vbp.errors import InputError, UsageError
from vbp.imports import import_files, names, read_profile
from vbp.imports.derive import WAYS
from vbp.imports.document import PARTS
from vbp.tables import read_inputs

PAGE = (ROOT / "docs" / "imports.md").read_text(encoding="utf-8")
OWN = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0]
EXPORT = """某省药品采购平台 2024年一季度订单,,,,,,,,,,,
单据号,收货单位,收货单位代码,到货日期,药品流水码,品名,剂型规格,包装说明,供货厂商,到货数(盒),含税金额(元),单据状态
D001,人民医院,01,2024年1月5日,P1,甲片,片剂5mg,28片/盒,甲厂,100,420.00,已收货
D002,人民医院,01,2024年1月9日,P3,乙片,片剂20mg,28片/盒,乙厂,50,490.00,已收货
D003,中医院,02,2024年2月3日,P1,甲片,片剂5mg,28片/盒,甲厂,30,126.00,已退回
合计,,,,,,,,,180,1036.00,
"""


def own(folder: Path, text: str = OWN) -> str:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def export(folder: Path) -> Path:
    path = folder / "平台导出.csv"
    path.write_text(EXPORT, encoding="utf-8")
    return path


def faults(folder: Path, text: str) -> dict[str | None, str]:
    with pytest.raises(InputError) as error:
        read_profile(own(folder, text))
    return {problem.column: problem.message for problem in error.value.problems}


def test_the_page_s_profile_reads_an_export_with_odd_headers(tmp_path: Path) -> None:
    done = import_files([export(tmp_path)], own(tmp_path), tmp_path / "out")
    assert {name: f"{total:f}" for name, total in done.totals.items() if total} == {
        "packs": "150.0000",
        "amount": "910.00",
    }
    made = read_inputs(tmp_path / "out")
    told = next(problem for problem in made.problems if problem.rule == "to_fill_in")
    assert (told.file, told.column, told.level) == (
        "city.yaml",
        "province",
        "warning",
    ) and "rule_profile" not in told.value
    assert "settles by national-2020" in told.message
    usage = made.frame("usage")
    assert [*usage["product_id"]] == ["P1", "P3"] and [str(amount) for amount in usage["amount_yuan"]] == [
        "420.00",
        "490.00",
    ]
    said = [problem.message for problem in done.problems if problem.rule == "rows_left_out"]
    assert said == ["rows left out because they are no data: 1 total", "1 rows left out by the profile (status)"]
    assert "city.yaml" in done.text() and "vbp check" in done.text()


def test_a_header_nobody_knows_is_refused_with_where_to_put_it(tmp_path: Path) -> None:
    text = OWN.replace("  pack_text: [包装说明]\n", "")
    with pytest.raises(InputError) as error:
        import_files([export(tmp_path)], own(tmp_path, text), tmp_path / "out")
    problem = error.value.problems[0]
    assert (problem.row, problem.column) == (2, "包装说明")
    assert "under `headers` (as pack_text?), or under `ignore`" in problem.message
    assert not (tmp_path / "out").exists()


def test_an_export_without_known_headers_is_answered_with_its_own_and_how_to_go_on(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        import_files([export(tmp_path)], "platform-cn", tmp_path / "out")
    said = error.value.problems[0].message
    assert "row 2 of the file reads: 单据号, 收货单位, 收货单位代码" in said and "extends: platform-cn" in said


def test_a_header_of_the_user_s_own_means_what_the_user_says(tmp_path: Path) -> None:
    made = read_profile(own(tmp_path, "title: x\nextends: platform-cn\nheaders: {generic: [备注], strength: [通用名]}"))
    assert "备注" in made.table.column("generic").headers and "备注" not in made.ignore
    assert "通用名" in made.table.column("strength").headers and "通用名" not in made.table.column("generic").headers


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        ("title: x\nextends: platform", "extends", "did you mean platform-cn?"),
        (
            "title: x\nextends: platform-cn\nheaders: {hospital: [a]}",
            "headers.hospital",
            "did you mean hospital_id, hospital_name?",
        ),
        ("title: x\nextends: platform-cn\nheaders: {packs: 到货数}", "headers.packs", "a list of headers"),
        ("title: x\nextends: platform-cn\ntabels: {}", "tabels", "did you mean tables or totals?"),
        ("title: x\nextends: platform-cn\ncolumns: {a: [b]}", "columns.a", "write {kind: name, headers: [收货单位]}"),
        (
            "title: x\nextends: platform-cn\ncolumns: {a: {kind: text, headers: [b]}}",
            "columns.a.kind",
            "known: code, name",
        ),
        ("title: x\nextends: platform-cn\nderive: {a: {do: magic, of: b}}", "derive.a", "unknown way 'magic'"),
        (
            "title: x\nextends: platform-cn\ntables: {usage: {columns: {amount_yuan: sum}}}",
            "tables.usage.amount_yuan",
            "unknown column of this profile 'sum'",
        ),
        ("title: x\nextends: platform-cn\ntables: {uses: {}}", "tables.uses", "did you mean usage?"),
        ("extends: platform-cn\ntitle: {zh: x}", "title", "one text for both"),
        ("title: x", "columns", "extends: platform-cn"),
        ("- a", "(file)", "a profile is a mapping"),
        ("title: [x", None, "cannot be read"),
    ],
)
def test_a_mistake_in_a_profile_is_named_by_its_key(tmp_path: Path, text: str, key: str | None, words: str) -> None:
    found = faults(tmp_path, text)
    assert key in found and words in str(found[key])


def test_an_unknown_profile_says_that_a_file_may_be_named() -> None:
    with pytest.raises(UsageError, match=r"\.yaml file of your own"):
        read_profile("mine")


def test_the_page_names_every_profile_key_and_way() -> None:
    assert set(re.findall(r"^\| `([\w+-]+)` \| ", PAGE.split("## A profile")[0], re.MULTILINE)) == set(names())
    assert all(f"`{part}`" in PAGE for part in (*PARTS, *WAYS))
