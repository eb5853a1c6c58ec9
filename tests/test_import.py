"""`model import`: strict about every name and shape, nothing executed, nothing written for what does not fit."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import reference_weights as reference
import torch
from click.testing import CliRunner, Result
from safetensors.torch import save_file
from torch import Tensor

from vssflow_dit import VSSFlow
from vssflow_dit.picture import image_encoder
from vssflow_dit.picture.strikes import StrikeNet
from vssflow_dit.sound.vocoder import Vocoder
from vssflow_dit.tensors import Planned, metadata_of, tensors_in, write_tensors
from vssflow_dit.text.durations import DurationModel
from vssflow_post.cli import cli
from vssflow_post.errors import UsageError


def imported(source: Path, config: Path, out: Path) -> Result:
    return CliRunner().invoke(cli, ["model", "import", str(source), "--config", str(config), "-o", str(out)])


def test_a_checkpoint_becomes_a_folder_that_loads_and_says_what_it_is(tmp_path: Path) -> None:
    source = reference.lightning(tmp_path, reference.tensors())
    out = tmp_path / "weights"
    done = imported(source, reference.configuration(tmp_path), out)
    assert done.exit_code == 0, done.output
    assert {path.name for path in out.iterdir()} == {
        "model.safetensors", "vae.safetensors", "vocoder.safetensors", "index.json",
    }  # fmt: skip
    info = CliRunner().invoke(cli, ["model", "info", str(out)])
    assert "3 blocks of width 64, window 2 s" in info.output
    again = imported(source, reference.configuration(tmp_path), out)
    assert again.exit_code == 2
    assert "holds weights already" in again.output


@pytest.mark.parametrize("load", [Vocoder.load, StrikeNet.load, DurationModel.load])
def test_no_part_is_read_from_another_parts_file_or_a_torn_one(load: Callable[[Path], object], tmp_path: Path) -> None:
    for path in (reference.WEIGHTS, tmp_path / "torn.safetensors", tmp_path / "absent.safetensors"):
        if path.name.startswith("torn"):
            path.write_bytes(reference.WEIGHTS.read_bytes()[:1000])
        with pytest.raises(UsageError, match=path.name):
            load(path)


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        ("unlisted", "lacks vocoder.safetensors"),
        ("flipped", "vae.safetensors is missing or differs"),
        ("gone", "vae.safetensors is missing or differs"),
        ("stranger", "expected parts of a model"),
        ("torn", "is not an index"),
    ],
)
def test_weights_that_differ_from_their_index_are_refused(tmp_path: Path, fault: str, named: str) -> None:
    _import(reference.WEIGHTS, tmp_path)
    folder = tmp_path / "weights"
    index = json.loads((folder / "index.json").read_text())
    if fault == "unlisted":
        del index["sha256"]["vocoder.safetensors"]
    if fault == "stranger":
        index["sha256"]["model.ckpt"] = "0" * 64
    if fault == "flipped":
        content = bytearray((folder / "vae.safetensors").read_bytes())
        content[-1] ^= 1
        (folder / "vae.safetensors").write_bytes(bytes(content))
    if fault == "gone":
        (folder / "vae.safetensors").unlink()
    (folder / "index.json").write_text(json.dumps(index) if fault != "torn" else "[1, 2")
    with pytest.raises(UsageError, match=named):
        VSSFlow.load(folder)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda state: state.pop("vaflow.transformer_blocks.1.attn2.to_k.weight"),
         "vaflow.transformer_blocks.1.attn2.to_k.weight is missing"),
        (lambda state: state.pop("vae.decoder.conv_in.bias"), "vae.decoder.conv_in.bias is missing"),
        (lambda state: state.update({"vaflow.global_proj.0.weight": torch.zeros(3, 3)}),
         "vaflow.global_proj.0.weight does not belong there"),
        (lambda state: state.update({"vocoder.conv_pre.weight": torch.zeros(64, 16, 5)}),
         r"vocoder.conv_pre.weight is \[64, 16, 5\], expected \[64, 16, 7\]"),
        (lambda state: state.update({"lip_proj.0.weight": torch.zeros(48, 1000)}),
         r"lip_proj.0.weight is \[48, 1000\], expected \[48, 1024\]"),
        (lambda state: state.update({"vaflow.proj_in.weight": torch.full((64, 80), float("nan"))}),
         "vaflow.proj_in.weight has values that are not finite"),
        (lambda state: state.update({"vaflow.proj_in.weight": torch.zeros(64, 80, dtype=torch.int32)}),
         "vaflow.proj_in.weight is of type"),
        (lambda state: state.update({"synch_proj.2.weight": torch.zeros(20, 32)}), "dit.in_channels is 80"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("form", ["ckpt", "safetensors"])
def test_what_does_not_fit_is_named(tmp_path: Path, form: str, change: object, named: str) -> None:
    state = reference.tensors()
    assert callable(change)
    change(state)
    source = tmp_path / "small.safetensors"
    if form == "ckpt":
        source = reference.lightning(tmp_path, state)
    else:
        save_file(state, source)
    with pytest.raises(UsageError, match=named):
        _import(source, tmp_path)
    assert not (tmp_path / "weights" / "index.json").exists()


def _import(source: Path, folder: Path) -> None:
    from vssflow_dit.checkpoint.reference import import_checkpoint

    import_checkpoint(source, reference.configuration(folder), folder / "weights", lambda line: None)


class Trap:
    """Unpickled, it would leave a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (self.path,)  # type: ignore[return-value]


def test_code_in_a_checkpoint_is_refused_and_never_runs(tmp_path: Path) -> None:
    source = tmp_path / "trap.ckpt"
    torch.save({"state_dict": reference.tensors(), "hyper_parameters": Trap(tmp_path / "sprung")}, source)
    with pytest.raises(UsageError, match="tensors alone"):
        _import(source, tmp_path)
    bare = tmp_path / "bare.ckpt"
    bare.write_bytes(pickle.dumps(Trap(tmp_path / "sprung")))
    with pytest.raises(UsageError, match="tensors alone"):
        _import(bare, tmp_path)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("content", [b"", b"text", b"\x00" * 64, b"PK\x03\x04 not a zip"])
@pytest.mark.parametrize("name", ["x.ckpt", "x.safetensors"])
def test_files_that_are_no_checkpoints_get_one_sentence(tmp_path: Path, name: str, content: bytes) -> None:
    source = tmp_path / name
    source.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        _import(source, tmp_path)
    assert "\n" not in str(caught.value)


def test_a_checkpoint_without_state_dict_is_refused(tmp_path: Path) -> None:
    torch.save(reference.tensors(), tmp_path / "bare.ckpt")
    with pytest.raises(UsageError, match="no state_dict"):
        _import(tmp_path / "bare.ckpt", tmp_path)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{}", "expected one JSON object with dit, vae and vocoder"),
        ("[1]", "expected one JSON object"),
        ('{"dit": {"sample_size": 50}, "vae": {}, "vocoder": {}}', "dit: key attention_head_dim is missing"),
    ],
)
def test_a_configuration_that_is_none_is_told(tmp_path: Path, text: str, named: str) -> None:
    from vssflow_dit.checkpoint.reference import import_checkpoint

    (tmp_path / "config.json").write_text(text)
    with pytest.raises(UsageError, match=named):
        import_checkpoint(reference.WEIGHTS, tmp_path / "config.json", tmp_path / "weights", lambda line: None)


def test_an_unknown_key_of_the_transformer_is_named(tmp_path: Path) -> None:
    path = reference.configuration(tmp_path)
    table = json.loads(path.read_text())
    table["dit"]["rope_theta"] = 1
    path.write_text(json.dumps(table))
    done = imported(reference.WEIGHTS, path, tmp_path / "weights")
    assert done.exit_code == 2
    assert "dit: unknown key rope_theta" in done.output


def test_without_a_configuration_the_released_sizes_are_expected(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["model", "import", str(reference.WEIGHTS), "-o", str(tmp_path / "weights")])
    assert done.exit_code == 2
    assert "vaflow.preprocess_conv.weight is [80, 80, 1], expected [1952, 1952, 1]" in done.output
    assert "more" in done.output
    assert not (tmp_path / "weights").exists()


def small_clip(monkeypatch: pytest.MonkeyPatch) -> dict[str, Tensor]:
    """A picture side of OpenAI's layout, two layers of width 16, below the reference's prefix."""
    shape = {"hidden_size": 16, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2,
             "image_size": 32, "patch_size": 16, "projection_dim": 8, "hidden_act": "quick_gelu"}  # fmt: skip
    monkeypatch.setattr(image_encoder, "SHAPE", shape)
    monkeypatch.setattr(image_encoder, "SIZE", 32)
    sizes: dict[str, tuple[int, ...]] = {
        "class_embedding": (16,), "positional_embedding": (5, 16), "proj": (16, 8), "conv1.weight": (16, 3, 16, 16),
        "ln_pre.weight": (16,), "ln_pre.bias": (16,), "ln_post.weight": (16,), "ln_post.bias": (16,),
    }  # fmt: skip
    for k in range(2):
        layer = f"transformer.resblocks.{k}"
        sizes |= {
            f"{layer}.attn.in_proj_weight": (48, 16), f"{layer}.attn.in_proj_bias": (48,),
            f"{layer}.attn.out_proj.weight": (16, 16), f"{layer}.attn.out_proj.bias": (16,),
            f"{layer}.ln_1.weight": (16,), f"{layer}.ln_1.bias": (16,),
            f"{layer}.ln_2.weight": (16,), f"{layer}.ln_2.bias": (16,),
            f"{layer}.mlp.c_fc.weight": (64, 16), f"{layer}.mlp.c_fc.bias": (64,),
            f"{layer}.mlp.c_proj.weight": (16, 64), f"{layer}.mlp.c_proj.bias": (16,),
        }  # fmt: skip
    generator = torch.Generator().manual_seed(0)
    return {
        f"image_encoder.visual.{name}": torch.randn(size, generator=generator) * 0.3 for name, size in sizes.items()
    }


def test_an_image_encoder_that_was_kept_comes_along_and_sees_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against OpenAI's own order of operations, written out."""
    state = small_clip(monkeypatch)
    source = reference.lightning(tmp_path, {**reference.tensors(), **state})
    _import(source, tmp_path)
    part = tmp_path / "weights" / "image_encoder.safetensors"
    encoder = image_encoder.ImageEncoder.found(part, "", torch.device("cpu"), torch.float32)
    assert encoder is not None
    pictures = torch.randint(0, 256, (3, 32, 32, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    found = torch.from_numpy(encoder.features(pictures.numpy()))
    mean, spread = (torch.tensor(x)[:, None, None] for x in (image_encoder.MEAN, image_encoder.SPREAD))
    wanted = openai_class_token((pictures.permute(0, 3, 1, 2) / 255 - mean) / spread, state)
    assert torch.allclose(found, wanted, atol=1e-4)
    assert VSSFlow.load(tmp_path / "weights").config.window_s == 2.0


def openai_class_token(x: Tensor, state: dict[str, Tensor]) -> Tensor:
    """The class token after `ln_post`, before the projection."""
    w = {name.removeprefix("image_encoder.visual."): tensor for name, tensor in state.items()}
    norm = torch.nn.functional.layer_norm
    x = torch.nn.functional.conv2d(x, w["conv1.weight"], stride=16).flatten(2).transpose(1, 2)
    x = torch.cat((w["class_embedding"].expand(len(x), 1, -1), x), dim=1) + w["positional_embedding"]
    x = norm(x, (16,), w["ln_pre.weight"], w["ln_pre.bias"])
    for k in range(2):
        layer = {name.split(".", 3)[3]: t for name, t in w.items() if name.startswith(f"transformer.resblocks.{k}.")}
        y = norm(x, (16,), layer["ln_1.weight"], layer["ln_1.bias"])
        qkv = (
            (y @ layer["attn.in_proj_weight"].T + layer["attn.in_proj_bias"])
            .unflatten(-1, (3, 2, 8))
            .permute(2, 0, 3, 1, 4)
        )
        y = torch.nn.functional.scaled_dot_product_attention(*qkv.unbind(0)).transpose(1, 2).flatten(2)
        x = x + y @ layer["attn.out_proj.weight"].T + layer["attn.out_proj.bias"]
        y = (
            norm(x, (16,), layer["ln_2.weight"], layer["ln_2.bias"]) @ layer["mlp.c_fc.weight"].T
            + layer["mlp.c_fc.bias"]
        )
        x = x + (y * torch.sigmoid(1.702 * y)) @ layer["mlp.c_proj.weight"].T + layer["mlp.c_proj.bias"]
    return norm(x[:, 0], (16,), w["ln_post.weight"], w["ln_post.bias"])


def test_clip_is_taken_from_a_local_folder_and_never_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_clip(monkeypatch)
    model = image_encoder.vision_model().eval()
    model.save_pretrained(tmp_path / "clip")
    processor, dtype = torch.device("cpu"), torch.float32
    encoder = image_encoder.ImageEncoder.found(None, str(tmp_path / "clip"), processor, dtype)
    assert encoder is not None
    pictures = torch.randint(0, 256, (2, 32, 32, 3), dtype=torch.uint8)
    mean, spread = (torch.tensor(x)[:, None, None] for x in (image_encoder.MEAN, image_encoder.SPREAD))
    wanted = model(pixel_values=(pictures.permute(0, 3, 1, 2) / 255 - mean) / spread).pooler_output
    assert torch.allclose(torch.from_numpy(encoder.features(pictures.numpy())), wanted, atol=1e-4)

    def connect(*arguments: object) -> None:
        raise AssertionError("a connection was asked for")

    monkeypatch.setattr("socket.socket.connect", connect)
    assert image_encoder.ImageEncoder.found(None, "openai/clip-vit-base-patch16", processor, dtype) is None
    pickled = tmp_path / "pickled"
    pickled.mkdir()
    (pickled / "config.json").write_bytes((tmp_path / "clip" / "config.json").read_bytes())
    torch.save(model.state_dict(), pickled / "pytorch_model.bin")
    assert image_encoder.ImageEncoder.found(None, str(pickled), processor, dtype) is None


def test_an_image_encoder_of_another_kind_is_left_out(tmp_path: Path) -> None:
    state = {**reference.tensors(), "image_encoder.stem.weight": torch.zeros(3, 3)}
    _import(reference.lightning(tmp_path, state), tmp_path)
    assert not (tmp_path / "weights" / "image_encoder.safetensors").exists()


def test_written_tensors_are_read_back_by_safetensors_itself(tmp_path: Path) -> None:
    from safetensors.torch import load_file

    made = {"a": torch.randn(3, 4), "b": torch.randn(5).to(torch.bfloat16), "c": torch.randn(1, 2, 3).half()}
    path = tmp_path / "x.safetensors"
    write_tensors(path, {n: Planned(tuple(t.shape), t.dtype, lambda t=t: t) for n, t in made.items()}, {"k": "v"})
    assert all(torch.equal(load_file(path)[name], tensor) for name, tensor in made.items())
    assert metadata_of(path) == {"k": "v"}
    assert {name for name, _ in tensors_in(path)} == set(made)


def test_a_name_that_stands_twice_in_a_header_is_refused(tmp_path: Path) -> None:
    entry = b'"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}'
    header = b"{" + entry + b"," + entry + b"}"
    path = tmp_path / "twice.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + b"\0" * 4)
    with pytest.raises(UsageError, match="a stands in its header twice"):
        list(tensors_in(path))


PEAK = """
import resource, sys, torch
from pathlib import Path
from vssflow_dit import VSSFlow, tensors
from vssflow_dit.checkpoint import reference, weights
import diffusers, transformers
from diffusers import AutoencoderKL
from transformers import SpeechT5HifiGan
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
torch.ones(64, 64) @ torch.ones(64, 64)
before = peak()
{work}
print(peak() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="peaks are counted in another unit elsewhere")
def test_importing_and_loading_take_little_more_memory_than_the_tensors(tmp_path: Path) -> None:
    """At most 1.2 times: nothing is held twice."""
    path = reference.configuration(tmp_path)
    table = json.loads(path.read_text())
    table["dit"] |= {"num_layers": 12, "attention_head_dim": 64, "num_attention_heads": 12,
                     "num_key_value_attention_heads": 6, "cross_attention_dim": 384}  # fmt: skip
    path.write_text(json.dumps(table))
    state = _state_of(table)
    size = sum(tensor.nelement() * tensor.element_size() for tensor in state.values())
    assert size > 400e6
    source = reference.lightning(tmp_path, state)
    del state
    out = tmp_path / "weights"
    work = f"reference.import_checkpoint(Path({str(source)!r}), Path({str(path)!r}), Path({str(out)!r}), print)"
    assert _peak(work) < 1.2 * size
    assert _peak(f"m = VSSFlow.load({str(out)!r})") < 1.2 * size


def _peak(work: str) -> int:
    command = [sys.executable, "-c", PEAK.format(work=work)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1])


def _state_of(table: dict[str, dict[str, int]]) -> dict[str, Tensor]:
    """Random tensors of the shapes that a configuration asks for."""
    from vssflow_dit.checkpoint.plain import PlainDiT
    from vssflow_dit.config import DiTConfig

    dit = table["dit"]
    width = dit["attention_head_dim"] * dit["num_attention_heads"]
    config = DiTConfig(
        width, dit["num_layers"], dit["num_attention_heads"], 4 * width, dit["cross_attention_dim"],
        dit["num_key_value_attention_heads"], "token", False, 0.5, 32, dit["time_proj_dim"] // 2,
    )  # fmt: skip
    with torch.device("meta"):
        shapes = {name: tensor.shape for name, tensor in PlainDiT(config, dit["in_channels"]).state_dict().items()}
    state = {name: tensor for name, tensor in reference.tensors().items() if not name.startswith("vaflow.")}
    cross = dit["cross_attention_dim"]
    for name, size in (("ref_proj", 256), ("cond_proj", 768)):
        state |= {f"{name}.0.weight": torch.randn(2 * cross, size), f"{name}.2.weight": torch.randn(cross, 2 * cross)}
    return state | {f"vaflow.{name}": torch.randn(shape) * 0.02 for name, shape in shapes.items()}
