"""The first prediction of a new process: what it loads and which files it opens."""

import json
import os
import pickle
import sys

opened = []


def watch(event, arguments):
    if event == "open" and isinstance(arguments[0], (str, bytes)):
        opened.append(os.path.abspath(os.fsdecode(arguments[0])))


folder = sys.argv[1]
sys.addaudithook(watch)
with open(os.path.join(folder, "model.pkl"), "rb") as file:
    model, paths = pickle.load(file)
predicted = model.predict(paths)
said = {
    "predicted": predicted.tolist(),
    "modules": sorted({name.partition(".")[0] for name in sys.modules}),
    "opened": sorted(set(opened)),
}
sys.stdout.write(json.dumps(said))
