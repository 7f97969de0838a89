"""On which machine, and with what, a benchmark ran."""

import os
import platform
import re
import sqlite3
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = (
    "fusionlearn",
    "tensorflow",
    "keras",
    "openvino",
    "numpy",
    "scikit-learn",
    "pillow",
)
# What decides how fast a network can be computed.
_FLAGS = {
    "AVX2": "avx2",
    "AVX-512": "avx512f",
    "VNNI": "avx512_vnni",
    "bf16": "avx512_bf16",
    "AMX": "amx_bf16",
}


def machine_facts():
    """Describe this machine, without its name.

    Returns
    -------
    facts : dict of str
        Processor, cores, memory, instructions and operating system.
    """
    model, flags = _processor()
    count = getattr(os, "sched_getaffinity", None)
    cores = len(count(0)) if count else os.cpu_count()
    facts = {"processor": model, "cores": str(cores)}
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        facts["memory"] = f"{memory / 2**30:.0f} GiB"
    found = [name for name, flag in _FLAGS.items() if flag in flags]
    facts["instructions"] = " ".join(found) or "not known"
    facts["system"] = f"{platform.system()} {platform.machine()}"
    return facts


def versions():
    """List versions of what takes part.

    Returns
    -------
    versions : dict of str
        By package; those that are not installed are left out.
    """
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    found["sqlite"] = sqlite3.sqlite_version
    return found


def _processor():
    """Model and flags of the processor, as Linux tells them."""
    path = Path("/proc/cpuinfo")
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    model = re.search(r"^model name\s*: (.+)$", text, re.M)
    flags = re.search(r"^flags\s*: (.+)$", text, re.M)
    name = model[1].strip() if model else platform.processor() or platform.machine()
    return name, set(flags[1].split()) if flags else set()
