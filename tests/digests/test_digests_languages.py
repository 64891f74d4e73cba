"""Readers are served in their language: nothing of ours is left in English for a Spanish reader."""

from __future__ import annotations

import re
import string
from dataclasses import replace
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po
from digest_cases import COURIER, NOW, alert, at, morning
from hypothesis import given
from hypothesis import strategies as st

from alerts.digests.cadences import cadence
from alerts.digests.dates import Dates
from alerts.digests.phrases import Phrases
from alerts.digests.render import MailContext, Renderer
from alerts.digests.tongues import guessed
from alerts.digests.when import parse_when
from alerts.digests.words import CATALOGUES, LANGUAGES, enumerated
from alerts.model import Digest, FeedHealth

ROOT = Path(__file__).parents[2]
KEYWORDS = {"_": None, "_t": None, "N_": None, "gettext": None, "ngettext": (1, 2), "_n": (1, 2)}
RENDERER = Renderer()
TO_LUZ = MailContext("luz@example.org", "admin@example.org")


def spanish(digest: Digest) -> Digest:
    return replace(digest, subscriber=replace(digest.subscriber, language="es"))


def messages() -> set[object]:
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    found = extract_from_dir(ROOT, methods, options, keywords=KEYWORDS)
    return {message for _file, _line, message, _comments, _context in found}


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)[sd]", text))


def known_to(message: str | tuple[str, ...]) -> set[str]:
    """Return what a translation may name: what its message does, and a date all parts of a date."""
    named = placeholders(message if isinstance(message, str) else " ".join(message))
    is_date = "clock" in named and "since" not in named
    return named | ({"weekday", "at_clock"} if is_date else set())


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_every_message_is_translated_and_none_is_left_over(language: str):
    with (CATALOGUES / language / "LC_MESSAGES" / "alerts.po").open("rb") as file:
        catalogue = [message for message in read_po(file, locale=language) if message.id]
    assert {message.id for message in catalogue} == messages()
    assert len(catalogue) > 100
    for message in catalogue:
        forms = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(forms), message.id
        assert not message.fuzzy, message.id
        for form in forms:
            assert placeholders(form) <= known_to(message.id), message.id


def test_a_spanish_digest_says_when_and_how_complete_in_spanish():
    text = RENDERER.mails(spanish(morning()), TO_LUZ)[0].text
    assert text.startswith("7 noticias, del lunes 7:30 a. m. al martes 24 de noviembre, 7:30 a. m.")
    assert "No se pudo leer Lake Mendota Ledger desde el domingo a las 3:10 p. m.:" in text
    assert "Cada titular va en el idioma en que se publicó." in text
    assert "Dane County Courier (de pago, en inglés), hoy 6:12 a. m." in " ".join(text.split())
    assert "de lunes a viernes a las 7:30 a. m." in " ".join(text.split())
    assert "Próximo correo: miércoles 7:30 a. m." in " ".join(text.split())


@pytest.mark.parametrize("form", ["html", "text", "slack"])
def test_an_english_reader_finds_no_language_named_at_english_headlines(form: str):
    mail = RENDERER.mails(morning(), TO_LUZ)[0]
    told = {"html": mail.html, "text": mail.text, "slack": str(RENDERER.slack(morning())[0])}
    assert "in English" not in told[form]
    assert "language it was published in" not in told[form]


def test_no_english_word_of_ours_stands_in_a_spanish_digest():
    title = "Xx yy zz"  # no word of any language
    one = alert(1, title, "24 6:12", paywall=True, also=(("Q", "24 6:31"), ("R", "23 7:02")))
    late = replace(one, late=True, entry_id=2)
    digest = replace(
        spanish(morning([one, late])),
        explanations={},
        sources=1,
        missing=(FeedHealth("Z", since=at("22 15:10"), reason="Refused", kind="http"),),
    )
    names = {"xx", "yy", "zz", "ana", "flores", "ice", "dane", "county", "courier", "q", "r", "z"}
    names |= {"luz", "sanctuary", "madison", "admin", "stop", "ice"}
    english = {
        "the",
        "of",
        "and",
        "to",
        "in",
        "was",
        "could",
        "not",
        "read",
        "next",
        "mail",
        "also",
    }
    english |= {
        "free",
        "late",
        "since",
        "today",
        "story",
        "stories",
        "you",
        "your",
        "sources",
        "at",
    }
    for context in (TO_LUZ, replace(TO_LUZ, stop_link="https://a.example/u/T")):
        mail = RENDERER.mails(digest, context)[0]
        seen = re.sub(r"https?://\S+|\S+@\S+", " ", mail.text)
        words = {word.strip(string.punctuation + "¿«»…").lower() for word in seen.split()}
        assert not (words - names) & english


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("daily at 7:30 am and 5 pm", "todos los días a las 7:30 a. m. y a las 5:00 p. m."),
        ("weekly on Friday and Monday at 1 pm", "cada lunes y viernes a la 1:00 p. m."),
        ("monthly on last at noon", "el último día de cada mes a las 12:00 p. m."),
        ("monthly on 3 at 9 am", "el día 3 de cada mes a las 9:00 a. m."),
        ("right away", "en cuanto se publica"),
        ("hourly", "cada hora"),
        ("urgent only", "solo lo urgente"),
    ],
)
def test_a_cadence_is_told_in_spanish(text: str, told: str):
    assert cadence(parse_when(text).text, "es").replace("\xa0", " ") == told
    assert cadence(parse_when(text).text, "en") == parse_when(text).text


def test_spanish_says_at_one_o_clock_in_the_singular():
    zone = Phrases(morning()).dates.zone
    words = Dates(zone, NOW, "es").since(at("23 13:05"))
    assert words.replace("\xa0", " ") == "desde el lunes a la 1:05 p. m."


def test_spanish_and_becomes_e_before_the_same_sound():
    assert enumerated(["ICE", "inmigración"], "es") == "ICE e inmigración"
    assert enumerated(["ICE", "hielo"], "es") == "ICE y hielo"


def test_a_headline_of_another_language_is_told_so_also_if_its_feed_is_silent_about_it():
    title = "Agentes de ICE detienen a dos hombres frente a un mercado, según testigos"
    text = RENDERER.mails(morning([alert(1, title, "24 6:12")]), TO_LUZ)[0].text
    assert f"{COURIER} (in Spanish)" in text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Sheriff says the county will not work with ICE", "en"),
        ("El alguacil dice que el condado no trabajará con ICE", "es"),
        ("Madison", None),
        ("", None),
    ],
)
def test_a_language_is_guessed_only_where_the_small_words_are_clear(text: str, code: str | None):
    assert guessed(text) == code


@given(st.text())
def test_guessing_takes_any_text(text: str):
    assert guessed(text) in (None, "en", "es")


def test_a_time_that_ends_in_a_point_gets_no_second_one():
    one = alert(1, "ICE en Madison", "24 6:12", rules=("ice", "madison"))
    (mail,) = RENDERER.mails(spanish(morning([one])), TO_LUZ)
    assert "hoy 6:12 a. m. Trata también de: Madison" in " ".join(mail.text.split())
    assert ".." not in mail.text
