"""Service orders that are canaries, beside the cases of a flock: key, words, address and number of each are of that order alone."""

from datetime import timedelta

from brute import OWN, lies_in_scope
from canaries import AREA, DEPARTMENT, LEAVES
from orders import by, done

from desk.orders.acts import asked
from incidents.access import Role
from incidents.orders import RUNNING, Order, Phase, Serve
from incidents.teams import EVERY, Team
from ledger import orders, teams
from ledger.orders import Filed

POSTS = (f"department::{DEPARTMENT}", "department::公安机关")
TEAMS, CENTRE = ("城管服务队", "平安服务队"), by("dispatcher::")
# What happens to an order after it was offered to one team, or to both.
FATES = ((), (Serve.ACCEPT,), (Serve.DECLINE,), (Serve.ACCEPT, Serve.GIVE_BACK), (Serve.ACCEPT, Serve.FINISH), (Serve.ACCEPT, Serve.FINISH, Serve.RATE))  # fmt: skip


class Orders:
    """The orders of a flock."""

    def __init__(self, flock, count=24):
        self.room, self.random, self.now = flock.room, flock.random, flock.now
        self.teams = self.room.ledger.change(lambda writing: [self._team(writing, *one) for one in zip(TEAMS, POSTS, strict=True)])  # fmt: skip
        for n in range(count):
            self._one(n)

    def _team(self, writing, name, post):
        return teams.put(writing, AREA, Team(name, ("errand",), post, (), EVERY), by=CENTRE, at=self.now)

    def _one(self, n):
        """Write an order with words of its own, and let something happen to it."""
        leaf, now = self.random.choice(LEAVES), self.now
        codes, (asker, *keepers) = self.room.codes_of(leaf), self.random.sample(["head:third:1", "head:third:2", f"head:micro:{leaf}"], 2)  # fmt: skip
        since, until = now + timedelta(hours=1), now + timedelta(hours=9)
        key = f"K1-Q{n:03}Z"
        data = {
            "item": "errand", "key": key, "since": since.isoformat(), "until": until.isoformat(), "keepers": [asker, *keepers],
            "text": f"代取 Kerrand{n:03}Z", "address": f"中山路 Kdoor{n:03}Z",
        }  # fmt: skip
        blank = Filed(AREA, Order(Phase.ASKED, "errand", key, "", (), since, until), 113.6, 34.7, codes=codes)
        found = self.random.choice([self.teams, self.teams[:1], self.teams[1:], []])
        filed = self.room.ledger.change(lambda writing: asked(writing, self.room, blank, data, by(asker), now, found))
        for act in self.random.choice(FATES) if found else ():
            said = {"reason": "x"} if act in {Serve.DECLINE, Serve.GIVE_BACK} else {"stars": 4} if act is Serve.RATE else {}  # fmt: skip
            done(self.room, filed, act, asker if act is Serve.RATE else found[0].post, now, **said)

    def parted(self, who):
        """Return the orders that somebody sees, and those that they do not."""
        with self.room.ledger.reading() as connection:
            every = orders.listed(connection, AREA)
        found = {True: [], False: []}
        for one in every:
            found[sees_order(who, one)].append(one)
        return found[True], found[False]

    @staticmethod
    def words(found):
        """Return all canaries of some orders."""
        return set().union(*({one.number, one.state.key, f"Kerrand{one.state.key[4:]}", f"Kdoor{one.state.key[4:]}"} for one in found))  # fmt: skip


def sees_order(asker, filed):
    """Tell from an order alone whether somebody sees it: in the grid of its place, as a post that keeps, has or is offered it, or in the command room."""
    if not asker.can("orders"):
        return False
    if asker.scope.whole and asker.role is not Role.DEPARTMENT:
        return True
    state = filed.state
    offered = {one.post for one in state.offers if not one.declined} if state.phase is Phase.OFFERED else set()
    team = {one.post for one in state.offers if one.team == state.team and state.team}
    posts = {state.asker, *state.keepers, *offered, *team}
    if asker.scope.department:
        return f"department::{asker.scope.department}" in posts
    own = {f"{kind}:{':'.join(asker.scope.grid)}" for kind in OWN.get(asker.role, ())}
    return bool(own & posts) or lies_in_scope(asker, filed)


def running(found):
    """Return the keys of those that run."""
    return {one.state.key for one in found if one.state.phase in RUNNING | {Phase.DONE}}
