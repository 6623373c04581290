"""Tiny wheels for a project's lock, on the loopback, and their digests in place of the real ones.

A tiny wheel has the file name, the name and the version of the real one and requires what that requires. For `.ci/image`.
"""

import functools
import hashlib
import http.server
import importlib.machinery
import importlib.util
import pathlib
import re
import shutil
import sys
import threading
import urllib.parse

try:
    import tomllib
except ImportError:  # before Python 3.11
    from pip._vendor import tomli as tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
PYTORCH = "https://download.pytorch.org/whl"
PLATFORM = "linux-x86_64"

sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tests/judges"))
from tiny import make  # noqa: E402


def installers():
    """`.ci/installers` as a module: it reads the catalogue and requirements files already."""
    loader = importlib.machinery.SourceFileLoader("installers", str(ROOT / ".ci/installers"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("installers", loader))
    loader.exec_module(module)
    return module


class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(urllib.parse.unquote(self.path))
        try:
            super().do_GET()
        except ConnectionError:
            pass  # A client that refuses a file goes away before it has all.

    def log_message(self, *_):
        pass


class Loopback(http.server.ThreadingHTTPServer):
    """Gives the files of a folder, and notes what was asked for."""

    def __init__(self, folder):
        self.asked = []
        super().__init__(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
        threading.Thread(target=self.serve_forever, daemon=True).start()
        self.base = "http://127.0.0.1:{}".format(self.server_port)


def page(files, path):
    """An index page for one project. `files`: pairs of a name and a digest, which may be None."""
    path.mkdir(parents=True, exist_ok=True)
    links = ""
    for name, digest in sorted(files):
        fragment = "#sha256=" + digest if digest else ""
        links += '<a href="../../files/{}{}">{}</a><br>\n'.format(urllib.parse.quote(name), fragment, name)
    (path / "index.html").write_text("<!DOCTYPE html><html><body>\n" + links + "</body></html>\n")


def locked_requirements(package):
    """`[package.dependencies]` of a lock as PEP 508 texts."""
    found = []
    for name, alternatives in package.get("dependencies", {}).items():
        for one in alternatives if isinstance(alternatives, list) else [alternatives]:
            one = one if isinstance(one, dict) else {"version": one}
            version = one.get("version", "*")
            # A bare version is an exact one. PEP 508 has no alternatives; the lock has chosen among them.
            version = "" if version == "*" or "||" in version else "==" + version if version[0].isdigit() else version
            extras = "[" + ",".join(one["extras"]) + "]" if "extras" in one else ""
            marker = "; " + one["markers"] if "markers" in one else ""
            found.append(name + extras + version + marker)
    return found


class TinyIndex:
    """A folder to serve: `simple` and `files` for every wheel of a lock, `whl` for PyTorch's."""

    def __init__(self, folder, lock):
        shutil.rmtree(folder, ignore_errors=True)
        self.folder = folder
        self.judges = installers()
        self.requires = self.judges.tables()
        self.locked = set(re.findall(r"[0-9a-f]{64}", lock))
        # The digests of the tiny wheels by those of the real ones.
        self.digests = {}
        # Of these, the real ones of the wheels that are swapped in.
        self.swapped = set()
        for package in tomllib.loads(lock)["package"]:
            name, version = self.judges.normal(package["name"]), package["version"]
            requires = self.listed(name, version, "pypi")
            requires = locked_requirements(package) if requires is None else requires
            wheels = [one for one in package["files"] if one["file"].endswith(".whl")]
            made = [(one["file"], self.add("files/" + one["file"], name, version, requires, one["hash"])) for one in wheels]
            page(made, folder / "simple" / name)

    def listed(self, name, version, index):
        lists = self.requires.get((name, version, index), {})
        return lists.get(PLATFORM, lists.get("*"))

    def add(self, path, name, version, requires, real):
        data = make(path.rsplit("/", 1)[1], name, version, requires)
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()
        self.digests[real.replace("sha256:", "")] = digest
        return digest

    def add_swapped(self, requirements):
        """The wheels that a requirements file takes from PyTorch's index. Everything else must be of the lock."""
        for block in self.judges.blocks(requirements):
            pinned = self.judges.pin(block)
            if pinned is None:
                continue
            name, version, url, digests = pinned
            if url is None:
                assert self.locked >= set(digests), "{} {} is not of the lock".format(name, version)
                continue
            index, file = urllib.parse.unquote(url).rsplit("/", 1)
            requires = self.listed(name, version, index)
            assert requires is not None, "the catalogue has no requirements for " + file
            self.add(index.replace(PYTORCH, "whl", 1) + "/" + file, name, version, requires, digests[0])
            self.swapped.add(digests[0])

    def translate(self, data, but=()):
        """Bytes with each real digest replaced by that of the tiny wheel, and how many were replaced.

        A lock has them as 64 hexadecimal digits. The table inside a program has them as 40 characters of one in 85 (build.rs);
        both kinds keep their length, so that a program can be translated, too.
        """
        count = 0
        kept = {real: tiny for real, tiny in self.digests.items() if real not in but}
        short = {fives(real): fives(tiny) for real, tiny in kept.items()}

        def among(digests):
            def other(match):
                nonlocal count
                digest = digests.get(match[0].decode())
                count += digest is not None
                return digest.encode() if digest else match[0]

            return other

        data = re.sub(rb"[0-9a-f]{64}", among(kept), data)
        return re.sub(rb"(?<=\t)[!-u]{40}(?=\t)", among(short), data), count


def fives(digest):
    """Hexadecimal digits as characters of one in 85 from `!` on, five for four bytes, as build.rs writes them."""
    numbers = [int(digest[start : start + 8], 16) for start in range(0, 64, 8)]
    return "".join(chr(33 + number // 85**place % 85) for number in numbers for place in (4, 3, 2, 1, 0))
