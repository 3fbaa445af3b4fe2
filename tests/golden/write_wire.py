"""Write the vectors of the wire format that are not there yet.

Run it as ``python -m tests.golden.write_wire``. A file that exists is never written again, since a
changed vector would be another format: a new vector gets a new name.
"""

from __future__ import annotations

import sys

from tests.golden.wire_vectors import FOLDER, make_vectors, scene, vector_names


def main() -> int:
    """Write what is new; 1 when there was nothing to write."""
    present = set(vector_names())
    new = [vector for vector in make_vectors() if vector.name not in present]
    files = [pair for vector in new for pair in vector.files()]
    if not (FOLDER / "scene.tif").exists():
        files.append(("scene.tif", scene()))
    FOLDER.mkdir(exist_ok=True)
    for name, data in files:
        with (FOLDER / name).open("xb") as file:
            file.write(data)
        print(f"wrote {name}, {len(data):,} bytes")
    if present:
        print(f"left alone: {', '.join(sorted(present))}")
    return 0 if files else 1


if __name__ == "__main__":
    sys.exit(main())
