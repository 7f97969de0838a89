"""Threads that an interruption can leave in no state in which somebody waits for ever."""

import _thread
import sys
import threading
from collections import deque
from queue import SimpleQueue


class WorkerThreads:
    """A few threads that call functions; a context manager that waits for them.

    :class:`concurrent.futures.ThreadPoolExecutor` cannot be used where Ctrl-C must not hang:
    its semaphore and its futures hold :class:`threading.Condition`, which is written in
    Python, and an interruption that comes between taking its lock and entering the block
    leaves the lock taken, so that a thread waits for it for ever, and Python for that
    thread. :class:`threading.Thread` starts with such a condition, too. Here the main thread
    only touches locks and queues that are written in C.

    Parameters
    ----------
    n_threads : int
        So many threads at most; each is started when it has something to do.
    """

    def __init__(self, n_threads):
        self._n_threads = n_threads
        self._n_started = 0
        self._waiting = SimpleQueue()
        self._tasks = deque()
        self._is_over = False

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._is_over = True
        for _ in range(self._n_started):
            self._waiting.put(None)
        for task in self._tasks:
            task.wait()

    def submit(self, function, *arguments):
        """Have a function called.

        Parameters
        ----------
        function : callable
            The function.

        *arguments : object
            What it is called with.

        Returns
        -------
        task : Task
            Gives the result when it is asked for.
        """
        task = Task(function, arguments)
        self._waiting.put(task)
        if self._n_started < self._n_threads:
            self._n_started += 1
            _thread.start_new_thread(self._work, ())
        # From here on it is waited for: a thread is there that comes to it.
        while self._tasks and self._tasks[0].is_done:
            self._tasks.popleft()
        self._tasks.append(task)
        return task

    def map(self, function, items):
        """Call a function with each item, all at once.

        Parameters
        ----------
        function : callable
            The function.

        items : iterable
            What it is called with.

        Yields
        ------
        result : object
            The results, in the order of the items.
        """
        for task in [self.submit(function, item) for item in items]:
            yield task.result()

    def _work(self):
        # As threading does it, for debuggers and profilers.
        sys.settrace(threading.gettrace())
        sys.setprofile(threading.getprofile())
        while (task := self._waiting.get()) is not None:
            task.run(is_wanted=not self._is_over)
            del task  # and with it a picture that nobody needs any more


class Task:
    """A call that a thread makes.

    Parameters
    ----------
    function : callable
        The function.

    arguments : tuple
        What it is called with.
    """

    def __init__(self, function, arguments):
        self._call = (function, arguments)
        self._result = self._error = None
        self._running = threading.Lock()
        self._running.acquire()

    @property
    def is_done(self):
        """Whether the call has come to its end."""
        return not self._running.locked()

    def run(self, is_wanted):
        """Make the call, in a thread, if its result is still wanted."""
        try:
            if is_wanted:
                function, arguments = self._call
                self._result = function(*arguments)
        except BaseException as error:  # noqa: BLE001  whoever asks for the result is told
            self._error = error
        finally:
            self._call = None
            self._running.release()

    def wait(self):
        """Wait for the end of the call."""
        with self._running:
            pass

    def result(self):
        """Wait for the end of the call, and give what it returned or raise what it raised."""
        self.wait()
        try:
            if self._error is not None:
                raise self._error
            return self._result
        finally:
            self = None  # the error knows this frame, and would keep itself alive through it
