"""When things are done: boot, one pass (`once`), the embedded service; never what is done.

Everything due is a row (see `store.claims`); an engine claims rows, hands them to `pipeline`
functions in threads, and waits for the next moment.
"""
