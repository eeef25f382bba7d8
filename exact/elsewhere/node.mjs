// A driver as WebAssembly: node node.mjs DRIVER.wasm < IN > OUT
import { readFileSync, writeFileSync } from "node:fs";

const module = await WebAssembly.instantiate(readFileSync(process.argv[2]), {});
const { memory, input, output, drive } = module.instance.exports;
new Uint8Array(memory.buffer).set(readFileSync(0), input());
writeFileSync(1, new Uint8Array(memory.buffer, output(), drive()));
