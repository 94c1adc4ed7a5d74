// Patrols (巡查): those that one's posts walk, what came of one, and one that nobody planned; and the watering of a site. ES2018, no build step.
(function () {
  "use strict";
  const f = window.field;
  const { t, named, make, put, render, icon } = f;
  const NOTHING = "nothing", OPINION = "opinion"; // outcomes of inspections.patrols
  const COUNTS = ["found", "cleared", "reported"];
  const MINUTE = 60000;

  const rules = () => (f.list && f.list.patrol_rules) || null;
  const local = (time) => { const at = new Date(time); return new Date(at - at.getTimezoneOffset() * MINUTE).toISOString().slice(0, 16); };
  const clock = (time) => f.stamp(time);
  const span = (row) => f.listed([clock(row.since), clock(row.until)]);
  const done = (row) => f.queue.some((item) => item.state !== "refused" && item.do === "patrol_done" && item.case === row.number);

  function blank(said) {
    const now = Date.now();
    return f.newDraft(Object.assign({ kind: "patrol", number: "", kindOf: rules().kinds[0].key, grid: rules().grids.length ? rules().grids[0].slice(0, 2).join(" ") : "", since: new Date(now - 60 * MINUTE).toISOString(), until: new Date(now).toISOString(), walkers: [f.post()], outcomes: [], topics: [], found: "", cleared: "", reported: "", text: "", photos: [], at: new Date(now).toISOString() }, said));
  }
  f.beginPatrol = async () => {
    const draft = blank({ key: fieldStore.uuid() });
    await f.keepDraft(draft);
    f.go("#/patrol/new/" + draft.key);
  };

  // ---- the list
  function patrolsScreen(main) {
    f.head({ title: t("patrols"), back: "#/" });
    function update() {
      if (!rules()) return render(main, make("p", { class: "empty" }, t(f.list ? "nothing_patrols" : "loading")));
      const rows = f.list.patrols || [];
      const open = rows.filter((row) => row.state === "planned" && !done(row));
      const rest = rows.filter((row) => open.indexOf(row) < 0);
      const entry = (row) => make("li", { class: "entry draft", "data-number": row.number }, make("a", { class: "open", href: "#/patrol/" + encodeURIComponent(row.number) }, [make("h3", {}, row.place), make("p", { class: "fine" }, f.listed([f.language === "en" ? row.kind_name_en : row.kind_name, span(row)])), make("p", { class: "state" }, done(row) && row.state === "planned" ? t("patrol_waits") : row.state_name), icon("go")]));
      const part = (title, found) => (found.length ? [make("h2", { class: "part" }, title), make("ul", { class: "entries" }, found.map(entry))] : null);
      return render(main, [
        part(t("patrols_open"), open),
        part(t("patrols_lately"), rest),
        rows.length ? null : make("p", { class: "empty" }, t("nothing_patrols")),
        make("div", { class: "bar" }, make("button", { type: "button", class: "main", id: "new-patrol", onclick: () => f.beginPatrol() }, [icon("add"), t("new_patrol")])),
      ]);
    }
    update();
    f.refreshSoon();
    return { update, every: 60000 };
  }

  function patrolScreen(main, number) {
    f.head({ title: t("patrol"), back: "#/patrols" });
    function update() {
      const row = f.rowOf("patrol", number);
      if (!row) return render(main, make("p", { class: "empty" }, t(f.list ? "patrol_gone" : "loading")));
      const said = (keys, list) => f.listed(keys.map((key) => named(list.find((one) => one.key === key) || { name: key })));
      const posts = new Map(rules().posts);
      const acts = row.acts.filter((act) => act !== "patrol_done" || !done(row));
      return render(main, [
        f.sheetHead({}, icon("visit"), row.place, { level: "calm", text: "" }, row.state_name),
        f.pending(number),
        f.facts([["kind", f.language === "en" ? row.kind_name_en : row.kind_name], ["time", span(row)], ["walkers", f.listed(row.walkers.map((key) => posts.get(key) || key))], ["outcomes", said(row.outcomes, rules().outcomes)], ["problems", row.found ? String(row.found) : ""], ["number", number]]),
        acts.length > 0 && make("div", { class: "bar" }, acts.map((act) => make("button", { type: "button", class: act === "patrol_done" ? "main" : "plain", "data-act": act, onclick: () => (act === "patrol_done" ? f.go("#/patrol/" + encodeURIComponent(number) + "/record") : f.doAct("patrol", row, act)) }, t("act_" + act)))),
      ]);
    }
    update();
    return { update };
  }

  // ---- the form
  function recordPatrolScreen(main, number) {
    const row = f.rowOf("patrol", number);
    if (!row || !rules()) {
      f.go("#/patrols", true);
      return {};
    }
    const key = ["patrol", f.account, f.area, number].join("/");
    const until = Math.min(Date.now(), Date.parse(row.until));
    const draft = f.drafts.find((one) => one.key === key) || blank({ key, number, kindOf: row.kind, since: row.since, until: new Date(Math.max(until, Date.parse(row.since))).toISOString(), walkers: row.walkers.slice() });
    return form(main, draft, row);
  }
  function newPatrolScreen(main, key) {
    const draft = f.drafts.find((one) => one.key === key);
    if (draft && rules()) return form(main, draft, null);
    f.go("#/patrols", true);
    return {};
  }

  // Several of some may be pressed; one of them may stand alone.
  function several(list, chosen, label, save, alone) {
    const box = make("div", { class: "phrases", role: "group", "aria-label": label });
    const draw = () => put(box, list.map((one) => make("button", { type: "button", class: "phrase", "aria-pressed": String(chosen().indexOf(one.key) >= 0), "data-key": one.key, onclick: () => {
      const now = chosen();
      const next = now.indexOf(one.key) >= 0 ? now.filter((key) => key !== one.key) : one.key === alone ? [alone] : now.filter((key) => key !== alone).concat(one.key);
      save(next);
      draw();
    } }, named(one))));
    draw();
    return box;
  }

  function choice(label, options, value, save) {
    const select = make("select", { "aria-label": label }, options.map((one) => make("option", { value: one[0], selected: one[0] === value }, one[1])));
    select.addEventListener("change", () => save(select.value));
    return make("label", { class: "field" }, [make("span", { class: "label" }, label), select]);
  }
  function moment(label, id, value, save) {
    const input = make("input", { type: "datetime-local", id, value: local(value), "aria-label": label });
    input.addEventListener("input", () => { if (input.value) save(new Date(input.value).toISOString()); });
    return make("label", { class: "field" }, [make("span", { class: "label" }, label), input]);
  }
  function count(label, value, save) {
    const input = make("input", { type: "text", inputmode: "numeric", value, "aria-label": label, maxlength: 3, autocomplete: "off" });
    const set = (said) => {
      input.value = said === "" ? "" : String(Math.min(rules().most_count, Math.max(0, Number(said))));
      save(input.value);
    };
    input.addEventListener("input", () => set(input.value.replace(/\D/g, "")));
    const step = (by) => make("button", { type: "button", class: "plain", "aria-label": t(by > 0 ? "one_more" : "one_less"), onclick: () => set((Number(input.value) || 0) + by) }, by > 0 ? "+" : "−");
    return make("div", { class: "count" }, [make("span", {}, label), step(-1), input, step(1)]);
  }

  function form(main, draft, row) {
    const offered = rules();
    const save = f.saver(draft);
    f.head({ title: t(row ? "record_patrol" : "new_patrol"), back: row ? "#/patrol/" + encodeURIComponent(row.number) : "#/patrols" });
    const warn = make("p", { class: "warn", role: "alert", hidden: true });
    const keep = (name) => (value) => { draft[name] = value; warn.hidden = true; save(); };
    const topics = make("section", { class: "block" }, [make("h2", { class: "label" }, t("patrol_topics")), several(offered.topics, () => draft.topics, t("patrol_topics"), keep("topics"))]);
    const counts = make("section", { class: "block" }, COUNTS.map((name) => count(t("patrol_" + name), draft[name], keep(name))));
    const fold = () => {
      topics.hidden = draft.outcomes.indexOf(OPINION) < 0;
      counts.hidden = !draft.outcomes.length || draft.outcomes.indexOf(NOTHING) >= 0;
    };
    const outcomes = several(offered.outcomes, () => draft.outcomes, t("patrol_outcomes"), (next) => { keep("outcomes")(next); fold(); }, NOTHING);
    fold();
    const text = make("textarea", { rows: 2, id: "text", "aria-label": t("note"), placeholder: t("note") + t("optional"), maxlength: offered.longest_note }, draft.text);
    text.addEventListener("input", () => { draft.text = text.value; save(); });
    const posts = offered.posts.map((one) => ({ key: one[0], name: one[1], name_en: one[1] }));
    const near = posts.filter((one, n) => n < 8 || draft.walkers.indexOf(one.key) >= 0);
    const send = make("button", { type: "button", class: "main", id: "send", onclick: () => finish() }, [icon("send"), t("save_patrol")]);
    function lack(name, values) {
      put(warn, t(name, values)).hidden = false;
      warn.scrollIntoView({ block: "center" });
    }
    async function finish() {
      const kind = offered.kinds.find((one) => one.key === draft.kindOf) || { walkers: 1 };
      if (!row && !draft.grid) return lack("need_grid");
      if (draft.walkers.length < kind.walkers) return lack("need_walkers", { n: kind.walkers });
      if (!draft.outcomes.length) return lack("need_outcome");
      if (Date.parse(draft.until) <= Date.parse(draft.since)) return lack("need_span");
      const numbers = {};
      const nothing = draft.outcomes.indexOf(NOTHING) >= 0;
      if (!nothing) COUNTS.forEach((name) => { if (draft[name] !== "") numbers[name] = Number(draft[name]); });
      if ((numbers.cleared || 0) + (numbers.reported || 0) > (numbers.found || 0)) return lack("need_counts");
      const place = draft.grid.split(" ");
      const data = Object.assign({ since: draft.since, until: draft.until, walkers: draft.walkers, outcomes: draft.outcomes, topics: draft.outcomes.indexOf(OPINION) < 0 ? [] : draft.topics }, numbers, draft.text.trim() ? { text: draft.text.trim() } : {}, row ? {} : { level: place[0], code: place[1], kind: draft.kindOf });
      send.disabled = true;
      const grid = offered.grids.find((one) => one[0] === place[0] && one[1] === place[1]);
      const kept = await f.enqueue({ key: draft.item, do: row ? "patrol_done" : "patrol_new", case: row ? row.number : undefined, data, as: draft.as || (row ? f.postFor(row) : f.post()), title: row ? row.place : grid ? grid[2] : t("new_patrol"), draft: Object.assign({}, draft, { error: null }) }, [["drafts", draft.key]]);
      send.disabled = false;
      if (kept) f.go("#/patrols", true);
    }
    put(main, [
      row && make("p", { class: "about" }, f.listed([row.place, span(row)])),
      draft.error && make("p", { class: "warn" }, f.reason(draft.error)),
      !row && offered.kinds.length > 1 && f.either(t("fact_kind"), offered.kinds.map((one) => [one.key, named(one)]), draft.kindOf, keep("kindOf"), "rows"),
      !row && choice(t("patrol_grid"), offered.grids.map((one) => [one[0] + " " + one[1], one[2]]), draft.grid, keep("grid")),
      make("section", { class: "block" }, [moment(t("patrol_since"), "since", draft.since, keep("since")), moment(t("patrol_until"), "until", draft.until, keep("until"))]),
      make("section", { class: "block" }, [make("h2", { class: "label" }, t("patrol_walkers")), several(near, () => draft.walkers, t("patrol_walkers"), keep("walkers"))]),
      make("section", { class: "block" }, [make("h2", { class: "label" }, t("patrol_outcomes")), outcomes]),
      topics,
      counts,
      make("section", { class: "block" }, [text, make("p", { class: "fine" }, t("no_names"))]),
      warn,
      make("p", { class: "centre" }, make("button", { type: "button", class: "link", onclick: () => f.discardDraft(draft) }, t("patrol_discard"))),
      make("div", { class: "bar" }, send),
    ]);
    async function leave() { // one that was only looked at leaves no draft
      if (draft.error || draft.text || draft.outcomes.length) save.now();
      else if (f.drafts.indexOf(draft) >= 0) await f.dropDraft(draft);
    }
    return { leave };
  }

  // ---- the watering of a site that keeps a log: one press
  f.wateringOf = (row) => {
    const ways = (f.list && f.list.watering) || [];
    if (!row.wet || !ways.length) return null;
    const sent = f.queue.filter((item) => item.do === "watering" && item.case === row.number && item.state !== "refused");
    const last = sent.map((item) => item.at).concat(row.watered || []).sort((one, other) => Date.parse(other) - Date.parse(one))[0];
    const press = (one) => make("button", { type: "button", class: "phrase", "data-way": one.key, onclick: () => f.once("water" + row.number, async () => {
      const kept = await f.enqueue({ do: "watering", case: row.number, data: { way: one.key }, as: f.postFor(row), title: row.name });
      if (kept) f.say(t("watered_now", { way: named(one) }));
    }) }, named(one));
    return make("section", { class: "block", id: "watering" }, [make("h2", { class: "label" }, t("watering")), make("p", { class: "fine" }, last ? t("watered_last", { time: f.when(last) }) : t("watered_never")), make("div", { class: "phrases" }, ways.map(press))]);
  };

  Object.assign(f, { patrolsScreen, patrolScreen, recordPatrolScreen, newPatrolScreen });
})();
