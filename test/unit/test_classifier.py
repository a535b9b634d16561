"""A model file is held to its contract."""

import json

import numpy as np
import onnx
import pytest
from support import LABELS, contract, write_image_model, write_model

from sign_recognition.classifier import OnnxClassifier
from sign_recognition.decision import DecisionThresholds
from sign_recognition.landmarks import RIGHT_HAND
from sign_recognition.model_contract import ImageInput, ModelContract, ModelContractError

LATER = {'images', 'clip_fit', 'held_out_signers', 'held_out_footage', 'fine_labels', 'body'}


def test_the_contract_survives_the_file(tmp_path):
    given = contract(
        metrics={'top1': 0.93}, decision=DecisionThresholds(), held_out_signers=('4', '9')
    )
    path = write_model(tmp_path / 'tiny.onnx', given.to_metadata())
    assert OnnxClassifier(path).contract == given


def test_a_window_becomes_probabilities(tmp_path):
    path = write_model(tmp_path / 'tiny.onnx', contract().to_metadata())
    window = np.full((8, 75, 3), np.nan, np.float32)
    window[-1, RIGHT_HAND] = 0.9
    probabilities = OnnxClassifier(path)(window)
    assert probabilities.shape == (3,)
    assert probabilities.dtype == np.float32
    assert LABELS[probabilities.argmax()] == 'Swipe Right'


def test_a_clip_of_images_becomes_probabilities(tmp_path):
    given = contract(images=ImageInput(6, 4))
    classifier = OnnxClassifier(write_image_model(tmp_path / 'tiny.onnx', given))
    assert classifier.contract == given
    clip = np.zeros((8, 6, 4, 3), np.uint8)
    clip[..., 1] = 255
    assert LABELS[classifier(clip).argmax()] == 'Swipe Left'


def test_images_of_another_size_than_the_graph_reads_are_refused(tmp_path):
    path = write_image_model(tmp_path / 'tiny.onnx', contract(images=ImageInput(6, 4)))
    model = onnx.load(path)
    onnx.helper.set_model_props(model, contract(images=ImageInput(4, 6)).to_metadata())
    onnx.save(model, path)
    with pytest.raises(ModelContractError, match=r'\[8, 6, 4, 3\].*\[8, 4, 6, 3\]'):
        OnnxClassifier(path)


def test_an_early_file_reads_landmarks_as_a_stream_gives_them():
    metadata = contract().to_metadata()
    for name in LATER:
        del metadata[name]
    assert ModelContract.from_metadata(metadata) == contract(images=None, clip_fit='newest')


@pytest.mark.parametrize('name', sorted(contract().to_metadata().keys() - LATER))
def test_a_missing_fact_is_named(tmp_path, name):
    metadata = contract().to_metadata()
    del metadata[name]
    path = write_model(tmp_path / 'tiny.onnx', metadata)
    with pytest.raises(ModelContractError, match=f'{name}: missing') as refusal:
        OnnxClassifier(path)
    assert str(path) in str(refusal.value)


@pytest.mark.parametrize(
    ('name', 'value', 'named'),
    [
        ('layout', 'openpose-137/1', 'openpose-137/1.*mediapipe-75/1'),
        ('space', 'moon', "'moon'.*'image', 'world'"),
        ('clip_fit', 'crop', "'crop'.*'newest', 'resample'"),
        ('labels', ['a', 'b', 'c'], "'a', 'b', 'c'.*'none'"),
        ('labels', ['none', 'none', 'a'], 'distinct'),
        ('labels', ['none', 'a'], 'names 2 labels'),
        ('rate_hz', 0, '0'),
        ('rate_hz', 'fast', 'fast'),
        ('window_frames', 9, r'8, 75, 3.*9, 75, 3'),
        ('decision', {'patience': 1}, 'patience'),
        ('decision', {'label_dwell_s': {'Wave': 0.2}}, 'label_dwell_s'),
        ('images', {'height': 0, 'width': 8}, 'height 0'),
        ('images', {'height': 8, 'width': 8, 'content': 'feet'}, "'feet'.*'colour', 'hand'"),
        ('images', {'height': 8, 'width': 8}, "'landmarks'.*allowed is 'images'"),
        ('fine_labels', ['one finger', 'hand'], r'gives \[\] fine_probabilities.* 2 fine_labels'),
    ],
)
def test_a_contradiction_is_refused_with_both_values(tmp_path, name, value, named):
    metadata = contract().to_metadata() | {name: json.dumps(value)}
    path = write_model(tmp_path / 'tiny.onnx', metadata)
    with pytest.raises(ModelContractError, match=named):
        OnnxClassifier(path)


def test_no_json_is_refused():
    metadata = contract().to_metadata() | {'labels': '[none'}
    with pytest.raises(ModelContractError, match='labels.*no JSON'):
        ModelContract.from_metadata(metadata)


@pytest.mark.parametrize('content', [b'', b'no model', b'\x08\x09' * 100])
def test_a_file_that_is_no_model_is_named(tmp_path, content):
    path = tmp_path / 'broken.onnx'
    path.write_bytes(content)
    with pytest.raises(ModelContractError, match=r'broken\.onnx'):
        OnnxClassifier(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'absent\.onnx'):
        OnnxClassifier(tmp_path / 'absent.onnx')
