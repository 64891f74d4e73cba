"""The small world: outlets with feeds, a mail server, a chat room and a webhook, all on loopback.

It writes the configuration and the environment for a real service to meet it. It runs no service.
"""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from alerts.clock import Clock
from alerts.demo.documents import Item, atom, json_feed, rss
from alerts.demo.news import (
    EDITED,
    NEWER,
    OUTLETS,
    REPRINTED,
    REPRINTED_LATER,
    STORIES,
    Outlet,
    SampleStory,
)
from alerts.demo.servers import Answer, FeedServer, MailSink, WebhookReceiver
from alerts.settings import VARIABLES

#: A source that cannot be read, because there is always one.
BROKEN = "Two Rivers Post"

_ROOM = "/services/T000/B000/demo"
_HOOK = "/newsroom"
_WRITERS = {"rss": rss, "atom": atom, "json": json_feed}

_CONFIGURATION = """\
# The demo's configuration, as you would write your own.
version: 1
admins:
  - email: editor@example.org
defaults:
  timezone: America/Chicago
  when: daily at 7:30 am

feeds:
{feeds}
rules:
  ice:
    title: {{en: ICE, es: ICE (la migra)}}
    any:
      - ICE                          # in capitals: the agency, not frozen water
      - Immigration and Customs Enforcement
      - la migra
    except: [ICE Arena, ICE train]   # another ICE in the same article still counts
    examples:
      match: ["ICE agents detain two people in Madison"]
      skip: ["Ice storm closes Madison schools", "The ICE train to Bremen is late"]
  sanctuary:
    title: {{en: Sanctuary, es: Santuario}}
    query: sanctuary NEAR/6 (city | county | policy | state)
  madison: Madison AND (Wisconsin | =Wis | Dane County | UW)

subscribers:
  - name: Ana Flores
    email: ana@example.org
    rules: [ice, sanctuary, madison]
  - name: Luz Mendoza
    email: luz@example.org
    language: es
    rules: [ice, sanctuary]
  - name: "#ice-watch"
    id: ice-watch
    slack: ${{DEMO_SLACK_URL}}         # a secret: it comes from the environment
    when: right away
    rules: [ice, sanctuary]
  - name: Newsroom
    webhook: {{url: "${{DEMO_HOOK_URL}}", secret: "${{DEMO_HOOK_SECRET}}"}}
    when: hourly
    rules: [ice]
"""

_FEED = """\
  - name: {name}
    url: {url}
    look_back: 3d
"""


class World:
    """The servers and what the outlets have published; a context manager.

    `folder` gets subscribers.yaml and .env, so that commands given there ask the demo's service.
    Times of stories are relative to the clock at the start. `pages`: where its web pages will be,
    empty if nothing serves them.
    """

    def __init__(self, folder: Path, clock: Clock, pages: str = "") -> None:
        self.folder = folder
        self.feeds = FeedServer(clock=clock)
        self.rooms = WebhookReceiver(clock=clock)
        self.mail = MailSink()
        self.room = _ROOM  # the path of the Slack-like webhook
        self.stories: tuple[SampleStory, ...] = STORIES
        self._reprints = [REPRINTED]
        self.pages = pages
        self._started_at = clock.now()
        self._secret = "whsec_" + base64.b64encode(clock.token().encode()).decode()

    def __enter__(self) -> Self:
        for server in (self.feeds, self.rooms, self.mail):
            server.start()
        self.feeds.answer("/two-rivers", Answer(503, b"<h1>Back soon</h1>", "text/html"))
        self._publish()
        self._write_files()
        return self

    def __exit__(self, *_: object) -> None:
        for server in (self.feeds, self.rooms, self.mail):
            server.stop()

    def move_on(self) -> None:
        """Let some news happen: a headline is edited, one story is reprinted, one is new."""
        self._reprints.append(REPRINTED_LATER)
        slug, title = EDITED
        edited = (
            dataclasses.replace(story, title=title) if story.slug == slug else story
            for story in self.stories
        )
        self.stories = (*edited, NEWER)
        self._publish()

    def environment(self, machine: Mapping[str, str]) -> dict[str, str]:
        """Return the variables for a service in this world: the machine's, but none of ours.

        A mail server or database that the reader of the demo has set up must not be touched.
        """
        kept = {name: value for name, value in machine.items() if name not in VARIABLES}
        return kept | {"ALERTS_CONFIG": "subscribers.yaml"} | self.variables()

    def variables(self) -> dict[str, str]:
        """Return what a service has to know in this world."""
        pages = {"BASE_URL": self.pages, "PORT": self.pages.rpartition(":")[2]}
        return (pages if self.pages else {}) | {
            "ALERTS_ALLOW_NETS": "127.0.0.0/8",
            "ALERTS_HOST_GAP": "0s",
            "ALERTS_MIN_POLL": "0s",
            "DATABASE_URL": "sqlite:///alerts.db",
            "SMTP_URL": self.mail.url,
            "MAIL_FROM": "Madison News Alerts <alerts@example.org>",
            "DEMO_SLACK_URL": self.rooms.url(self.room),
            "DEMO_HOOK_URL": self.rooms.url(_HOOK),
            "DEMO_HOOK_SECRET": self._secret,
        }

    def _write_files(self) -> None:
        feeds = "".join(self._feed_yaml(outlet) for outlet in OUTLETS)
        feeds += _FEED.format(name=BROKEN, url=self.feeds.url("/two-rivers"))
        text = _CONFIGURATION.format(feeds=feeds)
        (self.folder / "subscribers.yaml").write_text(text, encoding="utf-8")
        env = self.folder / ".env"
        env.touch(0o600)
        lines = (f'{name}="{value}"\n' for name, value in self.variables().items())
        env.write_text("".join(lines), encoding="utf-8")

    def _feed_yaml(self, outlet: Outlet) -> str:
        text = _FEED.format(name=outlet.name, url=self.feeds.url(f"/{outlet.key}"))
        text += f"    tags: [{', '.join(outlet.tags)}]\n" if outlet.tags else ""
        return text + (f"    place: {outlet.place}\n" if outlet.place else "")

    def _publish(self) -> None:
        for outlet in OUTLETS:
            items = self._items(outlet)
            document = _WRITERS[outlet.kind](outlet.name, items, outlet.language)
            self.feeds.put(f"/{outlet.key}", document, outlet.kind)

    def _items(self, outlet: Outlet) -> Sequence[Item]:
        own = [self._item(story) for story in self.stories if story.outlet == outlet.key]
        for slug, printed_by, query in self._reprints:
            if printed_by == outlet.key:
                item = self._item(next(story for story in self.stories if story.slug == slug))
                guid = f"{outlet.key}-{slug}"
                own.append(dataclasses.replace(item, link=item.link + query, guid=guid))
        return sorted(own, key=lambda item: -(item.at or 0.0))

    def _item(self, story: SampleStory) -> Item:
        return Item(
            title=story.title,
            link=link(story),
            text=story.text,
            at=self._started_at - story.hours_ago * 3600,
            author=story.author,
            tags=story.tags,
        )


def link(story: SampleStory) -> str:
    """Return where the story can be read."""
    site = next(outlet.site for outlet in OUTLETS if outlet.key == story.outlet)
    return f"{site}/news/{story.slug}"
