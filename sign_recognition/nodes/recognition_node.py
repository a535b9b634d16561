"""Recognises gestures: Landmarks in; scores at every step, gesture events, model facts out.

For a model that reads images in colour the images come in, too. Landmarks still lead: they say that
a hand is in view, and each calls for the image of its stamp.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from sensor_msgs.msg import CompressedImage, Image

from sign_recognition.classifier import OnnxClassifier
from sign_recognition.clip_images import RecentImages, shrink
from sign_recognition.msg import Gesture, GestureScores, Landmarks, ModelInfo
from sign_recognition.nodes import conversions, qos
from sign_recognition.nodes.diagnostics import DiagnosticsReporter
from sign_recognition.nodes.parameters import declare, parameter
from sign_recognition.nodes.runner import PipelineNode, run
from sign_recognition.pixels import ConversionError
from sign_recognition.recognizer import MAX_UNSEEN_S, Recognizer
from sign_recognition.resources import model_file
from sign_recognition.sequence import MAX_GAP_S
from sign_recognition.stream_statistics import StreamStatistics

_LOG_PERIOD_S = 5.0


@dataclass(frozen=True)
class RecognitionParameters:
    """Which model, and when a stream breaks."""

    model: str = parameter(
        '', 'Path of an ONNX file, or name of a shipped model; empty: the default'
    )
    transport: str = parameter(
        'raw',
        'For models that read images: raw subscribes to image_raw, compressed to '
        'image_raw/compressed',
        choices=('raw', 'compressed'),
    )
    max_gap_s: float = parameter(
        MAX_GAP_S,
        'A pause between landmarks longer than this begins a new stream, s',
        low=0.01,
        high=60.0,
    )
    max_unseen_s: float = parameter(
        MAX_UNSEEN_S,
        'Where no hand was seen for longer than this, nothing is performed, s',
        low=0.0,
        high=60.0,
    )


class RecognitionNode(PipelineNode):
    """A Recognizer on a topic."""

    def __init__(self) -> None:
        super().__init__('recognition_node')
        given = declare(self, RecognitionParameters)
        classifier = OnnxClassifier(model_file(given.model))
        self._recognizer = Recognizer(
            classifier, max_gap_s=given.max_gap_s, max_unseen_s=given.max_unseen_s
        )
        self._statistics = StreamStatistics()
        self._scores = self.create_publisher(GestureScores, 'gesture_scores', qos.SCORES)
        self._gesture = self.create_publisher(Gesture, 'gesture', qos.EVENTS)
        self._model_info = self.create_publisher(ModelInfo, 'model_info', qos.LATCHED)
        now_ns = self.get_clock().now().nanoseconds
        self._model_info.publish(conversions.contract_to_message(classifier.contract, now_ns))
        self._images = RecentImages()
        self._waiting: Landmarks | None = None
        if self._recognizer.needs_pixels:
            _, *self._image_size, _ = classifier.contract.window_shape
            self._subscribe_to_images(given.transport)
        # Networks on images may take longer than a frame: the newest landmarks, and no queue.
        profile = qos.NEWEST_LANDMARKS if classifier.contract.images else qos.LANDMARKS
        self.create_subscription(Landmarks, 'landmarks', self._on_landmarks, profile)
        name = classifier.contract.name
        self._reporter = DiagnosticsReporter(self, self._statistics, lambda: {'model': name})
        self.get_logger().info(f'model {name} of {classifier.path}')

    def _subscribe_to_images(self, transport: str) -> None:
        if transport == 'raw':
            self.create_subscription(Image, 'image_raw', self._on_image, qos.CLIP_IMAGE, raw=True)
        else:
            topic = 'image_raw/compressed'
            self.create_subscription(CompressedImage, topic, self._on_image, qos.CLIP_IMAGE)

    def _on_image(self, message: bytes | CompressedImage) -> None:
        try:
            image_rgb, stamp_ns, _ = conversions.read_image(message)
        except ConversionError as error:
            self.get_logger().error(str(error), throttle_duration_sec=_LOG_PERIOD_S)
            return
        self._images.put(stamp_ns, shrink(image_rgb, *self._image_size))
        waiting = self._waiting
        if waiting and conversions.stamp_to_ns(waiting.header.stamp) == stamp_ns:
            self._on_landmarks(waiting)

    def _on_landmarks(self, message: Landmarks) -> None:
        began_s = time.monotonic()
        age_s = (self.get_clock().now().nanoseconds / 1e9) - (
            conversions.stamp_to_ns(message.header.stamp) / 1e9
        )
        try:
            frame = conversions.message_to_landmarks(message)
        except ConversionError as error:
            self.get_logger().error(str(error), throttle_duration_sec=_LOG_PERIOD_S)
            return
        image_rgb = self._images.take(frame.stamp_ns)
        if image_rgb is None and self._recognizer.needs_pixels:
            self._wait_for_image(message)
            return
        self._waiting = None
        result = self._recognizer.step(frame, image_rgb)
        # First the sign of life: after a pause control would take a gesture for one of the dead.
        self._scores.publish(
            conversions.scores_to_message(result.probabilities, frame.hands_seen, message.header)
        )
        for event in result.events:
            self._gesture.publish(conversions.event_to_message(event, message.header.frame_id))
        now_s = time.monotonic()
        self._statistics.add(now_s, age_s, now_s - began_s)

    def _wait_for_image(self, message: Landmarks) -> None:
        """Landmarks may overtake their image by a little; newer ones end the waiting."""
        if self._waiting is not None:
            self._statistics.drops += 1
            self.get_logger().warning(
                'no image came for landmarks: is there an image_raw, and is the transport right?',
                throttle_duration_sec=_LOG_PERIOD_S,
            )
        self._waiting = message


def main() -> None:
    """Run the node program."""
    run(RecognitionNode)


if __name__ == '__main__':
    main()
