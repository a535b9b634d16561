"""What several tests share: landmark frames, and the smallest model that keeps the contract."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

from sign_recognition.landmarks import RIGHT_HAND, LandmarkFrame, empty_points
from sign_recognition.model_contract import ModelContract

LABELS = ('Swipe Right', 'Swipe Left', 'none')


def contract(**changes) -> ModelContract:
    """A contract of three classes over 8 frames at 10 Hz."""
    facts = {
        'name': 'tiny',
        'labels': LABELS,
        'rate_hz': 10.0,
        'window_frames': 8,
        'architecture': 'tiny',
        'training_data': 'none',
        'created': '2026-01-01',
    }
    return ModelContract(**(facts | changes))


def write_model(path: Path, metadata: dict[str, str], frames: int = 8, classes: int = 3) -> Path:
    """An ONNX file that reads the right wrist's newest x: high is class 0, low class 1.

    The scores are softmax((20 (x - 0.7), 20 (0.3 - x), 0, ...)), with x = 0.5 for NaN.
    """
    constants = {
        'begin': np.array([frames - 1, RIGHT_HAND.start, 0]),
        'end': np.array([frames, RIGHT_HAND.start + 1, 1]),
        'axes': np.array([1, 2, 3]),
        'shape': np.array([-1, 1]),
        'middle': np.float32(0.5),
        'weights': np.array([[20, -20] + [0] * (classes - 2)], np.float32),
        'bias': np.array([[-14, 6] + [0] * (classes - 2)], np.float32),
    }
    nodes = [
        helper.make_node('Slice', ['landmarks', 'begin', 'end', 'axes'], ['wrist']),
        helper.make_node('Reshape', ['wrist', 'shape'], ['x']),
        helper.make_node('IsNaN', ['x'], ['unseen']),
        helper.make_node('Where', ['unseen', 'middle', 'x'], ['seen']),
        helper.make_node('Gemm', ['seen', 'weights', 'bias'], ['logits']),
        helper.make_node('Softmax', ['logits'], ['probabilities'], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        'tiny',
        [helper.make_tensor_value_info('landmarks', TensorProto.FLOAT, ['batch', frames, 75, 3])],
        [helper.make_tensor_value_info('probabilities', TensorProto.FLOAT, ['batch', classes])],
        [onnx.numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=9)
    helper.set_model_props(model, metadata)
    onnx.save(model, str(path))
    return path


def write_image_model(path: Path, facts: ModelContract) -> Path:
    """An ONNX file that reads the colour of the newest image: red, green and blue are the classes.

    The scores are softmax(20 c / 255), with c the mean colour.
    """
    frames, *size = facts.window_shape
    constants = {
        'begin': np.array([frames - 1]),
        'end': np.array([frames]),
        'axes': np.array([1]),
        'scale': np.float32(20 / 255),
    }
    nodes = [
        helper.make_node('Slice', ['images', 'begin', 'end', 'axes'], ['newest']),
        helper.make_node('Cast', ['newest'], ['numbers'], to=TensorProto.FLOAT),
        helper.make_node('ReduceMean', ['numbers'], ['colour'], axes=[1, 2, 3], keepdims=0),
        helper.make_node('Mul', ['colour', 'scale'], ['logits']),
        helper.make_node('Softmax', ['logits'], ['probabilities'], axis=1),
    ]
    shape = ['batch', frames, *size]
    graph = helper.make_graph(
        nodes,
        'tiny',
        [helper.make_tensor_value_info('images', TensorProto.UINT8, shape)],
        [helper.make_tensor_value_info('probabilities', TensorProto.FLOAT, ['batch', 3])],
        [onnx.numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=9)
    helper.set_model_props(model, facts.to_metadata())
    onnx.save(model, str(path))
    return path


def frame(time_s: float, x: float | None = 0.5, mirrored: bool = True) -> LandmarkFrame:
    """A 640x480 frame whose right hand is at x, or that sees nothing."""
    points = empty_points()
    if x is not None:
        points[RIGHT_HAND] = [x, 0.4, 0.0]
    return LandmarkFrame(round(time_s * 1e9), (640, 480), points, mirrored)
