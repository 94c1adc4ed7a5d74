// What a visit brought: one that was planned, or one that nobody planned. ES2018, no build step.
(function () {
  "use strict";
  const f = window.field;
  const { t, named, make, put, icon } = f;
  const OUTCOMES = ["done", "nobody", "refused"];

  f.beginVisit = async () => {
    const draft = blank({ key: fieldStore.uuid(), place: null, kindOf: f.list.visit_rules.kinds[0].key, at: new Date().toISOString() });
    await f.keepDraft(draft);
    f.go("#/visit/new/" + draft.key);
  };
  const blank = (said) => f.newDraft(Object.assign({ kind: "visit", number: "", outcome: "done", topics: [], households: "", text: "", address: "", unit: "", floor: "", photos: [] }, said));

  function recordScreen(main, number) {
    const row = f.rowOf("visit", number);
    if (!row) {
      f.go("#/visit/" + encodeURIComponent(number), true);
      return {};
    }
    const key = ["visit", f.account, f.area, number].join("/");
    const draft = f.drafts.find((one) => one.key === key) || blank({ key, number, topics: row.topics.slice() });
    return form(main, draft, row);
  }
  function newVisitScreen(main, key) {
    const draft = f.drafts.find((one) => one.key === key);
    if (draft && f.list && f.list.visit_rules) return form(main, draft, null);
    f.go("#/report", true);
    return {};
  }

  // What was talked of: several may be pressed.
  function topicsOf(draft, save) {
    const box = make("div", { class: "phrases", role: "group", "aria-label": t("fact_topics") });
    const draw = () => put(box, f.list.visit_rules.topics.map((one) => make("button", { type: "button", class: "phrase", "aria-pressed": String(draft.topics.indexOf(one.key) >= 0), "data-topic": one.key, onclick: () => {
      draft.topics = draft.topics.indexOf(one.key) < 0 ? draft.topics.concat(one.key) : draft.topics.filter((key) => key !== one.key);
      save();
      draw();
    } }, named(one))));
    draw();
    return box;
  }

  // How many doors were opened: by two large buttons, or typed.
  function countOf(draft, save) {
    const most = f.list.visit_rules.most_households;
    const input = make("input", { type: "text", inputmode: "numeric", id: "households", value: draft.households, "aria-label": t("fact_households"), maxlength: 3, autocomplete: "off" });
    const set = (value) => {
      draft.households = value === "" ? "" : String(Math.min(most, Math.max(0, Number(value))));
      input.value = draft.households;
      save();
    };
    input.addEventListener("input", () => set(input.value.replace(/\D/g, "")));
    const step = (by) => make("button", { type: "button", class: "plain", "aria-label": t(by > 0 ? "one_more" : "one_less"), onclick: () => set((Number(draft.households) || 0) + by) }, by > 0 ? "+" : "−");
    return make("div", { class: "count" }, [make("span", {}, t("fact_households")), step(-1), input, step(1)]);
  }

  function form(main, draft, row) {
    const rules = f.list.visit_rules;
    const save = f.saver(draft);
    f.head({ title: t(row ? "record_visit" : "new_visit"), back: row ? "#/visit/" + encodeURIComponent(row.number) : "#/report" });
    const warn = make("p", { class: "warn", role: "alert", hidden: true });
    const count = countOf(draft, save);
    const place = row ? null : f.placeOf(draft, save, () => { warn.hidden = true; });
    const outcome = f.either(t("choose_outcome"), OUTCOMES.map((one) => [one, t("visit_" + one)]), draft.outcome, (one) => {
      draft.outcome = one;
      count.hidden = one !== "done";
      save();
    });
    count.hidden = draft.outcome !== "done";
    const text = make("textarea", { rows: 2, id: "text", "aria-label": t("note"), placeholder: t("note") + t("optional"), maxlength: rules.longest_note }, draft.text);
    text.addEventListener("input", () => { draft.text = text.value; save(); });
    const kinds = !row && rules.kinds.length > 1 && f.either(t("fact_kind"), rules.kinds.map((one) => [one.key, named(one)]), draft.kindOf, (one) => { draft.kindOf = one; save(); }, "rows");
    const send = make("button", { type: "button", class: "main", id: "send", onclick: () => finish() }, [icon("send"), t("save_visit")]);
    function lack(name) {
      put(warn, t(name)).hidden = false;
      warn.scrollIntoView({ block: "center" });
    }
    async function finish() {
      if (place && !draft.place) return lack("need_place");
      if (!draft.topics.length && (draft.outcome === "done" || !row)) return lack("need_topic");
      const data = Object.assign({ topics: draft.topics }, draft.text.trim() ? { text: draft.text.trim() } : {}, draft.outcome === "done" && draft.households !== "" ? { households: Number(draft.households) } : {}, row ? {} : { lon: draft.place.lon, lat: draft.place.lat, kind: draft.kindOf, outcome: draft.outcome });
      send.disabled = true;
      const kept = await f.enqueue({ key: draft.item, do: row ? "visit_" + draft.outcome : "visit_new", at: draft.at, case: row ? row.number : undefined, data, as: draft.as || (row ? f.postFor(row) : f.post()), title: row ? row.place : t("new_visit"), spot: row && { lon: row.lon, lat: row.lat, building: row.building, kind: row.kind } }, [["drafts", draft.key]]);
      send.disabled = false;
      if (kept) f.go(row ? "#/visit/" + encodeURIComponent(row.number) : "#/unsent/" + kept.key, true);
    }
    put(main, [
      row && make("p", { class: "about" }, row.place),
      draft.error && make("p", { class: "warn" }, f.reason(draft.error)),
      outcome,
      kinds,
      place && place.element,
      make("section", { class: "block" }, [make("h2", { class: "label" }, t("fact_topics")), topicsOf(draft, save), count]),
      make("section", { class: "block" }, [text, make("p", { class: "fine" }, t("no_names"))]),
      warn,
      make("p", { class: "centre" }, make("button", { type: "button", class: "link", onclick: () => f.discardDraft(draft) }, t("visit_discard"))),
      make("div", { class: "bar" }, send),
    ]);
    async function leave() { // one that was only looked at leaves no draft
      if (place) place.end();
      const touched = draft.error || draft.text || draft.households || draft.outcome !== "done" || (draft.place && draft.place.by === "map") || (!row && draft.topics.length);
      if (touched) save.now();
      else if (f.drafts.indexOf(draft) >= 0) await f.dropDraft(draft);
    }
    return { update: place ? place.update : undefined, leave };
  }

  Object.assign(f, { recordScreen, newVisitScreen });
})();
