"""Parts of a report: each function takes a city and a language and returns words and tables (HTML, escaped)."""

from vbp.sections.computed import benefit, completion, contents, decomposition, prices, savings
from vbp.sections.follows import follows, ranking_words
from vbp.sections.outlook import all_series, alternatives, impact, leading_series, projection, settlement
from vbp.sections.overview import side_by_side
from vbp.sections.published import beside_national, gaps, headline, method, published_figures, rounds_table, title
from vbp.sections.quality import rules
from vbp.sections.retained import explained, surplus
from vbp.sections.show import show
from vbp.sections.validation import printed_results, verdict
