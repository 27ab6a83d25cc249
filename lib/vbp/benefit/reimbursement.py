"""Three layers of reimbursement (三重保障) for one case: basic insurance, serious illness, medical aid, line by line.

basic fund = bands of (A + (1 − c)·B − deductible), to the cap; serious illness on what is left of the in-scope cost
above its own deductible; medical aid on what is left then. A parameter that no publication gives is unknown, and so is
every amount that needs it: named, never invented.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from vbp.benefit.profile import Band, Layer, Scheme
from vbp.errors import InputError, Problem
from vbp.exact import DEEP, half_up
from vbp.words import money, say
from vbp.words.said import Said


@dataclass(frozen=True)
class Case:
    """One admission or year: yuan in total, of class A (甲类), of class B (乙类) with its own share (先行自付)."""

    total_yuan: Decimal
    class_a_yuan: Decimal
    class_b_yuan: Decimal = Decimal(0)
    class_b_own_share: Decimal = Decimal(0)
    aided: bool = False

    def __post_init__(self) -> None:
        """Refuse a case that cannot be: parts above the total, shares outside 0 to 1, negative amounts."""
        problems = []
        if min(self.total_yuan, self.class_a_yuan, self.class_b_yuan) < 0:
            problems.append(Problem("amounts may not be negative", rule="not_negative"))
        if self.class_a_yuan + self.class_b_yuan > self.total_yuan:
            problems.append(
                Problem("class A and class B together exceed the total", rule="parts", value=str(self.total_yuan))
            )
        if not 0 <= self.class_b_own_share <= 1:
            problems.append(
                Problem(
                    "the own share of class B lies between 0 and 1", rule="share", value=str(self.class_b_own_share)
                )
            )
        if problems:
            raise InputError(problems)

    @property
    def scope_yuan(self) -> Decimal:
        """Return the cost that reimbursement starts from: A + (1 − c)·B."""
        return DEEP.add(self.class_a_yuan, DEEP.multiply(1 - self.class_b_own_share, self.class_b_yuan))


@dataclass(frozen=True)
class Reimbursement:
    """What each layer pays, to the fen; None where a needed rule is unknown, and `unknown` names the rules."""

    case: Case
    basic_yuan: Decimal | None
    serious_yuan: Decimal | None
    aid_yuan: Decimal | None
    unknown: tuple[str, ...]

    @property
    def fund_yuan(self) -> Decimal | None:
        """Return what all layers pay together."""
        layers = (self.basic_yuan, self.serious_yuan, self.aid_yuan)
        return None if None in layers else sum((layer for layer in layers if layer is not None), Decimal(0))

    @property
    def patient_yuan(self) -> Decimal | None:
        """Return what stays with the patient."""
        return None if self.fund_yuan is None else self.case.total_yuan - self.fund_yuan

    @property
    def table(self) -> pd.DataFrame:
        """Return the layers and the patient's part, one line each."""
        case = self.case
        own = half_up(case.class_b_yuan * case.class_b_own_share)
        rows = [
            ("total", case.total_yuan),
            ("out_of_catalogue", case.total_yuan - case.class_a_yuan - case.class_b_yuan),
            ("own_share_first", own),
            # the rest, so that the lines add up to the total also where both end in half a fen
            ("in_scope", half_up(case.class_a_yuan + case.class_b_yuan - own)),
            ("basic", self.basic_yuan),
            ("serious_illness", self.serious_yuan),
            ("medical_aid", self.aid_yuan),
            ("patient", self.patient_yuan),
        ]
        return pd.DataFrame(rows, columns=["line", "amount_yuan"])

    @property
    def assumptions(self) -> tuple[Said, ...]:
        """Return what the amounts rest on, the unknown rules first."""
        missing = [Said("benefit.unknown", {"rules": ", ".join(self.unknown)})] if self.unknown else []
        return (*missing, Said("benefit.assume_layers"))

    def text(self, lang: str) -> str:
        """Return the result in one sentence."""
        if self.patient_yuan is None:
            return say("benefit.unknown", lang, rules=", ".join(self.unknown))
        return say(
            "benefit.case",
            lang,
            total=money(self.case.total_yuan, lang),
            fund=money(self.fund_yuan, lang),
            patient=money(self.patient_yuan, lang),
        )


class _UnknownRule(Exception):
    """A needed parameter is unknown; the argument is its name."""


def reimburse(scheme: Scheme, case: Case) -> Reimbursement:
    """Return what each layer pays for `case` under `scheme`.

    The serious-illness layer covers the in-scope cost that the basic layer left, above its own deductible (for aided
    people the aided layer where one is published); medical aid covers what is left then, for aided people only.
    """
    unknown: list[str] = []
    basic = _pay(scheme.basic, case.scope_yuan, "basic", unknown)
    left = None if basic is None else case.scope_yuan - basic
    layer = scheme.serious_aided if case.aided and scheme.serious_aided else scheme.serious
    serious = Decimal(0) if layer is None else _pay(layer, left, "serious", unknown)
    left = None if left is None or serious is None else left - serious
    aided = scheme.aid if case.aided else None
    aid = Decimal(0) if aided is None else _pay(aided, left, "aid", unknown)
    return Reimbursement(case, basic, serious, aid, tuple(dict.fromkeys(unknown)))


def _pay(layer: Layer, cost: Decimal | None, name: str, unknown: list[str]) -> Decimal | None:
    """Return what a layer pays on `cost`, half up to the fen; None, and the rule noted, where it cannot be known."""
    if cost is None:
        return None
    if cost == 0:
        return Decimal(0)
    try:
        paid = _banded(layer, cost)
    except _UnknownRule as missing:
        unknown.append(f"{name}.{missing}")
        return None
    if layer.cap == "unknown" or layer.cap is None:
        # an unpublished cap is an assumption that the case stays below it, never a number
        return half_up(paid)
    return half_up(min(paid, layer.cap))


def _banded(layer: Layer, cost: Decimal) -> Decimal:
    if layer.deductible == "unknown":
        raise _UnknownRule("deductible")
    start = layer.deductible
    paid, below = Decimal(0), start
    for number, band in enumerate(layer.bands):
        if cost <= below:
            break
        if band.to == "unknown" or (band.to_paid is not None and band.ratio == "unknown"):
            raise _UnknownRule(f"bands[{number}].to")
        end = _end(band, start if layer.bands_from == "deductible" else Decimal(0), below, paid)
        part = max((cost if end is None else min(cost, end)) - below, Decimal(0))
        if part and band.ratio == "unknown":
            raise _UnknownRule(f"bands[{number}].ratio")
        paid += part * band.ratio if part and band.ratio != "unknown" else Decimal(0)
        below = cost if end is None else max(end, below)
    if cost > below:
        raise _UnknownRule(f"bands[{len(layer.bands)}]")
    return paid


def _end(band: Band, start: Decimal, below: Decimal, paid: Decimal) -> Decimal | None:
    """Return the cost at which a band ends, None for no end; `start` is what its limits are counted from."""
    if band.to_paid is not None and isinstance(band.ratio, Decimal):
        return None if band.ratio == 0 else below + DEEP.divide(band.to_paid - paid, band.ratio)
    return band.to + start if isinstance(band.to, Decimal) else None
