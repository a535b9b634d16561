"""What a data set says of itself, and the name of its file; without what reads that file."""

from __future__ import annotations

from dataclasses import dataclass

from sign_recognition.landmarks import LAYOUT_VERSION

FORMAT = 'sign_recognition-clips/1'
CLIPS_FILE = 'clips.parquet'


@dataclass(frozen=True)
class DatasetInfo:
    """What a data set says of itself.

    Attributes:
        name: for people.
        kind: the importer that made it.
        licence: what its authors allow, in words.
        source: the file or folder that was imported.
        layout: landmark layout, as in landmarks.LAYOUT_VERSION.
        format: of this file.
    """

    name: str
    kind: str
    licence: str = 'not known: research use only'
    source: str = ''
    layout: str = LAYOUT_VERSION
    format: str = FORMAT
