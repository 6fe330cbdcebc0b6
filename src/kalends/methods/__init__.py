"""Ideas and maths that know no room and no store: pure functions on plain values and frames."""
