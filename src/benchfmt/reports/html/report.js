"use strict";
(() => {
  const byId = (id) => document.getElementById(id);

  // A link to a code opens its page.
  const openTarget = () => {
    const target = byId(decodeURIComponent(location.hash.slice(1)));
    if (target instanceof HTMLDetailsElement) {
      target.open = true;
      target.scrollIntoView();
    }
  };
  window.addEventListener("hashchange", openTarget);
  openTarget();

  const tools = byId("tools");
  if (!tools) return;
  tools.hidden = false;
  tools.addEventListener("submit", (event) => event.preventDefault());

  // A code with more findings is closed until somebody opens it.
  const MOST_OPEN = 20;
  const groups = byId("groups");
  const byFile = [...groups.children];
  const findings = [...groups.querySelectorAll(".finding")].map((item) => ({
    item,
    home: item.parentElement,
    text: item.textContent.toLowerCase(),
  }));

  const groupOf = (code, items) => {
    const group = document.createElement("details");
    group.className = "group";
    group.open = items.length <= MOST_OPEN;
    const summary = document.createElement("summary");
    const name = document.createElement("span");
    name.className = "name";
    name.textContent = code;
    const title = document.createElement("span");
    const page = document.getElementById(code);
    title.textContent = page ? ` ${page.querySelector("summary").textContent.slice(code.length)} ` : " ";
    const number = document.createElement("span");
    number.className = "number";
    summary.append(name, title, number);
    const list = document.createElement("ul");
    list.append(...items);
    group.append(summary, list);
    return group;
  };

  const regroup = () => {
    const byCode = byId("grouping").value === "code";
    groups.classList.toggle("by-code", byCode);
    if (byCode) {
      const codes = new Map();
      for (const { item } of findings) {
        const { code } = item.dataset;
        if (!codes.has(code)) codes.set(code, []);
        codes.get(code).push(item);
      }
      const sorted = [...codes].sort(([a], [b]) => (a < b ? -1 : 1));
      groups.replaceChildren(...sorted.map(([code, some]) => groupOf(code, some)));
    } else {
      for (const { item, home } of findings) home.append(item);
      groups.replaceChildren(...byFile);
    }
    filter();
  };

  const filter = () => {
    const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const severity = byId("severity").value;
    let shown = 0;
    for (const { item, text } of findings) {
      const fits = (!severity || item.dataset.severity === severity) && words.every((word) => text.includes(word));
      item.hidden = !fits;
      shown += fits;
    }
    for (const group of groups.querySelectorAll(".group, .alike")) {
      const fitting = group.querySelectorAll(".finding:not([hidden])").length;
      group.hidden = !fitting;
      group.querySelector(".number").textContent = fitting;
    }
    const filtered = shown < findings.length;
    // What somebody searches for is not hidden in a fold.
    if (words.length) for (const fold of groups.querySelectorAll(".alike > details")) fold.open = true;
    for (const section of groups.querySelectorAll(".package")) {
      section.hidden = filtered && !section.querySelector(".group:not([hidden])");
    }
    byId("shown").textContent = `${shown} of ${findings.length} shown`;
    byId("nothing").hidden = shown > 0;
  };

  const setOpen = (open) => {
    for (const group of groups.querySelectorAll(".group, .alike > details")) group.open = open;
  };

  byId("search").addEventListener("input", filter);
  byId("severity").addEventListener("change", filter);
  byId("grouping").addEventListener("change", regroup);
  byId("expand").addEventListener("click", () => setOpen(true));
  window.addEventListener("beforeprint", () => setOpen(true));
  byId("collapse").addEventListener("click", () => setOpen(false));
  regroup();
})();
