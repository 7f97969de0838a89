"""What the library does around the import of Keras."""

import subprocess
import sys


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)


def test_the_first_network_is_silent_and_draws_from_no_global_generator():
    """TensorFlow tells of oneDNN, CUDA and processors on stderr, which asks for nothing."""
    done = run(
        "import random, numpy as np; from fusionlearn import BackboneFeatureExtractor\n"
        "extractor = BackboneFeatureExtractor('MobileNet', weights=None, input_size=32)\n"
        "before = random.getstate()\n"
        "extractor.transform(np.zeros((1, 40, 40), np.uint8))\n"
        "assert random.getstate() == before"
    )
    assert (done.stdout, done.stderr) == ("", "")


def test_only_known_lines_are_held_back():
    """Whatever else is written meanwhile, also by native code, arrives."""
    done = run(
        "import os; from fusionlearn._compat import without_chatter\n"
        "with without_chatter():\n"
        "    os.write(2, b'I0000 00:00:17.3 1 port.cc:153] oneDNN custom operations\\n')\n"
        "    os.write(2, b'E0000 00:00:17.3 1 disk.cc:1] a disk is broken\\n')\n"
    )
    assert done.stderr == "E0000 00:00:17.3 1 disk.cc:1] a disk is broken\n"


def test_training_says_nothing_on_stderr():
    """Neither TensorFlow nor its compiler talks into the user's output."""
    code = (
        "import numpy as np\n"
        "from fusionlearn import FineTuneClassifier\n"
        "X = np.random.default_rng(0).normal(size=(400, 500)).astype('float32')\n"
        "FineTuneClassifier(epochs=2, random_state=0).fit(X, X[:, 0] > 0)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stderr == run.stdout == ""
