// Our elements in Streamlit's page, and what answers presses on board and header.
// The browser's address has one writer, this file: Python hands in area, language and filter; view and selection come from the map; the rest is left alone.

const MESSAGE = "battlemap";
const STANDING = '[data-testid="stSkipToContent"], [data-testid="stFileUploaderDropzone"] button p, [data-testid="stFileChip"] [role="alert"]'; // words of Streamlit's that stay on the page
let words = {};
let shown = null; // the area of the map, and what hands presses to Python
let go = null; // hands a press on a link to a page of ours to Python
let shownCase = ""; // the case that Python shows
let back = false; // the browser went back or forward, and its address speaks

function rewrite(changes) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  // Commas and colons may stand in a query as they are, and are easier to read so.
  const text = query.toString().replace(/%2C/g, ",").replace(/%3A/g, ":");
  const next = location.pathname + (text ? "?" + text : "");
  if (next !== location.pathname + location.search) history.replaceState(history.state, "", next);
}

function maps() {
  return [...document.querySelectorAll(".bm-map iframe")];
}

function post(message) {
  for (const frame of maps()) frame.contentWindow.postMessage({ source: MESSAGE, ...message }, location.origin);
}

// The element that keeps the address.
export function address({ data, setTriggerValue }) {
  words = data.words;
  shownCase = data.query.case;
  go = (page, own) => setTriggerValue("go", { page, own });
  if (back) {
    back = false;
    const page = location.pathname.slice(1);
    const own = Object.fromEntries(new URLSearchParams(location.search));
    if (page === "case" && own.case && own.case !== data.query.case) return again(page, own, 5);
  }
  const scale = Number(document.documentElement.style.getPropertyValue("--k")) || 1; // of boot.js; a table has its widths from Python
  if (scale !== data.scale) setTriggerValue("scale", scale);
  const before = new URLSearchParams(location.search).get("area");
  const moved = before && before !== data.query.area;
  rewrite({ ...data.query, ...(moved ? { view: "", at: "" } : {}) });
  document.documentElement.lang = data.query.lang === "en" ? "en" : "zh-CN";
  document.querySelectorAll(STANDING).forEach(say);
}

// The pages are a line to push where they have no room, on a phone always: the one that is shown stands in it.
let stood = "";
function inView() {
  const here = document.querySelector(".st-key-nav a[disabled]");
  if (!here) return;
  const line = here.closest(".st-key-nav");
  const place = here.textContent + line.scrollWidth; // its neighbours come one by one
  if (place === stood) return;
  stood = place;
  const more = line.querySelector("[class*=st-key-more_]"), at = here.getBoundingClientRect();
  if (innerWidth <= 760) line.scrollLeft += at.left - line.getBoundingClientRect().left - line.clientWidth / 3;
  else if (more) line.scrollLeft += Math.max(0, at.right + 8 - more.getBoundingClientRect().left); // not behind what is more
}

// The element that holds the map. A rerun with the same area, language and theme keeps the iframe; a changed filter goes in as a message.
// While Streamlit puts one page in the place of another two of these may stand in the document, and a call may come late: each looks at its own host.
export function map({ data, parentElement, setTriggerValue }) {
  const host = parentElement.querySelector(".bm-map");
  if (!host.isConnected) return; // put away meanwhile
  const theme = document.documentElement.dataset.theme;
  const identity = [data.area, data.language, theme].join(" ");
  shown = { area: data.area, setTriggerValue };
  const frame = host.querySelector("iframe");
  if (!frame || frame.dataset.identity !== identity) {
    const next = document.createElement("iframe");
    Object.assign(next.dataset, { identity, opened: data.query, query: data.query });
    next.title = data.title;
    next.allow = "fullscreen";
    next.src = source(data, theme);
    host.replaceChildren(next);
  } else if (frame.dataset.query !== data.query) {
    const [grid, before] = [data.query, frame.dataset.query].map((query) => new URLSearchParams(query).get("grid"));
    frame.dataset.query = data.query;
    post({ type: "filter", query: data.query });
    if (grid && grid !== before) post({ type: "fly", kind: grid.split(":")[0], code: grid.slice(grid.indexOf(":") + 1) });
  }
}

addEventListener("message", (event) => {
  const message = event.data;
  const frame = event.origin === location.origin && maps().find((one) => one.contentWindow === event.source);
  if (!frame || !message || message.source !== MESSAGE) return;
  const { area, setTriggerValue } = shown;
  if (message.type === "view") {
    const view = [message.lat.toFixed(5), message.lon.toFixed(5), message.zoom.toFixed(2)].join(",");
    rewrite({ view });
    sessionStorage.setItem("battlemap-view-" + area, view);
  } else if (message.type === "select") {
    rewrite({ at: message.code ? message.kind + ":" + message.code : "" });
  } else if (message.type === "only") {
    setTriggerValue("only", { key: message.key, code: message.code });
  } else if (message.type === "changed") {
    setTriggerValue("changed", message.version); // the board follows the map
  } else if (message.type === "open") {
    if (go) go(message.page, message.own);
  } else if (message.type === "ready") {
    if (frame.dataset.query !== frame.dataset.opened) post({ type: "filter", query: frame.dataset.query }); // changed while it loaded
  }
});

// The element that hears what changes: Python reads what is so, for one part of its page. At once, and then every few seconds at most.
const REST = 4000, RETRY = [2000, 10000, 60000]; // milliseconds
const heard = { area: "", host: null, stream: null, hand: null, last: 0, timer: 0, broken: 0 };

export async function pulse({ data, parentElement, setTriggerValue }) {
  if (!parentElement.isConnected) return;
  if (heard.area !== data.area) silence();
  Object.assign(heard, { area: data.area, host: parentElement, hand: setTriggerValue });
  await script(data.script.replace("console.js", "stream.js"));
  listen();
  return () => { if (heard.host === parentElement) silence(); };
}

function listen() {
  if (heard.stream || !heard.hand) return;
  const stream = heard.stream = window.battlemap.openStream("/stream/" + encodeURIComponent(heard.area) + "/version", (kind) => {
    if (stream !== heard.stream) return;
    if (kind === "end") {
      heard.stream = null;
      setTimeout(listen, RETRY[Math.min(heard.broken++, RETRY.length - 1)]);
      return;
    }
    heard.broken = 0;
    if (kind !== "beat") moved();
  });
}

function moved() {
  if (heard.timer) return;
  heard.timer = setTimeout(() => {
    Object.assign(heard, { timer: 0, last: Date.now() });
    if (heard.hand) heard.hand("moved", heard.last);
  }, Math.max(0, heard.last + REST - Date.now()));
}

function silence() {
  if (heard.stream) heard.stream.close();
  Object.assign(heard, { area: "", host: null, stream: null, hand: null });
}

// A script of the map's, once.
const scripts = {};
function script(src) {
  window.battlemap = window.battlemap || {};
  return scripts[src] = scripts[src] || new Promise((done, fail) => {
    document.head.append(Object.assign(document.createElement("script"), { src, onload: done, onerror: fail }));
  });
}

function source(data, theme) {
  const here = new URLSearchParams(location.search);
  const same = !here.get("area") || here.get("area") === data.area;
  const query = new URLSearchParams({ lang: data.language, theme, embed: "1" });
  const view = (same && here.get("view")) || sessionStorage.getItem("battlemap-view-" + data.area);
  if (view) query.set("view", view);
  else if (data.home && innerWidth <= 760) query.set("home", data.home.join(","));
  if (same && here.get("at")) query.set("at", here.get("at"));
  return "/map/" + encodeURIComponent(data.area) + "?" + query + (data.query ? "&" + data.query : "");
}

// Ask for the page that the browser went back to, until it is there: what is asked while the page changes is not always heard.
function again(page, own, times) {
  go(page, own);
  setTimeout(() => { if (times && new URLSearchParams(location.search).get("case") === own.case && shownCase !== own.case) again(page, own, times - 1); }, 1500);
}

addEventListener("popstate", () => { back = true; });

// Streamlit writes its own changes of the parameters as steps of the browser's history; a step is another page.
const step = history.pushState.bind(history);
history.pushState = (state, title, address) => {
  if (new URL(address, location.href).pathname !== location.pathname) step(state, title, address);
};

addEventListener("click", (event) => {
  const button = event.target.closest && event.target.closest("[data-mark], [data-fly], [data-theme-switch], a[data-go], a[data-photo], [data-keys]");
  if (!button) return;
  if (button.matches("a[data-go]")) {
    if (!go || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return; // another tab, another window
    event.preventDefault();
    go(button.dataset.go, Object.fromEntries(new URLSearchParams(button.dataset.own)));
    return;
  }
  if (button.matches("a[data-photo]")) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    look(button);
    return;
  }
  if ("keys" in button.dataset) return toggleKeys(button);
  if (button.dataset.mark && shown) shown.setTriggerValue("mark", button.dataset.mark);
  else if (button.dataset.fly) post({ type: "fly", kind: button.dataset.fly, code: button.dataset.code });
  else if ("themeSwitch" in button.dataset) switchTheme();
});

document.documentElement.dataset.console = "ready"; // keys are heard from now on

// Which row the keyboard stands at: a list that is drawn anew, since somebody changed something, takes it up again.
let standing = "";
addEventListener("focusin", ({ target }) => { if (target.matches(".bm-rows a[data-go]")) standing = target.dataset.own; });
addEventListener("pointerdown", () => { standing = ""; });

// The rows of the list that is shown; those of the page before stay in the document until the next one is whole.
function rows() {
  return document.querySelector(".st-key-walk") ? [] : [...document.querySelectorAll(".bm-rows a[data-go]")];
}

function standAgain() {
  if (!standing || document.activeElement !== document.body) return;
  const row = rows().find((link) => link.dataset.own === standing);
  if (row) row.focus({ preventScroll: true });
}

// The keyboard: next, previous, open, dispatch, help; never while somebody types.
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping(event.target)) return;
  const key = event.key;
  standAgain();
  const list = [...document.querySelectorAll(".bm-rows a[data-go], .bm-posts a.bm-post")];
  const here = list.indexOf(document.activeElement);
  const step = key === "j" || (key === "ArrowDown" && here >= 0) ? 1 : key === "k" || (key === "ArrowUp" && here >= 0) ? -1 : 0;
  let done = true;
  if (step && list.length) list[Math.max(0, Math.min(list.length - 1, here < 0 ? 0 : here + step))].focus();
  else if (step) done = pressed(step > 0 ? "next" : "previous");
  else if (key === "o" && here >= 0) list[here].click();
  else if (key === "o") done = pressed("open");
  else if (key === "d" && here >= 0) openTo(list[here], "dispatch");
  else if (key === "d") done = pressed("dispatch");
  else if (key === "?") toggleKeys(document.querySelector("[data-keys]"));
  else done = false;
  if (done) event.preventDefault();
});

// On a phone the tools of the header are behind a button that says who looks; a press elsewhere closes them.
addEventListener("click", ({ target }) => {
  const menu = document.querySelector("[data-menu]");
  if (!menu || !target.closest) return;
  if (target.closest("[data-menu]")) menu.setAttribute("aria-expanded", String(menu.getAttribute("aria-expanded") !== "true"));
  else if (!target.closest('.st-key-tools, [role=listbox], [data-baseweb="popover"]')) menu.setAttribute("aria-expanded", "false");
});
addEventListener("blur", () => { // into the map
  const menu = document.querySelector('[data-menu][aria-expanded="true"]');
  if (menu && maps().includes(document.activeElement)) menu.setAttribute("aria-expanded", "false");
});
addEventListener("keydown", ({ key }) => {
  const menu = key === "Escape" && document.querySelector('[data-menu][aria-expanded="true"]');
  if (menu) { menu.setAttribute("aria-expanded", "false"); menu.focus(); }
});

// What is printed by the browser itself.
addEventListener("click", ({ target }) => { if (target.closest && target.closest("button[data-print]")) print(); });

function isTyping(target) {
  return Boolean(target && target.closest && target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable=true], [role=combobox], [role=listbox], [role=dialog]"));
}

function openTo(link, act) {
  const own = Object.fromEntries(new URLSearchParams(link.dataset.own));
  if (go) go(link.dataset.go, { ...own, act });
}

// The buttons that the keyboard presses carry the key "key_…".
function pressed(name) {
  const button = document.querySelector(`.st-key-key_${name} button:not(:disabled), .st-key-key_${name} a`);
  if (button) button.click();
  return Boolean(button);
}

function toggleKeys(button) {
  if (button) button.setAttribute("aria-expanded", String(button.getAttribute("aria-expanded") !== "true"));
}

// A photo over the page: the arrows go on to the next, Escape and a press close it.
function look(link) {
  const all = [...document.querySelectorAll(".st-key-work .bm-said a[data-photo]")];
  if (!all.includes(link)) all.push(link);
  const viewer = document.createElement("dialog");
  const picture = viewer.appendChild(document.createElement("img"));
  const caption = viewer.appendChild(document.createElement("p"));
  let place = all.indexOf(link);
  const show = () => {
    picture.src = all[place].href;
    picture.alt = caption.textContent = all[place].title + (all.length > 1 ? "  " + (place + 1) + " / " + all.length : "");
  };
  viewer.className = "bm-viewer";
  viewer.addEventListener("click", () => viewer.close());
  viewer.addEventListener("close", () => viewer.remove());
  viewer.addEventListener("keydown", (event) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step) { place = (place + step + all.length) % all.length; show(); }
    event.stopPropagation();
  });
  show();
  document.body.append(viewer);
  viewer.showModal();
}

// What was typed and not yet saved: the browser asks before it leaves the page, the switch of the theme included.
const typed = new Set();
addEventListener("input", ({ target }) => { if (target.matches(".st-key-report_form :is(textarea, input[type=text]), .st-key-act_form :is(textarea, input[type=text]), .st-key-bulk textarea, .st-key-chat textarea, .st-key-handover textarea")) typed.add(target); });
addEventListener("beforeunload", (event) => {
  for (const field of typed) if (!field.isConnected) typed.delete(field);
  if ([...typed].some((field) => field.value.trim())) event.preventDefault();
});

// An act chosen behind "more" closes the list that would lie over its form.
addEventListener("click", ({ target }) => {
  if (!target.closest || !target.closest('[data-testid="stPopoverBody"] [class*="st-key-act_"] button')) return;
  setTimeout(() => { const open = document.querySelector('.st-key-more button[aria-expanded="true"]'); if (open) open.click(); }, 0);
});

// What runs out: the minute in which an act can be taken back.
setInterval(() => {
  for (const time of document.querySelectorAll("time[data-until]")) {
    const left = Math.ceil((Number(time.dataset.until) - Date.now()) / 1000);
    time.textContent = left > 0 ? left + (document.documentElement.lang === "en" ? " s" : " 秒") : "";
    const line = time.closest(".st-key-undo");
    if (line) line.classList.toggle("bm-over", left <= 0);
  }
}, 250);

addEventListener("battlemap-over", () => typed.clear()); // boot.js: nobody is asked whether to stay

function switchTheme() {
  const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  localStorage.setItem("battlemap-theme", theme);
  rewrite({ theme: theme === "dark" ? theme : "" });
  location.reload();
}

// The few words of Streamlit that no option can change.
new MutationObserver((records) => {
  for (const record of records) {
    for (const node of record.addedNodes) {
      if (node.textContent in words) say(node);
      else if (node.querySelectorAll) node.querySelectorAll(STANDING).forEach(say);
    }
  }
  standAgain();
  inView();
}).observe(document.body, { childList: true, subtree: true });

function say(node) {
  node.said = node.said || node.textContent; // it may be said in another language later
  const text = words[node.said];
  while (node.firstElementChild) node = node.firstElementChild;
  if (text) node.textContent = text;
}
