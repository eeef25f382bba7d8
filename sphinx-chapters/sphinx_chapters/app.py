"""Sphinx extension: the directive ``app``, a small program in a page of the HTML book.

``{app} FOLDER …`` puts apps into the page: of each folder the file ``FOLDER/FOLDER.html``.
In it, as in any page of the web, tags name the scripts and style sheets of the folder in
the order in which they are loaded, each on a line of its own:

    <link rel="stylesheet" href="clock.css">
    <script defer src="time.js"></script>
    <script defer src="clock.js"></script>

These lines are taken out, and the page, and no other, loads the files from ``_static/apps``.
Pictures of the folder come with them, ``<img src="hand.png" …>``.
An app that is nothing but scripts, for others to use, has nothing but such lines.

Lines of another kind name files that the page does not load. They lie in ``_static/apps``
too, and the app loads them when it needs them:

    <link rel="later" href="alarm.css">
    <script type="later" src="alarm.js"></script>

Option ``data`` names files for the scripts. Each comes as a script that sets
``appData[NAME]`` to its bytes in base64, since browsers refuse ``fetch`` under ``file://``,
and a script may hold text alone. They are loaded before the app's own. Those of option
``later`` lie as NAME.js beside the scripts of the last folder, to be loaded when they are
needed. A ``*`` in a name stands for all files that match. ``NAME=module:function`` stands
for a file whose path the function returns; if it raises, the file is left out, and the
build says why.
"""

import base64
import re
from importlib import import_module
from pathlib import Path
from typing import ClassVar, NamedTuple

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from sphinx_chapters.book import BookError
from sphinx_chapters.dependencies import files_below

SCRIPT = re.compile(
    r'^[ \t]*<script defer src="([^"]+)"></script>[ \t]*(?:\n|\Z)', re.M
)
STYLE = re.compile(
    r'^[ \t]*<link rel="stylesheet" href="([^"]+)">[ \t]*(?:\n|\Z)', re.M
)
LATER_SCRIPT = re.compile(
    r'^[ \t]*<script type="later" src="([^"]+)"></script>[ \t]*(?:\n|\Z)', re.M
)
LATER_STYLE = re.compile(
    r'^[ \t]*<link rel="later" href="([^"]+)">[ \t]*(?:\n|\Z)', re.M
)
# Other ways to write such a tag would be left in the page, and lead nowhere there.
OTHER_TAG = re.compile(r"<script\b[^>]*\ssrc\b[^>]*>|<link\b[^>]*>", re.I)

# A picture of the app's own, such as src="img/hand.png"; one of the web has a colon.
PICTURE = re.compile(r'\bsrc="([^":]+)"')
LOADED_BY_TAGS = (".js", ".css", ".html")


class Source(NamedTuple):
    """A file of an app, and where it comes from.

    Attributes
    ----------
    name : str
        What the app calls it; of a script or a style sheet, its name from ``_static`` on.
    origin : str
        Its path, or ``module:function`` of a function that returns its path.
    """

    name: str
    origin: str


class App(SphinxDirective):
    """The app in HTML, nothing elsewhere; paths are relative to the page, or to ``/``."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar = {
        "data": directives.unchanged,
        "later": directives.unchanged,
    }

    def run(self) -> list[nodes.Node]:
        """A node of the apps' HTML, which remembers what their page must load."""
        folders = [self._path(name) for name in self.arguments[0].split()]
        data = self._sources("data")
        later = self._sources("later")
        named_by_options = {Path(source.origin) for source in data + later}
        html = []
        scripts = []
        styles = []
        copied = []
        for folder in folders:
            text = self._html_of(folder)
            names_of_scripts = SCRIPT.findall(text)
            names_of_styles = STYLE.findall(text)
            later_scripts = LATER_SCRIPT.findall(text)
            later_styles = LATER_STYLE.findall(text)
            for tag in (SCRIPT, STYLE, LATER_SCRIPT, LATER_STYLE):
                text = tag.sub("", text)
            self._check_tags(folder, text)
            all_scripts = names_of_scripts + later_scripts
            all_styles = names_of_styles + later_styles
            self._check_names(folder, all_scripts, ".js", named_by_options)
            self._check_names(folder, all_styles, ".css", named_by_options)
            scripts += _loaded_from(folder, names_of_scripts)
            styles += _loaded_from(folder, names_of_styles)
            copied += _loaded_from(folder, later_scripts + later_styles)
            copied += self._pictures(folder, named_by_options)
            if text:
                html.append(self._with_pictures(folder, text))
        self._remember(folders)
        node = nodes.raw("", "\n".join(html), format="html")
        node["app_folder"] = f"apps/{folders[-1].name}"
        node["app_data"] = data
        node["app_later"] = later
        node["app_scripts"] = scripts
        node["app_styles"] = styles
        node["app_copied"] = copied
        return [node]

    def _html_of(self, folder: Path) -> str:
        """What stands in the HTML file of an app."""
        path = folder / f"{folder.name}.html"
        if not path.is_file():
            raise self._error(f"there is no {path.name} in the folder {folder.name}")
        return path.read_text(encoding="utf-8")

    def _check_tags(self, folder: Path, html: str) -> None:
        """Raise BookError where a tag is written in another way."""
        tag = OTHER_TAG.search(html)
        if tag:
            raise self._error(
                f"{folder.name}.html: write {tag[0]} on a line of its own, as"
                ' <script defer src="NAME"></script> or'
                ' <link rel="stylesheet" href="NAME">'
            )

    def _check_names(
        self, folder: Path, names: list[str], suffix: str, elsewhere: set[Path]
    ) -> None:
        """Raise BookError if tags do not name all files of a folder and no others.

        A file that an option names comes when the app asks for it, and needs no tag.
        """
        files = [name for name in _listing(folder) if name.endswith(suffix)]
        for name in names:
            if name not in files:
                raise self._error(
                    f"{folder.name}.html names {name}, and there is no such file beside it"
                )
        for name in files:
            if name not in names and folder / name not in elsewhere:
                raise self._error(
                    f"{folder.name}.html does not name {name}, which lies beside it:"
                    " say by a tag where in the order it is loaded"
                )

    def _pictures(self, folder: Path, elsewhere: set[Path]) -> list[Source]:
        """What else lies in an app's folder: pictures, for its HTML and its style sheets."""
        names = []
        for name in _listing(folder):
            is_picture = not name.endswith(LOADED_BY_TAGS)
            if is_picture and folder / name not in elsewhere:
                names.append(name)
        return _loaded_from(folder, names)

    def _with_pictures(self, folder: Path, html: str) -> str:
        """The HTML of an app with the addresses of its pictures as the page needs them."""
        up = "../" * self.env.docname.count("/")

        def address(match: re.Match) -> str:
            name = match[1]
            if not (folder / name).is_file():
                raise self._error(
                    f"{folder.name}.html names {name}, and there is no such file beside it"
                )
            return f'src="{up}_static/apps/{folder.name}/{name}"'

        return PICTURE.sub(address, html)

    def _sources(self, option: str) -> list[Source]:
        """The files that an option names, and those that patterns in it match."""
        sources = []
        for word in self.options.get(option, "").split():
            name, equals, function = word.partition("=")
            if equals:
                sources.append(Source(name, function))
            else:
                sources += [Source(path.name, str(path)) for path in self._match(name)]
        return sources

    def _match(self, name: str) -> list[Path]:
        """The files that a name stands for; with ``*`` it may be several, in their order."""
        folder = self._path(str(Path(name).parent))
        paths = []
        for path in sorted(folder.glob(Path(name).name)):
            if path.is_file():
                self.env.note_dependency(str(path))
                paths.append(path)
        if not paths:
            raise self._error(f"there is no {name}")
        return paths

    def _path(self, name: str) -> Path:
        """The file or folder of a name, which is relative to the page or to ``/``."""
        _, path = self.env.relfn2path(name)
        if not Path(path).exists():
            raise self._error(f"there is no {path}")
        return Path(path)

    def _remember(self, folders: list[Path]) -> None:
        """Have Sphinx read the page again when a file of the app changes, comes or goes."""
        listings = _listings_of(self.env).setdefault(self.env.docname, {})
        for folder in folders:
            names = _listing(folder)
            listings[str(folder)] = names
            for name in names:
                self.env.note_dependency(str(folder / name))

    def _error(self, message: str) -> BookError:
        return BookError(f"{self.env.docname}, app: {message}")


def _loaded_from(folder: Path, names: list[str]) -> list[Source]:
    """Files of an app's folder, and their names from ``_static`` on."""
    sources = []
    for name in names:
        sources.append(Source(f"apps/{folder.name}/{name}", str(folder / name)))
    return sources


# -- when a page is read again ---------------------------------------------------------


def _listing(folder: Path) -> list[str]:
    """The names of the files in a folder, at any depth, but for what is hidden."""
    return [path.relative_to(folder).as_posix() for path in files_below(folder)]


def _listings_of(env) -> dict[str, dict[str, list[str]]]:
    """By page and folder, the files when the page was read; Sphinx keeps it for the next build."""
    if not hasattr(env, "app_listings"):
        env.app_listings = {}
    return env.app_listings


def pages_to_read(app, env, added, changed, removed) -> list[str]:
    """Pages of which an app has got or lost a file (Sphinx event ``env-get-outdated``).

    Sphinx itself looks only at files that it knows.
    """
    pages = []
    for page, listings in _listings_of(env).items():
        for folder, names in listings.items():
            if _listing(Path(folder)) != names:
                pages.append(page)
                break
    return pages


def forget(app, env, page: str) -> None:
    """Forget what a page had that is read anew (Sphinx event ``env-purge-doc``)."""
    _listings_of(env).pop(page, None)


# -- when a page is written ------------------------------------------------------------


def add_files(app, page: str, template: str, context: dict, doctree) -> None:
    """Give a page with an app what it needs (Sphinx event ``html-page-context``)."""
    if doctree is None:  # a page that Sphinx makes itself, such as the search
        return
    static = Path(app.outdir, "_static")
    for node in doctree.findall(nodes.raw):
        if "app_folder" not in node:
            continue
        for source in node["app_later"]:
            write_data(static / node["app_folder"] / f"{source.name}.js", source)
        for source in node["app_data"]:
            name = f"{node['app_folder']}/{source.name}.js"
            if write_data(static / name, source):
                app.add_js_file(name, loading_method="defer")
        for style in node["app_styles"]:
            _copy(style, static)
            app.add_css_file(style.name)
        for script in node["app_scripts"]:
            _copy(script, static)
            # It waits for the page, and for those before it: the order is that of the tags.
            app.add_js_file(script.name, loading_method="defer")
        for source in node["app_copied"]:
            _copy(source, static)


def _copy(source: Source, static: Path) -> None:
    """Copy a file of an app to its place in ``_static``."""
    target = static / source.name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(Path(source.origin).read_bytes())


def write_data(script: Path, source: Source) -> bool:
    """Write a file's bytes as a script.

    Returns
    -------
    bool
        Whether it is there: a function may not have been able to make the file. Then no
        older script is left.
    """
    try:
        path = _find(source)
    except Exception as error:  # whatever the function of a book raises
        logger = logging.getLogger(__name__)
        logger.info("app: %s is left out: %s", source.name, error)
        script.unlink(missing_ok=True)
        return False
    text = base64.b64encode(path.read_bytes()).decode()
    line = f"(window.appData ??= {{}})[{source.name!r}] = {text!r};\n"
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(line, encoding="utf-8", newline="\n")
    return True


def _find(source: Source) -> Path:
    """The path of a file, which a function may have to make first."""
    if Path(source.origin).is_absolute():
        return Path(source.origin)
    module, function = source.origin.split(":")
    return getattr(import_module(module), function)()


def setup(app) -> dict[str, int]:
    """Connect the extension with Sphinx; its version is that of what nodes remember."""
    app.add_directive("app", App)
    app.connect("env-get-outdated", pages_to_read)
    app.connect("env-purge-doc", forget)
    app.connect("html-page-context", add_files)
    return {"env_version": 2}
