"""Build an edition with other parameters under ``_build/what-if``.

What is committed stays as it is.
"""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from ext.chapters import ChapterError, chapters, check_parameters

UP = Path("..", "..", "..")  # from an edition to the project


def parse(arguments: list[str]) -> dict:
    """``["EPOCHS=3", "LR=1e-3"]`` as ``{"epochs": 3, "lr": 0.001}``.

    Raises
    ------
    ChapterError
        If an argument is not a name and a number.
    """
    parameters = {}
    for argument in arguments:
        name, _, text = argument.partition("=")
        try:
            parameters[name.lower()] = ast.literal_eval(text)
        except (ValueError, SyntaxError) as error:
            raise ChapterError(
                f"{argument} is not NAME=NUMBER: give for example EPOCHS=3"
            ) from error
    return parameters


def prepare(root: Path, parameters: dict) -> Path:
    """Lay out the edition's sources and return their folder."""
    name = "_".join(f"{key}-{value}" for key, value in sorted(parameters.items()))
    edition = root / "_build" / "what-if" / name
    for folder in ("book", "_static"):
        (edition / folder).mkdir(parents=True, exist_ok=True)
    for path in [
        root / "index.md",
        root / "_toc.yml",
        *root.glob("book/*.py"),
        *root.glob("book/*.md"),
        *root.glob("book/*.bib"),
        *root.glob("_static/*"),
    ]:
        shutil.copyfile(path, edition / path.relative_to(root))
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    settings = ", ".join(
        f"{key} = {value}" for key, value in sorted(parameters.items())
    )
    config["title"] += f" (what if {settings})"
    sphinx = config["sphinx"]
    sphinx["local_extensions"] = {
        key: str(UP / path) for key, path in sphinx["local_extensions"].items()
    }
    sphinx["config"]["chapters_watch"] = [
        str(UP / path) for path in sphinx["config"]["chapters_watch"]
    ]
    sphinx["config"]["chapters_parameters"] = parameters
    (edition / "_config.yml").write_text(
        yaml.safe_dump(config, allow_unicode=True), encoding="utf-8"
    )
    return edition


def main() -> int:
    root = Path.cwd()
    try:
        parameters = parse(sys.argv[1:])
        if not parameters:
            raise ChapterError(
                "no parameter is given: try make what-if EPOCHS=3 SEED=7"
            )
        check_parameters(chapters(root), parameters)
        edition = prepare(root, parameters)
    except ChapterError as error:
        print(f"what-if: {error}", file=sys.stderr)
        return 2
    return subprocess.run(
        [str(Path(sys.executable).parent / "jupyter-book"), "build", str(edition)]
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
