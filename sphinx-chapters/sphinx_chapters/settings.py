"""What a book's configuration of Sphinx sets, read in a build or outside of one.

A book has ``conf.py``, as Sphinx asks for, or ``_config.yml``, of which Jupyter Book makes
the same. Where both are there, Jupyter Book has made the first of the second.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

import yaml
from sphinx.config import Config
from sphinx.errors import ConfigError
from sphinx.util.tags import Tags

SPHINX = "conf.py"
JUPYTER_BOOK = "_config.yml"


def settings_of(config: Config, root: Path) -> dict[str, object]:
    """The settings in a build by Sphinx, by name.

    Parameters
    ----------
    config : sphinx.config.Config
    root : Path
        The book's folder.
    """
    settings = {setting.name: setting.value for setting in config}
    settings["extensions"] = config.extensions  # which Sphinx counts among no settings
    # Jupyter Book tells the name of what is printed when the configuration is long made.
    if is_jupyter_book(root) and callable(settings.get("latex_documents")):
        settings |= _latex_documents(root / JUPYTER_BOOK)
    return settings


def is_jupyter_book(root: Path) -> bool:
    """Whether Jupyter Book builds the book in a folder, and not Sphinx by itself."""
    return (root / JUPYTER_BOOK).exists()


def read_settings(root: Path, config_file: str = "") -> Mapping[str, object]:
    """The settings of the book in a folder, as far as it sets them.

    Parameters
    ----------
    root : Path
    config_file : str
        The name of another file than ``_config.yml``.

    Raises
    ------
    FileNotFoundError
        If there is no such file, and neither of the two.
    ValueError
        If it cannot be read.
    """
    if config_file:
        return _of_jupyter_book(root, root / config_file)
    if is_jupyter_book(root):
        return _of_jupyter_book(root, root / JUPYTER_BOOK)
    if (root / SPHINX).exists():
        return _of_sphinx(root)
    raise FileNotFoundError(
        f"there is no {JUPYTER_BOOK} and no {SPHINX} in {root}: change to the folder of a"
        " book, or make one with: chapters init"
    )


def _of_jupyter_book(root: Path, file: Path) -> Mapping[str, object]:
    if not file.exists():
        raise FileNotFoundError(f"there is no {file.name} in {root}")
    try:
        from jupyter_book.config import get_final_config
    except ImportError as error:  # version 2 has no such module
        raise ValueError(
            f"{file.name} is of Jupyter Book 1, which is not installed here:"
            ' python -m pip install "jupyter-book<2"'
        ) from error
    # Jupyter Book puts the folders of local extensions on the path, once for each reading.
    path = list(sys.path)
    try:
        settings, _ = get_final_config(
            user_yaml=file,
            cli_config={"latex_individualpages": False},  # it asks for this one
            sourcedir=root,
            validate=False,  # jupyter-book itself says what it does not know
        )
    except yaml.YAMLError as error:
        words = " ".join(str(error).split())
        raise ValueError(f"{file.name} cannot be read: {words}") from error
    finally:
        sys.path[:] = path
    return settings | _latex_documents(file)


def _latex_documents(file: Path) -> dict[str, object]:
    """What Jupyter Book's ``latex_documents`` names, as Sphinx has it; nothing if it is not set."""
    config = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    document = config.get("latex", {}).get("latex_documents", {})
    if "targetname" not in document:
        return {}
    return {"latex_documents": [("", document["targetname"])]}


def _of_sphinx(root: Path) -> Mapping[str, object]:
    try:
        # Sphinx 9 asks for both, which earlier ones took for granted.
        config = Config.read(root, overrides={}, tags=Tags())
    except ConfigError as error:
        words = " ".join(str(error).split())
        raise ValueError(f"{SPHINX} cannot be read: {words}") from error
    # What the file sets; a default of Sphinx or of an extension is not among it.
    return config._raw_config
