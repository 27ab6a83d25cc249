"""The payment standard (医保支付标准, 医保发〔2019〕18号): the price up to which the fund pays its ratio.

Selected: the selected price. Non-selected at twice the selected price or more (以上 includes twice): its own price less
30 %. Within twice: the selected price. Cheaper: its own price (this last widely used, not in the primary text).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from vbp.errors import InputError, Problem
from vbp.exact import DEEP, half_up


@dataclass(frozen=True)
class StandardRule:
    """The switches of the payment standard; defaults as in 医保发〔2019〕18号."""

    multiple: Decimal = Decimal(2)
    reduction: Decimal = Decimal("0.30")
    cheaper_at_own_price: bool = True


@dataclass(frozen=True)
class Share:
    """Who pays one unit: the standard, the fund's part, the patient's part (yuan per unit, unrounded)."""

    price_yuan: Decimal
    standard_yuan: Decimal
    fund_yuan: Decimal
    patient_yuan: Decimal
    case: str

    def rounded(self, places: int = 2) -> Share:
        """Return the parts to the fen; the patient pays what is left, so that the parts add up to the price."""
        price, fund = half_up(self.price_yuan, places), half_up(self.fund_yuan, places)
        return Share(price, half_up(self.standard_yuan, places), fund, price - fund, self.case)


def payment_standard(
    price_yuan: Decimal, selected_price_yuan: Decimal, rule: StandardRule | None = None
) -> tuple[Decimal, str]:
    """Return the payment standard of a product and the case it falls under.

    Both prices are per unit of one kind. Cases: `selected` (at the selected price), `twice_or_more`, `within_twice`,
    `cheaper`. A price of zero or below is refused.
    """
    rule = rule or StandardRule()
    for name, price in (("price", price_yuan), ("selected price", selected_price_yuan)):
        if price <= 0:
            raise InputError(Problem(f"{name} must be above zero (价格须大于零)", rule="positive", value=str(price)))
    if price_yuan == selected_price_yuan:
        return selected_price_yuan, "selected"
    if price_yuan < selected_price_yuan:
        return (price_yuan if rule.cheaper_at_own_price else selected_price_yuan), "cheaper"
    if price_yuan >= rule.multiple * selected_price_yuan:
        return DEEP.multiply(price_yuan, 1 - rule.reduction), "twice_or_more"
    return selected_price_yuan, "within_twice"


def purchase_share(
    price_yuan: Decimal, selected_price_yuan: Decimal, fund_ratio: Decimal, rule: StandardRule | None = None
) -> Share:
    """Return who pays one unit: patient = max(price − standard, 0) + standard·(1 − ratio), the fund the rest."""
    if not 0 <= fund_ratio <= 1:
        raise InputError(Problem("a fund ratio lies between 0 and 1 (报销比例)", rule="share", value=str(fund_ratio)))
    standard, case = payment_standard(price_yuan, selected_price_yuan, rule)
    # the fund never pays on more than the price itself, whatever the standard
    fund = DEEP.multiply(min(standard, price_yuan), fund_ratio)
    return Share(price_yuan, standard, fund, price_yuan - fund, case)
