"""The bridge (网闸) in words: what went out, what came in, how it stands, and what the command room could not do of what phones did."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from desk.bridge.crossing import Taken, Written
from desk.bridge.standing import Standing
from desk.field.mine import ACTS, HELP
from desk.field.sending import Kind
from desk.room import Room
from geo.errors import BridgeError
from ledger.bridge import Refusal
from locales import N_, Translator, sentences, translator
from reports.case_words import local
from reports.words import ACT

SIDE = MappingProxyType({"inside": N_("inside (command room)"), "outside": N_("outside (phones)")})
COUNTED = MappingProxyType(
    {
        "things": N_("things done outside"),
        "done": N_("done here too"),
        "refused": N_("not possible any more"),
        "cases": N_("cases"),
        "posts": N_("changed posts"),
        "answers": N_("answers"),
        "photos": N_("photos"),
    }
)
RECEIPT = N_("nothing but what was read")
# Why the command room could not do something, and what to do next.
WHY: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        Kind.CLOSED.value: (N_("The case was over in the command room already."), N_("If it is there still, report it anew.")),
        Kind.HANDED_ON.value: (N_("The command room had given the case to another post."), N_("Ask the post that has it now.")),
        Kind.CHANGED.value: (N_("The command room had corrected the case's place or class."), N_("Look at the case. If it still holds, do it again.")),
        Kind.RULES.value: (N_("The case stood otherwise in the command room."), N_("Look at the case. If it still holds, do it again.")),
        Kind.UNKNOWN.value: (N_("The command room does not know this case."), N_("Ask the command room by telephone.")),
        Kind.POST.value: (N_("The command room does not know the post as which it was done."), N_("Ask the command room by telephone.")),
        Kind.CLASS.value: (N_("The command room does not know this class."), N_("Report it anew in another class.")),
        Kind.PLACE.value: (N_("The place lies in no grid of the command room's map."), N_("Report it anew with another place.")),
        Kind.PHOTO.value: (N_("The command room could not read a photo."), N_("Take the photo again.")),
    }
)  # fmt: skip
OTHERWISE = (N_("The command room could not take it as it was written."), N_("Write it anew."))
NOTED = N_("What you wrote, and its photos, stand as a note in the case.")
STAYS = N_("What you reported stays here, with its photos.")
FAULT = MappingProxyType(
    {
        "form": N_("damaged, or no file of a bridge"),
        "format": N_("of another version"),
        "key": N_("meant for another console"),
        "sender": N_("from another console than the one joined"),
        "area": N_("of another area"),
        "side": N_("of this side itself"),
        "gap": N_("begins too late: this side was restored from a backup"),
        "restored": N_("knows more than this side: it was restored from a backup"),
        "busy": N_("something else was at work"),
        "none": N_("there is no bridge"),
    }
)
# What to do about a file that was refused.
NEXT = MappingProxyType(
    {
        "form": N_("Have the other side write it again (`battlemap bridge export`): the next file holds everything that this one does."),
        "format": N_("Bring both sides up to the same version."),
        "key": N_("Give the other side this console's key (`battlemap bridge key`), and let it join again with --replace."),
        "sender": N_("If the other side has a new key, compare its fingerprint by telephone, and join again with --replace."),
        "area": N_("Take it in with the --area that it is of, where that has a bridge."),
        "side": N_("Take in files of the other side alone."),
        "gap": N_("Run `battlemap bridge join` again here, with the same key and side, and export."),
        "restored": N_("Run `battlemap bridge join` again here, with the same key and side, and export."),
        "busy": N_("Do it again in a moment."),
    }
)  # fmt: skip


def did_name(do: str, _: Translator) -> str:
    """Return what somebody did, in words."""
    if do == HELP:
        return _("Call for help")
    return _(ACT[ACTS[do]]) if do in ACTS else _("Report")


def said_of_refusal(refused: Refusal) -> dict[str, Any]:
    """Return what a phone is told of something that the command room could not do: what happened (``zh``, ``en``) and what to do (``what``, ``what_en``)."""
    happened, following = WHY.get(refused.kind, OTHERWISE)
    kept = NOTED if refused.did in ACTS and refused.kind != Kind.UNKNOWN.value else STAYS
    zh, en = translator("zh"), translator("en")
    return {
        "key": refused.key,
        "number": refused.number,
        "do": refused.did,
        "kind": refused.kind,
        "at": refused.at.isoformat(),
        "did": did_name(refused.did, zh),
        "did_en": did_name(refused.did, en),
        "zh": f"{zh(happened)}{zh(kept)}",
        "en": f"{en(happened)} {en(kept)}",
        "what": zh(following),
        "what_en": en(following),
    }


def why_not(kind: str, _: Translator) -> str:
    """Return why the command room could not do something."""
    return _(WHY.get(kind, OTHERWISE)[0])


def counted(counts: Mapping[str, int], _: Translator) -> str:
    """Return what a batch holds, by kind; "" for nothing."""
    said = [f"{_(COUNTED[name])} {number}" for name, number in counts.items() if number and name in COUNTED]
    return _("; ").join(said)


def written_lines(made: Written | None, _: Translator) -> list[str]:
    """Say what was written for the other side."""
    if made is None:
        return [_("There is nothing to say that the other side does not have.")]
    lines = [
        _("Batch {number} written: {what}. {file}").format(
            number=made.sequence, what=counted(made.counts, _) or _(RECEIPT), file=made.file
        )
    ]
    if made.held:
        lines.append(
            _("{n} entries wait for the next batch: they may still be taken back, or there was no room.").format(
                n=made.held
            )
        )
    if made.missing:
        lines.append(
            _("{n} photos are missing on this disk; `battlemap ledger verify` names them.").format(n=len(made.missing))
        )
    return lines


def taken_lines(taken: Sequence[Taken], _: Translator) -> list[str]:
    """Say what became of files of the other side."""
    return [line for one in taken for line in _taken(one, _)] or [_("No file waits.")]


def taken_table(taken: Sequence[Taken]) -> list[dict[str, Any]]:
    """Return what became of files as plain values."""
    return [
        {
            **{
                name: getattr(one, name)
                for name in ("file", "state", "sequence", "counts", "waiting", "skew", "other_map")
            },
            "refused": [vars(answer) for answer in one.refused],
            "error": {"kind": one.error.kind, "member": one.error.member, "said": str(one.error)}
            if one.error
            else None,
        }
        for one in taken
    ]


def _taken(one: Taken, _: Translator) -> list[str]:
    if one.error:
        member = f" [{one.error.member}]" if one.error.member else ""
        what = _("{file} refused ({why}){member}, nothing of it was taken.").format(
            file=one.file, why=fault(one.error, _), member=member
        )
        following = [_(NEXT[one.error.kind])] if one.error.kind in NEXT else []
        return [sentences([what, *following])]
    if one.state == "again":
        return [
            _("{file}: batch {number} or a later one was taken in already; nothing was done.").format(
                file=one.file, number=one.sequence
            )
        ]
    lines = [
        _("{file}: batch {number} taken in: {what}.").format(
            file=one.file, number=one.sequence, what=counted(one.counts or {}, _) or _(RECEIPT)
        )
    ]
    lines += [
        _("  {number} {did}: {why}").format(
            number=answer.inside or answer.number, did=did_name(answer.did, _), why=why_not(answer.kind, _)
        )
        for answer in one.refused
    ]
    if one.waiting:
        lines.append(
            _("  These wait until the command room has read what was done to them here: {numbers}").format(
                numbers=" ".join(one.waiting)
            )
        )
    if one.other_map:
        lines.append(_("  The other side has another edition of the area's pack. Install the same on both sides."))
    if one.skew:
        lines.append(_("  The other side's clock is {n} s ahead. Set the clocks.").format(n=one.skew))
    return lines


def fault(error: BridgeError, _: Translator) -> str:
    """Return in a few words what is wrong with a file."""
    return _(FAULT[error.kind]) if error.kind in FAULT else error.kind


def standing_rows(room: Room, found: Standing, _: Translator) -> list[tuple[str, str]]:
    """Say how a bridge stands, as labels and values."""
    every = _("every {n} minutes").format(n=found.plan.every) if found.plan.every else _("by hand")
    rows = [
        (_("This console stands"), _(SIDE[found.side])),
        (_("Fingerprint here"), found.own),
        (_("Fingerprint there"), found.peer),
        (_("Last batch out"), _when(room, found.sent, found.sent_at, _)),
        (_("Last batch in"), _when(room, found.came, found.came_at, _)),
        (_("Not acknowledged yet"), counted(found.told, _) or _("none")),
        (_("Files that wait"), str(found.files)),
        (_("Last refusal"), _refusal(room, found, _)),
        (_("Not possible inside, last 7 days"), str(found.not_done)),
        (_("Written"), f"{every}  {found.plan.out}"),
        (_("Taken in from"), str(found.plan.into)),
    ]
    if found.skew:
        rows.append((_("Clocks"), _("the other side's was {n} s ahead").format(n=found.skew)))
    return rows


def _refusal(room: Room, found: Standing, _: Translator) -> str:
    if not found.refused:
        return _("none")
    why = _(FAULT[found.refused_why]) if found.refused_why in FAULT else found.refused_why
    return f"{local(room, found.refused_at)}  {found.refused}  {why}"


def _when(room: Room, number: int, at: datetime | None, _: Translator) -> str:
    return f"{number}  {local(room, at)}" if at else _("none")
