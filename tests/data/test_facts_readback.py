"""A hand-written sample: the words of the publication, and the value in base units that they say."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

SCALE = {"万": 10**4, "亿": 10**8, "": 1}

# city, metric, scope, printed words, value in base units, qualifier
SAMPLE = [
    ("quanzhou", "insured_persons", "city", "725.5万人", 7_255_000, "exact"),
    ("quanzhou", "insured_persons", "city:employee", "121.58万人", 1_215_800, "exact"),
    ("quanzhou", "insured_persons", "city:resident", "603.92万人", 6_039_200, "exact"),
    ("quanzhou", "insured_persons_increase", "city", "4.88万人", 48_800, "exact"),
    ("quanzhou", "procurement_saving", "rounds:cumulative", "11.24亿元", 1_124_000_000, "about"),
    ("quanzhou", "patient_burden_reduction", "city", "23.95亿元", 2_395_000_000, "exact"),
    ("quanzhou", "average_price_cut", "rounds:national_and_provincial", "65.57%", "65.57", "about"),
    ("quanzhou", "average_price_cut", "rounds:municipal_4", "63.64%", "63.64", "exact"),
    ("quanzhou", "procured_drug_varieties", "rounds:cumulative", "494种", 494, "exact"),
    ("quanzhou", "procured_consumable_varieties", "rounds:cumulative", "35种", 35, "exact"),
    ("quanzhou", "inpatient_actual_reimbursement_ratio", "city:employee", "79.03%", "79.03", "exact"),
    ("quanzhou", "inpatient_actual_reimbursement_ratio", "city:resident", "60.56%", "60.56", "exact"),
    ("quanzhou", "inpatient_policy_reimbursement_ratio", "city:employee", "87.86%", "87.86", "exact"),
    ("quanzhou", "inpatient_policy_reimbursement_ratio_increase", "city:resident", "4.45个百分点", "4.45", "exact"),
    ("quanzhou", "dental_implant_cost_before", "institution:public", "12000元", 12_000, "about"),
    ("quanzhou", "dental_implant_cost", "institution:public", "7000元", 7_000, "range_high"),
    ("quanzhou", "dental_implant_cost_cut", "institution:public", "50%", 50, "more_than"),
    ("quanzhou", "inpatient_cost_per_admission_reduction", "city", "1021.67元", "1021.67", "exact"),
    ("quanzhou", "fund_refused_or_recovered", "city", "4753万元", 47_530_000, "exact"),
    ("quanzhou", "contract_penalties", "city", "2110万元", 21_100_000, "exact"),
    ("quanzhou", "administrative_fines", "city", "606万元", 6_060_000, "exact"),
    ("qingdao", "average_price_cut", "rounds:cumulative", "53%", 53, "doubtful"),
    ("qingdao", "annual_procurement_saving", "rounds:cumulative", "7亿元", 700_000_000, "doubtful"),
    ("qingdao", "annual_platform_settlement", "city", "10亿元", 1_000_000_000, "doubtful"),
    ("qingdao", "inpatient_reimbursement", "city", "56.3亿元", 5_630_000_000, "doubtful"),
    ("qingdao", "medical_aid_recipients", "city", "6.65万困难居民", 66_500, "doubtful"),
    ("qingdao", "outpatient_pilot_visits", "districts:pilot_3", "8.5万人次", 85_000, "doubtful"),
    ("jiujiang", "insured_persons", "city", "450.77万人", 4_507_700, "exact"),
    ("jiujiang", "surplus_payout", "rounds:1_to_5", "1.08亿元", 108_000_000, "exact"),
    ("jiujiang", "direct_settlement", "rounds:cumulative", "14亿元", 1_400_000_000, "about"),
    ("jiujiang", "average_price_cut", "rounds:municipal_alliance_2024", "69.89%", "69.89", "exact"),
    ("jiujiang", "average_price_cut", "rounds:hospital_alliance_2024", "71.83%", "71.83", "exact"),
    ("jiujiang", "selected_products", "rounds:municipal_alliance_2024", "358个产品", 358, "exact"),
    ("jiujiang", "selected_products", "rounds:hospital_alliance_2024", "101个产品", 101, "exact"),
    ("jiujiang", "procured_drug_varieties", "rounds:cumulative", "864种", 864, "exact"),
    ("jiujiang", "self_check_amount", "city", "267.61万元", 2_676_100, "exact"),
    ("jiujiang", "suspected_violations", "institution:pharmacy", "1.15万人次", 11_500, "exact"),
    ("jiujiang", "fund_recovered", "institution:pharmacy", "117万元", 1_170_000, "about"),
    ("jiujiang", "inpatient_cost_per_admission", "province", "7450.71元", "7450.71", "exact"),
    ("jiujiang", "inpatient_cost_per_admission", "city", "6128.73元", "6128.73", "exact"),
    ("nantong", "insured_persons", "city", "714.35万人", 7_143_500, "exact"),
    ("nantong", "insurance_coverage", "city", "97.78%", "97.78", "more_than"),
    ("nantong", "maternity_insured_persons", "city", "127.29万人", 1_272_900, "exact"),
    ("nantong", "outpatient_annual_cost_limit", "city:employee", "4000元", 4_000, "exact"),
    ("nantong", "inpatient_cost_band", "urban:resident/band:1", "10万", 100_000, "range_high"),
    ("nantong", "serious_illness_deductible", "city", "10000元", 10_000, "exact"),
    ("nantong", "serious_illness_fund_ratio", "city", "90%", 90, "range_high"),
    ("nantong", "fund_recovered", "institution:designated", "84.47万元", 844_700, "exact"),
    ("nantong", "fund_recovered", "persons:insured", "3.9万元", 39_000, "exact"),
    ("nantong", "per_disease_payment_diseases", "city", "180种", 180, "more_than"),
    ("zhoukou", "village_clinic_catalogue_varieties", "institution:village_clinic", "823个品种", 823, "exact"),
    ("zhoukou", "village_clinic_procured_varieties", "institution:village_clinic", "219个品种", 219, "exact"),
    ("zhoukou", "inpatient_cost_per_admission_reduction", "county:商水县", "554.8元", "554.8", "exact"),
    ("zhoukou", "outpatient_reimbursement_ratio", "county:沈丘县/resident", "60%", 60, "exact"),
    ("zhoukou", "inpatient_out_of_pocket_per_admission", "county:商水县/patient", "700元", 700, "less_than"),
    ("zhoukou", "admission_fund_payment", "place:北京市/worked_case", "3741元", 3_741, "exact"),
]

# Publications' words for hurt figures of Qingdao, each of which must be an empty row.
HURT = [
    "达到.79万人",
    "23.万人",
    "支出.5亿元",
    "人均报销10元",
    "人均报销;",
    "为.3万名大病患者",
    "5.万元",
    "报销比例7%",
    "提高个百分点",
    "人口户、人",
    "种药品和余种高值医用耗材",
    "向全市家公立医疗机构",
    "7多万元",
    "00家配送企业",
    "涉及多种药品",
    "检查定点医药机构家",
    "暂停业务家",
    "约谈家",
    "批捕人",
    "追回医保基金万元",
]


@pytest.mark.parametrize("sample", SAMPLE, ids=[" ".join(map(str, row[:3])) for row in SAMPLE])
def test_value_in_base_units_says_what_is_printed(facts, sample):
    *key, printed, value, qualifier = sample
    found = [row for row in facts if [row["city"], row["metric"], row["scope"], row["qualifier"]] == [*key, qualifier]]
    assert len(found) == 1
    assert printed in found[0]["note"]
    assert Decimal(found[0]["value"]) == Decimal(value)
    number, unit = re.match(r"([\d.]+)(万|亿|)", printed).groups()
    assert Decimal(number) * SCALE[unit] == Decimal(found[0]["value"])


def test_sample_is_broad():
    assert len(SAMPLE) >= 40
    assert {row[0] for row in SAMPLE} == {"quanzhou", "qingdao", "jiujiang", "nantong", "zhoukou"}


@pytest.mark.parametrize("words", HURT)
def test_hurt_words_of_qingdao_are_empty_rows(facts, words):
    rows = [row for row in facts if row["city"] == "qingdao" and words in row["note"] and row["qualifier"] == "damaged"]
    assert rows and all(row["value"] == "" for row in rows)
