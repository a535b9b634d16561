"""From a trained Keras model to one self-contained ONNX file."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import keras
import numpy as np
import onnx
import tensorflow as tf
import tf2onnx

from sign_recognition.classifier import INPUT_NAME, OUTPUT_NAME, OnnxClassifier
from sign_recognition.landmarks import POINT_COUNT, Points
from sign_recognition.model_contract import ModelContract

# The shared design's limit: single precision, summed in another order.
PARITY_LIMIT = 1e-4
_OPSET = 17
_OUTPUTS = (OUTPUT_NAME, 'embedding')


class ExportError(RuntimeError):
    """The ONNX file does not do what the Keras model does."""


def export(model: keras.Model, contract: ModelContract, path: Path) -> float:
    """Write a model file, or nothing: it is checked before it takes its place.

    Args:
        model: input `landmarks` (B, T, 75, 3), outputs `probabilities` and `embedding`.
        contract: what the file says of itself.
        path: the file to write.

    Returns:
        The largest difference of a probability between Keras and ONNX Runtime.

    Raises:
        ExportError: that difference is above PARITY_LIMIT.
        ModelContractError: the file contradicts the contract.
    """
    graph = _convert(model, contract)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(suffix='.onnx', prefix=f'.{path.stem}.', dir=path.parent)
    os.close(handle)
    try:
        onnx.save(graph, partial)
        difference = _parity(model, OnnxClassifier(partial))
        if not difference <= PARITY_LIMIT:
            raise ExportError(f'{path}: Keras and ONNX differ by {difference} > {PARITY_LIMIT}')
        os.chmod(partial, 0o644)
        os.replace(partial, path)
    finally:
        Path(partial).unlink(missing_ok=True)
    return difference


def _convert(model: keras.Model, contract: ModelContract) -> onnx.ModelProto:
    shape = (None, contract.window_frames, POINT_COUNT, 3)
    signature = [tf.TensorSpec(shape, tf.float32, name=INPUT_NAME)]

    def infer(landmarks: tf.Tensor) -> list[tf.Tensor]:
        outputs = model(landmarks, training=False)
        return [tf.identity(outputs[name], name=name) for name in _OUTPUTS]

    function = tf.function(infer, input_signature=signature)
    converted = tf2onnx.convert.from_function(function, signature, opset=_OPSET)
    graph: onnx.ModelProto = converted[0]
    _name_outputs(graph)
    onnx.helper.set_model_props(graph, contract.to_metadata())
    onnx.checker.check_model(graph)
    return graph


def _name_outputs(graph: onnx.ModelProto) -> None:
    """tf2onnx names outputs Identity, Identity_1, ...: give them the contract's names."""
    for output, name in zip(graph.graph.output, _OUTPUTS, strict=True):
        for node in graph.graph.node:
            node.input[:] = [name if each == output.name else each for each in node.input]
            node.output[:] = [name if each == output.name else each for each in node.output]
        output.name = name


def _parity(model: keras.Model, classifier: OnnxClassifier) -> float:
    windows = _probe_windows(classifier.contract.window_frames)
    expected = model.predict(windows, verbose=0)[OUTPUT_NAME]
    actual = np.stack([classifier(window) for window in windows])
    return float(np.abs(expected - actual).max())


def _probe_windows(frames: int) -> Points:
    """(8, T, 75, 3) windows with either hand, both, gaps, and nothing at all."""
    rng = np.random.default_rng(0)
    hand = rng.normal(0, 0.05, (8, 1, 75, 3)) + rng.normal(0, 0.02, (8, frames, 75, 3)) + 0.5
    windows = hand.astype(np.float32)
    windows[:, :, 42:] = np.nan
    windows[0::4, :, :21] = np.nan
    windows[1::4, :, 21:42] = np.nan
    windows[2::4, rng.random(frames) < 0.4] = np.nan
    windows[7] = np.nan
    return windows
