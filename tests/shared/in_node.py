"""The book's scripts in Node.js, called with arrays."""

import base64
import json
import subprocess

import numpy as np

from built import ROOT
from small_books import need

# The scripts are not modules: each adds to one global object. Arrays travel in base64,
# and ``{"array": …}`` is what stands for one, on the way in and on the way out.
RUN = """
const { readFileSync } = require("node:fs"), vm = require("node:vm");
globalThis.window = globalThis;
const { scripts, calls, text } = JSON.parse(readFileSync(0, "utf8"));
for (const script of scripts) vm.runInThisContext(readFileSync(script, "utf8"), script);
const KINDS = { float32: Float32Array, float64: Float64Array, uint8: Uint8ClampedArray };
const taken = (value) => {
  if (!value?.array) return value;
  const bytes = new Uint8Array(Buffer.from(value.array, "base64"));
  return new KINDS[value.kind](bytes.buffer);
};
const given = (_, value) => {
  if (!ArrayBuffer.isView(value)) return value;
  const array = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return { array: array.toString("base64"), kind: value.constructor.name };
};
const called = vm.runInThisContext(text);
const results = calls.map((values) => called(...values.map(taken)));
process.stdout.write(JSON.stringify(results, given));
"""
KINDS = {
    "Float32Array": np.float32,
    "Float64Array": np.float64,
    "Int32Array": np.int32,
    "Uint8Array": np.uint8,
    "Uint8ClampedArray": np.uint8,
}


def call(scripts: list[str], function: str, calls: list[tuple]) -> list:
    """What a function of some scripts returns for each call's arguments.

    Parameters
    ----------
    scripts : list of str
        Below ``book/``, in the order in which a page loads them.
    function : str
        In JavaScript, such as ``lenet5.centre``.
    calls : list of tuples
        Of numbers, strings, and arrays of float32, float64 or uint8.
    """
    node = need("nodejs", "node", "nodejs")
    values = [[_given(value) for value in arguments] for arguments in calls]
    paths = [str(ROOT / "book" / script) for script in scripts]
    said = {"scripts": paths, "calls": values, "text": function}
    done = subprocess.run(
        [node, "-e", RUN], input=json.dumps(said), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout, object_hook=_taken)


def _given(value):
    """An argument as JSON can hold it."""
    if not isinstance(value, np.ndarray):
        return value
    text = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
    return {"array": text, "kind": value.dtype.name}


def _taken(value: dict):
    """An array out of JSON; any other object as it is."""
    if "array" not in value:
        return value
    return np.frombuffer(base64.b64decode(value["array"]), KINDS[value["kind"]])
