"""Troubles of places, and when the product is surely over them."""

from __future__ import annotations

from sim_truth import DAY_S, HOUR_S, Ledger, Place, Spell

#: A jump of the world's clock, its gates and the mails before one's own.
SLACK_S = 900.0


def troubles(ledger: Ledger, place: Place) -> list[Spell]:
    """Return a place's own, those of the process and of what it shares with others."""
    mine = [*ledger.spells.get(place.key, ()), *ledger.spells.get("process", ())]
    if place.kind == "email":
        mine += ledger.spells.get("mail", ())
    return mine


def over(spell: Spell, place: Place) -> float:
    """Return when what hung or was down is surely tried again, by the longest waits between tries."""
    lasted = spell.end - spell.start
    if spell.what not in ("hangs", "down"):
        return spell.end
    if place.kind == "email":
        return spell.end + min(1.6 * lasted + 1_800.0, 10 * HOUR_S)
    return spell.end + min(10 * lasted + 600.0, 1.2 * DAY_S)
