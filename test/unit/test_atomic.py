"""Files that are there whole or not at all."""

import pytest

from sign_recognition.atomic import whole_file, write_whole


def test_a_file_takes_its_place_when_it_is_whole(tmp_path):
    path = tmp_path / 'a.weights.h5'
    write_whole(path, 'before')
    with whole_file(path) as unfinished:
        assert unfinished.name.endswith(path.name), 'libraries look at how a name ends'
        unfinished.write_text('after')
        assert path.read_text() == 'before'
    assert path.read_text() == 'after'
    assert [*tmp_path.iterdir()] == [path]


def test_what_was_there_before_stays_where_it_breaks_off(tmp_path):
    path = tmp_path / 'a.txt'
    write_whole(path, 'before')
    with pytest.raises(KeyboardInterrupt), whole_file(path) as unfinished:
        unfinished.write_text('half of')
        raise KeyboardInterrupt
    assert path.read_text() == 'before'
    assert [*tmp_path.iterdir()] == [path]
