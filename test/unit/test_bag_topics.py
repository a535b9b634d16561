"""Which topics of a bag are read."""

import pytest

from sign_recognition.bags.messages import COMPRESSED_IMAGE, GESTURE, IMAGE, LANDMARKS
from sign_recognition.bags.storage import BagError
from sign_recognition.bags.topics import image_topic, landmarks_topic, truth_topic


@pytest.mark.parametrize(
    ('topics', 'found'),
    [
        ({'/landmarks': LANDMARKS}, '/landmarks'),
        ({'/left/landmarks': LANDMARKS, '/landmarks_old': LANDMARKS}, '/left/landmarks'),
        ({'/hands': LANDMARKS}, '/hands'),
        ({'/landmarks': IMAGE}, ''),
        ({}, ''),
    ],
)
def test_landmarks_are_known_by_type_and_name(topics, found):
    assert landmarks_topic(topics) == found


@pytest.mark.parametrize(
    ('topics', 'found'),
    [
        ({'/cam/image_raw/compressed': COMPRESSED_IMAGE}, '/cam/image_raw/compressed'),
        ({'/image_raw': IMAGE, '/image_raw/compressed': COMPRESSED_IMAGE}, '/image_raw'),
        ({'/cam/image_raw': IMAGE, '/cam/depth': IMAGE}, '/cam/image_raw'),
        ({'/usb/picture': IMAGE}, '/usb/picture'),
        ({'/image_raw': LANDMARKS}, ''),
    ],
)
def test_images_are_known_by_type_and_name(topics, found):
    assert image_topic(topics) == found


def test_of_several_the_user_names_one():
    topics = {'/left/image_raw': IMAGE, '/right/image_raw': IMAGE}
    with pytest.raises(BagError, match='/left/image_raw, /right/image_raw'):
        image_topic(topics)
    assert image_topic(topics, '/right/image_raw') == '/right/image_raw'
    with pytest.raises(BagError, match="'/up'"):
        image_topic(topics, '/up')


@pytest.mark.parametrize(
    ('topics', 'found'),
    [
        ({'/camera_node/truth': GESTURE, '/gesture': GESTURE}, '/camera_node/truth'),
        ({'/camera_node/truth': GESTURE, '/a/label': GESTURE}, '/a/label'),
        ({'/gesture': GESTURE}, ''),
    ],
)
def test_what_a_person_says_goes_first(topics, found):
    assert truth_topic(topics) == found
