"""`sign-recognition record-clips`: takes of a gesture from a webcam, each kept or thrown away."""

from __future__ import annotations

import os
import select
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from sign_recognition.commands.errors import one_error

if TYPE_CHECKING:
    from collections import Counter

    from sign_recognition.datasets.takes import TakeRecorder
    from sign_recognition.detector import Detector
    from sign_recognition.landmarks import LandmarkFrame
    from sign_recognition.sources.base import Image
    from sign_recognition.sources.player import Player

_WINDOW = 'sign-recognition record-clips'
_LINE_PERIOD_S = 0.2


class Screen(Protocol):
    """Where the signer looks, and what they press."""

    def show(self, image_bgr: Image, text: str) -> str:
        """Show an image and a line; gives the key pressed since, '' where none was."""
        ...


def record_clips(
    label: Annotated[str, typer.Argument(help='What is performed.')],
    out: Annotated[
        Path, typer.Option(file_okay=False, help='Folder of the takes, which is a data set.')
    ],
    signer: Annotated[str, typer.Option(help='Who performs.')],
    source: Annotated[
        str, typer.Option(help="Webcam index or path, file, 'signer' (rendered) or 'auto'.")
    ] = 'auto',
    seconds: Annotated[
        float | None, typer.Option(min=0.1, help='Length of a take; else until the key again.')
    ] = None,
    mirrored: Annotated[bool, typer.Option(help='Mirror images (selfie view).')] = True,
    solution: Annotated[
        str, typer.Option(help='MediaPipe solution: hands or holistic.')
    ] = 'holistic',
    plain: Annotated[bool, typer.Option(help='Keys in the terminal, no window.')] = False,
) -> None:
    """Record takes of a gesture: space begins and ends one, k keeps it, d throws it away."""
    with one_error():
        from sign_recognition.datasets.takes import (
            TakeRecorder,
            check_folder,
            check_name,
            make_dataset,
        )
        from sign_recognition.detector import DetectorConfig, make_detector
        from sign_recognition.native_output import native_errors_hidden
        from sign_recognition.sources.opening import SourceConfig, open_source
        from sign_recognition.sources.player import Player

        check_name('label', label)
        check_name('signer', signer)
        check_folder(out)
        config = SourceConfig(source=source, mirrored=mirrored)
        player = Player(lambda: open_source(config, time.monotonic), time.monotonic, time.sleep)
        with native_errors_hidden():
            detector = make_detector(DetectorConfig(solution, mirrored))
        try:
            with _open_screen(plain) as screen:
                run_takes(player, detector, TakeRecorder(seconds), screen, out, label, signer)
        finally:
            count = make_dataset(out)
    typer.echo(f'{out}: {count} takes')


def run_takes(
    player: Player,
    detector: Detector,
    recorder: TakeRecorder,
    screen: Screen,
    out: Path,
    label: str,
    signer: str,
) -> None:
    """Show, record and save until the signer ends it, or the source or Ctrl-C does.

    Raises:
        SourceError: the source broke off; what was kept is saved.
    """
    from sign_recognition.datasets.takes import Phase, count_takes, save_take

    counts, key, shown = count_takes(out), '', 0
    try:
        while recorder.phase is not Phase.ENDED and (shot := player.next()) is not None:
            image_rgb = shot.image_bgr[..., ::-1].copy()
            frame = detector.detect(image_rgb, round(shot.stamp_s * 1e9))
            kept = recorder.step(frame, shot.image_bgr, key)
            if kept:
                save_take(out, label, signer, kept)
                counts[label] += 1
            image_bgr = _picture(recorder, frame, shot.image_bgr, shown)
            key = screen.show(image_bgr, _line(recorder, label, counts))
            shown += 1
    except KeyboardInterrupt:
        pass
    finally:
        player.close()
        detector.close()


def _picture(recorder: TakeRecorder, frame: LandmarkFrame, image_bgr: Image, shown: int) -> Image:
    """The image with its hands; in the review the images of the take, over and over."""
    import cv2
    import numpy as np

    from sign_recognition.datasets.takes import Phase
    from sign_recognition.drawing import draw_hands

    picture = image_bgr.copy()
    if recorder.phase is Phase.REVIEW:
        index = shown % len(recorder.take.jpegs)
        frame = recorder.take.frames[index]
        jpeg = np.frombuffer(recorder.take.jpegs[index], np.uint8)
        picture = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
    draw_hands(picture, frame)
    return picture


def _line(recorder: TakeRecorder, label: str, counts: Counter[str]) -> str:
    """What goes on, and what the keys do."""
    from sign_recognition.datasets.takes import Phase

    take = recorder.take
    if recorder.phase is Phase.RECORDING:
        return f'{label}: recording {take.duration_s:.1f} s'
    if recorder.phase is Phase.REVIEW:
        return (
            f'hand found in {take.hand_share:.0%} of {len(take.frames)} images: k keep, d discard'
        )
    told = ', '.join(f'{name} {count}' for name, count in sorted(counts.items()))
    return f'{label}: space records, q ends ({told or "no takes yet"})'


class _Window:
    """OpenCV's window."""

    def __enter__(self) -> _Window:
        return self

    def show(self, image_bgr: Image, text: str) -> str:
        import cv2

        foot = image_bgr.shape[0] - 12
        for colour, thickness in (((25, 25, 25), 4), ((255, 255, 255), 1)):
            cv2.putText(
                image_bgr, text, (10, foot), cv2.FONT_HERSHEY_DUPLEX, 0.5, colour, thickness,
                cv2.LINE_AA,
            )  # fmt: skip
        cv2.imshow(_WINDOW, image_bgr)
        pressed = cv2.waitKey(1)
        return chr(pressed & 0xFF) if pressed >= 0 else ''

    def __exit__(self, *_: object) -> None:
        import cv2

        cv2.destroyAllWindows()


class _Terminal:
    """A line in the terminal, for machines without a screen."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._next_line_s = 0.0
        self._told = ''

    def __enter__(self) -> _Terminal:
        import termios
        import tty

        self._before = termios.tcgetattr(sys.stdin) if sys.stdin.isatty() else None
        if self._before:
            tty.setcbreak(sys.stdin)  # keys come at once, without Enter
        return self

    def show(self, image_bgr: Image, text: str) -> str:
        if text != self._told and self._clock_s() >= self._next_line_s:
            typer.echo(f'\r\033[K{text}', nl=False)
            self._told, self._next_line_s = text, self._clock_s() + _LINE_PERIOD_S
        ready, _, _ = select.select([sys.stdin], [], [], 0)
        return os.read(sys.stdin.fileno(), 1).decode(errors='replace') if ready else ''

    def __exit__(self, *_: object) -> None:
        import termios

        typer.echo()
        if self._before:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self._before)


def _open_screen(plain: bool) -> _Window | _Terminal:
    """A window where there is a display: without one OpenCV ends the whole program."""
    has_display = bool(os.environ.get('DISPLAY') or os.environ.get('WAYLAND_DISPLAY'))
    return _Window() if has_display and not plain else _Terminal()
