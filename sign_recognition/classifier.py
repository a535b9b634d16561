"""The trained model: an ONNX Runtime session held to the model contract."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from sign_recognition.landmarks import Points
from sign_recognition.model_contract import ModelContract, ModelContractError
from sign_recognition.pixels import PixelArray

OUTPUT_NAME = 'probabilities'
FINE_OUTPUT_NAME = 'fine_probabilities'
_DIGEST_LETTERS = 12
_TYPES = {'landmarks': 'tensor(float)', 'images': 'tensor(uint8)'}


class OnnxClassifier:
    """A model file, loaded and checked.

    Args:
        path: the ONNX file.

    Raises:
        FileNotFoundError: there is no such file.
        ModelContractError: the file is no ONNX model, or its metadata or its graph contradict the
            contract; names the file, the field and both values.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        if not self.path.is_file():
            raise FileNotFoundError(f'model: {self.path} is no file')
        self._session = _open_session(self.path)
        try:
            metadata = self._session.get_modelmeta().custom_metadata_map
            self.contract = ModelContract.from_metadata(metadata)
            self._check_graph()
        except ModelContractError as error:
            raise ModelContractError(f'model {self.path}: {error}') from error

    def __call__(self, window: Points | PixelArray) -> npt.NDArray[np.float32]:
        """Classify one window.

        Args:
            window: (T, 75, 3) float32, raw landmarks, NaN where not seen; or, where the contract
                says images, (T, height, width, 3) uint8 RGB.

        Returns:
            (classes,) float32 probabilities in the order of contract.labels.
        """
        return self._run(window, OUTPUT_NAME)

    def fine(self, window: Points | PixelArray) -> npt.NDArray[np.float32]:
        """As a call, but in the order of contract.fine_labels, which must not be empty."""
        return self._run(window, FINE_OUTPUT_NAME)

    def digest(self) -> str:
        """The beginning of the file's SHA-256, which tells models of one name apart."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()[:_DIGEST_LETTERS]

    def _run(self, window: Points | PixelArray, output: str) -> npt.NDArray[np.float32]:
        (probabilities,) = self._session.run([output], {self.contract.input_name: window[None]})
        return np.asarray(probabilities[0], np.float32)

    def _check_graph(self) -> None:
        inputs = {each.name: each for each in self._session.get_inputs()}
        outputs = {each.name: each.shape for each in self._session.get_outputs()}
        name = self.contract.input_name
        if name not in inputs or OUTPUT_NAME not in outputs:
            raise ModelContractError(
                f'graph: {[*inputs]} to {[*outputs]}, allowed is {name!r} to {OUTPUT_NAME!r}'
            )
        window_shape = [*self.contract.window_shape]
        if inputs[name].shape[1:] != window_shape or inputs[name].type != _TYPES[name]:
            raise ModelContractError(
                f'window: the graph reads {inputs[name].shape[1:]} {inputs[name].type}, '
                f'the metadata says {window_shape} {_TYPES[name]}'
            )
        for field, output in (('labels', OUTPUT_NAME), ('fine_labels', FINE_OUTPUT_NAME)):
            names = getattr(self.contract, field)
            given = outputs.get(output, [0])[1:]
            if names and given != [len(names)]:
                raise ModelContractError(
                    f'classes: the graph gives {given} {output}, '
                    f'the metadata names {len(names)} {field}'
                )


def _open_session(path: Path) -> ort.InferenceSession:
    options = ort.SessionOptions()
    # The models are small, and the other cores belong to the tracker.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # Idle worker threads would otherwise spin and take the tracker's core.
    options.add_session_config_entry('session.intra_op.allow_spinning', '0')
    try:
        return ort.InferenceSession(str(path), options, providers=['CPUExecutionProvider'])
    except Exception as error:  # onnxruntime's own exceptions share no base class
        raise ModelContractError(f'model {path}: no readable ONNX file ({error})') from error
