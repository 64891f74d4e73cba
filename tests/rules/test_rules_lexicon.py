"""Pieces of text are remembered, and looked up again when a rule asks for something new."""

from __future__ import annotations

from alerts.rules.lexicon import Lexicon
from alerts.rules.vocabulary import Unit, term_sequences
from alerts.tree import Term, Word

RAID = Unit("number", frozenset({"raid"}))


def leaves(lexicon: Lexicon, piece: str) -> list[int]:
    found = list(lexicon.memo[piece])
    assert found == list(dict.fromkeys(hit[0] for hit in lexicon.entry(piece).hits))
    return found


def test_a_piece_is_remembered_and_a_long_one_is_not():
    lexicon = Lexicon()
    leaf = lexicon.take(RAID)
    long = "raid-" * 20
    assert leaves(lexicon, "raids,") == [leaf]
    assert leaves(lexicon, long) == [leaf]
    assert len(lexicon.entry(long).hits) == 20
    assert "raids," in lexicon.memo
    assert long not in lexicon.memo


def test_only_pieces_that_a_new_unit_can_be_in_are_forgotten():
    lexicon = Lexicon()
    assert leaves(lexicon, "Madison’s") == leaves(lexicon, "raids") == []
    leaf = lexicon.take(Unit("exact", frozenset({"Madison's"})))
    assert "raids" in lexicon.memo
    assert leaves(lexicon, "Madison’s") == [leaf]


def test_a_new_stem_forgets_all():
    lexicon = Lexicon()
    assert leaves(lexicon, "deported") == leaves(lexicon, "city") == []
    stem = lexicon.take(Unit("stem", frozenset({"deport"}), "en"))
    assert not lexicon.memo
    assert leaves(lexicon, "deported") == [stem]


def test_a_new_prefix_forgets_what_begins_so():
    lexicon = Lexicon()
    for piece in ("Deported", "un-deported", "deport", "depot", "city"):
        assert leaves(lexicon, piece) == []
    prefix = lexicon.take(Unit("prefix", frozenset({"deport"})))
    assert set(lexicon.memo) == {"depot", "city"}
    assert leaves(lexicon, "Deported") == leaves(lexicon, "un-deported") == [prefix]
    assert leaves(lexicon, "depo") == leaves(lexicon, "dep") == []


def test_prefixes_of_one_or_two_letters_in_scripts_without_blanks_are_found():
    lexicon = Lexicon()
    assert leaves(lexicon, "移民局") == []
    prefix = lexicon.take(Unit("prefix", frozenset({"民"})))
    assert leaves(lexicon, "移民局") == [prefix]
    longer = lexicon.take(Unit("prefix", frozenset({"depo"})))
    assert leaves(lexicon, "depots") == [longer]
    lexicon.drop(prefix)
    assert leaves(lexicon, "移民局") == []


def test_a_unit_is_found_until_its_last_user_drops_it():
    lexicon = Lexicon()
    leaf = lexicon.take(RAID)
    assert lexicon.take(RAID) == leaf
    lexicon.drop(leaf)
    assert len(leaves(lexicon, "raid")) == len(lexicon) == 1
    lexicon.drop(leaf)
    assert leaves(lexicon, "raid") == []
    assert len(lexicon) == 0


def test_the_memory_is_bounded():
    lexicon = Lexicon(max_pieces=10)
    leaf = lexicon.take(RAID)
    for number in range(100):
        assert leaves(lexicon, f"raid-{number}") == [leaf]
        assert len(lexicon.memo) <= 10


def test_leaves_of_texts_and_links_are_never_the_same():
    assert Lexicon().take(RAID) % 2 == 0
    assert Lexicon(is_link=True).take(RAID) % 2 == 1


def test_a_phrase_of_many_hyphenated_words_has_a_bounded_number_of_readings():
    few = term_sequences(Term((Word("e-mail"), Word("wi-fi"))), "en")
    assert len(few) == 4
    assert len(term_sequences(Term((Word("e-mail"),) * 10), "en")) == 1


def test_a_further_prefix_forgets_what_was_read_since_the_first():
    lexicon = Lexicon()
    assert leaves(lexicon, "Deported") == []
    lexicon.take(Unit("prefix", frozenset({"deport"})))
    assert leaves(lexicon, "Marches") == []
    prefix = lexicon.take(Unit("prefix", frozenset({"march"})))
    assert leaves(lexicon, "Marches") == [prefix]
