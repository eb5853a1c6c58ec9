"""The classes of sound: what in the picture each follows, and which of them a prompt in words means.

Names alone: the physics that makes them heard in training data is `synthesis.sounds`. docs/sounds.md shows the table.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Literal, TypeAlias

Follows: TypeAlias = Literal["strikes", "calls", "speed", "nothing"]

_KNOWN: tuple[tuple[Follows, str], ...] = (
    ("strikes", "wood metal glass_clink stone plastic thud footsteps_hard footsteps_wood footsteps_gravel"),
    ("strikes", "footsteps_grass footsteps_snow door car_door knock latch keys_coins wood_creak glass_break dishes"),
    ("strikes", "writing typing gunshot explosion fireworks splash water_pour ball_bounce ball_hit hammer chop"),
    ("strikes", "camera_shutter hiss tyre_skid whistle drum mallets piano plucked paper"),
    ("calls", "bell thunder phone_ring beep car_horn dog cat bird_call owl chicken duck_goose cow sheep_goat pig"),
    ("calls", "wolf big_animal whale frog monkey"),
    ("speed", "whoosh cloth cloth_flap saw scrape car_engine truck_bus tractor motorcycle train_tram aircraft"),
    ("speed", "helicopter motor_boat rowing bicycle cart_wheels horse_hooves snow_slide power_tool household_motor"),
    ("speed", "lawn_mower small_machine insect_buzz"),
    ("nothing", "room_tone hall office shop restaurant crowd applause children_playing city_traffic industrial"),
    ("nothing", "open_air wind wind_leaves birdsong night_insects farm rain surf lapping stream waterfall underwater"),
    ("nothing", "fire machine_hum cooking clock_tick rumble alarm_siren ship"),
)
_FOLLOWS: dict[str, Follows] = {name: what for what, names in _KNOWN for name in names.split()}
CLASSES = tuple(_FOLLOWS)
"""Every class that there is a name for: the cue sheet's, and `saw`. Which of them weights know, and in which order they
number them (id k + 1, 0 is "unspecified"), stands in their configuration."""
RINGS_DOWN = ("wood", "metal", "glass_clink", "stone", "plastic", "thud", "ball_bounce", "knock")
"""Struck, and from then on only ever quieter until struck again; the others crunch, rattle, splash or beat."""
_HAS_AN_ENGINE = (
    *("car_engine", "truck_bus", "tractor", "motorcycle", "train_tram", "aircraft", "helicopter", "motor_boat"),
    *("power_tool", "household_motor", "lawn_mower", "small_machine"),
)
_FROM_AFAR = ("thunder",)


def follows(name: str) -> Follows:
    """What in the picture the class `name` follows: each strike; the start of each call, which the picture need not
    show; how fast something moves; or nothing."""
    return _FOLLOWS.get(name, "nothing")


def rings_down(name: str) -> bool:
    return name in RINGS_DOWN


def is_from_afar(name: str) -> bool:
    """Whether it calls and nothing that moves in the picture makes it: it begins with its cue."""
    return name in _FROM_AFAR


def has_an_engine(name: str) -> bool:
    """Whether it sounds on while it is not seen to move for a moment, as cloth and hooves do not."""
    return name in _HAS_AN_ENGINE


ALIASES: dict[str, tuple[str, ...]] = {
    "wood": ("wooden", "plank", "table", "stick", "log", "board", "bat", "crate", "cricket bat", "baseball bat"),
    "metal": ("steel", "iron", "anvil", "sword", "clang", "pipe", "pan", "chain", "tin", "metallic", "car crash"),
    "glass_clink": ("glass", "bottle", "crystal", "window", "clink", "ice cube"),
    "stone": ("rock", "concrete", "brick", "marble", "pavement", "tile"),
    "plastic": ("rubber", "toy", "box", "bucket"),
    "thud": ("body", "punch", "fall", "step", "thump", "carpet", "hit", "drop"),
    "footsteps_hard": (
        "footstep",
        "walk",
        "run",
        "heel",
        "high heels",
        "shoe",
        "boot",
        "footsteps on concrete",
        "footsteps on tiles",
        "footsteps on stone",
        "footsteps on pavement",
        "steps on concrete",
        "steps on stone",
    ),
    "footsteps_wood": ("footsteps on wood", "steps on wood", "wooden floor", "wooden stairs", "floorboard", "parquet"),
    "footsteps_gravel": ("gravel", "pebble", "shingle", "grit", "rubble", "cinder"),
    "footsteps_grass": ("grass", "lawn", "meadow", "hay", "straw", "bush", "dry leaves", "undergrowth"),
    "footsteps_snow": ("snow", "slush", "snowdrift", "footsteps in snow", "steps in snow"),
    "door": ("slam", "gate", "cupboard", "lid", "drawer", "glass door", "shut"),
    "car_door": ("car door slam", "boot lid", "car boot", "car trunk"),
    "knock": ("tap", "rap", "door knock", "knock on the door", "knock on a door"),
    "latch": (
        "lock",
        "bolt",
        "light switch",
        "switch",
        "click",
        "padlock",
        "door lock",
        "door handle",
        "gun cock",
        "cock gun",
        "gun click",
        "gun reload",
        "reload gun",
        "rifle cock",
        "shotgun cock",
    ),
    "keys_coins": ("key", "keyring", "jingle", "coin", "bunch of keys", "car keys", "cutlery", "purse"),
    "wood_creak": ("creak", "squeak", "hinge", "creaky", "creaking floor", "door creaks", "creaking door"),
    "glass_break": (
        "shatter",
        "smash",
        "broken glass",
        "breaking glass",
        "glass breaks",
        "glass crash",
        "window breaks",
        "glass shatters",
    ),
    "dishes": ("plate", "crockery", "porcelain", "bowl", "cup", "saucer", "dish", "washing up"),
    "writing": ("pencil", "pen", "chalk", "scribble", "write"),
    "typing": ("type", "keyboard", "typewriter", "keystroke", "button", "mouse click", "computer keys"),
    "gunshot": ("gun", "gunfire", "rifle", "pistol", "shotgun", "revolver", "machine gun"),
    "explosion": ("explode", "bomb", "blast", "cannon", "grenade"),
    "fireworks": ("firework", "firecracker", "rocket"),
    "splash": ("water", "puddle", "swim", "wade", "pool", "dive", "plunge"),
    "water_pour": ("pour", "pouring water", "fill a glass"),
    "ball_bounce": ("ball", "bounce", "basketball", "football", "tennis ball", "dribble"),
    "ball_hit": ("racket", "golf", "golf swing", "volleyball", "ping pong", "table tennis"),
    "hammer": ("nail", "hammer blow", "mallet"),
    "chop": ("axe", "knife", "chopping board", "cleaver"),
    "camera_shutter": ("camera", "shutter", "photograph"),
    "hiss": ("steam", "spray", "spray can", "air brake", "leak"),
    "tyre_skid": ("skid", "screech", "squealing tyres", "tire", "tyre", "brake squeal", "squealing brakes"),
    "whistle": ("referee", "kettle whistle", "train whistle", "steam whistle"),
    "drum": ("snare", "drum kit", "conga", "bongo"),
    "mallets": ("xylophone", "marimba", "vibraphone"),
    "piano": ("grand piano", "upright piano"),
    "plucked": ("guitar", "banjo", "harp", "ukulele"),
    "bell": ("church bell", "gong", "ring", "chime", "doorbell", "ding", "toll", "bicycle bell", "clock strike"),
    "thunder": ("lightning", "thunderstorm", "thunderclap"),
    "phone_ring": ("phone", "telephone", "phone rings", "telephone rings", "ringtone", "phone ring"),
    "beep": ("bleep", "microwave", "scanner", "alarm clock"),
    "car_horn": ("horn", "honk", "toot"),
    "dog": ("bark", "puppy", "hound", "woof"),
    "cat": ("meow", "kitten", "miaow", "purr"),
    "bird_call": ("crow", "parrot", "seagull", "gull", "cuckoo", "eagle", "raven", "jay"),
    "owl": ("hoot",),
    "chicken": ("hen", "rooster", "cock", "cluck"),
    "duck_goose": ("duck", "goose", "geese", "quack", "swan", "goose honk", "geese honk"),
    "cow": ("cattle", "moo", "bull", "ox"),
    "sheep_goat": ("sheep", "goat", "lamb", "bleat"),
    "pig": ("oink", "hog", "boar"),
    "wolf": ("howl",),
    "big_animal": ("lion", "tiger", "bear", "elephant", "roar", "growl"),
    "whale": ("dolphin", "whale song"),
    "frog": ("toad", "croak"),
    "monkey": ("ape", "chimpanzee", "gibbon"),
    "whoosh": ("swing", "swish", "air", "swoosh", "throw", "fly by", "sword swing"),
    "cloth": ("fabric", "clothes", "clothing", "shirt", "jacket", "rustle", "curtain", "bed sheet", "coat"),
    "cloth_flap": ("flag", "sail", "flap", "flapping cloth", "tent"),
    "paper": ("page", "newspaper", "book", "crumple", "cardboard", "paper bag", "sheet of paper"),
    "saw": ("hacksaw", "handsaw", "rasp", "sandpaper"),
    "scrape": ("drag", "scratch", "slide"),
    "car_engine": ("car", "engine", "motor", "vehicle", "van", "drive", "taxi"),
    "truck_bus": ("truck", "lorry", "bus", "coach"),
    "tractor": ("digger", "excavator", "bulldozer"),
    "motorcycle": ("motorbike", "moped", "scooter"),
    "train_tram": ("train", "tram", "railway", "locomotive", "underground train", "subway"),
    "aircraft": ("aeroplane", "airplane", "plane", "jet", "jet engine", "airliner"),
    "helicopter": ("rotor", "rotor blade"),
    "motor_boat": ("boat", "speedboat", "outboard"),
    "rowing": ("oar", "row", "canoe", "kayak", "paddle"),
    "bicycle": ("bike", "freewheel", "bicycle chain"),
    "cart_wheels": ("wheel", "cart", "carriage", "trolley", "skateboard", "roll", "suitcase", "wagon"),
    "horse_hooves": ("horse", "hoof", "gallop", "trot"),
    "snow_slide": ("ski", "sledge", "sled", "snowboard"),
    "power_tool": ("drill", "sander", "jackhammer", "chainsaw", "grinder", "circular saw"),
    "household_motor": (
        "vacuum cleaner",
        "vacuum",
        "hoover",
        "hair dryer",
        "blender",
        "washing machine",
        "mixer",
        "fan",
    ),
    "lawn_mower": ("mower", "lawnmower", "strimmer"),
    "small_machine": ("printer", "sewing machine", "projector", "clockwork", "servo"),
    "insect_buzz": ("bee", "fly", "mosquito", "wasp", "buzz"),
    "room_tone": ("quiet room", "silence in a room"),
    "hall": ("church", "cathedral", "lobby", "station hall"),
    "office": ("open plan office",),
    "shop": ("supermarket", "market"),
    "restaurant": ("cafe", "bar", "pub", "canteen"),
    "crowd": ("audience", "people", "stadium", "cheer", "murmur"),
    "applause": ("clap", "clapping", "applaud"),
    "children_playing": ("playground", "children", "school yard"),
    "city_traffic": ("traffic", "street", "road", "city", "motorway"),
    "industrial": ("factory", "workshop", "construction site"),
    "open_air": ("landscape", "countryside", "desert", "outdoors"),
    "wind": ("breeze", "gale", "gust", "blizzard"),
    "wind_leaves": ("leaf", "foliage", "wind in trees", "wind in the trees", "rustling leaves", "forest"),
    "birdsong": ("bird", "chirp", "tweet", "sparrow", "blackbird", "robin", "songbird", "dawn chorus"),
    "night_insects": ("cricket", "cicada", "night", "insect", "grasshopper"),
    "farm": ("farmyard", "barn"),
    "rain": ("storm", "drizzle", "shower", "downpour", "raindrop"),
    "surf": ("wave", "beach", "sea", "ocean", "shore"),
    "lapping": ("lake", "harbour", "lapping water", "pond"),
    "stream": (
        "river",
        "brook",
        "creek",
        "fountain",
        "running water",
        "water flow",
        "tap water",
        "faucet",
        "water running",
    ),
    "waterfall": ("rapids", "cascade", "weir"),
    "underwater": ("under water", "scuba", "aquarium"),
    "fire": ("campfire", "flame", "fireplace", "burn", "crackling fire", "bonfire"),
    "machine_hum": (
        "hum",
        "air conditioning",
        "server",
        "refrigerator",
        "fridge",
        "ventilation",
        "electricity",
        "electric buzz",
    ),
    "cooking": ("fry", "sizzle", "boil", "frying pan"),
    "clock_tick": ("clock", "tick", "wristwatch", "pocket watch", "metronome", "tick tock"),
    "rumble": ("earthquake", "volcano"),
    "alarm_siren": ("siren", "alarm", "ambulance", "police car", "fire engine", "fire alarm", "car alarm"),
    "ship": ("ferry", "steamship", "foghorn", "ship horn", "boat horn"),
}
"""Class -> words and phrases that people use for it, in their plainest form: `leaf`, not `leaves`."""
INSTEAD = {
    "footsteps_hard": "stone",
    "footsteps_wood": "wood",
    "footsteps_gravel": "stone",
    "footsteps_grass": "thud",
    "footsteps_snow": "thud",
    "splash": "stream",
    "ball_bounce": "plastic",
    "knock": "wood",
    "door": "wood",
    "car_door": "door",
    "latch": "door",
    "keys_coins": "metal",
    "typing": "plastic",
    "bell": "metal",
    "cart_wheels": "car_engine",
    "gunshot": "explosion",
    "explosion": "thud",
    "fireworks": "explosion",
    "cloth": "whoosh",
    "cloth_flap": "cloth",
    "dishes": "glass_clink",
    "glass_break": "glass_clink",
    "hammer": "metal",
    "chop": "wood",
    "drum": "thud",
    "mallets": "wood",
    "ball_hit": "wood",
    "wood_creak": "wood",
    "truck_bus": "car_engine",
    "tractor": "car_engine",
    "motorcycle": "car_engine",
    "motor_boat": "car_engine",
    "lawn_mower": "car_engine",
    "aircraft": "car_engine",
    "helicopter": "car_engine",
    "train_tram": "cart_wheels",
    "bicycle": "cart_wheels",
    "power_tool": "saw",
    "scrape": "saw",
    "snow_slide": "whoosh",
    "wind_leaves": "wind",
    "open_air": "wind",
    "surf": "stream",
    "lapping": "stream",
    "waterfall": "stream",
    "underwater": "stream",
    "farm": "birdsong",
}
"""What comes nearest to a class that the weights do not have; the others have nothing near them."""
TELLING = (
    "honk",
    "horn",
    "toot",
    "explode",
    "explosion",
    "shatter",
    "creak",
    "squeak",
    "beep",
    "bleep",
    "chime",
    "applaud",
)
"""Words for a sound itself, which say more than what makes it: `car honks`, `clock chimes`, `phone beeps`."""
WITHOUT_CLASS = ("neigh", "whinny", "radio", "television", "tv")
"""The same of sounds that there is no class for: a horse that neighs does not gallop."""
MATERIALS = ("wood", "metal", "glass_clink", "stone", "plastic")
GENERAL = ("thud", "footsteps_hard")


def sound_class(prompt: str, classes: Sequence[str]) -> tuple[str, str]:
    """(class, note): the class of `classes` that the prompt's words name.

    More words say more than fewer (`wooden floor`); a word for the sound says more than a thing (`car horn` is a horn,
    `car` an engine), a thing more than the material it is made of, and that more than a step or a hit; then the first
    counts. The class is "" (unspecified) for an empty
    prompt, and, with a note that says so, where no word is near; a note also tells where another class stands in.
    """
    words = re.findall(r"[a-z]+", re.sub(r"['\u2019]s\b", "", prompt.lower()))
    for *_, name in sorted(_found(words, classes)):
        if not name:
            break
        near = stand_in(name, classes)
        if near == name:
            return name, ""
        if near:
            return near, f"The weights have no class {name}: {near} stands in for {prompt!r}."
    if not words:
        return "", ""
    return "", f"No sound class is near the prompt {prompt!r}: the sound follows the picture alone."


def stand_in(name: str, known: Container[str]) -> str:
    """The class itself where it is `known`, else what comes nearest to it and is; "" where nothing does."""
    while name in INSTEAD and name not in known:
        name = INSTEAD[name]
    return name if name in known else ""


def loudest(mixture: Mapping[str, float]) -> str:
    """The class of most weight; "" of none."""
    return max(mixture, key=lambda name: mixture[name], default="")


def sound_mixture(prompt: str, classes: Sequence[str]) -> tuple[dict[str, float], str]:
    """({class: weight}, note): as `sound_class`, but for `rain and wind`: sounds that follow nothing are mixed.

    Each has the same weight, or that of its percentage: `stream 70%, birdsong 30%`. The weights sum to 1; a prompt that
    means no class has none.
    """
    told: dict[str, float] = {}
    for part in re.split(r"[,+&;]|\band\b|\bwith\b", prompt):
        name, note = sound_class(part, classes)
        if name and not note and follows(name) == "nothing":
            share = re.search(r"(\d+(?:\.\d+)?)\s*%", part)
            told[name] = told.get(name, 0.0) + (float(share[1]) if share else 50.0)
    total = sum(told.values())
    if len(told) > 1 and total > 0.0:
        return {name: weight / total for name, weight in told.items()}, ""
    name, note = sound_class(prompt, classes)
    return ({name: 1.0} if name else {}), note


def _found(words: Sequence[str], classes: Iterable[str]) -> Iterator[tuple[int, int, int, str]]:
    """(minus its number of words, rank, place, class) of everything in the prompt that names a class, or ("") a
    sound that there is none for."""
    spoken = [forms(word) for word in words]
    yield from ((-1, -1, k, "") for k, each in enumerate(spoken) if not each.isdisjoint(WITHOUT_CLASS))
    for name in dict.fromkeys([*classes, *ALIASES]):
        rank = 2 if name in GENERAL else 1 if name in MATERIALS else 0
        for phrase in (name.replace("_", " "), *ALIASES.get(name, ())):
            parts = phrase.split()
            for k in range(len(words) - len(parts) + 1):
                if all(part in spoken[k + j] for j, part in enumerate(parts)):
                    yield -len(parts), -1 if phrase in TELLING else rank, k, name


def forms(word: str) -> set[str]:
    """The word and what it may be a plural, a third person, a past or a participle of."""
    forms = {word}
    for ending in ("s", "es", "ing", "ed", "er", "y"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            stem = word.removesuffix(ending)
            forms |= {stem, stem + "e"} if ending in ("ing", "ed", "er") else {stem}
            if stem[-1] == stem[-2]:
                forms.add(stem[:-1])
    if word.endswith("ies"):
        forms.add(word.removesuffix("ies") + "y")
    if word.endswith("ves"):
        forms.add(word.removesuffix("ves") + "f")
    return forms
