// What people type is not lost: before they leave a form with changes they are asked, and what was sent after the session
// had ended is back when they have signed in. It stays in this tab (sessionStorage) and goes when a form was taken.

const KEPT = "typed", SIGNED_OUT = "typed-signed-out";
const FIELDS = "textarea, select, input:not([type=hidden], [type=password], [type=file])";

function valuesOf(form) {
  return [...form.querySelectorAll(FIELDS)].filter((field) => field.name).map((field) =>
    [field.name, field.type === "checkbox" || field.type === "radio" ? field.checked : field.value, field.value]);
}

function fill(form, values) {
  for (const [name, value, own] of values) {
    for (const field of form.querySelectorAll(FIELDS)) {
      if (field.name !== name) continue;
      if (field.type !== "checkbox" && field.type !== "radio") field.value = value;
      else if (field.value === own) field.checked = value;
    }
  }
  form.dispatchEvent(new Event("input", { bubbles: true }));
}

function tell(form) {
  const note = document.createElement("p");
  note.className = "note warning";
  note.setAttribute("role", "status");
  note.textContent = "You were signed out, so this was not saved. What you typed is back: save it now.";
  form.before(note);
}

function watch(form) {
  let changed = false;
  form.addEventListener("input", (event) => { changed ||= event.isTrusted; });
  form.addEventListener("submit", () => {
    changed = false;
    sessionStorage.setItem(KEPT, JSON.stringify([location.pathname, valuesOf(form)]));
  });
  addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
}

const typed = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
const forms = [...document.querySelectorAll("form[data-typed]")];
if (document.querySelector("form.sign-in")) {
  if (typed) sessionStorage.setItem(SIGNED_OUT, "yes");
} else {
  if (typed && sessionStorage.getItem(SIGNED_OUT) && typed[0] === location.pathname && forms[0]) {
    fill(forms[0], typed[1]);
    tell(forms[0]);
  }
  sessionStorage.removeItem(KEPT);
  sessionStorage.removeItem(SIGNED_OUT);
}
forms.forEach(watch);
