"""The words of the pages, in one place; English for now."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Page:
    """What a page says: a title, paragraphs, and perhaps a button."""

    title: str
    paragraphs: tuple[str, ...]
    button: str = ""  # its form is posted to the page's own address


def ask_stop(who: str, service: str) -> Page:
    """The page of a stop link, before anything is done."""
    return Page(
        f"Stop mails to {who}?",
        (
            f"Press the button, and {service} sends nothing more to {who}.",
            "Nothing has been changed yet.",
        ),
        f"Stop mails to {who}",
    )


def stopped(who: str, *, tells: bool, admin: str | None) -> Page:
    """The page after a stop."""
    undo = (
        "One last mail goes there with a link that starts the mails again."
        if tells
        else f"To get them again{_write_to(admin)}."
    )
    return Page(f"No more mails to {who}", (f"Mails to {who} are stopped.", undo))


def ask_again(who: str, service: str) -> Page:
    """The page of a start-again link, before anything is done."""
    return Page(
        f"Start mails to {who} again?",
        (f"Mails from {service} to {who} are stopped.", "Nothing has been changed yet."),
        f"Start mails to {who} again",
    )


def active(who: str, service: str) -> Page:
    """The page when mails go to an address."""
    return Page(
        f"Mails go to {who}",
        (
            f"{service} sends mails to {who}, as long as its admin has the address in its list.",
            "What was found while they were stopped is not sent later.",
        ),
    )


def held(who: str, admin: str | None) -> Page:
    """The page when mails are stopped for a reason that is not the reader's to lift."""
    return Page(
        f"No mails go to {who}",
        (f"No mails are sent to {who}, and this link cannot change that.",
         f"If you want them{_write_to(admin)}."),
    )  # fmt: skip


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


def _write_to(admin: str | None) -> str:
    return f", write to {admin}" if admin else ", write to who runs this service"
