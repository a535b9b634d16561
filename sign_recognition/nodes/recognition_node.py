"""Recognises gestures: Landmarks in; scores at every step, gesture events, model facts out."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sign_recognition.classifier import OnnxClassifier
from sign_recognition.msg import Gesture, GestureScores, Landmarks, ModelInfo
from sign_recognition.nodes import conversions, qos
from sign_recognition.nodes.diagnostics import DiagnosticsReporter
from sign_recognition.nodes.parameters import declare, parameter
from sign_recognition.nodes.runner import PipelineNode, run
from sign_recognition.pixels import ConversionError
from sign_recognition.recognizer import Recognizer
from sign_recognition.resources import model_file
from sign_recognition.stream_statistics import StreamStatistics

_LOG_PERIOD_S = 5.0


@dataclass(frozen=True)
class RecognitionParameters:
    """Which model, and when a stream breaks."""

    model: str = parameter(
        '', 'Path of an ONNX file, or name of a shipped model; empty: the default'
    )
    max_gap_s: float = parameter(
        0.5,
        'A pause between landmarks longer than this begins a new stream, s',
        low=0.01,
        high=60.0,
    )


class RecognitionNode(PipelineNode):
    """A Recognizer on a topic."""

    def __init__(self) -> None:
        super().__init__('recognition_node')
        given = declare(self, RecognitionParameters)
        classifier = OnnxClassifier(model_file(given.model))
        self._recognizer = Recognizer(classifier, max_gap_s=given.max_gap_s)
        self._statistics = StreamStatistics()
        self._scores = self.create_publisher(GestureScores, 'gesture_scores', qos.SCORES)
        self._gesture = self.create_publisher(Gesture, 'gesture', qos.EVENTS)
        self._model_info = self.create_publisher(ModelInfo, 'model_info', qos.LATCHED)
        now_ns = self.get_clock().now().nanoseconds
        self._model_info.publish(conversions.contract_to_message(classifier.contract, now_ns))
        self.create_subscription(Landmarks, 'landmarks', self._on_landmarks, qos.LANDMARKS)
        name = classifier.contract.name
        self._reporter = DiagnosticsReporter(self, self._statistics, lambda: {'model': name})
        self.get_logger().info(f'model {name} of {classifier.path}')

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
        result = self._recognizer.step(frame)
        for event in result.events:
            self._gesture.publish(conversions.event_to_message(event, message.header.frame_id))
        self._scores.publish(
            conversions.scores_to_message(result.probabilities, frame.hands_seen, message.header)
        )
        now_s = time.monotonic()
        self._statistics.add(now_s, age_s, now_s - began_s)


def main() -> None:
    """Run the node program."""
    run(RecognitionNode)


if __name__ == '__main__':
    main()
