"""Plain words: what a reader of a digest is told, in English and in Spanish."""

import pytest
from hypothesis import given, settings
from query_texts import QUERIES

from alerts.rules.build import rule_tree
from alerts.rules.query import parse
from alerts.rules.words import explain

SAYINGS = [
    ("raid", '"raid"', '"raid"'),
    ("Madison", "Madison", "Madison"),
    ("ICE", "ICE in capitals", "ICE en mayúsculas"),
    ("i:ICE", "ICE in capitals or not", "ICE en mayúsculas o minúsculas"),
    ("=Madison", 'exactly "Madison"', 'exactamente "Madison"'),
    ('="Ice agents"', 'exactly "Ice agents"', 'exactamente "Ice agents"'),
    ("deport*", 'words that begin with "deport"', 'palabras que empiezan por "deport"'),
    ("deport* order", '"deport… order"', '"deport… order"'),
    ("~deport", 'any form of "deport"', 'cualquier forma de "deport"'),
    (
        "~deport order",
        '"deport order" (any form of "deport")',
        '"deport order" (cualquier forma de "deport")',
    ),
    ("sanctuary city", '"sanctuary city"', '"sanctuary city"'),
    ("Dane County", "Dane County", "Dane County"),
    ("raid | jail", '"raid" or "jail"', '"raid" o "jail"'),
    ("a | b | c", '"a", "b" or "c"', '"a", "b" o "c"'),
    ("raid | oficina", '"raid" or "oficina"', '"raid" u "oficina"'),
    ("raid AND Iowa", '"raid" and Iowa', '"raid" e Iowa'),
    ("raid AND hielo", '"raid" and "hielo"', '"raid" y "hielo"'),
    (
        "ICE NEAR/8 (raid | checkpoint)",
        'ICE in capitals within 8 words of "raid" or "checkpoint"',
        'ICE en mayúsculas a 8 palabras o menos de "raid" o "checkpoint"',
    ),
    ("a NEAR/1 b", '"a" right next to "b"', '"a" justo al lado de "b"'),
    (
        "(a | b) NEAR c",
        'either "a" or "b" within 10 words of "c"',
        'alguna de estas opciones: "a" o "b" a 10 palabras o menos de "c"',
    ),
    (
        "Madison AND (Wisconsin | =Wis)",
        'Madison, and either Wisconsin, or exactly "Wis"',
        'Madison, y alguna de estas opciones: Wisconsin, o exactamente "Wis"',
    ),
    ("a OR b AND c", '"a", or both "b" and "c"', '"a", o a la vez "b" y "c"'),
    (
        "a OR b AND (c | d AND e)",
        '"a", or both "b", and ("c", or ("d" and "e"))',
        None,
    ),
    ("a NOT b", '"a", but no article with "b"', '"a"; ningún artículo con "b"'),
    ("a AND NOT (b | c)", '"a", but no article with "b" or "c"', None),
    ("a NOT b OR c", '"a" (but no article with "b"), or "c"', None),
    (
        "ICE EXCEPT ICE train",
        'ICE in capitals, but not inside "ICE train"',
        'ICE en mayúsculas; no dentro de "ICE train"',
    ),
    (
        "(ICE EXCEPT ICE train) NEAR/8 raid",
        'ICE in capitals (not inside "ICE train") within 8 words of "raid"',
        None,
    ),
    ("title:raid", '"raid" in the title', '"raid" en el título'),
    (
        "title,content:(a | b)",
        'in the title or in the text: "a" or "b"',
        'en el título o en el texto: "a" o "b"',
    ),
    ("title:(a | b) AND c", '(in the title: "a" or "b"), and "c"', None),
    ("summary:a", '"a" in the summary', '"a" en el resumen'),
    ("author:a", '"a" in the author\'s name', '"a" en el nombre del autor'),
    ("tag:a", '"a" in the tags', '"a" en las etiquetas'),
    ("link:a", '"a" in the address', '"a" en la dirección'),
    ('feed:"The Post"', 'the source "The Post"', 'la fuente "The Post"'),
    ("place:madison", 'a source of the place "madison"', 'una fuente del lugar "madison"'),
    (
        "lang:es",
        "an article in Spanish or of unknown language",
        "un artículo en español o de idioma desconocido",
    ),
    ("lang:xx", 'an article in "xx" or of unknown language', None),
    (
        "a NOT lang:es",
        '"a", but no article with the language Spanish',
        '"a"; ningún artículo con el idioma español',
    ),
    (
        "a NOT (b NOT lang:es)",
        '"a", but no article with "b" (but no article with an article in Spanish'
        " or of unknown language)",
        None,
    ),
    ("rule:ice", 'the topic "ICE (la migra)"', 'el tema "ICE (la migra)"'),
    ("rule:other", 'the topic "other"', 'el tema "other"'),
    ("/ab+/", "text of the form /ab+/", "texto de la forma /ab+/"),
    ("a EXCEPT title:(a b)", '"a", but not inside "a b" in the title', None),
]


@pytest.mark.parametrize(("text", "english", "spanish"), SAYINGS)
def test_each_form_is_said_in_plain_words(text: str, english: str, spanish: str | None) -> None:
    titles = {"ice": "ICE (la migra)"}
    assert explain(parse(text), "en", titles) == english
    if spanish:
        assert explain(parse(text), "es", titles) == spanish


def test_the_model_rule_is_said_as_a_digest_says_it() -> None:
    tree = rule_tree(
        any=[parse("ICE"), parse("Immigration and Customs Enforcement")],
        except_=[parse("ICE Arena"), parse("Ice Cube")],
    )
    assert explain(tree) == (
        "ICE in capitals, or Immigration and Customs Enforcement,"
        ' but not inside "ICE Arena" or "Ice Cube"'
    )
    tree = rule_tree(
        any=[parse("ICE"), parse("Immigration and Customs Enforcement"), parse("la migra")],
        except_=[parse("ICE Arena"), parse("Ice Cube")],
    )
    assert explain(tree, "es") == (
        'ICE en mayúsculas, Immigration and Customs Enforcement, o "la migra";'
        ' no dentro de "ICE Arena" ni "Ice Cube"'
    )


def test_alternatives_that_hold_lists_are_parted_by_semicolons() -> None:
    tree = parse("Ice NEAR/4 (a1 | b1 | c1) OR Madison AND (d1 | e1) OR f1")
    assert explain(tree) == (
        'Ice within 4 words of "a1", "b1" or "c1"; both Madison, and ("d1" or "e1"); or "f1"'
    )


def test_a_long_list_can_be_cut_short_so_that_it_fits_a_footer() -> None:
    tree = parse(f"({' | '.join(f'w{n}' for n in range(20))}) EXCEPT (w1 x | w2 x | w3 x | w4 x)")
    assert explain(tree, most=2) == (
        '"w0", "w1", or 18 others, but not inside "w1 x", "w2 x", or 2 others'
    )
    assert explain(tree, "es", most=2) == (
        '"w0", "w1", o 18 más; no dentro de "w1 x", "w2 x", ni 2 más'
    )
    assert explain(tree, most=3).endswith('"w1 x", "w2 x", "w3 x" or "w4 x"')


def test_an_unknown_language_is_told_in_english() -> None:
    assert explain(parse("ICE"), "xx") == "ICE in capitals"


@settings(max_examples=150, deadline=None)
@given(QUERIES)
def test_every_tree_can_be_said_in_both_languages_on_one_line(text: str) -> None:
    for language in ("en", "es"):
        said = explain(parse(text), language)
        assert said
        assert "\n" not in said
        assert "None" not in said
