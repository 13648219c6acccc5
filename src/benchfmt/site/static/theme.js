"use strict";
(() => {
  // Light or dark: as the system has it, until somebody chooses. A file of one's own disk may keep nothing.
  const root = document.documentElement;
  const theme = document.getElementById("theme");
  const systemIsDark = window.matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : systemIsDark.matches);
  const nameTheme = () => {
    theme.textContent = isDark() ? "Light" : "Dark";
  };
  let kept = null;
  try {
    kept = localStorage.getItem("benchfmt-theme");
  } catch {
    // It is as the system has it.
  }
  if (kept === "dark" || kept === "light") root.dataset.theme = kept;
  theme.hidden = false;
  nameTheme();
  systemIsDark.addEventListener("change", nameTheme);
  theme.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try {
      localStorage.setItem("benchfmt-theme", root.dataset.theme);
    } catch {
      // It is chosen for this view only.
    }
    nameTheme();
  });
})();
