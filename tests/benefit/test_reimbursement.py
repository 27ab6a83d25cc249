"""Three layers of reimbursement: the published cases, and what a publication leaves out stays unknown."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vbp.benefit import Case, benefit_profile, benefit_profiles, reimburse
from vbp.benefit.profile import Scheme, read_profile
from vbp.errors import InputError, UsageError


def scheme(**layers):
    return Scheme.model_validate({"name_zh": "x", "name_en": "x", **layers})


def case(total, a, b=0, own=0, aided=False):
    return Case(*(Decimal(str(x)) for x in (total, a, b, own)), aided=aided)


def test_beijing_case_of_the_publication():
    got = reimburse(benefit_profile("beijing-2024").scheme("employee_active_inpatient_level2"), case(6000, 5600))
    assert (got.fund_yuan, got.patient_yuan) == (Decimal(3741), Decimal(2259))
    lines = dict(got.table.itertuples(index=False))
    assert lines["out_of_catalogue"] == 400 and lines["basic"] == 3741 and lines["serious_illness"] == 0


def test_beyond_the_published_case_is_unknown_not_guessed():
    got = reimburse(benefit_profile("beijing-2024").scheme("employee_active_inpatient_level2"), case(9000, 8000))
    assert got.fund_yuan is None and got.patient_yuan is None and got.unknown == ("basic.bands[1].ratio",)
    assert "bands[1]" in got.text("en") and "unknown" not in got.text("zh")


def test_beijing_outpatient_band_ends_by_what_was_paid():
    retired = benefit_profile("beijing-2024").scheme("employee_retired_outpatient_hospital")
    assert reimburse(retired, case(2300, 2300)).fund_yuan == 850
    end = Decimal(1300) + Decimal(20000) / Decimal("0.85")
    assert reimburse(retired, case(50000, 50000)).fund_yuan == round(20000 + (50000 - end) * Decimal("0.8"), 2)


def test_nantong_publishes_changes_and_no_base_ratios():
    nantong = benefit_profile("nantong-2019")
    got = reimburse(nantong.scheme("employee_inpatient"), case(50000, 40000))
    assert got.fund_yuan is None and "basic.deductible" in got.unknown
    serious = nantong.scheme("resident_inpatient").serious
    assert serious.deductible == 10000 and [b.ratio for b in serious.bands] == [Decimal("0.60"), Decimal("0.90")]
    aided = nantong.scheme("resident_inpatient").serious_aided
    assert aided.deductible == serious.deductible / 2
    assert [a.ratio - b.ratio for a, b in zip(aided.bands, serious.bands, strict=True)] == [Decimal("0.05")] * 2
    by_item = {change.item_zh: change for change in nantong.changes}
    limit = by_item["职工普通门诊统筹年累计费用限额"]
    assert (str(limit.before), str(limit.after)) == ("3500", "4000")
    assert by_item["居民普通门诊统筹年累计费用限额"].before == "unknown"


def test_quanzhou_published_ratios():
    quanzhou = benefit_profile("quanzhou-2023")
    assert quanzhou.ratio("employee", "policy") == Decimal("0.8786") and quanzhou.ratio(
        "resident", "policy"
    ) == Decimal("0.676")
    assert quanzhou.ratio("employee") == Decimal("0.7903") and quanzhou.ratio("resident") == Decimal("0.6056")
    assert not quanzhou.schemes and benefit_profile("beijing-2024").ratio("employee") is None


def test_class_b_pays_its_own_share_first():
    plain = scheme(basic={"deductible": 500, "bands": [{"to": None, "ratio": "0.8"}]})
    # (1,000 + 0.9·2,000 − 500)·0.8
    assert reimburse(plain, case(4000, 1000, 2000, 0.1)).basic_yuan == 1840


def test_bands_cap_and_all_three_layers():
    layered = scheme(
        basic={"deductible": 1000, "cap": 9000, "bands": [{"to": 5000, "ratio": "0.8"}, {"to": None, "ratio": "0.9"}]},
        serious={"deductible": 2000, "cap": None, "bands": [{"to": None, "ratio": "0.6"}]},
        aid={"deductible": 0, "cap": 500, "bands": [{"to": None, "ratio": "0.7"}]},
    )
    got = reimburse(layered, case(20000, 16000))
    # basic 4,000·0.8 + 11,000·0.9 = 13,100, capped 9,000; left 7,000: serious (7,000 − 2,000)·0.6 = 3,000
    assert (got.basic_yuan, got.serious_yuan, got.aid_yuan, got.patient_yuan) == (9000, 3000, 0, 8000)
    aided = reimburse(layered, case(20000, 16000, aided=True))
    assert (aided.aid_yuan, aided.patient_yuan) == (500, 7500)


def test_below_the_deductible_nothing_is_paid():
    plain = scheme(basic={"deductible": 1300, "bands": [{"to": None, "ratio": "0.87"}]})
    assert reimburse(plain, case(1300, 1300)).fund_yuan == 0
    assert reimburse(plain, case(100, 0)).fund_yuan == 0


@given(st.integers(0, 10**7), st.integers(0, 10**7), st.integers(0, 10**7), st.integers(0, 100), st.booleans())
def test_payers_always_add_up_and_nobody_pays_below_zero(a, b, rest, own, aided):
    layered = scheme(
        basic={"deductible": 800, "bands": [{"to": 20000, "ratio": "0.7"}, {"to": None, "ratio": "0.85"}]},
        serious={
            "deductible": 10000,
            "bands_from": "deductible",
            "bands": [{"to": 50000, "ratio": "0.6"}, {"to": None, "ratio": "0.9"}],
        },
        serious_aided={"deductible": 5000, "bands": [{"to": None, "ratio": "0.65"}]},
        aid={"deductible": 0, "bands": [{"to": None, "ratio": "0.5"}]},
    )
    yuan = [Decimal(x).scaleb(-2) for x in (a, b, rest)]
    got = reimburse(layered, Case(sum(yuan), yuan[0], yuan[1], Decimal(own) / 100, aided))
    assert got.fund_yuan + got.patient_yuan == got.case.total_yuan
    assert 0 <= got.fund_yuan <= got.case.scope_yuan + Decimal("0.01")


@pytest.mark.parametrize("bad", [(100, 90, 20), (-1, 0, 0), (100, 50, 50, 1.5)])
def test_impossible_cases_are_refused(bad):
    with pytest.raises(InputError):
        case(*bad)


def test_every_profile_names_its_source_and_reads():
    names = list(benefit_profiles())
    assert names == ["beijing-2024", "nantong-2019", "quanzhou-2023"]
    for name in names:
        profile = benefit_profile(name)
        assert profile.profile == name and profile.source and profile.name_zh
    with pytest.raises(UsageError, match="did you mean nantong-2019"):
        benefit_profile("nantong")
    with pytest.raises(UsageError, match="unknown scheme"):
        benefit_profile("nantong-2019").scheme("outpatient")


@pytest.mark.parametrize(
    "text",
    [
        "a: [",
        "profile: x\nname_zh: y\nsurprise: 1\n",
        "profile: x\nname_zh: a\nname_en: a\nsource: s\n"
        "effective_from: 2020-01-01\n"
        "schemes: {s: {name_zh: a, name_en: a, basic: {deductible: 1, bands: [{ratio: 87}]}}}",
    ],
)
def test_a_wrong_profile_is_refused_with_its_place(tmp_path, text):
    path = tmp_path / "x.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_profile(path)
    assert all(problem.file == str(path) for problem in caught.value.problems)
