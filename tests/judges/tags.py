"""Prints the tags that each CPython takes on each platform, best first, as pip's own `packaging.tags` has them.

One line for each: the platform, the minor version of Python, then the tags, parted by blanks. The systems are newer than
all that any wheel asks for.
"""

from pip._vendor.packaging import _manylinux, tags


def platforms(platform):
    if platform == "windows-x86_64":
        return ["win_amd64"]
    system, machine = platform.split("-", 1)
    if system == "macos":
        return list(tags.mac_platforms((26, 0), machine))
    # As on a Linux of that machine: nothing of the one that this runs on counts.
    _manylinux._have_compatible_abi = lambda *_: True
    _manylinux._get_glibc_version = lambda: (2, 60)
    # It took the one name of a machine before it took a list of them.
    given = machine if _manylinux.platform_tags.__code__.co_varnames[0] == "arch" else [machine]
    return [*_manylinux.platform_tags(given), "linux_" + machine]


for platform in ["linux-x86_64", "linux-aarch64", "windows-x86_64", "macos-arm64", "macos-x86_64"]:
    here = platforms(platform)
    for minor in range(6, 17):
        interpreter = "cp3%d" % minor
        abi = interpreter + ("m" if minor < 8 else "")
        taken = [
            *tags.cpython_tags((3, minor), abis=[abi], platforms=here),
            *tags.compatible_tags((3, minor), interpreter=interpreter, platforms=here),
        ]
        print(platform, minor, *taken)
