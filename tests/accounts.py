"""Accounts for tests: in a real ledger, in the folder that a server under test uses too."""

import re
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from data import rules as shipped
from desk.access.accounts import Accounts
from desk.access.rules import identity_of
from incidents.access import Role, Scope
from ledger.sessions import session_key
from ledger.store import open_ledger

PASSWORD = "Kiefer-im-Wind-47"
IDENTITY = identity_of(None).cheap()  # hashes that cost nothing; a server hashes anew at the first log-in


def accounts_in(folder, url="", rules=IDENTITY):
    """The accounts of a ledger in a folder; close them with `close`."""
    return Accounts(open_ledger(Path(folder), url), rules, session_key(Path(folder)))


def close(accounts):
    accounts.ledger.close()


def account(folder, role, scope, name=None, password=PASSWORD, *, url="", now=None, must_change=False):
    """Make an account, and return it; ``role`` and ``scope`` as text or as objects. Its name is its role unless one is given."""
    accounts = accounts_in(folder, url)
    try:
        given = Role(role), scope if isinstance(scope, Scope) else Scope.read(scope)
        at = now or datetime.now(UTC)
        return accounts.add(name or given[0].value, *given, password, by=None, now=at, must_change=must_change)
    finally:
        close(accounts)


def signed_in(folder, role, scope, *, name=None, url="", now=None):
    """Make an account unless there is one of that name, log in with it, and return the value of the cookie; for a wall, by a code."""
    accounts, at = accounts_in(folder, url), now or datetime.now(UTC)
    try:
        if Role(role) is Role.WALL:
            where = scope if isinstance(scope, Scope) else Scope.read(scope)
            code = accounts.walls.offer(name or "wall", where, by=None, now=at)
            return accounts.walls.redeem(code, address="127.0.0.1", agent="test", now=at)
        named = name or f"{Role(role).value}-{sha256(str(scope).encode()).hexdigest()[:8]}"
        if named.casefold() not in {one.name for one in accounts.every()}:
            account(folder, role, scope, named, url=url, now=at)
        return accounts.log_in(named, PASSWORD, address="127.0.0.1", agent="test", now=at).token
    finally:
        close(accounts)


def quick_rules(folder):
    """A folder of rules for a server under test, whose hashes cost nothing, and which lets everybody ask as often as a test does."""
    made = Path(folder) / "rules"
    made.mkdir(exist_ok=True)
    text = (Path(shipped.__file__).parent / "identity.toml").read_text("utf-8")
    for name, value in {"passes": 1, "memory_kib": 8, "lanes": 1}.items():
        text = re.sub(rf"(?m)^{name} = .*$", f"{name} = {value}", text)
    (made / "identity.toml").write_text(text, "utf-8")
    limits = (Path(shipped.__file__).parent / "limits.toml").read_text("utf-8")
    (made / "limits.toml").write_text(re.sub(r"(?m)^at_once = .*$", "at_once = 100000", limits), "utf-8")
    return made
