"""Changes of a running service's configuration: taken, braked, refused, confirmed, undone.

::

    edits      every second, and at the start: requests of `alerts reload`, edits of the files
    templates  an admin's own templates: taken, refused, told
    watch      which files were edited and are at rest
    versions   the decision: in force, waits, refused; told to the admins
    brake      edits that wait, and why          volume   alerts of 7 days, made and estimated
    undo       the version before comes back     changes  what an edit changed, in a few words
"""

from alerts.pipeline.reload.edits import Edits, begin, last_good, load, meet, stored
from alerts.pipeline.reload.versions import NOTHING, Taken, take, texts
from alerts.pipeline.reload.watch import Watch

__all__ = [
    "NOTHING",
    "Edits",
    "Taken",
    "Watch",
    "begin",
    "last_good",
    "load",
    "meet",
    "stored",
    "take",
    "texts",
]
