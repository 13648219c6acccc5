"use strict";
(async () => {
  const byId = (id) => document.getElementById(id);
  const items = [...document.querySelectorAll(".package")];
  const KINDS = ["suites", "tasks", "systems", "models", "datasets", "metrics"];
  const MOST_HITS = 6;

  // From a disk nothing can be fetched: the list is whole, without search.
  if (location.protocol === "file:") return;
  const response = await fetch("index.json");
  if (!response.ok) return;
  const { packages } = await response.json();
  const byPackage = new Map(packages.map((item) => [item.id, item]));
  const verdictOf = (item) => (item.ok ? "conformant" : "not conformant");
  const namesOf = (item, facet) => (facet === "verdict" ? [verdictOf(item)] : item[facet]);
  const named = items.map((element) => {
    const item = byPackage.get(element.dataset.id);
    const names = KINDS.flatMap((kind) => item[kind]);
    return { element, item, names, text: [item.name, item.title, ...names].join("\n").toLowerCase() };
  });

  const facets = [...document.querySelectorAll("select[data-facet]")];
  for (const select of facets) {
    const counts = new Map();
    for (const item of packages) {
      for (const name of namesOf(item, select.dataset.facet)) counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    for (const [name, count] of [...counts].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const option = document.createElement("option");
      option.value = name;
      option.textContent = `${name} (${count})`;
      select.append(option);
    }
  }

  const filter = () => {
    const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const { element, item, names, text } of named) {
      const fits =
        words.every((word) => text.includes(word)) &&
        facets.every((select) => !select.value || namesOf(item, select.dataset.facet).includes(select.value));
      element.hidden = !fits;
      shown += fits;
      // What fits is named, where the list does not show it anyway.
      const hits = words.length ? names.filter((name) => words.some((word) => name.toLowerCase().includes(word))) : [];
      const hit = element.querySelector(".hit");
      hit.hidden = !hits.length;
      hit.textContent = hits.length > MOST_HITS ? `Has ${hits.slice(0, MOST_HITS).join(", ")} and ${hits.length - MOST_HITS} more` : `Has ${hits.join(", ")}`;
    }
    byId("shown").textContent = `${shown} of ${named.length} shown`;
    byId("nothing").hidden = shown > 0;
  };
  byId("tools").hidden = false;
  byId("tools").addEventListener("submit", (event) => event.preventDefault());
  byId("search").addEventListener("input", filter);
  for (const select of facets) select.addEventListener("change", filter);
  filter();
})();
