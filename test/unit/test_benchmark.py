"""Benchmarks on a tiny SHREC'17 folder, with models that know all, nothing, or too much."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip('tensorflow', reason='NOT TESTED: benchmarks need tensorflow to fit hands')

from rich.console import Console
from support import LABELS, contract, write_model
from typer.testing import CliRunner

from sign_recognition.benchmark import online
from sign_recognition.benchmark.calibration import CalibrationError, choose
from sign_recognition.benchmark.people import (
    BenchmarkError,
    People,
    chosen_signers,
    read_takes,
    read_unseen_clips,
)
from sign_recognition.benchmark.report import robustness_picture, robustness_report
from sign_recognition.benchmark.robustness import (
    Condition,
    conditions,
    measure,
    measure_each,
    see,
)
from sign_recognition.benchmark.streams import (
    FOOTAGE,
    GESTURES,
    IDLE_HANDS,
    BenchmarkStream,
    Plan,
    make_streams,
)
from sign_recognition.classifier import OnnxClassifier
from sign_recognition.cli import app
from sign_recognition.datasets.shrec17 import Shrec17Clip
from sign_recognition.decision import NONE_LABEL, DecisionThresholds
from sign_recognition.landmarks import LEFT_HAND, RIGHT_HAND, Points
from sign_recognition.recognizer import Recognizer
from sign_recognition.training.calibrate import candidates
from sign_recognition.training.foreign import Track

SIGNERS = ('1', '2')
RATE_HZ = 15.0
PLAN = Plan((RATE_HZ,), streams=4, idle_minutes=1.0, talking_minutes=0.2, footage_views=1)
AT_ONCE = DecisionThresholds(0.5, 0.4, smoothing_s=0, dwell_s=0, release_s=0, rearm_s=0)
CONTRACT = contract(
    decision=AT_ONCE,
    held_out_signers=SIGNERS,
    metrics={'clip_accuracy': 0.9, 'stream_recall': 0.8, 'foreign_false_per_minute': 0.4},
)


def swipe(direction: int, frames: int = 50) -> Points:
    """(F, 22, 3) metres, y up: an open hand that goes 0.3 m aside in frames 15 to 30."""
    hand = np.zeros((22, 3))
    for finger in range(5):
        for joint in range(4):
            x, y = 0.02 * (2 - finger), 0.08 + 0.02 * joint
            hand[2 + 4 * finger + joint] = (x, y, 0.6 - 0.003 * joint)
    hand[:2] = ((0, 0, 0.6), (0, 0.04, 0.6))
    share = np.interp(np.arange(frames), (15, 30), (0, 1))[:, None, None]
    return np.asarray(hand + direction * 0.3 * share * np.array((1, 0, 0)))


@pytest.fixture(scope='module')
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two signers, who swipe to either side twice."""
    root = tmp_path_factory.mktemp('shrec17')
    rows = []
    for subject in SIGNERS:
        for label, direction in ((7, 1), (8, -1)):
            for attempt in (1, 2):
                joints = swipe(direction)
                folder = root / f'gesture_{label}/finger_2/subject_{subject}/essai_{attempt}'
                folder.mkdir(parents=True)
                np.savetxt(folder / 'skeletons_world.txt', joints.reshape(len(joints), 66))
                rows.append(f'{label} 2 {subject} {attempt} {label} {2 * label} {len(joints)}')
    (root / 'train_gestures.txt').write_text('\n'.join(rows))
    return root


@pytest.fixture(scope='module')
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp('cache')


@pytest.fixture(scope='module')
def people(data: Path, cache: Path) -> People:
    hands = np.full((40, 42, 3), 0.5, np.float32)
    footage = [Track(hands, np.arange(40) / 20, 'asl8/somebody')]
    return People(read_takes(data, SIGNERS, LABELS, cache, Console(quiet=True)), footage)


@pytest.fixture(scope='module')
def streams(people: People) -> list[BenchmarkStream]:
    return list(make_streams(people, PLAN))


@pytest.fixture
def clips(data: Path) -> list[Shrec17Clip]:
    return read_unseen_clips(data, SIGNERS, LABELS)


class _Listener:
    """A model that tells when it is asked: not of hands that are gone."""

    contract = CONTRACT

    def __call__(self, window: object) -> np.ndarray:
        self._is_asked = True
        return np.eye(len(LABELS), dtype=np.float32)[LABELS.index(NONE_LABEL)]

    def times_s(self, stream: BenchmarkStream) -> Iterator[float]:
        recognizer = Recognizer(self)
        for frame in stream.film():
            self._is_asked = False
            recognizer.step(frame)
            if self._is_asked:
                yield frame.stamp_ns / 1e9


class Knowing:
    """A model that knows the streams it will see, in their order.

    Args:
        streams: what it will see.
        says: the label and score at a time of a stream.
    """

    contract = CONTRACT

    def __init__(
        self,
        streams: Sequence[BenchmarkStream],
        says: Callable[[BenchmarkStream, float], tuple[str, float]],
    ) -> None:
        asked = ((stream, time_s) for stream in streams for time_s in _Listener().times_s(stream))
        self._scores = (self._probabilities(*says(stream, time_s)) for stream, time_s in asked)

    def __call__(self, window: object) -> np.ndarray:
        return next(self._scores)

    @staticmethod
    def _probabilities(label: str, score: float) -> np.ndarray:
        scores = np.zeros(len(LABELS), np.float32)
        scores[LABELS.index(NONE_LABEL)] = 1 - score
        scores[LABELS.index(label)] += score
        return scores


def truth(stream: BenchmarkStream, time_s: float) -> tuple[str, float]:
    """The gesture at the end of its stroke."""
    at = (each.label for each in stream.truth if -0.1 <= time_s - each.end_s <= 0.25)
    return next(at, NONE_LABEL), 1.0


def silence(stream: BenchmarkStream, time_s: float) -> tuple[str, float]:
    return NONE_LABEL, 1.0


def alarm(stream: BenchmarkStream, time_s: float) -> tuple[str, float]:
    """The truth, and where nothing is performed a swipe in the tenth second, not so sure."""
    if not stream.truth:
        return ('Swipe Left', 0.7) if 10 <= time_s < 10.3 else (NONE_LABEL, 1.0)
    return truth(stream, time_s)


def figures_of(
    streams: Sequence[BenchmarkStream], says: Callable[..., tuple[str, float]]
) -> dict[str, float]:
    return online.figures(online.judge(streams, Knowing(streams, says)))


class TestOnline:
    def test_who_knows_all_gets_all(self, streams: list[BenchmarkStream]) -> None:
        found = figures_of(streams, truth)
        shares = ('detection_rate', 'repeats_found', 'event_jaccard', 'levenshtein_accuracy')
        assert [found[name] for name in shares] == [1.0] * 4
        assert found['false_positive_ratio'] == found['false_per_hour'] == 0
        assert found['idle_false_per_hour'] == 0
        assert -0.1 <= found['delay_after_end_p50_s'] <= 0.05
        assert online.meets('detection_rate', found['detection_rate'])

    def test_who_says_nothing_finds_nothing(self, streams: list[BenchmarkStream]) -> None:
        found = figures_of(streams, silence)
        assert found['detection_rate'] == found['event_jaccard'] == found['repeats_found'] == 0
        assert found['false_positive_ratio'] == found['idle_false_per_hour'] == 0
        assert np.isnan(found['delay_after_end_p50_s'])
        assert online.meets('delay_after_end_p50_s', np.nan) is None

    def test_on_all_cores_it_is_the_same(
        self, streams: list[BenchmarkStream], tmp_path: Path
    ) -> None:
        model = write_model(tmp_path / 'model.onnx', CONTRACT.to_metadata())
        alone = online.judge(streams, OnnxClassifier(model))
        parallel = [*online.judge_in_parallel(streams, model)]
        assert [each.stream for each in parallel] == streams
        assert any(each.outcome.detections for each in alone)
        for one, other in zip(alone, parallel, strict=True):
            assert one.outcome.detections == other.outcome.detections
            assert np.array_equal(one.outcome.trace.times_s, other.outcome.trace.times_s)
            assert np.array_equal(
                one.outcome.trace.probabilities, other.outcome.trace.probabilities
            )

    def test_a_false_event_is_laid_to_its_movement(self, streams: list[BenchmarkStream]) -> None:
        judged = online.judge(streams, Knowing(streams, alarm))
        (idle,) = (each for each in judged if each.stream.group == IDLE_HANDS)
        found = online.figures(judged)
        assert found['idle_false_per_hour'] == pytest.approx(3600 / idle.outcome.duration_s)
        assert found['detection_rate'] == 1.0
        causes = [each for each in online.causes(judged) if each.group == IDLE_HANDS]
        assert [cause.labels for cause in causes] == [{'Swipe Left': 1}]
        assert causes[0].movement == idle.stream.part_at(9.9)

    def test_another_gesture_and_a_second_time_are_told_apart(
        self, streams: list[BenchmarkStream]
    ) -> None:
        def both(stream: BenchmarkStream, time_s: float) -> tuple[str, float]:
            for each in stream.truth:
                if 0 <= time_s - each.end_s <= 0.3:
                    return each.label, 1.0
                if 0.45 <= time_s - each.end_s <= 0.6:
                    return next(x for x in LABELS if x not in (each.label, NONE_LABEL)), 1.0
            return NONE_LABEL, 1.0

        some = [each for each in streams if each.group == GESTURES][:1]
        causes = online.causes(online.judge(some, Knowing(some, both)))
        told = {cause.movement: cause.labels for cause in causes}
        shown = Counter(each.label for each in some[0].truth)
        assert told == {
            f'instead of {label}, or beside it': {other: shown[label]}
            for label, other in (LABELS[:2], LABELS[1::-1])
        }

    def test_streams_are_the_same_every_time(
        self, people: People, streams: list[BenchmarkStream]
    ) -> None:
        again = list(make_streams(people, PLAN))
        assert [each.name for each in again] == [each.name for each in streams]
        for one, other in zip(streams, again, strict=True):
            assert one.truth == other.truth
            for before, after in zip(one.film(), other.film(), strict=True):
                assert before.stamp_ns == after.stamp_ns
                assert np.array_equal(before.points, after.points, equal_nan=True)

    def test_every_moment_is_something_and_one_gesture_comes_twice(
        self, streams: list[BenchmarkStream]
    ) -> None:
        for stream in (each for each in streams if each.group != FOOTAGE):
            ends = [0.0, *(part.end_s for part in stream.parts)]
            assert [part.start_s for part in stream.parts] == pytest.approx(ends[:-1])
            labels = [each.label for each in stream.truth]
            assert len(labels) == (9 if stream.group == GESTURES else 0)
            if labels:
                assert any(a == b for a, b in zip(labels, labels[1:], strict=False))

    def test_hands_go_where_the_truth_says(self, people: People) -> None:
        plan = Plan((30.0,), streams=12, idle_minutes=0, talking_minutes=0, footage_views=0)
        sides, right = set(), []
        for stream in make_streams(people, plan):
            frames = stream.film()
            sees_left = np.mean([f.sees(LEFT_HAND) and not f.sees(RIGHT_HAND) for f in frames])
            part = LEFT_HAND if sees_left > 0.5 else RIGHT_HAND
            sides.add(part.start)
            x = np.array([frame.points[part][0, 0] for frame in frames])
            at_s = np.array([frame.stamp_ns / 1e9 for frame in frames])
            for each in stream.truth:
                seen = x[(at_s > each.start_s) & (at_s < each.end_s) & np.isfinite(x)]
                if len(seen) > 3:
                    right.append((seen[-1] > seen[0]) == (each.label == 'Swipe Right'))
        assert sides == {0, 21}
        assert len(right) > 80 and np.mean(right) > 0.9

    def test_a_faster_camera_sees_the_same(self, people: People) -> None:
        plan = replace(PLAN, rates_hz=(15.0, 60.0), streams=2, idle_minutes=0, footage_views=0)
        slow, fast, *_ = make_streams(people, plan)
        assert slow.truth == fast.truth
        assert len(fast.film()) > 3.5 * len(slow.film())
        wrists = []
        for stream in (slow, fast):
            wrists.append(np.nanmedian([f.points[[0, 21], 0] for f in stream.film()]))
        assert wrists[0] == pytest.approx(wrists[1], abs=0.02)


def test_each_bound_on_none_says_more_than_the_start() -> None:
    # Scores sum to 1: beside a start of 0.7, `none` is below 0.3 without a bound.
    bounded = [each for each in candidates(0.2) if each.none_score < 1]
    assert bounded
    assert all(each.start_score + each.none_score < 1 for each in bounded)


@pytest.fixture
def few_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    some = [
        DecisionThresholds(start, 0.4, 0, dwell_s) for start in (0.5, 0.8) for dwell_s in (0, 0.1)
    ]
    monkeypatch.setattr('sign_recognition.benchmark.calibration.candidates', lambda _: some)


@pytest.mark.usefixtures('few_candidates')
class TestCalibration:
    @staticmethod
    def best(streams: list[BenchmarkStream], says: Callable[..., tuple[str, float]], bound: float):
        judged = online.judge(streams, Knowing(streams, says))
        return choose(judged, bound, lambda each, _: each, {'Swipe Left': 0.05})

    def test_thresholds_shut_out_what_is_less_sure(self, streams: list[BenchmarkStream]) -> None:
        choice = self.best(streams, alarm, bound=0)
        assert choice.thresholds.start_score == 0.8
        assert choice.thresholds.label_dwell_s == {'Swipe Left': 0.05}
        assert choice.figures['detection_rate'] == 1.0
        assert choice.figures['idle_false_per_hour'] == 0

    def test_a_bound_that_cannot_be_kept_is_said(self, streams: list[BenchmarkStream]) -> None:
        def sure(stream: BenchmarkStream, time_s: float) -> tuple[str, float]:
            return ('Swipe Left', 1.0) if time_s % 10 > 5 else (NONE_LABEL, 1.0)

        with pytest.raises(CalibrationError, match=r'max_false_per_hour: 6, the least .* is \d{3}'):
            self.best(streams, sure, bound=6)

    def test_thresholds_that_find_nothing_in_time_are_none(
        self, streams: list[BenchmarkStream]
    ) -> None:
        def late(stream: BenchmarkStream, time_s: float) -> tuple[str, float]:
            return truth(stream, time_s - 0.4)

        with pytest.raises(CalibrationError, match=r'6: no thresholds that keep it .* 0\.25 s'):
            self.best(streams, late, bound=6)


class Following:
    """A model of whole clips that sees where the hand went."""

    def __init__(self, **facts: object) -> None:
        facts = {'clip_fit': 'resample', 'window_frames': 32} | facts
        self.contract = replace(CONTRACT, **facts)

    def __call__(self, window: Points) -> np.ndarray:
        x = np.nanmean(np.stack((window[:, LEFT_HAND, 0], window[:, RIGHT_HAND, 0])), axis=(0, 2))
        seen = x[np.isfinite(x)]
        way = float(np.median(seen[-5:]) - np.median(seen[:5]))
        return np.array([max(way, 0), max(-way, 0), 1], np.float32)


class TestRobustness:
    @pytest.mark.parametrize('space', ['image', 'world'])
    @pytest.mark.filterwarnings('ignore:Mean of empty slice')
    def test_a_model_that_sees_the_way_is_right_in_every_cell(
        self, clips: list[Shrec17Clip], space: str
    ) -> None:
        following = Following(space=space)
        cells = [measure(each, following, clips, 0) for each in conditions(space)]
        assert {cell.figures.accuracy for cell in cells} == {1.0}
        groups = {cell.condition.group for cell in cells}
        assert ('distance' in groups) == (space == 'image')

    @pytest.mark.filterwarnings('ignore:Mean of empty slice')
    def test_a_model_of_streams_sees_the_clip_as_a_stream(self, clips: list[Shrec17Clip]) -> None:
        following = Following(clip_fit='newest', window_frames=24, rate_hz=20.0)
        assert measure(conditions('image')[0], following, clips, 0).figures.accuracy == 1.0

    def test_on_all_cores_it_is_the_same(self, clips: list[Shrec17Clip], tmp_path: Path) -> None:
        model = write_model(tmp_path / 'model.onnx', CONTRACT.to_metadata())
        wanted = [
            Condition('usual', ''),
            Condition('rate', '15 Hz', 15.0),
            Condition('rate', '30 Hz', 30.0),
        ]
        classifier = OnnxClassifier(model)
        alone, parallel = (
            robustness_report(classifier, SIGNERS, 0, cells)
            for cells in (
                [measure(each, classifier, clips, 0) for each in wanted],
                list(measure_each(wanted, model, clips, 0)),
            )
        )
        assert [cell['level'] for cell in parallel['cells']] == ['', '15 Hz', '30 Hz']
        assert parallel == alone

    def test_none_is_no_answer(self, clips: list[Shrec17Clip]) -> None:
        class Silent(Following):
            def __call__(self, window: Points) -> np.ndarray:
                return np.array([0, 0, 1], np.float32)

        assert measure(conditions('image')[0], Silent(), clips, 0).figures.accuracy == 0.5

    def test_conditions_do_what_they_say(self, clips: list[Shrec17Clip]) -> None:
        def seen(**changes: float) -> tuple[np.ndarray, Points]:
            rng = np.random.default_rng(0)
            return see(clips[0], Condition('', '', **changes), 'image', rng)

        times_s, points = seen(noise=0)
        assert seen(rate_hz=60)[0][1] == pytest.approx(times_s[1] / 2)
        assert len(seen(speed=0.5)[0]) > 1.5 * len(times_s)
        lost = np.isnan(seen(lost=0.3)[1][:, RIGHT_HAND.start, 0])
        assert lost.sum() == round(0.3 * len(lost))
        palm = [
            np.linalg.norm(p[0, RIGHT_HAND.start + 9, :2] - p[0, RIGHT_HAND.start, :2])
            for p in (points, seen(noise=0, distance=2)[1])
        ]
        assert palm[0] == pytest.approx(2 * palm[1], rel=0.05)
        assert np.isfinite(seen(left_hand=True)[1][:, LEFT_HAND]).all()
        rough = seen(noise=2)[1] - points
        fine = seen(noise=1)[1] - points
        assert np.allclose(rough[:, RIGHT_HAND], 2 * fine[:, RIGHT_HAND], atol=1e-5)

    def test_the_picture_is_the_same_every_time(
        self, clips: list[Shrec17Clip], tmp_path: Path
    ) -> None:
        cells = [measure(conditions('image')[0], Following(), clips, 0)]
        for name in ('one.png', 'other.png'):
            robustness_picture('tiny', cells, tmp_path / name)
        assert (tmp_path / 'one.png').read_bytes() == (tmp_path / 'other.png').read_bytes()
        assert len([*tmp_path.iterdir()]) == 2


class TestPeople:
    def test_the_model_says_whom_it_never_saw(self) -> None:
        assert chosen_signers(CONTRACT, '') == SIGNERS
        assert chosen_signers(CONTRACT, ' 2,') == ('2',)
        assert chosen_signers(contract(), '4, 9') == ('4', '9')

    def test_a_signer_that_it_saw_is_refused(self) -> None:
        with pytest.raises(BenchmarkError, match='was trained on 3, allowed are 1, 2'):
            chosen_signers(CONTRACT, '2,3')

    def test_a_model_that_does_not_say_wants_an_option(self) -> None:
        with pytest.raises(BenchmarkError, match='--signers 4,9,15,22'):
            chosen_signers(contract(), '')


class TestCommands:
    @pytest.fixture
    def model(self, tmp_path: Path) -> Path:
        return write_model(tmp_path / 'tiny.onnx', CONTRACT.to_metadata())

    @staticmethod
    def call(*arguments: object) -> tuple[int, str]:
        result = CliRunner().invoke(app, [str(each) for each in arguments])
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result.exit_code, result.output

    def online(self, model: Path, data: Path, cache: Path, *more: object) -> tuple[int, str]:
        few = ('--streams', 2, '--idle-minutes', 0.2, '--talking-minutes', 0.1, '--rates', '15')
        given = ('--model', model, '--data', data, '--cache', cache, *few, *more)
        return self.call('benchmark', 'online', *given)

    def test_online_writes_the_same_report_twice(
        self, model: Path, data: Path, cache: Path, tmp_path: Path
    ) -> None:
        for name in ('one', 'other'):
            outputs = ('--report', tmp_path / f'{name}.json', '--html', tmp_path / f'{name}.html')
            code, output = self.online(model, data, cache, *outputs)
            assert code == 0, output
        assert 'gestures found' in output and '93.0%' in output
        for suffix in ('json', 'html'):
            one, other = (tmp_path / f'{name}.{suffix}' for name in ('one', 'other'))
            assert one.read_bytes() == other.read_bytes()
        content = json.loads((tmp_path / 'one.json').read_text())
        assert content['signers'] == ['1', '2'] and content['rates'].keys() == {'15'}
        assert sum(row['shown'] for row in content['gestures'].values()) == 18

    def test_robustness_writes_a_row_for_each_condition(
        self, model: Path, data: Path, tmp_path: Path
    ) -> None:
        report, picture = tmp_path / 'r.json', tmp_path / 'r.png'
        code, output = self.call(
            'benchmark', 'robustness', '--model', model, '--data', data, '--report', report,
            '--picture', picture,
        )  # fmt: skip
        assert code == 0, output
        assert len(json.loads(report.read_text())['cells']) == len(conditions('image'))
        assert picture.read_bytes().startswith(b'\x89PNG')

    @pytest.mark.usefixtures('few_candidates')
    def test_calibrate_writes_thresholds_and_takes_away_what_the_old_ones_gave(
        self, model: Path, data: Path, cache: Path, tmp_path: Path
    ) -> None:
        before, out = model.read_bytes(), tmp_path / 'calm.onnx'
        given = ('--model', model, '--data', data, '--cache', cache)
        few = ('--streams', 1, '--idle-minutes', 1, '--max-false-per-hour', 1e6)
        code, output = self.call('calibrate', *given, *few, '--out', out)
        assert code == 0, output
        assert model.read_bytes() == before
        calm = OnnxClassifier(out)
        assert calm.contract.decision != CONTRACT.decision
        assert calm.contract.metrics == {'clip_accuracy': 0.9}
        unchanged = replace(calm.contract, decision=AT_ONCE, metrics=CONTRACT.metrics)
        assert unchanged == CONTRACT
        window = np.full((8, 75, 3), 0.9, np.float32)
        assert np.array_equal(calm(window), OnnxClassifier(model)(window))

    @pytest.mark.parametrize(
        ('more', 'named'),
        [
            (('--rates', '15,fast'), "rates: '15,fast', allowed are numbers"),
            (('--signers', '3'), 'was trained on 3, allowed are 1, 2'),
            (('--report', 'no/such/folder.json'), 'is no folder'),
            (('--data', '/'), "data: / holds no SHREC'17"),
            (('--model', 'alexnet'), "model: 'alexnet' is neither"),
        ],
    )
    def test_what_cannot_be_is_one_line(
        self, model: Path, data: Path, cache: Path, more: tuple[str, str], named: str
    ) -> None:
        code, output = self.online(model, data, cache, *more)
        assert code == 2
        assert output.startswith('error: ') and named in output and output.count('\n') == 1
