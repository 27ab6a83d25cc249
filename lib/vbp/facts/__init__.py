"""Published figures: what the bureaus' own publications say, each with unit, status, scope and source."""
from vbp.facts.load import Published, load_published
from vbp.facts.rows import Batch, CityRow, Fact, Metric, Price, Source

__all__ = ["Batch", "CityRow", "Fact", "Metric", "Price", "Published", "Source", "load_published"]
