"""Locks of any size for `peers`: a real one of the fixtures, filled up with invented packages.

An invented package has the files of a real one of the fixture under its own name (so about as many as real ones have),
extras, a Requires-Python, and up to three dependencies on other invented packages. Some have a marker. Every one of them
is reached from the project, so that the graph walk of a lock before 2.1 gives what the groups and markers of a 2.1 lock
give. Nothing here is random: the same call makes the same bytes.
"""

import hashlib
import re
import subprocess
import tomllib
from pathlib import Path

PROJECT = "torch-2.4.1"
FIXTURES = {"2.1": "poetry-2.5", "2.0": "poetry-1.8"}
MARKERS = ['python_version < \\"3.11\\"', 'sys_platform == \\"win32\\"', 'python_version >= \\"3.9\\" and platform_system != \\"Windows\\"']
HOST = "https://packages.example.test"


def write(folder: Path, fixtures: Path, packages: int, version: str) -> Path:
    """Writes a project whose lock has so many packages."""
    source = fixtures / FIXTURES[version] / PROJECT
    lock = (source / "poetry.lock").read_text()
    known = tomllib.loads(lock)["package"]
    # In another order than the fixture's, so that a few packages have as many files on average as many have.
    like = known[::3] + known[1::3] + known[2::3]
    count = packages - len(known)
    assert count >= 0, f"{source} already has {len(known)} packages"
    head, tail = lock.split("\n[extras]\n")
    entries = [entry(index, count, like[index % len(like)], version) for index in range(count)]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "poetry.lock").write_text(head + "\n" + "".join(entries) + "\n[extras]\n" + tail)
    (folder / "pyproject.toml").write_text(project(source, count, version))
    return folder


def name(index: int) -> str:
    words = ["amber", "birch", "cedar", "delta", "ember", "fjord", "grove"], ["anchor", "beacon", "codec", "driver", "engine"]
    return f"{words[0][index % 7]}-{words[1][index % 5]}-{index:04}"


def parent(index: int) -> int | None:
    """Who needs it; the project itself needs every seventh."""
    if index % 7 == 0:
        return None
    above = index // 2
    return above if marker(above) is None else above - above % 7


def marker(index: int) -> str | None:
    return MARKERS[index // 10 % len(MARKERS)] if index % 10 == 3 and index % 7 else None


def entry(index: int, count: int, like: dict, version: str) -> str:
    own = name(index)
    lines = [
        "[[package]]",
        f'name = "{own}"',
        f'version = "1.{index % 40}.{index % 7}"',
        f'description = "Invented package {index}, with the files of {like["name"]}"',
        "optional = false",
        f'python-versions = "{like["python-versions"]}"',
    ]
    if version == "2.1":
        lines.append('groups = ["main"]')
        if marker(index):
            lines.append(f'markers = "{marker(index)}"')
    lines.append("files = [")
    for file in like["files"]:
        lines.append(f'    {{file = "{file_name(file["file"], own, index)}", hash = "sha256:{digest(own, file["file"])}"}},')
    lines.append("]")
    below = [other for other in range(count) if parent(other) == index]
    if below:
        lines += ["", "[package.dependencies]"]
        for other in below:
            if marker(other):
                lines.append(f'{name(other)} = {{version = ">=1.0", markers = "{marker(other)}"}}')
            else:
                lines.append(f'{name(other)} = "{[">=1.0,<2.0", "*", ">=1.0"][other % 3]}"')
    if like.get("extras"):
        lines += ["", "[package.extras]"]
        for extra, wants in like["extras"].items():
            lines.append(f"{extra} = [" + ", ".join(quoted(want) for want in wants) + "]")
    return "\n" + "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    return '"' + text.replace('"', '\\"') + '"'


def file_name(real: str, own: str, index: int) -> str:
    version = f"1.{index % 40}.{index % 7}"
    if real.endswith(".tar.gz"):
        return f"{own.replace('-', '_')}-{version}.tar.gz"
    tags = real.split("-", 2)[2]
    return f"{own.replace('-', '_')}-{version}-{tags}"


def digest(*words: str) -> str:
    return hashlib.sha256("/".join(words).encode()).hexdigest()


def project(source: Path, count: int, version: str) -> str:
    text = (source / "pyproject.toml").read_text()
    roots = [name(index) for index in range(count) if parent(index) is None]
    if version == "2.1":
        last = "    \"colorama>=0.4.6; sys_platform == 'win32'\",\n"
        more = "".join(f'    "{root}>=1.0",\n' for root in roots)
    else:
        last = "colorama = { version = \"^0.4.6\", markers = \"sys_platform == 'win32'\" }\n"
        more = "".join(f'{root} = ">=1.0"\n' for root in roots)
    assert last in text
    return text.replace(last, last + more)


def sign(folder: Path, poetry: str) -> None:
    """Writes the content hash that this Poetry wants, without which its export refuses the lock."""
    python = Path(poetry).read_text().split("\n", 1)[0].removeprefix("#!").strip()
    code = "from poetry.factory import Factory; print(Factory().create_poetry().locker._get_content_hash())"
    value = subprocess.run([python, "-c", code], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()
    lock = folder / "poetry.lock"
    lock.write_text(re.sub('content-hash = ".*"', f'content-hash = "{value}"', lock.read_text()))


def write_uv(folder: Path, of: Path) -> Path:
    """Writes the packages of a Poetry project's 2.1 lock as a uv project: the same names, versions, edges and files."""
    lock = tomllib.loads((of / "poetry.lock").read_text())
    versions: dict[str, list[dict]] = {}
    for package in lock["package"]:
        versions.setdefault(package["name"], []).append(package)
    text = ["version = 1", "revision = 3", 'requires-python = ">=3.8, <3.12"', ""]
    for package in lock["package"]:
        text += uv_entry(package, versions)
    wanted = [one for one in versions if one in roots_of(of)]
    text += ["[[package]]", 'name = "service"', 'version = "0.1.0"', 'source = { virtual = "." }', "dependencies = ["]
    text += [line for one in wanted for line in uv_edges(one, None, versions)] + ["]", ""]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "uv.lock").write_text("\n".join(text))
    head = '[project]\nname = "service"\nversion = "0.1.0"\nrequires-python = ">=3.8,<3.12"\n'
    (folder / "pyproject.toml").write_text(head + "dependencies = [" + ", ".join(quoted(one) for one in wanted) + "]\n")
    return folder


def roots_of(of: Path) -> set[str]:
    wants = tomllib.loads((of / "pyproject.toml").read_text())["project"]["dependencies"]
    return {re.match("[A-Za-z0-9._-]+", want)[0] for want in wants}


def uv_edges(target: str, condition: str | None, versions: dict) -> list[str]:
    edges = []
    for package in versions.get(target, []):
        both = [one for one in (condition, package.get("markers") if len(versions[target]) > 1 else None) if one]
        text = " and ".join(f"({one})" for one in both) if len(both) > 1 else "".join(both)
        which = f', version = "{package["version"]}", source = {{ registry = "{HOST}/simple" }}' if len(versions[target]) > 1 else ""
        when = f', marker = "{text.replace(chr(34), chr(39))}"' if text else ""
        edges.append(f'    {{ name = "{target}"{which}{when} }},')
    return edges


def uv_entry(package: dict, versions: dict) -> list[str]:
    text = ["[[package]]", f'name = "{package["name"]}"', f'version = "{package["version"]}"', f'source = {{ registry = "{HOST}/simple" }}']
    edges = []
    for target, how in package.get("dependencies", {}).items():
        for one in how if isinstance(how, list) else [how]:
            if not (isinstance(one, dict) and one.get("optional")):
                edges += uv_edges(target, one.get("markers") if isinstance(one, dict) else None, versions)
    if edges:
        text += ["dependencies = [", *edges, "]"]
    wheels = []
    for file in package["files"]:
        what = f'{{ url = "{HOST}/{file["file"]}", hash = "{file["hash"]}", size = 1 }}'
        if file["file"].endswith(".whl"):
            wheels.append(f"    {what},")
        else:
            text.append(f"sdist = {what}")
    return text + (["wheels = [", *wheels, "]"] if wheels else []) + [""]
