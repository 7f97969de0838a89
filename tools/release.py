"""Make a release, or rehearse one: ``python tools/release.py``.

A dry run, which is the default, checks the files, builds sdist and wheel of the last commit in a
temporary folder, tries the wheel in a fresh environment, and prints what is left to do. With
``--no-dry-run`` the files stay in ``dist/`` and the commit is tagged. Nothing leaves the machine
without ``--upload``. The documentation's page on releases has the whole procedure.
"""

import argparse
import datetime
import hashlib
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import venv
from pathlib import Path

from release_checks import ROOT, changelog_entry, find_problems, package_version, tag_message


def run(*command, **settings):
    """Show a command and run it; end here if it fails."""
    show(command)
    done = subprocess.run([str(part) for part in command], check=False, **settings)
    if done.returncode:
        raise SystemExit(f"failed: {shlex.join(map(str, command))}")


def show(command):
    """Print a command as one would type it."""
    print("$", shlex.join(map(str, command)), flush=True)


def git(*arguments):
    """Ask git about the project."""
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def git_problems(tag):
    """List what git says against a release."""
    problems = []
    if changed := git("status", "--porcelain"):
        problems.append(f"git: {len(changed.splitlines())} files are not committed")
    if git("tag", "--list", tag):
        problems.append(f"git: the tag {tag} is there already")
    return problems


def build(folder):
    """Build sdist and wheel of the last commit; what is not committed cannot slip in."""
    source = folder / "source"
    archive = folder / "source.tar"
    git("archive", f"--output={archive}", "HEAD")
    with tarfile.open(archive) as tar:
        tar.extractall(source, filter="data")
    # Without isolation: the tools are those that the extra "release" installed.
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder / "dist", source)
    files = sorted((folder / "dist").iterdir())
    run(sys.executable, "-m", "twine", "check", "--strict", *files)
    cffconvert = Path(sys.executable).with_name("cffconvert")
    run(cffconvert, "--validate", "--infile", source / "CITATION.cff")
    return files


def try_wheel(wheel, folder, *, resolve):
    """Install a wheel into a fresh environment, and go the whole way with it.

    By default its dependencies are those of this environment, so that no index is asked. They are
    found after the wheel itself, and an editable install of the project is not found at all.
    """
    environment = folder / "environment"
    venv.create(environment, with_pip=True)
    python = environment / "bin" / "python"
    alone = [] if resolve else ["--no-deps", "--no-index"]
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *alone, wheel)
    if not resolve:
        site = next(environment.glob("lib/python*/site-packages"))
        (site / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    run(python, "-I", ROOT / "tools" / "smoke_test.py", cwd=folder)
    run(environment / "bin" / "fusionlearn", "--version", cwd=folder)


def parse(arguments):
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--dry-run",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="change nothing, and only say what would be done (the default)",
    )
    parser.add_argument(
        "--upload", action="store_true", help="send the files to the index, after all else"
    )
    parser.add_argument(
        "--resolve",
        action="store_true",
        help="let pip fetch the dependencies of the wheel, instead of lending it those here",
    )
    options = parser.parse_args(arguments)
    if options.upload and options.dry_run:
        parser.error("--upload needs --no-dry-run")
    return options


def main(arguments=None):
    """Check, build, try, tag, upload; the exit status says whether all is well."""
    options = parse(arguments)
    version = package_version(ROOT)
    tag = f"v{version}"
    problems = find_problems(ROOT, datetime.date.today()) + git_problems(tag)
    for problem in problems:
        print("problem:", problem)
    if problems and not options.dry_run:
        print("Nothing was done.")
        return 1
    _, body = changelog_entry((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), version)
    message = tag_message(version, body or "")
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        files = build(folder)
        wheel = next(file for file in files if file.suffix == ".whl")
        try_wheel(wheel, folder, resolve=options.resolve)
        for file in files:
            print(f"sha256 {hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}")
        dist = [ROOT / "dist" / file.name for file in files]
        mark = ("git", "-C", ROOT, "tag", "--annotate", tag, "-m", message)
        upload = (sys.executable, "-m", "twine", "upload", *dist)
        if options.dry_run:
            print(f"A dry run. Left to do: copy these files to {ROOT / 'dist'},")
            show(mark)
            print("and with --upload")
            show(upload)
            return 1 if problems else 0
        (ROOT / "dist").mkdir(exist_ok=True)
        for file, kept in zip(files, dist, strict=True):
            shutil.copy2(file, kept)
        run(*mark)
    if options.upload:
        run(*upload)
    else:
        print("Nothing was sent. When it shall be:")
        show(upload)
    print(f"{tag} is made here; git push --follow-tags sends it.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
