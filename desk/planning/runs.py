"""Plans are worked out in a process of their own, so that nobody's page or stream waits for them: one at a time, with how far it is, until it is done or somebody takes it back."""

import logging
from dataclasses import dataclass, field
from enum import StrEnum
from multiprocessing import get_context
from multiprocessing.connection import Connection
from threading import BoundedSemaphore, Event, Lock, Thread
from time import monotonic

from desk.planning.work import Work, Worked, worked
from geo.errors import DraftError

LOG = logging.getLogger(__name__)
AT_ONCE = 1  # processes
MOST_WAITING = 8  # beside it
LOOKS = 0.2  # seconds between two looks whether it was taken back
LONGEST = 120.0  # seconds that a process may take at most, with its start
_CONTEXT = get_context("spawn")


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
    _lock: Lock = field(default_factory=Lock, repr=False)

    def step(self, stage: Stage) -> bool:
        """Go on to a stage, and tell whether it did: what is over stays as it is."""
        with self._lock:
            goes = self.stage in {Stage.WAITING, Stage.RUNNING}
            self.stage = stage if goes else self.stage
            return goes

    def cancel(self) -> None:
        """Take it back; its process ends within a moment. What is over stays as it is."""
        self.step(Stage.CANCELLED)

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
            LOG.exception("A plan could not be worked out")
            run.step(Stage.FAILED)
        finally:
            with self._lock:
                self._many -= 1
            run.ended.set()


RUNS = Runs()  # of this process


def _worked_apart(run: Run) -> None:
    ours, theirs = _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(target=_work, args=(run.work, theirs), name="plan", daemon=True)
    process.start()
    theirs.close()
    until = monotonic() + LONGEST
    try:
        while run.stage is Stage.RUNNING and run.found is None:
            if ours.poll(LOOKS):
                said = ours.recv()  # EOFError where the process died
                if isinstance(said, Worked):
                    run.found = said
                else:
                    run.share = said
            elif monotonic() > until:
                raise TimeoutError(f"A plan took more than {LONGEST:g} s")
    finally:
        process.terminate()
        process.join()
        process.close()
        ours.close()
    run.step(Stage.DONE)


def _work(work: Work, told: Connection) -> None:
    told.send(worked(work, told.send))
