"""Rule profiles (结余留用办法参数): what differs from place to place, as data with a source and dates."""

from vbp.rules.load import load_profile, profile_names, profile_of_place, read_profile
from vbp.rules.model import Band, Profile

__all__ = ["Band", "Profile", "load_profile", "profile_names", "profile_of_place", "read_profile"]
