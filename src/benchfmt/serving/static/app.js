"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const drop = byId("drop");
  if (!drop) return;
  const input = byId("file");
  const state = byId("state");
  const verdict = byId("verdict");
  const most = Number(drop.dataset.most);
  let current = null;

  const say = (text, wrong = false) => {
    state.textContent = text;
    state.classList.toggle("wrong", wrong);
  };

  // A zip without compression: the server takes one file, and a folder is many.
  const crcTable = new Uint32Array(256).map((_, index) => {
    let value = index;
    for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    return value;
  });
  const crcOf = async (file) => {
    let crc = 0xffffffff;
    const reader = file.stream().getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return (crc ^ 0xffffffff) >>> 0;
      for (const byte of value) crc = (crc >>> 8) ^ crcTable[(crc ^ byte) & 0xff];
    }
  };
  const header = (signature, fields) => {
    const bytes = new DataView(new ArrayBuffer(fields.reduce((sum, [width]) => sum + width, 4)));
    bytes.setUint32(0, signature, true);
    let at = 4;
    for (const [width, value] of fields) {
      if (width === 2) bytes.setUint16(at, value, true);
      else bytes.setUint32(at, value, true);
      at += width;
    }
    return bytes;
  };
  const zipped = async (files) => {
    const parts = [];
    const directory = [];
    let offset = 0;
    let directorySize = 0;
    for (const { name, file } of files) {
      const encoded = new TextEncoder().encode(name);
      const crc = await crcOf(file);
      // The name is UTF-8, nothing is compressed, and the date is the first of 1980.
      const common = [[2, 20], [2, 0x0800], [2, 0], [2, 0], [2, 33], [4, crc], [4, file.size], [4, file.size], [2, encoded.length], [2, 0]];
      const local = header(0x04034b50, common);
      parts.push(local, encoded, file);
      const entry = header(0x02014b50, [[2, 20], ...common, [2, 0], [2, 0], [2, 0], [4, 0], [4, offset]]);
      directory.push(entry, encoded);
      directorySize += entry.byteLength + encoded.length;
      offset += local.byteLength + encoded.length + file.size;
    }
    const end = header(0x06054b50, [[2, 0], [2, 0], [2, files.length], [2, files.length], [4, directorySize], [4, offset], [2, 0]]);
    return new Blob([...parts, ...directory, end]);
  };

  const below = async (entry, path, found) => {
    if (entry.isFile) {
      const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
      found.push({ name: path + entry.name, file });
      return;
    }
    const reader = entry.createReader();
    for (;;) {
      const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (!some.length) return;
      for (const inner of some) await below(inner, `${path}${entry.name}/`, found);
    }
  };
  const filesOf = async (transfer) => {
    const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    if (!entries.length) return [...transfer.files].map((file) => ({ name: file.name, file }));
    const found = [];
    for (const entry of entries) await below(entry, "", found);
    // A package is what is in its folder, and not the folder.
    const top = entries.length === 1 && entries[0].isDirectory ? `${entries[0].name}/` : "";
    return found.map(({ name, file }) => ({ name: name.slice(top.length), file }));
  };

  const asked = (verb, accept) =>
    fetch(`/${verb}?${new URLSearchParams({ name: current.name, rules: byId("rules").value })}`, {
      method: "POST",
      headers: { accept, "content-type": "application/octet-stream" },
      body: current.body,
    });
  const reasonOf = async (response) => {
    try {
      const problem = await response.json();
      return [problem.title, problem.detail, problem.code && `(${problem.code})`].filter(Boolean).join(": ").replace(": (", " (");
    } catch {
      return `the server answered ${response.status}`;
    }
  };

  const offer = (verb, accept, label, name, opens) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = label;
    button.addEventListener("click", async () => {
      button.disabled = true;
      say(`${label}: being made …`);
      try {
        const response = await asked(verb, accept);
        if (!response.ok) {
          say(await reasonOf(response), true);
          return;
        }
        const link = document.createElement("a");
        link.href = URL.createObjectURL(await response.blob());
        link.textContent = `Save ${name}`;
        link.download = name;
        button.replaceWith(link);
        link.focus();
        if (opens) link.click();
        say("");
      } catch {
        say("The server cannot be reached", true);
      } finally {
        button.disabled = false;
      }
    });
    return button;
  };

  const judge = async (files) => {
    if (!files.length) return;
    verdict.hidden = true;
    verdict.replaceChildren();
    const size = files.reduce((sum, { file }) => sum + file.size, 0);
    if (size > most) {
      say(`That is too large: at most ${Math.floor(most / 2 ** 20)} MiB are taken`, true);
      return;
    }
    try {
      if (files.length === 1) {
        current = { name: files[0].name.split("/").pop(), body: files[0].file };
      } else {
        say("Packing …");
        current = { name: "upload.zip", body: await zipped(files) };
      }
      say(`${current.name} is being judged …`);
      const response = await asked("validate", "text/html");
      if (!response.ok) {
        say(`${current.name}: ${await reasonOf(response)}`, true);
        return;
      }
      const parsed = new DOMParser().parseFromString(await response.text(), "text/html");
      verdict.replaceChildren(...parsed.body.childNodes);
      const actions = document.createElement("p");
      actions.className = "actions";
      const stem = current.name.replace(/\.[a-z.]+$/i, "");
      actions.append(
        offer("report", "text/html", "Make the report", `${stem}.report.html`, true),
        offer("convert", "application/zip", "Convert to a package", `${stem}.package.zip`, true),
      );
      verdict.querySelector("h2").after(actions);
      verdict.hidden = false;
      // What is marked is in sight also where the screen is narrow.
      for (const mark of verdict.querySelectorAll(".place mark")) {
        const place = mark.closest(".place");
        place.scrollLeft = Math.max(0, mark.offsetLeft + mark.offsetWidth - place.clientWidth + 24);
      }
      say("");
      verdict.focus();
    } catch {
      say("The server cannot be reached, or it broke the upload off", true);
    }
  };

  input.addEventListener("change", async () => {
    const files = [...input.files].map((file) => ({ name: file.name, file }));
    input.value = "";
    await judge(files);
  });
  drop.addEventListener("submit", (event) => event.preventDefault());
  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
  drop.addEventListener("drop", async (event) => {
    event.preventDefault();
    await judge(await filesOf(event.dataTransfer));
  });
})();
