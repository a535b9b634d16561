"""Each kind on small files of its real format: the right numbers in the right places."""

import csv
import json

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sign_recognition.datasets.clip import DatasetError
from sign_recognition.datasets.collection import ImportOptions
from sign_recognition.datasets.importing import KINDS, open_source
from sign_recognition.landmarks import LEFT_HAND, POSE, POSE_NAMES, RIGHT_HAND

LEFT_SHOULDER = POSE.start + POSE_NAMES.index('left_shoulder')
RIGHT_SHOULDER = POSE.start + POSE_NAMES.index('right_shoulder')


def read(kind, path, **options):
    """All clips of a source, by id."""
    return {
        item.id: item.read() for item in open_source(kind, path, ImportOptions(**options)).items
    }


def parts(frames=4, seed=0):
    """Pose with visibility, left and right hand, as Holistic gives them: all between 0.1 and 1."""
    rng = np.random.default_rng(seed)
    shapes = ((33, 4), (21, 3), (21, 3))
    return [rng.uniform(0.1, 1, (frames, *shape)).astype(np.float32) for shape in shapes]


def write_mp_data(folder, pose, left, right, face=True):
    folder.mkdir(parents=True)
    for number in range(len(pose)):
        faces = [np.full(468 * 3, 0.7)] if face else []
        values = [pose[number].ravel(), *faces, left[number].ravel(), right[number].ravel()]
        np.save(folder / f'{number}.npy', np.concatenate(values))


def write_pack(path, clips, **changes):
    pose, left, right = (np.concatenate(each) for each in zip(*clips, strict=True))
    arrays = {
        'pose': pose, 'left_hand': left, 'right_hand': right,
        'offsets': np.cumsum([0, *(len(each[0]) for each in clips)]),
        'label': np.array([f'sign{i}' for i in range(len(clips))]),
        'signer': np.array([f's{i}' for i in range(len(clips))]),
    }  # fmt: skip
    np.savez_compressed(path, **(arrays | changes))


def write_asl_signs(root, first_frame=20):
    """One clip of two frames: landmark i of a part lies at (i / 100, 0.3, part)."""
    rows = []
    for frame in (first_frame, first_frame + 1):
        for part, (name, count) in enumerate(
            (('face', 468), ('left_hand', 21), ('pose', 33), ('right_hand', 21))
        ):
            unseen = name == 'left_hand' and frame > first_frame
            for i in range(count):
                place = (np.nan,) * 3 if unseen else (i / 100, 0.3, float(part))
                rows.append((frame, f'{frame}-{name}-{i}', name, i, *place))
    names = ('frame', 'row_id', 'type', 'landmark_index', 'x', 'y', 'z')
    types = (pa.int16(), pa.string(), pa.string(), pa.int16(), *(pa.float64(),) * 3)
    columns = [pa.array(each, t) for each, t in zip(zip(*rows, strict=True), types, strict=True)]
    file = root / 'train_landmark_files' / '26734' / '1000035562.parquet'
    file.parent.mkdir(parents=True)
    pq.write_table(pa.table(columns, names), file)
    (root / 'sign_to_prediction_index_map.json').write_text('{"TV": 0, "after": 1, "blow": 2}')
    path = 'train_landmark_files/26734/1000035562.parquet'
    (root / 'train.csv').write_text(
        f'path,participant_id,sequence_id,sign\n{path},26734,1000035562,blow\n'
        'train_landmark_files/1/2.parquet,1,2,TV\n'
    )


def write_video(path, frames=12, rate_hz=25.0, size_px=(96, 64)):
    """Frame i is grey of the value 10 i."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), rate_hz, size_px)
    for number in range(frames):
        writer.write(np.full((size_px[1], size_px[0], 3), 10 * number, np.uint8))
    writer.release()


class SeenValues:
    """Instead of MediaPipe: a hand in the middle of the image, as deep as the image is bright."""

    def __init__(self, config):
        self.config = config

    def detect(self, image_rgb, stamp_ns):
        from sign_recognition.landmarks import LandmarkFrame, empty_points

        height, width = image_rgb.shape[:2]
        points = empty_points()
        points[RIGHT_HAND] = (0.5, 0.5 * height / width, image_rgb.mean())
        return LandmarkFrame(stamp_ns, (width, height), points, self.config.mirrored)

    def close(self):
        pass


@pytest.fixture
def seen(monkeypatch):
    """Videos without MediaPipe."""
    monkeypatch.setattr('sign_recognition.datasets.extraction.make_detector', SeenValues)


def frames_of(clip, scale=1.0):
    """The numbers of the frames that were read, of images whose box has that width."""
    return [round(float(z) / scale / 10) for z in clip.points[:, RIGHT_HAND.start, 2]]


# mp-data


@pytest.mark.parametrize('face', [True, False])
def test_mp_data(tmp_path, face):
    pose, left, right = parts()
    left[1] = 0  # not seen
    write_mp_data(tmp_path / 'hello' / '7', pose, left, right, face)
    write_mp_data(tmp_path / 'thanks' / 'ann' / '0', *parts(3))
    clips = read('mp-data', tmp_path)
    assert {id: (c.label, c.signer) for id, c in clips.items()} == {
        'hello/7': ('hello', ''),
        'thanks/ann/0': ('thanks', 'ann'),
    }
    points = clips['hello/7'].points
    assert np.isnan(points[1, LEFT_HAND]).all() and np.isfinite(points[0]).all()
    scale = np.array((1, 0.75, 1), np.float32)
    np.testing.assert_allclose(points[:, RIGHT_HAND], right * scale)
    np.testing.assert_allclose(points[:, POSE], pose[..., :3] * scale)
    assert not clips['hello/7'].mirrored


def test_hands_of_mirror_images_change_places(tmp_path):
    pose, left, right = parts()
    write_mp_data(tmp_path / 'hello' / '0', pose, left, right)
    points = read('mp-data', tmp_path, mirrored=True, aspect=1.0)['hello/0'].points
    np.testing.assert_allclose(points[:, LEFT_HAND], right)
    np.testing.assert_allclose(points[:, LEFT_SHOULDER], pose[:, 12, :3])
    np.testing.assert_allclose(points[:, RIGHT_SHOULDER], pose[:, 11, :3])


def test_a_lost_frame_of_mp_data_leaves_its_time(tmp_path):
    write_mp_data(tmp_path / 'hello' / '0', *parts(5))
    (tmp_path / 'hello' / '0' / '2.npy').unlink()
    clip = read('mp-data', tmp_path, rate_hz=10.0)['hello/0']
    np.testing.assert_allclose(clip.times_s, [0, 0.1, 0.3, 0.4])


@pytest.mark.parametrize(
    ('name', 'data', 'message'),
    [
        ('1.npy', b'', '1.npy: no numpy array'),
        ('1.npy', b'\x93NUMPY\x01\x00', '1.npy: no numpy array'),
        ('one.npy', b'', 'named by number'),
    ],
)
def test_broken_mp_data_is_named(tmp_path, name, data, message):
    write_mp_data(tmp_path / 'hello' / '0', *parts(2))
    (tmp_path / 'hello' / '0' / name).write_bytes(data)
    with pytest.raises(DatasetError, match=message):
        read('mp-data', tmp_path)


def test_other_counts_of_values_are_refused(tmp_path):
    (tmp_path / 'hello' / '0').mkdir(parents=True)
    np.save(tmp_path / 'hello' / '0' / '0.npy', np.zeros(126))
    with pytest.raises(DatasetError, match=r'126 values of float64, allowed .*\(1662, 258\)'):
        read('mp-data', tmp_path)


# npz


def test_packs(tmp_path):
    one, other = parts(4), parts(2, seed=1)
    one[1][2] = 0
    types = np.array(['sign', 'transition'])
    write_pack(tmp_path / 'pack.npz', [one, other], type=types)
    clips = read('npz', tmp_path / 'pack.npz', aspect=1.0, rate_hz=15.0)
    assert [(c.id, c.label, c.signer, c.rate_hz) for c in clips.values()] == [
        ('pack-0', 'sign0', 's0', 15.0),
        ('pack-1', 'none', 's1', 15.0),
    ]
    points = clips['pack-0'].points
    assert np.isnan(points[2, LEFT_HAND]).all()
    np.testing.assert_array_equal(points[:, RIGHT_HAND], one[2])
    np.testing.assert_array_equal(clips['pack-1'].points[:, POSE], other[0][..., :3])


def test_a_pack_of_some_body_points(tmp_path):
    pose, left, right = parts(3)
    index = np.array([0, 11, 12])
    write_pack(tmp_path / 'pack.npz', [(pose[:, index], left, right)], pose_index=index)
    points = read('npz', tmp_path / 'pack.npz', aspect=1.0)['pack-0'].points
    np.testing.assert_array_equal(points[:, LEFT_SHOULDER], pose[:, 11, :3])
    assert np.isfinite(points[:, POSE, 0]).sum() == 3 * len(index)


def test_nsl_is_in_no_image(tmp_path):
    write_pack(tmp_path / 'nsl.npz', [parts(3)])
    assert read('npz', tmp_path / 'nsl.npz')['nsl-0'].space == 'normalised'


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'offsets': np.array([0, 4])}, 'offsets: 2, allowed is 3'),
        ({'offsets': np.array([0, 6, 6])}, 'offsets: do not increase'),
        ({'left_hand': np.zeros((6, 20, 3), np.float32)}, r'left_hand: \(6, 20, 3\)'),
        ({'signer': np.array(['a'])}, 'signer: 1, allowed is 2'),
        ({'right_hand': np.zeros((6, 21, 3), int)}, 'right_hand: allowed are floats'),
    ],
)
def test_a_wrong_pack_is_named(tmp_path, changes, message):
    write_pack(tmp_path / 'pack.npz', [parts(4), parts(2)], **changes)
    with pytest.raises(DatasetError, match=rf'pack\.npz: .*{message}'):
        read('npz', tmp_path / 'pack.npz')


def test_a_broken_pack_is_named(tmp_path):
    path = tmp_path / 'pack.npz'
    write_pack(path, [parts(200), parts(200)])
    data = path.read_bytes()
    flipped = bytearray(data)
    flipped[len(data) // 3] ^= 0xFF
    for broken in (data[: len(data) // 2], b'', b'PK nothing', bytes(flipped)):
        path.write_bytes(broken)
        with pytest.raises(DatasetError, match=r'pack\.npz: '):
            read('npz', path)


# asl-signs


def test_asl_signs(tmp_path):
    write_asl_signs(tmp_path)
    items = {item.id: item for item in open_source('asl-signs', tmp_path, ImportOptions()).items}
    clip = items['1000035562'].read()
    assert (clip.label, clip.signer, clip.rate_hz) == ('blow', '26734', 30.0)
    assert clip.points.shape == (2, 75, 3)
    np.testing.assert_allclose(clip.points[0, LEFT_HAND, 0], np.arange(21) / 100)
    np.testing.assert_allclose(clip.points[0, POSE, 2], 2.0)
    np.testing.assert_allclose(clip.points[0, RIGHT_HAND], [[i / 100, 0.4, 3] for i in range(21)])
    assert np.isnan(clip.points[1, LEFT_HAND]).all()
    with pytest.raises(DatasetError, match=r'1/2\.parquet'):
        items['2'].read()


def test_first_classes_of_asl_signs(tmp_path):
    write_asl_signs(tmp_path)
    source = open_source('asl-signs', tmp_path, ImportOptions(classes=2))
    assert [item.id for item in source.items] == ['2']


@pytest.mark.parametrize(
    ('file', 'text', 'message'),
    [
        ('train.csv', 'path,sign\n', r"train\.csv: has no column \['participant_id"),
        ('train.csv', 'path,participant_id,sequence_id,sign\na,1\n', r'train\.csv:2'),
        ('train.csv', 'path,participant_id,sequence_id,sign\na,1,2,moo\n', "sign 'moo'"),
        ('sign_to_prediction_index_map.json', '{"TV"', 'no JSON'),
    ],
)
def test_a_broken_index_of_asl_signs_is_named(tmp_path, file, text, message):
    write_asl_signs(tmp_path)
    (tmp_path / file).write_text(text)
    with pytest.raises(DatasetError, match=message):
        open_source('asl-signs', tmp_path, ImportOptions())


def test_a_clip_of_asl_signs_without_some_points_is_refused(tmp_path):
    write_asl_signs(tmp_path)
    file = next(tmp_path.rglob('*.parquet'))
    table = pq.read_table(file)
    pq.write_table(table.slice(0, table.num_rows - 3), file)
    with pytest.raises(DatasetError, match='147 points .* in 2 frames, allowed are 75 a frame'):
        read('asl-signs', tmp_path)


# csv


def table_rows():
    """Two clips: the right wrist moves, the left one is seen in the first frame alone."""
    for clip, label, count in (('a', 'up', 3), ('b', 'down', 2)):
        for frame in range(count):
            left = (0.1, 0.2, 0.3) if frame == 0 else ('', '', '')
            yield [clip, frame, label, f's-{clip}', 'train', *left, 0.1 * frame, 0.5, -0.5]


TABLE_HEAD = ['clip', 'frame', 'label', 'signer', 'split']
TABLE_HEAD += [f'{part}_0_{axis}' for part in ('left_hand', 'right_hand') for axis in 'xyz']


def write_table(path, rows, head=TABLE_HEAD):
    with path.open('w', newline='') as file:
        csv.writer(file).writerows([head, *rows])


def test_tables(tmp_path):
    write_table(tmp_path / 'signs.csv', table_rows())
    clips = read('csv', tmp_path / 'signs.csv', rate_hz=10.0, aspect=0.5)
    assert [(c.id, c.label, c.signer, c.official) for c in clips.values()] == [
        ('a', 'up', 's-a', 'train'),
        ('b', 'down', 's-b', 'train'),
    ]
    points = clips['a'].points
    np.testing.assert_allclose(
        points[:, RIGHT_HAND.start], [[x, 0.25, -0.5] for x in (0, 0.1, 0.2)]
    )
    np.testing.assert_allclose(points[0, 0], [0.1, 0.1, 0.3])
    assert np.isnan(points[1:, 0]).all() and np.isnan(points[:, POSE]).all()
    assert clips['a'].rate_hz == pytest.approx(10.0)


def test_a_table_without_depth_is_flat(tmp_path):
    """Most networks take a hand of which any coordinate is NaN for one that was not seen."""
    places = [i for i, name in enumerate(TABLE_HEAD) if not name.endswith('_z')]
    rows = [[row[i] for i in places] for row in table_rows()]
    write_table(tmp_path / 'signs.csv', rows, [TABLE_HEAD[i] for i in places])
    points = read('csv', tmp_path / 'signs.csv')['a'].points
    np.testing.assert_allclose(
        points[:, RIGHT_HAND.start], [[x, 0.5, 0] for x in (0, 0.1, 0.2)], atol=1e-6
    )
    np.testing.assert_allclose(points[0, 0], [0.1, 0.2, 0], atol=1e-6)
    assert np.isnan(points[1:, 0]).all() and np.isnan(points[:, POSE]).all()


def test_times_of_a_table(tmp_path):
    rows = [[*row, t] for row, t in zip(table_rows(), (5.0, 5.1, 5.4, 0.0, 0.2), strict=True)]
    write_table(tmp_path / 'signs.csv', rows, [*TABLE_HEAD, 'time_s'])
    clips = read('csv', tmp_path / 'signs.csv')
    np.testing.assert_allclose(clips['a'].times_s, [0, 0.1, 0.4])
    assert clips['b'].rate_hz == pytest.approx(5.0)


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('', 'signs.csv: '),
        ('a,b\n1,2\n', r"has no column \['clip', 'frame', 'label'\]"),
        ('clip,frame,label\na,0,x\n', 'has no column like right_hand_0_x'),
        ('clip,frame,label,pose_33_x\na,0,x,1\n', "'pose_33_x', allowed are points 0 to 32"),
        ('clip,frame,label,pose_0_x,pose_0_y\na,0,x,far,1\n', 'far'),
        ('clip,frame,label,pose_0_x,pose_0_y\na,first,x,1,1\n', 'first'),
        ('clip,frame,label,pose_0_x,pose_0_y\na,0,x,1,1\na,1,x\n', 'Expected 5 columns, got 3'),
        ('clip,frame,label,pose_0_x,pose_0_y\na,0,,1,1\n', "csv:2: no value for 'label'"),
        ('clip,frame,label,pose_0_x,pose_0_y\na,1,x,1,1\na,1,x,1,1\n', 'do not increase'),
        (
            'clip,frame,label,pose_0_x,pose_0_y\na,0,x,1,1\nb,0,x,1,1\na,1,x,1,1\n',
            "names clip 'a' more than once",
        ),
        ('clip,frame,label,pose_0_x\na,0,x,1\n', 'has no column pose_0_y, allowed are x, y and z'),
        (
            'clip,frame,label,pose_0_x,pose_0_y,pose_0_z,pose_1_x,pose_1_y\na,0,x,1,1,1,1,1\n',
            'has no column pose_1_z',
        ),
    ],
)
def test_a_wrong_table_is_named(tmp_path, text, message):
    (tmp_path / 'signs.csv').write_text(text)
    with pytest.raises(DatasetError, match=message) as error:
        read('csv', tmp_path / 'signs.csv')
    assert '\n' not in str(error.value)


# videos and images


def test_videos_in_a_folder_per_label(tmp_path, seen):
    write_video(tmp_path / 'up' / 'first.avi')
    write_video(tmp_path / 'down' / 'ann' / 'second.avi', frames=5)
    (tmp_path / 'up' / 'notes.txt').write_text('no video')
    clips = read('videos', tmp_path)
    assert {id: (c.label, c.signer, len(c.points)) for id, c in clips.items()} == {
        'down/ann/second.avi': ('down', 'ann', 5),
        'up/first.avi': ('up', '', 12),
    }
    clip = clips['up/first.avi']
    assert frames_of(clip) == list(range(12))
    assert clip.rate_hz == pytest.approx(25.0) and clip.size_px == (96, 64)
    assert clip.stamps_s is None


def test_videos_of_an_official_split(tmp_path, seen):
    write_video(tmp_path / 'train' / 'up' / 'first.avi')
    write_video(tmp_path / 'test' / 'up' / 'second.avi')
    write_video(tmp_path / 'test' / 'down' / 'ann' / 'third.avi')
    clips = read('videos', tmp_path)
    assert {id: (c.label, c.signer, c.official) for id, c in clips.items()} == {
        'train/up/first.avi': ('up', '', 'train'),
        'test/up/second.avi': ('up', '', 'test'),
        'test/down/ann/third.avi': ('down', 'ann', 'test'),
    }


def test_a_video_that_breaks_off_is_named(tmp_path, seen):
    write_video(tmp_path / 'up' / 'first.avi', frames=40)
    data = (tmp_path / 'up' / 'first.avi').read_bytes()
    (tmp_path / 'up' / 'first.avi').write_bytes(data[: len(data) // 2])
    with pytest.raises(DatasetError, match=r'first\.avi: breaks off at 0\.\d of 1\.6 s'):
        read('videos', tmp_path)


@pytest.mark.parametrize('data', [b'', b'no video'])
def test_what_is_no_video_is_named(tmp_path, seen, data):
    (tmp_path / 'up').mkdir()
    (tmp_path / 'up' / 'first.mp4').write_bytes(data)
    with pytest.raises(OSError, match=r'first\.mp4 is no video'):
        read('videos', tmp_path)


def test_pictures_in_a_folder_per_clip(tmp_path, seen):
    for name, count in (('up/1', 3), ('up/ann/2', 2)):
        (tmp_path / name).mkdir(parents=True)
        for number in range(count):
            grey = np.full((48, 64, 3), 10 * number, np.uint8)
            cv2.imwrite(str(tmp_path / name / f'{number:03d}.png'), grey)
    clips = read('images', tmp_path, rate_hz=12.0)
    assert {id: (c.signer, frames_of(c)) for id, c in clips.items()} == {
        'up/1': ('', [0, 1, 2]),
        'up/ann/2': ('ann', [0, 1]),
    }
    assert clips['up/1'].rate_hz == pytest.approx(12.0)


def test_a_broken_picture_is_named(tmp_path, seen):
    (tmp_path / 'up' / '1').mkdir(parents=True)
    (tmp_path / 'up' / '1' / '0.png').write_bytes(b'no picture')
    with pytest.raises(OSError, match=r'0\.png is no picture'):
        read('images', tmp_path)


def test_mediapipe_reads_a_video(tmp_path):
    write_video(tmp_path / 'up' / 'first.avi', frames=3)
    clip = read('videos', tmp_path)['up/first.avi']
    assert clip.points.shape == (3, 75, 3) and np.isnan(clip.points).all()


# wlasl and ms-asl

# Width of the boxes below, in widths of the image.
BOX = 0.6


def instance(video_id, url='http://signs.org/x.mp4', **changes):
    facts = {
        'bbox': [24, 16, 72, 48], 'fps': 25, 'frame_start': 1, 'frame_end': -1, 'instance_id': 0,
        'signer_id': 90, 'source': 'x', 'split': 'train', 'url': url, 'variation_id': 0,
        'video_id': video_id,
    }  # fmt: skip
    return facts | changes


@pytest.fixture
def wlasl(tmp_path, seen):
    film = 'https://www.youtube.com/watch?v=film'
    cut = {'frame_start': 4, 'frame_end': 7}
    glosses = [
        {'gloss': 'book', 'instances': [
            instance('00001'),
            instance('00002', film, split='test', signer_id=-1, **cut),
            instance('00003', film, split='val', **cut),
            instance('00004', 'http://signs.org/gone.mp4'),
        ]},
        {'gloss': 'drink', 'instances': [instance('00005')]},
    ]  # fmt: skip
    (tmp_path / 'WLASL_v0.3.json').write_text(json.dumps(glosses))
    write_video(tmp_path / 'videos' / '00001.avi')
    write_video(tmp_path / 'videos' / '00002.avi', frames=4)  # already cut
    write_video(tmp_path / 'raw_videos' / 'film.avi')
    return tmp_path


def test_wlasl(wlasl):
    clips = read('wlasl', wlasl)
    assert {id: (c.label, c.signer, c.official) for id, c in clips.items()} == {
        '00001': ('book', '90', 'train'),
        '00002': ('book', '', 'test'),
        '00003': ('book', '90', 'val'),
    }
    missing = open_source('wlasl', wlasl, ImportOptions()).missing
    assert [each.id for each in missing] == ['00004', '00005']
    # The box is half the image, and gets a tenth of itself more on either side.
    assert frames_of(clips['00001'], BOX) == list(range(12))
    assert frames_of(clips['00002'], BOX) == [0, 1, 2, 3]
    assert frames_of(clips['00003'], BOX) == [3, 4, 5, 6]
    assert clips['00003'].start_s == pytest.approx(3 / 25)
    # The middle of the box is the middle of the image.
    np.testing.assert_allclose(clips['00001'].points[0, 21, :2], [0.5, 0.5 * 64 / 96], atol=0.01)


def test_what_wlasl_wants(wlasl):
    from sign_recognition.datasets.wlasl import wanted_videos

    wanted = wanted_videos(wlasl, ImportOptions(classes=1))
    assert [(each.stem, each.folder.name) for each in wanted] == [
        ('film', 'raw_videos'),
        ('00004', 'raw_videos'),
    ]


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('{', 'WLASL_v0.3.json: no JSON'),
        ('{"a": 1}', 'allowed is a list'),
        ('[{"gloss": "book"}]', "KeyError.*'instances'"),
        (json.dumps([{'gloss': 'b', 'instances': [instance('1', split='dev')]}]), "split 'dev'"),
    ],
)
def test_a_broken_index_of_wlasl_is_named(tmp_path, text, message):
    (tmp_path / 'WLASL_v0.3.json').write_text(text)
    with pytest.raises(DatasetError, match=message):
        open_source('wlasl', tmp_path, ImportOptions())


def test_ms_asl(tmp_path, seen):
    entry = {
        'org_text': 'Fit', 'clean_text': 'fit', 'start_time': 0.12, 'signer_id': 0, 'signer': 0,
        'start': 3, 'end': 7, 'file': 'match', 'label': 830, 'height': 360.0, 'fps': 25.0,
        'end_time': 0.28, 'url': 'https://www.youtube.com/watch?v=C37R_Ix8-qs', 'text': 'match',
        'box': [0.25, 0.25, 0.75, 0.75], 'width': 640.0,
    }  # fmt: skip
    gone = entry | {'url': 'www.youtube.com/watch?v=gone', 'label': 1, 'text': 'eat'}
    (tmp_path / 'MSASL_train.json').write_text(json.dumps([entry, gone]))
    (tmp_path / 'MSASL_test.json').write_text(json.dumps([entry | {'signer_id': 7}]))
    write_video(tmp_path / 'videos' / 'C37R_Ix8-qs.avi')
    clips = read('ms-asl', tmp_path)
    assert {id: (c.label, c.signer, c.official) for id, c in clips.items()} == {
        'train-00000': ('match', '0', 'train'),
        'test-00000': ('match', '7', 'test'),
    }
    assert frames_of(clips['train-00000'], BOX) == [3, 4, 5, 6]
    (missing,) = open_source('ms-asl', tmp_path, ImportOptions()).missing
    assert (missing.id, missing.reason) == ('train-00001', 'no video gone in videos')
    first = open_source('ms-asl', tmp_path, ImportOptions(classes=2))
    assert (len(first.items), len(first.missing)) == (0, 1)


@pytest.mark.parametrize(
    ('text', 'message'), [('[{}]', 'entry 0: KeyError'), ('nothing', 'no JSON')]
)
def test_a_broken_index_of_ms_asl_is_named(tmp_path, text, message):
    (tmp_path / 'MSASL_val.json').write_text(text)
    with pytest.raises(DatasetError, match=message):
        open_source('ms-asl', tmp_path, ImportOptions())


@pytest.mark.parametrize('kind', KINDS)
def test_a_foreign_source_is_one_line(tmp_path, kind):
    (tmp_path / 'notes.txt').write_text('nothing of that kind')
    for path in (tmp_path, tmp_path / 'notes.txt'):
        with pytest.raises(DatasetError, match=str(path)) as error:
            open_source(kind, path, ImportOptions())
        assert '\n' not in str(error.value)
