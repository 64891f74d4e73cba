"""The tables. Times are UTC epoch seconds as doubles; ids of digests and deliveries are random.

A due thing (feed, slot, delivery) has `due_at`, `lease` and `lease_until`: who claims it writes a
lease, and only the holder of that lease may write the result (see `claims`).
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _claimable() -> tuple[Column[float], Column[str], Column[float]]:
    """Columns of a thing that falls due and is worked on by one at a time."""
    return (
        Column("due_at", Double),  # None: nothing to do until something happens
        Column("lease", Text),
        Column("lease_until", Double),
    )


#: Single values: the key that signs links, made once.
meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

#: Each configuration that came into force, with its files: a restart boots with the last good one.
config_version = Table(
    "config_version",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("version", Text, nullable=False),
    Column("loaded_at", Double, nullable=False),
    Column("state", Text, nullable=False),  # in force, waits (for reload --confirm), set aside
    Column("files", JSON, nullable=False),  # path -> text; secrets stay ${NAME}
    Column("summary", Text, nullable=False),  # "+2 feeds, −1 rule": against the one before
)

feed = Table(
    "feed",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("url", Text, nullable=False, unique=True),
    Column("host", Text, nullable=False),
    Column("name", Text),  # the configuration's
    Column("title", Text),  # the feed's own
    Column("is_active", Boolean, nullable=False),
    Column("state", Text, nullable=False),  # new, ok, failing, quarantined, gone, paused
    Column("etag", Text),
    Column("last_modified", Text),
    Column("validators_url", Text),
    Column("self_link", Text),  # what the document says its own address is
    Column("wishes", JSON(none_as_null=True)),  # the document's: see `model.Wishes`
    Column("fingerprint", Text),
    Column("last_poll_at", Double),
    Column("last_success_at", Double),
    Column("baseline_at", Double),  # when its first complete document was read
    Column("hold_until", Double),  # the server's Retry-After
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("failing_since", Double),
    Column("gone_at", Double),  # the first 410 of a row of them
    Column("moved_to", Text),  # where permanent redirects lead
    Column("moved_since", Double),
    Column("moved_polls", Integer, nullable=False, server_default="0"),  # that saw it
    Column("adopted_at", Double),  # since when `moved_to` is asked instead of `url`
    Column("quarantined_at", Double),  # since when entries of it are held back
    Column("gaps", Integer, nullable=False, server_default="0"),  # documents that may have skipped
    Column("lost_at", Double),  # the last of them: nothing in it was known
    Column("error_kind", Text),
    Column("error_text", Text),
    Column("error_hint", Text),
    Column("entries", Integer, nullable=False, server_default="0"),  # read in the last document
    Column("left_out", Integer, nullable=False, server_default="0"),  # not read: it is too long
    Column("read_at", Double),  # when that was; it may be answered 304 ever since
    Column("emptied_at", Double),  # since when a document lists none
    *_claimable(),
)
Index(None, feed.c.due_at)

#: Feeds that could not be read last time, or never were asked; those in quarantine are read. Each
#: digest asks for them: an index of them alone, in these very words, answers without a look at all.
IS_UNREAD = text("is_active AND (error_kind IS NOT NULL OR state NOT IN ('ok', 'quarantined'))")
# The migration says so of both stores; PostgreSQL's option would load its dialect everywhere.
Index("ix_feed_unread", feed.c.id, sqlite_where=IS_UNREAD)

host = Table(
    "host",
    metadata,
    Column("key", Text, primary_key=True),
    Column("next_at", Double, nullable=False),
)

entry = Table(
    "entry",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("feed_id", ForeignKey("feed.id"), nullable=False),
    Column("link", Text),
    Column("link_key", Text),
    Column("guid", Text),
    Column("title", Text, nullable=False),
    Column("title_key", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("text_key", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("tags", JSON, nullable=False),
    Column("lang", Text),
    Column("published_at", Double),
    Column("seen_at", Double, nullable=False),
    Column("changed_at", Double),  # when its title or text was last seen to be another
    Column("withdrawn_at", Double),  # when its feed was seen to take it back
    Column("is_baseline", Boolean, nullable=False),
)
Index(None, entry.c.seen_at)
Index(None, entry.c.withdrawn_at)
Index(None, entry.c.feed_id, entry.c.is_baseline, entry.c.seen_at)  # who has fallen silent

#: By which keys an entry is known in a feed; looked up across feeds by `key`.
feed_key = Table(
    "feed_key",
    metadata,
    Column("feed_id", ForeignKey("feed.id"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("entry_id", Integer, nullable=False),  # may outlive its entry by a year
    Column("last_seen", Double, nullable=False),
)
Index(None, feed_key.c.key)
Index(None, feed_key.c.last_seen)

entry_feed = Table(
    "entry_feed",
    metadata,
    Column("entry_id", ForeignKey("entry.id", ondelete="CASCADE"), primary_key=True),
    Column("feed_id", ForeignKey("feed.id"), primary_key=True),
    Column("link", Text),
    Column("title", Text, nullable=False),
    Column("published_at", Double),
    Column("seen_at", Double, nullable=False),
)

#: Entries that wait for an admin: old stories of a site that renamed everything, or real news?
held = Table(
    "held",
    metadata,
    Column("entry_id", ForeignKey("entry.id", ondelete="CASCADE"), primary_key=True),
    Column("feed_id", ForeignKey("feed.id"), nullable=False),
    Column("held_at", Double, nullable=False),
)
Index(None, held.c.feed_id)

#: Items of a feed's last document, as they are told apart (`feeds.items`).
document = Table(
    "document",
    metadata,
    Column("feed_id", ForeignKey("feed.id"), primary_key=True),
    Column("items", LargeBinary, nullable=False),
)

#: Pages of entries, fetched and matched too (`fulltext: true`).
fulltext = Table(
    "fulltext",
    metadata,
    Column("entry_id", ForeignKey("entry.id", ondelete="CASCADE"), primary_key=True),
    Column("feed_id", ForeignKey("feed.id"), nullable=False),
    Column("host", Text, nullable=False),  # of the page
    Column("due_at", Double),  # NULL: read, or given up
    Column("tries", Integer, nullable=False, server_default="0"),  # begun
    Column("asked_until", Double),  # a request at another host than the feed's is under way
    Column("read_at", Double),
    Column("chars", Integer),  # that stand in the entry; NULL: the page said no more than the feed
    Column("error_text", Text),  # of the last try
)
Index(None, fulltext.c.feed_id, fulltext.c.due_at)
Index(None, fulltext.c.asked_until)

subscriber = Table(
    "subscriber",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("first_loaded_at", Double, nullable=False),
    Column("removed_at", Double),
    Column("paused_until", Double),
)

#: Since when a subscriber follows a rule: nothing first seen earlier is told.
subscription = Table(
    "subscription",
    metadata,
    Column("subscriber", ForeignKey("subscriber.id"), primary_key=True),
    Column("rule", Text, primary_key=True),
    Column("first_loaded_at", Double, nullable=False),
)

slot = Table(
    "slot",
    metadata,
    Column("subscriber", ForeignKey("subscriber.id"), primary_key=True),
    Column("cadence", Text, primary_key=True),
    Column("timezone", Text, nullable=False),
    Column("name", Text),  # local date and time of the slot that is due next
    Column("last_name", Text),  # of the slot that was taken last, so that none comes twice
    Column("flood", Text),  # how it is slowed: "bundles", "digests"; None: not at all
    *_claimable(),
)
Index(None, slot.c.due_at)

digest = Table(
    "digest",
    metadata,
    Column("id", Text, primary_key=True),
    Column("subscriber", Text, nullable=False),
    Column("cadence", Text, nullable=False),
    Column("slot", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("articles", Integer, nullable=False),
    Column("config_version", Text, nullable=False),
    UniqueConstraint("subscriber", "cadence", "slot"),
)
Index(None, digest.c.subscriber, digest.c.cadence, digest.c.created_at)

alert = Table(
    "alert",
    metadata,
    Column("subscriber", Text, primary_key=True),
    Column("entry_id", ForeignKey("entry.id", ondelete="CASCADE"), primary_key=True),
    Column("matches", JSON, nullable=False),  # [{"rule", "spans": [[field, start, end]], …}]
    Column("state", Text, nullable=False),  # pending, digested, suppressed
    Column("reason", Text),
    Column("urgent_at", Double),  # since when it is to be told, or was told, as urgent
    Column("is_late", Boolean, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("digest_id", ForeignKey("digest.id")),
    Column("folded_from", Text),  # the digest that expired with it, if one did
    Column("told_title", Text),  # the headline as it was told: as urgent, or who wants corrections
    Column("withdrawal_told_at", Double),  # when its reader was told that it was withdrawn
)
Index(None, alert.c.state, alert.c.subscriber)
Index(None, alert.c.digest_id)
Index(None, alert.c.entry_id)

#: What was told again of an entry that was told as urgent; one that comes to nobody is undone.
follow_up = Table(
    "follow_up",
    metadata,
    Column("digest_id", ForeignKey("digest.id", ondelete="CASCADE"), primary_key=True),
    Column("entry_id", ForeignKey("entry.id", ondelete="CASCADE"), nullable=False),
    Column("was", Text),  # the headline as its reader knew it
    Column("is_withdrawal", Boolean, nullable=False),
)
Index(None, follow_up.c.entry_id)

delivery = Table(
    "delivery",
    metadata,
    Column("id", Text, primary_key=True),
    Column("digest_id", ForeignKey("digest.id")),  # None: a notice to an admin, or a test
    Column("subscriber", Text, nullable=False),
    Column("destination", Text, nullable=False),  # its key: no secret in it
    Column("kind", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("part", Integer, nullable=False),
    Column("parts", Integer, nullable=False),
    Column("articles", Integer, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("result_kind", Text),
    Column("code", Text),
    Column("server_text", Text),
    Column("hint", Text),
    Column("attempts", Integer, nullable=False, server_default="0"),  # counted by the back-off
    Column("created_at", Double, nullable=False),
    Column("retried_at", Double),  # by hand: its age counts from then
    Column("ended_at", Double),
    Column("carried_by", Text),  # the delivery that holds its stories: one mail for two subscribers
    *_claimable(),
)
Index(None, delivery.c.due_at)
Index(None, delivery.c.digest_id)
Index(None, delivery.c.destination, delivery.c.state)
Index(None, delivery.c.target)
Index(None, delivery.c.carried_by)

#: Every try, registered before dialling; `outcome` None: begun, and its end is not known.
attempt = Table(
    "attempt",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("delivery_id", ForeignKey("delivery.id", ondelete="CASCADE"), nullable=False),
    Column("started_at", Double, nullable=False),
    Column("ended_at", Double),
    Column("outcome", Text),
    Column("result_kind", Text),
    Column("code", Text),
    Column("server_text", Text),
    Column("server", Text),
    Column("next_at", Double),  # the try after it; None: there was none
    Column("forgiven_at", Double),  # its destination was resumed since: no evidence any more
)
Index(None, attempt.c.delivery_id)

#: Rate gate and circuit of one destination ("ana/email/…") or one server ("server/mail.example").
gate = Table(
    "gate",
    metadata,
    Column("key", Text, primary_key=True),
    Column("next_at", Double, nullable=False),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("since", Double),  # of the first of a row of failures
    Column("reason", Text),
)

#: Addresses and webhooks that get nothing, whatever subscribers.yaml says. `target` is what
#: `model.Destination.target` says: the address for everyone who writes to it, or one webhook.
suppression = Table(
    "suppression",
    metadata,
    Column("target", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # stopped (by its reader), bad_address, gone, erased
    Column("reason", Text, nullable=False),
    Column("created_at", Double, nullable=False),
)

#: Pauses set by a command or a page: nothing goes to `target` before `until`, alerts wait.
pause = Table(
    "pause",
    metadata,
    Column("target", Text, primary_key=True),
    Column("until", Double, nullable=False),
)

#: How links in mails name a target without saying it: a link holds the id, signed.
reader = Table(
    "reader",
    metadata,
    Column("id", Text, primary_key=True),
    Column("target", Text, nullable=False, unique=True),
)

#: Destinations that were welcomed, or needed no welcome: nobody is welcomed twice.
welcome = Table(
    "welcome",
    metadata,
    Column("destination", Text, primary_key=True),
    Column("target", Text, nullable=False),
    Column("at", Double, nullable=False),
)

#: What admins were told, once each; `closed_at` None: it is not over.
notice = Table(
    "notice",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False),  # "feed https://…", "mail", "webhook ana/slack/…", "edit"
    Column("open_key", Text, unique=True),  # the key until it is over: nobody else may begin it
    Column("opened_at", Double, nullable=False),
    Column("closed_at", Double),
    Column("subject", Text, nullable=False),
)
Index(None, notice.c.key)
