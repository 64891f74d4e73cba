"""Carries rendered digests to their destinations: one file per transport, errors as values.

::

    transport.py   the protocol, the table of transports, what a transport needs to know
    places.py      the grammar of destinations            compose.py   a mail as bytes
    email.py       mail by SMTP (smtp.py, pool.py)        spool.py     mail as .eml files
    slack.py, webhook.py   posts by HTTP (post.py)        memory.py    the one without a network
    classify.py    what an answer means                   retry.py     when to try again

It does not decide what is owed to whom, renders nothing and writes no row.
"""
