// What waits to be sent (待发箱), what was refused and what to do about it, drafts; and the settings of this phone. ES2018, no build step.
(function () {
  "use strict";
  const f = window.field;
  const { t, named, make, render, icon } = f;
  const FORMED = /^visit_(new|done|nobody|refused)$/; // what the form of a visit makes
  const MOVED = ["closed", "handed_on", "unknown", "rules", "changed", "task"]; // kinds of refusals in which the case itself went on

  // Why something was refused, as the server says it or in our own words, and what to do next.
  function reason(error) {
    const own = error.kind === "lost" || error.kind === "photo" ? t("refused_" + error.kind) : t("refused_bad");
    const said = (f.language === "en" && error.en) || error.zh || own;
    const next = (f.language === "en" && error.what_en) || error.what || "";
    return [said, next].filter(Boolean).join(f.language === "zh" ? "" : " ");
  }

  const joins = (item) => item.do === "visit_note" && Boolean((item.data || {}).case); // says only that a case was seen there
  const subject = (item) => [t("act_" + (joins(item) ? "visit_joined" : item.do)), item.title].filter(Boolean).join(f.language === "zh" ? "：" : ": ");
  // Those that were said of a thing that is not sent yet, and cannot be without it.
  const behind = (item) => f.queue.filter((other) => other.state !== "done" && fieldSend.parentsOf(other).indexOf(item.key) >= 0);

  function button(text, work, cls) {
    return make("button", { type: "button", class: cls || "plain", onclick: work }, text);
  }

  function stateOf(item) {
    if (item.state === "done") return f.sentWords(item);
    if (item.state === "refused") return t("state_refused");
    if (f.heldBack(item)) return t("state_held");
    if (f.sending) return t("state_sending");
    return f.waitsWords();
  }

  // What was seen of a task of a warning stands in its entry: once the task is closed no sheet shows it.
  function seenOf(item) {
    const data = item.data || {};
    return item.do === "warning_done" ? f.listed([t("warning_kept_" + (data.kept ? "yes" : "no")), data.meter ? t("warning_meter") + " " + data.meter : "", data.text]) : "";
  }
  const leads = (item, number) => f.kindOf(item.do) !== "warning" || Boolean(f.rowOf("warning", number)); // whether there is a sheet to look at

  function entry(item) {
    return make("li", { class: "entry " + item.state, "data-key": item.key, "data-state": item.state }, [
      make("div", { class: "head" }, [icon(item.state === "done" ? "done" : item.state === "refused" ? "help" : "wait"), make("h3", {}, subject(item))]),
      make("p", { class: "fine" }, [f.when(item.at), item.photos && item.photos.length ? " · " + t("n_photos", { n: item.photos.length }) : ""]),
      seenOf(item) && make("p", { class: "seen" }, seenOf(item)),
      make("p", { class: "state" }, stateOf(item)),
      item.state === "refused" && make("p", { class: "warn" }, reason(item.error || {})),
      item.state !== "done" && make("div", { class: "row wrap" }, repairs(item)),
      item.state === "done" && item.number && leads(item, item.number) && make("a", { class: "link", href: f.hrefOf(item) }, t("open_" + f.kindOf(item.do))),
      item.state === "done" && item.do === "inspect" && make("a", { class: "link", href: f.noticeUrl(item.number) }, t("print_notice")),
    ]);
  }

  const formed = (item) => !joins(item) && (item.draft || f.isNew(item) || FORMED.test(item.do) || Boolean(f.FORMS[item.do])); // whether there are words to go back to
  const undo = (item) => take(item, (now) => {
    f.say(t("taken_back"));
    return formed(now) ? correct(now) : f.rewrite([], [["queue", now.key]]);
  });

  // What can be done about an entry that is not sent, or was refused.
  function repairs(item) {
    const kind = (item.error || {}).kind;
    const moved = MOVED.indexOf(kind) >= 0;
    const known = item.case && typeof item.case !== "object";
    const form = formed(item);
    const offer = (text, work, cls) => button(text, () => f.once(item.key, work), cls);
    if (item.state === "waiting") return [
      form && !item.tried && offer(t("edit"), () => take(item, () => correct(item))),
      offer(t("discard"), () => take(item, () => discard(item)), "plain danger-text"),
    ];
    return [
      kind === "changed" && offer(t("send_again"), () => again(item), "main"),
      form && kind !== "task" && offer(t("correct"), () => correct(item), moved ? "plain" : "main"),
      item.spot && moved && offer(t("as_visit"), () => asVisit(item), "main"),
      known && f.kindOf(item.do) === "case" && item.do !== "note" && offer(t("as_note"), () => asNote(item), kind === "changed" ? "plain" : moved ? "main" : "plain"),
      kind === "rules" && known && f.kindOf(item.do) === "case" && offer(t("send_again"), () => again(item)),
      known && leads(item, item.case) && offer(t("open_" + f.kindOf(item.do)), () => f.go(f.hrefOf(item))),
      offer(t("discard"), () => discard(item), "plain danger-text"),
    ];
  }

  // What waits is taken back while nobody sends it.
  async function take(item, work) {
    const end = await fieldSend.alone(f.store, async () => {
      const now = await f.store.get("queue", item.key);
      if (now && now.state === "waiting") await work(now);
      return {};
    });
    if (end.why === "busy") f.say(t("state_sending"));
    else f.sendSoon();
  }

  async function again(item) { // whoever saw what changed may still want it
    await f.refresh(true);
    const row = f.list && f.list.cases.find((one) => one.number === item.case);
    await f.rewrite([["queue", Object.assign({}, item, { state: "waiting", error: null, expected: row ? row.version : null })]]);
    f.sendSoon();
  }

  async function correct(item) { // back to its form, under the same key
    if (item.draft) {
      const whole = Object.assign({}, item.draft, { item: item.key, error: item.error });
      await f.rewrite([["drafts", whole]], [["queue", item.key]]);
      return f.go(f.hrefOfDraft(whole));
    }
    const data = item.data || {};
    const kept = { item: item.key, at: item.at, error: item.error, photos: item.photos || [], as: item.as, text: data.text || data.reason || "", address: data.address || "", place: typeof data.lon === "number" ? { lon: data.lon, lat: data.lat, by: "map", accuracy: data.accuracy } : null };
    ["unit", "floor"].forEach((name) => { kept[name] = data[name] === undefined ? "" : String(data[name]).replace("-", "B"); });
    const draft = f.newDraft(Object.assign(kept, formOf(item, data)));
    await f.rewrite([["drafts", draft]], [["queue", item.key]]);
    f.go(f.hrefOfDraft(draft));
  }
  function formOf(item, data) {
    if (item.do === "report" || (item.do === "self_clear" && !item.case)) return { kind: "report", class: data.class_, urgency: data.urgency || "normal", cleared: item.do === "self_clear", building: data.building, visit: item.visit };
    const number = item.case && (item.case.key || item.case);
    if (FORMED.test(item.do)) return Object.assign({ kind: "visit", number: number || "", outcome: data.outcome || item.do.slice(6), topics: data.topics || [], households: data.households === undefined ? "" : String(data.households), kindOf: data.kind }, number ? { key: ["visit", f.account, f.area, number].join("/") } : {});
    const choice = f.FORMS[item.do].choice;
    return { key: ["act", f.account, f.area, number, item.do].join("/"), kind: "act", on: item.case.key ? "unsent" : f.kindOf(item.do), number, act: item.do, choice: choice ? String(data[choice.name]) : "", until: [data.due, data.again].find((day) => /^\d{4}-\d\d-\d\d$/.test(day)) || "" };
  }

  async function asNote(item) { // what was done is said, though it changes nothing any more
    const words = [t("note_of", { act: t("act_" + item.do), time: f.stamp(item.at) }), (item.data || {}).text || (item.data || {}).reason].filter(Boolean).join(f.language === "zh" ? "：" : ": ");
    await f.rewrite([["queue", Object.assign({}, item, { key: fieldStore.uuid(), do: "note", data: { text: words }, expected: null, state: "waiting", error: null })]], [["queue", item.key]]);
    f.sendSoon();
  }

  async function asVisit(item) { // a plan that went meanwhile takes nothing from what was done
    const data = Object.assign({ outcome: item.do.slice(6) }, item.data, item.spot);
    ["building", "kind"].forEach((name) => { if (!data[name]) delete data[name]; });
    await f.rewrite([["queue", Object.assign({}, item, { key: fieldStore.uuid(), do: "visit_new", case: undefined, spot: null, data, state: "waiting", error: null })]], [["queue", item.key]]);
    f.sendSoon();
  }

  async function discard(item) {
    const after = behind(item);
    const detail = [t(item.tried && item.state === "waiting" ? "discard_tried" : item.state === "waiting" ? "discard_waiting" : "cannot_be_undone"), after.length ? t("discard_behind", { n: after.length }) : ""].filter(Boolean).join(f.language === "zh" ? "" : " ");
    if (!(await f.ask(t("discard_ask", { what: subject(item) }), detail, t("discard"), true))) return;
    const gone = [item].concat(after);
    const drafts = f.drafts.filter((draft) => draft.on === "unsent" && draft.number === item.key);
    await f.rewrite([], gone.map((one) => ["queue", one.key]).concat(drafts.map((one) => ["drafts", one.key])));
    await f.dropPhotos([].concat(...gone.map((one) => one.photos || [])));
  }

  const hrefOfDraft = (draft) => (draft.kind === "inspect" ? "#/inspect/" + draft.item : draft.kind === "report" ? "#/report/" + draft.key : draft.kind === "warning" ? "#/warning/" + encodeURIComponent(draft.number) : draft.kind === "patrol" ? "#/patrol/" + (draft.number ? encodeURIComponent(draft.number) + "/record" : "new/" + draft.key) : draft.kind === "visit" ? (draft.number ? "#/visit/" + encodeURIComponent(draft.number) + "/record" : "#/visit/new/" + draft.key) : "#/" + (draft.on || "case") + "/" + encodeURIComponent(draft.number) + "/" + draft.act);
  function draftTitle(draft) {
    if (draft.kind === "inspect") return [t("inspect"), draft.row.name].join(" · ");
    if (draft.kind === "report") return draft.text.split("\n")[0] || named(f.classOf(draft.class));
    const formed = ["visit", "patrol", "warning"].indexOf(draft.kind) >= 0; // by a form of its own
    const on = formed ? draft.kind : draft.on || "case";
    const row = (on !== "unsent" && draft.number && f.rowOf(on, draft.number)) || draft.row;
    const item = on === "unsent" && f.queue.find((one) => one.key === draft.number);
    return [formed ? t((draft.number ? "record_" : "new_") + draft.kind) : t("act_" + draft.act), row ? f.titleOf(on, row) : item ? item.title : on === "unsent" ? "" : draft.number].filter(Boolean).join(" · ");
  }
  function draftEntry(draft) {
    return make("li", { class: "entry draft" }, [
      make("a", { class: "open", href: hrefOfDraft(draft) }, [make("h3", {}, draftTitle(draft)), make("p", { class: "fine" }, [f.when(draft.begun), draft.photos.length ? " · " + t("n_photos", { n: draft.photos.length }) : ""]), icon("go")]),
    ]);
  }

  const part = (title, entries) => (entries.length ? [make("h2", { class: "part" }, title), make("ul", { class: "entries" }, entries)] : null);

  function boxScreen(main) {
    f.head({ title: t("box") });
    function update() {
      const byState = (state) => f.box.filter((item) => item.state === state).sort((one, other) => one.seq - other.seq);
      const refused = byState("refused");
      const waiting = byState("waiting");
      const done = byState("done").sort((one, other) => other.sent - one.sent);
      const shown = refused.length + waiting.length + done.length + f.drafts.length;
      render(main, [
        waiting.some((item) => !f.heldBack(item)) && make("button", { type: "button", class: "main wide", id: "send-now", disabled: f.sending, onclick: () => f.sendSoon(true) }, [icon("send"), t(f.sending ? "state_sending" : "send_now")]),
        part(t("box_refused"), refused.map(entry)),
        part(t("box_waiting"), waiting.map(entry)),
        part(t("box_drafts"), f.drafts.slice().sort((one, other) => other.begun - one.begun).map(draftEntry)),
        part(t("box_done"), done.map(entry)),
        shown ? null : make("div", { class: "empty" }, [icon("done"), make("h2", {}, t("box_empty")), make("p", {}, t("box_empty_hint"))]),
        f.others ? make("p", { class: "hint" }, t("of_others", { n: f.others })) : null,
      ]);
    }
    update();
    return { update };
  }

  // ---- settings
  function choice(name, values, now, turn) {
    return make("fieldset", {}, [
      make("legend", {}, t(name)),
      make("div", { class: "either many", role: "radiogroup", "aria-label": t(name) }, values.map((pair) => make("button", { type: "button", role: "radio", "aria-checked": String(pair[0] === now), "data-value": pair[0], onclick: () => turn(pair[0]) }, pair[1]))),
    ]);
  }

  function keepsWords() {
    const lines = [];
    if (f.store.kind === "full") lines.push(t("keeps_full"));
    else lines.push(t(f.store.kind === "text" ? "keeps_text" : "keeps_none"));
    if (!f.worker) lines.push(t(window.isSecureContext ? "no_worker" : "no_worker_http"));
    if (f.worker) lines.push(t(f.mapKept ? "map_kept" : "map_not_kept"));
    return lines;
  }

  async function leave() {
    const unsent = f.box.filter((item) => item.state !== "done").length + f.drafts.length;
    if (unsent && !(await f.ask(t("log_out_ask", { n: unsent }), t("log_out_detail"), t("log_out"), true))) return;
    await f.forget();
    location.assign("/log-out");
  }

  function settingsScreen(main) {
    f.head({ title: t("me") });
    const turn = (name) => (value) => { f.set(name, value); };
    function update() {
      const who = f.who;
      render(main, [
        who && make("section", { class: "block" }, [make("p", { class: "name" }, who.name), make("p", { class: "fine" }, who.posts.map((post) => post.title).join("、"))]),
        who && who.posts.length > 1 && choice("as_post", who.posts.map((post) => [post.key, post.title]), f.post(), turn("post")),
        choice("language", [["zh", "中文"], ["en", "English"]], f.language, turn("language")),
        choice("theme", [["auto", t("theme_auto")], ["light", t("theme_light")], ["dark", t("theme_dark")]], f.settings.theme, turn("theme")),
        choice("size", [["1", t("size_1")], ["2", t("size_2")], ["3", t("size_3")]], f.settings.size, turn("size")),
        make("h2", { class: "part" }, t("on_this_phone")),
        make("ul", { class: "keeps" }, keepsWords().map((line) => make("li", {}, line))),
        make("p", { class: "fine" }, t("position_note")),
        f.session === "over" ? make("a", { class: "main button wide", href: f.logIn() }, t("log_in")) : make("button", { type: "button", class: "plain wide", id: "log-out", onclick: leave }, t("log_out")),
        make("p", { class: "centre" }, make("a", { class: "link", href: "/" }, t("console"))),
      ]);
    }
    update();
    return { update };
  }

  Object.assign(f, { boxScreen, settingsScreen, reason, repairs, undo, hrefOfDraft });
})();
