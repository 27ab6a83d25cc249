"""facts.csv, metrics.csv, cities.csv and sources.csv keep the contract's rules."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest

QUALIFIERS = {"exact", "about", "more_than", "less_than", "range_low", "range_high", "doubtful", "damaged"}
STATUSES = {"reported", "expected", "target", "proposed", "example"}
RATE_UNITS = {"percent", "percentage_point"}
MONEY_UNITS = {"yuan", "yuan_per_case", "yuan_per_piece", "yuan_per_person", "yuan_per_year"}
COUNTED = {
    "person",
    "household",
    "visit",
    "case",
    "institution",
    "firm",
    "variety",
    "product",
    "category",
    "batch",
    "item",
    "disease",
    "notice",
    "problem",
    "rule",
    "month",
}
SCOPE_HEADS = {"city", "urban", "province", "districts", "county", "place", "rounds", "institution", "persons"}
COLUMNS = [
    "city",
    "metric",
    "value",
    "unit",
    "qualifier",
    "status",
    "period_start",
    "period_end",
    "scope",
    "baseline",
    "source_id",
    "note",
]
NEVER_SUMMED = (
    "procurement_saving",
    "annual_procurement_saving",
    "patient_burden_reduction",
    "surplus_payout",
    "direct_settlement",
)
KEY = ("city", "metric", "scope", "period_start", "period_end", "baseline", "qualifier")


def name(row):
    return " ".join(row[column] for column in KEY)


def test_columns_are_the_contracts_in_order(facts, metrics, cities, sources):
    assert list(facts[0]) == COLUMNS
    assert list(next(iter(metrics.values()))) == ["metric", "name_zh", "name_en", "unit", "kind", "may_be_summed"]
    assert list(next(iter(cities.values()))) == ["city", "name_zh", "name_en", "province", "rule_profile"]
    assert list(next(iter(sources.values()))) == ["source_id", "title", "publisher", "published", "note"]


def test_the_five_cities_are_there_each_with_a_rule_profile_of_its_own(facts, cities):
    assert set(cities) == {"quanzhou", "qingdao", "jiujiang", "nantong", "zhoukou"} == {row["city"] for row in facts}
    assert all(row["rule_profile"] == city for city, row in cities.items())


def test_keys_are_unique(facts):
    keys = [tuple(row[column] for column in KEY) for row in facts]
    assert len(keys) > 150
    assert len(set(keys)) == len(keys), sorted(k for k in set(keys) if keys.count(k) > 1)


def test_every_metric_source_and_city_resolves_and_none_is_idle(facts, metrics, sources, cities):
    assert {row["metric"] for row in facts} == set(metrics)
    assert {row["source_id"] for row in facts} <= set(sources)
    assert {row["city"] for row in facts} <= set(cities)


def test_each_city_quotes_one_publication(facts):
    pairs = {(row["city"], row["source_id"]) for row in facts}
    assert len(pairs) == 5
    assert all(source.startswith(city) for city, source in pairs)


def test_units_agree_with_metrics_and_are_base_units(facts, metrics):
    assert [name(row) for row in facts if row["unit"] != metrics[row["metric"]]["unit"]] == []
    assert {row["unit"] for row in metrics.values()} <= RATE_UNITS | MONEY_UNITS | COUNTED


def test_metrics_have_both_names_and_known_words(metrics):
    for row in metrics.values():
        assert re.fullmatch(r"[a-z][a-z0-9_]*", row["metric"])
        assert row["name_zh"] and row["name_en"]
        assert row["kind"] in {"flow", "stock", "rate", "count"}
        assert row["may_be_summed"] in {"yes", "no"}
        assert not (row["kind"] == "rate" and row["may_be_summed"] == "yes"), row["metric"]
    assert len({row["name_zh"] for row in metrics.values()}) == len(metrics)
    assert len({row["name_en"] for row in metrics.values()}) == len(metrics)


def test_saving_burden_payout_and_settlement_may_never_be_summed(metrics):
    assert [metric for metric in NEVER_SUMMED if metrics[metric]["may_be_summed"] != "no"] == []


def test_vocabularies(facts):
    assert {row["qualifier"] for row in facts} == QUALIFIERS
    assert {row["status"] for row in facts} == STATUSES


def test_damaged_rows_are_empty_and_all_others_hold_a_plain_number(facts):
    for row in facts:
        if row["qualifier"] == "damaged":
            assert row["value"] == "", name(row)
        else:
            assert re.fullmatch(r"(0|[1-9]\d*)(\.\d*[1-9])?", row["value"]), name(row)


def test_percentages_lie_between_0_and_100_and_counts_are_whole(facts):
    for row in facts:
        if row["value"] and row["unit"] in RATE_UNITS:
            assert 0 <= Decimal(row["value"]) <= 100, name(row)
        if row["value"] and row["unit"] in COUNTED:
            assert Decimal(row["value"]) % 1 == 0, name(row)


def test_dates_are_iso_days_in_order(facts):
    for row in facts:
        days = [date.fromisoformat(row[column]) for column in ("period_start", "period_end") if row[column]]
        assert all(day.isoformat() in (row["period_start"], row["period_end"]) for day in days)
        assert days == sorted(days), name(row)


def test_ranges_come_in_pairs(facts):
    def ends(qualifier):
        return {
            tuple(row[c] for c in KEY[:-1]): Decimal(row["value"]) for row in facts if row["qualifier"] == qualifier
        }

    low, high = ends("range_low"), ends("range_high")
    assert low and set(low) == set(high)
    assert all(low[key] < high[key] for key in low)


def test_changes_and_cuts_name_their_baseline(facts):
    changes = re.compile(r"(?<!patient_burden)_(cut|increase|reduction|growth)$")
    rows = [row for row in facts if changes.search(row["metric"])]
    assert len(rows) > 20
    assert [name(row) for row in rows if not row["baseline"]] == []
    levels = [row for row in facts if row not in rows]
    assert [name(row) for row in levels if row["baseline"]] == []


def test_every_row_quotes_its_publication(facts):
    assert [name(row) for row in facts if not re.match(r"「[^「」]+」", row["note"])] == []


def test_scopes_use_the_documented_words(facts):
    for row in facts:
        head = re.split("[:/]", row["scope"])[0]
        assert head in SCOPE_HEADS, row["scope"]


def test_counties_beijing_and_the_province_are_never_given_the_city_scope(facts):
    for row in facts:
        if re.search("商水|沈丘|淮阳|北京|雷|我每次|小张|全省平均|各县", row["note"]):
            assert row["scope"].startswith(("county:", "place:", "province")), name(row)
    zhoukou = [row for row in facts if row["city"] == "zhoukou"]
    own = [row for row in zhoukou if not row["scope"].startswith(("county:", "place:"))]
    assert sorted(row["value"] for row in own) == ["219", "823"]


def test_personal_bills_and_the_worked_case_are_examples(facts):
    personal = [row for row in facts if row["scope"] == "county:商水县/patient" or row["scope"].startswith("place:")]
    assert len(personal) == 21
    assert [row for row in facts if row["status"] == "example"] == personal


def test_qingdao_holds_nothing_sound(facts):
    rows = [row for row in facts if row["city"] == "qingdao"]
    assert {row["qualifier"] for row in rows} == {"doubtful", "damaged"}
    assert {row["city"] for row in facts if row["qualifier"] in ("doubtful", "damaged")} == {"qingdao"}


def one(facts, city, metric, scope):
    found = [row for row in facts if (row["city"], row["metric"], row["scope"]) == (city, metric, scope)]
    assert len(found) == 1, found
    return found[0]


def test_rows_that_estimates_start_from_can_be_found(facts):
    assert one(facts, "quanzhou", "procurement_saving", "rounds:cumulative")["qualifier"] == "about"
    assert one(facts, "quanzhou", "average_price_cut", "rounds:national_and_provincial")["qualifier"] == "about"
    assert one(facts, "quanzhou", "average_price_cut", "rounds:municipal_4")["qualifier"] == "exact"
    assert one(facts, "qingdao", "average_price_cut", "rounds:cumulative")["qualifier"] == "doubtful"
    assert one(facts, "qingdao", "annual_procurement_saving", "rounds:cumulative")["status"] == "expected"
    assert one(facts, "qingdao", "surplus_payout", "rounds:national/institution:public")["qualifier"] == "damaged"
    assert one(facts, "jiujiang", "surplus_payout", "rounds:1_to_5")["value"] == "108000000"
    for kind in ("municipal", "hospital"):
        assert one(facts, "jiujiang", "average_price_cut", f"rounds:{kind}_alliance_2024")["status"] == "proposed"


def value(facts, city, metric, scope):
    return Decimal(one(facts, city, metric, scope)["value"])


def test_quanzhous_insured_persons_add_up(facts):
    groups = [value(facts, "quanzhou", "insured_persons", f"city:{group}") for group in ("employee", "resident")]
    assert sum(groups) == value(facts, "quanzhou", "insured_persons", "city") == 7_255_000


@pytest.mark.parametrize(("group", "year_before"), [("city:employee", "85.85"), ("city:resident", "63.15")])
def test_quanzhous_ratios_less_their_rises_give_2022(facts, group, year_before):
    policy = value(facts, "quanzhou", "inpatient_policy_reimbursement_ratio", group)
    rise = value(facts, "quanzhou", "inpatient_policy_reimbursement_ratio_increase", group)
    assert policy - rise == Decimal(year_before)
    assert value(facts, "quanzhou", "inpatient_actual_reimbursement_ratio", group) < policy


def test_quanzhous_implant_cut_lies_between_the_cuts_to_both_ends_of_the_range(facts):
    before = value(facts, "quanzhou", "dental_implant_cost_before", "institution:public")
    ends = [Decimal(row["value"]) for row in facts if row["metric"] == "dental_implant_cost"]
    smallest, largest = sorted(100 * (1 - end / before) for end in ends)
    assert smallest < value(facts, "quanzhou", "dental_implant_cost_cut", "institution:public") < largest


def test_jiujiangs_added_diseases_are_those_of_both_classes(facts):
    total, first, second = (
        value(facts, "jiujiang", "outpatient_special_diseases_added", f"city{part}")
        for part in ("", "/disease_class:1", "/disease_class:2")
    )
    assert total == first + second


def test_nantongs_visits_on_site_are_part_of_its_inspections(facts):
    on_site = value(facts, "nantong", "institutions_inspected_on_site", "city")
    assert 0 < on_site < value(facts, "nantong", "institutions_inspected", "city")


def test_the_worked_case_of_beijing_adds_up(facts):
    def case(metric):
        return value(facts, "zhoukou", metric, "place:北京市/worked_case")

    fund, patient = case("admission_fund_payment"), case("admission_patient_payment")
    inside, ratio = case("admission_catalogue_cost"), case("inpatient_reimbursement_ratio")
    assert case("admission_total_cost") == inside + case("admission_out_of_catalogue_cost") == fund + patient
    assert fund == (inside - case("inpatient_deductible")) * ratio / 100
    assert ratio + case("inpatient_patient_ratio") == 100
