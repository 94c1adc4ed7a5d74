"""Every error that the house raises on purpose.

BattlemapError
├── SettingsError          an environment variable that cannot be used
├── PackError              an area pack that cannot be read at all
├── UnknownArea            no pack of that name
├── Beginning              an area whose ledger is being written for the first time
├── CrsError
│   ├── UnknownCrs         a coordinate system nobody knows
│   └── MissingCrs         a file that declares none
├── NetError
│   ├── UnknownLevel       no level or overlay of that key
│   └── UnknownGrid        no grid of that code
├── PlaceError             a place that lies in no grid
├── GeometryError          arrays or geometries a function cannot take
├── TableError             a table that cannot be read or written
│   ├── MissingColumns     a table without columns that a mapping names
│   └── TemplateError      a template or a font of a street that cannot be used
├── FilterError            a filter in an address that cannot be understood
├── UnknownClass           no class of that key in the directory
├── RulesError             a file of rules (classes, time limits, holidays) that cannot be used
├── AnswersError           answers to a checklist that cannot be ones
├── LifecycleError         an act that the rules do not allow
│   └── Conflict           somebody else changed the case in between
├── TextError              a text that somebody typed or pasted and that cannot be taken
├── PhotoError             a file that cannot be taken as a photo
├── DraftError             a report that lacks something, or says what cannot be
├── TooOften               something that was done too often
├── DemoError              an area that a demonstration must not write into
├── UnknownIncident        no incident of that number
├── UnknownWhistle         no whistle of that number
├── UnknownOrder           no service order of that number
├── UnknownVisit           no visit of that number
├── UnknownView            no wall view of that key
├── UnknownPost            no post of that key
├── RosterError            a post, a holder, a duty or a hand-over that cannot be so
├── AccessError            an account, a role, a scope or a password that cannot be so
│   ├── PasswordError      a password that the policy refuses
│   ├── LoginError         nobody is let in with that
│   └── NoAccess           who asks may not see or do this
├── BridgeError            a file of the bridge (网闸) that cannot be taken, or a bridge that cannot be so
├── ChannelError           an address, or a channel by which messages leave, that cannot be so
└── LedgerError            the ledger cannot be opened, read or written
    └── LedgerBroken       its history was changed, or its files do not fit together

A message says what, which, and what to do next. Messages are English, for the log; doors translate them.
"""

from collections.abc import Sequence
from typing import Any

__all__ = [
    "AccessError",
    "AnswersError",
    "BattlemapError",
    "Beginning",
    "BridgeError",
    "Conflict",
    "CrsError",
    "DemoError",
    "DraftError",
    "FilterError",
    "GeometryError",
    "LedgerBroken",
    "LedgerError",
    "LifecycleError",
    "LoginError",
    "MissingColumns",
    "MissingCrs",
    "NetError",
    "NoAccess",
    "PackError",
    "PasswordError",
    "PhotoError",
    "PlaceError",
    "RosterError",
    "RulesError",
    "SettingsError",
    "TableError",
    "TemplateError",
    "TextError",
    "TooOften",
    "UnknownArea",
    "UnknownClass",
    "UnknownCrs",
    "UnknownGrid",
    "UnknownIncident",
    "UnknownLevel",
    "UnknownOrder",
    "UnknownPost",
    "UnknownSites",
    "UnknownView",
    "UnknownWhistle",
]


class BattlemapError(Exception):
    """Base of every error that is ours."""


class SettingsError(BattlemapError):
    """An environment variable holds something that cannot be used."""


class PackError(BattlemapError):
    """An area pack cannot be read at all.

    Parameters
    ----------
    message
        What is wrong, in one sentence.
    faults
        Every fault found, one line each; shown beneath the message.
    """

    def __init__(self, message: str, faults: Sequence[str] = ()) -> None:
        super().__init__("\n  - ".join([message, *faults]))
        self.faults = tuple(faults)


class UnknownArea(BattlemapError):
    """No area pack has that name."""


class Beginning(BattlemapError):
    """An area whose ledger is being written for the first time: with a demonstration, or with the incidents of its pack.

    Attributes
    ----------
    done, of
        How far it is, in parts of equal worth; 0 of 0 where nobody can tell.
    """

    def __init__(self, message: str, done: int = 0, of: int = 0) -> None:
        super().__init__(message)
        self.done, self.of = done, of


class CrsError(BattlemapError):
    """A coordinate system cannot be used."""


class UnknownCrs(CrsError):
    """A coordinate system that nobody knows."""


class MissingCrs(CrsError):
    """A file or table declares no coordinate system."""


class NetError(BattlemapError):
    """A question that the net cannot answer."""


class UnknownLevel(NetError):
    """The net has no level or overlay of that key."""


class UnknownGrid(NetError):
    """The net has no grid of that code."""


class PlaceError(BattlemapError):
    """A place that lies in no grid.

    Parameters
    ----------
    message
        What is wrong, and what to do.
    kind
        What it may be: ``missing``, ``unreadable``, ``swapped``, ``projected``, ``shifted`` (GCJ-02), ``outside``.
    """

    def __init__(self, message: str, *, kind: str = "outside") -> None:
        super().__init__(message)
        self.kind = kind


class GeometryError(BattlemapError):
    """Arrays or geometries that a function cannot take."""


class TableError(BattlemapError):
    """A table cannot be read or written."""


class TemplateError(TableError):
    """A street's own template or font of a paper cannot be used."""


class MissingColumns(TableError):
    """A table does not have columns that a mapping names.

    Parameters
    ----------
    file
        Name of the table.
    absent, there
        The columns that it does not have, and those that it has.
    faults
        What else is wrong with the mapping, one line each.
    """

    def __init__(self, file: str, absent: Sequence[str], there: Sequence[str], faults: Sequence[str] = ()) -> None:
        names, known = ", ".join(map(repr, absent)), ", ".join(map(repr, there))
        said = f"The mapping names columns that {file} does not have: {names}. It has: {known}."
        super().__init__("\n  - ".join([said, *faults]))
        self.file, self.absent, self.there, self.faults = file, tuple(absent), tuple(there), tuple(faults)


class FilterError(BattlemapError):
    """A filter in an address cannot be understood."""


class UnknownClass(BattlemapError):
    """The class directory has no class of that key, code or name."""


class RulesError(BattlemapError):
    """A file of rules cannot be used.

    Parameters
    ----------
    message
        What is wrong, in one sentence.
    faults
        Every fault found, one line each, with its key; shown beneath the message.
    """

    def __init__(self, message: str, faults: Sequence[str] = ()) -> None:
        super().__init__("\n  - ".join([message, *faults]))
        self.faults = tuple(faults)


class AnswersError(BattlemapError):
    """Answers to a checklist that cannot be ones.

    Parameters
    ----------
    message
        How many, to which checklist.
    faults
        Each with its ``item``, a ``kind`` for a page that says it in another language, what was ``said``, and a ``message``.
    """

    def __init__(self, message: str, faults: Sequence[Any]) -> None:
        super().__init__(
            "\n  - ".join([message, *(f"{fault.item}: {fault.said!r}: {fault.message}" for fault in faults)])
        )
        self.faults = tuple(faults)


class LifecycleError(BattlemapError):
    """An act that the rules do not allow."""


class Conflict(LifecycleError):
    """Somebody else changed the case in between.

    Parameters
    ----------
    number
        Number of the incident.
    expected, found
        Version that the writer had seen, and the one that stands.
    """

    def __init__(self, number: str, expected: int, found: int) -> None:
        super().__init__(
            f"{number} was changed by somebody else: you saw version {expected}, version {found} stands. Look at what changed, then do it again if it still holds."
        )
        self.number, self.expected, self.found = number, expected, found


class TextError(BattlemapError):
    """A text that somebody typed or pasted cannot be taken.

    Parameters
    ----------
    message
        What is wrong, and what to do.
    what
        What the text is: "description", "address", …
    length, most
        How many characters it has and how many are allowed; length is 0 when it is empty.
    """

    def __init__(self, message: str, *, what: str, length: int, most: int) -> None:
        super().__init__(message)
        self.what, self.length, self.most = what, length, most


class PhotoError(BattlemapError):
    """A file cannot be taken as a photo.

    Parameters
    ----------
    message
        What it is, and what to do.
    kind
        Which kind of trouble it is, for a page that says it in another language: a key of `desk.photos.TROUBLE`.
    found, most
        What was found and what is allowed, in a word or a number: "HEIC"; "104.9 MB" and "20 MB".
    """

    def __init__(self, message: str, *, kind: str = "other", found: str = "", most: str = "") -> None:
        super().__init__(message)
        self.kind, self.found, self.most = kind, found, most


class DraftError(BattlemapError):
    """A report or act that lacks something, or says what cannot be.

    Parameters
    ----------
    message
        What is wrong, and what to do.
    field
        Which part of it: ``reported``, ``photos``, ``cleared``.
    """

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


class UnknownSites(DraftError):
    """Numbers that are no sites in use here.

    Parameters
    ----------
    message
        What is wrong, and what to do.
    field
        As of `DraftError`.
    numbers
        Which.
    """

    def __init__(self, message: str, *, field: str, numbers: Sequence[str]) -> None:
        super().__init__(message, field=field)
        self.numbers = tuple(numbers)


class DemoError(BattlemapError):
    """A demonstration must not write into this area."""


class UnknownIncident(BattlemapError):
    """No incident has that number."""


class UnknownWhistle(BattlemapError):
    """There is no whistle of that number, or none for who asks."""


class UnknownOrder(BattlemapError):
    """There is no service order of that number, or none for who asks."""


class UnknownVisit(BattlemapError):
    """There is no visit of that number, or none for who asks."""


class UnknownView(BattlemapError):
    """There is no wall view of that key, or none for who asks."""


class UnknownPost(BattlemapError):
    """No post has that key."""


class AccessError(BattlemapError):
    """An account, a role, a scope or a password that cannot be so.

    Parameters
    ----------
    message
        What is wrong, and what to do.
    kind
        Which kind of trouble it is, for a page that says it in another language.
    """

    def __init__(self, message: str, kind: str = "") -> None:
        super().__init__(message)
        self.kind = kind


class PasswordError(AccessError):
    """A password that the policy refuses.

    Parameters
    ----------
    message
        What is wrong with it, never the password.
    faults
        Each fault as a key of `incidents.passwords.faults`, or ``past`` for one that was used before.
    """

    def __init__(self, message: str, faults: Sequence[str]) -> None:
        super().__init__(message, "password")
        self.faults = tuple(faults)


class LoginError(AccessError):
    """Nobody is let in with that.

    Parameters
    ----------
    message
        What is wrong; never whether the name or the password.
    kind
        ``wrong``, ``locked``, ``often``, ``code``, ``provider``, ``expired`` (a first password that came too late) or ``role`` (none was granted yet).
    wait
        Seconds after which to try again; 0 when there is nothing to wait for.
    """

    def __init__(self, message: str, kind: str = "wrong", wait: int = 0) -> None:
        super().__init__(message, kind)
        self.wait = wait


class NoAccess(AccessError):
    """Who asks may not see or do this."""


class TooOften(BattlemapError):
    """Something was done too often.

    Parameters
    ----------
    message
        What, and when to try again.
    wait
        Seconds after which to try again.
    """

    def __init__(self, message: str, wait: int) -> None:
        super().__init__(message)
        self.wait = wait


class RosterError(BattlemapError):
    """A post, a holder, a duty or a hand-over that cannot be so.

    Parameters
    ----------
    message
        What is wrong, and what to do.
    kind
        Which kind of trouble it is, for a page that says it in another language: a key of `reports.roster.TROUBLE`.
    said
        What the page's sentence names: a post, a date, a number.
    """

    def __init__(self, message: str, *, kind: str, **said: object) -> None:
        super().__init__(message)
        self.kind, self.said = kind, said


class ChannelError(BattlemapError):
    """An address, or a channel by which messages leave, that cannot be so.

    Parameters
    ----------
    message
        What is wrong, and what to do; never an address or a secret.
    kind
        Which part of it: ``url``, ``number``, ``mail``, ``host``, …
    """

    def __init__(self, message: str, kind: str) -> None:
        super().__init__(message)
        self.kind = kind


class BridgeError(BattlemapError):
    """A file of the bridge (网闸) that cannot be taken, or a bridge that cannot be so; nothing was changed.

    Parameters
    ----------
    message
        What is wrong with which file or part of it, and what to do.
    kind
        ``form`` (no such file, damaged, or not what a batch holds), ``format`` (of another version), ``key`` (no key, or for another console), ``sender`` (from another console), ``area``, ``side``, ``gap``, ``restored``, ``busy``, ``none`` (not joined), ``joined`` (to another console).
    member
        The part of the file that is wrong; "" for the whole of it.
    """

    def __init__(self, message: str, kind: str, member: str = "") -> None:
        super().__init__(message)
        self.kind, self.member = kind, member


class LedgerError(BattlemapError):
    """The ledger cannot be opened, read or written."""


class LedgerBroken(LedgerError):
    """The ledger's history was changed, or its files do not fit together."""
