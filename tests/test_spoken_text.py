"""Subtitles to words: who speaks, in every spelling of the trade, and what is a caption and no speech."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vssflow_post.cues.casting import choose_voices, with_voices
from vssflow_post.cues.spoken_text import Said, said_in
from vssflow_post.settings.preset import CastMember
from vssflow_post.timeline import SECOND_VOICE, Cue, CueSheet, Span

OTHERS = ("It is late.", "We should go home now.", "Nobody saw him.", "Well, then.")
"""Lines in mixed case and without labels, which other subtitles of a file may be."""


def told(*texts: str) -> list[Said]:
    return said_in([(text, None) for text in texts])


def spoken(*texts: str) -> list[list[tuple[str | None, str]]]:
    """(speaker, words) of each utterance of each subtitle of a file."""
    return [[(one.speaker, one.text) for one in said.utterances] for said in told(*texts)]


NAMES = """
ANNA|McGEE|MacGREGOR|O'BRIEN|O\u2019NEILL|D'ARTAGNAN|LeBRON|JEAN-LUC|DR. SMITH|Dr. SMITH|Mrs. HUDSON|MR. T
MR. & MRS. SMITH|ANNA & TOM|ANNA AND TOM|ANNA/TOM|TOM, ANNA|ALL|BOTH|MAN #2|COP 1|1ST COP|2ND REPORTER|Q
FIRST POLICE OFFICER ON RADIO|LADY IN RED|ANNA'S MOTHER|ANNA's MOTHER|VOICE ON P.A.|K.I.T.T.|R2-D2|HAL 9000
SPEAKER_00|VAN DER BERG|'MAD DOG' JOE|JOSÉ|PÈRE NOËL|ØYVIND|ŁUKASZ|\u0410\u041d\u041d\u0410|小明|アンナ|김철수
""".strip().replace("\n", "|").split("|")  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_words_in_capitals_before_a_colon_name_the_speaker(name: str) -> None:
    for written in (f"{name}: Come in.", f"{name} : Come in.", f"{name}\uff1aCome in.", f">> {name}: Come in.",
                    f">>{name}: Come in.", f"- {name}: Come in.", f"{name}:\nCome in.", f"{name} (V.O.): Come in.",
                    f"<i>{name}: Come in.</i>", f"({name}): Come in.", f"[{name}]: Come in."):  # fmt: skip
        assert spoken(written) == [[(name, "Come in.")]], written
        assert spoken(*OTHERS, written)[-1] == [(name, "Come in.")], written


@pytest.mark.parametrize("name", ["Olivia", "Man #2", "Dr. Smith", "Old man", "Anna & Tom", "Jean-Luc", "anna"])
def test_a_label_in_mixed_case_counts_where_it_recurs_or_labels_are_usual(name: str) -> None:
    written = f"{name}: Come in."
    assert spoken(*OTHERS, written, written)[-2:] == [[(name, "Come in.")]] * 2
    assert spoken(OTHERS[0], written, "TOM: No.")[1] == [(name, "Come in.")]
    assert spoken(*OTHERS, written)[-1] == [(None, written)]
    assert spoken(written) == [[(None, written)]]
    assert said_in([(written, name.upper())])[0].utterances[0].text == "Come in."


@pytest.mark.parametrize(
    "text",
    """WARNING: Do not open.|BREAKING NEWS: Fire in the city.|PS: I love you.|P.S.: I love you.|NOTE: This is a test.
    NB: Bring a coat.|ATTENTION: Stand back.|REMEMBER: the door|STEP 1: Run.|RULE #1: Nobody talks.|PART II: The end.
    TOP STORY: It rains.|GOOD NEWS: We won.|FYI: He left.|UPDATE: He came back.|FINAL SCORE: three two.|SO: we go.
    LADIES AND GENTLEMEN: the king.|SHE SAID IT WAS ALL OVER: run|THE ANSWER IS: no|I REPEAT: no|WHO IS IT: you?
    ONE MORE THING: wait.|NO ENTRY: road works|At 12:30 we go.|12:30|Look: http://example.com|Matthew 5:3 says so.
    KEEP OUT: danger|Remember: the door|Fun fact: no.""".replace("\n", "|").split("|"),
)
def test_what_introduces_a_text_or_is_a_sentence_is_spoken(text: str) -> None:
    text = text.strip()
    for file in ([text], [*OTHERS, text], ["ANNA: Yes.", text, "TOM: No."]):
        assert [(None, text)] in spoken(*file)


def test_a_name_in_capitals_stands_on_a_row_of_its_own_where_the_file_has_such() -> None:
    assert spoken("ANNA\nHello there.", "BOB\nHi.", "ANNA\nBye.") == [
        [("ANNA", "Hello there.")],
        [("BOB", "Hi.")],
        [("ANNA", "Bye.")],
    ]
    assert spoken("ANNA: Yes.", "ANNA (V.O.)\nHello.", "ANNA\nGo.")[1:] == [[("ANNA", "Hello.")], [("ANNA", "Go.")]]
    assert spoken("ANNA (whispering)\nGo.", "ANNA: No.")[0] == [("ANNA", "Go.")]
    assert spoken("ANNA (O.S.)\nGo.") == [[("ANNA", "Go.")]]
    assert spoken("STOP\nthe car.", "STOP\nthe bus.") == [[(None, "STOP the car.")], [(None, "STOP the bus.")]]
    assert spoken("LONDON\nis far.", *OTHERS)[0] == [(None, "LONDON is far.")]
    assert spoken("ANNA\nHELLO THERE", "ANNA\nGO")[0] == [(None, "ANNA HELLO THERE")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[TOM] Come in.", [("TOM", "Come in.")]),
        ("(Tom) 'Come in.'\n(Dickie) 'No.'", [("Tom", "'Come in.'"), ("Dickie", "'No.'")]),
        ("- [TOM] Come in.\n- [ANNA] No.", [("TOM", "Come in."), ("ANNA", "No.")]),
        ("[Old man] Come in.", [("Old man", "Come in.")]),
        ("[MAN ON RADIO] Come in.", [("MAN ON RADIO", "Come in.")]),
        ("[TOM]\nCome in.", [("TOM", "Come in.")]),
        ("[Anna, in French] Come in.", [("Anna", "Come in.")]),
        ("<v Anna>Come in.", [("Anna", "Come in.")]),
        ("<v.loud Anna Lee>Come in.</v>", [("Anna Lee", "Come in.")]),
        ("<TOM> Come in.", [("TOM", "Come in.")]),
        ("ANNA: Yes. ANNA: No.", [("ANNA", "Yes."), ("ANNA", "No.")]),
        ("ANNA: Yes.\nTOM: No.", [("ANNA", "Yes."), ("TOM", "No.")]),
        ("- ANNA: Yes.\n- No.", [("ANNA", "Yes."), (SECOND_VOICE, "No.")]),
        ("- Yes.\n- ANNA: No.", [(None, "Yes."), ("ANNA", "No.")]),
        ("- Yes.\n- No.", [(None, "Yes."), (SECOND_VOICE, "No.")]),
        ("\u2013 Yes.\n\u2013 No.", [(None, "Yes."), (SECOND_VOICE, "No.")]),
        ("-Yes.\n-No.\n-Well.", [(None, "Yes."), (SECOND_VOICE, "No."), (None, "Well.")]),
        ("- Yes. - No.", [(None, "Yes."), (SECOND_VOICE, "No.")]),
        ("Yes.\n- No.", [(None, "Yes."), (SECOND_VOICE, "No.")]),
        ("- and then\nhe left", [(None, "and then he left")]),
        ("- (sighs)\n- Come in.", [(None, "Come in.")]),
        (">> Yes. >> No.", [(None, "Yes."), (SECOND_VOICE, "No.")]),
        ("&gt;&gt; ANNA: Yes.", [("ANNA", "Yes.")]),
        ("\u202a\ufeffANNA\u200b: Yes.", [("ANNA", "Yes.")]),
        ("He left<br>at once.<br/>Now.<BR />Go.", [(None, "He left at once. Now. Go.")]),
    ],
)
def test_signs_of_who_speaks(text: str, expected: list[tuple[str | None, str]]) -> None:
    assert spoken(text) == [expected]


def test_a_bracket_may_hold_a_name_of_the_file_and_a_direction() -> None:
    said = told("[Anna] Yes.", "[Anna chuckles] No.", "[Anna over phone] Well.", "[Anna] Go.")
    assert [each.utterances[0].speaker for each in said] == ["Anna"] * 4
    assert [each.captions for each in said] == [(), ("chuckles",), ("over phone",), ()]


def test_arrows_change_the_speaker_from_subtitle_to_subtitle() -> None:
    assert spoken(">> Hi.", ">> Ho.", "More.", ">> Hm.", ">> ANNA: Oh.", "And more.") == [
        [(None, "Hi.")],
        [(SECOND_VOICE, "Ho.")],
        [(SECOND_VOICE, "More.")],
        [(None, "Hm.")],
        [("ANNA", "Oh.")],
        [("ANNA", "And more.")],
    ]


@pytest.mark.parametrize(
    ("text", "words", "captions"),
    [
        ("[door slams]", "", ["door slams"]),
        ("(thunder)", "", ["thunder"]),
        ("(Door slams.)", "", ["Door slams."]),
        ("Hello [door slams] there.", "Hello there.", ["door slams"]),
        ("\u3010\u96f7\u9e23\u3011", "", ["\u96f7\u9e23"]),
        ("\uff08sighs\uff09 Yes.", "Yes.", ["sighs"]),
        ("{laughs} Yes.", "Yes.", ["laughs"]),
        ("{\\an8}{y:i}Yes.", "Yes.", []),
        ("<door slams> <b>Yes.</b>", "Yes.", ["door slams"]),
        ("\u266a dramatic music \u266a", "", ["dramatic music"]),
        ("<i>\u266a Happy birthday\nto you \u266a</i>", "", ["Happy birthday to you"]),
        ("\u266a (soft music) \u266a", "", ["soft music"]),
        ("\u266b la la \u266b Turn it off.", "Turn it off.", ["la la"]),
        ("\u266a la la\n- Turn it off.", "Turn it off.", ["la la"]),
        ("- \u266a la la \u266a\n- Turn it off.", "Turn it off.", ["la la"]),
        ("ANNA: \u266a la la \u266a Yes.", "Yes.", ["la la"]),
        ("\u266a\u266a", "", ["music"]),
        ("[\u266a\u266a\u266a]", "", ["music"]),
        ("\U0001f3b5 la la \U0001f3b5", "", ["la la"]),
        ("\u00b6 la la \u00b6", "", ["la la"]),
        ("# Happy birthday to you #", "", ["Happy birthday to you"]),
        ("#Happy birthday#", "", ["Happy birthday"]),
        ("# La la # Turn it off.", "Turn it off.", ["La la"]),
        ("#1 is here.", "#1 is here.", []),
        ("We're #1", "We're #1", []),
        ("#hope lives.", "#hope lives.", []),
        ("Press # to go on.", "Press # to go on.", []),
        ("*sighs* Somebody knocked.", "Somebody knocked.", ["sighs"]),
        ("*door opens*", "", ["door opens"]),
        ("**gunshot**", "", ["gunshot"]),
        ('MUSIC: "Hallelujah"\nby Leonard Cohen', "", ['"Hallelujah" by Leonard Cohen']),
        ("SFX: door slams\nANNA: Who is there?", "Who is there?", ["door slams"]),
        ("Well *sighs* I know.", "Well I know.", ["sighs"]),
        ("I *really* mean it.", "I really mean it.", []),
        ("*Really* good.", "Really good.", []),
        ("*You* did it.", "You did it.", []),
        ("He *laughed* at me.", "He laughed at me.", []),
        ("5 * 3 is 15.", "5 * 3 is 15.", []),
        ("~ thunder ~", "", ["thunder"]),
        ("~sighs~ Yes.", "Yes.", ["sighs"]),
        ("Hello~", "Hello~", []),
        ("~5 people", "~5 people", []),
        ("(whispering) Come in.", "Come in.", ["whispering"]),
        ("(Angrily) Come in.", "Come in.", ["Angrily"]),
        ("(in French) Come in.", "Come in.", ["in French"]),
        ("(To Anna) Come in.", "Come in.", ["To Anna"]),
        ("[SIGHS] I see.", "I see.", ["SIGHS"]),
        ("Yes, sir (salutes).", "Yes, sir.", ["salutes"]),
        ("She said (and I agree) that it is late.", "She said (and I agree) that it is late.", []),
        ("It was late (or so I thought).", "It was late (or so I thought).", []),
        ("He is (almost) ready.", "He is (almost) ready.", []),
        ("Call (555) 123-4567.", "Call (555) 123-4567.", []),
        ("Take the key(s).", "Take the keys.", []),
        ("\U0001f600 \u2665", "", []),
        ("No way \U0001f600", "No way \U0001f600", []),
    ],
)
def test_what_is_no_speech_is_a_caption(text: str, words: str, captions: list[str]) -> None:
    said = told(*OTHERS, text)[-1]
    assert " ".join(one.text for one in said.utterances) == words
    assert [*said.sung, *said.captions] == captions


def test_a_song_goes_on_until_the_note_that_closes_it() -> None:
    assert spoken("\u266a Happy birthday", "to you,", "dear Tom \u266a", "Hello.") == [[], [], [], [(None, "Hello.")]]
    assert spoken("\u266a la la", "Hello.", "\u266a la la", "Go.") == [[], [(None, "Hello.")], [], [(None, "Go.")]]
    assert spoken("# One two", "three # Turn it off.") == [[], [(None, "Turn it off.")]]
    assert spoken("to you \u266a", "Hello.") == [[], [(None, "Hello.")]]
    assert spoken("\u266a la", *["Hello."] * 30, "la \u266a")[15] == [(None, "Hello.")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("DOG BARKS", ""),
        ("ENGINE STARTS", ""),
        ("HE SPEAKS GERMAN", ""),
        ("APPLAUSE", ""),
        ("DOOR SLAMS", ""),
        ("HE SIGHS", ""),
        ("PHONE RINGING", ""),
        ("THUNDER RUMBLES\nIN THE DISTANCE", ""),
        ("DOOR SLAMS\nWho is there?", "Who is there?"),
        ("SHE SIGHS I don't know.", "I don't know."),
        ("NO!", "NO!"),
        ("HELP ME!", "HELP ME!"),
        ("STOP", "STOP"),
        ("I SAID NO", "I SAID NO"),
        ("STOP SHOUTING", "STOP SHOUTING"),
        ("FIRE", "FIRE"),
        ("EXIT", "EXIT"),
        ("WHY ARE YOU CRYING", "WHY ARE YOU CRYING"),
        ("DON'T SCREAM", "DON'T SCREAM"),
        ("HE LAUGHS.", "HE LAUGHS."),
        ("The dog barks", "The dog barks"),
    ],
)
def test_capitals_that_describe_a_sound_are_a_caption_in_a_file_in_mixed_case(text: str, words: str) -> None:
    assert " ".join(one.text for one in told(*OTHERS, text)[-1].utterances) == words
    in_capitals = told(*(other.upper() for other in OTHERS), text.upper())[-1]
    assert " ".join(one.text for one in in_capitals.utterances) == " ".join(text.upper().split())


LABELS = ("ANNA", "McGEE", "Dr. SMITH", "MAN #2", "FIRST COP ON RADIO")
SIGNED = ("{}: {}", "[{}]: {}", "({}): {}", "[{}] {}", ">> {}: {}", "- {}: {}", "{}:\n{}", "{} (V.O.): {}", "<v {}>{}")


@given(st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from(SIGNED), st.sampled_from(OTHERS)), min_size=1))
def test_no_label_is_spoken(lines: list[tuple[str, str, str]]) -> None:
    said = spoken(*(sign.format(name, words) for name, sign, words in lines))
    assert said == [[(name, words)] for name, _, words in lines]


@given(st.lists(st.text(alphabet="aB .!:-\n[](){}<>*~#\u266a\uff1a\u3010\u3011/v>1,", max_size=30), max_size=6))
def test_any_texts_give_one_answer_each(texts: list[str]) -> None:
    told_of_each = told(*texts)
    assert len(told_of_each) == len(texts)
    for said in told_of_each:
        assert all(
            one.text == " ".join(one.text.split()) and any(map(str.isalnum, one.text)) for one in said.utterances
        )
        assert all(caption == " ".join(caption.split()) and caption for caption in (*said.captions, *said.sung))


@pytest.mark.parametrize(
    "filling", ["[a]", "(", "(a)", "\u266aa", "# ", "*a*", "~a~", "A: ", ">> ", "- ", "a\n", "<a>"]
)
def test_hostile_texts_take_no_time(filling: str) -> None:
    before = time.process_time()
    told(filling * (50_000 // len(filling)), "\u266a", "ANNA: Yes.")
    assert time.process_time() - before < 3.0


def test_who_answers_without_a_name_has_another_voice() -> None:
    voices = {"alto": "", "bass": "", "tenor": ""}
    cue = Cue("d1", 0, "speech", Span(0, 48_000), "Yes.")
    sheet = CueSheet((), (cue, replace(cue, id="d2", speaker=SECOND_VOICE)))
    first, second = (each.voice for each in with_voices(sheet, {}, voices).cues)
    assert first == "alto"
    assert second in ("bass", "tenor")
    named = choose_voices(["ANNA", SECOND_VOICE], {}, voices)
    assert named["ANNA"] == choose_voices(["ANNA"], {}, voices)["ANNA"] != named[SECOND_VOICE]
    assert choose_voices([SECOND_VOICE], {SECOND_VOICE: CastMember("alto")}, voices) == {SECOND_VOICE: "alto"}
    assert choose_voices([SECOND_VOICE], {}, {"alto": ""}) == {SECOND_VOICE: "alto"}


def test_a_name_is_one_person_in_capitals_and_without() -> None:
    voices = choose_voices(["ANNA", "Anna", "TOM"], {}, {"alto": "", "bass": "", "tenor": ""})
    assert voices["ANNA"] == voices["Anna"] != voices["TOM"]
