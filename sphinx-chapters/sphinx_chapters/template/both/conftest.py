"""What pytest sets before it executes the chapters: what `chapters run` sets, too."""

import os
from pathlib import Path

# Chapters import the book's own modules.
folders = [str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, folders))
# The same each time: the order of sets, the encoding of files, the day in a picture.
os.environ.setdefault("PYTHONHASHSEED", "0")
os.environ.setdefault("PYTHONUTF8", "1")
os.environ.setdefault("SOURCE_DATE_EPOCH", "0")
