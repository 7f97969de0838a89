"""The pause of Python's collector: short, shared by threads, and leaving no trace."""

import gc
import threading

import numpy as np
import pytest

from fusionlearn import check_images
from fusionlearn._collector import collection_paused
from fusionlearn.exceptions import ImageError


def test_is_off_inside_and_on_again_after_an_error():
    def fail():
        with collection_paused():
            assert not gc.isenabled()
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert gc.isenabled()


def test_stays_off_for_whoever_had_it_off():
    gc.disable()
    try:
        with collection_paused():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_thread_that_leaves_does_not_switch_it_on_for_one_that_is_inside():
    inside, leave = threading.Event(), threading.Event()

    def stay():
        with collection_paused():
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=stay)
    thread.start()
    assert inside.wait(10)
    with collection_paused():
        pass
    assert not gc.isenabled()
    leave.set()
    thread.join()
    assert gc.isenabled()


def test_bad_pictures_leave_it_on():
    with pytest.raises(ImageError):
        check_images([np.zeros((8, 8), np.uint8), "no such file"])
    assert gc.isenabled()
