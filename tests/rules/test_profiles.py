"""Rule profiles: the shipped ones hold what is published, a bad one is refused with every problem."""

from __future__ import annotations

import shutil
from decimal import Decimal as D
from pathlib import Path

import pytest

from tests import small_folder
from vbp import paths
from vbp.check import check
from vbp.cli import main
from vbp.errors import InputError, UsageError
from vbp.rules import load_profile, profile_names, profile_of_place, read_profile
from vbp.rules.starter import starter

GOOD = """
name: mine
extends: national-2020
title: {zh: 我市, en: ours}
place: {zh: 我市, en: ours}
source: {document: 某文件, publisher: 某局, date: "2024"}
effective: {from: 2024-01-01}
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(tmp_path: Path, text: str) -> str:
    with pytest.raises(InputError) as error:
        read_profile(written(tmp_path, text))
    assert all(problem.file == "mine.yaml" for problem in error.value.problems)
    return str(error.value)


def test_every_profile_named_by_the_issue_and_by_a_city_is_shipped() -> None:
    import csv

    with (paths.data() / "cities.csv").open(encoding="utf-8-sig") as file:
        cities = {row["rule_profile"] for row in csv.DictReader(file)}
    named = {
        "national-2020",
        "simple-volume",
        "shenzhen-2024-draft",
        "sichuan-2022-inferred",
        "guangxi-2021",
        "hunan-2024",
    }
    assert len(cities) == 5 and named | cities <= set(profile_names())


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_has_source_dates_and_marks_in_both_languages(name: str) -> None:
    profile = load_profile(name)
    assert profile.name == name and profile.source.document and profile.effective.from_date
    assert all(words.zh and words.en for words in (profile.title, profile.place, *profile.unverified.values()))
    assert max(band.ratio for band in profile.assessment.bands) <= D("0.5")


@pytest.mark.parametrize("name", ["quanzhou", "qingdao", "jiujiang", "nantong", "zhoukou"])
def test_a_citys_profile_says_what_is_not_published(name: str) -> None:
    assert load_profile(name).not_published


@pytest.mark.parametrize(
    ("name", "score", "ratio"),
    [
        ("national-2020", "60", "0.50"),
        ("national-2020", "59.99", "0"),
        ("shenzhen-2024-draft", "79.99", "0.40"),
        ("shenzhen-2024-draft", "60", "0.30"),
        ("sichuan-2022-inferred", "65", "0.40"),
        ("sichuan-2022-inferred", "85", "0.50"),
        ("sichuan-2022-inferred", "79.5", "0.40"),
        ("national-2020", "0", "0"),
    ],
)
def test_scores_become_the_published_ratios(name: str, score: str, ratio: str) -> None:
    assert load_profile(name).assessment.ratio(D(score)) == D(ratio)


def test_the_default_profile_is_the_documented_one() -> None:
    rules = load_profile().settlement
    assert (rules.unit, rules.flooring, rules.non_selected, rules.base_volume, rules.share_basis) == (
        "batch",
        "net_first",
        "all",
        "reported",
        "volume",
    )
    assert (rules.eligibility, rules.completion_threshold, rules.pre_price_decimals) == ("each_item", D(1), 4)
    assert (rules.renewal, rules.elsewhere) == ("rounds_out", "neutral")
    for parameter in (
        "assessment.bands",
        "settlement.eligibility",
        "settlement.elsewhere",
        "settlement.pre_price_decimals",
    ):
        assert load_profile().is_unverified(parameter)


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean national-2020"):
        load_profile("national-2021")


def test_a_users_own_file_extends_a_shipped_one(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD + "settlement: {county_groups: left_out}\n")
    profile = load_profile(str(path))
    assert profile.settlement.county_groups == "left_out" and profile.settlement.unit == "batch"


def test_every_problem_of_a_bad_profile_is_listed_at_once(tmp_path: Path) -> None:
    text = refused(
        tmp_path,
        """
name: Mine!
extends: national-2020
title: {zh: 我市}
place: {zh: 我市, en: ours}
effective: {from: 2024-01-01, to: 2023-01-01}
settlement: {unitt: batch, rounding: up, completion_threshold: 0}
assessment: {bands: [{from: 0, to: 50, ratio: 0.6}, {from: 60, to: 80, ratio: 0.4}, {from: 70, to: 90, ratio: 0.5}]}
""",
    )
    for part in (
        "title.en",
        "column name",
        "column source",
        "'to' lies before 'from'",
        "did you mean unit?",
        "rounding",
        "completion_threshold",
        "0.6 exceeds 0.50",
        "gap between 50 and 60",
        "overlap between 70 and 80",
        "gap between 90 and 100",
    ):
        assert part in text, part


@pytest.mark.parametrize(
    ("addition", "message"),
    [
        ("name: again\n", "stands twice"),
        ("published: [&a {zh: x, en: y}, *a]\n", "aliases"),
        ("unverified: {settlement.uint: {zh: x, en: y}}\n", "names no parameter"),
        ("settlement: {unit: [\n", "cannot read"),
        ("assessment: {weights: {completion: {weight: 60, full_at: 1, none_at: 0}}}\n", "sum to 60"),
        ("assessment: {weights: {completion: {weight: 100, full_at: 1, none_at: 1}}}\n", "must differ"),
        ("assessment: {weights: {mood: {weight: 100, full_at: 1, none_at: 0}}}\n", "mood"),
    ],
)
def test_traps_of_yaml_and_slips_are_refused(addition: str, message: str, tmp_path: Path) -> None:
    assert message in refused(tmp_path, GOOD + addition)


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "\x00", "a: !!python/object:os.system {}", "[" * 900])
def test_no_mapping_is_no_profile(text: str, tmp_path: Path) -> None:
    assert "rule profile" in refused(tmp_path, text)


def test_a_missing_file_and_a_circle_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="cannot read"):
        read_profile(tmp_path / "none.yaml")
    shutil.copytree(paths.data() / "rules", tmp_path / "rules")
    for name, other in (("a", "b"), ("b", "a")):
        (tmp_path / "rules" / f"{name}.yaml").write_text(f"name: {name}\nextends: {other}\n", encoding="utf-8")
    monkeypatch.setenv("VBP_DATA", str(tmp_path))
    with pytest.raises(InputError, match="circle"):
        load_profile("a")


def test_switches_can_be_turned_and_are_checked_again() -> None:
    profile = load_profile()
    assert profile.with_switches(unit="hospital").settlement.unit == "hospital" and profile.settlement.unit == "batch"
    with pytest.raises(ValueError, match="unit"):
        profile.with_switches(unit="galaxy")
    with pytest.raises(ValueError, match=r"exceeds 0\.50"):
        profile.with_bands([(0, 100, "0.51")])


def test_a_title_may_be_one_text_for_both_languages(tmp_path: Path) -> None:
    profile = read_profile(written(tmp_path, GOOD.replace("{zh: 我市, en: ours}", "我市")))
    assert (profile.title.say("zh"), profile.title.say("en"), profile.place.en) == ("我市", "我市", "我市")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD.replace("source:", "# source:"), "source: {document: 文号"),
        (GOOD.replace("effective: {from: 2024-01-01}", "effective: 2024"), "such as {from: 2024-01-01}"),
        (GOOD + "bands: [{from: 0, to: 100, ratio: 0.5}]", "this key stands under assessment:"),
        (GOOD + "settlement: {bands: []}", "this key stands under assessment:"),
        (GOOD + "settlement: {name: x}", "this key stands at the top"),
        (GOOD + "settlement: {completion_threshold: 90}", "write 0.90 for 90%"),
        (GOOD + "assessment: {bands: [[0, 100, 0.5]]}", "a band is written as {from: 60, to: 100, ratio: 0.50}"),
        (GOOD + "settlement: {elegibility: each_item}", "did you mean eligibility?"),
    ],
)
def test_a_newcomers_mistake_is_answered_with_what_to_write(tmp_path: Path, text: str, words: str) -> None:
    assert words in refused(tmp_path, text)


def test_a_switch_that_a_profile_sets_itself_is_no_longer_marked_unverified(tmp_path: Path) -> None:
    own = read_profile(written(tmp_path, GOOD + "settlement: {eligibility: all_items}"))
    assert not own.is_unverified("settlement.eligibility") and own.is_unverified("settlement.elsewhere")


def test_the_starter_changes_nothing_until_a_switch_is_freed_from_its_hash(tmp_path: Path) -> None:
    text = starter(load_profile(), "mine", "mine.yaml")
    made = read_profile(written(tmp_path, text))
    assert made.settlement == load_profile().settlement and made.assessment == load_profile().assessment
    assert {line.split(":")[0].strip(" #") for line in text.splitlines() if line.startswith("  #")} >= set(
        type(made.settlement).model_fields
    )
    freed = read_profile(written(tmp_path, text.replace("  # eligibility: each_item", "  eligibility: all_items")))
    assert freed.settlement.eligibility == "all_items"


def test_the_command_lists_shows_starts_and_checks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def vbp(*words: object) -> int:
        with pytest.raises(SystemExit) as stop:
            main([str(word) for word in words])
        return int(stop.value.code or 0)

    assert vbp("rules") == 0
    assert set(profile_names()) <= set(capsys.readouterr().out.split())
    assert vbp("rules", "--new", tmp_path / "yunxi" / "rules.yaml") == 0
    assert vbp("rules", tmp_path / "yunxi" / "rules.yaml") == 0
    assert "yunxi  某某市结余留用" in capsys.readouterr().out
    assert vbp("rules", "--new", tmp_path / "yunxi" / "rules.yaml") == 1 and vbp("rules", "nosuch") == 2
    assert vbp("rules", "--json") == 0


def test_a_folder_may_name_a_rule_file_of_its_own(tmp_path: Path) -> None:
    folder = small_folder.write(tmp_path / "in")
    (folder / "city.yaml").write_text(small_folder.CITY.replace("national-2020", "rules.yaml"), encoding="utf-8")
    assert [problem.rule for problem in check(folder).problems if problem.level == "error"] == ["profile_yaml"]
    (folder / "rules.yaml").write_text(GOOD + "settlement: {completion_threshold: 90}", encoding="utf-8")
    assert ["0.90" in problem.message for problem in check(folder).problems if problem.level == "error"] == [True]
    (folder / "rules.yaml").write_text(GOOD + "settlement: {completion_threshold: 0.9}", encoding="utf-8")
    assert check(folder).ok
    assert profile_of_place("rules.yaml", folder).settlement.completion_threshold == D("0.9")
    with pytest.raises(InputError, match="unknown rule profile"):
        profile_of_place("../in/rules.yaml", folder)


def test_a_profile_that_is_not_utf8_says_how_to_save_it(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_bytes(GOOD.encode("gbk"))
    with pytest.raises(InputError, match="not UTF-8; save it again as UTF-8"):
        read_profile(path)
