"""Letters to sounds, for words that the dictionary lacks: by their stem, as a compound, and last by rules.

The rules are few and read left to right, the first that matches wins; they aim at being understood, not at English
spelling's every whim. What they give has no stress yet: `with_stress` says where it falls.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

Dictionary = Mapping[str, list[list[str]]]

VOICELESS = frozenset(["P", "T", "K", "F", "TH"])
SIBILANT = frozenset(["S", "Z", "SH", "ZH", "CH", "JH"])
VOWELS = frozenset(["AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"])
FULL = frozenset(["AW", "AY", "OY", "EY", "OW", "UW", "IY", "AO"])
"""Vowels that keep their colour without stress."""
_BEFORE_ENDING = re.compile(r"(?:tion|sion|cian|ic|ics|ical|ity|ial|ian|ious|eous|ia|ium)$")


def _table(text: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """`ending=SOUNDS|...` as pairs."""
    pairs = (entry.strip().partition("=") for entry in text.split("|"))
    return tuple((letters, tuple(sounds.split())) for letters, _, sounds in pairs)


SUFFIXES = _table("""
ness=N AH0 S| ment=M AH0 N T| less=L AH0 S| ful=F AH0 L| ship=SH IH2 P| hood=HH UH2 D| able=AH0 B AH0 L|
ably=AH0 B L IY0| like=L AY2 K| wise=W AY2 Z| ward=W ER0 D| ing=IH0 NG| in'=IH0 N| ers=ER0 Z| er=ER0| est=AH0 S T|
ish=IH0 SH| ism=IH2 Z AH0 M| ist=IH0 S T| ly=L IY0| y=IY0| n't=AH0 N T| 'll=AH0 L| 've=V| 're=ER0| 'd=D| 'm=M
""")
PREFIXES = _table("""
under=AH2 N D ER0| super=S UW2 P ER0| inter=IH2 N T ER0| hyper=HH AY2 P ER0| multi=M AH2 L T IY0| micro=M AY2 K R OW0|
mega=M EH2 G AH0| anti=AE2 N T IY0| over=OW2 V ER0| out=AW2 T| non=N AA2 N| pre=P R IY2| mis=M IH2 S| dis=D IH2 S|
un=AH2 N| re=R IY0| de=D IY0| in=IH0 N| bio=B AY2 OW0| cyber=S AY1 B ER0
""")

_RULES_TEXT = """
[tion]=SH AH N; [ssion]=SH AH N; V[sion]=ZH AH N; [sion]=SH AH N; [cian]=SH AH N; [ture]$=CH ER; [cious]=SH AH S;
[tious]=SH AH S; [ous]$=AH S; [ought]=AO T; [aught]=AO T; [igh]=AY; [eigh]=EY; [tch]=CH; [dge]=JH; [sch]=SH; ^[kn]=N;
^[wr]=R; ^[ps]=S; ^[gn]=N; ^[pn]=N; [ph]=F; [sh]=SH; [ch](?=[rl])=K; [ch]=CH; [ck]=K; [th]=TH; ^[wh]=W; ^[gh]=G;
[gh]=; ^[x]=Z; ^[mc](?=[^aeiouyk])=M AH K; [ered]$=ER D; [ering]$=ER IH NG; [ory]$=AO R IY; [or](?=s?$)=ER; [x]=K S;
[qu]=K W; [q]=K; [mb]$=M; [mn]$=M; [sce]=S EH; [sc](?=[iey])=S; [cc](?=[iey])=K S; [c](?=[iey])=S; [cc]=K; [c]=K;
[gg]=G; [ge]$=JH; [g](?=[iey])=JH; [g]=G; [ng](?=$|s$|[bcdfhkmnpstvz])=NG; [n](?=[kgqx])=NG; [nn]=N; [n]=N; [mm]=M;
[m]=M; [ll]=L; [le]$=AH L; [les]$=AH L Z; [l]=L; [rr]=R; [rh]=R; [arr](?=[aeiouy])=EH R; [ar](?=[^aeiouyr]|$)=AA R;
[war]=W AO R; [orr]=AO R; [or](?=[^aeiouyr]|$)=AO R; [err](?=[aeiouy])=EH R; [ear](?=[^aeiou])=ER; [ear]=IH R;
[eer]=IH R; [air]=EH R; [are]$=EH R; [ore]$=AO R; [oar]=AO R; [oor]=AO R; [ere]$=IH R; [ire]$=AY ER; [ure]$=Y UH R;
[our]=AO R; [er](?=[^aeiouyr]|$)=ER; [ir](?=[^aeiouyr]|$)=ER; [ur](?=[^aeiouyr]|$)=ER; [yr](?=[^aeiouyr]|$)=ER; [r]=R;
[eau]=OW; [augh]=AO; [au]=AO; [aw]=AO; [ay]=EY; [ai]=EY; [ae]=EY; [all]=AO L; [al](?=k)=AO; [aa]=AA; [ee]=IY; [ea]=IY;
[ei](?=[^nv])=EY; [ei]=IY; [eu]=Y UW; [ew]=UW; [ey]$=IY; [ey]=EY; [eo]=IY OW; [oo](?=k)=UH; [oo]=UW; [ou]=AW;
[ow]$=OW; [ow]=AW; [oy]=OY; [oi]=OY; [oa]=OW; [oe]$=OW; [old]=OW L D; [oll]=OW L; [ost]$=OW S T; [ie]$=IY;
[ied]$=IY D; [ies]$=IY Z; [ie]=IY; [io]=IY OW; [ia]=IY AH; [iu]=IY AH; [ind]$=AY N D; [ue]$=UW; [ui]=UW; [uy]=AY;
[a](?=[^aeiouywx]e(?:s|d)?$)=EY; [i](?=[^aeiouywx]e(?:s|d)?$)=AY; [o](?=[^aeiouywx]e(?:s|d)?$)=OW;
[u](?=[^aeiouywx]e(?:s|d)?$)=UW; [y](?=[^aeiouywx]e(?:s|d)?$)=AY; [e](?=[^aeiouywx]e(?:s|d)?$)=IY; [a](?=nge|ste)=EY;
[a]$=AH; [i]$=IY; [o]$=OW; [u]$=UW; ^C[e]$=IY; C[y]$=IY; ^[y]=Y; V[y](?=[aeiou])=Y; [y]=IH; [e](?=s$)=AH; [ed]$=D;
[e]$=; ^[u](?=[^aeiou][aeiouy])=Y UW; [u](?=[^aeiou][aeiou])=UW; [o](?=[^aeiouywx][aeiou])=OW; [o]=AA; [a]=AE; [e]=EH;
[i]=IH; [u]=AH; [bb]=B; [b]=B; [dd]=D; [d]=D; [ff]=F; [f]=F; [h](?=[^aeiouy]|$)=; [h]=HH; [j]=JH; [kk]=K; [k]=K;
[pp]=P; [p]=P; [ss]=S; V[s](?=[aeiouy])=Z; [s](?=m$)=Z; D[s]$=Z; [s]=S; [tt]=T; [t]=T; [v]=V; [w](?=[aeiouyh])=W;
[w]=; [zz]=Z; [z]=Z
"""


@cache
def _rules() -> tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]:
    """The rules as patterns that match at their letters, each with its sounds."""
    rules = []
    for rule in _RULES_TEXT.split(";"):
        pattern, sounds = rule.strip().rsplit("=", 1)
        left, letters, right = re.fullmatch(r"(.*?)\[(.+?)\](.*)", pattern).groups()  # type: ignore[union-attr]
        behind = {
            "V": "(?<=[aeiou])",
            "C": "(?<=[^aeiouy])",
            "^C": "(?<=^[^aeiouy])",
            "s": "(?<=s)",
            "D": "(?<=[bdgmnlrvaeiouw])",
        }.get(left, left)
        ahead = right if right.startswith("(?") or right == "$" else f"(?={right})" if right else ""
        rules.append((re.compile(f"{behind}({letters}){ahead}"), tuple(sounds.split())))
    return tuple(rules)


def spell_out(word: str, dictionary: Dictionary) -> list[str]:
    """ARPAbet symbols of a lower-case word: what a reader who never saw it would try."""
    if not re.search("[a-z]", word):
        return []
    return _from_stem(word, dictionary) or _compound(word, dictionary) or by_rules(word)


def _known(word: str, dictionary: Dictionary) -> list[str]:
    return list(dictionary[word][0]) if word in dictionary and len(word) > 2 else []


def _spoken_stem(stem: str, dictionary: Dictionary) -> list[str]:
    """The stem itself, with its silent e back, its doubled consonant single, or its y for i."""
    tries = [stem, stem + "e"]
    if len(stem) > 3 and stem[-1] == stem[-2]:
        tries.append(stem[:-1])
    if stem.endswith("i"):
        tries.insert(0, stem[:-1] + "y")
    return next((found for each in tries if (found := _known(each, dictionary))), [])


def _from_stem(word: str, dictionary: Dictionary) -> list[str]:
    if word.endswith(("'s", "s'")):
        stem = word[:-2] if word.endswith("'s") else word[:-1]
        letter = dictionary.get(stem, [[]])[0] if stem.endswith(".") else []
        sounds = letter or _known(stem, dictionary) or spell_out(stem, dictionary)
        return sounds + _plural(sounds) if word.endswith("'s") else sounds
    if word.endswith("s") and not word.endswith("ss"):
        stems = (word[:-3] + "y" if word.endswith("ies") else "", word[:-1], word[:-2] if word.endswith("es") else "")
        if found := next((sounds for stem in stems if (sounds := _known(stem, dictionary))), []):
            return found + _plural(found)
    if word.endswith("ed") and (sounds := _spoken_stem(word[:-2], dictionary)):
        return sounds + (
            ["IH0", "D"]
            if sounds[-1] in ("T", "D")
            else ["T"]
            if sounds[-1] in VOICELESS | SIBILANT - {"Z", "ZH", "JH"}
            else ["D"]
        )
    for suffix, said in SUFFIXES:
        if word.endswith(suffix) and (sounds := _spoken_stem(word[: -len(suffix)], dictionary)):
            return [*sounds, *said]
    for prefix, said in PREFIXES:
        rest = word[len(prefix) :]
        if (
            word.startswith(prefix)
            and len(rest) > 3
            and (sounds := _known(rest, dictionary) or _from_stem(rest, dictionary))
        ):
            return [*said, *sounds]
    return []


def _plural(sounds: list[str]) -> list[str]:
    if not sounds or sounds[-1] in SIBILANT:
        return ["IH0", "Z"]
    return ["S"] if sounds[-1] in VOICELESS else ["Z"]


def _compound(word: str, dictionary: Dictionary) -> list[str]:
    """Two known words of three letters or more, the split nearest the middle; the second gives up its main stress."""
    splits = sorted(range(3, len(word) - 2), key=lambda k: abs(2 * k - len(word)))
    for k in splits:
        left, right = _known(word[:k], dictionary), _known(word[k:], dictionary) or _from_stem(word[k:], dictionary)
        if left and right:
            return left + [symbol.replace("1", "2") for symbol in right]
    return []


def by_rules(word: str) -> list[str]:
    """The word through the rules alone; symbols with stress, never empty for a word with a letter."""
    letters = re.sub("[^a-z]", "", word)
    sounds: list[str] = []
    at = 0
    while at < len(letters):
        found, said = next(((m, said) for pattern, said in _rules() if (m := pattern.match(letters, at))), (None, ()))
        if not (sounds and said and sounds[-1] == said[0] and said[0] not in ("IY", "AH")):
            sounds += said
        at = found.end(1) if found else at + 1
    return with_stress(sounds or ["AH"], letters)


def with_stress(sounds: Sequence[str], letters: str) -> list[str]:
    """The sounds with a stress on every vowel: one primary, unstressed short vowels reduced to a schwa.

    The primary falls before endings that draw it (-tion, -ic, -ity), else on the last syllable but one of words in
    -a, -o, -i, else on the first of two syllables, else on the third from the end.
    """
    nuclei = [k for k, sound in enumerate(sounds) if sound in VOWELS]
    if not nuclei:
        return list(sounds)
    stressed = nuclei[_primary(len(nuclei), letters)]
    return [_stressed(sound, k == stressed) if sound in VOWELS else sound for k, sound in enumerate(sounds)]


def _primary(n: int, letters: str) -> int:
    ending = _BEFORE_ENDING.search(letters)
    if ending and n > 1:
        return max(0, n - 1 - {"tion": 1, "sion": 1, "cian": 1, "ic": 1, "ics": 1}.get(ending[0], 2))
    if n > 2 and letters[-1] in "aoi":
        return n - 2
    return 0 if n < 3 else n - 3


def _stressed(sound: str, primary: bool) -> str:
    if primary:
        return sound + "1"
    if sound in FULL or sound == "ER":
        return sound + "0"
    return {"IH": "IH0", "EH": "IH0", "UH": "UH0"}.get(sound, "AH0")
