"""Which spellings are one word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.spelling import fold, is_acronym, is_singular, singulars


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Raid", "RAID"), ("café", "CAFÉ"), ("café", "cafe"), ("Müller", "muller"),
        ("Straße", "STRASSE"), ("İstanbul", "ISTANBUL"), ("ısparta", "ISPARTA"), ("Ørsted", "Orsted"),
        ("Łódź", "lodz"), ("Æsop", "aesop"), ("O'Brien", "obrien"), ("don't", "DONT"),
        ("مُحَمَّد", "محمد"),
    ],
)  # fmt: skip
def test_case_accents_and_apostrophes_do_not_part_words(one, other):
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("she'll", "shell"), ("we're", "were"), ("I'd", "id"), ("कि", "की"), ("か", "が")],
)
def test_other_words_stay_apart(one, other):
    assert fold(one) != fold(other)


@given(st.text(max_size=20))
def test_folding_twice_changes_nothing_more(word):
    assert fold(fold(word)) == fold(word)


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("raid", "raids"), ("city", "cities"), ("policy", "policies"), ("church", "churches"),
        ("bus", "buses"), ("house", "houses"), ("box", "boxes"), ("day", "days"), ("hero", "heroes"),
        ("photo", "photos"), ("movie", "movies"), ("menu", "menus"), ("woman", "women"),
        ("congressman", "congressmen"), ("child", "children"), ("ciudad", "ciudades"),
        ("agente", "agentes"), ("detencion", "detenciones"), ("juez", "jueces"),
        ("director", "directores"), ("legal", "legales"), ("crisis", "crises"),
        ("analysis", "analyses"), ("thesis", "theses"), ("basis", "bases"), ("oasis", "oases"),
        ("quiz", "quizzes"), ("referendum", "referenda"), ("alumnus", "alumni"),
        ("criterion", "criteria"), ("index", "indices"), ("calf", "calves"),
    ],
)  # fmt: skip
def test_singular_and_plural_are_one(one, many):
    assert singulars(one) & singulars(many)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("new", "news"), ("police", "policy"), ("police", "policies"), ("raid", "raiders"),
        ("ever", "evers"), ("adam", "adams"), ("doe", "does"), ("plan", "planes"), ("car", "cares"),
        ("isis", "crises"), ("isis", "crisis"), ("mas", "masses"), ("sis", "ses"), ("emphasize", "emphases"),
        ("pas", "pass"), ("u", "us"), ("bu", "bus"), ("oman", "omen"), ("custom", "customs"),
    ],
)  # fmt: skip
def test_words_that_only_look_like_a_plural_are_two(one, other):
    assert not singulars(one) & singulars(other)


def test_two_to_five_capitals_are_an_acronym():
    assert all(map(is_acronym, ["US", "ICE", "COVID", "DACA"]))
    assert not any(map(is_acronym, ["A", "Ice", "POLICE", "I9", "ice", "", "移民"]))


@given(st.one_of(st.text(max_size=8), st.sampled_from(["raids", "women", "mice", "bus", "menu"])))
def test_a_word_that_is_surely_no_plural_has_no_other_singular(word):
    if is_singular(word):
        assert singulars(word) == {word}
    else:
        assert word.endswith(("s", "men")) or len(singulars(word)) == 2
