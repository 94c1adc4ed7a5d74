"""The words of inspections on a phone. They come with the checklists, which only who inspects asks for."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from locales import N_
from reports.checklists import ACTION, FAULT, MARK, OUTCOME, WHY
from reports.inspection_words import STATE

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "site": N_("About the site"),
        "finding": N_("Finding"),
        "site_gone": N_("This site is not on your list: it is closed, has moved away, or another post has it."),
        "finding_gone": N_("This finding is closed, or not among yours any more."),
        "open_findings": N_("Open findings"),
        "no_checklist": N_("There is no checklist for this kind of site. What you see there you report as a case."),
        "fact_planned": N_("Planned time"),
        "never_inspected": N_("not inspected yet"),
        "inspect_go_on": N_("Go on: {name}"),
        "inspect_start": N_("Inspect: {name}"),
        "inspect_end": N_("Finish"),
        "inspect_send": N_("Send the inspection"),
        "inspect_discard": N_("Discard this inspection"),
        "inspect_discard_ask": N_("Discard this inspection with its photos?"),
        "recheck": N_("Look at again"),
        "recheck_only": N_("Only look at findings again"),
        "recheck_pass": N_("Put right"),
        "recheck_fail": N_("Not put right"),
        "recheck_counts": N_("Looked at again: {passed} put right, {failed} not"),
        "next_open": N_("Next open"),
        "put_right": N_("Put right on the spot"),
        "photo_needed": N_("Photo (needed)"),
        "photo_lacks": N_("a photo is missing"),
        "photo_or_note": N_("Photo or note"),
        "note_hint": N_("Note (optional)"),
        "note_no_names": N_("No names, telephone or identity numbers"),
        "day_hint": N_("20261123, or 202611"),
        "never": N_("Never yet"),
        "no_cylinders": N_("No cylinders"),
        "cylinder_of": N_("{size} kg"),
        "months_old": N_("{n} months old"),
        "action_corrected": N_("was put right on the spot"),
        "result_none": N_("Nothing fails so far"),
        "result_counts": N_("{failed} fail, {corrected} of them put right on the spot"),
        "still_open": N_("{n} not answered yet"),
        "still_open_detail": N_("What is not answered counts as not looked at. Send all the same?"),
        "refuses": N_("The person in charge refuses to put it right"),
        "signature": N_("Signature of the person in charge"),
        "signed_signed": N_("Signs"),
        "signed_refused": N_("Refuses to sign"),
        "signed_absent": N_("Not there"),
        "sign_here": N_("Sign here with a finger"),
        "sign_again": N_("Sign anew"),
        "need_answers": N_("Answer at least one item."),
        "need_right": N_("Correct first: {items}"),
        "need_photos": N_("A photo is missing: {items}"),
        "need_signed": N_("Say whether the person in charge signs."),
        "need_signature": N_("The signature is missing."),
        "too_many_photos": N_("{n} photos are too many for one inspection; at most {most} go with it."),
        "fact_last": N_("Last time"),
        "fact_ends": N_("Runs out"),
        "fact_site": N_("Inspected site"),
        "fact_grade": N_("Grade"),
        "fact_found": N_("Found"),
        "fact_item": N_("Checklist item"),
    }
)


def words(translate: Callable[[str], str]) -> dict[str, str]:
    """Return every text of inspections in one language, by key."""
    return {
        **{f"mark_{mark.value}": translate(text) for mark, text in MARK.items()},
        **{f"result_{outcome.value}": translate(text) for outcome, text in OUTCOME.items()},
        **{f"action_{action.value}": translate(text) for action, text in ACTION.items()},
        **{f"why_{name}": translate(text) for name, text in WHY.items()},
        **{f"fault_{name}": translate(text) for name, text in FAULT.items()},
        **{f"finding_{state.value}": translate(text) for state, text in STATE.items()},
        **{key: translate(text) for key, text in WORDS.items()},
    }
