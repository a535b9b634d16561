"""Publishes the images of a source as a camera: webcam, video file, folder, or rendered signer."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from sensor_msgs.msg import CompressedImage, Image

from sign_recognition.decision import EventKind, GestureEvent
from sign_recognition.msg import Gesture
from sign_recognition.nodes import conversions, qos
from sign_recognition.nodes.diagnostics import DiagnosticsReporter
from sign_recognition.nodes.parameters import declare, parameter
from sign_recognition.nodes.runner import EXIT_START_FAILED, PipelineNode, run
from sign_recognition.sources.base import SourceError, TruthEvent
from sign_recognition.sources.opening import SourceConfig, open_source
from sign_recognition.sources.player import Player, Shot
from sign_recognition.stream_statistics import StreamStatistics

_FIRST_RETRY_S = 0.5
_LONGEST_RETRY_S = 5.0
# Whoever is on this host is found within this.
_DISCOVERY_S = 0.5


@dataclass(frozen=True)
class CameraParameters:
    """Which images, and how they are published."""

    source: str = parameter(
        'auto',
        "Device index or path, video file, folder of pictures, 'signer' (rendered), or 'auto' "
        '(first webcam that opens, else the signer)',
    )
    width: int = parameter(640, 'Image width, px; files are scaled down to fit', low=16, high=7680)
    height: int = parameter(
        480, 'Image height, px; files are scaled down to fit', low=16, high=4320
    )
    rate_hz: float = parameter(
        30.0, 'Images per second of a device, the signer or a folder', low=1.0, high=240.0
    )
    loop: bool = parameter(False, 'Begin a file or folder again after its last image')
    mirrored: bool = parameter(
        True, "Publish mirror images: a device's are flipped, files are trusted to be such"
    )
    frame_id: str = parameter('camera', 'frame_id of the headers')
    jpeg: bool = parameter(False, 'Publish JPEG on image_raw/compressed instead of image_raw')
    jpeg_quality: int = parameter(85, 'JPEG quality', low=1, high=100)
    seed: int = parameter(0, 'Which rendered signer', low=0, high=2**31 - 1)
    stand_in: bool = parameter(
        True, "'auto' may be the signer; false where a node that died is started again"
    )


class CameraNode(PipelineNode):
    """A source's images, stamped with their acquisition time."""

    def __init__(self) -> None:
        super().__init__('camera_node')
        self._given = declare(self, CameraParameters)
        message_type, topic = (
            (CompressedImage, 'image_raw/compressed') if self._given.jpeg else (Image, 'image_raw')
        )
        self._publisher = self.create_publisher(message_type, topic, qos.IMAGE)
        self._truth_publisher = self.create_publisher(Gesture, '~/truth', qos.EVENTS)
        self._statistics = StreamStatistics()
        self._first_stamp_ns: int | None = None
        self._player = self._open(self._given.stand_in)
        self.get_logger().info(f'images of {self._player.source.name}')
        self._reporter = DiagnosticsReporter(
            self,
            self._statistics,
            lambda: {
                'source': self._player.source.name,
                'first_stamp_ns': self._first_stamp_ns or 0,
            },
        )
        self._thread = threading.Thread(target=self._film, daemon=True)
        self._thread.start()

    def finish(self) -> None:
        self._thread.join(timeout=1.0)
        self._player.close()

    def _open(self, stand_in: bool) -> Player:
        given = self._given
        config = SourceConfig(
            source=given.source,
            size_px=(given.width, given.height),
            rate_hz=given.rate_hz,
            mirrored=given.mirrored,
            seed=given.seed,
            stand_in=stand_in,
        )
        return Player(
            lambda: open_source(config, self._now_s), self._now_s, self.done.wait, given.loop
        )

    def _now_s(self) -> float:
        return self.get_clock().now().nanoseconds / 1e9

    def _film(self) -> None:
        """Publish image after image until the source ends or the node does."""
        with self.ending_with_it():
            try:
                self._publish_all()
            except SourceError as error:
                # A recording that is broken is so the next time, too.
                self.get_logger().fatal(str(error))
                self.exit_code = EXIT_START_FAILED

    def _publish_all(self) -> None:
        if not self._player.source.live:
            self.wait_for_audience(self._publisher)
            self._refuse_a_second_camera()
        while not self.done.is_set():
            shot = self._next_shot()
            if shot is None:
                self.get_logger().info(f'{self._player.source.name} has ended')
                return
            self._publish(shot)

    def _refuse_a_second_camera(self) -> None:
        """See that no signer and no recording joins the images of a person whom a robot obeys.

        Raises:
            SourceError: another node publishes images on the same topic.
        """
        self.done.wait(_DISCOVERY_S)
        topic = self._publisher.topic_name
        if self.count_publishers(topic) > 1:
            raise SourceError(
                f'another node publishes images on {topic}, and {self._player.source.name} does '
                'not join it: end it, or set another ROS_DOMAIN_ID'
            )

    def _next_shot(self) -> Shot | None:
        """The next image; a device that broke off is opened again for as long as it takes."""
        try:
            return self._player.next()
        except SourceError as error:
            if not self._player.source.live:
                raise
            self.get_logger().error(f'{error}; trying again')
        self._player.close()
        retry_s = _FIRST_RETRY_S
        while not self.done.wait(retry_s):
            try:
                return self._reopen()
            except SourceError:
                retry_s = min(2 * retry_s, _LONGEST_RETRY_S)
        return None

    def _reopen(self) -> Shot | None:
        """The first image of a device that is back.

        Raises:
            SourceError: it is still gone.
        """
        # The robot was obeying a person: the signer must not take their place.
        player = self._open(stand_in=False)
        try:
            shot = player.next()
        except SourceError:
            player.close()  # V4L2 streams to one handle only: the next try would find it busy
            raise
        self._player = player
        self.get_logger().info(f'{player.source.name} is back')
        return shot

    def _publish(self, shot: Shot) -> None:
        given, stamp_ns = self._given, round(shot.stamp_s * 1e9)
        self._first_stamp_ns = self._first_stamp_ns or stamp_ns
        began_s = time.monotonic()
        if given.jpeg:
            message = conversions.image_to_jpeg(
                shot.image_bgr, stamp_ns, given.frame_id, given.jpeg_quality
            )
        else:
            message = conversions.image_to_message(shot.image_bgr, stamp_ns, given.frame_id)
        self._publisher.publish(message)
        for event in shot.truth:
            self._tell(event)
        now_s = time.monotonic()
        age_s = self._now_s() - shot.stamp_s - (now_s - began_s)
        self._statistics.drops = self._player.skipped
        self._statistics.add(now_s, age_s, now_s - began_s)

    def _tell(self, truth: TruthEvent) -> None:
        """Say what the images just showed, where the source knows."""
        event = GestureEvent(
            EventKind.END, truth.label, 1.0, round(truth.start_s * 1e9), round(truth.end_s * 1e9)
        )
        message = conversions.event_to_message(event, self._given.frame_id)
        self._truth_publisher.publish(message)


def main() -> None:
    """Run the node program."""
    run(CameraNode)


if __name__ == '__main__':
    main()
