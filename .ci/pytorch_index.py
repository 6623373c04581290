#!/usr/bin/env python3
"""PyTorch's index on the loopback, as the catalogue knows it: pages of links, and the metadata of wheels that are not there.

    .ci/pytorch_index.py COMMAND…       runs a command, such as `uv lock`, on the project in the current folder

uv resolves with these alone, so a project that names PyTorch's index is locked without that. In `pyproject.toml` and
`uv.lock` the addresses are those of the loopback while the command runs.
"""

import hashlib
import http.server
import pathlib
import re
import subprocess
import sys
import threading
import urllib.parse
from collections import defaultdict

CATALOG = pathlib.Path(__file__).resolve().parent.parent / "src/catalog"
ADDRESS = "https://download.pytorch.org/whl"


def rows(table):
    lines = (CATALOG / table).read_text().splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path = urllib.parse.unquote(self.path.partition("?")[0])
        body = self.server.files.get(path)
        self.send_response(404 if body is None else 200)
        body = body or b""
        kind = "text/html" if path.endswith("/") else "application/octet-stream"
        for header in (("Content-Type", kind), ("Content-Length", str(len(body)))):
            self.send_header(*header)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class PyTorch(http.server.ThreadingHTTPServer):
    """Serves `base`/BUILD/NAME/ for each build of the catalogue."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.base = "http://127.0.0.1:{}/whl".format(self.server_port)
        self.files, pages = {}, defaultdict(list)
        requires = {tuple(row[:3]): row[6:] for row in rows("requires.tsv") if row[3] == "*" and row[5] == "-"}
        for name, version, _, index, file, sha256, _, _, pythons, *_ in rows("wheels.tsv"):
            needed = requires.get((name, version, index))
            # Of a wheel of which it is not known what it requires there is no page either.
            if needed is None or not index.startswith(ADDRESS):
                continue
            metadata = ["Metadata-Version: 2.1", "Name: " + name, "Version: " + version]
            extras = sorted({extra for one in needed for extra in re.findall(r"extra == [\"']([^\"']+)", one)})
            metadata += ["Provides-Extra: " + one for one in extras] + ["Requires-Dist: " + one for one in needed]
            metadata += ["Requires-Python: " + pythons] if pythons != "-" else []
            metadata = ("\n".join(metadata) + "\n").encode()
            folder = "/whl" + index.removeprefix(ADDRESS) + "/"
            self.files[folder + file + ".metadata"] = metadata
            link = '<a href="../{}#sha256={}" data-core-metadata="sha256={}">{}</a><br>\n'
            pages[folder + name + "/"].append(
                link.format(file.replace("+", "%2B"), sha256, hashlib.sha256(metadata).hexdigest(), file)
            )
        for path, links in pages.items():
            self.files[path] = "<!DOCTYPE html><html><body>\n{}</body></html>\n".format("".join(links)).encode()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def run(self, folder, command):
        """What comes of a command that is run with this place for PyTorch's in a project."""
        files = [path for path in (folder / "pyproject.toml", folder / "uv.lock") if path.exists()]
        for path in files:
            path.write_text(path.read_text().replace(ADDRESS, self.base))
        try:
            return command()
        finally:
            for path in {*files, *folder.glob("uv.lock")}:
                path.write_text(path.read_text().replace(self.base, ADDRESS))


if __name__ == "__main__":
    sys.exit(PyTorch().run(pathlib.Path.cwd(), lambda: subprocess.run(sys.argv[1:]).returncode))
