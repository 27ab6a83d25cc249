"""Savings: worked by hand, a second implementation in plain loops on random ledgers, and the laws."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from decimal import Decimal
from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.savings.random_city import (
    BATCHES,
    HOSPITALS,
    PRODUCTS,
    VARIETIES,
    City,
    cities,
    judged,
    month,
    p1_e10,
    panels_of,
    products_frame,
)
from vbp.errors import UsageError
from vbp.savings import KINDS, savings, spending_change
from vbp.savings.result import OF_AGREEMENTS
from vbp.savings.savings import _within

QUICK = (Phase.explicit, Phase.generate)
"""A run takes a tenth of a second: shrinking a failure would take minutes."""
BUSY = (HealthCheck.too_slow,)
"""Drawing a city takes long on a busy machine; that is no fault of the test."""
FAR = pd.Timestamp("2030-01-01")


def boring(city: City) -> dict[str, dict[tuple[str, ...], Fraction]]:
    """Every kind by (cut, key), from the purchases themselves, in yuan, exact, in plain loops."""
    found: dict[str, dict] = {kind: defaultdict(Fraction) for kind in KINDS}

    def add(kind, amount, hospital, generic, year):
        for key in (
            ("hospital", hospital),
            ("generic", generic),
            ("batch", VARIETIES[generic]),
            ("year", year),
            ("all",),
        ):
            found[kind][key] += amount

    nonselected = defaultdict(lambda: [Fraction(0), Fraction(0)])
    for row in city.purchases:
        hospital, at, product, packs, fen = row
        generic, size = PRODUCTS[product]
        status, _, period = judged(row)
        if status == "selected" and city.p0_e10[generic] is not None:
            units, paid = Fraction(packs * size), Fraction(fen, 100)
            saved = units * Fraction(city.p0_e10[generic], 10**10) - paid
            over = paid - units * Fraction(p1_e10(city, generic), 10**10)
            add("realised", saved, hospital, generic, str(period))
            add("excess", over, hospital, generic, str(period))
            found["realised"]["month", month(at)] += saved
            found["excess"]["month", month(at)] += over
        if status == "nonselected" and city.p0_e10[generic] is not None:
            sums = nonselected[hospital, generic, period]
            sums[0] += packs * size
            sums[1] += Fraction(fen, 100)
    for (hospital, generic, year), (units, paid) in nonselected.items():
        could = max(paid - units * Fraction(p1_e10(city, generic), 10**10), Fraction(0))
        base, agreed = city.agreements.get((hospital, generic, year), (None, None))
        lawful = could if base is None else could * min(Fraction(base - agreed, 1000) / units, 1)
        add("potential", could, hospital, generic, str(year))
        add("potential_lawful", lawful, hospital, generic, str(year))
    for (hospital, generic, year), (_, agreed) in city.agreements.items():
        if city.p0_e10[generic] is not None:
            saved = Fraction(agreed, 1000) * Fraction(city.p0_e10[generic] - p1_e10(city, generic), 10**10)
            add("official", saved, hospital, generic, str(year))
            for number in range(12):
                found["official"]["month", month(BATCHES[VARIETIES[generic]][0] + 12 * (year - 1) + number)] += (
                    saved / 12
                )
    return found


NAMES = {
    "hospital": "hospital_id",
    "generic": "generic",
    "batch": "batch_id",
    "year": "agreement_year",
    "month": "month",
}


@settings(max_examples=12, deadline=None, phases=QUICK, suppress_health_check=BUSY)
@given(cities)
def test_agrees_with_plain_loops_on_random_ledgers(city):
    fast, slow = savings(panels_of(city), products_frame(), FAR), boring(city)
    assert all(fast.checks.values()) and set(fast.totals) == set(KINDS)
    # what rests on agreements, on a price before, or on spending to compare is a gap without these
    known = {"alternatives"} if len(fast.alternatives) else set()
    if any(price is not None for price in city.p0_e10.values()):
        known |= {kind for kind in KINDS if city.agreements or kind not in OF_AGREEMENTS} - {"alternatives"}
    assert set(fast.kinds) == known
    for kind in set(fast.kinds) - {"potential_beyond", "alternatives"}:
        total = slow[kind]["all",]
        tolerance = Fraction(1, 10**5) if kind == "potential_lawful" else 0
        assert abs(Fraction(fast.totals[kind]) - total) <= Fraction(1, 200) + tolerance, kind
        for cut, name in NAMES.items():
            if cut == "month" and kind.startswith("potential"):
                continue
            table = fast.by(cut).set_index(name)[f"{kind}_yuan"]
            for key, amount in ((key[1], amount) for key, amount in slow[kind].items() if key[0] == cut):
                # the largest remainder moves no row by a whole fen
                assert abs(Fraction(table.get(key, Decimal(0))) - amount) < Fraction(1, 100) + tolerance, (
                    kind,
                    cut,
                    key,
                )
    if "potential_beyond" in known:
        assert fast.totals["potential"] - fast.totals["potential_lawful"] == fast.totals["potential_beyond"]


@settings(max_examples=12, deadline=None, phases=QUICK, suppress_health_check=BUSY)
@given(cities)
def test_every_cut_has_the_same_total_to_the_fen(city):
    result = savings(panels_of(city), products_frame(), FAR)
    assert result.checks == dict.fromkeys(("generic", "hospital", "batch", "month", "year"), True)
    for kind in result.kinds:
        sums = {cut: sum(result.by(cut)[f"{kind}_yuan"].dropna(), Decimal(0)) for cut in result.cuts}
        assert set(sums.values()) == {result.totals[kind]}, kind
    for cut in result.cuts:
        rows = result.by(cut)[["potential_yuan", "potential_lawful_yuan", "potential_beyond_yuan"]].dropna()
        assert all(a == b + c and c >= 0 for a, b, c in rows.itertuples(index=False)), cut


@settings(max_examples=5, deadline=None, phases=QUICK, suppress_health_check=BUSY)
@given(cities, st.randoms(), st.integers(2, 50))
def test_order_splitting_and_pack_size_change_nothing(city, random, pack):
    whole = savings(panels_of(city), products_frame(), FAR)
    rows = [(h, t, p, n, a) for h, t, p, n, a in city.purchases for _ in (0, 1)]
    doubled = [(h, t, p, 2 * n, 2 * a) for h, t, p, n, a in city.purchases]
    random.shuffle(rows)
    one, two = (
        savings(panels_of(dataclasses.replace(city, purchases=tuple(r))), products_frame(), FAR)
        for r in (rows, doubled)
    )
    assert one.totals == two.totals
    for cut in one.cuts:
        pd.testing.assert_frame_equal(one.by(cut), two.by(cut))
    again = savings(panels_of(dataclasses.replace(city, purchases=city.purchases[::-1])), products_frame(), FAR)
    assert again.totals == whole.totals


def by_hand(**changes) -> City:
    """H1 buys 1,000 packs of the winner (14 units) for 14,000 yuan, 100 packs of the other (7 units) for 3,500 yuan."""
    city = City(
        purchases=(("H1", 13, "w甲", 1000, 1_400_000), ("H1", 14, "n甲", 100, 350_000)),
        agreements={("H1", "甲", 1): (20_000_000, 14_000_000)},
        p0_e10={"甲": 45_000_000_000, "乙": None, "丙": 10**10},
        price_fen={"w甲": 1400, "w乙": 100, "w丙": 100},
    )
    return dataclasses.replace(city, **changes)


def test_each_kind_by_hand():
    totals = savings(panels_of(by_hand()), products_frame()).totals
    # P0 4.50, P1 1.00 a unit; agreed 14,000 units, bought 14,000; non-selected 700 units at 5.00, free 6,000 units
    assert totals["official"] == Decimal("49000.00") == totals["realised"]
    assert totals["potential"] == totals["potential_lawful"] == Decimal("2800.00")
    assert totals["excess"] == totals["potential_beyond"] == 0


def test_use_beyond_the_contract_free_remainder_is_apart():
    totals = savings(
        panels_of(by_hand(agreements={("H1", "甲", 1): (14_350_000, 14_000_000)})), products_frame()
    ).totals
    assert (totals["potential_lawful"], totals["potential_beyond"]) == (Decimal("1400.00"), Decimal("1400.00"))


def test_potential_is_floored_per_hospital_before_adding_up():
    cheaper = ("H2", 14, "n甲", 1000, 70_000)
    totals = savings(panels_of(by_hand(purchases=(*by_hand().purchases, cheaper))), products_frame()).totals
    assert totals["potential"] == Decimal("2800.00")


def test_missing_p0_is_listed_with_its_share_and_never_zero():
    rows = (*by_hand().purchases, ("H2", 14, "w乙", 10, 582_500), ("H3", 14, "n乙", 1, 582_500))
    result = savings(panels_of(by_hand(purchases=rows)), products_frame())
    assert result.left_out[["generic", "reason", "spending_yuan"]].values.tolist() == [
        ["乙", "NO_P0", Decimal("11650.00")]
    ]
    assert result.left_out_share == pytest.approx(11650 / 29150)
    assert result.totals["realised"] == Decimal("49000.00") and "乙" not in set(result.table["generic"])
    assert "40.0%" in result.text("en") and "40.0%" in result.text("zh")


def test_agreement_years_to_come_are_left_to_the_projection():
    city = by_hand(agreements={("H1", "甲", 1): (20_000_000, 14_000_000), ("H1", "甲", 2): (20_000_000, 14_000_000)})
    assert savings(panels_of(city), products_frame()).totals["official"] == Decimal("49000.00")
    assert savings(panels_of(city), products_frame(), FAR).totals["official"] == Decimal("98000.00")


def test_months_after_the_ledger_have_agreed_volumes_and_nothing_known_about_purchases():
    result = savings(panels_of(by_hand()), products_frame())
    table = result.by("month").set_index("month")
    last = panels_of(by_hand()).product_month["month"].max()
    ahead = table[table.index > last]
    assert len(ahead) and (ahead["official_yuan"] > 0).all()
    assert all(value is None for value in ahead.drop(columns="official_yuan").to_numpy().ravel())
    assert table.loc[last, "potential_yuan"] == Decimal("2800.00")
    assert result.checks["month"]
    assert result.document("month")["rows"][-1]["realised_yuan"] is None


def test_a_part_rounds_to_no_more_than_its_whole_and_keeps_its_total():
    whole, part = ([Decimal(text) for text in row] for row in (("1.01", "2.00", "0.00"), ("1.02", "1.49", "0.00")))
    assert _within(part, whole) == [Decimal("1.01"), Decimal("1.50"), Decimal("0.00")]
    assert _within(whole, whole) == whole


def test_spillover_to_alternatives_is_the_change_against_the_year_before():
    before = tuple(("H1", t, "alt", 1, 10_000) for t in range(12))
    after = tuple((h, t, "alt", 1, 15_000) for t in range(12, 15) for h in ("H1", "H2"))
    result = savings(panels_of(by_hand(purchases=(*before, *after, *by_hand().purchases))), products_frame())
    # three months at 300 against a mean of 100
    assert result.totals["alternatives"] == Decimal("600.00")
    assert result.alternatives[["months_before", "months_after"]].values.tolist() == [[12, 3]]
    shares = result.by("hospital").set_index("hospital_id")["alternatives_yuan"]
    assert shares.to_dict() == {"H1": Decimal("300.00"), "H2": Decimal("300.00")}
    assert result.by("month").set_index("month")["alternatives_yuan"][pd.Timestamp("2022-02-01")] == Decimal("200.00")
    assert result.checks["batch"] and result.checks["generic"]


def test_a_generic_without_a_group_to_compare_has_no_spillover_and_no_zero():
    before = tuple(("H1", t, "alt", 1, 10_000) for t in range(12))
    bought = ("H2", 15, "w丙", 10, 500)
    rows = (*before, ("H1", 13, "alt", 1, 15_000), bought, *by_hand().purchases)
    result = savings(panels_of(by_hand(purchases=rows)), products_frame())
    own = result.by("generic").set_index("generic")["alternatives_yuan"]
    assert own["甲"] is not None and own["丙"] is None


def test_a_variety_without_substitutes_has_a_gap_beside_one_that_has_them():
    before = tuple(("H1", t, "alt", 1, 10_000) for t in range(12))
    after = tuple((h, t, "alt", 1, 15_000) for t in range(12, 15) for h in ("H1", "H2"))
    result = savings(panels_of(by_hand(purchases=(*before, *after, *by_hand().purchases))), products_frame())
    compared = set(result.alternatives["generic"])
    known = result.by("generic").set_index("generic")["alternatives_yuan"].notna()
    assert {name for name, is_known in known.items() if is_known} == compared
    assert all(result.checks.values())


def test_without_groups_spillover_is_not_claimed():
    result = savings(panels_of(by_hand()))
    assert result.totals["alternatives"] is None and result.alternatives.empty, "not known is no zero"
    assert all(value is None for cut in result.cuts.values() for value in cut["alternatives_yuan"])
    assert "不按零计" in result.text("zh") and "not zero" in result.text("en")
    assert any("not known" in said.text("en") for said in result.assumptions)


def test_baselines_stand_beside_the_saving():
    table = savings(panels_of(by_hand()), products_frame()).baselines
    assert table[table["p0_source"] == "ledger"]["realised_yuan"].tolist() == [Decimal("49000.00")]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_words_name_every_kind(lang):
    result = savings(panels_of(by_hand()), products_frame())
    text = result.text(lang)
    assert ("4.9万元" in text) if lang == "zh" else ("49" in text and "yuan" in text)
    assert all(said.text(lang) for said in result.assumptions)


def test_unknown_cut_is_wrong_usage():
    with pytest.raises(UsageError, match="did you mean hospital"):
        savings(panels_of(by_hand()), products_frame()).by("hospitals")


@settings(max_examples=8, deadline=None, phases=QUICK, suppress_health_check=BUSY)
@given(cities)
def test_spending_change_adds_up_and_names_what_it_leaves_out(city):
    every_month = tuple(("H1", at, "w甲", 7, 700 + at) for at in range(14))
    panels = panels_of(dataclasses.replace(city, purchases=city.purchases + every_month))
    result = spending_change(panels, products_frame())
    assert len(result.table)
    for row in result.table.to_dict("records"):
        parts = [row[f"{part}_yuan"] for part in result.additive[row["batch_id"]].parts]
        assert sum(parts) == row["change_yuan"]


def test_spending_change_by_hand():
    before = tuple(("H1", t, p, n, a) for t in range(12) for p, n, a in (("w甲", 10, 63_000), ("n甲", 20, 63_000)))
    after = tuple(("H1", t, p, n, a) for t in range(12, 24) for p, n, a in (("w甲", 20, 28_000),))
    result = spending_change(panels_of(by_hand(purchases=before + after)), products_frame())
    row = result.table.iloc[0]
    assert (row["before"], row["after"]) == ("2021-01…2021-12", "2022-01…2022-12")
    # winner: 140 units a month at 4.50 to 280 at 1.00; the other lost: −630 a month
    assert row["lost_yuan"] == Decimal("-7560.00") and row["base_yuan"] == Decimal("15120.00")
    assert row["price_yuan"] == Decimal(12 * (140 + 280) // 2) * Decimal("-3.50")
    assert row["volume_yuan"] == Decimal(12 * 140) * Decimal("2.75")
    assert row["change_yuan"] == Decimal("3360") - Decimal("15120") and HOSPITALS
    assert result.skipped["batch_id"].tolist() == ["B2"]


def test_windows_are_the_year_before_the_start_whatever_the_length_of_the_run():
    before = tuple(("H1", t, "w甲", 10, 63_000) for t in range(12))
    for months in (3, 12, 18):
        after = tuple(("H1", t, "w甲", 20, 28_000) for t in range(12, 12 + months))
        row = spending_change(panels_of(by_hand(purchases=before + after)), products_frame()).table.iloc[0]
        assert row["months"] == min(months, 12)
        assert row["before"] == ("2021-01…2021-03" if months == 3 else "2021-01…2021-12")
