"""Hours in which everything happens at once: an outlet for them, and people who feel them."""

from __future__ import annotations

from sim_newsroom import OFTEN_S, Outlet, Piece
from sim_people import ALARM, START
from sim_truth import DAY_S, HOUR_S, Place, Rule, Spell, When, Window, Wish

_WORD = "fluvox"
_RULE = Rule(f"r-{_WORD}", (_WORD,), alarm=ALARM)
_FIRST = 9_000_000
_FLOOD_AT, _FLOOD_S, _AT_ONCE = START + 3.4 * DAY_S, 2.5 * HOUR_S, 30
_ALARMS_AT, _ALARMS, _ALARM_GAP_S = (START + 2.6 * DAY_S, START + 2.1 * DAY_S), 9, 420.0


def flooding(end: float) -> tuple[Outlet, Rule]:
    """Return an outlet that has a flood of stories, and twice one of urgent ones; and its rule."""
    outlet = Outlet("https://flood.example/f.xml", interval_s=OFTEN_S, size=100)
    outlet.max_age_s = 2 * HOUR_S
    bursts = [(_FLOOD_AT, _FLOOD_S), *((at, _ALARMS * _ALARM_GAP_S) for at in _ALARMS_AT)]
    outlet.hurries = [(at - 2.5 * HOUR_S, at + last_s + HOUR_S) for at, last_s in bursts]
    calm = [START - DAY_S / 2 + n * DAY_S / 4 for n in range(int((end - START) / DAY_S * 4))]
    rounds = [_FLOOD_AT + n * OFTEN_S for n in range(int(_FLOOD_S / OFTEN_S))]
    flood = [at + n for at in rounds for n in range(_AT_ONCE)]
    alarms = [at + n * _ALARM_GAP_S for at in _ALARMS_AT for n in range(_ALARMS)]
    told = [(at, ("calm", "as", "ever")) for at in calm]
    told += [(at, ("flood", "of", "news", _WORD)) for at in flood]
    told += [(at, ("alarm", "and", "alarm", _WORD, ALARM)) for at in alarms]
    for n, (at, words) in enumerate(sorted(told)):
        number = _FIRST + n
        link = f"https://flood.example/n{number:07d}k"
        outlet.pieces.append(Piece(number, at, words, link=link))
    return outlet, _RULE


def flooded() -> list[Wish]:
    """Return who follows it, each in another way."""
    at_once, daily = When("right away", "right away"), When("daily at 7:30", "weekdays", (450,))
    only = When("urgent only", "urgent only")
    waking, night = Window(360, 1_320), Window(1_320, 420)
    mail = [Place(f"f{n}/email/f{n}@example.org", "email", f"f{n}@example.org") for n in range(8)]
    room = Place("f1/slack/hooks.slack.com", "slack", "https://hooks.slack.com/services/T/B/f1")
    hook = Place("f2/webhook/f2.example", "webhook", "https://f2.example/in")
    asked: list[tuple[str, When, Place, Window | None, Window | str]] = [
        ("America/Chicago", at_once, mail[0], None, "always"),
        ("Europe/Berlin", at_once, room, night, "always"),
        ("Asia/Tokyo", at_once, hook, Window(0, 300), waking),
        ("America/New_York", only, mail[3], night, waking),
        ("Asia/Kolkata", daily, mail[4], night, waking),
        ("UTC", daily, mail[5], None, "never"),
        ("Asia/Bangkok", daily, mail[6], None, waking),
        ("America/Chicago", daily, mail[7], None, waking),
    ]
    return [
        Wish(
            place.key.partition("/")[0],
            zone,
            when,
            ((_RULE.name, None),),
            (place,),
            quiet,
            0.0,
            None,
            urgent,
        )
        for zone, when, place, quiet, urgent in asked
    ]


def troubled() -> list[tuple[str, Spell]]:
    """Return whose servers hang: into the night of who is not to be woken then."""
    sleepers = [wish.places[0].key for wish in flooded()[-2:]]
    return [
        (key, Spell("hangs", at, at + 0.9 * HOUR_S))
        for key, at in zip(sleepers, _ALARMS_AT, strict=True)
    ]
