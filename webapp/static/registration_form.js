// Rows of the registration form without a new page: the same buttons, answered in place. The server renders;
// here only the three lists are exchanged, and the focus goes to where the reader expects it.
const form = document.getElementById("registration");
const LISTS = ["devices", "meters", "systems"];

async function exchange(button) {
  const body = new FormData(form);
  body.set("act", button.value);
  const answer = await fetch(form.dataset.here, { method: "POST", body, credentials: "same-origin" });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = LISTS.map((id) => page.getElementById(id));
  if (fresh.some((list) => list === null)) throw new Error("another page came");
  LISTS.forEach((id, at) => document.getElementById(id).replaceWith(document.adoptNode(fresh[at])));
  const [act, kind] = button.value.split(":");
  const list = document.getElementById(kind);
  const rows = list.querySelectorAll(":scope > fieldset");
  const last = rows[rows.length - 1];
  const target = act === "add" && last ? last.querySelector("input:not([type=hidden]), select") : list;
  target.focus();
}

// Who types is there: the session must not end over a long form, and take what was typed along.
const EVERY_MS = 5 * 60 * 1000;
let seen = Date.now();
form?.addEventListener("input", () => {
  if (Date.now() - seen < EVERY_MS) return;
  seen = Date.now();
  fetch(form.dataset.here, { method: "HEAD", credentials: "same-origin" }).catch(() => {});
});

form?.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button || !/^(add|remove):/.test(button.value)) return;
  event.preventDefault();
  exchange(button).catch(() => {
    // Without an answer that fits, the browser's own way shows what happened.
    const act = document.createElement("input");
    act.type = "hidden";
    act.name = "act";
    act.value = button.value;
    form.append(act);
    form.submit();
  });
});
