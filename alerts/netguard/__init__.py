"""The one guarded way out: every request whose address comes from a feed, a redirect or the YAML.

::

    exchange()  answer.py     one request, its whole answer, a deadline, caps; NetError else
    handshake() handshake.py  a connection opened and closed, no request
    Session()   wire.py       connections kept alive; sockets that keep the deadline and count bytes
    Guard       guard.py      looks a name up once, checks each address, dials those that pass
                addresses.py  which addresses are public       resolve.py  names, with a deadline
                decode.py     content encodings under a cap    rooms.py    few big bodies at a time
                neterror.py   what can go wrong

It follows no redirect, keeps no cookie, reads no environment and knows nothing of feeds.
"""

from alerts.netguard.answer import ACCEPT_ENCODING, Answer, exchange, wire_url
from alerts.netguard.guard import Dialer, Guard, Purpose, system_dialer
from alerts.netguard.handshake import Handshake, handshake
from alerts.netguard.neterror import NetError, NetKind
from alerts.netguard.resolve import Resolver, system_resolver
from alerts.netguard.wire import Session

__all__ = [
    "ACCEPT_ENCODING",
    "Answer",
    "Dialer",
    "Guard",
    "Handshake",
    "NetError",
    "NetKind",
    "Purpose",
    "Resolver",
    "Session",
    "exchange",
    "handshake",
    "system_dialer",
    "system_resolver",
    "wire_url",
]
