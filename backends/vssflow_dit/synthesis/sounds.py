"""The physics that makes every class of sound the starter knows (`vssflow_dit.sounds`).

A class turns control curves (strikes with times and strengths, a speed, or nothing) into 24 kHz audio. Levels are
those of a rough cut: a hard strike peaks near -3 dBFS, steady ambience lies near -30 dBFS RMS.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from vssflow_dit.synthesis.physics import (
    animals,
    birds,
    blasts,
    engines,
    friction,
    ground,
    household,
    instruments,
    places,
    signals,
    steps,
    struck,
    tableware,
    tools,
    vehicles,
    waters,
    weather,
)
from vssflow_dit.synthesis.waves import Strikes, Wave

STRUCK: dict[str, Callable[[np.random.Generator, int, Strikes], Wave]] = {
    **{name: partial(struck.body, name) for name in struck.BODIES},
    "footsteps_hard": steps.hard_floor,
    "footsteps_wood": steps.wooden_floor,
    "footsteps_gravel": ground.gravel,
    "footsteps_grass": ground.grass,
    "footsteps_snow": ground.snow,
    "splash": ground.splash,
    "water_pour": waters.pour,
    "ball_bounce": struck.bounce,
    "ball_hit": struck.ball_hit,
    "knock": struck.knock,
    "door": household.door,
    "car_door": household.car_door,
    "latch": household.latch,
    "keys_coins": household.keys,
    "typing": household.typing,
    "camera_shutter": household.camera_shutter,
    "glass_clink": tableware.clink,
    "glass_break": tableware.glass_break,
    "dishes": tableware.dishes,
    "hammer": tools.hammer,
    "chop": tools.chop,
    "gunshot": blasts.gunshot,
    "explosion": blasts.explosion,
    "fireworks": blasts.fireworks,
    "drum": blasts.drum,
    "paper": friction.paper,
    "writing": friction.writing,
    "wood_creak": friction.wood_creak,
    "tyre_skid": friction.tyre_skid,
    "hiss": friction.hiss,
    "whistle": signals.whistle,
    "mallets": instruments.mallets,
    "piano": instruments.piano,
    "plucked": instruments.plucked,
}
"""Heard at each strike."""
CALLED: dict[str, Callable[[np.random.Generator, int, Strikes], Wave]] = {
    "phone_ring": signals.telephone,
    "beep": signals.beep,
    "bell": signals.bell,
    "car_horn": signals.car_horn,
    "thunder": blasts.thunder,
    "dog": animals.dog,
    "cat": animals.cat,
    "bird_call": birds.bird_call,
    "owl": birds.owl,
    "chicken": birds.chicken,
    "duck_goose": birds.duck,
    "cow": animals.cow,
    "sheep_goat": animals.sheep,
    "pig": animals.pig,
    "wolf": animals.wolf,
    "big_animal": animals.big_animal,
    "whale": animals.whale,
    "frog": animals.frog,
    "monkey": animals.monkey,
}
"""Begins at each strike, and then goes on as it does: a ring, a bark, a clap of thunder."""
MOVED: dict[str, Callable[[np.random.Generator, int, Wave], Wave]] = {
    "whoosh": friction.whoosh,
    "cloth": friction.cloth,
    "cloth_flap": friction.cloth_flap,
    "scrape": friction.scrape,
    "saw": tools.saw,
    "power_tool": tools.power_tool,
    "household_motor": tools.household_motor,
    "small_machine": tools.small_machine,
    "insect_buzz": tools.insects_buzz,
    "car_engine": engines.car,
    "truck_bus": engines.truck,
    "tractor": engines.tractor,
    "motorcycle": engines.motorcycle,
    "lawn_mower": engines.lawn_mower,
    "motor_boat": engines.motor_boat,
    "train_tram": vehicles.train,
    "cart_wheels": vehicles.cart,
    "bicycle": vehicles.bicycle,
    "aircraft": vehicles.aircraft,
    "helicopter": vehicles.helicopter,
    "rowing": vehicles.rowing,
    "snow_slide": vehicles.snow_slide,
    "horse_hooves": steps.hooves,
}
"""As loud, or as high, as something moves fast."""
STEADY: dict[str, Callable[[np.random.Generator, int], Wave]] = {
    "room_tone": places.room_tone,
    "hall": places.hall,
    "office": places.office,
    "shop": places.shop,
    "restaurant": places.restaurant,
    "crowd": places.crowd,
    "applause": places.applause,
    "children_playing": places.children_playing,
    "city_traffic": places.city_traffic,
    "industrial": places.industrial,
    "machine_hum": places.machine_hum,
    "open_air": weather.open_air,
    "wind": weather.wind,
    "wind_leaves": weather.wind_leaves,
    "rain": weather.rain,
    "fire": weather.fire,
    "rumble": weather.rumble,
    "farm": weather.farm,
    "birdsong": birds.song,
    "night_insects": birds.insects,
    "surf": waters.surf,
    "lapping": waters.lapping,
    "stream": waters.stream,
    "waterfall": waters.waterfall,
    "underwater": waters.underwater,
    "cooking": waters.cooking,
    "ship": waters.ship,
    "clock_tick": household.clock,
    "alarm_siren": signals.siren,
}
"""Goes on by itself, whatever moves."""


def sound(rng: np.random.Generator, name: str, n: int, strikes: Strikes, speed: Wave) -> Wave:
    """`n` samples of a class under strikes and a speed (n,); it takes what it follows."""
    begun = STRUCK.get(name) or CALLED.get(name)
    if begun is not None:
        return begun(rng, n, strikes)
    return MOVED[name](rng, n, speed) if name in MOVED else STEADY[name](rng, n)
