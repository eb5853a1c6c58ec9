"""Figures, signs and letters as people say them, whatever their script writes."""

from __future__ import annotations

import re
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vssflow_dit.text.normalise import spoken_words, unsayable
from vssflow_dit.text.phonemes import dictionary, phonemise
from vssflow_dit.text.readings import ONES


def said(written: str) -> str:
    return " ".join(spoken_words(written, dictionary()))


def rows(table: str) -> list[tuple[str, str]]:
    """`written => spoken` of each row."""
    pairs = (row.split(" => ") for row in table.strip().splitlines())
    return [(written.strip(), spoken.strip()) for written, spoken in pairs]


PEOPLE_SAY = """
9/11 => nine eleven
911 => nine one one
a Porsche 911 => a porsche nine eleven
9-1-1 => nine one one
call 999 => call nine nine nine
24/7 => twenty four seven
24/7/365 => twenty four seven three sixty five
50/50 => fifty fifty
20/20 vision => twenty twenty vision
7/11 => seven eleven
on 12/25 => on twelve twenty five
10/10 => ten out of ten
4/5 stars => four out of five stars
$3/hour => three dollars per hour
ISBN 978-3-16-148410-0 => isbn nine seven eight | three | one six | one four eight four one oh | oh
5551234567 => five five five one two three four five six seven
4/4 time => four four time
007 => double oh seven
10-4 => ten four
1-800-555-0199 => one eight hundred five five five | oh one nine nine
1-800-FLOWERS => one eight hundred flowers
(555) 123-4567 => five five five | one two three | four five six seven
555-123-4567 => five five five | one two three | four five six seven
555.123.4567 => five five five | one two three | four five six seven
555-0199 => five five five | oh one nine nine
+44 20 7946 0958 => plus four four | two oh | seven nine four six | oh nine five eight
0800 123 456 => oh eight oh oh | one two three | four five six
123-45-6789 => one two three | four five | six seven eight nine
1234 5678 9012 3456 => one two three four | five six seven eight | nine oh one two | three four five six
555-HELP => five five five | help
area code 212 => area code two one two
zip 90210 => zip nine oh two one oh
"""
MONEY = """
5 € => five euros
5€ => five euros
€5 => five euros
5,50 € => five euros and fifty cents
€5 million => five million euros
£3.50 => three pounds and fifty pence
£1 => one pound
$1.99 => one dollar and ninety nine cents
$0.99 => ninety nine cents
$0.01 => one cent
$1,000 => one thousand dollars
$1.5M => one point five million dollars
$100B => one hundred billion dollars
$5-10 => five to ten dollars
$5-$10 => five to ten dollars
-$5 => minus five dollars
a $5 bill => a five dollar bill
5 USD => five dollars
50¢ => fifty cents
¥500 => five hundred yen
₹20 => twenty rupees
"""
PARTS = """
½ a cup => half a cup
½ cup => one half cup
1 ½ hours => one and a half hours
2-1/2 inches => two and a half inches
1½ hours => one and a half hours
2 1/2 hours => two and a half hours
3¾ => three and three quarters
5⅓ => five and a third
3/4 => three quarters
2/3 => two thirds
1/8 => one eighth
5/16 => five sixteenths
50% => fifty percent
12.5 % => twelve point five percent
"""
AMOUNTS = """
10,000 => ten thousand
10 000 => ten thousand
1.000.000 => one million
1'000'000 => one million
1.5M => one point five million
.5 => point five
0.5 => zero point five
3.14 => three point one four
-5 degrees => minus five degrees
\u22125 => minus five
2+2=4 => two plus two equals four
5 - 3 = 2 => five minus three equals two
5\u00d73 => five by three
10 ÷ 2 => ten divided by two
10² => ten squared
50+ people => fifty plus people
3 < 4 => three less than four
\uff11\uff12 => twelve
१२ => twelve
① => one
No. 5 => number five
№5 => number five
#1 => number one
pp. 5-10 => pages five to ten
"""
DIMENSIONS = """
2x4s => two by fours
2x4 => two by four
4x4 => four by four
1920x1080 => nineteen twenty by ten eighty
2x => two times
10x faster => ten times faster
5'11" => five foot eleven
6'2 => six foot two
6 ft 2 in => six foot two
a 12" pipe => a twelve inch pipe
6' tall => six feet tall
5 km/h => five kilometers per hour
10 kg => ten kilograms
1 km => one kilometer
a 10 km run => a ten kilometer run
98.6°F => ninety eight point six degrees fahrenheit
20 °C => twenty degrees celsius
4K => four k.
1080p => ten eighty p.
16GB => sixteen gigabytes
100W => one hundred watts
60Hz => sixty hertz
5G => five g.
3D => three d.
6ft => six feet
20 m² => twenty square meters
16:9 => sixteen by nine
5-10 km => five to ten kilometers
10%-20% => ten percent to twenty percent
"""
TIMES = """
7:30 => seven thirty
7:05 pm => seven oh five p. m.
7.30pm => seven thirty p. m.
7pm => seven p. m.
7:05pm => seven oh five p. m.
8:00-9:30pm => eight to nine thirty p. m.
7 p.m. => seven p. m.
19:00 => nineteen hundred
12:00 => twelve
0600 hours => oh six hundred hours
7:30-8:00 => seven thirty to eight
5am-6pm => five a. m. to six p. m.
1999 => nineteen ninety nine
2024 => twenty twenty four
2007 => two thousand seven
in 1066 => in ten sixty six
the 1980s => the nineteen eighties
'90s => nineties
'99 => ninety nine
1914\u20131918 => nineteen fourteen to nineteen eighteen
2024-01-15 => january fifteenth twenty twenty four
1/15/2024 => january fifteenth twenty twenty four
15/1/2024 => january fifteenth twenty twenty four
15.01.2024 => january fifteenth twenty twenty four
Jan 15 => january fifteenth
Jan. 15, 2024 => january fifteenth | twenty twenty four
15 Jan => the fifteenth of january
the 4 July => the fourth of july
July 4th => july fourth
He may 5 times => he may five times
1st => first
22nd => twenty second
3rd => third
1st-3rd => first to third
"""
COUNTS = """
3-2 => three to two
21\u201314 => twenty one to fourteen
10-15 => ten to fifteen
10 \u2013 15 men => ten to fifteen men
2:1 => two to one
John 3:16 => john three sixteen
Matthew 5:3 => matthew five three
3-year-old => three year old
1-on-1 => one on one
the 49ers => the forty niners
"""
NAMES = """
v2.0.1 => version two point zero point one
2.0.1 => two point zero point one
192.168.0.1 => one nine two dot one six eight dot zero dot one
A4 => a. four
R2D2 => r. two d. two
C-3PO => c. three p. o.
COVID-19 => covid nineteen
MP3s => m. p. threes
B2B => b. two b.
H2O => h. two o.
CO2 => c. o. two
AK-47 => a. k. forty seven
F-150 => f. one fifty
I-95 => i. ninety five
T-1000 => t. one thousand
747 => seven forty seven
Route 66 => route sixty six
Highway 101 => highway one oh one
room 237 => room two thirty seven
Room 1408 => room fourteen oh eight
221B Baker Street => two twenty one b. baker street
Apollo 13 => apollo thirteen
Henry VIII => henry the eighth
Henry V => henry the fifth
Louis XIV => louis the fourteenth
Chapter IV => chapter four
Act V => act five
Part I. => part one
Super Bowl LVIII => super bowl fifty eight
Rocky II => rocky two
WWII => world war two
WW2 => world war two
World War I was => world war one was
Title IX => title nine
BA123 => b. a. one twenty three
Y2K => y. two k.
401(k) => four oh one k.
plan A => plan a.
an A+ => an a. plus
a .45 => a forty five
.357 Magnum => three fifty seven magnum
"""
LETTERS = """
CEO's => c. e. o.'s
NASA => nasa
U.S.A. => u. s. a.
UN => u. n.
AT&T => a. t. and t.
M&M's => m. and m.'s
U.S.'s => u. s.'s
Ph.D. => p. h. d.
w/o it => without it
w/ it => with it
R&B => r. and b.
salt & pepper => salt and pepper
C++ => c plus plus
C# => c sharp
#MeToo => hashtag me too
I <3 you => i heart you
Dr Smith => doctor smith
St John => saint john
Tom vs Jerry => tom versus jerry
anna@example.com => anna at example dot com
a_b@c.io => a underscore b at c dot io
example.com/path => example dot com slash path
www.example.com => w. w. w. dot example dot com
Łukasz => lukasz
Ångström => angstrom
œuvre => oeuvre
Straße => strasse
Þór => thor
π => pi
"""
TABLES = (PEOPLE_SAY, MONEY, PARTS, AMOUNTS, DIMENSIONS, TIMES, COUNTS, NAMES, LETTERS)


@pytest.mark.parametrize(("written", "spoken"), [row for table in TABLES for row in rows(table)])
def test_a_figure_is_said_as_people_say_it(written: str, spoken: str) -> None:
    assert said(written) == spoken
    assert said(f"So {written}, then.") == f"so {spoken} | then"


@pytest.mark.parametrize(
    ("text", "words", "left"),
    [
        ("Привет, Anna.", "anna", ["Привет,"]),
        ("我爱John.", "john", ["我爱John."]),
        ("你好", "", ["你好"]),
        ("שלום عالم", "", ["שלום", "عالم"]),
        ("ქართული", "", ["ქართული"]),
        ("Жизнь", "", ["Жизнь"]),
        ("नमस्ते 5", "five", ["नमस्ते"]),
        ("π and Ω", "pi and omega", []),
        ("Łódź, Škoda, naïve, Hawai\u02bbi", "lodz | skoda | naive | hawaii", []),
        ("No way 😀", "no way", []),
    ],
)
def test_letters_of_other_alphabets_are_named(text: str, words: str, left: list[str]) -> None:
    assert said(text) == words
    assert unsayable(text) == left


@given(st.text(alphabet="0123456789/-:.,'\"$€£%°x #½²+=()abkmGBpt ", max_size=40))
@settings(max_examples=400, deadline=None)
def test_no_figure_is_left_unread(text: str) -> None:
    words = spoken_words(text, dictionary())
    assert not [word for word in words if re.search(r"\d", word)]
    assert bool(phonemise(text)) >= any(character.isdigit() for character in text)


SCALES = {"thousand": 3, "million": 6, "billion": 9, "trillion": 12, "quadrillion": 15}


PIECES = """
1 23 456 1999 007 9/11
/ - : . , ' " $ \u20ac % \u00b0 \u00bd \u00b2 x km pm a.m. st th s A B FBI I V XIV Chapter Henry Jan
May room # @ & + = ( ) * ~ < > hello \u043c\u0438\u0440 \u4e16 \u00e9 \u2116 \u2460 M k bn ft in C \u00b0F v2 .5 .com w/
"""


@given(st.lists(st.sampled_from([*PIECES.split(), " ", " "]), max_size=14).map("".join))
@settings(max_examples=300, deadline=None)
def test_any_mix_of_what_is_written_can_be_said(text: str) -> None:
    assert not re.search(r"\d", said(text))
    assert bool(phonemise(text)) >= bool(re.search(r"[0-9]", re.sub(r"<[^<>]*>", "", text)))


@given(st.integers(10_000, 10**18 - 1))
@settings(max_examples=100, deadline=None)
def test_a_number_with_commas_says_its_value(number: int) -> None:
    small = {word: k for k, word in enumerate(ONES)} | {said(str(tens)): tens for tens in range(20, 100, 10)}
    total = group = 0
    for word in said(f"{number:,}").split():
        if word in SCALES:
            total, group = total + group * 10 ** SCALES[word], 0
        else:
            group = group * 100 if word == "hundred" else group + small[word]
    assert total + group == number


@given(st.text(alphabet=st.characters(categories=("L",)), min_size=1, max_size=20))
@settings(max_examples=300, deadline=None)
def test_letters_are_said_or_named(text: str) -> None:
    letters = [each for each in unicodedata.normalize("NFKC", text) if unicodedata.category(each) != "Lm"]
    assert bool(phonemise(text)) or bool(unsayable(text)) or not letters


@pytest.mark.parametrize("filling", ["1", "1/", "1-", "1.", "$1", "1:", "'1", "A1", "1x", "1 ", "(1", "#", "a.", "@a."])
def test_hostile_figures_take_no_time(filling: str) -> None:
    before = time.process_time()
    said(filling * (4000 // len(filling)))
    assert time.process_time() - before < 2.0
