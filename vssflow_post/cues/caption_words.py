"""Words by which a caption is told from speech: sounds, how something is said, what introduces text, what names lack.

A list each, in the form that a dictionary has them; `means_sound` knows their other forms.
"""

from __future__ import annotations

import re
from functools import cache

_SOUND_NOUNS = """
ambience applause audio background beeping blank blast bleep bleeped breathing buzzer cacophony censored chatter
clatter commotion creaking crosstalk din distorted doorbell echo expletive explosion explosions fanfare footfalls
footstep footsteps foreign garbled gunfire gunshot gunshots heartbeat heartbeats hoofbeats hubbub inaudible incoherent
indistinct instrumental jingle laughter lullaby melody muffled murmuring music musical noise noises noisy orchestra
overlapping percussion redacted ringtone silence siren sirens song soundtrack static theme thunder thunderclap tune
unintelligible uproar whoosh wordless
"""
_SOUND_VERBS = """
applaud babble bang bark bawl beep bellow blare bleat bleep boom breathe burp buzz cackle caw chant chatter cheer
chime chirp chuckle clack clang clank clap clatter click clink clop cluck cough crack crackle crash creak croak croon
crow crunch cry ding drip drone drum echo exclaim exhale explode fart fizz flush flutter gag gargle gasp gibber giggle
groan growl grunt guffaw gulp gurgle hammer hiccup hiss honk hoot howl hum hush inhale jangle jeer jingle knock laugh
meow miaow moan moo mumble murmur mutter neigh oink pant patter peal ping pop purr quack rattle retch ring roar rumble
rustle scoff scream screech scuff shatter shout shriek shush sigh sing sizzle slam slurp smash snap snarl sneeze
snicker sniff sniffle snigger snore snort sob splash splatter splutter sputter squawk squeak squeal squelch stammer
stutter swish swoosh thrum thud thump thunder tick tinkle titter toll toot trill trumpet tut tweet twitter vibrate
wail weep wheeze whimper whine whinny whirr whisper whistle whoop yap yawn yell yelp yip yodel
"""
_STAGE_VERBS = """
approach argue bark begin chew clear close continue converse depart drop enter exit fade fall halt kiss mimic mouth
nod open pass pause play pour rev revv roll rumble run salute shrug shudder shut smack speak spit start stop swallow
swell talk translate turn whir wince
"""
_MANNERS = """
accent accented afraid agitated alarmed aloud amused angrily angry announcer annoyed anxious arabic awkward beat
bitter bored breathless breathy calm calmly cantonese cheerful childish chinese chorus cold confident confused cont'd
contemptuous continued continuing crying curious dazed deadpan defensive defiant delighted desperate determined
disappointed disembodied disgusted distant distantly dramatic drunk dry dubbed dutch emotional encouraging english
exasperated excited exhausted faint faintly filtered flat flirtatious french frightened frustrated furious gentle
gently german gravely greek grim happy harshly hebrew hesitant hindi hoarse hoarsely hopeful horrified imitating
impatient impressed incredulous innocent insistent intercom irritated italian japanese joking kind korean language
later latin laughing livid loud loudly mandarin megaphone mocking monotone mysterious narrating narration nervous
nervously normal o.c o.s off off-screen offended offscreen on-screen onscreen overjoyed panicked panicky phone playful
pleading pleased polish polite portuguese posh proud puzzled quiet quietly radio recorded recording relieved reluctant
resigned russian sad sadly sarcastic sarcastically scared serious shaky sharp shocked shy simultaneous sincere
singsong slow slurred soft softly solemn sotto spanish speaking stern sternly strained stunned subtitle subtitles
suggestive sung surprised suspicious swedish sympathetic tearful telephone tense terrified thinking tired touched
turkish tv unison unsure upset urgent v.o via vo voice-over voiceover warm weak weakly weary whispered worried
"""
_INTRODUCE = """
ad address advice again agenda alas alert also although always and announcement answer anyway attention bang because
besides bonus bottom breaking bulletin but bye captions careful case cast category caution cc certainly challenge
chapter checklist choice class closed clue code comment conclusion condition confession consider continued correction
credits curious danger date day deadline dear definition description destination details diagnosis directed director
disclaimer document done duration earlier end ending episode error evidence exactly example except exclusive exercise
exit expected explanation fact facts failure faq figure finally fine fire first flashback footnote forecast formula
found free freeze from fyi game goal good goodbye great guess halt heading headline headlines hello help hence here
hey hi hint home homework honestly however hypothesis idea imagine imagining important incoming indeed information
ingredients instruction instructions intro introduction invoice issue item job joke later latest law legend lesson
let's level like line link list listen live location log look lost mail maybe mayday meaning meanwhile memo memory
menu message method missing mission mistake moral motto move music myth name namely naturally nb never news next no
nope note notes nothing notice now number objection objective observation occupation oh ok okay once one only oops
open option orders otherwise outcome overview page paragraph part password perhaps phase place plan please plot plus
point policy poll post postscript pps prediction preface present preview previously priority problem procedure
produced profession progress promise proof proposal proverb ps purpose question questions quote rank rating re reason
recap recipe remark remember reminder repeat report reported request requirement response result results reward riddle
right risk round rule rules rumor rumour run sale save scenario scene schedule score season second secondly secret
section see seriously sign simply situation so sold solution soon sorry sos source spoiler spoilers stage standby
starring statement statistics status step still stop story subject subtitles success suggestion summary suppose
surprise symptoms target task temperature test thanks then theory therefore thesis thing things think third though
three thus time timeline times tip tips title tldr to today todo tomorrow tonight topic total trailer translation
trivia truth two type unless update upshot urgent verdict version vote wait wanted warning weather week weight welcome
well what whatever where why word words work wow written yeah year yes yesterday yet
"""
_NOT_LAST = """
advice ago alert answer bulletin day end entry evening fact facts first forecast gentlemen headline hint later log
message morning news night note notice plan problem question reason reminder result results rule score secret story
theory thing things time tip truth update verdict warning word words years
"""
_IN_SENTENCES = """
about am are aren't be because been but came can't cannot come could dear did didn't do does doesn't don't even for
get go going gone got had has have haven't he he's here him how i i'd i'll i'm i've if is isn't it it's its just keep
know let let's me must my need never not only our please remember said say saying says she she's should so tell than
that their them then there these they they're think this those thought told us want was wasn't we we're were what
what's when where which why will't won't would you you'll you're you've your
"""
_PEOPLE = """
actor agent all anchor announcer baby bailiff both boy boys brother butler caller captain chef child children clerk
computer cook cop crowd customer dad daughter detective dispatcher doctor driver everybody everyone father gentleman
girl girls grandma grandpa guard guy host husband interviewer judge kid kids king knight lady lawyer machine maid man
men mom mother mum narrator nurse officer operator patient people person pilot policeman policewoman presenter priest
prince princess professor queen receptionist reporter robot sergeant servant singer sister soldier son speaker student
teacher vendor waiter waitress wife woman women
"""
_BESIDE_MANNERS = """
a an and at from her his in of on over the through to with
"""
_MUSIC = """
fanfare instrumental jingle lullaby melody music musical orchestra score song soundtrack theme tune
"""
_SPEAKING = """
babble exclaim mumble murmur mutter narrate shout speak stammer stutter whisper yell
"""
_IN_ASIDES = """
and as because but i i'd i'm i've if me my or our that though us we which who you your
"""
_IN_SHOUTS = """
don't go i i'm keep let me my never no not please quit start stop us we you your
"""
_LEADING_TO = """
to in on over from with at into through as by for under via while during after before off
"""
INTRODUCING = frozenset(_INTRODUCE.split())
"""What stands before a colon and is spoken: `WARNING:`, `PS:`, `Remember:`."""
NOT_LAST = frozenset(_NOT_LAST.split())
"""What several words that introduce a text end with: `BREAKING NEWS:`."""
IN_SENTENCES = frozenset(_IN_SENTENCES.split())
"""Words that a sentence has and a name of several words lacks."""
PEOPLE = frozenset(_PEOPLE.split())
LEADING = frozenset(_LEADING_TO.split())
"""What begins a direction: `(to Anna)`, `[in the distance]`."""
_EVENTS = frozenset(_SOUND_NOUNS.split())
_VERBS = frozenset(_SOUND_VERBS.split())
_SOUNDS = _EVENTS | _VERBS
_STAGE = frozenset(_STAGE_VERBS.split())
_DOINGS = _VERBS | _STAGE
_SAID_HOW = frozenset(_MANNERS.split())
_LITTLE = frozenset(_BESIDE_MANNERS.split())
_HOW_OR_WHO = _SAID_HOW | _LITTLE | PEOPLE
_OF_ASIDES = frozenset(_IN_ASIDES.split())
_MUSICAL = frozenset(_MUSIC.split())
_ENDING = re.compile(
    r"\b(stops|stopped|ceases|ceased|fades|faded|subsides|subsided|ends|ended|dies? (down|away)"
    r"|goe?s? (quiet|silent)|\w+(?<!s)(?<![aiu])s (stop|cease|fade|subside|end))\b"
)
_VERBS_OF_SPEAKING = frozenset(_SPEAKING.split())
_SHOUTED = frozenset(_IN_SHOUTS.split())


def words_of(text: str) -> list[str]:
    """The words of `text` in lower case, without what stands before or after them."""
    plain = text.casefold().replace("\u2019", "'")
    return [word for word in (each.strip(".,;:!?\"'()[]*~\u2026-") for each in plain.split()) if word]


@cache
def _stems(word: str) -> tuple[str, ...]:
    """What a verb's form may come from: `slams`, `slammed` and `slamming` from `slam`."""
    found = re.fullmatch(r"(.{2,}?)(?:s|es|ed|ing|in')", word)
    tries = [word[: -len(end)] for end in ("es", "s", "ed", "ing", "in'") if found and word.endswith(end)]
    tries += [each + "e" for each in tries] + [each[:-1] for each in tries if each[-2:-1] == each[-1:]]
    return (*tries, *(each[:-1] + "y" for each in tries if each.endswith("i")))


def _is_form_of(word: str, verbs: frozenset[str]) -> bool:
    return any(stem in verbs for stem in _stems(word))


def means_sound(text: str) -> bool:
    """Whether `text` tells of a sound, of what somebody does, or of how something is said, and is no speech itself."""
    words = words_of(text)
    if len(words) == 1 and (re.fullmatch(r"\w{4,}ly", words[0]) or _is_form_of(words[0], _STAGE)):
        return True
    if any(word in _SOUNDS or _is_form_of(word, _DOINGS) for word in words):
        return True
    return set(words) <= _SAID_HOW | _LITTLE and bool(set(words) & _SAID_HOW)


def is_sound_in_capitals(text: str) -> bool:
    """Whether words in capitals describe a sound (`DOG BARKS`, `APPLAUSE`) and nobody shouts them (`STOP SHOUTING`)."""
    words = words_of(text)
    if (
        not words
        or words[0] in _SHOUTED
        or set(words) & (_SHOUTED - {"stop", "start"})
        or text.rstrip()[-1] in ".!?,\u2026"
    ):
        return False
    verbs = _DOINGS if len(words) > 1 else _VERBS
    return any(word in _EVENTS or _is_form_of(word, verbs) for word in words)


def is_doing(text: str) -> bool:
    """Whether `text` says in the present what somebody does: `sighs`, `coughing`."""
    words = words_of(text)
    return bool(words) and words[0].endswith(("s", "ing")) and _is_form_of(words[0], _DOINGS)


def is_direction(text: str) -> bool:
    """Whether `text` says how something is said, or in which language, and tells of no sound: `whispering`."""
    words = words_of(text)
    return bool(words) and all(word in _HOW_OR_WHO or _is_form_of(word, _VERBS_OF_SPEAKING) for word in words)


def means_music(text: str) -> bool:
    """Whether `text` tells of music: `dramatic music`, `song fades`."""
    return bool(_MUSICAL & set(words_of(text)))


def means_end(text: str) -> bool:
    """Whether `text` tells that a sound is over from there on: `siren stops`, `footsteps fade`, `rain dies down`."""
    return _ENDING.search(" ".join(words_of(text))) is not None


def is_aside(text: str) -> bool:
    """Whether words in a bracket are surely spoken: `and I agree`."""
    return any(word in _OF_ASIDES for word in words_of(text))
