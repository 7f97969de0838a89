"""A CSV file that names pictures and their labels."""

import csv
import os

from .._hints import did_you_mean
from ._files import listing
from ._records import Record, parse_split

GROUP_COLUMNS = ("group", "patient", "patient_id")


def read_index(path):
    """Read a CSV file of pictures.

    Parameters
    ----------
    path : str
        The file, in UTF-8, with a header: ``file`` and ``label``, and if wanted
        ``split`` and one of ``group``, ``patient`` and ``patient_id``. Files are
        relative to the folder of the CSV file.

    Returns
    -------
    records : list of Record
        In the order of the rows.

    unused : list of str
        Columns that are not read.

    Raises
    ------
    FileNotFoundError
        If a row names a file that does not exist.

    ValueError
        If a column is missing or doubled, or a row has an empty cell, another number
        of cells, an unknown split, or a file that an earlier row has.
    """
    rows = _read_rows(path)
    columns, unused = _find_columns(path, rows[0][1])
    records, seen, missing = [], {}, []
    root = os.path.dirname(os.path.abspath(path))
    for number, cells in rows[1:]:
        record = _read_row(path, number, cells, columns, len(rows[0][1]))
        key = os.path.normpath(record.file)
        if key in seen:
            raise ValueError(
                f"{path!r}, line {number}: {record.file!r} is already in line {seen[key]}. "
                "Keep one of the rows."
            )
        seen[key] = number
        if not os.path.isfile(os.path.join(root, record.file)):
            missing.append(f"line {number}: {record.file}")
        records.append(record)
    if not records:
        raise ValueError(f"{path!r} has a header but no rows. Add a row for each picture.")
    if missing:
        raise FileNotFoundError(
            f"{path!r} names {len(missing)} file(s) that do not exist: {listing(missing)}. Paths "
            "are relative to the folder of the CSV file, with forward slashes; correct the rows "
            "or add the files."
        )
    return records, unused


def _read_rows(path):
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, strict=True)
            rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if row]
    except UnicodeDecodeError as error:
        raise ValueError(f"{path!r} is not UTF-8 ({error}). Save it as UTF-8.") from error
    except csv.Error as error:
        raise ValueError(f"{path!r}, line {reader.line_num}: no valid CSV ({error}).") from error
    if not rows:
        raise ValueError(f"{path!r} is empty; wanted a header such as file,label,split,group.")
    return rows


def _find_columns(path, header):
    names = [name.casefold() for name in header]
    columns = {}
    for column, accepted in (
        ("file", ("file",)),
        ("label", ("label",)),
        ("split", ("split",)),
        ("group", GROUP_COLUMNS),
    ):
        found = [index for index, name in enumerate(names) if name in accepted]
        if len(found) > 1:
            raise ValueError(
                f"{path!r} has {len(found)} columns for the {column}: "
                f"{listing([header[index] for index in found])}. Keep one."
            )
        if found:
            columns[column] = found[0]
    if absent := [name for name in ("file", "label") if name not in columns]:
        hint = did_you_mean(absent[0], header)
        if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
            hint = " Separate the columns by commas."
        raise ValueError(f"{path!r} has no column {listing(absent)}; its header is {header}.{hint}")
    used = set(columns.values())
    return columns, [name for index, name in enumerate(header) if index not in used]


def _read_row(path, number, cells, columns, width):
    if len(cells) != width:
        raise ValueError(
            f"{path!r}, line {number}: {len(cells)} cells under a header of {width}. Put cells "
            "that contain commas into double quotes."
        )
    values = {column: cells[index] for column, index in columns.items()}
    for column, value in values.items():
        if not value:
            remedy = (
                "Give a picture whose patient is unknown a name of its own there."
                if column == "group"
                else "Fill it in or remove the row."
            )
            raise ValueError(
                f"{path!r}, line {number} ({values['file'] or 'no file'}): the {column} is empty. "
                f"{remedy}"
            )
    split = values.get("split")
    if split is not None:
        split = parse_split(split, where=f"{path!r}, line {number}: split")
    return Record(values["file"], values["label"], split, values.get("group"))
