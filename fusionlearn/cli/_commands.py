"""All commands, in the order of the help."""

from ._backbones import BACKBONES
from ._completion import COMPLETION
from ._demo import DEMO
from ._evaluate import EVALUATE
from ._explain import EXPLAIN
from ._export import EXPORT
from ._inspect import INSPECT
from ._predict import PREDICT
from ._report import REPORT
from ._store import STORE_COMMANDS
from ._train import TRAIN

COMMANDS = (
    DEMO,
    TRAIN,
    EVALUATE,
    REPORT,
    PREDICT,
    EXPLAIN,
    INSPECT,
    EXPORT,
    BACKBONES,
    *STORE_COMMANDS,
    COMPLETION,
)
