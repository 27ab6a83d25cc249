"""Parts of a report: each function takes a city and a language and returns words and tables (HTML, escaped)."""
from vbp.sections.follows import follows, ranking_words
from vbp.sections.published import beside_national, gaps, headline, method, published_figures, rounds_table, title

__all__ = ["beside_national", "follows", "gaps", "headline", "method", "published_figures", "ranking_words", "rounds_table", "title"]
