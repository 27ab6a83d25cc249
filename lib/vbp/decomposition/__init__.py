"""The change in spending between two windows, taken apart exactly: price, volume, structure, new and lost products."""

from vbp.decomposition.addis_magrini import AddisMagrini, addis_magrini
from vbp.decomposition.bennet import Bennet, bennet
from vbp.decomposition.changes import CHANGE_COLUMNS, changes
from vbp.decomposition.logmean import LogMean, log_mean_parts

__all__ = [
    "CHANGE_COLUMNS",
    "AddisMagrini",
    "Bennet",
    "LogMean",
    "addis_magrini",
    "bennet",
    "changes",
    "log_mean_parts",
]
