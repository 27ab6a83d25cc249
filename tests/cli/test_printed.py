"""What an analyst reads at a terminal: marked, in one language, with units, and the same figures as the library's."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from vbp.words import money

WORDS = {
    "estimate": (),
    "savings": (),
    "completion": (),
    "surplus": (),
    "explain": ("--hospital", "H001", "--batch", "DEMO-N1", "--year", "1", "--generic", "演示品种01"),
    "project": (),
    "scan": ("--measure", "price", "--measure", "selected_share"),
}
ALLOWED = {
    "DEMO", "vbp", "csv", "json", "surplus", "national", "Bennet", "BH", "BY", "logit", "drug", "t", "p", "P", "B", "E", "k", "r",
    "s", "a", "A",
    "d", "w",
    "NOT", "COMPLETED", "SCORE", "BELOW", "NO", "BASE", "POSITIVE", "RENEWAL", "EXCLUDED", "COUNTY", "GROUP", "YEAR", "ENDED", "N",
    "R", "WEIGHTED",
    "MAIN", "EXEMPT", "Q", "H", "M", "G",
}  # fmt: skip
"""What Chinese text may hold of other letters: codes that the contract fixes, symbols of formulas, names of methods, commands."""
PARAMETER = re.compile(r"(settlement|assessment)\.\w+|[A-Za-z0-9]+_w\d?")
"""Parameters of a rule profile and symbols of a formula, in Chinese text as in English."""
NAMES_OF_THE_DEMONSTRATION = re.compile(
    "演示品种|演示耗材|注射用硼替佐米|甘精胰岛素|艾司奥美拉唑肠溶片|演示数据|"
    "示范市[^\\s]*|医保发〔2020〕26号|国家医疗保障局、财政部"
)


@pytest.fixture(scope="module")
def printed(demo_folder) -> dict[tuple[str, str], str]:
    """Return what each verb prints for the demonstration, in both languages."""
    import contextlib
    import io

    from vbp.cli import main

    found = {}
    for verb, words in WORDS.items():
        for lang in ("zh", "en"):
            out = io.StringIO()
            with (
                contextlib.redirect_stdout(out),
                contextlib.redirect_stderr(io.StringIO()),
                pytest.raises(SystemExit) as stop,
            ):
                main([verb, str(demo_folder), *words, "--lang", lang])
            assert stop.value.code == 0
            found[verb, lang] = out.getvalue()
    return found


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("verb", WORDS)
def test_the_first_line_names_the_place_and_marks_invented_data(printed, verb, lang):
    first = printed[verb, lang].splitlines()[0]
    assert "演示数据" in first
    assert "示范市" in first if lang == "zh" else "emonstration" in first


@pytest.mark.parametrize("verb", WORDS)
def test_chinese_text_holds_no_english_words(printed, verb):
    text = PARAMETER.sub("", printed[verb, "zh"])
    words = set(re.findall(r"[A-Za-z]+", text))
    assert {word for word in words - ALLOWED if not re.fullmatch(r"[HPG]\d*", word)} == set()


@pytest.mark.parametrize("verb", WORDS)
def test_english_text_holds_no_chinese_but_names(printed, verb):
    rest = NAMES_OF_THE_DEMONSTRATION.sub("", printed[verb, "en"])
    assert re.findall("[\u4e00-\u9fff]+", rest) == []


@pytest.mark.parametrize("verb", WORDS)
def test_chinese_text_is_set_in_full_width_punctuation(printed, verb):
    assert re.findall(r".{8}[\u4e00-\u9fff][,:;?(][\u4e00-\u9fff]?", printed[verb, "zh"]) == []


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("verb", WORDS)
def test_nothing_stands_bare_that_is_no_number_or_a_name_of_the_code(printed, verb, lang):
    text = printed[verb, lang]
    assert not re.search(r"\b(nan|NaN|None|NaT|inf|True|False|Decimal)\b", text)
    assert re.findall(r"\b[a-z]+_[a-z_]+\b", PARAMETER.sub("", text)) == []
    assert re.findall(r"\d\.\d{11,}", text) == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_totals_in_words_are_the_librarys(printed, demo_city, lang):
    totals = demo_city.savings.totals
    assert money(totals["realised"], lang) in printed["savings", lang]
    assert money(totals["official"], lang) in printed["savings", lang]
    paid = demo_city.surplus.total_yuan
    assert f"{paid:,}" in printed["surplus", lang]
    done = int((demo_city.completion.table["state"] == "done").sum())
    assert str(done) in printed["completion", lang].splitlines()[-4]


def test_the_rows_of_savings_as_printed_add_up_to_the_library(printed, demo_city):
    lines = printed["savings", "zh"].splitlines()
    start = next(i for i, line in enumerate(lines) if "通用名" in line)
    rows = [
        line.split() for line in lines[start + 2 : next(i for i in range(start, len(lines)) if not lines[i].strip())]
    ]
    assert len(rows) == len(demo_city.savings.by("generic")) > 20
    assert sum(Decimal(row[2].replace(",", "")) for row in rows) == demo_city.savings.totals["realised"]


@pytest.mark.parametrize(("lang", "points"), [("zh", "个百分点"), ("en", "percentage points")])
def test_the_scan_gives_changes_in_per_cent_and_shares_in_points(printed, demo_city, lang, points):
    text = printed["scan", lang]
    table = demo_city.scan.table
    price = table[(table["measure"] == "price") & table["level"].notna()].iloc[0]
    line = next(
        line for line in text.splitlines() if price["generic"] in line and ("单位价格" in line or "unit price" in line)
    )
    shown = f"{abs(price['change_percent']):.1f}".rstrip("0").rstrip(".")
    assert f"−{shown}%" in line
    assert points in text


def test_a_month_is_written_without_a_day(call, demo_folder):
    code, out, _ = call("savings", demo_folder, "--by", "month")
    assert code == 0
    assert re.search(r"^ 2021-01 ", out, flags=re.M)
    assert not re.search(r"^ 2021-01-01 ", out, flags=re.M)


def test_shares_keep_one_decimal_so_that_a_column_lines_up(printed):
    rates = re.findall(r"\d+(\.\d)?%", printed["completion", "zh"].split("截至")[0])
    assert len(rates) > 50
    assert set(rates) - {""} and "" not in rates


def test_a_users_own_place_bears_no_mark(call, tmp_path, demo_folder):
    import shutil

    folder = shutil.copytree(demo_folder, tmp_path / "own")
    place = folder / "city.yaml"
    place.write_text(place.read_text(encoding="utf-8").replace("synthetic: true", "synthetic: false"), encoding="utf-8")
    code, out, _ = call("surplus", folder)
    assert code == 0
    assert "演示数据" not in out.splitlines()[0]
    code, out, _ = call("surplus", folder, "--csv")
    assert "演示数据" not in out


@pytest.mark.parametrize("verb", ["savings", "completion", "surplus", "project", "scan"])
def test_every_row_of_a_csv_of_invented_data_bears_the_mark(call, demo_folder, verb):
    words = ("--measure", "price") if verb == "scan" else ()
    code, out, _ = call(verb, demo_folder, *words, "--csv")
    lines = out.splitlines()
    assert code == 0 and len(lines) > 5
    assert lines[0].endswith(",mark")
    assert out.count(",演示数据\n") == len(lines) - 1 or all("演示数据" in line for line in lines[1:])


def test_an_estimate_from_doubtful_figures_says_so_and_another_does_not(call):
    code, out, _ = call("estimate", "qingdao", "--include-doubtful")
    assert code == 0 and "隐含的集采前采购额" in out
    assert "本次推算使用了存疑数字。" in out
    for words in (("qingdao",), ("quanzhou", "--include-doubtful")):
        code, out, _ = call("estimate", *words)
        assert code == 0 and "本次推算使用了存疑数字" not in out


def test_amounts_in_the_assumptions_are_written_without_idle_zeros(printed):
    assumptions = printed["estimate", "zh"].split("分位）：")[1]
    assert len(re.findall(r"\d\.\d+", assumptions)) > 20
    assert re.findall(r"\d\.\d*0\b", assumptions) == []
