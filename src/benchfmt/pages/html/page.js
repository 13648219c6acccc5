"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const details = JSON.parse(byId("data").textContent);
  const groups = [...document.querySelectorAll(".group")];

  // What a number opens: all its digits, the characters of its source, and where that is.
  const dialog = byId("detail");
  const cell = (kind, text) => {
    const made = document.createElement(kind);
    made.textContent = text;
    return made;
  };
  const row = (cells) => {
    const made = document.createElement("tr");
    made.append(...cells);
    return made;
  };
  const showOthers = (others) => {
    const place = byId("others");
    place.replaceChildren();
    if (others === null) {
      place.append(cell("p", "Its other numbers: benchfmt explain RECORD --package PACKAGE."));
      return;
    }
    if (others.length === 0) return;
    const table = document.createElement("table");
    const body = document.createElement("tbody");
    for (const [what, value, reported] of others) {
      body.append(row([cell("th", what), cell("td", value), cell("td", reported)]));
    }
    const head = document.createElement("thead");
    head.append(row([cell("th", "number"), cell("td", "value"), cell("td", "in the source")]));
    table.append(head, body);
    const scrolls = document.createElement("div");
    scrolls.className = "wide";
    scrolls.tabIndex = 0;
    scrolls.setAttribute("role", "region");
    scrolls.setAttribute("aria-label", "The other numbers");
    scrolls.append(table);
    const folded = document.createElement("details");
    folded.append(cell("summary", `The other ${others.length} numbers of this record`), scrolls);
    place.append(folded);
  };
  const open = (number) => {
    const detail = details[number];
    byId("detail-title").textContent = detail.title;
    byId("facts").replaceChildren(
      ...detail.facts.map(([name, words]) => {
        const head = cell("th", name);
        head.scope = "row";
        return row([head, cell("td", words)]);
      }),
    );
    showOthers(detail.others);
    dialog.showModal();
  };
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-result]");
    if (opener) open(Number(opener.dataset.result));
    else if (event.target === dialog) dialog.close();
  });
  byId("close").addEventListener("click", () => dialog.close());

  // A table is sorted by a column; numbers as numbers, the rest as people count.
  const order = new Intl.Collator("en", { numeric: true });
  const sort = (head) => {
    const table = head.closest("table");
    const place = [...head.parentElement.children].indexOf(head);
    const rising = head.getAttribute("aria-sort") !== "ascending";
    const key = (line) => {
      const found = line.children[place];
      return head.dataset.sort === "number" ? Number(found.dataset.value) : found.textContent;
    };
    const compare = head.dataset.sort === "number" ? (a, b) => a - b : order.compare;
    const lines = [...table.tBodies[0].rows];
    lines.sort((a, b) => (rising ? 1 : -1) * compare(key(a), key(b)));
    table.tBodies[0].append(...lines);
    for (const other of head.parentElement.children) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", rising ? "ascending" : "descending");
  };
  for (const head of document.querySelectorAll("th[data-sort]")) {
    const button = cell("button", head.textContent);
    button.type = "button";
    button.addEventListener("click", () => sort(head));
    head.replaceChildren(button);
  }

  // A filter leaves the rows and the groups that have what is asked for.
  const tools = byId("tools");
  if (groups.length === 0) return;
  tools.hidden = false;
  tools.addEventListener("submit", (event) => event.preventDefault());
  const known = groups.map((group) => ({
    group,
    title: [...group.querySelectorAll("h3, h3 + .counts")].map((item) => item.textContent.toLowerCase()).join(" "),
    rows: [...group.querySelectorAll("tbody tr")].map((item) => ({ item, text: item.textContent.toLowerCase() })),
  }));
  const filter = () => {
    const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    let results = 0;
    for (const { group, title, rows } of known) {
      const fits =
        (!byId("suite").value || group.dataset.suite === byId("suite").value) &&
        (!byId("metric").value || group.dataset.metric === byId("metric").value);
      let left = 0;
      for (const { item, text } of rows) {
        const keep = fits && words.every((word) => text.includes(word) || title.includes(word));
        item.hidden = !keep;
        left += keep ? 1 : 0;
      }
      group.hidden = left === 0;
      shown += left > 0 ? 1 : 0;
      results += left;
    }
    byId("shown").textContent = `${shown} of ${known.length} groups on this page, ${results} results`;
    byId("nothing").hidden = shown > 0;
  };
  for (const id of ["search", "suite", "metric"]) byId(id).addEventListener("input", filter);
  filter();
})();
