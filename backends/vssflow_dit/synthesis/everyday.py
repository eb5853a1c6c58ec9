"""Simple everyday sentences from a small grammar: the language of film dialogue, without anybody's copyright.

A template is words and slots; `{person}` is filled from the list of that name, `{verb_past}` from the pasts, and so on.
"""

from __future__ import annotations

import random
import re

_WORDS = """
pronoun: I you he she we they
plural_pronoun: we they you
single_pronoun: he she
name: Anna Ben Carol David Emma Frank George Helen Ian Jack Kate Laura Mary Nick Oliver Paul Rose Sam Tom Victor Will
    Zoe Peter Susan John Jane Martin Lucy Robert Julia Henry Alice Thomas Ruth Joyce Roy Sophie Mike
person: man woman boy girl child baby friend neighbor teacher doctor nurse farmer driver sailor soldier king queen
    prince princess lady gentleman captain judge lawyer cook baker butcher barber tailor artist singer dancer actor
    player writer painter pilot guard thief stranger guest waiter waitress manager boss worker student pupil mother
    father sister brother uncle aunt cousin grandmother grandfather daughter son husband wife policeman officer
    carpenter engineer scientist hunter fisherman shepherd priest clown magician mayor president customer passenger
people: men women boys girls children babies friends neighbors teachers doctors nurses farmers drivers sailors
    soldiers guests workers students parents brothers sisters cousins twins strangers players singers dancers thieves
animal: dog cat horse cow pig sheep goat chicken duck goose bird mouse rabbit fox wolf bear lion tiger elephant monkey
    snake frog fish whale shark turtle bee spider butterfly squirrel deer donkey camel zebra giraffe owl eagle crow
    pigeon parrot swan puppy kitten pony lamb crab dolphin beetle
food: apple orange banana cherry grape peach pear plum lemon melon strawberry tomato potato carrot onion cabbage
    mushroom pumpkin sandwich cake cookie pie pizza burger sausage egg omelet pancake waffle pretzel donut noodle
    steak
stuff: bread butter cheese milk water juice tea coffee soup rice meat beef chicken pork fish salt pepper sugar honey
    jam cream chocolate ice wine beer soda oil flour garlic popcorn lemonade ham bacon salad yogurt mustard gravy
thing: ball book box bag bottle bowl cup plate knife fork spoon pan pot lamp candle clock watch ring necklace coin
    wallet key lock chain rope string needle button shirt coat jacket dress skirt hat cap glove scarf shoe boot sock
    belt umbrella suitcase basket bucket broom brush mirror picture photograph camera radio telephone computer
    keyboard screen letter envelope stamp newspaper magazine map pen pencil ruler notebook desk table chair sofa
    pillow blanket sheet towel soap toothbrush comb razor hammer nail saw shovel ladder wheel engine bicycle guitar
    piano violin drum flute trumpet bell whistle toy doll kite puzzle balloon present ticket flag sword shield crown
    treasure statue vase flower rose branch leaf stick stone brick pipe tool machine battery switch wire hook thimble
    feather measure
vehicle: car bus truck train boat ship taxi bicycle motorcycle airplane helicopter wagon van tractor subway sled canoe
    ambulance rocket carriage
place: house home garden kitchen bedroom bathroom garage basement attic office school college church hospital library
    museum theater restaurant hotel bank shop store market bakery station airport harbor bridge tunnel street road
    path park playground zoo farm barn field forest jungle desert island mountain valley hill river lake ocean beach
    village town city castle palace tower prison court factory gym stadium pool corner yard hallway elevator cellar
    cave courthouse lighthouse campsite laundry courtyard
part: door window wall roof floor ceiling gate fence stairs porch chimney lawn curtain shelf drawer oven stove sink
    fridge carpet couch bench counter
body: head face eye ear nose mouth tooth tongue neck shoulder arm elbow hand finger thumb chest back stomach leg knee
    foot ankle toe hair skin heart voice
adjective: big small little large tall short long old young new good bad great nice kind mean happy sad angry tired
    hungry thirsty sleepy busy lazy quiet loud noisy soft hard heavy light dark bright warm cold hot cool wet dry
    clean dirty full empty open rich poor cheap expensive strong weak brave shy smart silly funny strange beautiful
    pretty ugly sweet sour bitter fresh sharp smooth rough round square flat thick thin wide narrow deep high low fast
    slow early late easy simple difficult safe dangerous famous special ordinary perfect broken lost wild gentle
    honest proud careful clever curious foolish cheerful peaceful lovely wonderful terrible horrible enormous tiny
    wooden golden silver yellow green blue red white black brown purple pink gray orange usual royal noble loyal
    genuine casual
feeling: happy sad angry tired hungry thirsty sleepy busy afraid nervous excited bored ready sorry sick fine proud
    lonely surprised worried jealous grateful certain sure late early alone awake asleep annoyed overjoyed pleased
transitive: saw found took bought sold made broke fixed lost kept held carried dropped threw caught cleaned washed
    painted opened closed pulled pushed moved lifted touched watched wanted needed liked loved hated chose brought
    borrowed returned stole hid covered wrapped measured destroyed enjoyed used shook showed drew remembered forgot
    noticed mentioned described ordered counted checked followed picked tried packed cooked burned cut tore joined
transitive_base: see find take buy sell make break fix lose keep hold carry drop throw catch clean wash paint open
    close pull push move lift touch watch want need like love choose bring borrow return steal hide cover wrap measure
    destroy enjoy use shake show draw remember forget notice describe order count check follow pick try pack cook cut
    join
intransitive: laughed cried smiled slept ran walked jumped danced sang shouted whispered waited worked played rested
    fell stood sat stayed left arrived returned disappeared coughed sneezed yawned swam climbed stopped listened
    talked argued agreed traveled hurried wandered knelt prayed studied voted nodded bowed
intransitive_base: laugh cry smile sleep run walk jump dance sing shout whisper wait work play rest fall stand sit
    stay leave arrive return disappear cough sneeze yawn swim climb stop listen talk argue agree travel hurry speak
    think eat drink drive fly study vote choose
ing: running walking jumping dancing singing shouting whispering waiting working playing resting falling standing
    sitting leaving arriving swimming climbing listening talking arguing traveling hurrying reading writing cooking
    cleaning driving flying fishing hunting shopping studying drawing painting sleeping eating drinking growing moving
adverb: quickly slowly quietly loudly softly gently carefully happily sadly suddenly finally usually often always
    never sometimes really simply easily hardly nearly almost together alone again early late badly well outside
    inside upstairs downstairs everywhere anyway casually
time: today tonight tomorrow yesterday now soon later again every_day this_morning this_evening last_night last_week
    next_year next_month in_the_morning in_the_evening at_noon at_midnight before_dinner after_lunch after_school
    all_day all_night on_Monday on_Tuesday on_Wednesday on_Thursday on_Friday on_Saturday on_Sunday in_January in_June
    in_August in_October during_the_summer in_winter in_the_spring for_an_hour for_a_while at_once in_a_minute
    two_years_ago a_long_time_ago for_three_weeks before_sunrise until_tomorrow since_Tuesday at_five_o'clock
weather: sunny rainy cloudy windy stormy foggy snowy freezing warm cold hot cool chilly
preposition: in near behind beside under above at by outside inside beyond across_from next_to in_front_of around past
    through toward away_from
determiner: the a my your his her our their this that the the
plural_determiner: the my your his her our their these those some many several all_the
number: two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen twenty thirty
    forty fifty a_hundred
question: why when where how
plan: go_home go_there come_back call_you help_you tell_you wait_here stay_here go_with_you think_about_it try_again
    see_you sit_down stand_up get_up wake_up give_up slow_down hurry_up calm_down come_inside look_around start_over
    talk_to_you explain_everything change_my_mind speak_the_truth leave_now run_away come_home show_you forget_it
subject: weather war peace love truth music money power science history nature language art sport health business law
    freedom justice joy fear hope luck trouble noise silence pleasure vision television education religion nothing
    something everything anything
exclamation: oh well yes no please listen look hey wait thanks okay hello sorry
month: January February March April May June July August September October November December
color: red blue green yellow white black brown purple pink gray orange silver golden beige
"""
LEXICON: dict[str, tuple[str, ...]] = {
    name: tuple(words.split()) for name, words in re.findall(r"^(\w+):((?:.|\n )*)$", _WORDS, re.MULTILINE)
}
"""What may stand in a slot; `_` joins the words of a phrase."""

TEMPLATES: tuple[str, ...] = tuple(
    line.strip()
    for line in """
    {determiner} {adjective} {person} {transitive} {determiner} {thing} {time}.
    {determiner} {person} {transitive} {determiner} {adjective} {thing}.
    {pronoun} {transitive} {determiner} {thing} {preposition} the {place}.
    {pronoun} {transitive} {determiner} {adjective} {animal} {time}.
    {name} {transitive} {number} {thing}s for {determiner} {person}.
    {determiner} {people} {intransitive} {preposition} the {adjective} {place}.
    {determiner} {animal} {intransitive} {preposition} the {part} {time}.
    {plural_determiner} {people} are {ing} {preposition} the {place}.
    {single_pronoun} is {ing} with {determiner} {adjective} {person}.
    I want to {transitive_base} {determiner} {thing} {time}.
    {pronoun} will {transitive_base} {determiner} {adjective} {thing} {time}.
    {pronoun} can't {transitive_base} {determiner} {thing} without {determiner} {thing}.
    You should {intransitive_base} {adverb} {preposition} the {place}.
    Do you {transitive_base} {determiner} {adjective} {thing}?
    Did {determiner} {person} {transitive_base} {determiner} {thing}?
    Can you {transitive_base} {determiner} {thing} for me?
    {question} did {name} {transitive_base} {determiner} {thing} {time}?
    {question} do they {intransitive_base} {preposition} the {place}?
    Where is {determiner} {adjective} {thing}?
    What did {name} say about {determiner} {person}?
    Who {transitive} {determiner} {thing} {preposition} the {part}?
    Please {transitive_base} {determiner} {thing} before {determiner} {person} comes.
    Don't {transitive_base} {determiner} {thing}, it is {adjective}.
    {exclamation}, I will {plan} {time}.
    {exclamation}, {name}, let's {transitive_base} the {thing}.
    I have to {plan} because I am {feeling}.
    {name} said that {single_pronoun} was {feeling} {time}.
    I think {determiner} {thing} is too {adjective} for {name}.
    There is {determiner} {adjective} {animal} {preposition} the {place}.
    There are {number} {people} {ing} {preposition} the {part}.
    It was {weather} and {weather} in the {place} {time}.
    The {color} {vehicle} stopped {preposition} the {place}.
    We took the {vehicle} to the {place} {time}.
    {pronoun} had {stuff} and {stuff} {time}.
    {name} likes {stuff} with {stuff} and a {food}.
    Would you like some {stuff} or {stuff}?
    {determiner} {person} put the {food} on {determiner} {thing}.
    {determiner} {person} is {adjective}, but {determiner} {person} is {adjective}.
    When the {person} {intransitive}, {determiner} {people} {intransitive} {adverb}.
    If you {intransitive_base} {time}, I will {plan}.
    My {body} hurts when I {intransitive_base}.
    {single_pronoun} touched {determiner} {body} with {determiner} {adjective} {thing}.
    {pronoun} never talked about {subject} or {subject}.
    {subject} and {subject} are more {adjective} than {subject}.
    {determiner} {person}'s {thing} is {preposition} the {adjective} {place}.
    {name}'s {person} {intransitive} {adverb} {time}.
    {name} and {name} are {ing} {preposition} the {place}.
    I don't know where the {people} {intransitive}.
    {pronoun} could {transitive_base} the {color} {thing} or the {color} {thing}.
    How many {people} can {intransitive_base} in this {vehicle}?
    Her birthday is in {month}, and his is in {month}.
    {exclamation}, is {determiner} {animal} {feeling} or {feeling}?
    I am {feeling}, so I will {plan}.
    We were {ing} when {determiner} {adjective} {person} {intransitive}.
    Nobody {transitive} the {thing} {preposition} the {place} {time}.
    Tell {determiner} {person} that I {transitive} {determiner} {thing}.
    """.strip().splitlines()
)

_SLOT = re.compile(r"\{(\w+)\}")
_NOT_A_PLURAL = {
    "knifes": "knives",
    "shelfs": "shelves",
    "leafs": "leaves",
    "toothbrushs": "toothbrushes",
    "boxs": "boxes",
    "switchs": "switches",
    "brushs": "brushes",
    "watchs": "watches",
    "dresss": "dresses",
    "branchs": "branches",
}


def everyday_sentence(chance: random.Random) -> str:
    """One sentence of about 5 to 13 words, as `chance` has it."""
    sentence = _SLOT.sub(lambda slot: chance.choice(LEXICON[slot[1]]), chance.choice(TEMPLATES)).replace("_", " ")
    sentence = re.sub(r"\b[Aa] (?=[aeiouAEIOU](?!ni|se|su|ne))", "an ", sentence)
    sentence = re.sub(r"\b(he|she) don't\b", r"\1 doesn't", sentence)
    sentence = re.sub(r"\w+", lambda word: _NOT_A_PLURAL.get(word[0], word[0]), sentence)
    return sentence[0].upper() + sentence[1:]
