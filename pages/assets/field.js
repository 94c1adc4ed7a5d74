// The field pages: one document, its screens by the address after #, what it knows, and when it asks and sends. ES2018, no build step.
(function () {
  "use strict";
  const f = window.field;
  const { t, make, put, append, icon } = f;
  const EVERY = 30000; // milliseconds between tries while something waits
  const FRESH = 60000; // … between questions for the list, while it is looked at
  const KEPT_SHEETS = 60;
  const LOCAL = "battlemap-field-settings";
  const base = "/field/" + encodeURIComponent(f.area);

  Object.assign(f, { list: null, listAt: 0, who: null, account: "", queue: [], box: [], drafts: [], others: 0, link: "on", session: "in", sending: false, here: null, locating: "", worker: null, mapKept: false });

  // ---- settings of this phone
  function readSettings() {
    const usual = { theme: "auto", size: "1", language: f.language, post: "" };
    const asked = new URLSearchParams(location.search).get("lang");
    try {
      const found = JSON.parse(localStorage.getItem(LOCAL) || "{}");
      return Object.assign(usual, found, f.data.words[asked] ? { language: asked } : {});
    } catch (error) {
      return usual;
    }
  }
  f.settings = readSettings();
  const dark = matchMedia("(prefers-color-scheme: dark)");
  f.theme = () => (f.settings.theme === "auto" ? (dark.matches ? "dark" : "light") : f.settings.theme);
  function dress() {
    f.language = f.data.words[f.settings.language] ? f.settings.language : f.language;
    const page = document.documentElement;
    page.dataset.theme = f.theme();
    page.dataset.size = f.settings.size;
    page.lang = f.language === "zh" ? "zh-CN" : "en";
    const ground = getComputedStyle(page).getPropertyValue("--surface").trim();
    document.querySelector("meta[name=theme-color]").content = ground;
    document.cookie = "battlemap-look=" + f.settings.theme + "-" + f.settings.size + "; path=/field; max-age=31536000; samesite=lax" + (location.protocol === "https:" ? "; secure" : ""); // the document comes so
    document.title = t("field") + " · " + f.data.names[f.language];
  }
  f.set = (name, value) => {
    f.settings[name] = value;
    try {
      localStorage.setItem(LOCAL, JSON.stringify(f.settings));
    } catch (error) { /* it holds until the page is closed */ }
    dress();
    frame();
    f.show();
    if (name === "language") f.refresh();
  };
  dark.addEventListener && dark.addEventListener("change", dress);

  // ---- the frame around every screen
  const TABS = [["#/", "list", "tab_list"], ["#/map", "map", "tab_map"], ["#/report", "add", "tab_report"], ["#/box", "box", "tab_box"], ["#/me", "me", "tab_me"]];
  const parts = {};
  function frame() {
    parts.head = make("header", { class: "top" });
    parts.band = make("p", { class: "band", role: "status", id: "band" });
    parts.main = make("main", { id: "main", tabindex: "-1" });
    parts.tabs = make("nav", { class: "tabs", "aria-label": t("pages") }, TABS.map((tab) => make("a", { href: tab[0], class: tab[1], "data-tab": tab[1] }, [icon(tab[1]), make("span", {}, t(tab[2])), make("b", { class: "badge", hidden: true })])));
    const app = document.getElementById("app");
    app.removeAttribute("aria-busy");
    put(app, [make("div", { class: "crown" }, [parts.head, parts.band]), make("p", { id: "pull", "aria-hidden": "true" }, t("pull_again")), parts.main, parts.tabs, make("p", { id: "said", class: "said gone", role: "status", "aria-live": "polite" })]);
  }
  f.head = (options) => {
    parts.again = options.again ? make("button", { type: "button", class: "round", id: "again", "aria-label": t("refresh"), onclick: () => f.refresh(true) }, icon("again")) : null;
    parts.age = options.again ? make("span", { class: "age", id: "age" }) : null;
    put(parts.head, [
      options.back !== undefined && make("a", { class: "round", href: options.back || "#/", "aria-label": t("back"), onclick: back }, icon("back")),
      make("h1", { tabindex: "-1" }, options.title),
      f.data.synthetic && make("span", { class: "tag" }, t("illustrative")),
      parts.age,
      options.extra,
      parts.again,
    ]);
    age();
  };
  function back(event) { // the same as the phone's own button, where there is a page behind
    if (f.steps < 1) return;
    event.preventDefault();
    history.back();
  }
  function age() {
    if (parts.age) put(parts.age, f.listAt ? f.ago(f.listAt) : "");
    if (parts.again) parts.again.classList.toggle("turning", Boolean(f.asking));
  }

  function band() {
    const count = (state) => f.box.filter((item) => item.state === state).length;
    const waiting = count("waiting");
    const refused = count("refused");
    let kind = "";
    let words = "";
    if (f.session === "over") [kind, words] = ["over", [t("session_over") + " ", make("a", { href: f.logIn() }, t("log_in"))]];
    else if (f.link === "off") [kind, words] = ["off", waiting ? t("offline_waiting", { n: waiting }) : t("offline")];
    else if (f.link === "forbidden") [kind, words] = ["over", t("forbidden")];
    else if (refused) [kind, words] = ["over", make("a", { href: "#/box" }, t("n_refused", { n: refused }))];
    else if (f.sending && waiting) [kind, words] = ["on", t("sending", { n: waiting })];
    else if (waiting) [kind, words] = ["off", t(f.link === "wait" ? "wait_waiting" : "n_waiting", { n: waiting })];
    else if (f.store && f.store.kind !== "full") [kind, words] = ["off", t(f.store.kind === "text" ? "keeps_text" : "keeps_none")];
    parts.band.className = "band " + kind;
    parts.band.hidden = !kind;
    if (parts.band.textContent !== [].concat(words).map((one) => one.textContent || one).join("")) put(parts.band, words);
    const badge = parts.tabs.querySelector("[data-tab=box] .badge");
    badge.hidden = !(waiting + refused);
    put(badge, [String(waiting + refused), make("span", { class: "hidden" }, t("n_waiting", { n: waiting + refused }))]);
    badge.classList.toggle("bad", refused > 0);
    if (f.who) parts.tabs.querySelector("[data-tab=add]").hidden = !f.may("report");
  }
  f.may = (capability) => Boolean(f.who) && f.who.may.indexOf(capability) >= 0;
  f.topics = (keys) => ((f.list && f.list.visit_rules && f.list.visit_rules.topics) || []).filter((one) => (keys || []).indexOf(one.key) >= 0);
  f.logIn = () => "/log-in?next=" + encodeURIComponent(location.pathname);

  // ---- screens by address; those that the list does not need come after it
  // Once what was drawn is on the screen and the phone has nothing else to do, or half a second later.
  f.soon = (work) => (window.requestIdleCallback ? requestIdleCallback(work, { timeout: 500 }) : setTimeout(work, 100));
  let opened = null; // the phone's store
  const stored = new Promise((done) => { opened = done; });
  const scripts = new Promise((done, failed) => {
    f.readOn = () => document.head.append(make("script", { src: document.querySelector("link[rel=later]").href, onload: done, onerror: failed }));
  });
  f.rest = Promise.all([scripts, stored]).then(() => { f.rest.done = true; });
  f.rest.catch(() => f.say(t("refresh_failed"), true));
  // What somebody needs who inspects: scripts of its own, and the checklists, which are kept with the lists.
  let fetched = null;
  f.inspecting = () => {
    const script = () => new Promise((done, failed) => { document.head.append(make("script", { src: document.querySelector("link[rel=inspecting]").href, onload: done, onerror: failed })); });
    fetched = fetched || Promise.all([window.fieldRules ? null : script(), f.rest]).then(() => f.readChecklists()).then(() => { f.inspecting.done = true; });
    fetched.catch(() => { fetched = null; });
    return fetched;
  };
  f.noticeUrl = (number) => "/notice/" + encodeURIComponent(f.area) + "/" + encodeURIComponent(number) + "?lang=" + f.language;
  const INSPECTS = /^#\/(site|inspect|warning)\/|^#\/warnings$|^#\/finding\/[^/]+$/;
  const ROUTES = [
    [/^#\/site\/([^/]+)$/, (main, number) => f.siteScreen(main, number), "list"],
    [/^#\/finding\/([^/]+)$/, (main, number) => f.findingScreen(main, number), "list"],
    [/^#\/inspect\/([^/]+)$/, (main, item) => f.inspectScreen(main, item), "list"],
    [/^#\/inspect\/([^/]+)\/end$/, (main, item) => f.inspectEndScreen(main, item), "list"],
    [/^#\/report\/of\/([^/]+)$/, (main, visit) => f.classScreen(main, visit), "add"],
    [/^#\/report\/([^/]+)$/, (main, key) => f.reportScreen(main, key), "add"],
    [/^#\/report$/, (main) => f.classScreen(main), "add"],
    [/^#\/visit\/new\/([^/]+)$/, (main, key) => f.newVisitScreen(main, key), "add"],
    [/^#\/visit\/([^/]+)\/record$/, (main, number) => f.recordScreen(main, number), "list"],
    [/^#\/patrols$/, (main) => f.patrolsScreen(main), "list"],
    [/^#\/patrol\/new\/([^/]+)$/, (main, key) => f.newPatrolScreen(main, key), "add"],
    [/^#\/patrol\/([^/]+)\/record$/, (main, number) => f.recordPatrolScreen(main, number), "list"],
    [/^#\/(case|order|visit|unsent|finding|patrol|site)\/([^/]+)\/([a-z_]+)$/, (main, kind, number, act) => f.actScreen(main, kind, number, act), "list"],
    [/^#\/warnings$/, (main) => f.warningsScreen(main), "list"],
    [/^#\/(case|order|visit|unsent|patrol|warning)\/([^/]+)$/, (main, kind, number) => f[kind + "Screen"](main, number), "list"],
    [/^#\/notices$/, (main) => f.noticesScreen(main), "list"],
    [/^#\/notice\/(\d+)$/, (main, id) => f.noticeScreen(main, id), "list"],
    [/^#\/cards(?:\/(missing))?$/, (main, missing) => f.cardsScreen(main, missing), "list"],
    [/^#\/map(?:\/(.+))?$/, (main, at) => f.mapScreen(main, at), "map"],
    [/^#\/box$/, (main) => f.boxScreen(main), "box"],
    [/^#\/me$/, (main) => f.settingsScreen(main), "me"],
    [/^/, (main) => f.listScreen(main), "list"],
  ];
  const scrolled = {};
  let screen = null;
  let shown = "";
  f.steps = 0; // screens behind this one, in this document
  let replacing = false;

  f.show = () => {
    const hash = location.hash || "#/";
    if (screen && screen.leave) screen.leave();
    scrolled[shown] = window.scrollY;
    const again = shown === hash;
    shown = hash;
    const main = make("main", { id: "main", tabindex: "-1" });
    parts.main.replaceWith(main);
    parts.main = main;
    const route = ROUTES.find((one) => one[0].test(hash));
    screen = null;
    if (!f.rest.done && !/^#\/(map.*)?$/.test(hash)) f.rest.then(f.show);
    else if (INSPECTS.test(hash) && !f.inspecting.done) f.inspecting().then(() => { if (shown === hash) f.show(); }, () => put(main, make("p", { class: "empty" }, t("lists_not_here"))));
    else screen = route[1](main, ...(route[0].exec(hash) || []).slice(1).map((one) => (one === undefined ? one : decodeURIComponent(one))));
    screen = screen || {};
    parts.tabs.querySelectorAll("a").forEach((tab) => {
      if (tab.dataset.tab === route[2]) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
    });
    band();
    window.scrollTo(0, route[2] === "list" || again ? scrolled[hash] || 0 : 0);
    const heading = parts.head.querySelector("h1");
    if (heading && !again) heading.focus({ preventScroll: true });
  };
  f.go = (hash, instead) => {
    if ((location.hash || "#/") === hash) return f.show();
    replacing = Boolean(instead);
    if (instead) location.replace(hash);
    else location.hash = hash;
  };
  window.addEventListener("hashchange", () => {
    const known = history.state && history.state.steps;
    f.steps = typeof known === "number" ? known : f.steps + (replacing ? 0 : 1);
    replacing = false;
    history.replaceState({ steps: f.steps }, "");
    f.show();
  });
  f.update = () => {
    band();
    age();
    if (screen && screen.update) screen.update();
  };

  // ---- asking
  let active = false; // a session goes on while somebody does something
  ["pointerdown", "keydown"].forEach((kind) => addEventListener(kind, () => { active = true; }, { passive: true, capture: true }));
  f.get = async (path, headers) => {
    const said = Object.assign({}, headers, active ? { "X-Battlemap-Active": "1" } : {});
    const begun = document.querySelector("link[rel=preload][as=fetch]"); // the document asked for the list before any script came
    const first = begun && begun.getAttribute("href") === path;
    if (begun) begun.remove();
    active = false;
    try {
      const { answer, body } = await fieldSend.ask(path, first ? { cache: "default" } : { headers: said });
      f.link = "on";
      f.session = "in";
      return { ok: answer.ok, status: answer.status, body, etag: answer.headers.get("ETag"), served: answer.headers.get("Date") };
    } catch (error) {
      if (!(error instanceof fieldSend.Stopped)) throw error;
      stopped(error.why);
      return { ok: false, status: error.why === "offline" ? 0 : error.why === "session" ? 401 : 503 };
    }
  };
  function stopped(why) {
    if (why === "session") [f.session, f.link] = ["over", "on"]; // there was an answer
    if (why === "offline") f.link = "off";
    if (why === "wait") f.link = "wait";
    if (why === "forbidden") f.link = "forbidden";
  }

  f.refresh = async (asked) => {
    if (f.asking) return f.asking;
    f.asking = (async () => {
      const key = f.account + "/" + f.area;
      const known = f.account ? await f.store.get("lists", key) : null;
      const found = await f.get(base + "/data?lang=" + f.language, known && known.etag && f.list ? { "If-None-Match": known.etag } : {});
      if (found.status === 304) {
        f.listAt = Date.now();
        await quietly(f.store.write([["lists", Object.assign(known, { at: f.listAt })]]));
      } else if (found.ok) await take(found);
      else if (asked && found.status === 0) f.say(t("offline_no_refresh"), true);
      else if (asked && found.status >= 400 && found.status !== 401) f.say(t("refresh_failed"), true);
    })();
    age();
    try {
      await f.asking;
    } finally {
      f.asking = null;
      f.update();
    }
  };
  let gone = false; // nothing that is read is kept any more
  let writing = Promise.resolve();
  function adopt(body) {
    f.list = body;
    f.listAt = Date.now();
    f.offset = Date.parse(body.served) - Date.now();
    f.who = body.who;
    f.account = f.who.account;
  }
  async function take(found) {
    const before = f.account;
    adopt(found.body);
    await keep(found, before);
  }
  async function keep(found, before) {
    if (gone) return;
    writing = quietly(f.store.write([["lists", { key: f.account + "/" + f.area, data: found.body, etag: found.etag, at: f.listAt, account: f.account }], ["meta", { key: "who/" + f.area, account: f.account }]]));
    await f.reload();
    if (before && before !== f.account) {
      if (f.worker) f.worker.postMessage({ type: "forget" });
      await forgetOf(before);
      f.go("#/", true);
    } else f.update(); // seen before the disk has it
    await writing;
    if (screen && screen.taken) screen.taken();
  }
  f.refreshSoon = () => { if (!f.asking && Date.now() - f.listAt > FRESH) f.refresh(); };
  const quietly = (work) => work.catch(() => {}); // what can be asked for again need not be kept

  f.keepSheet = async (key, data) => {
    if (gone) return;
    await quietly(f.store.write([["cases", { key, data, at: Date.now(), account: f.account }]]));
    const all = (await f.store.all("cases")).sort((one, other) => other.at - one.at);
    await quietly(f.store.write([], all.slice(KEPT_SHEETS).map((sheet) => ["cases", sheet.key])));
  };

  // ---- what waits
  f.reload = async () => {
    const mine = (thing) => thing.account === f.account && thing.area === f.area;
    const [queue, drafts] = await Promise.all([f.store.all("queue"), f.store.all("drafts")]);
    f.queue = queue.filter(mine).sort((one, other) => one.seq - other.seq);
    f.box = f.queue.filter((item) => !item.quiet); // what somebody wrote or pressed
    f.others = queue.filter((item) => item.account !== f.account && item.state !== "done").length;
    f.drafts = drafts.filter(mine);
  };
  const news = "BroadcastChannel" in window ? new BroadcastChannel("battlemap-field") : null; // between tabs
  f.rewrite = async (puts, removes) => {
    await f.store.write(puts, removes);
    await told();
  };
  async function told() {
    if (news) news.postMessage("changed");
    await f.reload();
    f.update();
  }
  if (news) news.onmessage = async () => {
    if (!f.store) return;
    await f.reload();
    f.update();
  };

  f.newDraft = (said) => Object.assign({ key: fieldStore.uuid(), item: fieldStore.uuid(), account: f.account, area: f.area, begun: Date.now() }, said);
  f.keepDraft = async (draft) => {
    if (f.drafts.indexOf(draft) < 0) f.drafts = f.drafts.filter((one) => one.key !== draft.key).concat(draft);
    try {
      await f.store.write([["drafts", draft]]);
      return true;
    } catch (error) {
      f.say(t("full"), true);
      return false;
    }
  };
  f.saver = (draft) => { // keeps a draft a moment after the last key, or at once
    let timer = null;
    let over = false;
    const write = () => {
      clearTimeout(timer);
      timer = null;
      return over ? null : f.keepDraft(draft);
    };
    const save = () => {
      clearTimeout(timer);
      timer = setTimeout(write, 250);
      return Promise.resolve();
    };
    save.now = () => { if (timer) write(); };
    draftEnds.set(draft.key, () => { over = true; clearTimeout(timer); timer = null; });
    flush = save.now;
    return save;
  };
  const draftEnds = new Map();
  let flush = () => {}; // of the draft that is open
  f.dropDraft = async (draft) => {
    if (draftEnds.has(draft.key)) draftEnds.get(draft.key)();
    await f.rewrite([], [["drafts", draft.key]]);
    await f.dropPhotos(draft.photos || []);
  };
  f.dropPhotos = async (keys) => { // those that nothing names any more
    const used = new Set();
    (await f.store.all("queue")).concat(await f.store.all("drafts")).forEach((thing) => (thing.photos || []).forEach((key) => used.add(key)));
    await quietly(f.store.write([], keys.filter((key) => !used.has(key)).map((key) => ["photos", key])));
  };

  f.post = () => {
    const posts = (f.who && f.who.posts) || [];
    const chosen = posts.find((post) => post.key === f.settings.post) || posts[0];
    return chosen ? chosen.key : "";
  };
  f.postFor = (row) => {
    return row.as || f.post();
  };

  // Written down before anybody is told that it was.
  f.enqueue = async (said, removes, after) => { // `after`: what goes behind it, written with it
    await stored;
    const last = f.queue.reduce((most, item) => Math.max(most, item.seq), 0);
    const now = new Date().toISOString();
    const items = [said].concat(after || []).map((one, n) => Object.assign({}, one, { at: one.at || now, key: one.key || fieldStore.uuid(), account: f.account, area: f.area, seq: Math.max(Date.now(), last + 1) + n, state: "waiting", tried: false, error: null }));
    try {
      await f.store.write(items.map((item) => ["queue", item]), removes);
    } catch (error) {
      f.say(t("full"), true);
      return null;
    }
    (removes || []).forEach((one) => { if (draftEnds.has(one[1])) draftEnds.get(one[1])(); });
    if (navigator.storage && navigator.storage.persist) navigator.storage.persist().catch(() => {});
    if (!items[0].quiet) f.say(t(f.store.kind !== "full" ? "saved_page" : f.session === "over" ? "saved_session" : f.link === "off" ? "saved_offline" : "saved"));
    await told();
    f.sendSoon();
    return items[0];
  };

  // A second press while the first is worked on, by a wet thumb, is the same press.
  const pressed = new Set();
  f.once = async (name, work) => {
    if (pressed.has(name)) return;
    pressed.add(name);
    try {
      await work();
    } finally {
      pressed.delete(name);
    }
  };

  // ---- sending
  let due = 0; // not before that time, as the server asked
  f.sendSoon = async (asked) => {
    if (f.sending || !f.account || (!asked && Date.now() < due)) return;
    if (!f.queue.some((item) => item.state === "waiting")) return;
    if (f.session === "over" && !asked) return;
    f.sending = true;
    f.update();
    let end = { why: "" };
    try {
      await askSync();
      end = await fieldSend.send(f.store, { account: f.account, area: f.area }, heard);
    } catch (error) {
      end = { why: "wait" };
    }
    f.sending = false;
    due = end.after ? Date.now() + end.after * 1000 : 0;
    if (!end.why) {
      f.link = "on";
      f.session = "in";
    } else stopped(end.why);
    await told();
    if (!end.why || end.why === "account") await f.refresh();
    if (!end.why && f.queue.some((item) => item.state === "waiting" && !f.heldBack(item))) f.sendSoon();
  };
  // Whether something has to be put right before an item can go.
  f.heldBack = (item) => f.queue.some((other) => other.state === "refused" && (fieldSend.parentsOf(item).indexOf(other.key) >= 0 || (other.seq < item.seq && fieldSend.subjectOf(other) === fieldSend.subjectOf(item)))) || f.drafts.some((draft) => fieldSend.parentsOf(item).indexOf(draft.item) >= 0);
  f.waitsWords = () => t(f.session === "over" ? "state_session" : f.link === "off" ? "state_offline" : "state_waiting");
  f.sentWords = (item) => (f.kindOf(item.do) === "notice" ? t("notice_sent", { title: item.title }) : t("sent", { number: item.number || "" }));
  async function heard(event) {
    if (event.type === "done" && !event.item.quiet) f.say(f.sentWords(event.item));
    if (event.type === "refused" && !event.item.quiet && shown !== "#/box") f.say(t("refused"), true);
    await told();
  }
  async function askSync() { // where the browser can, it goes on when the page is closed
    try {
      const registration = f.worker && (await navigator.serviceWorker.getRegistration("/field/"));
      if (registration && registration.sync) await registration.sync.register("field-send");
    } catch (error) { /* not allowed: the page sends while it is open */ }
  }

  // ---- where the phone is; shown here, and nowhere else
  let watch = null;
  f.locate = (exact) => new Promise((found) => {
    if (!navigator.geolocation || !window.isSecureContext) {
      f.locating = "denied";
      found(null);
      return;
    }
    f.locating = "looking";
    const take = (position) => {
      f.here = { lon: position.coords.longitude, lat: position.coords.latitude, accuracy: position.coords.accuracy, at: Date.now() };
      f.locating = "";
      return f.here;
    };
    navigator.geolocation.getCurrentPosition((position) => {
      found(take(position));
      f.update();
    }, (error) => {
      f.locating = error.code === 1 ? "denied" : "failed";
      if (!exact || error.code === 1) f.say(t(error.code === 1 ? "locate_denied" : "place_failed"), true);
      found(null);
    }, { enableHighAccuracy: true, timeout: 15000, maximumAge: 10000 });
    if (watch === null) watch = navigator.geolocation.watchPosition((position) => {
      const before = f.here;
      take(position);
      if (!before || Math.hypot(before.lon - f.here.lon, before.lat - f.here.lat) > 0.0002) f.update();
    }, () => {}, { enableHighAccuracy: true, maximumAge: 15000 });
  });
  async function locateIfAllowed() {
    try {
      const state = await navigator.permissions.query({ name: "geolocation" });
      if (state.state === "granted") f.locate(true);
    } catch (error) { /* asked when somebody wants it */ }
  }

  // ---- leaving: for a document of its own, from which one comes back to this screen; or altogether
  const BACK = "battlemap-field-back";
  f.leaving = () => {
    flush();
    try {
      sessionStorage.setItem(BACK, location.hash);
    } catch (error) { /* one comes back to the list */ }
  };
  function returned() {
    try {
      const hash = sessionStorage.getItem(BACK);
      sessionStorage.removeItem(BACK);
      if (hash && !location.hash) history.replaceState({ steps: 0 }, "", hash);
    } catch (error) { /* the list */ }
  }
  async function forgetOf(account) {
    const of = async (kind) => (await f.store.all(kind)).filter((thing) => thing.account === account).map((thing) => [kind, thing.key]);
    await quietly(f.store.write([], (await of("lists")).concat(await of("cases"))));
  }
  f.forget = async () => { // what was read goes; what was written and not sent stays
    gone = true;
    await writing;
    if (f.worker) f.worker.postMessage({ type: "forget" });
    await forgetOf(f.account);
    await quietly(f.store.write([], [["meta", "who/" + f.area]]));
  };

  // ---- the worker
  async function begin() {
    if (!("serviceWorker" in navigator) || !window.isSecureContext) return;
    try {
      const assets = document.body.dataset.assets;
      await navigator.serviceWorker.register("/field/sw.js?assets=" + encodeURIComponent(assets), { scope: "/field/" });
      const registration = await navigator.serviceWorker.ready;
      f.worker = registration.active;
      navigator.serviceWorker.addEventListener("message", async (event) => {
        if (event.data.type === "renewed") f.renewed = true;
        if (event.data.type === "kept" && event.data.url.indexOf("/map") > 0) f.mapKept = true;
        if (event.data.type === "kept") document.documentElement.dataset.kept = ((document.documentElement.dataset.kept || "") + " " + (event.data.url.indexOf("/map") > 0 ? "map" : "shell")).trim();
        if (event.data.type === "sent") {
          await told();
          f.refresh();
        }
      });
      f.worker.postMessage({ type: "keep", url: location.pathname });
      const saving = navigator.connection && (navigator.connection.saveData || /2g/.test(navigator.connection.effectiveType || ""));
      if (!saving) setTimeout(() => {
        f.worker.postMessage({ type: "keep", url: f.mapUrl(), map: true });
        f.rest.then(() => f.keepCards()).catch(() => {}); // another day
      }, 3000);
      f.update();
    } catch (error) {
      f.worker = null;
    }
  }

  // ---- it begins
  function wake() {
    if (document.visibilityState !== "visible") return flush();
    if (f.renewed && (shown === "#/" || shown === "")) return location.reload();
    f.refreshSoon();
    f.sendSoon();
  }
  // The list that came with the document, in the language of this phone.
  function brought() {
    const place = document.getElementById("field-list");
    return place && f.data.language === f.language ? { body: JSON.parse(place.textContent), etag: place.dataset.etag } : null;
  }
  async function start() {
    returned();
    dress();
    frame();
    const found = brought();
    if (found) { // on the screen before anything is asked of the disk
      adopt(found.body);
      f.show();
    }
    f.soon(f.readOn);
    f.store = await fieldStore.open();
    opened();
    const who = await f.store.get("meta", "who/" + f.area);
    if (found) await keep(found, who ? who.account : "");
    else if (who) {
      f.account = who.account;
      const [kept] = await Promise.all([f.store.get("lists", f.account + "/" + f.area), f.reload()]);
      if (kept) {
        f.list = kept.data;
        f.listAt = kept.at;
        f.who = kept.data.who;
      }
    }
    if (!found) f.show();
    document.documentElement.dataset.ready = "1";
    window.addEventListener("online", async () => {
      due = 0;
      await f.refresh(); // first of all, who is logged in here now
      f.sendSoon();
    });
    window.addEventListener("offline", () => { f.link = "off"; f.update(); });
    window.addEventListener("pagehide", () => flush());
    document.addEventListener("visibilitychange", wake);
    setInterval(() => {
      if (f.queue.some((item) => item.state === "waiting")) f.sendSoon();
      if (document.visibilityState !== "visible") return;
      f.refreshSoon();
      if (screen && screen.every) f.update();
      else age();
    }, EVERY);
    if (!found) await f.refresh();
    f.sendSoon();
    if (f.may("inspect") && (f.list.sites || []).length) f.soon(() => f.inspecting().then(f.update, () => {})); // before the network goes
    locateIfAllowed();
    begin();
  }
  start();
})();
