"use strict";
(() => {
  const root = document.documentElement;

  // Light or dark: as the system has it, until somebody chooses. A file of one's own disk may keep nothing.
  const theme = document.getElementById("theme");
  const systemIsDark = window.matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : systemIsDark.matches);
  const nameTheme = () => {
    theme.textContent = isDark() ? "Light" : "Dark";
  };
  const kept = () => {
    try {
      return localStorage.getItem("benchfmt-theme");
    } catch {
      return null;
    }
  };
  const keep = (value) => {
    try {
      localStorage.setItem("benchfmt-theme", value);
    } catch {
      // It is chosen for this view only.
    }
  };
  if (kept() === "dark" || kept() === "light") root.dataset.theme = kept();
  theme.hidden = false;
  nameTheme();
  systemIsDark.addEventListener("change", nameTheme);
  theme.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    keep(root.dataset.theme);
    nameTheme();
  });

  // What goes on beyond its right edge says so by a shadow; tables are measured once they come into sight.
  const mark = (wide) => wide.classList.toggle("more", wide.scrollLeft + wide.clientWidth < wide.scrollWidth - 1);
  const seen = new Set();
  const sight = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (isIntersecting) mark(target);
      if (isIntersecting) seen.add(target);
    }
  });
  for (const wide of document.querySelectorAll(".wide")) sight.observe(wide);
  document.addEventListener(
    "scroll",
    ({ target }) => {
      if (target.classList?.contains("wide")) mark(target);
    },
    { capture: true, passive: true },
  );
  // A table that is filled later has the window say so.
  window.addEventListener("resize", () => seen.forEach(mark));
})();
