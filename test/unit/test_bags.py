"""Bags, written and read: whole, cut, damaged, foreign."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sqlite3
import tempfile
from collections import Counter
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from mcap.reader import make_reader
from mcap.writer import CompressionType, IndexType
from mcap.writer import Writer as McapWriter
from rosbags.highlevel import AnyReader
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin
from rosbags.rosbag2 import Writer as ForeignWriter
from rosbags.typesys import Stores, get_typestore

from sign_recognition.bags import definitions
from sign_recognition.bags.encoding import gesture_record, landmark_record
from sign_recognition.bags.mcap_file import McapFile
from sign_recognition.bags.mcap_output import McapOutput
from sign_recognition.bags.messages import gesture_event, image_rgb, landmark_frame
from sign_recognition.bags.reader import BagError, Record, is_bag, open_bag
from sign_recognition.bags.storage import Definition
from sign_recognition.bags.writer import BagWriter
from sign_recognition.decision import EventKind, GestureEvent
from sign_recognition.landmarks import LEFT_HAND, LandmarkFrame
from sign_recognition.pixels import ConversionError

ROOT = Path(__file__).parents[2]
S = 1_000_000_000
BEGAN_NS = 1_700_000_000 * S
STORES = get_typestore(Stores.ROS2_JAZZY)
IMAGE = 'sensor_msgs/msg/Image'
COMPRESSED = 'sensor_msgs/msg/CompressedImage'
WAVE = 'foreign_msgs/msg/Wave'
WAVE_DEFINITION = Definition('ros2msg', 'uint8 BIG=3\nfloat32[] heights  # metres\n')
RGB = np.arange(6 * 4 * 3, dtype=np.uint8).reshape(6, 4, 3) * 3
QOS = {
    'history': 'keep_last', 'depth': 5, 'reliability': 'best_effort', 'durability': 'volatile',
    'deadline': {'sec': 9223372036, 'nsec': 854775807},
    'lifespan': {'sec': 9223372036, 'nsec': 854775807},
    'liveliness': 'automatic',
    'liveliness_lease_duration': {'sec': 9223372036, 'nsec': 854775807},
    'avoid_ros_namespace_conventions': False,
}  # fmt: skip


@pytest.fixture(autouse=True, scope='module')
def messages_of_the_checkout():
    """Our message definitions without an installed package."""
    installed = definitions._read_installed

    def read(msgtype):
        package, _, name = msgtype.partition('/msg/')
        here = ROOT / 'msg' / f'{name}.msg'
        return here.read_text() if package == 'sign_recognition' else installed(msgtype)

    patch = pytest.MonkeyPatch()
    patch.setattr(definitions, '_read_installed', read)
    yield
    patch.undo()


def header(stamp_ns=3 * S + 5):
    time = STORES.types['builtin_interfaces/msg/Time'](*divmod(stamp_ns, S))
    return STORES.types['std_msgs/msg/Header'](time, 'eye')


def image(topic='/image_raw', log_ns=BEGAN_NS):
    pixels = np.ascontiguousarray(RGB[..., ::-1]).reshape(-1)
    message = STORES.types[IMAGE](header(), 6, 4, 'bgr8', 0, 12, pixels)
    return Record(topic, IMAGE, log_ns, bytes(STORES.serialize_cdr(message, IMAGE)))


def jpeg(topic='/image_raw/compressed', log_ns=BEGAN_NS):
    smooth = cv2.resize(RGB, (64, 48), interpolation=cv2.INTER_LINEAR)
    data = cv2.imencode('.jpg', smooth[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])[1].reshape(-1)
    message = STORES.types[COMPRESSED](header(), 'jpeg', data)
    return Record(topic, COMPRESSED, log_ns, bytes(STORES.serialize_cdr(message, COMPRESSED)))


def frames(count, seed=0):
    """So many frames, 30 a second, of noise that does not compress."""
    generator = np.random.default_rng(seed)
    for number in range(count):
        points = generator.random((75, 3), np.float32)
        points[LEFT_HAND] = np.nan
        yield LandmarkFrame(BEGAN_NS + round(number * S / 30), (640, 480), points)


def stroke(end_ns, label='Swipe Left'):
    return GestureEvent(EventKind.END, label, 1.0, end_ns - S // 2, end_ns)


def recording(seconds=3.0):
    """Landmarks at 30 Hz, and a label a second."""
    records = []
    for number, frame in enumerate(frames(round(seconds * 30))):
        records.append(landmark_record(frame))
        if number % 30 == 29:
            records.append(gesture_record(stroke(frame.stamp_ns)))
    return records


def write(path, records, *arguments):
    with BagWriter(path, *arguments) as writer:
        for record in records:
            writer.write(record)
    return path


def read(path, topics=None):
    with open_bag(path) as bag:
        return list(bag.records(topics))


def only_file(folder, suffix='.mcap'):
    (path,) = folder.glob(f'*{suffix}*')
    return path


@pytest.fixture(scope='module')
def recorded(tmp_path_factory):
    records = recording()
    return records, write(tmp_path_factory.mktemp('bags') / 'run', records)


# What comes back

TOPICS = {'/a': WAVE, '/b/c': WAVE, '/image': IMAGE}
RECORDS = st.lists(
    st.builds(
        lambda topic, log_ns, data: Record(topic, TOPICS[topic], log_ns, b'\0\1\0\0' + data),
        st.sampled_from(sorted(TOPICS)),
        # Far apart and close together, and not in order.
        st.one_of(st.integers(0, 9), st.integers(0, 2**62)),
        st.binary(max_size=200),
    ),
    max_size=30,
)


@pytest.mark.parametrize('storage', ['mcap', 'sqlite3'])
@given(records=RECORDS, split_bytes=st.sampled_from([0, 2000]))
@settings(max_examples=30)
def test_what_was_written_is_read_in_the_order_of_time(storage, records, split_bytes):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'bag'
        with BagWriter(path, storage, split_bytes) as writer:
            writer.add_topic('/a', WAVE, WAVE_DEFINITION, [QOS])
            writer.add_topic('/b/c', WAVE, WAVE_DEFINITION)
            for record in records:
                writer.write(record)
        with open_bag(path) as bag:
            assert list(bag.records()) == sorted(records, key=lambda record: record.log_ns)
            some = ['/a', '/image', '/absent']
            assert {r.topic for r in bag.records(some)} == {r.topic for r in records} & {*some}
            assert bag.complete
            assert set(bag.topics) == {'/a', '/b/c'} | {r.topic for r in records}
        assert writer.message_count == len(records)


@pytest.mark.parametrize('storage', ['mcap', 'sqlite3'])
def test_our_types_come_back(tmp_path, storage):
    event = stroke(BEGAN_NS)
    path = write(
        tmp_path / 'bag',
        [landmark_record(next(frames(1))), gesture_record(event), image(), jpeg()],
        storage,
    )
    with open_bag(path) as bag:
        decoded = {record.topic: bag.decode(record) for record in bag.records()}
        pictures = [image_rgb(record) for record in bag.records(['/image_raw'])]
        pictures += [image_rgb(decoded['/image_raw'])]
    frame = landmark_frame(decoded['/landmarks'])
    np.testing.assert_array_equal(frame.points, next(frames(1)).points)
    assert (frame.stamp_ns, frame.size_px, frame.mirrored) == (BEGAN_NS, (640, 480), True)
    assert gesture_event(decoded['/label']) == event
    for pixels_rgb, stamp_ns, frame_id in pictures:
        np.testing.assert_array_equal(pixels_rgb, RGB)
        assert (stamp_ns, frame_id) == (3 * S + 5, 'eye')
    assert image_rgb(decoded['/image_raw/compressed'])[0].shape == (48, 64, 3)
    np.testing.assert_array_equal(
        image_rgb(jpeg())[0], image_rgb(decoded['/image_raw/compressed'])[0]
    )


def test_a_record_that_is_no_image_is_refused():
    with pytest.raises(ConversionError, match='Wave, images are'):
        image_rgb(Record('/a', WAVE, 0, b'\0\1\0\0'))
    with pytest.raises(ConversionError, match='no compressed image'):
        image_rgb(Record('/a', COMPRESSED, 0, jpeg().data[:40]))


@pytest.mark.parametrize('storage', ['mcap', 'sqlite3'])
def test_files_begin_anew_at_a_size(tmp_path, storage):
    records = recording(6.0)
    path = write(tmp_path / 'long', records, storage, 50_000)
    suffix = {'mcap': '.mcap', 'sqlite3': '.db3'}[storage]
    names = sorted(each.name for each in path.glob(f'*{suffix}'))
    assert len(names) >= 3
    assert names == [f'long_{number}{suffix}' for number in range(len(names))]
    assert read(path) == records
    # Each file stands by itself, definitions and all.
    with open_bag(path / names[-1]) as last:
        assert landmark_frame(last.decode(next(last.records(['/landmarks'])))).mirrored


def test_the_metadata_are_rosbag2s(tmp_path):
    path = tmp_path / 'bag'
    with BagWriter(path, split_bytes=50_000) as writer:
        writer.add_topic('/label', 'sign_recognition/msg/Gesture', qos=[QOS])
        for record in recording():
            writer.write(record)
    about = yaml.safe_load((path / 'metadata.yaml').read_text())['rosbag2_bagfile_information']
    assert (about['version'], about['storage_identifier']) == (9, 'mcap')
    assert about['message_count'] == 93 == sum(each['message_count'] for each in about['files'])
    assert about['starting_time']['nanoseconds_since_epoch'] == BEGAN_NS
    assert about['duration']['nanoseconds'] == round(89 * S / 30)
    assert about['relative_file_paths'] == [each['path'] for each in about['files']]
    labels, landmarks = about['topics_with_message_count']
    assert (labels['message_count'], landmarks['message_count']) == (3, 90)
    assert labels['topic_metadata']['offered_qos_profiles'] == [QOS]
    assert labels['topic_metadata']['type_description_hash'].startswith('RIHS01_')


@pytest.mark.parametrize('storage', ['mcap', 'sqlite3'])
def test_other_readers_open_our_bags_without_our_definitions(tmp_path, storage):
    path = tmp_path / 'bag'
    with BagWriter(path, storage) as writer:
        writer.add_topic('/label', 'sign_recognition/msg/Gesture', qos=[QOS])
        for record in recording():
            writer.write(record)
    with AnyReader([path]) as reader:  # checks the hashes of the types as well
        messages = [
            reader.deserialize(data, connection.msgtype)
            for connection, _, data in reader.messages()
        ]
        (offered,) = reader.topics['/label'].connections[0].ext.offered_qos_profiles
        assert offered.depth == 5
    assert Counter(type(message).__name__ for message in messages) == {
        'sign_recognition__msg__Landmarks': 90,
        'sign_recognition__msg__Gesture': 3,
    }
    if storage == 'mcap':
        with only_file(path).open('rb') as file:
            reader = make_reader(file, validate_crcs=True)
            statistics = reader.get_summary().statistics
            assert (statistics.message_count, statistics.schema_count) == (93, 2)
            assert len(list(reader.iter_messages())) == 93


FOREIGN = [
    (plugin, mode)
    for plugin in StoragePlugin
    for mode in CompressionMode
    if (plugin, mode) != (StoragePlugin.SQLITE3, CompressionMode.STORAGE)
]


@pytest.mark.parametrize(('plugin', 'mode'), FOREIGN)
def test_camera_images_of_another_writer(tmp_path, plugin, mode):
    path = tmp_path / 'camera'
    writer = ForeignWriter(path, version=9, storage_plugin=plugin)
    writer.set_compression(mode, CompressionFormat.ZSTD)
    with writer:
        connection = writer.add_connection('/cam/image_raw', IMAGE, typestore=STORES)
        for number in range(5):
            writer.write(connection, BEGAN_NS + number, image().data)
    with open_bag(path) as bag:
        records = list(bag.records())
        assert bag.topics == {'/cam/image_raw': IMAGE}
        assert bag.complete
        assert [record.log_ns - BEGAN_NS for record in records] == [0, 1, 2, 3, 4]
        np.testing.assert_array_equal(image_rgb(records[0])[0], RGB)
        np.testing.assert_array_equal(image_rgb(bag.decode(records[0]))[0], RGB)


def write_mcap(path, records, **options):
    """A file as other programs write it."""
    with path.open('wb') as file:
        writer = McapWriter(file, chunk_size=300, **options)
        writer.start('ros2')
        schema = writer.register_schema(WAVE, 'ros2msg', WAVE_DEFINITION.text.encode())
        channels = {}
        for record in records:
            if record.topic not in channels:
                channels[record.topic] = writer.register_channel(record.topic, 'cdr', schema)
            writer.add_message(channels[record.topic], record.log_ns, record.data, record.log_ns)
        writer.finish()
    return path


BARE = {
    'index_types': IndexType.NONE,
    'repeat_channels': False,
    'repeat_schemas': False,
    'use_statistics': False,
    'use_summary_offsets': False,
}
# Two topics, and every third message late.
WAVES = [
    Record(f'/w{n % 2}', WAVE, BEGAN_NS + (n - 5 * (n % 3 == 0)) * S, b'\0\1\0\0' + bytes(60))
    for n in range(40)
]


@pytest.mark.parametrize('compression', CompressionType)
@pytest.mark.parametrize(
    'options', [{}, BARE, {'use_chunking': False}, BARE | {'use_chunking': False}]
)
def test_mcap_with_and_without_index_and_chunks(tmp_path, compression, options):
    path = write_mcap(tmp_path / 'waves.mcap', WAVES, compression=compression, **options)
    assert read(path) == sorted(WAVES, key=lambda record: record.log_ns)
    with open_bag(path) as bag:
        assert bag.complete
        assert bag.topics == {'/w0': WAVE, '/w1': WAVE}


# What is left of a cut bag


def boundaries(path):
    """Where the chunks of a file begin, and where the last one ends."""
    with path.open('rb') as file:
        indexes = make_reader(file).get_summary().chunk_indexes
    return [i.chunk_start_offset for i in indexes] + [
        indexes[-1].chunk_start_offset + indexes[-1].chunk_length
    ]


def cut(path, size, folder):
    copy = folder / f'cut_{size}{path.suffix}'
    copy.write_bytes(path.read_bytes()[:size])
    return copy


def read_if_any(path):
    """The records, none where the file ends before its first."""
    try:
        with open_bag(path) as bag:
            assert not bag.complete
            return list(bag.records())
    except BagError as error:
        assert 'ends before its first message' in str(error) or 'is empty' in str(error)
        return []


def test_a_file_cut_at_a_chunk_holds_all_before(recorded, tmp_path):
    records, folder = recorded
    path = only_file(folder)
    starts = boundaries(path)
    assert len(starts) >= 6
    kept = [read_if_any(cut(path, start, tmp_path)) for start in starts]
    assert kept[0] == []
    assert kept[-1] == records
    for number, some in enumerate(kept):
        assert some == records[: len(some)]
        # A chunk holds half a second.
        assert len(some) >= min(15 * number, len(records))


def test_a_file_that_grows_while_it_is_read_ends_where_it_ended(recorded, tmp_path):
    _, folder = recorded
    starts = boundaries(only_file(folder))
    grown = cut(only_file(folder), starts[-1], tmp_path)
    for size in range(starts[2] - 3, starts[2] + 12):

        class Growing(type(tmp_path)):
            def stat(self, *, seen=size, **_):
                return os.stat_result((0, 0, 0, 0, 0, 0, seen, 0, 0, 0))

        with contextlib.closing(McapFile(Growing(grown), grown)) as file:
            assert list(file.records(None)) == read_if_any(cut(grown, size, tmp_path))


def test_a_file_cut_anywhere_holds_all_chunks_before(recorded, tmp_path):
    records, folder = recorded
    path = only_file(folder)
    starts = boundaries(path)
    at_starts = [len(read_if_any(cut(path, start, tmp_path))) for start in starts]
    sizes = np.random.default_rng(0).integers(0, path.stat().st_size, 150)
    for size in sizes:
        some = read_if_any(cut(path, int(size), tmp_path))
        assert some == records[: len(some)]
        assert len(some) >= max(
            (n for n, start in zip(at_starts, starts, strict=True) if start <= size), default=0
        )


@pytest.mark.parametrize('compression', CompressionType)
def test_the_beginning_of_a_cut_chunk_is_read(tmp_path, compression):
    noise = np.random.default_rng(0)
    waves = [Record('/w', WAVE, BEGAN_NS + n, b'\0\1\0\0' + noise.bytes(50_000)) for n in range(12)]
    path = tmp_path / 'one.mcap'
    with path.open('wb') as file:
        writer = McapWriter(file, compression=compression)
        writer.start('ros2')
        schema = writer.register_schema(WAVE, 'ros2msg', WAVE_DEFINITION.text.encode())
        channel = writer.register_channel('/w', 'cdr', schema)
        for wave in waves:
            writer.add_message(channel, wave.log_ns, wave.data, wave.log_ns)
        writer.finish()
    some = read_if_any(cut(path, path.stat().st_size * 2 // 3, tmp_path))
    assert 3 <= len(some) < 12
    assert some == waves[: len(some)]


def test_zeros_behind_the_data_are_no_messages(recorded, tmp_path):
    records, folder = recorded
    path = cut(only_file(folder), boundaries(only_file(folder))[3], tmp_path)
    path.write_bytes(path.read_bytes() + bytes(5000))
    some = read_if_any(path)
    assert len(some) >= 45
    assert some == records[: len(some)]


def test_a_recorder_that_was_killed_leaves_a_bag(tmp_path):
    path = tmp_path / 'killed'
    writer = BagWriter(path, split_bytes=50_000)
    records = recording()
    for record in records:
        writer.write(record)
    assert not (path / 'metadata.yaml').exists()
    assert is_bag(path)
    with open_bag(path) as bag:  # all files, and all but the last half second
        assert not bag.complete
        some = list(bag.records())
    assert some == records[: len(some)]
    assert records[-1].log_ns - some[-1].log_ns <= 0.5 * S
    writer.flush()
    assert read(path) == records


def test_a_cut_database_holds_what_is_left(tmp_path):
    records = recording()
    path = only_file(write(tmp_path / 'bag', records, 'sqlite3'), '.db3')
    lengths = []
    for share in (0.0, 0.2, 0.35, 0.5, 0.8, 0.99):
        some = read_if_any(cut(path, round(path.stat().st_size * share), tmp_path))
        assert all(record in records for record in some)
        lengths.append(len(some))
    assert lengths == sorted(lengths)
    assert lengths[0] == 0
    assert lengths[3] > 20


def test_a_transaction_that_was_not_committed_is_no_message(tmp_path):
    records = recording()
    path = only_file(write(tmp_path / 'bag', records, 'sqlite3'), '.db3')
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript('PRAGMA cache_size=1; BEGIN; UPDATE messages SET data = zeroblob(9);')
    for each in (path, path.with_name(path.name + '-journal')):
        shutil.copy(each, tmp_path / each.name)
    connection.close()
    assert read(tmp_path / path.name) == records
    assert is_bag(tmp_path / path.name)


def test_a_compressed_file_may_be_cut(tmp_path):
    path = tmp_path / 'camera'
    writer = ForeignWriter(path, version=9, storage_plugin=StoragePlugin.MCAP)
    writer.set_compression(CompressionMode.FILE, CompressionFormat.ZSTD)
    noise = np.random.default_rng(0)
    with writer:
        connection = writer.add_connection('/cam', IMAGE, typestore=STORES)
        for number in range(40):
            pixels = np.frombuffer(noise.bytes(90_000), np.uint8)
            message = STORES.types[IMAGE](header(), 300, 100, 'rgb8', 0, 300, pixels)
            writer.write(connection, number, STORES.serialize_cdr(message, IMAGE))
    packed = only_file(path)
    packed.write_bytes(packed.read_bytes()[: packed.stat().st_size * 2 // 3])
    assert 10 < len(read_if_any(path)) < 40


# What is refused, in one line that names the path


def refused(path):
    with pytest.raises(BagError) as refusal, open_bag(path) as bag:
        for record in bag.records():
            bag.decode(record)
    text = str(refusal.value)
    assert '\n' not in text
    return text


FILES = {
    'empty.mcap': (b'', 'is empty'),
    'short.mcap': (b'\x89MCA', 'ends before its first message'),
    'begun.mcap': (b'\x89MCAP0\r\n' + bytes(60), 'ends before its first message'),
    'short.db3': (b'SQLite format 3\0', 'ends before its first message'),
    'clip.mp4': (b'\0\0\0\x18ftypmp42' + bytes(50), 'neither MCAP nor SQLite'),
    'old.bag': (b'#ROSBAG V2.0\n' + bytes(50), 'neither MCAP nor SQLite'),
    'text.mcap': (b'landmarks\n', 'neither MCAP nor SQLite'),
}


@pytest.mark.parametrize('name', FILES)
def test_a_file_that_is_no_bag(tmp_path, name):
    content, reason = FILES[name]
    (tmp_path / name).write_bytes(content)
    text = refused(tmp_path / name)
    assert reason in text
    assert name in text


def test_paths_without_a_bag(tmp_path):
    assert 'no such bag' in refused(tmp_path / 'absent')
    assert 'no bag' in refused(tmp_path)
    for name in ('a.mcap', 'b.mcap'):
        write_mcap(tmp_path / name, WAVES)
    # Two bags in one folder are not one bag.
    assert 'no bag' in refused(tmp_path)
    assert not is_bag(tmp_path)
    assert is_bag(tmp_path / 'a.mcap')


def test_a_part_that_is_missing_is_named(tmp_path):
    path = write(tmp_path / 'bag', recording(), 'mcap', 50_000)
    (path / 'bag_0.mcap').unlink()
    assert 'bag_0.mcap' in refused(path)


def test_metadata_that_were_cut_are_done_without(tmp_path):
    records = recording(1.0)
    path = write(tmp_path / 'bag', records)
    (path / 'metadata.yaml').write_text('rosbag2_bagfile_information: {version')
    assert read(path) == records


def test_a_database_of_something_else(tmp_path):
    connection = sqlite3.connect(tmp_path / 'other.db3')
    connection.execute('CREATE TABLE cities (name TEXT)')
    connection.close()
    assert 'no such table' in refused(tmp_path / 'other.db3')


def test_messages_that_are_not_of_ros_2(tmp_path):
    path = tmp_path / 'robot.mcap'
    with path.open('wb') as file:
        writer = McapWriter(file)
        writer.start()
        schema = writer.register_schema('robot.Pose', 'protobuf', b'x')
        channel = writer.register_channel('/pose', 'protobuf', schema)
        writer.add_message(channel, 1, b'y', 1)
        writer.finish()
    assert "'protobuf', read is cdr" in refused(path)


def test_a_type_without_a_definition(tmp_path):
    path = tmp_path / 'old.mcap'
    with path.open('wb') as file:
        writer = McapWriter(file)
        writer.start('ros2')
        for topic, msgtype, record in (('/i', IMAGE, image()), ('/w', WAVE, WAVES[0])):
            schema = writer.register_schema(msgtype, 'ros2msg', b'')
            channel = writer.register_channel(topic, 'cdr', schema)
            writer.add_message(channel, record.log_ns, record.data, record.log_ns)
        writer.finish()
    with open_bag(path) as bag:
        for record in bag.records(['/i']):  # a standard type is known all the same
            assert bag.decode(record).width == 4
    assert "'foreign_msgs/msg/Wave' has no definition" in refused(path)


def test_bytes_that_are_not_the_message(tmp_path):
    path = tmp_path / 'bag'
    with BagWriter(path) as writer:
        writer.add_topic('/w', WAVE, WAVE_DEFINITION)
        writer.write(Record('/w', WAVE, 1, b'\0\1\0\0' + b'\xff\xff\0\0'))
    assert '/w' in refused(path)


def test_a_damaged_chunk_of_a_whole_file(recorded, tmp_path):
    path = tmp_path / 'damaged.mcap'
    data = bytearray(only_file(recorded[1]).read_bytes())
    data[boundaries(only_file(recorded[1]))[2] + 2000] ^= 0xFF
    path.write_bytes(data)
    assert 'the chunk at byte' in refused(path)


@given(st.binary(max_size=400))
@settings(max_examples=200)
def test_junk_behind_the_magic_never_fails_otherwise(junk):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'junk.mcap'
        path.write_bytes(b'\x89MCAP0\r\n' + junk)
        with suppress(BagError), open_bag(path) as bag:
            list(bag.records())


# Writing


def test_writing_is_refused_where_it_cannot_work(tmp_path):
    with pytest.raises(BagError, match='exists already'):
        BagWriter(tmp_path)
    with pytest.raises(BagError, match="'bag', allowed are mcap and sqlite3"):
        BagWriter(tmp_path / 'bag', 'bag')
    (tmp_path / 'file').touch()
    with pytest.raises(BagError, match='file/bag'):
        BagWriter(tmp_path / 'file' / 'bag')
    writer = BagWriter(tmp_path / 'bag')
    with pytest.raises(BagError, match='foreign_msgs/msg/Wave.*not installed'):
        writer.write(WAVES[0])
    writer.write(image())
    with pytest.raises(BagError, match='/image_raw is sensor_msgs/msg/Image'):
        writer.write(jpeg('/image_raw'))
    writer.close()
    writer.close()
    with pytest.raises(BagError, match='closed'):
        writer.write(image())
    assert read(tmp_path / 'bag') == [image()]


def test_an_empty_bag_is_whole(tmp_path):
    for storage in ('mcap', 'sqlite3'):
        path = write(tmp_path / storage, [], storage)
        with open_bag(path) as bag:
            assert bag.complete
            assert list(bag.records()) == []


class FullDisk:
    """Takes so many bytes; a file that is cut gives its bytes back."""

    def __init__(self, file, room):
        self._file, self._room = file, room

    def write(self, data):
        left = self._room - self._file.tell()
        if left <= 0:
            raise OSError(errno.ENOSPC, 'No space left on device')
        return self._file.write(bytes(data)[:left])  # a disk that gets full takes a part

    def __getattr__(self, name):
        return getattr(self._file, name)


@pytest.mark.parametrize('room', [30_000, 40_000, 45_678, 60_000, 70_000])
def test_a_full_disk_costs_the_end_and_nothing_else(tmp_path, monkeypatch, room):
    opened = McapOutput.__init__

    def on_a_small_disk(output, path):
        opened(output, path)
        output._file = FullDisk(output._file, room)

    monkeypatch.setattr(McapOutput, '__init__', on_a_small_disk)
    records, path = recording(20.0), tmp_path / 'bag'
    with pytest.raises(BagError, match='No space left on device.*are a whole bag') as refusal:
        write(path, records)
    with open_bag(path) as bag:
        assert bag.complete
        some = list(bag.records())
    assert len(some) >= 15
    assert some == records[: len(some)]
    assert f'the {len(some)} messages' in str(refusal.value)
    with AnyReader([path]) as reader:
        assert reader.message_count == len(some)


def test_a_chunk_is_not_larger_than_a_megabyte(tmp_path):
    data = b'\0\1\0\0' + np.random.default_rng(0).bytes(400_000)
    with BagWriter(tmp_path / 'bag') as writer:
        writer.add_topic('/w', WAVE, WAVE_DEFINITION)
        for number in range(10):
            writer.write(Record('/w', WAVE, number, data))
    assert len(boundaries(only_file(tmp_path / 'bag'))) >= 4
