"""Files, folders and the pace at which they are shown."""

import struct

import cv2
import numpy as np
import pytest

from sign_recognition.bags.messages import COMPRESSED_IMAGE, LANDMARKS
from sign_recognition.bags.storage import Record
from sign_recognition.bags.writer import BagWriter
from sign_recognition.sources.bag import BagImages
from sign_recognition.sources.base import Capture, SourceError, TruthEvent
from sign_recognition.sources.files import ImageFolder, VideoFile, fit
from sign_recognition.sources.opening import SourceConfig, open_source
from sign_recognition.sources.player import Player


def picture(value, size_px=(64, 48)):
    return np.full((size_px[1], size_px[0], 3), value, np.uint8)


@pytest.fixture
def video(tmp_path):
    path = tmp_path / 'clip.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), 25.0, (64, 48))
    for index in range(10):
        writer.write(picture(20 * index))
    writer.release()
    return path


@pytest.fixture
def folder(tmp_path):
    for index in range(3):
        cv2.imwrite(str(tmp_path / f'{index}.png'), picture(80 * index))
    (tmp_path / 'notes.txt').write_text('no picture')
    return tmp_path


def read_all(source):
    return list(iter(source.read, None))


def test_a_video_is_read_to_its_end_at_its_own_rate(video):
    captures = read_all(VideoFile(video, (640, 480)))
    assert [round(c.time_s * 25) for c in captures] == list(range(10))
    assert [round(c.image_bgr.mean() / 20) for c in captures] == list(range(10))


def test_skipping_a_video_keeps_its_time(video):
    source = VideoFile(video, (640, 480))
    source.skip()
    source.skip()
    capture = source.read()
    assert round(capture.time_s * 25) == 2
    assert round(capture.image_bgr.mean() / 20) == 2


def test_a_gif_is_a_video(tmp_path):
    from PIL import Image

    pages = [Image.fromarray(picture(60 * i)) for i in range(4)]
    pages[0].save(tmp_path / 'clip.gif', save_all=True, append_images=pages[1:], duration=100)
    captures = read_all(VideoFile(tmp_path / 'clip.gif', (640, 480)))
    assert len(captures) == 4
    assert captures[3].time_s == pytest.approx(0.3, abs=0.02)


def test_a_folder_is_read_in_order(folder):
    captures = read_all(ImageFolder(folder, (640, 480), 10.0))
    assert [c.time_s for c in captures] == [0.0, 0.1, 0.2]
    assert [int(c.image_bgr.mean()) for c in captures] == [0, 80, 160]


def test_pictures_come_in_the_order_in_which_they_were_counted(tmp_path):
    for number in (0, 2, 10):
        cv2.imwrite(str(tmp_path / f'frame{number}.png'), picture(10 * number))
    captures = read_all(ImageFolder(tmp_path, (640, 480), 10.0))
    assert [int(c.image_bgr.mean()) for c in captures] == [0, 20, 100]


def test_a_colon_in_a_name_is_no_protocol(video, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    video.rename('10:00.avi')
    assert len(read_all(VideoFile('10:00.avi', (64, 48)))) == 10


def picture_record(at_ns, image_bgr, topic='/eye/image_raw/compressed', log_ns=7 * 10**18):
    """A recorded sensor_msgs/CompressedImage, frame_id 'eye', format 'png'."""
    data = cv2.imencode('.png', image_bgr)[1].tobytes()
    texts = struct.pack('<I4sI4sI', 4, b'eye', 4, b'png', len(data))
    stamp = struct.pack('<iI', *divmod(at_ns, 10**9))
    return Record(topic, COMPRESSED_IMAGE, log_ns, b'\0\1\0\0' + stamp + texts + data)


def write_bag(path, records):
    with BagWriter(path) as writer:
        for record in records:
            writer.write(record)
    return path


def test_the_images_of_a_bag_come_at_their_stamps(tmp_path):
    stamps_ns = [5_000_000_000, 5_033_000_000, 5_500_000_000]
    records = [picture_record(at, picture(50 * n)) for n, at in enumerate(stamps_ns)]
    captures = read_all(BagImages(write_bag(tmp_path / 'bag', records), (640, 480)))
    assert [c.time_s for c in captures] == pytest.approx([0.0, 0.033, 0.5])
    assert [int(c.image_bgr.mean()) for c in captures] == [0, 50, 100]
    assert captures[0].image_bgr.shape == (48, 64, 3)


def test_images_without_stamps_come_when_they_were_recorded(tmp_path):
    records = [picture_record(0, picture(0), log_ns=at) for at in (10**18, 10**18 + 40_000_000)]
    captures = read_all(BagImages(write_bag(tmp_path / 'bag', records), (640, 480)))
    assert [c.time_s for c in captures] == pytest.approx([0.0, 0.04])


def test_a_bag_keeps_its_colours(tmp_path):
    blue = np.zeros((48, 64, 3), np.uint8)
    blue[..., 0] = 255
    source = BagImages(write_bag(tmp_path / 'bag', [picture_record(0, blue)]), (640, 480))
    np.testing.assert_array_equal(source.read().image_bgr, blue)


def test_a_bag_that_holds_no_images_says_what_it_holds(tmp_path):
    path = write_bag(tmp_path / 'bag', [Record('/landmarks', LANDMARKS, 1, b'\0\1\0\0')])
    with pytest.raises(SourceError, match='bag holds no images.*/landmarks'):
        BagImages(path, (640, 480))


def test_a_damaged_image_of_a_bag_is_one_error(tmp_path):
    record = picture_record(0, picture(0))
    cut = Record(record.topic, record.msgtype, 1, record.data[:-20])
    source = BagImages(write_bag(tmp_path / 'bag', [cut]), (640, 480))
    with pytest.raises(SourceError, match='bag: image'):
        source.read()


@pytest.mark.parametrize(
    ('size', 'expected'), [((64, 48), (64, 48)), ((32, 48), (32, 24)), ((640, 480), (64, 48))]
)
def test_images_are_made_smaller_but_never_larger(size, expected):
    assert fit(picture(0), size).shape[1::-1] == expected


def broken(tmp_path):
    (tmp_path / 'words.mp4').write_text('no video')
    (tmp_path / 'empty.mp4').write_bytes(b'')
    (tmp_path / 'nothing').mkdir()
    (tmp_path / 'bad').mkdir()
    (tmp_path / 'bad' / '0.png').write_text('no picture')


@pytest.mark.parametrize('name', ['words.mp4', 'empty.mp4', 'nothing', 'absent.mp4', 'bad'])
def test_what_is_no_source_is_one_error_that_names_it(tmp_path, name):
    broken(tmp_path)
    with pytest.raises(SourceError, match=name):
        open_source(SourceConfig(source=str(tmp_path / name)), lambda: 0.0).read()


def test_a_webcam_that_is_not_there_is_named():
    with pytest.raises(SourceError, match='97'):
        open_source(SourceConfig(source='97'), lambda: 0.0)


def test_auto_without_a_webcam_is_the_signer(monkeypatch, caplog):
    monkeypatch.setattr('sign_recognition.sources.opening.find_webcams', list)
    source = open_source(SourceConfig(source='auto'), lambda: 0.0)
    assert 'signer' in source.name
    assert 'rendered signer stands in' in caplog.text


def test_auto_without_a_webcam_and_without_a_signer_is_an_error(monkeypatch):
    monkeypatch.setattr('sign_recognition.sources.opening.find_webcams', list)
    with pytest.raises(SourceError, match='no webcam'):
        open_source(SourceConfig(source='auto', stand_in=False), lambda: 0.0)


class Clock:
    """Time that moves only when somebody waits or works."""

    def __init__(self):
        self.now_s = 1000.0

    def read_s(self):
        return self.now_s

    def wait_s(self, duration_s):
        self.now_s += duration_s


class Numbers:
    """Ten images a second, each the number of its place; a gesture from 0.2 to 0.4 s."""

    name, rate_hz, live = 'numbers', 10.0, False

    def __init__(self, clock, work_s=0.0, count=10):
        self.clock, self.work_s, self.count, self.index = clock, work_s, count, 0

    def read(self):
        if self.index >= self.count:
            return None
        self.clock.now_s += self.work_s
        self.index += 1
        return Capture((self.index - 1) / 10, picture(self.index - 1))

    def skip(self):
        self.index += 1

    def truth(self, until_s):
        return [TruthEvent('wave', 0.2, 0.4)] if until_s == 0.4 else []

    def close(self):
        self.clock = None


def play(clock, source, loop=False, count=100):
    player = Player(source, clock.read_s, clock.wait_s, loop)
    shots = []
    while len(shots) < count and (shot := player.next()):
        shots.append((round(shot.stamp_s - 1000, 6), int(shot.image_bgr[0, 0, 0]), shot.truth))
    return player, shots


def test_images_are_shown_when_they_are_due():
    clock = Clock()
    player, shots = play(clock, lambda: Numbers(clock))
    assert [(at, n) for at, n, _ in shots] == [(i / 10, i) for i in range(10)]
    assert clock.now_s == pytest.approx(1000.9)
    assert player.skipped == 0


def test_truth_is_told_in_the_time_of_the_stamps():
    clock = Clock()
    _, shots = play(clock, lambda: Numbers(clock))
    ((event,),) = [truth for _, _, truth in shots if truth]
    assert (event.start_s, event.end_s) == pytest.approx((1000.2, 1000.4))


def test_a_slow_machine_skips_images_and_stays_in_time():
    clock = Clock()
    player, shots = play(clock, lambda: Numbers(clock, work_s=0.25, count=30))
    lateness_s = [clock_s - n / 10 for clock_s, n, _ in shots]
    assert max(lateness_s) == pytest.approx(0.0)
    assert player.skipped > 10
    assert clock.now_s - 1000 == pytest.approx(3.0, abs=0.3)


def test_a_loop_goes_forward_in_time():
    clock = Clock()
    _, shots = play(clock, lambda: Numbers(clock, count=3), loop=True, count=8)
    stamps = [at for at, _, _ in shots]
    assert [n for _, n, _ in shots] == [0, 1, 2, 0, 1, 2, 0, 1]
    assert stamps == pytest.approx([i / 10 for i in range(8)])
