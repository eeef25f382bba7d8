"""The record of a run: what went in, what came out, when, with what, and how it ended."""

import hashlib
import json
import os
import platform
import signal
import subprocess
import sys
import zipfile
from datetime import UTC, datetime, timedelta
from importlib.metadata import version

import pytest

from built import ROOT
from lenet5 import Config
from small_books import need, succeed
from tools.crate_metadata import METADATA, Execution
from tools.run_crate import CRATE, begin, finish

START = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
END = START + timedelta(minutes=5)
BEFORE = START - timedelta(days=1)
INPUTS = {
    "CITATION.cff": (ROOT / "CITATION.cff").read_text(encoding="utf-8"),
    "Makefile": "reproduce:\n",
    "README.md": "# A report\n",
    "requirements.txt": "# one\nnumpy==0.0.1\n",
    "_config.yml": "title: A report\n",
    "_toc.yml": "{format: jb-book, root: index, chapters: [file: book/chapter]}",
    "index.md": "# A report\n",
    "book/chapter.py": '# # One\n# %% save_as="two.svg"\n1 + 1\n',
    "data/MNIST/raw/images one.gz": "zeros",  # a name that an address spells otherwise
}
OUTPUTS = {
    "book/chapter.ipynb": "{}",
    "book/two.svg": "<svg/>",
    "runs/ours/config.json": json.dumps(Config().settings()),
    "runs/ours/history.csv": "epoch\n",
}
NEITHER = {  # of the run: tests, what was built, hidden files, another's run
    "tests/test_chapter.py": "",
    "_build/html/index.html": "",
    ".gitignore": "",
    "runs/other/config.json": json.dumps(Config(seed=1).settings()),
    "runs/other/history.csv": "epoch\n",
}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project of which a run has written the outputs, and another run its own."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    for names, time in ((INPUTS, BEFORE), (OUTPUTS, END), (NEITHER, END)):
        for name, text in names.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            os.utime(path, (time.timestamp(),) * 2)
    return tmp_path


def read(crate) -> dict[str, dict]:
    """The entities of a crate by their names."""
    graph = json.loads((crate / METADATA).read_text(encoding="utf-8"))["@graph"]
    assert len({entity["@id"] for entity in graph}) == len(graph)
    return {entity["@id"]: entity for entity in graph}


def record(project, status=0, **known):
    """The entities of the crate of a run, and the run among them."""
    run = Execution(START, END, status, **known)
    entities = read(finish(project, run, begin(project)))
    return entities, entities[run.identifier]


def names(references) -> set[str]:
    """Where references lead: names of files."""
    many = references if isinstance(references, list) else [references]
    return {reference["@id"].replace("%20", " ") for reference in many}


def test_what_went_in_and_what_came_out_is_told_apart(project):
    _, run = record(project)
    assert names(run["object"]) == set(INPUTS)
    assert names(run["result"]) == set(OUTPUTS)


def test_each_file_is_in_the_crate_with_its_length_and_checksum(project):
    entities, _ = record(project)
    assert names(entities["./"]["hasPart"]) == {*INPUTS, *OUTPUTS}
    for name, text in {**INPUTS, **OUTPUTS}.items():
        entity = entities[name.replace(" ", "%20")]
        content = text.encode()
        assert (project / CRATE / name).read_bytes() == content
        assert entity["sha256"] == hashlib.sha256(content).hexdigest()
        assert entity["contentSize"] == str(len(content))


def test_a_changed_file_shows_and_the_record_keeps_what_the_run_had(project):
    earlier, _ = record(project)
    result = project / "book" / "chapter.ipynb"
    result.write_text("[]")
    assert (project / CRATE / "book" / "chapter.ipynb").read_text() == "{}"
    later, run = record(project)
    changed = {
        name for name in INPUTS | OUTPUTS if earlier.get(name) != later.get(name)
    }
    assert changed == {"book/chapter.ipynb"}
    assert "book/chapter.ipynb" in names(run["result"])


def test_times_and_the_success_are_recorded(project):
    _, run = record(project)
    assert run["startTime"] == "2026-11-28T12:00:00+00:00"
    assert run["endTime"] == "2026-11-28T12:05:00+00:00"
    assert run["actionStatus"] == "http://schema.org/CompletedActionStatus"
    assert "error" not in run


def test_a_run_that_failed_says_so(project):
    _, run = record(project, status=2)
    assert run["actionStatus"] == "http://schema.org/FailedActionStatus"
    assert run["error"] == "make reproduce ended with the exit status 2"


def test_what_an_earlier_run_left_is_no_result_of_one_that_failed(project):
    """Nor was it read."""
    (project / "book" / "two.svg").unlink()
    for name in OUTPUTS:
        if (project / name).exists() and name != "runs/ours/history.csv":
            os.utime(project / name, (BEFORE.timestamp(),) * 2)
    entities, run = record(project, status=2)
    assert names(run["result"]) == {"runs/ours/history.csv"}
    assert names(run["object"]) == set(INPUTS)
    assert "book/chapter.ipynb" not in entities


def test_a_source_that_is_edited_while_the_run_goes_on_is_recorded_as_it_was_read(
    project,
):
    read_by_the_run = begin(project)
    (project / "book" / "chapter.py").write_text("# # Another\n")
    entities = read(finish(project, Execution(START, END, 0), read_by_the_run))
    was = INPUTS["book/chapter.py"].encode()
    assert entities["book/chapter.py"]["sha256"] == hashlib.sha256(was).hexdigest()
    assert (project / CRATE / "book" / "chapter.py").read_bytes() == was


def test_who_ran_it_is_said_only_if_known(project):
    entities, run = record(project)
    assert "agent" not in run
    assert not [entity for entity in entities.values() if entity["@type"] == "Person"]
    entities, run = record(project, agent="Ada Lovelace")
    person = entities[run["agent"]["@id"]]
    assert (person["@type"], person["name"]) == ("Person", "Ada Lovelace")


def test_the_environment_is_that_of_this_python(project):
    """Not what the requirements pin, but what is installed."""
    entities, _ = record(project)
    needed = names(entities["Makefile"]["softwareRequirements"])
    programs = {entities[name]["name"]: entities[name] for name in needed}
    assert set(programs) == {"Python", "numpy"}
    assert programs["Python"]["softwareVersion"] == platform.python_version()
    assert programs["numpy"]["softwareVersion"] == version("numpy")


def test_the_data_have_their_own_licence(project):
    entities, _ = record(project)
    own = entities["data/MNIST/raw/images%20one.gz"]["license"]["@id"]
    assert own.endswith("/CC-BY-SA-3.0")
    assert entities["./"]["license"]["@id"].endswith("/MIT")
    assert {own, entities["./"]["license"]["@id"]} <= set(entities)


def run_in(project, code: str, **environment):
    """Record a program in a project, as make does."""
    command = [sys.executable, "-m", "tools.run_crate", sys.executable, "-c", code]
    env = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    return subprocess.run(command, cwd=project, capture_output=True, text=True, env=env)


def test_the_command_records_what_it_runs_and_ends_as_that_does(project):
    code = "open('book/two.svg', 'w').close(); raise SystemExit(3)"
    earliest = datetime.now(UTC).replace(microsecond=0)
    for name in OUTPUTS:
        os.utime(project / name, (BEFORE.timestamp(),) * 2)
    done = run_in(project, code, RUN_BY="Ada Lovelace")
    assert done.returncode == 3
    assert (
        done.stdout == "What this run read and wrote is recorded in _build/run-crate.\n"
    )
    entities = read(project / CRATE)
    [run] = [one for one in entities.values() if one["@type"] == "CreateAction"]
    assert names(run["result"]) == {"book/two.svg"}
    start, end = (datetime.fromisoformat(run[key]) for key in ("startTime", "endTime"))
    assert earliest <= start <= end <= datetime.now(UTC)
    assert run["agent"] == {"@id": "#Ada%20Lovelace"}
    assert "commit" not in run["description"]


def test_a_command_that_a_signal_ends_has_failed(project):
    done = run_in(project, "import os, signal; os.kill(os.getpid(), signal.SIGTERM)")
    assert done.returncode == 128 + signal.SIGTERM
    entities = read(project / CRATE)
    [run] = [one for one in entities.values() if one["@type"] == "CreateAction"]
    assert run["actionStatus"] == "http://schema.org/FailedActionStatus"


def test_with_git_what_is_not_committed_is_no_input_and_the_commit_is_named(project):
    need("git", "git")
    git(project, "init", "--quiet")
    git(project, "add", *INPUTS)
    git(project, "commit", "--quiet", "--message", "one")
    commit = git(project, "rev-parse", "HEAD").strip()
    (project / "book" / "notes.txt").write_text("mine")
    os.utime(project / "book" / "notes.txt", (BEFORE.timestamp(),) * 2)
    for change, source in (("", commit), ("book/chapter.py", f"{commit}-dirty")):
        if change:
            (project / change).write_text("2 + 2\n")
        assert run_in(project, "").returncode == 0
        entities = read(project / CRATE)
        [run] = [one for one in entities.values() if one["@type"] == "CreateAction"]
        assert run["description"].endswith(f"; of commit {source}")
        assert "book/notes.txt" not in entities


def git(project, *arguments) -> str:
    who = ["-c", "user.name=A", "-c", "user.email=a@b"]
    command = ["git", "-C", str(project), *who, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


# -- what others' programs say of it ---------------------------------------------------

# The validator of the profiles' community, and a library of another's that reads crates.
VALIDATOR = ("roc-validator==0.13.0", "rocrate==0.14.0")
# The validator reads the vocabulary from the web; that library has it as a file.
VOCABULARY = """
import sys
from pathlib import Path
import rocrate
from requests.adapters import HTTPAdapter
from requests_cache import CachedSession
from urllib3 import HTTPResponse

class FromFile(HTTPAdapter):
    def send(self, request, **_):
        file = Path(rocrate.__file__).parent / "data" / "ro-crate.jsonld"
        headers = {"Content-Type": "application/ld+json"}
        raw = HTTPResponse(file.open("rb"), headers, 200, preload_content=False,
                           request_url=request.url)
        return self.build_response(request, raw)

session = CachedSession(sys.argv[1], backend="sqlite")
session.mount("https://", FromFile())
session.get("https://w3id.org/ro/crate/1.1/context").raise_for_status()
"""
READ = """
import sys
from rocrate.rocrate import ROCrate
crate = ROCrate(sys.argv[1])
[run] = crate.root_dataset["mentions"] if isinstance(crate.root_dataset["mentions"], list) \\
    else [crate.root_dataset["mentions"]]
print(run["instrument"].id, len(run["object"]), len(run["result"]), run["actionStatus"])
"""
# What is only recommended and not known, or not claimed, here.
NOT_KNOWN = {
    "The Application SHOULD have a url",  # where the project is published
    "The organization SHOULD have a URL.",  # of its authors
    "The `publisher` property of a `Root Data Entity` SHOULD be an `Organization`",
    "The SoftwareApplication id SHOULD be an absolute URI",  # the Makefile's is its name
    "The Main Workflow SHOULD comply with Bioschemas ComputationalWorkflow profile "
    "version 1.0 or later",
}


@pytest.fixture(scope="module")
def others(tmp_path_factory):
    """An environment with the programs of others, and the vocabulary where they look."""
    folder = tmp_path_factory.mktemp("others")
    succeed(program(sys.executable, "-m", "venv", folder / "venv"))
    python = folder / "venv" / "bin" / "python"
    done = program(python, "-m", "pip", "install", "--quiet", *VALIDATOR)
    if done.returncode and not os.environ.get("CI"):
        pytest.skip(f"no {VALIDATOR[0]}: {done.stderr.splitlines()[-1]}")
    succeed(done)
    succeed(program(python, "-c", VOCABULARY, folder / "cache"))
    return folder


def program(*command) -> subprocess.CompletedProcess:
    return subprocess.run(
        [str(part) for part in command], capture_output=True, text=True
    )


def validate(others, crate, level: str, *options) -> subprocess.CompletedProcess:
    """What the validator says of a crate, a folder or packed."""
    command = [others / "venv" / "bin" / "rocrate-validator", "-y", "validate", crate]
    command += ["--offline", "--cache-path", others / "cache", "--no-paging", "-v"]
    command += ["-p", "workflow-run-crate", "-l", level, *options]
    return program(*command)


def complaints(others, crate, level: str) -> set[str]:
    """What the validator says against a crate."""
    report = others / "report.json"
    validate(others, crate, level, "-f", "json", "-o", report)
    told = json.loads(report.read_text(encoding="utf-8"))
    report.unlink()
    found = {issue["message"] for issue in told["issues"]}
    assert told["passed"] == (not found)
    return found


@pytest.fixture(scope="module")
def crate(tmp_path_factory):
    """The crate of a run of this very project, here one that writes two files anew."""
    folder = tmp_path_factory.mktemp("crate") / "project"
    git(ROOT, "clone", "--quiet", str(ROOT), str(folder))
    written = ("answer.svg", "results.ipynb")
    now = datetime.now(UTC).replace(microsecond=0)
    for path in folder.rglob("*"):
        os.utime(path, (BEFORE.timestamp(),) * 2)
    for name in written:
        os.utime(folder / "book" / name)
    run = Execution(now, now, 0, agent="Ada Lovelace")
    return finish(folder, run, begin(folder))


@pytest.mark.long
def test_the_validator_of_the_profiles_passes_it(others, crate):
    assert complaints(others, crate, "REQUIRED") == set()
    assert complaints(others, crate, "RECOMMENDED") == NOT_KNOWN


@pytest.mark.long
def test_the_validator_passes_it_packed(others, crate):
    packed = others / "crate.zip"
    with zipfile.ZipFile(packed, "w") as file:
        for path in sorted(crate.rglob("*")):
            file.write(path, path.relative_to(crate))
    assert "[OK] RO-Crate is a valid workflow-run-crate" in succeed(
        validate(others, packed, "REQUIRED")
    )


@pytest.mark.long
def test_the_validator_finds_a_file_that_is_missing(others, crate, tmp_path):
    broken = tmp_path / "crate"
    broken.mkdir()
    (broken / METADATA).write_bytes((crate / METADATA).read_bytes())
    said = complaints(others, broken, "REQUIRED")
    assert "Main Workflow Makefile not found in crate" in said


@pytest.mark.long
def test_another_library_reads_it(others, crate):
    done = program(others / "venv" / "bin" / "python", "-c", READ, crate)
    workflow, read_files, written, status = succeed(done).split()
    assert workflow == "Makefile"
    assert int(read_files) > 300
    assert int(written) == 2
    assert status == "http://schema.org/CompletedActionStatus"
