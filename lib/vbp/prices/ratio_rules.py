"""Price-ratio rules (药品差比价规则, 发改价格〔2011〕2452号): one price carried over to another strength or pack size.

content ratio K = 1.7^log₂X, X the content over the representative's; pack-count ratio K = 1.95^log₂X. Consistent:
K(X)·K(1/X) = 1 and K(X)·K(Y) = K(XY). Rounded half up, once, at the end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, localcontext

from vbp.errors import InputError, Problem
from vbp.exact import DEEP, half_up

CONTENT_BASE = Decimal("1.7")
PACK_BASE = Decimal("1.95")
_SCALE = {
    "kg": ("mg", "1000000"),
    "g": ("mg", "1000"),
    "mg": ("mg", "1"),
    "ug": ("mg", "0.001"),
    "μg": ("mg", "0.001"),
    "µg": ("mg", "0.001"),
    "mcg": ("mg", "0.001"),
    "iu": ("iu", "1"),
    "u": ("iu", "1"),
    "万iu": ("iu", "10000"),
    "万u": ("iu", "10000"),
    "万单位": ("iu", "10000"),
    "单位": ("iu", "1"),
}


def content_ratio(times: Decimal | int | str) -> Decimal:
    """Return 1.7^log₂(times): the price of `times` the content (含量差比价); 2 gives 1.7."""
    return _ratio(CONTENT_BASE, Decimal(times))


def pack_ratio(times: Decimal | int | str) -> Decimal:
    """Return 1.95^log₂(times): the price of `times` the pieces in a pack (装量差比价); 2 gives 1.95."""
    return _ratio(PACK_BASE, Decimal(times))


def _ratio(base: Decimal, times: Decimal) -> Decimal:
    if not times > 0:
        raise InputError(Problem("a content or pack count must be above zero", rule="positive", value=str(times)))
    with localcontext(DEEP):
        power = times.ln() / Decimal(2).ln()
        whole = power.to_integral_value()
        # a power of two is exact, so that 0.10 × 1.95 is 0.195 and rounds to 0.20, not to 0.19
        return base ** (whole if abs(power - whole) < Decimal("1e-40") else power)


@dataclass(frozen=True)
class Spec:
    """A strength and pack: content per piece (number and unit), pieces per pack, dosage form."""

    content: Decimal | None
    unit: str | None
    pieces: Decimal
    dosage_form: str | None = None

    @classmethod
    def of(cls, strength: str | None, pieces: Decimal | int | str, dosage_form: str | None = None) -> Spec:
        """Return the spec of a strength as catalogues write it (`10mg`, `0.5g`, `100万单位`); unreadable: content None.

        A strength of two parts (80mg/5mg, 5ml:1g) has no single content and stays None.
        """
        found = re.fullmatch(r"\s*([\d.]+)\s*([a-zμµ]+|万?(?:iu|u|单位))\s*", (strength or "").lower())
        known = found and re.fullmatch(r"\d+(\.\d+)?", found[1]) and _SCALE.get(found[2])
        if not found or not known:
            return cls(None, None, Decimal(pieces), dosage_form)
        return cls(Decimal(found[1]) * Decimal(known[1]), known[0], Decimal(pieces), dosage_form)


@dataclass(frozen=True)
class Conversion:
    """A price carried over: `price_yuan` (None with a `reason` where it cannot be), and the `rule` by which."""

    price_yuan: Decimal | None
    factor: Decimal | None
    rule: str
    reason: str | None = None


def convert(price_yuan: Decimal, from_spec: Spec, to_spec: Spec, places: int = 2) -> Conversion:
    """Return the price per pack of `from_spec` carried over to `to_spec`, half up to `places`, with the rule used.

    `rule` is `same`, `content`, `pack`, `content+pack`, or `none` with the `reason`: another dosage form, contents
    in units that do not compare, a content not given.
    """
    if price_yuan <= 0:
        return Conversion(None, None, "none", "price is zero or negative (价格须大于零)")
    if from_spec.pieces <= 0 or to_spec.pieces <= 0:
        return Conversion(None, None, "none", "pack count is zero or negative")
    reason = _reason(from_spec, to_spec)
    if reason:
        return Conversion(None, None, "none", reason)
    contents = (
        Decimal(1)
        if from_spec.content is None or to_spec.content is None
        else DEEP.divide(to_spec.content, from_spec.content)
    )
    packs = DEEP.divide(to_spec.pieces, from_spec.pieces)
    factor = DEEP.multiply(content_ratio(contents), pack_ratio(packs))
    used = [name for name, times in (("content", contents), ("pack", packs)) if times != 1]
    return Conversion(half_up(DEEP.multiply(price_yuan, factor), places), factor, "+".join(used) or "same")


def _reason(one: Spec, other: Spec) -> str | None:
    if one.dosage_form != other.dosage_form:
        return f"dosage forms differ ({one.dosage_form}, {other.dosage_form}); no ratio between forms is given here"
    if (one.content is None) != (other.content is None):
        return "one strength is not known or has several parts"
    if one.content is not None and one.unit != other.unit:
        return f"contents in {one.unit} and {other.unit} do not compare"
    if one.content is not None and other.content is not None and min(one.content, other.content) <= 0:
        return "content is zero"
    return None
