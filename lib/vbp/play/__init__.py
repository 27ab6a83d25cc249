"""What notebooks need besides the library: a place to explore, what to look at first, tables that sort, sliders, a filled template.

Nothing here is used by reports. Everything shown is also shown as plain output, so that a notebook reads without a kernel.
"""

from vbp.play.choose import Chosen, chosen_hospital, chosen_payout, chosen_series, compare_groups, compare_rules
from vbp.play.desk import Desk, open_desk
from vbp.play.live import live_table
from vbp.play.opening import HOSPITALS, MONTHS, fresh_folder, open_place
from vbp.play.sample import fill_template, sample_tables, write_city_yaml
from vbp.play.sliders import payout_sliders
from vbp.surplus.what_if import payout
