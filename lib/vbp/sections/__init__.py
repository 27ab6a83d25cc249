"""Parts of a report: each function takes a city and a language and returns words and tables (HTML, escaped)."""
from vbp.sections.follows import follows, ranking_words
from vbp.sections.overview import side_by_side
from vbp.sections.published import beside_national, gaps, headline, method, published_figures, rounds_table, title
from vbp.sections.validation import printed_results, verdict

__all__ = ["beside_national", "follows", "gaps", "headline", "method", "printed_results", "published_figures", "ranking_words", "rounds_table",
           "side_by_side", "title", "verdict"]
