"""The words of the pages, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from alerts.digests.words import translations


@dataclass(frozen=True, slots=True)
class Page:
    """What a page says: a title, paragraphs, and perhaps a button."""

    title: str
    paragraphs: tuple[str, ...]
    button: str = ""  # its form is posted to the page's own address
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Reader:
    """Who a page is for: the address (or "your address"), the service, its admin."""

    who: str
    service: str
    admin: str | None = None
    language: str = "en"

    @property
    def _(self) -> Callable[[str], str]:
        return translations(self.language).gettext

    def _page(self, title: str, *paragraphs: str, button: str = "") -> Page:
        words = {"who": self.who, "service": self.service, "admin": self.admin}
        return Page(
            title % words, tuple(p % words for p in paragraphs), button % words, self.language
        )

    def ask_stop(self) -> Page:
        """The page of a stop link, before anything is done."""
        _ = self._
        return self._page(
            _("Stop mails to %(who)s?"),
            _("Press the button, and %(service)s sends nothing more to %(who)s."),
            _("Nothing has been changed yet."),
            button=_("Stop mails to %(who)s"),
        )

    def stopped(self, *, tells: bool) -> Page:
        """The page after a stop; `tells`: a mail with the way back is sent."""
        _ = self._
        if tells:
            undo = _("One last mail goes there with a link that starts the mails again.")
        elif self.admin:
            undo = _("To get them again, write to %(admin)s.")
        else:
            undo = _("To get them again, write to who runs this service.")
        return self._page(_("No more mails to %(who)s"), _("Mails to %(who)s are stopped."), undo)

    def ask_again(self) -> Page:
        """The page of a start-again link, before anything is done."""
        _ = self._
        return self._page(
            _("Start mails to %(who)s again?"),
            _("Mails from %(service)s to %(who)s are stopped."),
            _("Nothing has been changed yet."),
            button=_("Start mails to %(who)s again"),
        )

    def active(self) -> Page:
        """The page when mails go to an address."""
        _ = self._
        return self._page(
            _("Mails go to %(who)s"),
            _(
                "%(service)s sends mails to %(who)s, as long as its admin has the address in its"
                " list."
            ),
            _("What was found while they were stopped is not sent later."),
        )

    def held(self) -> Page:
        """The page when mails are stopped for a reason that is not the reader's to lift."""
        _ = self._
        if self.admin:
            ask = _("If you want them, write to %(admin)s.")
        else:
            ask = _("If you want them, write to who runs this service.")
        return self._page(
            _("No mails go to %(who)s"),
            _("No mails are sent to %(who)s, and this link cannot change that."),
            ask,
        )


def someone(language: str) -> str:
    """What stands for an address that is not known."""
    return translations(language).gettext("your address")


def unknown_link(admin: str | None) -> Page:
    """The page of a link that is not ours, is torn, or is too old."""
    return Page(
        "This link does not work",
        (
            "It may have been cut by your mail program: copy the whole link from the mail, up to"
            " the last character, and try again.",
            "Or answer one of the mails with the word STOP"
            + (f", or write to {admin}." if admin else "."),
        ),
    )


def trouble(code: int) -> Page:
    """The page of everything else that goes wrong."""
    said = {
        400: ("This was not understood", "Go back and try again."),
        404: ("There is no such page", "Check the address, or go back to the mail."),
        405: ("This page cannot be used like that", "Open the link from the mail again."),
        413: ("That was too much", "No page here takes so much data."),
        503: ("Not just now", "Nothing was changed. Please try again in a few minutes."),
    }
    title, text = said.get(
        code, ("Something went wrong here", "Nothing was changed. Please try again later.")
    )
    return Page(title, (text,))
