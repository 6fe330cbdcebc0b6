"""The sample company: years of made, known truth, told by every platform in its own words."""
