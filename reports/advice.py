"""What to do about each kind of fault, in a sentence, for pages that are read in both languages; docs/check.md says more."""

from types import MappingProxyType

from locales import N_

ADVICE = MappingProxyType(
    {
        "bad_manifest": N_("Mend area.toml; docs/packs.md describes every key"),
        "unreadable_file": N_("Put the file where area.toml says, and make it readable"),
        "wrong_encoding": N_("Declare the file's encoding, or save it as UTF-8"),
        "not_geojson": N_("Export the file again as GeoJSON"),
        "duplicate_member": N_("Write each key once; only the last one is read"),
        "crs_contradiction": N_("Declare the system that the file is really in"),
        "swapped_axes": N_("Write longitude before latitude; --fix can turn them"),
        "coordinates_out_of_range": N_("Declare the projected system, or export degrees"),
        "bad_coordinates": N_("Export the feature again; a position is two numbers"),
        "unclosed_ring": N_("Repeat the first position at the end; --fix does it"),
        "level_without_grid": N_("Give the level a file with polygons"),
        "missing_geometry": N_("Draw the grid, or remove the feature"),
        "empty_geometry": N_("Draw the grid, or remove the feature"),
        "wrong_geometry_type": N_("Levels need polygons, points need points"),
        "invalid_geometry": N_("Mend the outline at the place given; --fix tries it"),
        "missing_property": N_("Correct the property's name in area.toml"),
        "missing_code": N_("Give every grid a code"),
        "duplicate_code": N_("Give each grid a code of its own, or join its parts"),
        "unknown_parent": N_("Correct the parent's code, or add the parent"),
        "overlap": N_("Decide whose the place is and redraw; --fix gives it to the lower code"),
        "not_nested": N_("Redraw the grid inside its parent, or correct the parent"),
        "bad_stack": N_("Mend the row of the stacks file"),
        "gap": N_("Decide whose the place is and redraw; --fix closes narrow ones"),
        "enclave": N_("Check whether the hole is meant; a place in it has no grid"),
        "sliver": N_("Let neighbours share their corners; --fix joins them"),
        "nesting": N_("Let the grid follow its parent's boundary"),
        "parents_overlap": N_("Redraw the upper level so that its grids do not overlap"),
        "point_outside": N_("Correct the point, or use --nearest when assigning"),
        "repeated_id": N_("Give every point a number of its own"),
        "no_place": N_("Give the point coordinates"),
        "looks_like_gcj02": N_("Ask whence the data come; if from a web map, declare GCJ-02"),
        "crs_doubt": N_("Make sure of the system and declare it"),
        "right_hand_rule": N_("Nothing must be done; --fix turns the rings"),
        "antimeridian": N_("Cut the grid at 180 degrees"),
        "odd_member": N_("Nothing must be done; other programs may object"),
        "lost_characters": N_("Export again in the encoding of the source"),
        "unknown_property": N_("Correct the property's name in area.toml"),
        "unknown_status": N_("Map the status in [points.status]"),
        "unreadable_time": N_("Write times as 2026-01-31T08:00"),
        "unreadable_number": N_("Write the number in digits alone"),
    }
)
"""Kind of fault -> msgid of the advice."""
