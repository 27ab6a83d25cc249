"""The first depth: what follows from a city's published figures alone.

- A saving V and a cut d of the same varieties → pre-VBP spending V / d_w, with log(d_w / d) from the national rounds
  whose saving, market and cut are published separately (rules.md §2). Without a cut of the same scope, d itself is
  predicted from the national rounds.
- A payout P → a surplus base of at least P / 0.5, and its range under the known bands of the retention ratio.
- A saving and actual reimbursement ratios → what the fund and the patients save.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from vbp.estimate.draws import DRAWS, SEED, tidy
from vbp.estimate.model import Unknown, beyond, figure, known, rounded
from vbp.estimate.priors import Prior
from vbp.estimate.result import Estimate, EstimateSet, NotEstimated
from vbp.estimate.rounds import cut_ratio, national_cut, ratio_unknown
from vbp.facts import Fact, Published
from vbp.words import say
from vbp.words.typeset import fullwidth

SAVINGS = ("procurement_saving", "annual_procurement_saving")
CAP = Decimal("0.50")
ABOVE, BELOW = ("more_than", "range_low"), ("less_than", "range_high")
"""Qualifiers of a figure that gives one side only: what it is more than, what it is less than."""


@dataclass(frozen=True)
class _Study:
    """One city's facts and what an estimate needs beside them."""

    slug: str
    published: Published
    priors: Mapping[str, Prior]
    doubtful: bool
    seed: int
    draws: int
    let_in: list[Fact] = field(default_factory=list)
    """Doubtful figures that an estimate was made with: the reader is told."""

    def find(self, metric: str) -> tuple[Fact, ...]:
        """Return the city's usable figures of a metric, doubtful ones only where they are let in."""
        return self.published.find(self.slug, metric, doubtful=self.doubtful)

    def stated(self, name: str, fact: Fact, divisor: int = 1) -> Unknown:
        """Return a published figure as its publication words it: known exactly, about, or one side only."""
        if fact.value is None:
            raise ValueError(f"{fact.metric} is damaged")
        if fact.qualifier == "doubtful":
            self.let_in.append(fact)
        title = self.published.source[fact.source_id].title
        value, source = (
            fact.value / divisor,
            (f"公布数：{fullwidth(fact.note)}（{title}）", f"published: {fullwidth(fact.note)} ({title})"),
        )
        if fact.qualifier in ABOVE or fact.qualifier in BELOW:
            return beyond(name, value, source, "more_than" if fact.qualifier in ABOVE else "less_than")
        if fact.qualifier == "about":
            zh, en = (text + say("estimate.about", lang) for text, lang in zip(source, ("zh", "en"), strict=True))
            return rounded(name, value, (zh, en), self.seed, self.draws)
        return known(name, value, source)

    def prior(self, name: str, under: str = "") -> Unknown:
        """Return an input that only bounds are known of."""
        return self.priors[name].unknown(under or name, self.seed, self.draws)


def estimate_from_published(
    published: Published,
    slug: str,
    priors: Mapping[str, Prior],
    *,
    doubtful: bool = False,
    seed: int = SEED,
    draws: int = DRAWS,
) -> EstimateSet:
    """Estimate what follows from the published figures of the city `slug`.

    Parameters
    ----------
    priors
        Bounds of what no publication gives (`vbp.estimate.priors.load_priors`).
    doubtful
        Whether doubtful figures may enter; they never do otherwise. Damaged figures never enter.

    Raises
    ------
    InputError
        Where there is no such city.
    """
    study = _Study(slug, published, priors, doubtful, seed, draws)
    unknowns: dict[str, Unknown] = {}
    estimates: list[Estimate] = []
    absent: list[NotEstimated] = []
    for step in (_spending, _split, _base):
        made, missed = step(study, unknowns)
        estimates += made
        absent += missed
    used = {name for row in estimates for name in row.uses}
    assumptions = tuple(unknown.assumption for name, unknown in unknowns.items() if name in used)
    return EstimateSet(
        slug, "published", False, tuple(estimates), tuple(absent), assumptions, seed, draws, bool(study.let_in)
    )


_Step = tuple[list[Estimate], list[NotEstimated]]


def _why_absent(study: _Study, *metrics: str) -> str:
    """Return why none of the metrics can be used: damaged, doubtful, or not published at all."""
    found = {fact.qualifier for fact in study.published.of(study.slug) if fact.metric in metrics and not fact.elsewhere}
    return "doubtful" if "doubtful" in found else "damaged" if "damaged" in found else "not_published"


def _savings(study: _Study) -> list[Fact]:
    return [fact for metric in SAVINGS for fact in study.find(metric)]


def _spending(study: _Study, unknowns: dict[str, Unknown]) -> _Step:
    """Implied pre-VBP spending V / d_w for each published saving."""
    savings = _savings(study)
    if not savings:
        return [], [NotEstimated("implied_spending", f"saving_{_why_absent(study, *SAVINGS)}")]
    rows = []
    for fact in savings:
        saving = study.stated(f"saving:{fact.scope}", fact)
        cut = next((row for row in study.find("average_price_cut") if row.scope == fact.scope), None)
        rows.append(
            _from_own_cut(study, saving, cut, fact, unknowns)
            if cut
            else _from_national_cuts(study, saving, fact, unknowns)
        )
    return _bounded("implied_spending", rows)


def _bounded(quantity: str, rows: Sequence[Estimate | None]) -> _Step:
    """Return the figures that have an end, and that the others have none."""
    made = [row for row in rows if row is not None]
    return made, [NotEstimated(quantity, "bounds_oppose")] * (len(made) < len(rows))


def _keep(unknowns: dict[str, Unknown], *inputs: Unknown) -> None:
    unknowns.update({item.name: item for item in inputs})


def _from_own_cut(
    study: _Study, saving: Unknown, cut: Fact, fact: Fact, unknowns: dict[str, Unknown]
) -> Estimate | None:
    mean = study.stated(f"cut:{fact.scope}", cut, 100)
    ratio = ratio_unknown(f"cut_ratio:{fact.scope}", mean.draws, cut_ratio(study.published), study.seed, study.draws)
    _keep(unknowns, saving, mean, ratio)
    return figure(
        "implied_spending",
        fact.scope,
        "V / d_w, d_w = d · e^x",
        lambda v, d, x: v / (d * x),
        {"v": saving, "d": mean, "x": ratio},
        basis="own_cut",
    )


def _from_national_cuts(study: _Study, saving: Unknown, fact: Fact, unknowns: dict[str, Unknown]) -> Estimate | None:
    """No cut of the same scope is published: predict it from the national rounds, drugs and consumables apart."""
    varieties = {"drug": "procured_drug_varieties", "consumable": "procured_consumable_varieties"}
    present = [
        name for name, metric in varieties.items() if any(row.scope == fact.scope for row in study.find(metric))
    ] or ["drug"]
    cuts, ratios = {}, {}
    for category in present:
        cuts[category] = national_cut(study.published, category, study.seed, study.draws)
        ratios[category] = ratio_unknown(
            f"cut_ratio:{fact.scope}/{category}",
            cuts[category].draws,
            cut_ratio(study.published),
            study.seed,
            study.draws,
        )
    _keep(unknowns, saving, *cuts.values(), *ratios.values())
    if len(present) == 1:
        return figure(
            "implied_spending",
            fact.scope,
            "V / d_w",
            lambda v, d, x: v / (d * x),
            {"v": saving, "d": cuts[present[0]], "x": ratios[present[0]]},
            basis="national_cuts",
        )
    share = study.prior("consumable_saving_share")
    _keep(unknowns, share)
    return figure(
        "implied_spending",
        fact.scope,
        "V·(1−q) / d_w1 + V·q / d_w2",
        lambda v, q, d, x, e, y: v * (1 - q) / (d * x) + v * q / (e * y),
        {
            "v": saving,
            "q": share,
            "d": cuts["drug"],
            "x": ratios["drug"],
            "e": cuts["consumable"],
            "y": ratios["consumable"],
        },
        basis="national_cuts",
    )


def _split(study: _Study, unknowns: dict[str, Unknown]) -> _Step:
    """What the fund and the patients save, by the published actual (inpatient) reimbursement ratios."""
    savings, ratios = _savings(study), {row.scope: row for row in study.find("inpatient_actual_reimbursement_ratio")}
    if not savings:
        return [], [NotEstimated("fund_saving", f"saving_{_why_absent(study, *SAVINGS)}")]
    if not {"city:employee", "city:resident"} <= set(ratios):
        return [], [NotEstimated("fund_saving", f"ratio_{_why_absent(study, 'inpatient_actual_reimbursement_ratio')}")]
    employee, resident = (
        study.stated(f"actual_ratio_{kind}", ratios[f"city:{kind}"], 100) for kind in ("employee", "resident")
    )
    mix = study.prior("insured_mix")
    made: list[Estimate] = []
    absent: list[NotEstimated] = []
    for fact in savings:
        saving = study.stated(f"saving:{fact.scope}", fact)
        inputs = {"v": saving, "w": mix, "r1": employee, "r2": resident}
        _keep(unknowns, *inputs.values())
        parts = {
            "fund_saving": figure(
                "fund_saving",
                fact.scope,
                "V·(w·r1 + (1−w)·r2)",
                lambda v, w, r1, r2: v * (w * r1 + (1 - w) * r2),
                inputs,
                basis="inpatient_ratios",
            ),
            "patient_saving": figure(
                "patient_saving",
                fact.scope,
                "V·(1 − w·r1 − (1−w)·r2)",
                lambda v, w, r1, r2: v * (1 - w * r1 - (1 - w) * r2),
                inputs,
                basis="inpatient_ratios",
            ),
        }
        for quantity, row in parts.items():
            steps = _bounded(quantity, [row])
            made, absent = made + steps[0], absent + steps[1]
        limit = _payout_limit(fact, saving, employee, resident)
        if limit is None:
            absent.append(NotEstimated("payout", "no_upper_bound"))
        else:
            made.append(limit)
    return made, absent


def _payout_limit(fact: Fact, saving: Unknown, *ratios: Unknown) -> Estimate | None:
    """The most that could be retained from a saving on agreed volume: k ≤ 0.5, s ≤ 1, r at most the larger ratio.

    None where the saving or a ratio is published as "more than" only. The formula's V and r are their largest values.
    """
    largest = max(ratios, key=lambda item: Decimal("Infinity") if item.most is None else item.most)
    if saving.most is None or largest.most is None:
        return None
    limit = CAP * saving.most * largest.most
    return Estimate(
        "payout",
        fact.scope,
        "yuan",
        "derived",
        None,
        None,
        tidy(limit),
        "P ≤ 0.5·V·max(r1, r2)",
        (saving.name, largest.name),
        "upper_bound",
    )


def _base(study: _Study, unknowns: dict[str, Unknown]) -> _Step:
    """The surplus base behind a payout: at least P / 0.5, and its range under the known bands."""
    payouts = study.find("surplus_payout")
    if not payouts:
        return [], [NotEstimated("surplus_base", f"payout_{_why_absent(study, 'surplus_payout')}")]
    rows: list[Estimate] = []
    for fact in payouts:
        payout, ratio = study.stated(f"payout:{fact.scope}", fact), study.prior("retention_ratio")
        _keep(unknowns, payout, ratio)
        if payout.least is not None:
            low = tidy(payout.least / CAP)
            rows.append(
                Estimate(
                    "surplus_base",
                    fact.scope,
                    "yuan",
                    "derived",
                    None,
                    low,
                    None,
                    "S ≥ P / 0.5",
                    (payout.name,),
                    "lower_bound",
                )
            )
        inside = figure(
            "surplus_base", fact.scope, "P / k", lambda p, k: p / k, {"p": payout, "k": ratio}, basis="known_bands"
        )
        assert inside is not None, "a payout and a ratio within bounds leave one end closed"
        rows.append(inside)
    return rows, [NotEstimated("implied_saving", "fund_share_unknown")] if not study.find(
        "inpatient_actual_reimbursement_ratio"
    ) else []
