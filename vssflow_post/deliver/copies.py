"""Tracks of the source in the delivered film: what their headers say is what it was, and none is encoded again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from vssflow_post.deliver.containers import NO_TAG, codecs_of, language_in, tag_in

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.video.stream import VideoStream

_RGB, _UNSPECIFIED = 0, 2
"""ITU-T H.273: the matrix of pictures without one, and what nobody says."""
_STAND_INS = {"video": "mpeg4", "audio": "aac"}
"""Codecs that every container knows, whose place a codec takes that it knows by its four-character code alone."""
_NOT_COPIED = ("timecode", "duration", "language", "_statistics", "number_of_", "bps")
"""How tags of a track start that are written anew, or were counted in another file."""


class NoTemplate(Exception):
    """A container that has no tag for a stream's codec."""


def picture_copy(original: VideoStream, target: OutputContainer, suffix: str) -> VideoStream:
    """The picture's track in the new film. Raises NoTemplate where the container has no name for its codec."""
    if suffix != ".mkv" and (codec := original.codec.canonical_name) not in codecs_of(suffix):
        raise NoTemplate(f"it has no code for {codec}")
    copy = cast("VideoStream", copy_of(original, target))
    if (context := copy.codec_context) is not None:
        context.codec_tag = tag_in(suffix, original)
        if original.average_rate:
            context.framerate = original.average_rate  # the file's label: the stream may say another one
        if original.sample_aspect_ratio:
            context.sample_aspect_ratio = original.sample_aspect_ratio
    keep_tags(original, copy, suffix)
    if suffix == ".mkv" and context is not None and _has_alpha(copy):
        context.pix_fmt = original.format.name.replace("yuv", "yuva", 1)  # whereupon the muxer says it itself
    copy.disposition = original.disposition
    return copy


def _has_alpha(copy: VideoStream) -> bool:
    """Whether VP8 or VP9 has its alpha beside each packet; the tag that tells of it is taken away."""
    tags = [tag for tag in copy.metadata if tag.lower() == "alpha_mode"]
    return [copy.metadata.pop(tag) for tag in tags] == ["1"]


def copy_of(stream: Any, target: OutputContainer) -> Any:
    """A stream of `target` for the packets of `stream`. Raises NoTemplate where it cannot be."""
    try:
        return target.add_stream_from_template(stream, opaque=True)
    except ValueError as error:
        tag = stream.codec_context.codec_tag if stream.codec_context else ""
        has_code = stream.type == "audio" or tag == NO_TAG or tag.isprintable()
        if stream.type not in _STAND_INS or target.format.name != "matroska" or not has_code:
            codec = stream.codec.canonical_name if stream.codec_context else stream.type
            raise NoTemplate(f"it has no code for {codec}") from error
    return _by_fourcc(stream, target)


def _by_fourcc(stream: Any, target: OutputContainer) -> Any:
    """What PyAV refuses since FFmpeg has no name for the codec there, though it writes its four-character code."""
    from av.bitstream import BitStreamFilterContext

    rate = stream.average_rate if stream.type == "video" else stream.rate
    copy = target.add_mux_stream(_STAND_INS[stream.type], rate=rate)
    BitStreamFilterContext("null", in_stream=stream, out_stream=copy)  # all of its parameters, the code among them
    copy.time_base = stream.time_base
    return copy


def keep_tags(original: Any, copy: Any, suffix: str) -> None:
    """Title, language, alpha mode, and whatever else a track says of itself."""
    kept = {tag: value for tag, value in original.metadata.items() if not tag.lower().startswith(_NOT_COPIED)}
    if language := original.metadata.get("language"):
        kept["language"] = language_in(suffix, language)
    if name := kept.pop("name", None):  # what QuickTime calls a title
        kept.setdefault("title", name)
    copy.metadata.update(kept)


def says_some_colours(stream: VideoStream) -> bool:
    """Whether a picture says of its colours one thing and not another, which QuickTime is not told of itself."""
    context = stream.codec_context
    said = (
        context.color_primaries,
        context.color_trc,
        _UNSPECIFIED if context.colorspace == _RGB else context.colorspace,
    )
    return any(value != _UNSPECIFIED for value in said) and _UNSPECIFIED in said
