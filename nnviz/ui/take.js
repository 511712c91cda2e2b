// "Copy link", and session files dropped anywhere onto the page.
// Tells Python { name, text } as "dropped", and as "scheme" that the system has turned light or dark: the figures' colours are Python's.
const ENDING = /\.json$/i;
const SHOWN = 1600; // ms for which the button says what it did
let listening = null;

function address() {
  const url = new URL(window.location.href);
  for (const name of ["embed", "embed_options"]) url.searchParams.delete(name);
  return url.href;
}

async function copy(button) {
  let done = true;
  try {
    await navigator.clipboard.writeText(address());
  } catch {
    // Without the browser's leave, or over plain http, the old way: a field that is selected and copied.
    const field = document.createElement("textarea");
    field.value = address();
    field.style.position = "fixed";
    document.body.append(field);
    field.select();
    done = document.execCommand("copy");
    field.remove();
  }
  button.textContent = done ? "Link copied" : "Copy it from the address bar";
  setTimeout(() => (button.textContent = "Copy link"), SHOWN);
}

const files = (event) => [...((event.dataTransfer && event.dataTransfer.files) || [])];

// In the capture phase, before a field for other files takes it.
function listen(report) {
  if (listening) listening.abort();
  listening = new AbortController();
  const how = { capture: true, signal: listening.signal };
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", () => report("scheme", dark.matches), { signal: listening.signal });
  const allow = (event) => {
    if (event.dataTransfer && [...event.dataTransfer.types].includes("Files")) event.preventDefault();
  };
  document.addEventListener("dragover", allow, how);
  document.addEventListener("drop", (event) => {
    const file = files(event).find((one) => ENDING.test(one.name));
    if (!file) return;
    event.preventDefault();
    event.stopPropagation();
    file.text().then((text) => report("dropped", { name: file.name, text }));
  }, how);
}

export default function (component) {
  const button = component.parentElement.querySelector("button");
  button.onclick = () => copy(button);
  listen((what, value) => component.setTriggerValue(what, value));
}
