"""Where stages and store meet, in order; the only code that writes what a stage decided.

::

    apply()      a configuration comes into force: feeds, subscribers, slots        apply.py
    poll()       fetch . parse . who is new . match -> entries, keys and alerts     poll.py
                 in ONE transaction with the feed's own state
    assemble()   a slot's pending alerts -> one digest, one delivery a destination  assemble.py
                 and part, rendered once, in ONE transaction
    send()       an attempt, registered before dialling -> what the server said     send.py
    record()     what servers said -> deliveries, attempts, gates, in ONE transaction

Each works on one claimed row (`record` on a few) and returns what came of it. None of them loops,
waits or decides when: that is the engine's. (But `catch_up`, which waits for its turns at a host.)
"""

from alerts.pipeline.apply import apply
from alerts.pipeline.assemble import assemble, assemble_all_now
from alerts.pipeline.parts import InForce, Parts
from alerts.pipeline.poll import Polled, poll
from alerts.pipeline.send import Sent, Tried, record, send

__all__ = [
    "InForce",
    "Parts",
    "Polled",
    "Sent",
    "Tried",
    "apply",
    "assemble",
    "assemble_all_now",
    "poll",
    "record",
    "send",
]
