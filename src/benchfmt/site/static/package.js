// Shows results out of Parquet, of which only the row groups of the rows on the screen are fetched.
import { asyncBufferFromUrl, cachedAsyncBuffer, parquetMetadataAsync, parquetReadObjects } from "./hyparquet/index.js";

const ROWS = 50;
const byId = (id) => document.getElementById(id);
const section = byId("results");

// The number stands beside its system, also where the screen is narrow.
const CONTEXT = [
  ["Model", "model"],
  ["Precision", "precision"],
  ["Engine", "engine"],
  ["Benchmark", "benchmark"],
  ["Suite", "suite"],
  ["Basis", "basis"],
];
const HEADS = ["System", "Metric", "Value", "As reported", ...CONTEXT.map(([label]) => label), "Source"];

const cellOf = (text, kind, name) => {
  const cell = document.createElement("td");
  cell.textContent = text;
  if (kind) cell.className = kind;
  if (name) cell.title = name;
  return cell;
};
const joined = (parts, joint) => parts.filter((part) => part !== null && part !== undefined && part !== "").join(joint);

const rowOf = (result) => {
  const row = document.createElement("tr");
  row.dataset.record = result.record_id;
  row.append(cellOf(result.system ?? ""));
  row.append(cellOf(joined([result.metric, result.statistic, result.stage, result.per && `per ${result.per}`, result.scope], ", ")));
  // A number that is not there is never 0: the reason stands in its place.
  const isThere = result.value !== null && result.value !== undefined;
  const reason = joined([result.missing ?? "missing", result.status === "ok" ? "" : result.status_detail], ": ");
  row.append(isThere ? cellOf(joined([String(result.value), result.unit === "1" ? "" : result.unit], " "), "value") : cellOf(reason, "value missing"));
  row.append(cellOf(joined([result.reported_value, result.reported_unit], " ")));
  for (const [, name] of CONTEXT) row.append(cellOf(result[name] ?? ""));
  row.append(cellOf(joined([result.source_path, result.source_locator], ": "), "source", `record ${result.record_id}, read by ${result.converter ?? "nobody"}`));
  return row;
};

const start = async () => {
  const total = Number(section.dataset.rows);
  const file = cachedAsyncBuffer(await asyncBufferFromUrl({ url: "results.parquet" }));
  const metadata = await parquetMetadataAsync(file);
  const head = document.createElement("tr");
  for (const label of HEADS) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = label;
    head.append(cell);
  }
  byId("table").tHead.replaceChildren(head);

  let first = 0;
  const filter = () => {
    const words = byId("only").value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of byId("table").tBodies[0].rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    }
  };
  let turn = 0;
  const show = async () => {
    turn += 1;
    const mine = turn;
    const end = Math.min(first + ROWS, total);
    const results = await parquetReadObjects({ file, metadata, rowStart: first, rowEnd: end });
    // Somebody has gone on meanwhile.
    if (mine !== turn) return;
    byId("table").tBodies[0].replaceChildren(...results.map(rowOf));
    window.dispatchEvent(new Event("resize"));
    byId("from").value = first + 1;
    byId("before").disabled = first === 0;
    byId("after").disabled = end >= total;
    byId("place").textContent = `Rows ${first + 1} to ${end} of ${total.toLocaleString("en")}`;
    filter();
  };
  const go = async (row) => {
    first = Math.max(0, Math.min(row, total - 1));
    try {
      await show();
    } catch (error) {
      byId("place").textContent = `The rows cannot be read: ${error.message}`;
    }
  };
  byId("waiting").remove();
  byId("pager").hidden = false;
  byId("pager").addEventListener("submit", (event) => event.preventDefault());
  byId("before").addEventListener("click", () => go(first - ROWS));
  byId("after").addEventListener("click", () => go(first + ROWS));
  byId("from").addEventListener("change", () => go(Number(byId("from").value) - 1));
  byId("only").addEventListener("input", filter);
  await go(0);
};

if (section) {
  start().catch((error) => {
    byId("waiting").textContent = `The results cannot be fetched: ${error.message}`;
  });
}
