#!/usr/bin/env python3
"""Checks that the modules of fanin include each other in one direction only.

The rows come from the table in docs/design.md, so the document and the check cannot part. A module may include
itself and modules of the rows above it in that table, except for the edges in FORBIDDEN. Public headers may include
neither private headers nor the headers of the libraries that fanin hides.

Usage: check_layers.py [--root DIR] [--self-test]; exit status 0 when clean, 1 with one line per violation otherwise.
"""

import argparse
import re
import sys
import tempfile
from pathlib import Path

MODELS = ("nn", "rbm", "dbn")
ROOTS = ("cli", "python")

# Edges that the rows alone would not always rule out, with the reason to print.
FORBIDDEN = {
    ("linalg", "random"): "linalg works on numbers, wherever they come from",
    ("nn", "rbm"): "nn and rbm meet in dbn",
    ("rbm", "nn"): "nn and rbm meet in dbn",
    **{(low, model): f"{low} knows no model" for low in ("random", "init", "data") for model in MODELS},
    **{(model, high): f"a model does not know {high}" for model in MODELS for high in ("train", "data", "io")},
    **{("train", high): "events go out of train, observers come from outside" for high in ("check", "report", "cli")},
}

HIDDEN = re.compile(
    r"(fmt|nlohmann|hwy|toml\+\+|CLI|openssl|gtest|gmock|benchmark)/"
    r"|(png|pnglibconf|zlib|zconf|toml|json|cblas|lapacke?|libxsmm|mpi|curl|cuda\w*|cublas\w*)\.(h|hpp)$"
)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">\n]+)[">]', re.MULTILINE)
ROW = re.compile(r"^\|\s*(\d+)\s*\|([^|]*)\|", re.MULTILINE)
SOURCES = {".h", ".hpp", ".cpp", ".cc", ".inl"}


def read_rows(root):
    """{module: row} from the table in docs/design.md."""
    rows = {}
    for number, names in ROW.findall((root / "docs/design.md").read_text(encoding="utf-8")):
        for name in re.findall(r"`(\w+)`", names):
            rows[name] = int(number)
    if "core" not in rows:
        sys.exit("check_layers: docs/design.md has no table with rows like '| 1 | `core` | ... |'")
    return rows


def edge_problem(rows, module, target):
    """Why `module` may not include `target`, or None."""
    if module == target:
        return None
    if target in ROOTS:
        return f"{target} is used by nobody"
    if (module, target) in FORBIDDEN:
        return FORBIDDEN[module, target]
    if rows[target] == rows[module]:
        return f"{module} and {target} stand on one row and do not see each other"
    if rows[target] > rows[module]:
        return f"{target} is on row {rows[target]}, {module} on row {rows[module]}"
    return None


def include_problem(rows, module, public, quote, path):
    """Why a file of `module` (None for include/fanin/fanin.h) may not include `path`, or None."""
    if public and HIDDEN.match(path):
        return "a public header shows a library that fanin hides"
    if ".." in path.split("/"):
        return "a path with '..' hides which module it reaches"
    parts = path.split("/")
    if parts[0] == "fanin":
        if path == "fanin/fanin.h":
            return None if module in ROOTS else "the umbrella header brings in every module"
        parts = parts[1:]
    elif quote == "<":
        return None
    elif public:
        return "a public header includes a private one; public paths begin with fanin/"
    if len(parts) == 1:
        return None
    target = parts[0]
    if target not in rows:
        return f"'{target}' is no module of docs/design.md"
    if module is None:
        return f"{target} is used by nobody" if target in ROOTS else None
    return edge_problem(rows, module, target)


def check(root):
    """All violations under `root`, one line each, in a fixed order."""
    rows = read_rows(root)
    found = []
    for base in (root / "include/fanin", root / "src"):
        public = base.parts[-1] == "fanin"
        for folder in sorted(p for p in base.iterdir() if p.is_dir()):
            if folder.name not in rows:
                found.append(f"{folder.relative_to(root)}: '{folder.name}' is no module of docs/design.md")
        for file in sorted(p for p in base.rglob("*") if p.suffix in SOURCES):
            relative = file.relative_to(base).parts
            module = relative[0] if len(relative) > 1 else None
            if module is not None and module not in rows:
                continue
            if module is None and not public:
                found.append(f"{file.relative_to(root)}: a source outside any module")
                continue
            text = file.read_text(encoding="utf-8")
            for match in INCLUDE.finditer(text):
                problem = include_problem(rows, module, public, *match.groups())
                if problem:
                    line = text.count("\n", 0, match.start(2)) + 1
                    found.append(f"{file.relative_to(root)}:{line}: includes {match.group(2)}: {problem}")
    return found


TABLE = """
| row | modules | what lives there |
|---|---|---|
| 1 | `core` | a |
| 2 | `random` · `linalg` · `dist` | b |
| 3 | `init` · `optim` · `data` | c |
| 4 | `nn` · `rbm` | d |
| 5 | `dbn` | e |
| 6 | `io` | f |
| 7 | `train` | g |
| 8 | `propagate` · `check` | h |
| 9 | `report` | i |
| 10 | `cli` · `python` | j |
"""

CLEAN = {
    "include/fanin/fanin.h": '#include "fanin/core/shape.h"\n#include "fanin/train/trainer.h"\n',
    "include/fanin/core/shape.h": "#include <array>\n",
    "include/fanin/nn/network.h": '#include "fanin/core/shape.h"\n#include "fanin/init/plan.h"\n',
    "src/core/shape.cpp": '#include "fanin/core/shape.h"\n#include "core/simd-inl.h"\n#include <fmt/format.h>\n',
    "src/nn/network.cpp": '#include "fanin/nn/network.h"\n#include "linalg/gemm.h"\n#include "detail.h"\n',
    "src/dbn/stack.cpp": '#include "fanin/rbm/rbm.h"\n#include "fanin/nn/network.h"\n',
    "src/io/dataset.cpp": '#include "fanin/data/data_set.h"\n',
    "src/cli/main.cpp": '#include "fanin/fanin.h"\n#include "cli/lab.h"\n#include "fanin/report/table.h"\n',
}

# (file, the line that makes it wrong, a part of the message)
WRONG = [
    ("src/core/a.cpp", '#include "fanin/random/stream.h"', "row 2, core on row 1"),
    ("src/optim/a.cpp", '#include "fanin/nn/network.h"', "row 4, optim on row 3"),
    ("src/dist/a.cpp", '#include "linalg/gemm.h"', "stand on one row"),
    ("src/linalg/a.cpp", '#include "fanin/random/stream.h"', "wherever they come from"),
    ("src/random/a.cpp", '#include "fanin/nn/network.h"', "random knows no model"),
    ("src/init/a.cpp", '#include "fanin/rbm/rbm.h"', "init knows no model"),
    ("src/data/a.cpp", '#include "fanin/dbn/stack.h"', "data knows no model"),
    ("src/nn/a.cpp", '#include "fanin/rbm/rbm.h"', "meet in dbn"),
    ("src/rbm/a.cpp", '#include "fanin/nn/network.h"', "meet in dbn"),
    ("src/nn/a.cpp", '#include "fanin/data/data_set.h"', "a model does not know data"),
    ("src/rbm/a.cpp", '#include "fanin/data/data_set.h"', "a model does not know data"),
    ("src/dbn/a.cpp", '#include "data/batches.h"', "a model does not know data"),
    ("include/fanin/dbn/a.h", '#include "fanin/io/checkpoint.h"', "a model does not know io"),
    ("src/nn/a.cpp", "#include <fanin/train/trainer.h>", "a model does not know train"),
    ("src/train/a.cpp", '#include "fanin/check/check.h"', "observers come from outside"),
    ("src/train/a.cpp", '#  include "fanin/report/table.h"', "observers come from outside"),
    ("src/train/a.cpp", '#include "cli/lab.h"', "used by nobody"),
    ("src/report/a.cpp", '#include "cli/lab.h"', "used by nobody"),
    ("src/nn/a.cpp", '#include "fanin/fanin.h"', "umbrella"),
    ("src/nn/a.cpp", '#include "../data/batches.h"', "'..'"),
    ("src/nn/a.cpp", '#include "fanin/misc/a.h"', "'misc' is no module"),
    ("src/nn/a.cpp", '#include "misc/a.h"', "'misc' is no module"),
    ("src/misc/a.cpp", "", "'misc' is no module"),
    ("include/fanin/misc/a.h", "", "'misc' is no module"),
    ("src/a.cpp", "", "outside any module"),
    ("include/fanin/nn/a.h", '#include "linalg/gemm.h"', "includes a private one"),
    ("include/fanin/nn/a.h", "#include <fmt/format.h>", "a library that fanin hides"),
    ("include/fanin/nn/a.h", "#include <nlohmann/json.hpp>", "a library that fanin hides"),
    ("include/fanin/nn/a.h", '#include "hwy/highway.h"', "a library that fanin hides"),
    ("include/fanin/nn/a.h", "#include <openssl/evp.h>", "a library that fanin hides"),
    ("include/fanin/nn/a.h", "#include <png.h>", "a library that fanin hides"),
    ("include/fanin/nn/a.h", "#include <zlib.h>", "a library that fanin hides"),
    ("include/fanin/nn/a.h", "#include <toml++/toml.h>", "a library that fanin hides"),
    ("include/fanin/nn/a.h", "#include <CLI/CLI.hpp>", "a library that fanin hides"),
    ("include/fanin/nn/a.h", "#include <cblas.h>", "a library that fanin hides"),
    ("include/fanin/nn/a.h", "#include <mpi.h>", "a library that fanin hides"),
]


def made_up_tree(root, files):
    for name, text in {"docs/design.md": TABLE, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def self_test():
    """Runs check() on made-up trees: a clean one, and one for each kind of violation."""
    failures = []
    for case, (name, line, part) in enumerate([("", "", ""), *WRONG]):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            made_up_tree(root, {**CLEAN, name: line + "\n"} if name else CLEAN)
            found = check(root)
        expected = 1 if name else 0
        if len(found) != expected or not all(part in message and name.rsplit("/", 1)[0] in message for message in found):
            failures.append(f"case {case}: {name} with {line!r}: wanted {expected} with {part!r}, got {found}")
    print("\n".join(failures) if failures else f"check_layers: self-test passed, {len(WRONG)} violations caught")
    return 1 if failures else 0


def main():
    parser = argparse.ArgumentParser(description="Checks which module of fanin includes which.")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    parser.add_argument("--self-test", action="store_true", help="check a made-up tree instead")
    options = parser.parse_args()
    if options.self_test:
        return self_test()
    found = check(options.root)
    print("\n".join(found) if found else "check_layers: clean")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
