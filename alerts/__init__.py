"""Watches news feeds for people who cannot afford to miss a story.

The way of the data, and the rooms it passes::

    subscribers.yaml -- config --+
                                 v
    feeds/  --entries-->  rules/  --alerts-->  digests/  --digests-->  delivery/
    fetch . parse         compile . match      slot . story . render   transports . retry
                                 |  every stage hands its result to pipeline.py,
                                 v  which alone writes what they decided
                               store/   SQLite by default, PostgreSQL when one machine is not enough

A stage never imports another stage; `pipeline` composes them and `engine` decides when.
"""

__version__ = "0.1.0"
