"""The second depth: from each round's cut and hospitals' amounts by round (`batch_usage`).

With A the spending on a round's varieties before it, a the agreed share and d the weighted cut:
official saving = a·A·d; surplus base = a·A·d·r·s; payout = k times that. With A1 the spending after, all on winners:
saving on that volume = A1·d/(1−d). Source: rules.md §2, 医保发〔2020〕26号 under its consequence N = (Q0−Q)·P0.
The two kinds answer different questions and are never added up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import reduce

import numpy as np
import pandas as pd

from vbp.errors import InputError, Problem
from vbp.estimate.draws import DRAWS, SEED, Floats, Predictive, interval, significant
from vbp.estimate.model import Unknown, figure, known
from vbp.estimate.priors import Prior
from vbp.estimate.result import Estimate, EstimateSet, Mark, NotEstimated
from vbp.estimate.rounds import ratio_unknown
from vbp.funds import COMMON, Terms, factors
from vbp.words import baseline_label

BASES = ("before", "after")
SETTLED = ("surplus_base", "payout")
"""Quantities from which a profile may take out what a payment reform already leaves to the hospital."""
_FORMULAS = {
    "official_saving": "a·A·d_w",
    "fund_saving": "a·A·d_w·r·s",
    "patient_saving": "a·A·d_w·(1−r·s)",
    "surplus_base": "a·A·d_w·r·s",
    "payout": "k·a·A·d_w·r·s",
    "realised_saving": "A1·d_w/(1−d_w)",
    "realised_fund_saving": "A1·d_w/(1−d_w)·r·s",
    "realised_patient_saving": "A1·d_w/(1−d_w)·(1−r·s)",
}
QUANTITIES = {
    "before": ("official_saving", "fund_saving", "patient_saving", "surplus_base", "payout"),
    "after": ("realised_saving", "realised_fund_saving", "realised_patient_saving"),
}


@dataclass(frozen=True)
class RoundCut:
    """A round's published cut: `cut` 0–1, `kind` simple, weighted or unknown, where it comes from."""

    batch_id: str
    name_zh: str
    name_en: str
    cut: Decimal
    kind: str
    baseline: str
    agreed_share: Decimal | None = None


def estimate_from_amounts(
    place: str,
    usage: pd.DataFrame,
    rounds: Mapping[str, RoundCut],
    ratio: Predictive,
    priors: Mapping[str, Prior],
    fund: pd.DataFrame | None = None,
    *,
    terms: Terms = COMMON,
    synthetic: bool = False,
    seed: int = SEED,
    draws: int = DRAWS,
) -> EstimateSet:
    """Estimate saving, fund and patient share, surplus base and payout by hospital and for the city.

    Parameters
    ----------
    usage
        `batch_usage`: hospital_id, batch_id, amount_yuan, amount_basis (before, after), one row or more a pair.
    rounds
        The cut of every batch_id in `usage`.
    ratio
        Predictive distribution of log(d_w / d), used for rounds whose cut is a simple mean.
    priors
        `agreed_share`, `fund_ratio`, `insured_share`, `retention_ratio`: bounds for what no table gives.
    fund
        The `fund` table, or None: then r·s is drawn between the priors' bounds. Rows for one generic or agreement year do
        not hold for amounts by round.
    terms
        What the rule profile says of `fund`: which rows count, whether `excluded_share` is taken out.

    Raises
    ------
    InputError
        Where a cut leaves nothing to estimate from: a mean of zero or below, or a weighted cut of all of the price.
    """
    _refuse(rounds)
    unknowns = _unknowns(rounds, ratio, priors, seed, draws)
    mark: Mark = "synthetic" if synthetic else "estimated"
    estimates: list[Estimate] = []
    absent: list[NotEstimated] = []
    for basis in BASES:
        rows = usage[usage["amount_basis"] == basis]
        if rows.empty:
            absent.append(NotEstimated(QUANTITIES[basis][0], f"no_amounts_{basis}"))
            continue
        weights = _Weights.of(rows, fund, terms)
        for quantity in QUANTITIES[basis]:
            estimates += _figures(quantity, weights, unknowns, mark, basis)
    used = {name for row in estimates for name in row.uses}
    assumptions = tuple(u.assumption for u in unknowns.values() if u.name in used)
    return EstimateSet(place, "amounts", synthetic, tuple(estimates), tuple(absent), assumptions, seed, draws)


def _refuse(rounds: Mapping[str, RoundCut]) -> None:
    """Refuse cuts whose formula has no value: log(d_w / d) of a mean d ≤ 0, and d/(1 − d) of a weighted d = 1."""
    wrong = [row for row in rounds.values() if (row.cut >= 1 if row.kind == "weighted" else row.cut <= 0)]
    if wrong:
        raise InputError(
            Problem(
                f"round {row.batch_id}: nothing follows from an average cut of {row.cut * 100:f} %; give the cut weighted by "
                "spending (cut_kind weighted, below 100), or leave the round out of batch_usage",
                "cut_range",
                table="batches",
                column="average_cut_percent",
                value=f"{row.cut * 100:f}",
            )
            for row in wrong
        )


@dataclass(frozen=True)
class _Weights:
    """Amounts by hospital and round, the known r·s (None where no `fund` table says it) and r·s·(1 − x) as it is settled."""

    hospitals: tuple[str, ...]
    batches: tuple[str, ...]
    amount: Floats
    share: Floats | None
    settled: Floats | None

    @classmethod
    def of(cls, rows: pd.DataFrame, fund: pd.DataFrame | None, terms: Terms) -> _Weights:
        """Sum the amounts exactly (Decimal), then lay them out hospital × round."""
        totals: dict[tuple[str, str], Decimal] = {}
        for hospital, batch, amount in zip(rows["hospital_id"], rows["batch_id"], rows["amount_yuan"], strict=True):
            totals[hospital, batch] = totals.get((hospital, batch), Decimal(0)) + Decimal(str(amount))
        hospitals, batches = (tuple(sorted({key[i] for key in totals})) for i in (0, 1))
        amount = np.array([[float(totals.get((h, b), 0)) for b in batches] for h in hospitals])
        if fund is None or fund.empty:
            return cls(hospitals, batches, amount, None, None)
        # a hospital without an amount in a round needs no row of `fund` for it
        pairs = pd.DataFrame(list(totals), columns=["hospital_id", "batch_id"], dtype=object)
        shares = []
        for taken in (replace(terms, exclusion=False), terms):
            found = dict(zip(totals, factors(pairs, fund, taken), strict=True))
            shares.append(np.array([[float(found.get((h, b)) or 0) for b in batches] for h in hospitals]))
        return cls(hospitals, batches, amount, *shares)

    def known_share(self, quantity: str) -> Floats | None:
        """Return the known multiplier r·s, r·s·(1 − x) or 1 − r·s of a quantity; None where it is 1 or drawn."""
        if self.share is None or quantity in ("official_saving", "realised_saving"):
            return None
        if quantity in SETTLED:
            return self.settled
        return 1 - self.share if quantity.endswith("patient_saving") else self.share

    def formula(self, quantity: str) -> str:
        """Return a quantity's formula, with x where it is taken out of any amount."""
        own = (
            quantity in SETTLED
            and self.share is not None
            and self.settled is not None
            and not np.array_equal(self.share, self.settled)
        )
        return _FORMULAS[quantity] + ("·(1−x)" if own else "")


def _unknowns(
    rounds: Mapping[str, RoundCut], ratio: Predictive, priors: Mapping[str, Prior], seed: int, draws: int
) -> dict[str, Unknown]:
    """Return every unknown by name: each round's cut, mean-to-weighted ratio and agreed share, then r, s and k."""
    found: list[Unknown] = []
    for batch, row in sorted(rounds.items()):
        found.append(
            known(
                f"cut:{batch}",
                row.cut,
                (
                    f"{row.name_zh}平均降幅；基准：{baseline_label(row.baseline, 'zh')}",
                    f"average cut of {row.name_en}; baseline: {baseline_label(row.baseline, 'en')}",
                ),
            )
        )
        if row.kind != "weighted":
            found.append(ratio_unknown(f"cut_ratio:{batch}", float(row.cut), ratio, seed, draws))
        if row.agreed_share is None:
            found.append(priors["agreed_share"].unknown(f"agreed_share:{batch}", seed, draws))
        else:
            found.append(known(f"agreed_share:{batch}", row.agreed_share, ("用户数据", "the user's table"), "ledger"))
    found += [priors[name].unknown(name, seed, draws) for name in ("fund_ratio", "insured_share", "retention_ratio")]
    return {unknown.name: unknown for unknown in found}


def _figures(
    quantity: str, weights: _Weights, unknowns: Mapping[str, Unknown], mark: Mark, basis: str
) -> list[Estimate]:
    """Return one quantity for the city (with ranking) and for every hospital."""
    names = _names(quantity, weights, unknowns)
    slots = {f"u{i}": unknowns[name] for i, name in enumerate(names)}
    place = {name: f"u{i}" for i, name in enumerate(names)}

    known_share = weights.known_share(quantity)
    each = weights.amount if known_share is None else weights.amount * known_share  # hospital × round

    def value(columns: Floats, **drawn: Floats) -> Floats:
        factors = [
            _factor(quantity, batch, {name: drawn[slot] for name, slot in place.items()}) for batch in weights.batches
        ]
        parts = [np.multiply.outer(columns[:, i], np.atleast_1d(factor)) for i, factor in enumerate(factors)]
        return np.asarray(reduce(np.add, parts))

    city = figure(
        quantity,
        "city",
        weights.formula(quantity),
        lambda **drawn: value(each.sum(axis=0, keepdims=True), **drawn).squeeze(),
        slots,
        mark=mark,
        basis=basis,
    )
    assert city is not None, "amounts and priors are bounded on both sides"
    table = value(each, **{slot: unknown.draws for slot, unknown in slots.items()})
    rows = [city]
    for hospital, draws in zip(weights.hospitals, table, strict=True):
        point, low, high = (significant(end) for end in interval(draws))
        rows.append(
            Estimate(quantity, f"hospital:{hospital}", "yuan", mark, point, low, high, city.formula, city.uses, basis)
        )
    return rows


def _names(quantity: str, weights: _Weights, unknowns: Mapping[str, Unknown]) -> list[str]:
    """Return the names of the unknowns that enter a quantity."""
    names = [
        f"{part}:{batch}" for batch in weights.batches for part in ("cut", "cut_ratio") if f"{part}:{batch}" in unknowns
    ]
    if not quantity.startswith("realised"):
        names += [f"agreed_share:{batch}" for batch in weights.batches]
    if weights.share is None and quantity not in ("official_saving", "realised_saving"):
        names += ["fund_ratio", "insured_share"]
    return names + (["retention_ratio"] if quantity == "payout" else [])


def _factor(quantity: str, batch: str, drawn: Mapping[str, Floats]) -> Floats:
    """Return what one yuan of a round's amount becomes, without the hospital's own r·s."""
    cut = drawn[f"cut:{batch}"] * drawn.get(f"cut_ratio:{batch}", np.asarray(1.0))
    saving = cut / (1 - cut) if quantity.startswith("realised") else drawn[f"agreed_share:{batch}"] * cut
    share = drawn["fund_ratio"] * drawn["insured_share"] if "fund_ratio" in drawn else None
    if share is not None:
        saving = saving * (1 - share if quantity.endswith("patient_saving") else share)
    return np.asarray(saving * drawn["retention_ratio"] if quantity == "payout" else saving)
