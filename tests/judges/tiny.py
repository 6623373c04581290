"""Makes tiny wheels: the right name, version and requirements, and nothing to import.

Reads one JSON object a line from standard input: `file` (where to write), `name`, `version`, `requires` (a list of
PEP 508 texts). Prints the sha256 of each wheel, one a line, in the same order. Works with every Python 3 from 3.6 on.

`.ci/installers` imports `make` from here.
"""

import hashlib
import io
import json
import os
import re
import sys
import zipfile


def make(file_name, name, version, requires):
    """The bytes of a wheel: the same for the same arguments."""
    # The folder inside carries the file name's own spelling, as installers check it against the name.
    stem = "-".join(file_name.split("-")[:2])
    tags = file_name[: -len(".whl")].split("-")[-3:]
    info = stem + ".dist-info/"
    head = ["Metadata-Version: 2.1", "Name: " + name, "Version: " + version]
    # Without Provides-Extra, pip takes no requirement of an extra.
    extras = sorted({extra for text in requires for extra in re.findall(r"extra\s*==\s*[\"']([^\"']+)[\"']", text)})
    head += ["Provides-Extra: " + extra for extra in extras]
    head += ["Requires-Dist: " + text for text in requires]
    wheel = ["Wheel-Version: 1.0", "Generator: tiny", "Root-Is-Purelib: true"]
    wheel += ["Tag: {}-{}-{}".format(py, abi, plat) for py in tags[0].split(".") for abi in tags[1].split(".") for plat in tags[2].split(".")]
    files = {info + "METADATA": head, info + "WHEEL": wheel}
    files[info + "RECORD"] = [path + ",," for path in list(files) + [info + "RECORD"]]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path, lines in files.items():
            # A fixed date, for the digest must not depend on the clock.
            archive.writestr(zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0)), "\n".join(lines) + "\n")
    return out.getvalue()


def main():
    for line in sys.stdin:
        one = json.loads(line)
        data = make(os.path.basename(one["file"]), one["name"], one["version"], one["requires"])
        with open(one["file"], "wb") as file:
            file.write(data)
        print(hashlib.sha256(data).hexdigest())


if __name__ == "__main__":
    main()
