// Keys, the list of them, and what a page does while an audit runs. Every page works without this file.
"use strict";
(() => {
  const places = { o: "/", f: "/findings", r: "/runs", a: "/accounts", j: "/journal" };
  const keys = document.getElementById("keys");
  const help = document.querySelector("[data-help]");
  const rows = () => [...document.querySelectorAll("[data-row]")];
  let leading = false;

  const link = (path) => [...document.querySelectorAll(".pages a")].find((each) => each.getAttribute("href").endsWith(path));

  function move(step) {
    const all = rows();
    const here = all.findIndex((row) => row.contains(document.activeElement));
    const next = all[Math.min(all.length - 1, Math.max(0, here < 0 ? (step > 0 ? 0 : all.length - 1) : here + step))];
    (next?.querySelector("[data-open]") ?? next?.querySelector("a, input"))?.focus();
  }

  function select() {
    const box = document.activeElement.closest("[data-row]")?.querySelector("input[type=checkbox]");
    if (!box) return;
    box.checked = !box.checked;
    box.dispatchEvent(new Event("change", { bubbles: true }));
  }

  const actions = {
    "/": () => document.querySelector("[data-key='/']")?.focus(),
    "?": () => keys.showModal(),
    j: () => move(1),
    k: () => move(-1),
    x: select,
    g: () => { leading = true; },
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || keys.open) return;
    if (event.target.closest("input:not([type=checkbox]), textarea, select")) return;
    const action = leading ? () => link(places[event.key])?.click() : actions[event.key];
    leading = false;
    if (!action) return;
    event.preventDefault();
    action();
  });

  document.addEventListener("change", (event) => {
    const row = event.target.closest("[data-row]");
    if (row && event.target.type === "checkbox") row.toggleAttribute("data-selected", event.target.checked);
  });

  if (help) {
    help.hidden = false;
    help.addEventListener("click", () => keys.showModal());
  }

  // A form is sent once: a second press while the server works would only be refused there.
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (event.target.method !== "post" || !button) return;
    setTimeout(() => {
      button.disabled = true;
      if (button.dataset.busy) button.textContent = button.dataset.busy;
    });
  });
  // What is under way is looked at again and again; when it has ended, the page is loaded anew.
  async function follow() {
    const place = document.querySelector("[data-follow]");
    if (!place) return;
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
    if (answer?.ok) {
      const next = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-follow]");
      if (!next) return location.reload();
      if (!place.contains(document.activeElement)) place.replaceChildren(...next.childNodes);
    }
    setTimeout(follow, 1000);
  }
  setTimeout(follow, 1000);
  window.addEventListener("pageshow", (event) => event.persisted && location.reload());
})();
