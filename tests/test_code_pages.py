"""Scripts in Unicode and in old code pages: read as they were written, or refused; never as other letters."""

# ruff: noqa: RUF001  other alphabets are what this is about

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from tests.scripts import refusal, said, script_of
from vssflow_post.cues.script_text import text_of
from vssflow_post.cues.timed_text import MalformedLine

WRITTEN = {
    "Привет, как дела?": ["cp1251", "koi8-r", "cp866", "iso8859-5"],
    "Привет, как дела?\nЯ не знаю, что сказать.\nПошли домой, уже поздно.": ["cp1251", "koi8-r", "cp866", "iso8859-5"],
    "Привіт, як справи?\nЇжак біжить додому.": ["cp1251", "koi8-u"],
    "Здравей, как си?\nНе знам какво да кажа. Хайде вкъщи.": ["cp1251"],
    "Здраво, како си?\nНе знам шта да кажем. Хајдемо кући.": ["cp1251"],
    "Γεια σου": ["cp1253", "iso8859-7"],
    "Γεια σου, τι κάνεις;\nΠάμε σπίτι, είναι αργά.": ["cp1253", "iso8859-7"],
    "Cześć, jak się masz?": ["cp1250"],
    "Cześć, jak się masz?\nZażółć gęślą jaźń. Nie wiem, co powiedzieć.": ["cp1250", "iso8859-2", "cp852"],
    "Příliš žluťoučký kůň úpěl ďábelské ódy.\nAhoj, jak se máš?": ["cp1250", "iso8859-2"],
    "Jó reggelt, hogy vagy?\nNem tudom, mit mondjak. Őrült.": ["cp1250"],
    "Ce mai faci? Nu ştiu ce să spun.\nHai acasă, e târziu. Îţi mulţumesc.": ["cp1250"],
    "Kako si? Ne znam što da kažem.\nIdemo kući, već je kasno. Čaj, đak.": ["cp1250"],
    "Où est la gare ?\nJe ne sais pas, c’est déjà trop tard. Ça va être bien.": ["cp1252"],
    "Où est la gare ?": ["cp1252"],
    "Schöne Grüße": ["cp1252"],
    "Schöne Grüße aus München.\nIch weiß es nicht.": ["cp1252"],
    "¿Dónde está el baño?\nMañana será otro día.": ["cp1252", "latin-1"],
    "Perché non è venuto?\nNon lo so, è già tardi. Così è la vita.": ["cp1252"],
    "Não sei o que dizer.\nAmanhã é outro dia. Coração.": ["cp1252"],
    "Hur mår du? Jag vet inte vad jag ska säga.\nVi går hem nu.": ["cp1252"],
    "Mitä kuuluu? En tiedä mitä sanoa.\nMennään kotiin, on jo myöhä.": ["cp1252"],
    "It’s late – we’d better go to the café…\nWhere is the train?": ["cp1252"],
    "It’s late": ["cp1252"],
    "Señor Núñez is here.": ["cp1252", "latin-1"],
    "The old man said it was £5 – no more.": ["cp1252"],
    "Merhaba, nasılsın?\nŞimdi eve gidiyoruz, çok geç oldu. Ağaç.": ["cp1254"],
    "Nasılsın?": ["cp1254"],
    "שלום, מה שלומך?\nאני לא יודע מה לומר.": ["cp1255"],
    "مرحبا كيف حالك؟\nلا أعرف ماذا أقول.": ["cp1256"],
    "Labas, kaip sekasi? Ačiū, gerai. Šiandien žiūrėsiu.": ["cp1257"],
    "สวัสดี คุณเป็นอย่างไรบ้าง\nฉันไม่รู้จะพูดอะไร": ["cp874"],
    "こんにちは": ["cp932"],
    "こんにちは、お元気ですか。\n何を言えばいいのか分からない。": ["cp932", "euc-jp", "iso2022-jp"],
    "你好，你怎么样？\n我不知道该说什么。": ["gbk", "gb18030"],
    "我用iPhone打电话。\n他说OK，我们走吧。": ["gbk"],
    "你好，你怎麼樣？\n我不知道該說什麼。": ["big5"],
    "안녕하세요": ["euc-kr"],
    "안녕하세요, 잘 지내세요?\n무슨 말을 해야 할지 모르겠어요.": ["euc-kr"],
}
"""What people of many languages say, and the code pages in which they save it."""


def as_srt(text: str) -> str:
    return "".join(f"{n}\n00:00:0{n},000 --> 00:00:0{n},900\n{row}\n\n" for n, row in enumerate(text.split("\n"), 1))


@pytest.mark.parametrize(("text", "codec"), [(text, codec) for text, codecs in WRITTEN.items() for codec in codecs])
def test_an_old_code_page_is_told_by_what_it_spells(text: str, codec: str) -> None:
    file = text_of(as_srt(text).encode(codec))
    assert file.text == as_srt(text)
    assert file.code_page


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"])
@pytest.mark.parametrize("text", ["Hello there.", "Привет, как дела?", "你好，你怎麼樣？", "Café ’tis 🎬"])
def test_unicode_needs_no_mark(text: str, codec: str) -> None:
    file = text_of(as_srt(text).encode(codec))
    assert (file.text, file.code_page) == (as_srt(text), "")


def test_the_code_page_is_noted_and_the_words_are_right(tmp_path: Path) -> None:
    script = script_of(tmp_path, "a.srt", as_srt("Привет, как дела?").encode("cp1251"))
    assert said(script) == [(1, 1.9, "Привет, как дела?")]
    assert script.notes == ("a.srt: not UTF-8; read as Windows-1251. Where letters are wrong, save it as UTF-8.",)
    assert script_of(tmp_path, "b.srt", as_srt("Привет").encode()).notes == ()


@pytest.mark.parametrize("name", ["a.ass", "a.csv", "a.vtt"])
def test_every_kind_of_script_may_be_in_an_old_code_page(tmp_path: Path, name: str) -> None:
    contents = {
        "a.ass": "[Events]\nDialogue: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,{}\n",
        "a.csv": "start;end;text\n00:00:01.000;00:00:03.000;{}\n",
        "a.vtt": "WEBVTT\n\n00:01.000 --> 00:03.000\n{}\n",
    }
    script = script_of(tmp_path, name, contents[name].format("Пошли домой, уже поздно.").encode("cp1251"))
    assert said(script) == [(1, 3, "Пошли домой, уже поздно.")]


HALF_UTF8 = as_srt("Привет, как дела?\nCome in.").encode() + as_srt("Café").encode("cp1252")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (HALF_UTF8, "line 11: is not UTF-8 here (byte 0xe9)"),
        (as_srt("שלום").encode("cp1255"), "line 3: is not UTF-8, and may as well be"),
        (as_srt("Hi").encode() + b"a\x81b\x8dc\x9d\xffd\x90e\n", "line 5: is neither UTF-8 nor in a code page"),
        (b"\xff\xfe" + as_srt("Hi").encode("utf-16-le")[:-1], "is not UTF-16"),
        (as_srt("Hi").encode("utf-16-le")[1:], "is not a text file"),
        (bytes(range(256)) * 4, "is not a text file"),
    ],
)
def test_what_nobody_can_tell_is_refused_with_its_line_and_a_way_out(tmp_path: Path, data: bytes, told: str) -> None:
    sentence = refusal(tmp_path, "a.srt", data)
    assert told in sentence
    assert "save it as UTF-8" in sentence


@pytest.mark.parametrize("data", [b"\xff\xfe", b"\xfe\xff\x00", b"\x1b$B\x80", b"\x80", b"\xff" * 50, b"\xe9\n" * 9])
def test_any_bytes_give_text_or_one_refusal(data: bytes) -> None:
    with suppress(MalformedLine):
        assert isinstance(text_of(data).text, str)
