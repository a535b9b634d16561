"""Finds the landmarks of each image: Image or CompressedImage in, Landmarks out for every one."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from sensor_msgs.msg import CompressedImage, Image

from sign_recognition.detector import Detector, DetectorConfig, make_detector
from sign_recognition.latest import LatestSlot
from sign_recognition.msg import Landmarks
from sign_recognition.nodes import conversions, qos
from sign_recognition.nodes.diagnostics import DiagnosticsReporter
from sign_recognition.nodes.parameters import declare, parameter
from sign_recognition.nodes.runner import PipelineNode, run
from sign_recognition.pixels import ConversionError
from sign_recognition.stream_statistics import StreamStatistics

_LOG_PERIOD_S = 5.0
_DETECTOR = DetectorConfig()


@dataclass(frozen=True)
class LandmarkParameters:
    """How to look for hands and body."""

    transport: str = parameter(
        'raw',
        'raw subscribes to image_raw, compressed to image_raw/compressed',
        choices=('raw', 'compressed'),
    )
    mirrored: bool = parameter(True, 'The images are mirror images (selfie view)')
    solution: str = parameter(
        'hands',
        'hands is fast; holistic finds the body as well',
        choices=('hands', 'holistic'),
    )
    model_complexity: int = parameter(
        _DETECTOR.model_complexity,
        'Of hands: 0 is faster, 1 more exact; holistic has one',
        low=0,
        high=1,
    )
    min_detection_confidence: float = parameter(
        _DETECTOR.min_detection_confidence,
        'Confidence to accept a new hand or person',
        low=0.0,
        high=1.0,
    )
    min_tracking_confidence: float = parameter(
        _DETECTOR.min_tracking_confidence,
        'Confidence to go on tracking before looking anew',
        low=0.0,
        high=1.0,
    )


@dataclass(frozen=True)
class _Arrival:
    """An image as it arrived, unread, and when."""

    message: bytes | CompressedImage
    at_s: float


class LandmarkNode(PipelineNode):
    """MediaPipe on the newest image; older ones that it had no time for are dropped and counted."""

    def __init__(self) -> None:
        super().__init__('landmark_node')
        self._given = declare(self, LandmarkParameters)
        self._slot: LatestSlot[_Arrival] = LatestSlot()
        self._statistics = StreamStatistics()
        self._publisher = self.create_publisher(Landmarks, 'landmarks', qos.LANDMARKS)
        # Before the subscription: a camera that waits for us shall not show images to a node that
        # is still loading its models.
        self._detector = self._make_detector()
        if self._given.transport == 'raw':
            self.create_subscription(Image, 'image_raw', self._on_image, qos.IMAGE, raw=True)
        else:
            topic = 'image_raw/compressed'
            self.create_subscription(CompressedImage, topic, self._on_image, qos.IMAGE)
        self._reporter = DiagnosticsReporter(self, self._statistics)
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def finish(self) -> None:
        self._slot.close()
        self._thread.join(timeout=1.0)

    def _on_image(self, message: bytes | CompressedImage) -> None:
        self._slot.put(_Arrival(message, time.monotonic()))
        self._statistics.drops = self._slot.drops

    def _work(self) -> None:
        """Detect in image after image; the callback above only leaves the newest one here."""
        with self.ending_with_it():
            while (arrival := self._slot.take()) is not None:
                try:
                    self._detect(arrival)
                except ConversionError as error:
                    self.get_logger().error(str(error), throttle_duration_sec=_LOG_PERIOD_S)
            self._detector.close()

    def _make_detector(self) -> Detector:
        given = self._given
        return make_detector(
            DetectorConfig(
                solution=given.solution,
                mirrored=given.mirrored,
                model_complexity=given.model_complexity,
                min_detection_confidence=given.min_detection_confidence,
                min_tracking_confidence=given.min_tracking_confidence,
            )
        )

    def _detect(self, arrival: _Arrival) -> None:
        arrived_ns = self.get_clock().now().nanoseconds
        waited_s = time.monotonic() - arrival.at_s
        image_rgb, stamp_ns, frame_id = conversions.read_image(arrival.message)
        frame = self._detector.detect(image_rgb, stamp_ns)
        self._publisher.publish(conversions.landmarks_to_message(frame, frame_id))
        now_s = time.monotonic()
        age_s = (arrived_ns - stamp_ns) / 1e9 - waited_s
        self._statistics.add(now_s, age_s, now_s - arrival.at_s)


def main() -> None:
    """Run the node program."""
    run(LandmarkNode)


if __name__ == '__main__':
    main()
