"""ASS events that are no speech, layers that are one line, captions whose rows roll: each said once, or not at all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.scripts import said, script_of

HEAD = """[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, Alignment
Style: Default,Arial,20,2
Style: Top,Arial,20,8
Style: Sign,Arial,20,5

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


def event(
    start_s: float, end_s: float, text: str, style: str = "Default", name: str = "", layer: int = 0, effect: str = ""
) -> str:
    return f"Dialogue: {layer},0:00:{start_s:05.2f},0:00:{end_s:05.2f},{style},{name},0,0,0,{effect},{text}\n"


HELLO = event(1, 3, "Hello there.")


@pytest.mark.parametrize(
    "extra",
    [
        event(1, 3, "Exit", "Sign"),
        event(1, 3, "Exit", "Signs_Top"),
        event(1, 3, "Exit", "MainSign"),
        event(1, 3, "Exit", "Default - Typeset"),
        event(1, 3, "Exit", name="Sign"),
        event(1, 3, r"{\k20}La {\k30}la {\kf40}la"),
        event(1, 3, r"{\K20}La la"),
        event(1, 3, "La la", "OP Romaji"),
        event(1, 3, "La la", "Song"),
        event(1, 3, "La", effect="fx"),
        event(1, 3, r"{\p1}m 0 0 l 100 0 100 100{\p0}"),
        event(1, 3, r"{\pos(10,10)\p1}m 0 0 l 100 0"),
        HELLO.replace("Dialogue:", "Comment:").replace("Hello there", "Not this"),
    ],
)
def test_what_is_no_speech_is_not_spoken_and_nothing_is_missed(tmp_path: Path, extra: str) -> None:
    script = script_of(tmp_path, "a.ass", HEAD + extra + HELLO)
    assert (said(script), script.warnings) == ([(1, 3, "Hello there.")], ())


@pytest.mark.parametrize(
    "tags",
    [
        r"{\move(0,0,10,10)}",
        r"{\pos(10,20)\frz12.5}",
        r"{\pos(10,20)\fs60\blur2}",
        r"{\clip(m 0 0 l 1 1)}",
        r"{\t(0,500,\fscx120)\an5}",
    ],
)
def test_what_is_set_into_the_picture_is_told_with_its_line(tmp_path: Path, tags: str) -> None:
    script = script_of(tmp_path, "a.ass", HEAD + event(1, 3, f"{tags}Exit") + HELLO)
    assert said(script) == [(1, 3, "Hello there.")]
    assert script.warnings[0].startswith("a.ass, line 12: set into the picture like a sign, so it is not spoken")


@pytest.mark.parametrize(
    "tags",
    [r"{\an8}", r"{\pos(3,20)}", r"{\fad(2,2)}", r"{\i1}", r"{\fade(255,0,0,0,1,2,3)}", r"{\frz0}", r"{a note}"],
)
def test_speech_may_be_placed_faded_and_slanted(tmp_path: Path, tags: str) -> None:
    script = script_of(tmp_path, "a.ass", HEAD + event(1, 3, f"{tags}Hello\\hthere,\\Nyou{{\\i0}}."))
    assert (said(script), script.warnings, script.notes) == ([(1, 3, "Hello there, you.")], (), ())


@pytest.mark.parametrize(
    "layers",
    [
        [event(1, 3, r"{\blur3}Hello there.", layer=1), HELLO],
        [HELLO, event(1, 3, r"{\bord4}Hello there.", layer=1), event(1, 3, r"{\fad(1,1)}Hello\Nthere.", layer=2)],
        [HELLO, event(1.02, 3, "Hello there.", layer=1)],
        [HELLO, event(1, 3, "Hello there.", "Sign")],
        [event(1, 3, r"{\move(0,0,9,9)\clip(m 0 0 l 1 1)}Hello there."), HELLO],
        [event(1, 3, "Hello there.", name="Ann"), HELLO],
        [event(1 + k / 10, 1.1 + k / 10, f"{{\\fs{20 + k}}}Hello there.") for k in range(20)],
    ],
)
def test_layers_of_one_text_are_said_once(tmp_path: Path, layers: list[str]) -> None:
    script = script_of(tmp_path, "a.ass", HEAD + "".join(layers))
    assert (said(script), script.warnings) == ([(1, 3, "Hello there.")], ())
    assert "said once" in "".join(script.notes)


def test_two_who_say_the_same_and_who_say_it_again_are_two_lines(tmp_path: Path) -> None:
    both = event(1, 3, "No!", name="Ann") + event(1, 3, "No!", name="Bob")
    assert len(said(script_of(tmp_path, "a.ass", HEAD + both))) == 2
    again = event(1, 2, "No!") + event(2, 3, "No!") + event(3, 4, "No!")
    assert said(script_of(tmp_path, "b.ass", HEAD + again)) == [(1, 2, "No!"), (2, 3, "No!"), (3, 4, "No!")]


AUTOMATIC = """WEBVTT
Kind: captions
Language: en

00:00:00.000 --> 00:00:02.500 align:start position:0%
@
hello<00:00:00.500><c> everyone</c><00:00:01.000><c> welcome</c>

00:00:02.500 --> 00:00:02.510 align:start position:0%
hello everyone welcome
@

00:00:02.510 --> 00:00:04.000 align:start position:0%
hello everyone welcome
to<00:00:02.800><c> my</c><00:00:03.000><c> channel</c>

00:00:04.000 --> 00:00:04.010 align:start position:0%
to my channel
@

00:00:04.010 --> 00:00:06.000 align:start position:0%
to my channel
[Music]

00:00:06.000 --> 00:00:06.010 align:start position:0%
[Music]
@

00:00:06.010 --> 00:00:08.000 align:start position:0%
[Music]
today<00:00:06.500><c> we</c><00:00:07.000><c> cook</c>
""".replace("@", " ")
"""Each row that is empty has a blank, as such captions have."""
PHRASES = [(0, 2.5, "hello everyone welcome"), (2.51, 4, "to my channel"), (6.01, 8, "today we cook")]


def test_automatic_captions_that_roll_up_are_said_once_at_their_time(tmp_path: Path) -> None:
    script = script_of(tmp_path, "a.vtt", AUTOMATIC)
    assert (said(script), script.warnings) == (PHRASES, ())
    assert [(caption.span.start_s, caption.text) for caption in script.captions] == [(4.01, "Music")]


def test_so_are_those_that_were_turned_into_subrip(tmp_path: Path) -> None:
    text = re.sub(r"<[^<>]*>| align.*", "", AUTOMATIC.partition("\n\n")[2]).replace(".", ",")
    blocks = [f"{number}\n{block}" for number, block in enumerate(text.strip().split("\n\n"), 1)]
    assert said(script_of(tmp_path, "a.srt", "\n\n".join(blocks))) == PHRASES


def test_rows_that_roll_up_without_repeats_between(tmp_path: Path) -> None:
    rows = ["one two", "three four", "five six", "seven eight"]
    shown = [rows[max(0, k - 1) : k + 1] for k in range(4)]
    blocks = [
        f"{k + 1}\n00:00:0{k},000 --> 00:00:0{k + 1},000\n" + "\n".join(each) + "\n" for k, each in enumerate(shown)
    ]
    assert said(script_of(tmp_path, "a.srt", "\n".join(blocks))) == [(k, k + 1, row) for k, row in enumerate(rows)]


def test_a_row_that_grows_is_one_line(tmp_path: Path) -> None:
    words = ["one", "two", "three", "four", "five", "six"]
    blocks = [f"{k}\n00:00:0{k},000 --> 00:00:0{k + 1},000\n{' '.join(words[:k])}\n" for k in range(1, 7)]
    assert said(script_of(tmp_path, "a.srt", "\n".join(blocks))) == [(1, 7, " ".join(words))]


def test_people_may_repeat_each_other(tmp_path: Path) -> None:
    content = (
        "1\n00:00:01,000 --> 00:00:02,000\nNo.\n\n2\n00:00:02,000 --> 00:00:03,000\nNo.\nI won't.\n\n"
        "3\n00:00:03,000 --> 00:00:04,000\nYou must.\n\n4\n00:00:04,000 --> 00:00:05,000\nMust I?\n"
    )
    script = script_of(tmp_path, "a.srt", content)
    assert [line.text for line in script.lines] == ["No.", "No. I won't.", "You must.", "Must I?"]


def test_a_subtitle_that_is_there_twice_is_said_once(tmp_path: Path) -> None:
    block = "00:00:01,000 --> 00:00:03,000\nThe market was full.\n\n"
    script = script_of(tmp_path, "a.srt", f"1\n{block}2\n{block}")
    assert said(script) == [(1, 3, "The market was full.")]
    assert script.notes == ("a.srt, line 6: the same text at the same time as another, so it is said once.",)


def test_a_sign_may_be_as_long_and_as_short_as_it_likes(tmp_path: Path) -> None:
    signs = event(1, 1, "Exit", "Sign") + event(2, 1, "Exit", "Sign") + event(1, 3, "x " * 1500, "Sign")
    script = script_of(tmp_path, "a.ass", HEAD + signs + HELLO)
    assert (said(script), script.warnings) == ([(1, 3, "Hello there.")], ())


def test_fields_stand_in_the_order_that_the_file_gives(tmp_path: Path) -> None:
    content = "[Events]\nFormat: Start, End, Name, Text\nDialogue: 0:00:01.00,0:00:03.00,Ann,Hello, you\n"
    script = script_of(tmp_path, "a.ass", content)
    assert [(line.speaker, line.text) for line in script.lines] == [("Ann", "Hello, you")]


@pytest.mark.parametrize(
    ("alignment", "place"), [(1, 1), (2, 2), (3, 3), (5, 7), (6, 8), (7, 9), (9, 4), (10, 5), (11, 6)]
)
def test_the_places_of_old_styles(tmp_path: Path, alignment: int, place: int) -> None:
    content = (
        f"[V4 Styles]\nFormat: Name, Alignment\nStyle: Top,{alignment}\n"
        "[Events]\nFormat: Marked, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
        "Dialogue: Marked=0,0:00:01.00,0:00:03.00,*Top,,0,0,0,,Hi\n"
    )
    [subtitle] = script_of(tmp_path, "a.ssa", content).subtitles
    assert subtitle.position == place


@pytest.mark.parametrize("newline", ["\r\n", "\r", "\r\r\n", "\n\n"])
def test_ass_with_line_ends_of_any_kind(tmp_path: Path, newline: str) -> None:
    content = "\ufeff" + (HEAD + HELLO).replace("\n", newline)
    assert said(script_of(tmp_path, "a.ass", content.encode())) == [(1, 3, "Hello there.")]
