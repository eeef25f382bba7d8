"""Files that are written whole or not at all."""

import os
from pathlib import Path


def write_whole(target: Path, content: str) -> None:
    """Write a text, in UTF-8 and with line ends of one kind on every system.

    Parameters
    ----------
    target : Path
        What stands there until the text is written whole.
    content : str
    """
    draft = target.with_name(f".{target.name}.partial")
    draft.write_text(content, encoding="utf-8", newline="\n")
    os.replace(draft, target)
