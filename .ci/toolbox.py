"""The tools of the judges: each in an environment of its own, which is made once and which all scripts share."""

import fcntl
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
FOLDER = TARGET / "tools"
# What installs from a pylock.toml, or judges one.
NEWEST = ["pip==26.3", "uv==0.13.9", "packaging==26.3"]
# Each Poetry with the export plugin of its time.
POETRY = {
    # It runs its own packaging under the Python that it installs for, and newer ones are not for 3.9.
    "1.8.5": ["poetry==1.8.5", "poetry-plugin-export==1.8.0", "packaging<26"],
    "2.5.1": ["poetry==2.5.1", "poetry-plugin-export==1.10.1"],
}


def environment(name, *packages):
    """A virtual environment with some packages from the index that pip is set up with, and None; or None, and why not."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    venv, done = FOLDER / name, FOLDER / (name + ".done")
    wanted = " ".join((sys.version, *packages))
    # Scripts that want the same one at the same time wait for the first.
    with open(FOLDER / (name + ".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if done.exists() and done.read_text() == wanted:
            return venv, None
        done.unlink(missing_ok=True)
        shutil.rmtree(venv, ignore_errors=True)
        for command in ([sys.executable, "-m", "venv", venv], [venv / "bin/python", "-m", "pip", "install", "--quiet", "--upgrade", *packages]):
            made = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
            if made.returncode:
                return None, (made.stderr.strip().splitlines() or ["no reason"])[-1]
        done.write_text(wanted)
        return venv, None


def newest():
    return environment("newest", *NEWEST)


def poetry(version):
    return environment("poetry-" + version, *POETRY[version])
