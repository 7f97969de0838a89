"""The recipe on chest CT pictures, cross-validated by patient.

Each network alone, all of them concatenated and all of them voting are cross-validated
over all pictures, beside a baseline that sees how the files are stored and no pixel. Then
each is fitted on the training part of the data, if it has one, and judged on its
validation part. Nothing is chosen by any of these figures.

    python examples/covid_ct.py --data covid-ct/
    python examples/covid_ct.py --data covid-ct/ --weights keras-weights/ --out results/

The data is COVID-CT (Zhao et al. 2020, arXiv:2003.13865) or any folder that
``load_image_folder`` reads. What is printed describes these pictures; it is no diagnosis,
and says little about pictures from another hospital.
"""

import argparse
import json
import sys
import time
from pathlib import Path

from fusionlearn import FeatureStore, get_groups, make_extractors
from fusionlearn.datasets import load_covid_ct, load_image_folder
from fusionlearn.exceptions import FusionlearnError
from fusionlearn.features import extractors_from_folder
from fusionlearn.model_selection import Evaluation, evaluate, make_shortcut_baseline
from fusionlearn.presets import covid_ct

# The paper's learning rate of 1e-5 with batches of 2 takes 100 epochs to get going. These
# are FineTuneClassifier's own defaults, with which the head is trained in seconds.
HEAD = {
    "learning_rate": 1e-3,
    "batch_size": 32,
    "validation_fraction": 0.1,
    "early_stopping": True,
}
SCORES = ("accuracy", "f1", "roc_auc")
FILE_ALONE = "file alone, no pixel"


def parse_arguments(arguments=None):
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", required=True, help="folder of COVID-CT, or one folder per class")
    parser.add_argument(
        "--group-pattern",
        metavar="REGEX",
        help="finds the patient in each picture's path, such as '(patient[0-9]+)'",
    )
    parser.add_argument("--weights", help="folder with Keras weights files; default: download")
    parser.add_argument(
        "--network",
        nargs="+",
        metavar="NAME",
        help="networks to use; default: all in the folder with weights, or the recipe's seven",
    )
    parser.add_argument("--out", help="folder for features.db and results.json")
    parser.add_argument("--copies", type=int, default=2, help="augmented copies (default: 2)")
    parser.add_argument("--folds", type=int, default=5, help="folds (default: 5)")
    parser.add_argument(
        "--literal", action="store_true", help="train the head with the paper's own numbers"
    )
    arguments = parser.parse_args(arguments)
    if arguments.folds < 2:
        parser.error(f"--folds {arguments.folds}: wanted 2 or more")
    if arguments.copies < 0:
        parser.error(f"--copies {arguments.copies}: wanted 0 or more")
    return arguments


def load(path, group_pattern=None):
    """Load COVID-CT, or any other data set in folders."""
    folder = Path(path)
    is_covid_ct = any((folder / place).is_dir() for place in ("CT_COVID", "Images-processed"))
    if is_covid_ct and group_pattern is None:
        return load_covid_ct(folder)
    return load_image_folder(folder, group_pattern=group_pattern)


def main(arguments=None):
    """Run the whole job."""
    arguments = parse_arguments(arguments)
    data = load(arguments.data, arguments.group_pattern)
    groups = get_groups(data.data)
    positive = str(data.pos_label or data.target_names[-1])
    patients = "" if data.groups is None else f" of {len(set(data.groups))} patients"
    print(f"{len(data.data)} pictures{patients}: {', '.join(data.target_names)}")
    if data.groups is None:
        print("No patients are known: each picture counts as a patient of its own.")

    out = Path(arguments.out) if arguments.out else None
    if out:
        out.mkdir(parents=True, exist_ok=True)
    store = FeatureStore(out / "features.db") if out else FeatureStore()
    common = {"store": store, "verbose": 1}
    if arguments.weights:
        networks = extractors_from_folder(arguments.weights, arguments.network, **common)
    else:
        networks = make_extractors(*(arguments.network or covid_ct.RECIPE["backbones"]), **common)

    head = {} if arguments.literal else HEAD
    models = {name: {"extractors": [(name, network)]} for name, network in networks}
    if len(networks) > 1:
        models["concat"] = {"extractors": networks, "fusion": "concat"}
        models["vote"] = {"extractors": networks, "fusion": "vote"}
    models = {
        name: covid_ct(n_copies=arguments.copies, **head, **parameters)
        for name, parameters in models.items()
    }

    models = {FILE_ALONE: make_shortcut_baseline(), **models}

    unit = "picture" if data.groups is None else "patient"
    title = f"Cross-validation by {unit}, {arguments.folds} folds, {len(data.data)} pictures"
    results, steps = {title: {}}, {}
    for name, model in models.items():
        evaluation = evaluate(
            model,
            data.data,
            data.target,
            cv=arguments.folds,
            scoring=SCORES,
            positive=positive,
            shortcut=False,
        )
        results[title][name] = evaluation
        steps[f"cross-validation: {name}"] = evaluation.seconds
        if name == FILE_ALONE:  # by now it is known that the data can be split into such folds
            start = time.perf_counter()
            augmenter = covid_ct(n_copies=arguments.copies).augmenter
            copies, _ = augmenter.fit_resample(data.data, data.target)
            for network_name, network in networks:
                print(f"Features of {network_name}", file=sys.stderr)
                network.transform(copies)
            steps["features of all pictures and copies"] = time.perf_counter() - start
    report(title, results[title])

    if has_validation_part(data):
        train, test = data.split == "train", data.split == "validation"
        title = f"Fitted on train ({train.sum()}), judged on validation ({test.sum()})"
        results[title] = {}
        for name, model in models.items():
            start = time.perf_counter()
            model.fit(data.data[train], data.target[train])
            results[title][name] = Evaluation(
                y_true=data.target[test],
                y_proba=model.predict_proba(data.data[test]),
                classes=model.classes_,
                positive=positive,
                groups=groups[test],
                seconds=time.perf_counter() - start,
                scoring=SCORES,
            )
            steps[f"fit on train: {name}"] = results[title][name].seconds
        report(title, results[title])

    print("\nSeconds")
    for step, seconds in steps.items():
        print(f"  {seconds:8.1f}  {step}")
    counts = store.stats()
    print(
        f"\n{len(copies):,} pictures and copies went through each of {len(networks)} networks: "
        f"{counts['computed']:,} rows were computed (in all runs with "
        f"this store), {counts['hits']:,} found again."
    )
    print("These figures describe this data set. They are no diagnosis and no proof of use.")
    if out:
        facts = {
            "pictures": len(data.data),
            "patients": None if data.groups is None else len(set(data.groups)),
            "classes": data.target_names.tolist(),
            "positive": positive,
            "networks": [name for name, _ in networks],
            "settings": vars(arguments),
            **as_json(results, steps, counts),
        }
        (out / "results.json").write_text(json.dumps(facts, indent=2), encoding="utf-8")
        print(f"Written: {out / 'results.json'}")


def has_validation_part(data):
    """Tell whether training and validation part have all classes."""
    if data.split is None:
        return False
    parts = [set(data.target[data.split == part]) for part in ("train", "validation")]
    complete = all(part == set(data.target_names) for part in parts)
    if not complete:
        print("\nNothing is judged on a validation part: train or validation lacks a class.")
    return complete


def report(title, evaluations):
    """Print a table."""
    print(f"\n{title}; 95 % intervals from resampling patients")
    print(f"  {'':<22}{'accuracy':^24}{'F1':^24}{'AUC':^24}".rstrip())
    for name, evaluation in evaluations.items():
        print(row(name, evaluation))
    print("By patient, mean of its pictures")
    try:
        for name, evaluation in evaluations.items():
            print(row(name, evaluation.by_patient()))
    except ValueError as error:
        print(f"  There are no scores by patient. {error}")
    if len(evaluation.classes) == 2:
        print(f"F1 and AUC are about the class {evaluation.positive!r}.")
    else:
        print(f"F1 and AUC are means over the {len(evaluation.classes)} classes.")
    gained = [
        evaluation.compare(evaluations[FILE_ALONE])["roc_auc"]
        for name, evaluation in evaluations.items()
        if name != FILE_ALONE
    ]
    if max(difference.low for difference in gained) <= 0:
        print(
            "No model was shown to rank better than a forest that sees only how files are stored:\n"
            "they may have learned where pictures come from rather than what they show."
        )


def row(name, evaluation):
    """Write one line of a table."""
    cells = [
        f"{interval.estimate:.3f} [{interval.low:.3f}, {interval.high:.3f}]"
        for interval in evaluation.scores.values()
    ]
    return (f"  {name:<22}" + "".join(f"{cell:^24}" for cell in cells)).rstrip()


def as_json(results, steps, counts):
    """Turn results into what JSON can hold."""
    scores = {
        title: {
            name: {score: interval._asdict() for score, interval in evaluation.scores.items()}
            for name, evaluation in evaluations.items()
        }
        for title, evaluations in results.items()
    }
    return {"scores": scores, "seconds": steps, "store": counts}


if __name__ == "__main__":
    try:
        main()
    except (FusionlearnError, OSError, ValueError) as error:
        sys.exit(f"covid_ct.py: {error}")
