"""The only place that touches private or experimental names of scikit-learn and Keras."""

import functools
import json
import os
import random
import re
import sys
import tempfile
import threading
from contextlib import contextmanager, nullcontext, suppress

from sklearn.frozen import FrozenEstimator
from sklearn.model_selection._search import BaseSearchCV
from sklearn.utils import _safe_indexing as take_rows
from sklearn.utils.metaestimators import _BaseComposition as BaseComposition
from sklearn.utils.validation import _check_method_params as take_metadata
from sklearn.utils.validation import _check_sample_weight as check_sample_weight

from .exceptions import ForkedProcessError

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # scikit-learn < 1.9

    class _NoCallbackContext:
        """Stand-in for a task that nobody listens to."""

        def subcontext(self, **kwargs):
            return self

        def call_on_fit_task_begin(self, **kwargs):
            return self

        def call_on_fit_task_end(self, **kwargs):
            return False

        def propagate_callback_context(self, sub_estimator):
            return nullcontext()

    class CallbackSupportMixin:
        """Stand-in where scikit-learn has no callbacks."""

        def _init_callback_context(self, **kwargs):
            return _NoCallbackContext()

    def with_callbacks(method):
        """Call the method from as deep a frame as scikit-learn's, for ``stacklevel``."""

        @functools.wraps(method)
        def wrapped(self, *args, **kwargs):
            return method(self, *args, **kwargs)

        return wrapped


def hand_on_callbacks(context, estimator):
    """Let the callbacks of a task hear of the fit of a part, if that knows callbacks.

    One that does not is a single step, and nobody need be warned of it. A clone of a frozen
    estimator is the caller's own object, on which nothing is set.

    Parameters
    ----------
    context : CallbackContext
        The task.

    estimator : estimator object
        The part.

    Returns
    -------
    block : context manager
        Around the fit.
    """
    if isinstance(estimator, FrozenEstimator) or not hasattr(estimator, "set_callbacks"):
        return nullcontext()
    return context.propagate_callback_context(estimator)


__all__ = [
    "BaseComposition",
    "BaseSearchCV",
    "CallbackSupportMixin",
    "DocumentationLink",
    "check_sample_weight",
    "enter_runtime",
    "hand_on_callbacks",
    "import_keras",
    "isolated_keras_build",
    "keras_backend",
    "parallel_visual_block",
    "serial_visual_block",
    "single_visual_block",
    "take_metadata",
    "take_rows",
    "with_callbacks",
    "without_chatter",
]

# Python's random generator is shared by all threads, so builds must not interleave.
_KERAS_BUILD = threading.RLock()


# What TensorFlow tells everybody on stderr when it is loaded, whatever
# TF_CPP_MIN_LOG_LEVEL says: none of it asks for anything to be done.
_CHATTER = re.compile(
    rb"(WARNING: All log messages before absl::InitializeLog|To enable the following instr"
    rb"|(I0000|\d{4}-\d\d-\d\d [\d:.]+: I) .*(XLA|StreamExecutor|MLIR)"
    rb"|([IE]0000|\d{4}-\d\d-\d\d [\d:.]+: [IE]) "
    rb".*(oneDNN|cuda|CUDA|cuInit|cpu_feature_guard|computation_placer))"
)


class _Runtime:
    """Whether TensorFlow or OpenVINO have threads, which a forked child does not inherit."""

    has_run = False
    is_orphaned = False

    def after_fork(self):
        self.is_orphaned = self.has_run


_RUNTIME = _Runtime()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_RUNTIME.after_fork)


def enter_runtime():
    """Say that TensorFlow or OpenVINO are about to work in this process.

    Raises
    ------
    ForkedProcessError
        If they worked in the process from which this one was forked: their threads are
        not here, and they would wait for them for ever.
    """
    if _RUNTIME.is_orphaned:
        raise ForkedProcessError(
            "this process was forked from one in which networks had run, whose threads it does "
            "not have: a network would wait for them for ever. Start processes by joblib "
            "(n_jobs=2) or multiprocessing.get_context('spawn'), or have the features in a "
            "store before you fork."
        )
    _RUNTIME.has_run = True


def import_keras():
    """Import Keras without the log lines that TensorFlow prints on the way.

    Returns
    -------
    keras : module
        Keras.
    """
    if "keras" in sys.modules:
        return sys.modules["keras"]
    # What Keras imports draws from Python's global generator.
    state = random.getstate()
    with without_chatter():
        import keras

        if keras.backend.backend() == "tensorflow":
            import tensorflow as tf

            # joblib tells its workers how many threads each may use; TensorFlow does not
            # listen to it, and two workers would use twice as many as there are cores.
            n_threads = os.environ.get("OMP_NUM_THREADS", "")
            if n_threads.isdecimal() and "TF_NUM_INTRAOP_THREADS" not in os.environ:
                with suppress(RuntimeError):  # the user's TensorFlow has begun to work
                    tf.config.threading.set_intra_op_parallelism_threads(int(n_threads))
            # Looks for a GPU now, while nobody sees that it misses one.
            tf.config.list_physical_devices()
    random.setstate(state)
    return keras


def keras_backend():
    """Name what Keras runs on, without loading it.

    Returns
    -------
    name : str
        "tensorflow" unless the user chose another one, in Keras' own ways.
    """
    if "keras" in sys.modules:
        return sys.modules["keras"].config.backend()
    if os.environ.get("KERAS_BACKEND"):
        return os.environ["KERAS_BACKEND"]
    home = os.environ.get("KERAS_HOME") or os.path.join(os.path.expanduser("~"), ".keras")
    try:
        with open(os.path.join(home, "keras.json")) as file:
            return json.load(file).get("backend", "tensorflow")
    except (OSError, ValueError):
        return "tensorflow"


@contextmanager
def without_chatter():
    """Hold back what is written to stderr, and give out all but the known lines.

    Yields
    ------
    None
    """
    try:
        sys.stderr.flush()
        stderr = os.dup(2)
    except (AttributeError, OSError, ValueError):  # no stderr, as under pythonw
        yield
        return
    with tempfile.TemporaryFile() as log:
        os.dup2(log.fileno(), 2)
        try:
            yield
        finally:
            with suppress(OSError, ValueError):
                sys.stderr.flush()
            os.dup2(stderr, 2)
            os.close(stderr)
            log.seek(0)
            for line in log:
                if not _CHATTER.match(line):
                    os.write(2, line)


class _OwnDraws:
    """In Keras' place of the module ``random``: the thread that builds has its own generator."""

    def __init__(self, seed):
        self._generator = random.Random(seed)
        self._thread = threading.get_ident()

    def __getattr__(self, name):
        builds = threading.get_ident() == self._thread
        return getattr(self._generator if builds else random, name)


@contextmanager
def isolated_keras_build(seed):
    """Build a model whose weights and layer names depend on ``seed`` alone.

    Keras draws the seeds of initializers from Python's global generator, which other
    threads draw from meanwhile, numbers layers through a global counter, and obeys a global
    precision and order of axes. Inside the block they are what the seed says, fresh,
    float32 and channels last; they are as before when it is left. Functions that build
    networks and draw from Python's generator themselves find that seeded, too.

    Parameters
    ----------
    seed : int
        Seed of whatever is drawn inside.

    Yields
    ------
    None

    Raises
    ------
    ForkedProcessError
        If this process was forked from one in which networks had run.
    """
    enter_runtime()  # initial weights are computed
    from keras.src.backend.common import global_state
    from keras.src.random import seed_generator

    config = import_keras().config
    with _KERAS_BUILD:
        state, source = random.getstate(), seed_generator.python_random
        names = global_state.get_global_attribute("object_name_uids")
        policy, image_format = config.dtype_policy(), config.image_data_format()
        floatx = config.floatx()
        try:
            random.seed(seed)
            seed_generator.python_random = _OwnDraws(seed)
            global_state.set_global_attribute("object_name_uids", None)
            config.set_floatx("float32")
            config.set_dtype_policy("float32")
            config.set_image_data_format("channels_last")
            yield
        finally:
            config.set_image_data_format(image_format)
            config.set_floatx(floatx)
            config.set_dtype_policy(policy)
            seed_generator.python_random = source
            random.setstate(state)
            global_state.set_global_attribute("object_name_uids", names)


class DocumentationLink:
    """Mixin: the HTML of an estimator links to the page that ``_documentation`` names."""

    def _get_doc_link(self):
        return self._documentation()


def single_visual_block(estimator, name, caption, *, details=""):
    """Draw an estimator, or a part of one, as one box in HTML.

    Parameters
    ----------
    estimator : estimator object or str
        The estimator, or the name of the part.

    name, caption : str
        What stands in the box, and a line below it, which breaks between its parts only.

    details : str, default=""
        What is shown where scikit-learn has no table of parameters.

    Returns
    -------
    block : object
        What scikit-learn expects of ``_sk_visual_block_``.
    """
    from sklearn.utils._repr_html.estimator import _VisualBlock

    parts = [part.replace(" ", "\xa0") for part in caption.split(" · ")]
    return _VisualBlock(
        "single",
        estimator,
        names=name,
        name_details=details,
        name_caption=" · ".join(parts),
    )


def serial_visual_block(items):
    """Draw named estimators below each other in the HTML of an estimator that has them.

    Parameters
    ----------
    items : list of (str, estimator or block) tuples
        Names and estimators.

    Returns
    -------
    block : object
        What scikit-learn expects of ``_sk_visual_block_``.
    """
    # With details a name can be unfolded, and links to the documentation.
    details = [str(part) if hasattr(part, "get_params") else None for _, part in items]
    return _block_of("serial", items, details)


def parallel_visual_block(items):
    """Draw named estimators beside each other in the HTML of a fusion.

    Parameters
    ----------
    items : list of (str, estimator) tuples
        Names and estimators.

    Returns
    -------
    block : object
        What scikit-learn expects of ``_sk_visual_block_``.
    """
    return _block_of("parallel", items)


def _block_of(kind, items, details=None):
    from sklearn.utils._repr_html.estimator import _VisualBlock

    names, estimators = zip(*items, strict=True)
    return _VisualBlock(kind, list(estimators), names=list(names), name_details=details)
