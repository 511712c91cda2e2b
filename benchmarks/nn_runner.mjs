// Seconds a mini-batch step of TensorFlow Playground's nn.ts takes: `node nn_runner.mjs CHECKOUT` with the samples as JSON on stdin.
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import * as modules from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const checkout = resolve(process.argv[2]);
const { x, y, size, rate } = JSON.parse(readFileSync(0, "utf8"));

function withoutTypes(source) {
  if (modules.stripTypeScriptTypes) return modules.stripTypeScriptTypes(source, { mode: "transform" });
  try {
    const typescript = modules.createRequire(join(checkout, "package.json"))("typescript");
    return typescript.transpile(source, { target: "ES2020", module: "ES2020" });
  } catch {
    console.error("node is older than 22.13 and the checkout has no typescript: run npm install in it");
    process.exit(1);
  }
}

const file = join(mkdtempSync(join(tmpdir(), "nn-")), "nn.mjs");
writeFileSync(file, withoutTypes(readFileSync(join(checkout, "src", "nn.ts"), "utf8")));
const nn = await import(pathToFileURL(file));
const network = nn.buildNetwork([2, 8, 8, 1], nn.Activations.TANH, nn.Activations.TANH, null, ["x", "y"]);

function epoch() {
  for (let i = 0; i < x.length; i++) {
    nn.forwardProp(network, x[i]);
    nn.backProp(network, 2 * y[i] - 1, nn.Errors.SQUARE);
    if ((i + 1) % size === 0) nn.updateWeights(network, rate, 0);
  }
}

const epochs = 60;
for (let i = 0; i < epochs; i++) epoch();
const began = process.hrtime.bigint();
for (let i = 0; i < epochs; i++) epoch();
console.log(Number(process.hrtime.bigint() - began) / 1e9 / (epochs * Math.floor(x.length / size)));
