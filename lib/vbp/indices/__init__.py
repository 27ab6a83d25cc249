"""Price and quantity indices between periods (价格指数、数量指数): fixed base and chained, on matched products."""

from vbp.indices.formulas import PRICE_FORMULAS, QUANTITY_FORMULAS, log_mean
from vbp.indices.observations import Observations, observe, read_observations
from vbp.indices.result import IndexResult
from vbp.indices.series import index_series

__all__ = [
    "PRICE_FORMULAS",
    "QUANTITY_FORMULAS",
    "IndexResult",
    "Observations",
    "index_series",
    "log_mean",
    "observe",
    "read_observations",
]
