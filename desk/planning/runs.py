"""Plans are worked out in a process of their own, so that nobody's page or stream waits for them: one at a time, with how far it is, until it is done or somebody takes it back."""

import logging
import pickle
import sys
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from subprocess import PIPE, Popen
from threading import BoundedSemaphore, Event, Lock, Thread, Timer

from desk.planning.work import Work, Worked, worked
from geo.errors import DraftError

LOG = logging.getLogger(__name__)
AT_ONCE = 1  # processes
MOST_WAITING = 8  # beside it
LONGEST = 120.0  # seconds that a process may take at most, with its start
HOUSE = Path(__file__).parents[2]


class Stage(StrEnum):
    """How a run stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(eq=False)
class Run:
    """A plan that is worked out.

    Attributes
    ----------
    share
        Of the work that is done, from 0 to 1.
    found
        What came of it, once it is done.
    """

    work: Work = field(repr=False)
    stage: Stage = Stage.WAITING
    share: float = 0.0
    found: Worked | None = field(default=None, repr=False)
    ended: Event = field(default_factory=Event, repr=False)
    _process: Popen[bytes] | None = field(default=None, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def step(self, stage: Stage) -> bool:
        """Go on to a stage, and tell whether it did: what is over stays as it is."""
        with self._lock:
            goes = self.stage in {Stage.WAITING, Stage.RUNNING}
            self.stage = stage if goes else self.stage
            return goes

    def begun(self, process: Popen[bytes]) -> None:
        """Note in which process it is worked out; that of a run that was taken back meanwhile ends at once."""
        self._process = process
        if self.stage is not Stage.RUNNING:
            process.kill()

    def cancel(self) -> None:
        """Take it back, and end its process. What is over stays as it is."""
        if self.step(Stage.CANCELLED) and self._process:
            self._process.kill()

    def wait(self, seconds: float) -> bool:
        """Wait until it is over in one way or the other, and tell whether it is."""
        return self.ended.wait(seconds)


class Runs:
    """The runs of this process: some at once, the others one after another."""

    def __init__(self) -> None:
        self._slots, self._lock, self._many = BoundedSemaphore(AT_ONCE), Lock(), 0

    def start(self, work: Work) -> Run:
        """Begin a run; it waits for those before it.

        Raises
        ------
        DraftError
            Too many wait already.
        """
        with self._lock:
            if self._many >= AT_ONCE + MOST_WAITING:
                raise DraftError("Too many plans are being worked out. Try again in a minute.", field="plan_busy")
            self._many += 1
        run = Run(work)
        Thread(target=self._whole, args=(run,), name="plan", daemon=True).start()
        return run

    def _whole(self, run: Run) -> None:
        try:
            with self._slots:
                if run.step(Stage.RUNNING):
                    _worked_apart(run)
        except Exception:  # whatever it is, its page has to be told
            if run.step(Stage.FAILED):
                LOG.exception("A plan could not be worked out")
        finally:
            with self._lock:
                self._many -= 1
            run.ended.set()


RUNS = Runs()  # of this process


def _worked_apart(run: Run) -> None:
    # Not `multiprocessing`: its new process begins with the main script, which Streamlit has put its page in the place of.
    with Popen([sys.executable, "-m", __name__], stdin=PIPE, stdout=PIPE, cwd=HOUSE) as process:  # noqa: S603
        run.begun(process)
        ends = Timer(LONGEST, process.kill)
        ends.start()
        try:
            assert process.stdin
            assert process.stdout
            with process.stdin as given:
                pickle.dump(run.work, given)
            while run.found is None:
                said = pickle.load(process.stdout)  # noqa: S301  of our own process; EOFError where it was ended
                if isinstance(said, Worked):
                    run.found = said
                else:
                    run.share = said
        finally:
            ends.cancel()
            process.kill()
    run.step(Stage.DONE)


def _work() -> None:
    """Work out what stands on the standard input, and write how far it is and then what came of it to the standard output."""
    work: Work = pickle.load(sys.stdin.buffer)  # noqa: S301  of the process that began this one

    def tell(said: float | Worked) -> None:
        pickle.dump(said, sys.stdout.buffer)
        sys.stdout.buffer.flush()

    tell(worked(work, tell))


if __name__ == "__main__":
    _work()
