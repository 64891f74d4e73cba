"""Every key of subscribers.yaml in one table: reading, suggestions, schema and docs come from it.

A key's `kind` says how it is read (`values.READERS`) and what the JSON Schema allows
(`schema.KINDS`). Flip `in_effect` when a key's behaviour ships.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Where = Literal[
    "top",
    "admin",
    "feed",
    "rule",
    "near",
    "urgent",
    "examples",
    "subscriber",
    "subscription",
    "webhook",
]

#: How a value is read. The last group is read by the noun's own module.
Kind = Literal[
    "text",
    "texts",
    "words",
    "translations",
    "flag",
    "choice",
    "number",
    "duration",
    "distance",
    "url",
    "file",
    "secret",
    "language",
    "languages",
    "when",
    "zone",
    "quiet",
    "urgent_window",
    "moment",
    "id",
    "version",
    "query",
    "queries",
    "list",
    "mapping",
    "node",
    "destinations",
]


@dataclass(frozen=True, slots=True)
class Key:
    """One key: where it stands, how its value is read, what it means to a person."""

    name: str
    kind: Kind
    meaning: str
    default: str = ""  # as the docs show it; "" if there is none
    choices: tuple[str, ...] = ()
    in_effect: bool = True  # False: accepted and validated, listed as "not yet in effect"
    required: bool = False
    example: str = ""
    most: str = ""  # the longest duration that is taken


_QUERY_KEYS = (
    Key("query", "query", "One query in the query language.", example="ICE NEAR/8 raid"),
    Key("any", "queries", "At least one of these queries holds.", example="[ICE, la migra]"),
    Key("all", "queries", "All of these queries hold.", example="[sanctuary, Wisconsin]"),
    Key("none", "queries", "An article in which one of these holds is dropped.",
        example="[hockey]"),
    Key("near", "mapping", "Words close to each other: {words: […], within: 8}."),
    Key("except", "queries", "Inside these phrases the rule's words do not count.",
        example="[ICE Arena]"),
    Key(
        "in",
        "words",
        "Fields that are looked at.",
        "all",
        ("title", "summary", "content", "author", "tag", "link"),
        example="[title]",
    ),
)  # fmt: skip

_RULE_KEYS = (
    Key("title", "translations", "What readers see: a text, or {en: …, es: …}.",
        "made from the name"),
    *_QUERY_KEYS,
    Key("feeds", "texts", "Only articles of these feeds (names, addresses or tags).", "all feeds",
        example="[local]"),
    Key("place", "texts", "Only feeds of this place (or places).", example="madison"),
    Key("lang", "languages", "Only articles in this language (or languages), or whose language is"
        " not known.", example="en"),
    Key("caps", "choice", "Whether an all-capitals title is enough.", "accept", ("accept",
        "reject")),
    Key("urgent", "node", "What goes out at once: {query, newer_than, note}."),
    Key("weight", "number", "How early the rule's stories stand in a digest.", "1",
        in_effect=False),
    Key("examples", "mapping",
        "Headlines the rule must match and must skip: {match: […], skip: […]}."),
)  # fmt: skip

#: Kinds of destinations, as they stand at a subscriber; `people` reads as `email`.
_DESTINATION_KEYS = (
    Key("email", "destinations", "Mail addresses; each is a destination of its own.",
        example="Ana <ana@example.org>"),
    Key("people", "destinations", "The same as email, for a longer list.",
        example="[ana@example.org, luz@example.org]"),
    Key("slack", "destinations", "Slack incoming webhooks.", example="${SLACK_ICE_URL}"),
    Key("webhook", "destinations", "A signed webhook: {url: …, secret: …}."),
    Key("discord", "destinations", "Discord webhooks.", in_effect=False, example="${DISCORD_URL}"),
    Key("teams", "destinations", "Microsoft Teams workflow webhooks.", in_effect=False,
        example="${TEAMS_URL}"),
    Key("mattermost", "destinations", "Mattermost incoming webhooks.", in_effect=False,
        example="${MATTERMOST_URL}"),
    Key("telegram", "destinations", "Telegram chats: TOKEN/CHAT.", in_effect=False,
        example="${TELEGRAM_CHAT}"),
    Key("google_chat", "destinations", "Google Chat webhooks.", in_effect=False,
        example="${GOOGLE_CHAT_URL}"),
    Key("matrix", "destinations", "Matrix webhooks.", in_effect=False, example="${MATRIX_URL}"),
    Key("ntfy", "destinations", "ntfy topics.", in_effect=False, example="ice-watch-topic"),
    Key("notify", "destinations", "Apprise URLs.", in_effect=False, example="${GOTIFY_URL}"),
)  # fmt: skip

_SETTING_KEYS = (
    Key("when", "when", "When digests go out.", "daily at 7:30 am",
        example="weekdays at 7:30 am and 5 pm"),
    Key("timezone", "zone", "The zone of all its times.", "UTC, with a warning",
        example="America/Chicago"),
    Key("quiet", "quiet", "Hours in which nothing is sent; none lifts a default.", "none",
        example="10 pm to 6 am"),
    Key("urgent", "urgent_window", "When urgent stories may come: always, never or a window.",
        "6 am to 10 pm for people, always for rooms", example="always"),
    Key("language", "choice", "The language of what we write.", "en", ("en", "es")),
    Key("nothing_new", "choice", "What comes when nothing matched for a week.", "silent", ("silent",
        "weekly note")),
    Key("style", "choice", "How much of each story.", "full for people, brief for rooms", ("full",
        "brief")),
    Key("welcome", "flag", "Whether a new address is first told what will come.", "false"),
    Key("mention", "choice", "Whether urgent stories ping the channel.", "none", ("none", "here")),
    Key("subject", "choice", "Whether the subject names the topic.", "plain",
        ("plain", "discreet")),
    Key("corrections", "flag",
        "Whether changed headlines are told: in the next digest, of urgent stories at once.",
        "false"),
    Key("spread", "duration", "Mails go out within this time after the slot.", "3m", example="3m",
        most="3h"),
    Key("pause_until", "moment", "Nothing is sent before this day.", example="2027-01-07"),
)  # fmt: skip

TABLE: Mapping[Where, tuple[Key, ...]] = {
    "top": (
        Key("version", "version", "The version of this format; included files need none.",
            required=True, example="1"),
        Key("admins", "list", "Who hears of broken feeds, refused edits and dead webhooks."),
        Key("defaults", "mapping", "Any key of a subscriber, for all of them."),
        Key("feeds", "list", "What is polled: an address, or a mapping."),
        Key("rules", "mapping", "What is looked for: a name, and a query, a list or a mapping."),
        Key("subscribers", "list", "Who is told, of what, and when."),
        Key("include", "texts", "More files of this form, relative to this one.",
            example="[subscribers.d/*.yaml]"),
    ),
    "admin": (
        Key("name", "text", "Whom it is about.", example="Web desk"),
        *_DESTINATION_KEYS,
    ),
    "feed": (
        Key("url", "url", "The feed's address.", required=True,
            example="https://courier.example/rss"),
        Key("name", "text", "What readers see.", "the feed's own title",
            example="Dane County Courier"),
        Key("tags", "texts", "Words that rules can name this feed by.", example="[local]"),
        Key("place", "text", "Where it reports from; rules ask with place:", example="madison"),
        Key("look_back", "duration",
            "On its first poll, offer only entries younger than this; 0 = none.", "24h",
            example="24h", most="36500d"),
        Key("lang", "language", "The language of its articles.", "what the feed says",
            example="en"),
        Key("fulltext", "flag", "Whether the page of each new article is fetched and matched too;"
            " needs trafilatura.", "false"),
        Key("paywall", "flag", "Whether readers need a subscription.", "false"),
        Key("check", "choice", "How often it is polled; often = every 10 minutes at most.", "auto",
            ("auto", "often")),
        Key("respect_cache", "flag", "Whether the server's freshness is a floor between polls.",
            "true"),
        Key("verify", "file", "A file of certificate authorities.", "the system's",
            example="own-ca.pem"),
        Key("auth", "secret", "User and password.", example="${COURIER_USER}:${COURIER_PASSWORD}"),
    ),
    "rule": _RULE_KEYS,
    "near": (
        Key("words", "queries", "Two or more words or phrases.", required=True,
            example="[ICE, raid]"),
        Key("within", "distance", "Positions they may be apart.", "10", example="8"),
    ),
    "urgent": (
        Key("query", "query", "What makes a match urgent.", required=True,
            example="ICE NEAR/8 raid"),
        Key("newer_than", "duration", "Older articles are not urgent.", example="6h",
            most="36500d"),
        Key("note", "translations",
            "A line of yours for urgent stories: a text, or {en: …, es: …}."),
    ),
    "examples": (
        Key("match", "texts", "Headlines that the rule must match."),
        Key("skip", "texts", "Headlines that it must not match."),
    ),
    "subscriber": (
        Key("name", "text", "How the subscriber is called.", example="Ana Flores"),
        Key("id", "id", "A stable key; keep it when the name changes.", "made from the name",
            example="ana-flores"),
        Key("rules", "list", "Names of rules, or {rule, when}, or a query written in place."),
        *_DESTINATION_KEYS,
        *_SETTING_KEYS,
    ),
    "subscription": (
        Key("rule", "text", "The name of a rule.", example="ice"),
        Key("when", "when", "When this rule's stories go out.", "the subscriber's own",
            example="right away"),
        *_RULE_KEYS,
    ),
    "webhook": (
        Key("url", "text", "Where it is posted to.", required=True, example="${HOOK_URL}"),
        Key("secret", "text", "What it is signed with.", required=True, example="${HOOK_SECRET}"),
    ),
}  # fmt: skip

DESTINATION_KINDS: tuple[str, ...] = tuple(key.name for key in _DESTINATION_KEYS)
SETTINGS: tuple[str, ...] = tuple(key.name for key in _SETTING_KEYS)
ROOMS = frozenset(DESTINATION_KINDS) - {"email", "people"}

BY_NAME: Mapping[Where, Mapping[str, Key]] = {
    where: {key.name: key for key in keys} for where, keys in TABLE.items()
}

#: How messages name the place.
TITLES: Mapping[Where, str] = {
    "top": "the file",
    "admin": "an admin",
    "feed": "a feed",
    "rule": "a rule",
    "near": "near",
    "urgent": "a rule's urgent",
    "examples": "examples",
    "subscriber": "a subscriber",
    "subscription": "a rule at a subscriber",
    "webhook": "webhook",
}

#: What people write instead -> the key that is meant.
MEANT: Mapping[str, str] = {
    "channel": "slack", "mail": "email", "emails": "email", "e-mail": "email", "address": "email",
    "schedule": "when", "cadence": "when", "frequency": "when", "time": "when", "tz": "timezone",
    "zone": "timezone", "lang": "language", "language": "lang", "sources": "feeds", "feed": "feeds",
    "keywords": "any", "terms": "any", "words": "any", "exclude": "none", "not": "none",
    "subscriptions": "rules", "topics": "rules", "tag": "tags", "label": "name", "link": "url",
    "href": "url", "includes": "include", "admin": "admins", "default": "defaults",
    "subscriber": "subscribers", "rule": "rules", "user": "auth", "password": "auth",
    "unless": "except", "excluding": "except", "quiet_hours": "quiet", "pause": "pause_until",
    "location": "place", "where": "place", "interval": "check", "or": "any", "and": "all",
}  # fmt: skip
