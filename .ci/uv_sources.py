"""Packages from other places than an index: wheels and archives as files and at URLs, folders, a git repository, a flat index."""

import hashlib
import io
import shutil
import subprocess
import tarfile
import zipfile

HAS_GIT = bool(shutil.which("git"))
KINDS = ["wheel", "archive", "folder", "editable", "url-wheel", "url-archive", "flat"] + (["git"] if HAS_GIT else [])


def metadata(name, version, requires, extras):
    """As the wheel's METADATA, and the same as a [project]. `extras`: requirements by name."""
    lines = ["Metadata-Version: 2.2", "Name: " + name, "Version: " + version]
    lines += ["Requires-Dist: " + one for one in requires]
    for extra, own in extras.items():
        lines.append("Provides-Extra: " + extra)
        for one in own:
            before, _, marker = one.partition(";")
            when = "({}) and ".format(marker.strip()) if marker else ""
            lines.append("Requires-Dist: {} ; {}extra == '{}'".format(before.strip(), when, extra))
    project = ["[project]", 'name = "{}"'.format(name), 'version = "{}"'.format(version), "dependencies = {}".format(requires)]
    project += ["[project.optional-dependencies]"] + ["{} = {}".format(*pair) for pair in extras.items()] if extras else []
    project += ["[build-system]", 'requires = ["setuptools"]', 'build-backend = "setuptools.build_meta"']
    return "\n".join(lines) + "\n", "\n".join(project) + "\n"


class Sources:
    """Those of one project, in a folder beside it; `served`, its address, is the same for what has a URL."""

    def __init__(self, place, files, address):
        self.place, self.files, self.address = place, files, address
        self.in_git, self.flat = [], set()
        place.mkdir(parents=True)
        files.mkdir(parents=True, exist_ok=True)

    def make(self, kind, name, version, requires, extras):
        """What `[tool.uv.sources]` says of a package that is made here."""
        text, project = metadata(name, version, requires, extras)
        if kind in ("wheel", "url-wheel", "flat"):
            # Only what is installed from a URL or a path may have a local version.
            version += "" if kind == "flat" else "+here"
            file = "{}-{}-py3-none-any.whl".format(name, version)
            folder = self.place / "flat" if kind == "flat" else self.files if kind == "url-wheel" else self.place
            folder.mkdir(exist_ok=True)
            with zipfile.ZipFile(folder / file, "w") as wheel:
                info = "{}-{}.dist-info/".format(name, version)
                wheel.writestr(info + "METADATA", text.replace("Version: " + version.partition("+")[0], "Version: " + version))
                wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\nGenerator: made\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
                wheel.writestr(info + "RECORD", "")
        elif kind in ("archive", "url-archive"):
            file = "{}-{}.tar.gz".format(name, version)
            # Some archives hold the package in a folder.
            inner = "inner" if kind == "url-archive" and int(hashlib.sha256(name.encode()).hexdigest(), 16) % 2 else ""
            with tarfile.open((self.files if kind == "url-archive" else self.place) / file, "w:gz") as archive:
                for member, content in (("PKG-INFO", text), ("pyproject.toml", project)):
                    entry = tarfile.TarInfo("/".join(filter(None, ["{}-{}".format(name, version), inner, member])))
                    entry.size = len(content.encode())
                    archive.addfile(entry, io.BytesIO(content.encode()))
            if inner:
                return {"url": "{}/{}".format(self.address, file), "subdirectory": inner}
        elif kind in ("folder", "editable", "git"):
            folder = self.place / ("repository/{}-{}" if kind == "git" else kind + "-{}-{}").format(name, version)
            folder.mkdir(parents=True)
            (folder / "pyproject.toml").write_text(project)
            if kind == "git":
                self.in_git.append(name)
                return {"git": "file://{}".format(folder.parent), "subdirectory": folder.name, "branch": "main"}
            said = {"path": "../sources/" + folder.name}
            return {**said, "editable": True} if kind == "editable" else said
        if kind == "flat":
            self.flat.add(name)
            return {"index": "flat"}
        return {"url": "{}/{}".format(self.address, file.replace("+", "%2B"))} if "url" in kind else {"path": "../sources/" + file}

    def finish(self):
        """Commits what is in the repository."""
        if self.in_git:
            said = ["git", "-c", "user.name=made", "-c", "user.email=made@git.example", "-C", self.place / "repository"]
            for words in (["init", "--quiet", "--initial-branch=main"], ["add", "."], ["commit", "--quiet", "--message=made"]):
                subprocess.run([*said, *words], check=True, capture_output=True)
