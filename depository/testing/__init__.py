"""Tools for attacking a depository, and whatever is built on one: stores that fail on purpose, clients that take turns,
and a small model that says what has to be there afterwards.

`depository.testing.machine` needs the extra ``testing``; the rest needs nothing more than depository does.
"""

from depository.testing.faults import Asked, Fault, Faulty, Interrupted, Killed, Plan, seeded
from depository.testing.model import Model
from depository.testing.scheduling import Outcome, Prioritised, Schedule, Scheduler, Uniform, every_schedule
from depository.testing.seeing import Line, Seen, copied, plain_files, see

__all__ = [
    "Asked",
    "Fault",
    "Faulty",
    "Interrupted",
    "Killed",
    "Line",
    "Model",
    "Outcome",
    "Plan",
    "Prioritised",
    "Schedule",
    "Scheduler",
    "Seen",
    "Uniform",
    "copied",
    "every_schedule",
    "plain_files",
    "see",
    "seeded",
]
