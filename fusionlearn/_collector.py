"""Python's collector of cycles, out of the way while many objects are made that have none."""

import gc
import threading
from contextlib import contextmanager

_lock = threading.Lock()
_holders = 0
_was_enabled = False


@contextmanager
def collection_paused():
    """Keep the collector of cycles from running.

    It runs again and again while objects become more, whether or not they could be
    garbage, and looks at every object of the process: with TensorFlow loaded half a
    million, which makes a picture among 100,000 twice as dear as one among 1,000. For
    short stretches only, that make no cycles. Threads may be inside at the same time;
    whoever had the collector off finds it off.
    """
    global _holders, _was_enabled
    with _lock:
        if _holders == 0:
            _was_enabled = gc.isenabled()
            gc.disable()
        _holders += 1
    try:
        yield
    finally:
        with _lock:
            _holders -= 1
            if _holders == 0 and _was_enabled:
                gc.enable()
