"""What the record of a run says: a Workflow Run RO-Crate, in JSON-LD.

An RO-Crate is a folder with ``ro-crate-metadata.json`` in it: a flat list of entities, files
first among them, that refer to one another by their ``@id``. Here the Makefile is a workflow,
the run is an action of it with objects and results, and Python and its packages are what the
workflow requires.

Sources: https://w3id.org/ro/crate/1.1, https://w3id.org/ro/wfrun/process/0.5 and
https://w3id.org/ro/wfrun/workflow/0.5.
"""

import mimetypes
import platform
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

from sphinx_chapters.dependencies import checksum
from tools.project import COMMAND, author_names, citation

METADATA = "ro-crate-metadata.json"
WORKFLOW = "Makefile"
KINDS = {  # of files; Python knows most of the others, and the rest are plain text
    ".gz": "application/gzip",
    ".ipynb": "application/x-ipynb+json",
    ".md": "text/markdown",
    ".safetensors": "application/octet-stream",
}
RO_CRATE = "https://w3id.org/ro/crate/1.1"
WORKFLOW_PROFILE = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    WORKFLOW_PROFILE: "Workflow RO-Crate",
}
# SHA-256 has its name in the context of RO-Crate 1.2; 1.1 has to be told.
CONTEXT = [f"{RO_CRATE}/context", {"sha256": "http://schema.org/sha256"}]
LICENCES = {"data/MNIST/": "CC-BY-SA-3.0"}  # of what is not under the project's own


@dataclass(frozen=True)
class Execution:
    """What is known of a run.

    Attributes
    ----------
    start, end : datetime
        To the second, with a time zone.
    status : int
        The exit status of the command.
    source : str
        The commit, with "-dirty" if files were not as committed; empty without git.
    agent : str
        Who ran it; empty if nobody said so.
    identifier : str
        Its own, in the whole world.
    """

    start: datetime
    end: datetime
    status: int
    source: str = ""
    agent: str = ""
    identifier: str = field(default_factory=lambda: uuid.uuid4().urn)


def describe(
    crate: Path, run: Execution, objects: list[str], results: list[str]
) -> dict:
    """What ``ro-crate-metadata.json`` has to say of a run.

    Parameters
    ----------
    crate : Path
        The folder with the files.
    run : Execution
    objects, results : list of str
        The files that the run read, and those that it wrote, by their names in the folder.
    """
    cited = citation(crate)
    packages = software(crate)
    files = {name: describe_file(crate, name) for name in [*objects, *results]}
    files[WORKFLOW] |= describe_workflow(cited, packages)
    files["README.md"]["about"] = {"@id": "./"}
    graph = [
        {
            "@id": METADATA,
            "@type": "CreativeWork",
            "about": {"@id": "./"},
            "conformsTo": refer([RO_CRATE, WORKFLOW_PROFILE]),
        },
        describe_root(cited, run, list(files)),
        describe_action(run, objects, results),
        *describe_people(cited, run),
        *describe_references(cited),
        *packages,
        *files.values(),
    ]
    return {"@context": CONTEXT, "@graph": graph}


def describe_root(cited: dict, run: Execution, names: list[str]) -> dict:
    """The crate as a whole."""
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": f"{cited['title']}: a run of {COMMAND}",
        "description": "What the run read and what it wrote, each file as it was then.",
        "datePublished": run.end.isoformat(),
        "license": {"@id": licence(cited["license"])},
        "author": refer(local(name) for name in author_names(cited)),
        "conformsTo": refer(PROFILES),
        "mainEntity": {"@id": WORKFLOW},
        "mentions": {"@id": run.identifier},
        "hasPart": refer(map(quote, names)),
    }


def describe_workflow(cited: dict, packages: list[dict]) -> dict:
    """What the Makefile is, besides a file."""
    return {
        "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
        "name": COMMAND,
        "version": cited["version"],
        "programmingLanguage": {"@id": local("make")},
        "runtimePlatform": f"{platform.system()} {platform.machine()}",
        "softwareRequirements": refer(package["@id"] for package in packages),
    }


def describe_action(run: Execution, objects: list[str], results: list[str]) -> dict:
    """The run itself: a success is one in which no file of the book or record changed."""
    action = {
        "@id": run.identifier,
        "@type": "CreateAction",
        "name": f"A run of {COMMAND}",
        "description": f"{COMMAND}: it fails if a file of book/ or record/ has changed",
        "instrument": {"@id": WORKFLOW},
        "startTime": run.start.isoformat(),
        "endTime": run.end.isoformat(),
        "actionStatus": "http://schema.org/CompletedActionStatus",
        "object": refer(map(quote, objects)),
        "result": refer(map(quote, results)),
    }
    if run.status:
        action["actionStatus"] = "http://schema.org/FailedActionStatus"
        action["error"] = f"{COMMAND} ended with the exit status {run.status}"
    if run.source:
        action["description"] += f"; of commit {run.source}"
    if run.agent:
        action["agent"] = {"@id": local(run.agent)}
    return action


def describe_people(cited: dict, run: Execution) -> list[dict]:
    """The authors, and who ran it."""
    people = []
    for author, name in zip(cited["authors"], author_names(cited), strict=True):
        kind = "Organization" if "name" in author else "Person"
        people.append({"@id": local(name), "@type": kind, "name": name})
    if run.agent and run.agent not in author_names(cited):
        person = {"@id": local(run.agent), "@type": "Person", "name": run.agent}
        people.append(person)
    return people


def describe_references(cited: dict) -> list[dict]:
    """What is referred to and is no part of the crate: profiles, licences, a language."""
    entities = [
        {
            "@id": address,
            "@type": "CreativeWork",
            "name": name,
            "version": address.rpartition("/")[2],
        }
        for address, name in PROFILES.items()
    ]
    for name in (cited["license"], *LICENCES.values()):
        entities.append({"@id": licence(name), "@type": "CreativeWork", "name": name})
    make = "https://www.gnu.org/software/make/"
    language = {"@id": local("make"), "@type": "ComputerLanguage", "name": "GNU Make"}
    return [*entities, language | {"url": make}]


def describe_file(crate: Path, name: str) -> dict:
    """A file: what kind, how long, and its checksum."""
    path = crate / name
    guessed, _ = mimetypes.MimeTypes().guess_type(name)  # by no table of this machine
    entity = {
        "@id": quote(name),
        "@type": "File",
        "encodingFormat": KINDS.get(path.suffix) or guessed or "text/plain",
        "contentSize": str(path.stat().st_size),
        "sha256": checksum(path),
    }
    for folder, name_of_licence in LICENCES.items():
        if name.startswith(folder):
            entity["license"] = {"@id": licence(name_of_licence)}
    return entity


def software(crate: Path) -> list[dict]:
    """Python and the packages that ``requirements.txt`` pins, in the versions that ran."""
    pinned = (crate / "requirements.txt").read_text(encoding="utf-8")
    names = re.findall(r"^([\w.-]+)==", pinned, flags=re.MULTILINE)
    programs = [("Python", platform.python_version(), "https://www.python.org/")]
    for name in names:
        here = version(name)
        programs.append((name, here, f"https://pypi.org/project/{name}/"))
    return [
        {
            "@id": address,
            "@type": "SoftwareApplication",
            "name": name,
            "softwareVersion": number,
            "url": address,
        }
        for name, number, address in programs
    ]


def licence(name: str) -> str:
    """The address of a licence, by its name in the list of SPDX."""
    return f"https://spdx.org/licenses/{name}"


def local(name: str) -> str:
    """The identifier of what is described in the crate alone."""
    return f"#{quote(name)}"


def refer(identifiers: Iterable[str]) -> dict | list[dict]:
    """References in JSON-LD; a single one stands alone, as RO-Crate has it."""
    references = [{"@id": identifier} for identifier in identifiers]
    return references[0] if len(references) == 1 else references
