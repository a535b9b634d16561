"""From a trained Keras model to one self-contained ONNX file, and to a TFLite file."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import onnx
import tensorflow as tf
import tf2onnx

from sign_recognition.atomic import whole_file
from sign_recognition.classifier import FINE_OUTPUT_NAME, OUTPUT_NAME, OnnxClassifier
from sign_recognition.landmarks import Points
from sign_recognition.model_contract import ModelContract
from sign_recognition.pixels import PixelArray

# The shared design's limit: single precision, summed in another order.
PARITY_LIMIT = 1e-4
# Of a run; its .tflite stands beside it.
MODEL_FILE = 'model.onnx'
_OPSET = 17

Window = Points | PixelArray
Classify = Callable[[Window], npt.NDArray[np.float32]]


class ExportError(RuntimeError):
    """A file does not do what the Keras model does."""


def export(model: keras.Model, contract: ModelContract, path: Path) -> float:
    """Write a model file, or nothing: it is checked before it takes its place.

    Args:
        model: of `architectures`, reading what the contract says.
        contract: what the file says of itself.
        path: the file to write.

    Returns:
        The largest difference of a probability between Keras and ONNX Runtime.

    Raises:
        ExportError: that difference is above PARITY_LIMIT.
        ModelContractError: the file contradicts the contract.
    """
    graph = _to_onnx(model, contract)
    with whole_file(path) as partial:
        onnx.save(graph, partial)
        classifier = OnnxClassifier(partial)
        difference = _parity('ONNX', path, model, contract, classifier)
        if contract.fine_labels:
            fine = _parity('ONNX', path, model, contract, classifier.fine, FINE_OUTPUT_NAME)
            difference = max(difference, fine)
        return difference


def export_tflite(model: keras.Model, contract: ModelContract, path: Path) -> float:
    """Write a TFLite file of one clip at a time, or nothing, as `export`.

    The file says nothing of labels, rate and thresholds: these are in the ONNX file beside it.

    Returns:
        The largest difference of a probability between Keras and the TFLite interpreter.

    Raises:
        ExportError: that difference is above PARITY_LIMIT.
    """
    content = _to_tflite(model, contract)
    with whole_file(path) as partial:
        partial.write_bytes(content)
        return _parity('TFLite', path, model, contract, _lite_classifier(content))


def rewrite_contract(path: Path, contract: ModelContract, out: Path) -> None:
    """Write a model file that says something else of itself, or nothing.

    Args:
        path: an ONNX file; it may be `out` itself.
        contract: what the new file says.
        out: the file to write.

    Raises:
        OSError: it cannot be written; what was there before stays.
        ModelContractError: the graph contradicts the contract.
    """
    graph = onnx.load(path)
    del graph.metadata_props[:]
    onnx.helper.set_model_props(graph, contract.to_metadata())
    with whole_file(out) as partial:
        onnx.save(graph, partial)
        OnnxClassifier(partial)


def _inference(model: keras.Model, contract: ModelContract, batch: int | None) -> Any:
    """The model as a function of TensorFlow with the contract's outputs."""
    name = contract.input_name
    if model.input.name != name:
        raise ExportError(f'{contract.architecture} reads {model.input.name}, not {name}')
    names = _output_names(contract)
    signature = tf.TensorSpec((batch, *contract.window_shape), model.input.dtype, name=name)

    def infer(window: tf.Tensor) -> dict[str, tf.Tensor]:
        outputs = model(window, training=False)
        return {name: tf.identity(outputs[name]) for name in names}

    return tf.function(infer, input_signature=[signature])


def _to_onnx(model: keras.Model, contract: ModelContract) -> onnx.ModelProto:
    function = _inference(model, contract, batch=None)
    converted = tf2onnx.convert.from_function(function, function.input_signature, opset=_OPSET)
    graph: onnx.ModelProto = converted[0]
    _name_outputs(graph, _output_names(contract))
    onnx.helper.set_model_props(graph, contract.to_metadata())
    onnx.checker.check_model(graph)
    return graph


def _to_tflite(model: keras.Model, contract: ModelContract) -> bytes:
    # A batch of one: with an open batch the recurrent layers need list operations that only
    # TensorFlow's own kernels have (SELECT_TF_OPS).
    function = _inference(model, contract, batch=1)
    module = tf.Module()
    # TFLite freezes only variables that it is told of; it does not find those of a Keras 3 model.
    module.variables_of_model = [each.value for each in model.variables]
    with tempfile.TemporaryDirectory() as folder, _quiet():
        tf.saved_model.save(module, folder, signatures=function.get_concrete_function())
        return bytes(tf.lite.TFLiteConverter.from_saved_model(folder).convert())


@contextmanager
def _quiet() -> Iterator[None]:
    """TFLite warns that it moves to a package of its own; TensorFlow is pinned."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        yield


def _output_names(contract: ModelContract) -> list[str]:
    """Of the file, in the order in which TensorFlow gives a dictionary."""
    fine = [FINE_OUTPUT_NAME] if contract.fine_labels else []
    return sorted(['embedding', OUTPUT_NAME, *fine])


def _name_outputs(graph: onnx.ModelProto, names: list[str]) -> None:
    """tf2onnx names outputs Identity, Identity_1, ...: give them the contract's names."""
    for output, name in zip(graph.graph.output, names, strict=True):
        for node in graph.graph.node:
            node.input[:] = [name if each == output.name else each for each in node.input]
            node.output[:] = [name if each == output.name else each for each in node.output]
        output.name = name


def _lite_classifier(content: bytes) -> Classify:
    """What the TFLite interpreter makes of a window."""
    with _quiet():
        run = tf.lite.Interpreter(model_content=content, num_threads=1).get_signature_runner()
    (name,) = run.get_input_details()
    return lambda window: np.array(run(**{name: window[np.newaxis]})[OUTPUT_NAME][0])


def _parity(
    name: str,
    path: Path,
    model: keras.Model,
    contract: ModelContract,
    classify: Classify,
    output: str = OUTPUT_NAME,
) -> float:
    windows = probe_windows(contract)
    expected = model.predict(windows, verbose=0)[output]
    actual = np.stack([classify(window) for window in windows])
    difference = float(np.abs(expected - actual).max())
    if not difference <= PARITY_LIMIT:
        raise ExportError(f'{path}: Keras and {name} differ by {difference} > {PARITY_LIMIT}')
    return difference


def probe_windows(contract: ModelContract) -> Window:
    """(8, *window_shape): landmarks with either hand, both, gaps, body, and nothing; or noise."""
    rng = np.random.default_rng(0)
    if contract.images is not None:
        return rng.integers(0, 256, (8, *contract.window_shape), np.uint8)
    frames = contract.window_frames
    place = rng.normal(0, 0.05, (8, 1, 75, 3)) + rng.normal(0, 0.02, (8, frames, 75, 3)) + 0.5
    windows = place.astype(np.float32)
    windows[:5, :, 42:] = np.nan
    windows[0::4, :, :21] = np.nan
    windows[1::4, :, 21:42] = np.nan
    windows[2::4, rng.random(frames) < 0.4] = np.nan
    windows[7] = np.nan
    return windows
