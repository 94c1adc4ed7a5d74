"""Two invented areas (示意数据) that look surveyed: streets, compounds, buildings, nested grids, sites.

``python -m data.synthetic longnan`` writes a pack; the same seed gives the same bytes. Everything is laid out in metres on a
plane around an origin (``plane``), from a hand-drawn skeleton of streets (``plans``), and turned to WGS84 only when the net is
assembled. Nothing here is taken from a real map: names, numbers and posts are invented, no person appears.
"""
