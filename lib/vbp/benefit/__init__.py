"""Who gets the saving: payment standard, fund and patient share, and the three layers of reimbursement (三重保障)."""

from vbp.benefit.city import CityBenefit, city_benefit
from vbp.benefit.payers import PayerSplit, purchase_shares, saving_by_payer
from vbp.benefit.profile import BenefitProfile, benefit_profile, benefit_profiles
from vbp.benefit.reimbursement import Case, Reimbursement, reimburse
from vbp.benefit.standard import Share, StandardRule, payment_standard, purchase_share

__all__ = [
    "BenefitProfile",
    "Case",
    "CityBenefit",
    "PayerSplit",
    "Reimbursement",
    "Share",
    "StandardRule",
    "benefit_profile",
    "benefit_profiles",
    "city_benefit",
    "payment_standard",
    "purchase_share",
    "purchase_shares",
    "reimburse",
    "saving_by_payer",
]
