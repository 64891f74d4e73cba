"""subscribers.yaml -> one frozen Config, or every mistake in it with its place.

Owns the file's format. Each string with a grammar goes to the stage that owns it (`rules.query`,
`digests.when`, `delivery.places`); what they refuse is shown at its line. Nothing is contacted.
"""

from alerts.config.loaded import Loaded, load, require
from alerts.rules.mistakes import nearest

__all__ = ["Loaded", "load", "nearest", "require"]
