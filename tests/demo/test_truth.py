"""What was planted can be found again in the tables."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from vbp.demo import Simulation, demand, outcomes, simulate
from vbp.demo.calendar import Calendar
from vbp.demo.hospitals import make_hospitals


def _round(made: Simulation, batch: str) -> dict:
    return next(row for row in made.truth["rounds"] if row["batch_id"] == batch)


def _logs(made: Simulation) -> np.ndarray:
    """Monthly log quantities of each generic over all hospitals, from the ledger's packs (G × T)."""
    units = (made.ledger.packs * made.world.products.units[None, :, None]).sum(axis=0)
    return np.log([units[made.world.products.of(at)].sum(axis=0) for at in range(len(made.world.generics))])


def test_the_planted_level_and_slope_are_in_the_expected_series_exactly(made: Simulation) -> None:
    world = made.world
    base = demand.seasonal(world.calendar)
    expected = outcomes.make_expected(world, made.need)
    checked = 0
    for plan in world.running():
        at = world.calendar.index(plan.start)
        _, after = outcomes.windows(world, plan)
        for generic in np.flatnonzero(world.products.tendered(plan.batch_id)):
            path = outcomes.series(world, expected, int(generic), plan)["log_quantity"] - base
            wanted = plan.log_level + plan.log_slope * (after - at)
            np.testing.assert_allclose(path[after] - path[0], wanted, atol=1e-9)
            np.testing.assert_allclose(path[:at], path[0], atol=1e-9)
            checked += 1
    assert checked >= 20


def test_the_steps_of_the_mean_price_and_spending_are_pure(made: Simulation) -> None:
    expected = outcomes.make_expected(made.world, made.need)
    base = demand.seasonal(made.world.calendar)
    checked = 0
    for plan in made.world.running():
        before, after = outcomes.windows(made.world, plan)
        steps = _round(made, plan.batch_id)["expected"]["interrupted_time_series"]
        for generic in np.flatnonzero(made.world.products.tendered(plan.renewal_of or plan.batch_id)):
            paths = outcomes.series(made.world, expected, int(generic), plan)
            step = steps[made.world.generics[generic].name]
            price, spent = paths["log_mean_price"], paths["log_spending"] - base
            np.testing.assert_allclose(price[after] - price[before[0]], step["log_mean_price"]["level"], atol=1e-9)
            if not plan.renewal_of:
                passed = after - made.world.calendar.index(plan.start)
                wanted = step["log_spending"]["level"] + step["log_spending"]["slope"] * passed
                np.testing.assert_allclose(spent[after] - spent[0], wanted, atol=1e-9)
            checked += 1
    assert checked >= 28


def test_alternatives_show_the_spillover_against_the_controls(made: Simulation) -> None:
    found = _round(made, "DEMO-N1")["expected"]["alternatives"]
    assert len(found) == 2
    for row in found.values():
        assert row["log_quantity"] == pytest.approx(-0.15, abs=1e-9)
        assert row["log_mean_price"] == pytest.approx(0, abs=1e-9)
    assert not _round(made, "DEMO-N2")["expected"]["alternatives"]


def test_difference_in_differences_of_the_ledger_finds_the_planted_mean() -> None:
    misses, error = [], []
    for seed in range(12):
        made = simulate(seed, 12, disturbed=False)
        logs = _logs(made)
        for batch in ("DEMO-N1", "DEMO-P1"):
            plan = next(plan for plan in made.world.rounds if plan.batch_id == batch)
            before, after = outcomes.windows(made.world, plan)
            change = logs[:, after].mean(axis=1) - logs[:, before].mean(axis=1)
            control = [g.role == "control" and g.category == "drug" for g in made.world.generics]
            found = change[made.world.products.tendered(batch)].mean() - change[control].mean()
            misses.append(found - _round(made, batch)["expected"]["difference_in_differences"]["log_quantity"])
            error.append(abs(misses[-1]))
    assert len(misses) == 24
    assert abs(np.mean(misses)) < 0.008 and max(error) < 0.05


def test_shares_before_and_after_are_those_of_the_ledger(larger: Simulation) -> None:
    products, world = larger.world.products, larger.world
    for plan in world.running():
        truth = _round(larger, plan.batch_id)["expected"]
        before, after = outcomes.windows(world, plan)
        won = np.isin(
            np.arange(len(products)),
            [award.product for award in world.awards if award.batch_id == plan.batch_id and award.selected],
        )
        units = larger.ledger.packs.sum(axis=0) * products.units[:, None]
        for months, key in ((before, "shares_before"), (after, "shares_after")):
            found = []
            for generic in np.flatnonzero(products.tendered(plan.renewal_of or plan.batch_id)):
                own = products.of(int(generic))
                monthly = units[own][:, months]
                found.append((monthly[won[own]].sum(axis=0) / monthly.sum(axis=0)).mean())
            assert np.mean(found) == pytest.approx(truth[key]["selected_share"], abs=0.01)


def test_under_and_over_achievers_stand_out(larger: Simulation) -> None:
    shares = _round(larger, "DEMO-N1")["selected_share_by_hospital"]
    who = larger.truth["hospitals"]
    assert len(who["under_achievers"]) >= 3 and len(who["over_achievers"]) >= 3
    assert max(shares[one] for one in who["under_achievers"]) < 0.4
    assert min(shares[one] for one in who["over_achievers"]) > 0.9
    ended = [row for row in larger.truth["savings"] if row["ended"] and row["batch_id"] == "DEMO-N1"]
    assert len(ended) == 2
    assert all(0.5 < row["items_completed"] / row["items"] < 0.95 for row in ended)


def test_alternatives_move_with_their_round(made: Simulation) -> None:
    planted = demand.effects(made.world.calendar, made.world.generics, made.world.running())
    moved = {
        generic.alternative_of: planted[at, -1]
        for at, generic in enumerate(made.world.generics)
        if generic.role == "alternative"
    }
    by_batch = {made.world.generics[at].batch_id: value for at, value in moved.items()}
    assert by_batch == {"DEMO-N1": -0.15, "DEMO-P1": 0.12}
    controls = [at for at, generic in enumerate(made.world.generics) if generic.role == "control"]
    assert len(controls) == 16 and not planted[controls].any()


def test_the_official_saving_is_the_plain_sum(made: Simulation) -> None:
    """M1 has agreements per product and given prices before: (P0 − P1)·Q row by row."""
    rows = made.frame("agreements").query("batch_id == 'DEMO-M1' and agreement_year == 1")
    before = made.frame("varieties").query("batch_id == 'DEMO-M1'").set_index("generic")["pre_price_yuan_per_unit"]
    price = made.frame("awards").query("batch_id == 'DEMO-M1'").set_index("product_id")["selected_price_yuan"]
    plain = sum((before[row.generic] - price[row.product_id]) * row.agreed_quantity_units for row in rows.itertuples())
    said = next(row for row in made.truth["savings"] if (row["batch_id"], row["agreement_year"]) == ("DEMO-M1", 1))
    assert len(rows) > 10 and float(plain) == pytest.approx(said["official_saving_yuan"], abs=0.01)
    assert said["official_saving_yuan"] > 0 and said["items"] == len(rows)


def test_the_price_before_is_amount_over_quantity_of_the_year_before(made: Simulation) -> None:
    said = _round(made, "DEMO-N2")["price_before_yuan_per_unit"]
    usage = made.frame("usage").merge(made.frame("products"), on="product_id")
    usage = usage[(usage["month"] >= "2021-03-01") & (usage["month"] < "2022-03-01")]
    assert len(said) >= 4
    for generic, price in said.items():
        own = usage[usage["generic"] == generic]
        units = (own["quantity_packs"].astype(float) * own["units_per_pack"] * own["spec_factor"].astype(float)).sum()
        assert float(own["amount_yuan"].sum()) / units == pytest.approx(float(price), abs=5.1e-5)


def test_the_weighted_cut_is_near_the_published_mean(larger: Simulation) -> None:
    rounds = [row for row in larger.truth["rounds"] if not row["renewal_of"]]
    ratios = [row["weighted_cut_percent"] / row["average_cut_percent"] for row in rounds]
    assert len(ratios) == 6
    assert min(ratios) > 0.8 and max(ratios) < 1.15


def test_gaps_returns_and_stockpiling_are_where_truth_says(made: Simulation) -> None:
    notes = made.truth["disturbances"]
    usage = made.frame("usage")
    months = usage["month"].dt.strftime("%Y-%m")
    assert len(notes["gaps"]) == 2 and len(notes["returns"]) >= 3
    for gap in notes["gaps"]:
        assert not ((usage["hospital_id"] == gap["hospital_id"]) & months.isin(gap["months"])).any()
    negative = usage[usage["quantity_packs"] < 0]
    assert (negative["amount_yuan"] < 0).all()
    assert set(zip(negative["hospital_id"], negative["product_id"], strict=True)) == {
        (row["hospital_id"], row["product_id"]) for row in notes["returns"]
    }


def test_stockpiling_stands_before_the_announced_round_and_fills_the_shelves(made: Simulation) -> None:
    note = made.truth["disturbances"]["stockpiling"][0]
    at = next(at for at, generic in enumerate(made.world.generics) if generic.name == note["generic"])
    assert made.world.generics[at].batch_id == note["batch_id"] == "DEMO-N3"
    assert note["months"] == ["2024-11", "2024-12"] and len(note["hospital_ids"]) == 5
    own = made.world.products.of(at)
    bought = (made.ledger.packs[:, own] * made.world.products.units[own][None, :, None]).sum(axis=(0, 1))
    assert bought[-2:].mean() > 2.5 * bought[-12:-2].mean()
    stock = made.frame("stock").astype({"out_units": float, "closing_units": float})
    kept = stock[stock["product_id"].isin([made.world.products.ids[p] for p in own])].groupby("month")
    closing, out = kept["closing_units"].sum(), kept["out_units"].sum()
    assert closing.iloc[-1] > 3 * out.iloc[-6:].mean() > 3 * closing.iloc[-3]


def test_an_undisturbed_simulation_has_none_of_them() -> None:
    made = simulate(4, 12, disturbed=False)
    assert made.ledger.disturbances == {}
    assert (made.ledger.packs >= 0).all() and made.ledger.seen.all()


def test_scores_span_the_bands_and_one_is_missing(larger: Simulation) -> None:
    scores = larger.frame("assessments")["score"].astype(float)
    for low, high in ((0, 60), (60, 70), (70, 80), (80, 100.1)):
        assert ((scores >= low) & (scores < high)).any()
    missing = larger.truth["assessment_missing"]
    frame = larger.frame("assessments")
    signed = larger.frame("agreements")
    for table, rows in ((frame, 0), (signed, 1)):
        hit = (
            (table["batch_id"] == missing["batch_id"])
            & (table["hospital_id"] == missing["hospital_id"])
            & (table["agreement_year"] == missing["agreement_year"])
        )
        assert min(hit.sum(), 1) == rows


def test_the_county_group_signs_through_its_lead(made: Simulation) -> None:
    frame = made.frame("hospitals")
    group = frame.dropna(subset="county_group")
    assert group["group_lead"].sum() == 1 and len(group) >= 3
    assert group["name"].str.contains("村卫生室").any()
    signed = set(made.frame("agreements")["hospital_id"])
    assert set(group.loc[group["group_lead"], "hospital_id"]) <= signed
    assert not set(group.loc[~group["group_lead"], "hospital_id"]) & signed


def test_the_rounds_are_what_the_issue_asks_for(made: Simulation) -> None:
    rounds = made.truth["rounds"]
    inside = [row for row in rounds if not row["announced"]]
    assert len([row for row in inside if not row["renewal_of"]]) >= 4 and any(row["renewal_of"] for row in inside)
    assert [row["start_date"] for row in rounds if not row["start_date"].endswith("-01")] == ["2022-03-16"]
    assert {row["level"] for row in rounds} >= {"national", "provincial", "municipal", "hospital_alliance"}
    roles = set(made.frame("awards")["supply_role"])
    assert roles == {"main", "backup1", "backup2", "elsewhere"}
    factors = made.frame("products")["spec_factor"].astype(float)
    assert {0.5, 1.0, 2.0} == set(factors)


def test_spring_festival_days_follow_the_lunar_calendar() -> None:
    calendar = Calendar(60)
    # New Year's Day: 2020-01-25, 2021-02-12, 2022-02-01, 2023-01-22, 2024-02-10; the eve counts
    days = {str(calendar.starts[at])[:7]: int(value) for at, value in enumerate(calendar.festival) if value}
    assert days == {"2020-01": 7, "2021-02": 7, "2022-01": 1, "2022-02": 6, "2023-01": 7, "2024-02": 7}


def test_a_month_belongs_to_the_year_that_has_most_of_its_days() -> None:
    calendar = Calendar(60)
    first = calendar.starts[26].astype(object)
    assert [calendar.belongs(first + timedelta(days=day)) for day in (0, 15, 16)] == [26, 26, 27]
    april = calendar.starts[27].astype(object)
    assert calendar.belongs(april + timedelta(days=15)) == 27  # 15 of 30 days: the tie goes to the later year


def test_noise_has_the_stated_spread_and_memory() -> None:
    path = demand.autoregression(np.random.default_rng(1), 4000, 40, 0.4, 0.04)
    assert path.std() == pytest.approx(0.04, rel=0.02)
    assert np.corrcoef(path[:, 20], path[:, 21])[0, 1] == pytest.approx(0.4, abs=0.05)


@pytest.mark.parametrize("count", [9, 12, 60, 200])
def test_hospital_names_are_unique_and_invented(count: int) -> None:
    hospitals = make_hospitals(1, count)
    assert len(set(hospitals.names)) == len(hospitals) == count
    assert all(name.startswith(("示范市", "示范县")) for name in hospitals.names)
