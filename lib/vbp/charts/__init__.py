"""One figure per function; each takes a city (or a result) and a language and returns a plotly figure."""

from vbp.charts.estimates import estimate_by_hospital, estimate_intervals, estimate_ranking, reference_ratios
from vbp.charts.impact import counterfactual, scan_multiples, series
from vbp.charts.outlook import payments_on_time, projection_fan
from vbp.charts.overview import cities_coverage, cities_quality, cuts_by_city
from vbp.charts.prices import price_drops, price_volume
from vbp.charts.published import counts, figures_by_theme, money_figures, ratios
from vbp.charts.rounds import amounts_by_round, cuts_beside_national, rounds_timeline, varieties_by_round
from vbp.charts.savings import decomposition_waterfall, saving_by_payer, savings_heatmap
from vbp.charts.surplus import payout_tornado, payouts_by_hospital, surplus_sankey
from vbp.charts.theme import show, show_if
from vbp.charts.use import completion_bullet, share_area
