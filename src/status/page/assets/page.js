// Keeps the page up to date: fetches it every few seconds and takes over what differs. Without this script it reloads by itself.

const EVERY_MS = 3000;
/** For one fetch; the server waits 2.5 s at most for other hosts. */
const TIMEOUT_MS = 8000;
/** Without a successful fetch for so long, what is shown is not now. */
const STALE_MS = 12_000;

const now = () => Date.now() + clockOffset;
/** How far the server's clock is ahead of this one, ms: ages are by the server's. */
let clockOffset = Number(document.body.dataset.now) - Date.now();
let lastContact = performance.now();
let lastContactAt = Number(document.body.dataset.now);
let failure = "";

/** As `span` of time-text.ts. */
function span(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  if (s < 86_400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3600)} h`;
}

/** Makes `old` like `next` and keeps every element that stays, so that focus, selection and open details stay too. */
function adopt(old, next) {
  for (const { name, value } of next.attributes) {
    if (old.getAttribute(name) !== value && !isKept(old, name)) old.setAttribute(name, value);
  }
  for (const { name } of [...old.attributes]) {
    if (!next.hasAttribute(name) && !isKept(old, name)) old.removeAttribute(name);
  }
  const children = [...old.childNodes].filter((node) => !isAdded(node));
  const wanted = [...next.childNodes];
  for (const [index, node] of wanted.entries()) {
    const child = children[index];
    if (child === undefined) old.append(document.importNode(node, true));
    else if (child.nodeName !== node.nodeName) child.replaceWith(document.importNode(node, true));
    else if (child.nodeType === Node.ELEMENT_NODE) adopt(child, node);
    else if (child.nodeValue !== node.nodeValue) child.nodeValue = node.nodeValue;
  }
  for (const child of children.slice(wanted.length)) child.remove();
}

/** What the viewer or this script has set. */
const isKept = (element, name) => name === "open" && element.localName === "details";
const isAdded = (node) => node.nodeType === Node.ELEMENT_NODE && node.hasAttribute("data-added");

function showAges() {
  for (const time of document.querySelectorAll("time[data-age]")) {
    const text = span(now() - Date.parse(time.dateTime));
    if (time.textContent !== text) time.textContent = text;
  }
}

function showContact() {
  const silent = performance.now() - lastContact;
  const isStale = silent > STALE_MS;
  document.documentElement.classList.toggle("is-stale", isStale);
  const banner = document.querySelector("[data-contact]");
  const since = new Date(lastContactAt).toISOString().slice(11, 19);
  const text = isStale
    ? `No contact with ${location.host} since ${since} UTC (${failure}). What is below is as it was then.`
    : "";
  if (banner.textContent !== text) banner.textContent = text;
  banner.hidden = !isStale;
  document.querySelector("[data-freshness]").textContent = isStale ? "Out of date: as of" : "Live";
}

/** The state and the reason of each host, for comparison. */
function statesOf(root) {
  const rows = [...root.querySelectorAll(".hosts tbody tr")];
  return new Map(rows.map((row) => [row.querySelector("th").textContent, row.querySelector(".pill").textContent]));
}

function announce(before, after) {
  const changes = [...after]
    .filter(([host, state]) => before.get(host) !== state)
    .map(([host, state]) => `${host}: ${state}`);
  if (changes.length > 0) document.querySelector("[data-changes]").textContent = changes.join("; ");
}

/** Commands get a button where the browser lets a page write to the clipboard. */
function addCopyButtons() {
  if (navigator.clipboard === undefined) return;
  for (const command of document.querySelectorAll("[data-copy]")) {
    if (command.querySelector("button") !== null) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.added = "";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      const text = command.querySelector("code").textContent;
      const copied = await navigator.clipboard.writeText(text).then(
        () => true,
        () => false,
      );
      button.textContent = copied ? "Copied" : "Not copied";
      setTimeout(() => {
        button.textContent = "Copy";
      }, 2000);
    });
    command.append(button);
  }
}

async function update() {
  const response = await fetch(location.pathname, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`status ${response.status}`);
  const next = new DOMParser().parseFromString(await response.text(), "text/html");
  const main = next.querySelector("main");
  if (main === null) throw new Error("not this page");
  const before = statesOf(document);
  adopt(document.querySelector("main"), main);
  adopt(document.querySelector("header"), next.querySelector("header"));
  document.title = next.title;
  document.body.dataset.state = next.body.dataset.state;
  clockOffset = Number(next.body.dataset.now) - Date.now();
  lastContact = performance.now();
  lastContactAt = Number(next.body.dataset.now);
  announce(before, statesOf(document));
  addCopyButtons();
}

async function keepUpToDate() {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    // Nobody looks.
    if (document.hidden) continue;
    try {
      await update();
    } catch (error) {
      failure = error.name === "TimeoutError" ? "no response" : error.message;
    }
    showAges();
    showContact();
  }
}

addCopyButtons();
showAges();
showContact();
setInterval(() => {
  showAges();
  showContact();
}, 1000);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) update().catch(() => undefined);
});
void keepUpToDate();
