"""The validation notebook's proofs: known answers in `data/reference/` beside what the library says, row by row."""

from vbp.sections.proofs.indices import index_reference
from vbp.sections.proofs.minimum_wage import minimum_wage
from vbp.sections.proofs.prescribing import prescribing, prescribing_change
from vbp.sections.proofs.proof import Proof, all_hold
from vbp.sections.proofs.rounds import cut_ratios
from vbp.sections.proofs.surplus import surplus_vectors
from vbp.sections.proofs.worked import price_ratio_vectors, worked_vectors
