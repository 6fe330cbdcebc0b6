"""placeholder"""


def is_biased(reach):
    return reach is not None and (reach[0] > 0.02 or reach[1] < -0.02)
