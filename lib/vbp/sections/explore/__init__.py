"""Tables and words of the notebooks; where a table is missing each says so and how to supply it."""

from vbp.sections.explore.impact import ALL, SCAN, checks, groups, scan_rows, scan_table, series_words
from vbp.sections.explore.inputs import checked, problems, report_made, template_sheets
from vbp.sections.explore.opening import opening, style, tell
from vbp.sections.explore.prices import (
    CUTS,
    awards,
    cuts_left_out,
    cuts_of,
    published_prices,
    smallest_cuts,
    winner_spread,
)
from vbp.sections.explore.savings import baselines, factors, savings_kinds, totals_agree
from vbp.sections.explore.surplus import (
    ROWS,
    behind,
    just_missed,
    payout_rows,
    payouts,
    settings,
    settled,
    spread,
    switches,
    tornado,
)
from vbp.sections.explore.use import AGREEMENTS, all_agreements, hospital_use, progress, purchases, slowest
