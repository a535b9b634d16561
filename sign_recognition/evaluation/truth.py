"""What was performed in a recording, as a person wrote it down: CSV, or ELAN's .eaf."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree import ElementTree

from sign_recognition.decision import NONE_LABEL
from sign_recognition.evaluation.events import Interval
from sign_recognition.sources.files import VIDEO_SUFFIXES

# The names under which a column is known; the first is the usual one.
_COLUMNS = {
    'start': ('start', 'start_s', 'begin'),
    'end': ('end', 'end_s'),
    'label': ('label', 'gesture', 'image_motion'),
    'clip': ('clip', 'recording', 'bag', 'file'),
}
_DELIMITERS = ',;\t'
# Endings that a recording's name may have in one place and lack in another.
_SUFFIXES = ('.mcap', '.db3', *VIDEO_SUFFIXES)


class TruthError(ValueError):
    """A file of truth cannot be read; the message names the file, the row and the value."""


@dataclass(frozen=True)
class Truth:
    """What is known of one or several recordings.

    Attributes:
        path: where it was read.
        clips: intervals by the name of the recording; the name is empty where the file is about
            one recording. A recording in which nothing is performed has an empty list.
    """

    path: Path
    clips: Mapping[str, tuple[Interval, ...]]

    def of(self, recording: Path) -> tuple[Interval, ...] | None:
        """What is known of a recording; None: the file does not speak of it.

        A clip names the recording whose path ends like it; the suffix of the file may be missing
        on either side, so that truth of videos serves for bags that were made of them.

        Raises:
            TruthError: two names fit equally well.
        """
        clip = self._clip_of(recording)
        return None if clip is None else self.clips[clip]

    def unused(self, recordings: Sequence[Path]) -> list[str]:
        """Clips that are none of the recordings, by name: one may be misspelt.

        Raises:
            TruthError: see `of`.
        """
        return sorted({*self.clips} - {self._clip_of(each) for each in recordings})

    def _clip_of(self, recording: Path) -> str | None:
        if '' in self.clips:
            return ''
        for shorten in (lambda path: path, _without_suffix):
            parts = shorten(recording).parts
            fitting = [
                clip
                for clip in self.clips
                if (wanted := shorten(Path(clip)).parts) == parts[-len(wanted) :]
            ]
            if len(fitting) > 1:
                raise TruthError(f'truth: {self.path}: {recording} may be any of {fitting}')
            if fitting:
                return fitting[0]
        return None

    def check_covers(self, recordings: Sequence[Path]) -> None:
        """Refuse truth of one recording for several.

        Raises:
            TruthError: the file has no column clip.
        """
        if '' in self.clips and len(recordings) > 1:
            raise TruthError(
                f'truth: {self.path} is about one recording (it has no column clip), '
                f'given are {len(recordings)}'
            )


def read_truth(path: Path, renamed: Mapping[str, str], tier: str = '') -> Truth:
    """Read a file of truth.

    Args:
        path: CSV with the columns start, end (seconds since the first image), label and, for
            several recordings, clip; or an .eaf of ELAN, whose times are the media's. The label
            'none', or no label, says that nothing is performed; its times may be empty.
        renamed: the model's label for a label of the file; others stay as they are.
        tier: which tier of an .eaf; empty: the only one that has annotations.

    Raises:
        TruthError: the file is missing or malformed.
    """
    if not path.is_file():
        raise TruthError(f'truth: {path} is no file')
    read = _eaf_rows(path, tier) if path.suffix.lower() == '.eaf' else _csv_rows(path)
    clips: dict[str, list[Interval]] = {}
    try:
        for clip, interval in read:
            row = clips.setdefault(clip, [])
            label = renamed.get(interval.label, interval.label) if interval else NONE_LABEL
            if interval and label != NONE_LABEL:
                row.append(replace(interval, label=label))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TruthError(f'truth: {path} cannot be read ({error})') from error
    ordered = {clip: tuple(sorted(row, key=lambda i: i.start_s)) for clip, row in clips.items()}
    return Truth(path, ordered)


def _csv_rows(path: Path) -> Iterator[tuple[str, Interval | None]]:
    with path.open(encoding='utf-8-sig', newline='') as file:
        header = file.readline()
        file.seek(0)
        delimiter = max(_DELIMITERS, key=header.count)
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        names = [name.strip() for name in next(reader, [])]
        columns = _find_columns(path, names)
        if 'clip' not in columns:
            yield '', None  # also a file without rows speaks: nothing is performed
        for row in reader:
            if row:
                where = f'truth: {path}: row {reader.line_num}'
                yield _csv_row(where, row, names, columns)


def _find_columns(path: Path, names: list[str]) -> dict[str, int]:
    """Where each column is, by its usual name."""
    lowered = [name.lower() for name in names]
    columns = {}
    for usual, aliases in _COLUMNS.items():
        there = [lowered.index(alias) for alias in aliases if alias in lowered]
        if there:
            columns[usual] = there[0]
        elif usual != 'clip':
            raise TruthError(
                f'truth: {path}: row 1: columns {names}, needed are start, end, label '
                '(and clip for several recordings)'
            )
    return columns


def _csv_row(
    where: str, row: list[str], names: list[str], columns: Mapping[str, int]
) -> tuple[str, Interval | None]:
    if len(row) != len(names):
        raise TruthError(f'{where}: {len(row)} values, the first row names {len(names)} columns')
    values = {usual: row[index].strip() for usual, index in columns.items()}
    clip = values.get('clip', '')
    if 'clip' in columns and not clip:
        raise TruthError(f'{where}: clip is empty, allowed is the name of a recording')
    if values['label'] in ('', NONE_LABEL):
        return clip, None
    return clip, _interval(where, values['label'], values['start'], values['end'])


def _interval(where: str, label: str, start: str, end: str, per_second: float = 1.0) -> Interval:
    times = []
    for name, text in (('start', start), ('end', end)):
        try:
            value = float(text) / per_second
        except ValueError:
            value = math.nan
        if not 0 <= value < math.inf:
            raise TruthError(f'{where}: {name} {text!r}, allowed is 0 or more')
        times.append(value)
    if times[1] <= times[0]:
        raise TruthError(f'{where}: end {end} is not after start {start}')
    return Interval(label, *times)


def _eaf_rows(path: Path, tier: str) -> Iterator[tuple[str, Interval | None]]:
    """The annotations of one tier; the format is ELAN's EAF 3.0 (time slots in milliseconds)."""
    try:
        document = ElementTree.parse(path).getroot()
    except ElementTree.ParseError as error:
        raise TruthError(f'truth: {path} is no XML file ({error})') from error
    if document.tag != 'ANNOTATION_DOCUMENT':
        raise TruthError(f'truth: {path} is no ELAN file (its root is {document.tag!r})')
    slots = {
        slot.get('TIME_SLOT_ID', ''): slot.get('TIME_VALUE')
        for slot in document.iterfind('TIME_ORDER/TIME_SLOT')
    }
    yield '', None
    for annotation in _tier(path, document, tier).iterfind('ANNOTATION/ALIGNABLE_ANNOTATION'):
        where = f'truth: {path}: annotation {annotation.get("ANNOTATION_ID")}'
        label = (annotation.findtext('ANNOTATION_VALUE') or '').strip()
        if label in ('', NONE_LABEL):
            continue
        times = [slots.get(annotation.get(f'TIME_SLOT_REF{number}', '')) for number in (1, 2)]
        yield '', _interval(where, label, times[0] or '', times[1] or '', per_second=1000)


def _tier(path: Path, document: ElementTree.Element, wanted: str) -> ElementTree.Element:
    tiers = {each.get('TIER_ID', ''): each for each in document.iterfind('TIER')}
    if wanted:
        if wanted not in tiers:
            raise TruthError(f'truth: {path}: tier {wanted!r}, there are {sorted(tiers)}')
        return tiers[wanted]
    filled = [
        name for name, tier in tiers.items()
        if tier.find('ANNOTATION/ALIGNABLE_ANNOTATION') is not None
    ]  # fmt: skip
    if len(filled) != 1:
        raise TruthError(f'truth: {path}: name one tier of {sorted(filled or tiers)}')
    return tiers[filled[0]]


def parse_renamed(pairs: Iterable[str]) -> dict[str, str]:
    """Read 'NAME=LABEL' pairs.

    Raises:
        TruthError: a pair is none.
    """
    renamed = {}
    for pair in pairs:
        name, equals, label = pair.partition('=')
        if not (name and equals and label):
            raise TruthError(f'truth-map: {pair!r}, allowed is NAME=LABEL')
        renamed[name] = label
    return renamed


def _without_suffix(path: Path) -> Path:
    return path.with_suffix('') if path.suffix.lower() in _SUFFIXES else path
