// Writes a conformant benchfmt package from docs/specification.md alone: no library, no benchfmt.
// Usage: node write_package.mjs OUT
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const out = process.argv[2];
if (!out) {
  console.error("usage: node write_package.mjs OUT");
  process.exit(2);
}

// What the source says: a table of one run a row. "crash" means that the run failed.
const sourceText = `model,engine_version,batch,median_ms,top1_percent
resnet50,1.18.0,1,7.31,76.02
resnet50,1.18.0,8,38.9,76.02
"mobilenet-v2 ""slim""",1.18.0,1,crash,70.4
`;
const rows = [
  { model: "resnet50", batch: 1, ms: "7.31", top1: "76.02" },
  { model: "resnet50", batch: 8, ms: "38.9", top1: "76.02" },
  { model: 'mobilenet-v2 "slim"', batch: 1, ms: "crash", top1: "70.4" },
];
const source = { path: "runs.csv", sha256: sha256(sourceText) };
const suite = "desk:image-bench"; // a suite of our own: the prefix is declared in the descriptor

function sha256(data, encoding = "hex") {
  return createHash("sha256").update(data).digest(encoding);
}

// Section 4.1: base32 of the SHA-256 of the canonical JSON of [suite, path, sha256, locator].
function recordId(locator) {
  const digest = sha256(JSON.stringify([suite, source.path, source.sha256, locator]), null);
  let bits = "";
  for (const byte of digest) bits += byte.toString(2).padStart(8, "0");
  let id = "bf1-";
  for (let i = 0; i < 26; i++) id += "abcdefghijklmnopqrstuvwxyz234567"[parseInt(bits.slice(5 * i, 5 * i + 5), 2)];
  return id;
}

// Section 3.4: the double nearest to the exact decimal conversion. A shifted exponent does it.
const shifted = (text, digits) => Number(`${text}e${digits}`);

const tables = {
  systems: {
    columns: {
      id: "string", name: "string", kind: "string", processor_architecture: "string", processor_count: "integer",
      processor_cores: "integer", memory_bytes: "integer",
    },
    rows: [["desk-1", "Workstation under the desk", "desktop", "x86-64", 1, 12, 34359738368]],
  },
  records: {
    columns: {
      id: "string", suite: "string", phase: "string", task: "string", dataset: "string", model: "string",
      system_id: "string", engine: "string", engine_version: "string", batch_size: "integer", placement: "array",
      status: "string", submitter: "string", measured_at: "string", license: "string", source_path: "string",
      source_sha256: "string", source_locator: "string",
    },
    rows: [],
  },
  measurements: {
    columns: {
      record_id: "string", metric: "string", statistic: "string", stage: "string", per: "string", value: "number",
      unit: "string", basis: "string", primary: "boolean", missing: "string", reported_value: "string",
      reported_unit: "string",
    },
    rows: [],
  },
};

rows.forEach((row, index) => {
  const locator = `row=${index + 1}`;
  const id = recordId(locator);
  const failed = row.ms === "crash";
  tables.records.rows.push([
    id, suite, "inference", "image-classification", "imagenet-2012", row.model, "desk-1", "onnxruntime", "1.18.0",
    row.batch, '["cpu"]', failed ? "failed" : "ok", "Desk laboratory", "2025-05-14", "CC-BY-4.0", source.path,
    source.sha256, locator,
  ]);
  // The primary measurement first, then the others in the order of their keys (section 3.4).
  const latency = failed
    ? ["", "", "", true, "run-failed", row.ms, ""]
    : [shifted(row.ms, -3), "s", "measured", true, "", row.ms, "ms"];
  tables.measurements.rows.push([id, "latency", "median", "inference", "batch", ...latency]);
  tables.measurements.rows.push([
    id, "accuracy", "", "", "", shifted(row.top1, -2), "1", "published", "", "", row.top1, "%",
  ]);
});

// Section 5.6: quote what holds a comma, a quote or a line end; an empty cell is absent.
const cell = (value) => (/[",\r\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value));
const csv = (table) => [Object.keys(table.columns), ...table.rows].map((r) => r.map(cell).join(",") + "\n").join("");

mkdirSync(out, { recursive: true });
const resources = Object.entries(tables).map(([name, table]) => {
  const bytes = Buffer.from(csv(table), "utf-8");
  writeFileSync(join(out, `${name}.csv`), bytes);
  return {
    name,
    path: `${name}.csv`,
    format: "csv",
    mediatype: "text/csv",
    encoding: "utf-8",
    bytes: bytes.length,
    hash: `sha256:${sha256(bytes)}`,
    schema: { fields: Object.entries(table.columns).map(([column, type]) => ({ name: column, type })) },
  };
});
const descriptor = {
  $schema: "https://w3id.org/benchfmt/1.0/package.schema.json",
  name: "desk-image-bench",
  title: "Three runs on a workstation, written by Node",
  licenses: [{ name: "CC-BY-4.0" }],
  benchfmt: {
    version: "1.0",
    vocabulary: "1.0",
    prefixes: { desk: { title: "Desk laboratory", definition: "Terms of the laboratory under the desk." } },
  },
  resources,
};
writeFileSync(join(out, "datapackage.json"), JSON.stringify(descriptor, null, 2) + "\n");
console.log(`${out}: ${tables.records.rows.length} records, ${tables.measurements.rows.length} measurements`);
