"""A street's first day: files at hand are read, each is proposed to be a level, an overlay, points or ground, and a pack is written.

`sources` reads what is there, `place` finds its coordinate system, `nesting` and `columns` measure and guess, `propose` decides, `write` writes, `first_day` is the
whole of it.
"""
