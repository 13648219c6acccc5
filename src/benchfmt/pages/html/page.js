"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const { names, results } = JSON.parse(byId("data").textContent);
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
  // Only addresses of the web lead anywhere.
  const addressCell = (words) => {
    if (!/^https?:\/\//.test(words)) return cell("td", words);
    const link = cell("a", words);
    link.href = words;
    link.rel = "noreferrer noopener";
    const made = document.createElement("td");
    made.append(link);
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
      body.append(row([cell("th", names[what]), cell("td", value), cell("td", reported)]));
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
    const detail = results[number];
    byId("detail-title").textContent = detail.title;
    byId("facts").replaceChildren(
      ...detail.facts.map(([name, words]) => {
        const head = cell("th", names[name]);
        head.scope = "row";
        return row([head, names[name] === "address" ? addressCell(words) : cell("td", words)]);
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
    const isNumber = head.dataset.sort === "number";
    const rising = head.getAttribute("aria-sort") !== "ascending";
    const key = (line) => {
      const found = line.children[place];
      return isNumber ? Number.parseFloat(found.dataset.value ?? found.textContent) : found.textContent;
    };
    const compare = isNumber ? (a, b) => a - b : order.compare;
    const lines = [...table.tBodies[0].rows];
    // What has no number comes last either way.
    const lacks = (line) => (isNumber && Number.isNaN(key(line)) ? 1 : 0);
    lines.sort((a, b) => lacks(a) - lacks(b) || (rising ? 1 : -1) * compare(key(a), key(b)));
    table.tBodies[0].append(...lines);
    for (const other of head.parentElement.children) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", rising ? "ascending" : "descending");
  };
  for (const head of document.querySelectorAll("th[data-sort]")) {
    const button = cell("button", head.textContent);
    button.type = "button";
    button.addEventListener("click", () => sort(head));
    head.dataset.words = head.textContent;
    head.replaceChildren(button);
  }

  // A summary is what stands first, without the tables of results.
  const brief = byId("brief");
  if (byId("holds")) {
    brief.hidden = false;
    brief.addEventListener("click", () => {
      document.body.classList.add("brief");
      window.print();
      document.body.classList.remove("brief");
    });
  }

  // A filter leaves the rows and the groups that have what is asked for.
  const tools = byId("tools");
  const lone = [...document.querySelectorAll("#lone tbody tr")];
  if (groups.length + lone.length === 0) return;
  tools.hidden = false;
  tools.addEventListener("submit", (event) => event.preventDefault());
  const MENUS = ["task", "suite", "metric"];
  const known = groups.map((group) => ({
    group,
    title: [...group.querySelectorAll("h3, h3 + .counts, .settings, thead")].map((item) => item.textContent.toLowerCase()).join(" "),
    rows: [...group.querySelectorAll("tbody tr")].map((item) => ({ item, text: item.textContent.toLowerCase() })),
  }));
  const fits = (item) =>
    MENUS.every((name) => {
      const chosen = byId(name).value;
      const beside = name === "metric" ? (item.dataset.beside ?? "").split(" ") : [];
      return !chosen || item.dataset[name] === chosen || beside.includes(chosen);
    });
  const filter = () => {
    const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    let kept = 0;
    for (const { group, title, rows } of known) {
      const isAsked = fits(group);
      let left = 0;
      for (const { item, text } of rows) {
        const keep = isAsked && words.every((word) => text.includes(word) || title.includes(word));
        item.hidden = !keep;
        left += keep ? 1 : 0;
      }
      group.hidden = left === 0;
      shown += left > 0 ? 1 : 0;
      kept += left;
    }
    let alone = 0;
    for (const item of lone) {
      const text = `${item.textContent} ${item.dataset.task}`.toLowerCase();
      item.hidden = !(fits(item) && words.every((word) => text.includes(word)));
      alone += item.hidden ? 0 : 1;
    }
    const others = lone.length ? `, and ${alone} of ${lone.length} that compare with nothing` : "";
    byId("shown").textContent = `${shown} of ${known.length} groups on this page, ${kept.toLocaleString("en")} results${others}`;
    byId("nothing").hidden = shown > 0 || known.length === 0;
    // Who prints what is filtered wants that alone.
    document.body.classList.toggle("filtered", words.length > 0 || MENUS.some((name) => byId(name).value));
  };
  for (const id of ["search", ...MENUS]) byId(id).addEventListener("input", filter);
  filter();
})();
