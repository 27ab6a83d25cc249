"""One figure per function; each takes a city (or a result) and a language and returns a plotly figure."""
from vbp.charts.estimates import estimate_by_hospital, estimate_intervals, estimate_ranking, reference_ratios
from vbp.charts.overview import cities_coverage, cities_quality, cuts_by_city
from vbp.charts.published import counts, figures_by_theme, money_figures, ratios
from vbp.charts.rounds import amounts_by_round, cuts_beside_national, rounds_timeline, varieties_by_round
from vbp.charts.theme import show, show_if

__all__ = ["amounts_by_round", "cities_coverage", "cities_quality", "counts", "cuts_beside_national", "cuts_by_city", "estimate_by_hospital", "estimate_intervals", "estimate_ranking", "figures_by_theme",
           "money_figures", "ratios", "reference_ratios", "rounds_timeline", "show", "show_if", "varieties_by_round"]
