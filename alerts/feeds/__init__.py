"""From a feed's URL to entries that are known to be new.

::

    fetch.py        a Feed -> FetchedBody, NotModified or FetchFailure   (redirects, validators)
    freshness.py    what an answer's headers say about time              refusals.py  its refusals
    fingerprint.py  is it the document of last time, but for its date stamps?
    parse.py        bytes -> ParsedFeed    decode_text.py . sniff.py . xmlfeed.py . jsonfeed.py
    cut.py          only those of its items that are not known are read
    dates.py        which dates are believed            wishes.py  when a document wants to rest
    items.py        what an item is known by, and is kept of it
    identity.py     which entries are new, which are known by another name (pure)
    interval.py     when to ask again (pure)
    trial.py        one address asked once, and all that came of it   discover.py  a page's feeds
    opml.py         lists of feeds from and for other programs (pure)

It writes nothing and knows no rules.
"""
