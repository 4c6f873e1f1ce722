// What a form cannot do: copying, files made in the browser, waiting for a first request. Pages work without it.
"use strict";

const one = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];

all("[data-needs-script]").forEach((element) => { element.hidden = false; });

// Times in the reader's own time zone; the title keeps the one that the server wrote.
all("time[datetime]").forEach((element) => {
  const at = new Date(element.dateTime);
  if (Number.isNaN(at.getTime())) return;
  const local = at.toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
  if (element.textContent.endsWith("UTC")) {
    element.title = element.textContent;
    element.textContent = local;
  } else {
    element.title = local;
  }
});

// Copy the text of an element, and say so on the button for a moment.
all("[data-copy]").forEach((button) => {
  button.addEventListener("click", async () => {
    const source = one(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.textContent);
    } catch {
      // No right to the clipboard: select it, for the keyboard to copy.
      getSelection().selectAllChildren(source);
      return;
    }
    const before = button.textContent;
    button.textContent = button.dataset.done;
    setTimeout(() => { button.textContent = before; }, 1500);
  });
});

// A file made of what stands on the page: it never goes over the network again.
all("[data-download]").forEach((button) => {
  button.addEventListener("click", () => {
    const blob = new Blob([one(button.dataset.from).textContent], { type: "text/plain" });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = button.dataset.download;
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  });
});

// Put a line into a field.
all("[data-append]").forEach((button) => {
  button.addEventListener("click", () => {
    const field = one(button.dataset.append);
    const lines = field.value.split("\n").map((line) => line.trim()).filter((line) => line !== "");
    if (!lines.includes(button.dataset.value)) lines.push(button.dataset.value);
    field.value = lines.join("\n");
    field.focus();
  });
});

// To fill in a date is to choose it.
all("[data-chooses]").forEach((field) => {
  field.addEventListener("input", () => { one(`input[type="radio"][value="${field.dataset.chooses}"]`).checked = true; });
});

// Length is what makes a password strong; the server has the last word.
all("[data-strength]").forEach((field) => {
  const hint = one(field.dataset.strength);
  field.addEventListener("input", () => {
    const length = [...field.value].length;
    const kinds = new Set(field.value).size;
    const word = length < 12 || kinds < 5 ? "short" : length < 18 ? "fair" : "good";
    hint.textContent = length === 0 ? "" : hint.dataset[word];
  });
});

// Wait for an AccessKey to be used: often at first, then less so.
all("[data-poll]").forEach((waiting) => {
  let pause = 1000;
  waiting.classList.add("live");
  const ask = async () => {
    try {
      const answer = await fetch(waiting.dataset.poll, { headers: { accept: "application/json" }, redirect: "error" });
      if (!answer.ok) return waiting.classList.remove("live");
      const { used, text } = await answer.json();
      if (used) {
        waiting.classList.remove("live");
        waiting.classList.add("arrived");
        one("[data-waiting]", waiting).hidden = true;
        const arrived = one("[data-arrived]", waiting);
        arrived.textContent = text;
        arrived.hidden = false;
        return;
      }
    } catch {
      // The server or the network is away for a moment.
    }
    pause = Math.min(pause * 1.05, 15000);
    setTimeout(ask, pause);
  };
  setTimeout(ask, pause);
});

// Passkeys: the browser asks the authenticator what this server asks, and the form carries the answer.
const passkeys = window.PublicKeyCredential && PublicKeyCredential.parseCreationOptionsFromJSON;
if (passkeys) {
  all("[data-without-passkeys]").forEach((element) => { element.hidden = true; });
  all("[data-with-passkeys]").forEach((element) => { element.hidden = false; });
}
all("[data-passkey]").forEach((form) => {
  if (!passkeys) return;
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    if (form.dataset.unless && one(form.dataset.unless).value !== "") return;
    event.preventDefault();
    const failed = one("[data-failed]", form);
    failed.hidden = true;
    try {
      const answer = await fetch(form.dataset.passkey, { method: "POST", redirect: "error" });
      const { publicKey } = await answer.json();
      const credential = form.dataset.kind === "create"
        ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) })
        : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey) });
      one("[name=credential]", form).value = JSON.stringify(credential.toJSON());
      form.submit();
    } catch {
      failed.hidden = false;
    }
  });
});

// The name menu closes by Escape, and by a click elsewhere.
const menu = one(".menu");
if (menu) {
  document.addEventListener("click", (event) => { if (!menu.contains(event.target)) menu.open = false; });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    menu.open = false;
    one("summary", menu).focus();
  });
}
