// A report in three taps, and the forms of acts. What is typed is kept at once, so that a call or an empty battery loses nothing. ES2018, no build step.
(function () {
  "use strict";
  const f = window.field;
  const { t, named, make, put, append, icon } = f;
  const ROUGH = 100; // metres of a position that is too rough to report by
  const LATELY = 60000; // milliseconds for which the phone is believed to be where it was

  // What each act asks for: words, a photo, one of some answers, a time; which phrases are offered.
  const HELPS = { name: "kind", options: ["help", "material"], words: "help_", usual: "help" };
  const OUTCOMES = { name: "outcome", options: ["served", "nobody", "refused", "failed"], words: "outcome_", usual: "served" };
  const STARS = { name: "stars", options: ["5", "4", "3", "2", "1", "0"], words: "stars_", number: true };
  const TRIES = { name: "found", options: ["absent", "refused"], words: "tried_", usual: "absent" };
  const FORMS = {
    feedback: { words: "text", needed: true, photos: true, phrases: ["phrase_cleaned", "phrase_mended", "phrase_talked", "phrase_contacted"] },
    clear: { words: "text", photos: true, photoNeeded: true, phrases: ["phrase_cleaned"] },
    self_clear: { words: "text", photos: true, photoNeeded: true, phrases: ["phrase_cleaned", "phrase_talked"] },
    post_notice: { words: "text", photos: true, photoNeeded: true, phrases: [] },
    send_back: { words: "reason", needed: true, phrases: ["phrase_not_grid", "phrase_not_duty", "phrase_not_found"] },
    escalate: { words: "reason", needed: true, phrases: ["phrase_beyond", "phrase_enforcement"] },
    ask_extension: { words: "reason", needed: true, until: "datetime-local", phrases: ["phrase_parts", "phrase_owner"] },
    help: { words: "text", needed: true, choice: HELPS, phrases: ["phrase_people", "phrase_tools", "phrase_enforcers"] },
    note: { words: "text", needed: true, photos: true, phrases: [] },
    order_done: { words: "text", choice: OUTCOMES, phrases: [] },
    order_decline: { words: "reason", needed: true, phrases: ["phrase_no_hands", "phrase_not_our_work", "phrase_too_far"] },
    order_give_back: { words: "reason", needed: true, phrases: ["phrase_no_hands", "phrase_not_our_work", "phrase_time_moved"] },
    order_rate: { words: "text", choice: STARS, phrases: [] },
    order_note: { words: "text", needed: true, phrases: [] },
    visit_note: { words: "text", needed: true, plain: true, phrases: [] },
    visit_again: { words: "text", until: "date", plain: true, phrases: [] },
    visit_cancel: { words: "reason", needed: true, plain: true, phrases: [] },
    patrol_note: { words: "text", needed: true, plain: true, phrases: [] },
    patrol_cancel: { words: "reason", needed: true, plain: true, phrases: [] },
    site_attempt: { choice: TRIES, until: "date", untilName: "again", untilWords: "words_again", free: true, phrases: [] },
    finding_correct: { words: "text", photos: true, photoNeeded: true, phrases: ["phrase_mended", "phrase_cleaned"] },
  };

  // ---- 1: which class
  // What a report takes over from the visit in which something was seen, sent or not.
  function seenOn(visit) {
    const row = f.rowOf("visit", visit);
    const item = f.queue.find((one) => one.key === visit);
    const at = row || (item && item.data);
    return at ? { visit, building: at.building || "", address: row ? row.place : "", place: { lon: at.lon, lat: at.lat, by: "map", accuracy: null } } : {};
  }

  async function begin(one, of) {
    const draft = f.newDraft(Object.assign({ kind: "report", class: one.key, text: "", address: "", unit: "", floor: "", urgency: "normal", cleared: false, photos: [], place: null, at: new Date().toISOString() }, of));
    await f.keepDraft(draft);
    f.go("#/report/" + draft.key);
  }

  function searched(text) {
    const words = text.trim().toLowerCase().split(/\s+/).filter(Boolean);
    return f.list.classes.filter((one) => words.every((word) => (one.name + " " + (one.name_en || "") + " " + one.key + " " + (one.words || "")).toLowerCase().indexOf(word) >= 0));
  }

  function classScreen(main, visit) {
    f.head({ title: t("report_what"), back: visit ? "" : "#/" });
    if (!f.list) {
      put(main, make("p", { class: "empty" }, t("never_loaded")));
      return { update: () => { if (f.list) f.show(); } };
    }
    const of = visit ? seenOn(visit) : {};
    const classButton = (one, large) => make("button", { type: "button", class: large ? "tile" : "choice", "data-class": one.key, onclick: () => begin(one, of) }, named(one));
    const found = make("div", { class: "choices" });
    const favourites = f.list.favourites.map((key) => f.list.classes.find((one) => one.key === key)).filter(Boolean);
    const tiles = make("div", { class: "tiles" }, favourites.map((one) => classButton(one, true)));
    const search = make("input", { type: "search", id: "search", placeholder: t("search_class"), "aria-label": t("search_class"), autocomplete: "off", enterkeyhint: "search" });
    search.addEventListener("input", () => {
      const text = search.value;
      tiles.hidden = Boolean(text.trim());
      const hits = text.trim() ? searched(text) : [];
      put(found, text.trim() ? (hits.length ? hits.slice(0, 40).map((one) => classButton(one)) : make("p", { class: "empty" }, t("no_class"))) : all());
    });
    const all = () => {
      const majors = new Map();
      f.list.classes.forEach((one) => majors.set(one.major, (majors.get(one.major) || []).concat(one)));
      return Array.from(majors, (pair) => make("details", { class: "major" }, [make("summary", {}, [make("span", {}, majorName(pair[0])), make("b", {}, String(pair[1].length))]), make("div", { class: "choices" }, pair[1].map((one) => classButton(one)))]));
    };
    const drafts = f.drafts.filter((draft) => draft.kind === "report");
    put(main, [drafts.length ? make("a", { class: "notice", href: "#/box" }, [t(drafts.length === 1 ? "one_draft" : "n_drafts", { n: drafts.length }), icon("go")]) : null, of.visit && make("p", { class: "about" }, t("report_of", { place: of.address || t("visit") })), tiles, !visit && f.may("visits") && make("button", { type: "button", class: "second wide", id: "new-visit", onclick: () => f.beginVisit() }, [icon("visit"), t("new_visit")]), !visit && f.list.patrol_rules && make("a", { class: "second wide button", id: "to-patrols", href: "#/patrols" }, [icon("visit"), t("patrols")]), make("div", { class: "field" }, search), found]);
    append(found, all());
    return {};
  }

  const majorName = (key) => {
    const major = (f.list.majors || []).find((one) => one.key === key);
    return major ? named(major) : key;
  };

  // ---- photos of a form
  function photosOf(draft, label, save) {
    const box = make("div", { class: "photos" });
    const state = make("p", { class: "fine", role: "status" });
    const most = f.data.most_photos;
    async function take(event) {
      const files = Array.from(event.target.files || []);
      event.target.value = "";
      for (const file of files.slice(0, Math.max(0, most - draft.photos.length))) {
        put(state, t("photo_reading"));
        try {
          const photo = await f.photo(file);
          await f.store.write([["photos", Object.assign(photo, { account: f.account })]]);
          if (draft.photos.indexOf(photo.key) < 0) draft.photos.push(photo.key);
          put(state, f.store.kind === "full" ? "" : t("photo_not_kept"));
        } catch (error) {
          put(state, error && error.name === "QuotaExceededError" ? t("full") : t("photo_bad"));
          f.say(state.textContent, true);
        }
        await save();
        await show();
      }
    }
    const input = (attributes, name, words, cls) => make("label", { class: "shoot " + cls }, [icon(name), words, make("input", Object.assign({ type: "file", accept: "image/*", onchange: take, class: "hidden-file" }, attributes))]);
    async function show() {
      const shots = await Promise.all(draft.photos.map((key) => f.store.get("photos", key)));
      put(box, [
        shots.map((shot, n) => make("div", { class: "kept" }, [
          shot && shot.small ? make("img", { src: shot.small, alt: t("photo_n", { n: n + 1 }) }) : make("span", { class: "fine" }, t("photo_lost")),
          make("button", { type: "button", class: "round small", "aria-label": t("photo_remove", { n: n + 1 }), onclick: async () => {
            const key = draft.photos.splice(n, 1)[0];
            await save();
            await f.dropPhotos([key]);
            await show();
          } }, icon("close")),
        ])),
        draft.photos.length < most && [input({ capture: "environment", "data-photo": "camera" }, "camera", draft.photos.length ? t("photo_more") : label, draft.photos.length ? "next-shot" : "first-shot"), input({ multiple: true, "data-photo": "album" }, "photos", t("photo_album"), "album")],
      ]);
    }
    show();
    return make("section", { class: "block" }, [box, state]);
  }

  // ---- the place of a report: where the phone is, or a tap on the map
  function placeOf(draft, save, changed) {
    const words = make("p", { class: "where", role: "status" });
    const map = f.chart((message) => {
      if (message.type === "picked") set({ lon: message.lon, lat: message.lat, by: "map", accuracy: null });
    });
    const slot = make("div", { class: "slot" }, map.frame);
    const larger = make("button", { type: "button", class: "plain", "aria-expanded": "false", onclick: () => grow(!slot.classList.contains("full")) });
    const done = make("button", { type: "button", class: "main floating", hidden: true, onclick: () => grow(false) }, t("place_done"));
    slot.append(done);
    function grow(on) {
      slot.classList.toggle("full", on);
      document.body.classList.toggle("mapping", on);
      map.tell({ type: "bare", on: !on });
      done.hidden = !on;
      larger.setAttribute("aria-expanded", String(on));
      put(larger, [icon("large"), t("place_on_map")]);
      if (on) done.focus();
    }
    grow(false);
    function set(place) {
      draft.place = place;
      map.tell({ type: "pick", place: Object.assign({}, place, { centre: place.by !== "map" }) });
      say();
      part();
      save();
      changed();
    }
    function say() {
      const place = draft.place;
      words.className = "where" + (place && !(place.accuracy > ROUGH) ? " known" : "");
      put(words, [icon("place"), make("span", {}, !place ? t(f.locating === "denied" || !canLocate() ? "place_tap" : f.locating === "failed" ? "place_failed" : "place_looking") : place.by === "map" ? t("place_by_map") : place.accuracy > ROUGH ? t("place_rough", { n: Math.round(place.accuracy) }) : t("place_by_phone", { n: Math.max(1, Math.round(place.accuracy || 0)) }))]);
    }
    const stand = (here) => set({ lon: here.lon, lat: here.lat, accuracy: here.accuracy, by: "phone" });
    const take = async () => {
      const here = await f.locate(true);
      if (here && !(draft.place && draft.place.by === "map" && !asked)) stand(here); // a tap on the map meanwhile stands
      else say();
    };
    let asked = false;
    const again = make("button", { type: "button", class: "plain", onclick: () => { asked = true; take(); }, hidden: !canLocate() }, [icon("aim"), t("place_again")]);
    const address = make("input", { type: "text", value: draft.address, placeholder: t("address_hint"), "aria-label": t("address"), maxlength: 200, autocomplete: "off" });
    address.addEventListener("input", () => { draft.address = address.value; save(); });
    const tower = make("div", { class: "tower", hidden: true });
    function part() { // in a tower whose micro-grids lie one above another, unit and floor tell which one it is
      const at = draft.place;
      const found = at && ((f.list && f.list.area.stacked) || []).find((one) => at.lon >= one.bounds[0] && at.lon <= one.bounds[2] && at.lat >= one.bounds[1] && at.lat <= one.bounds[3]);
      tower.hidden = !found;
      put(tower, found ? [make("p", { class: "fine" }, [t("stacked"), " ", found.parts]), make("div", { class: "row" }, ["unit", "floor"].map((name) => {
        const input = make("input", { type: "text", id: name, value: draft[name], placeholder: t(name) + t("optional"), "aria-label": t(name), maxlength: 6, autocomplete: "off" });
        input.addEventListener("input", () => { draft[name] = input.value; save(); });
        return input;
      }))] : []);
    }
    part();
    if (f.own().length) map.tell({ type: "look", bounds: f.own()[0].bounds });
    map.tell({ type: "pick", place: draft.place ? Object.assign({}, draft.place, { centre: true }) : null });
    say();
    if (!draft.place && canLocate()) {
      if (f.here && Date.now() - f.here.at < LATELY) stand(f.here);
      take();
    }
    return { element: make("section", { class: "block place" }, [words, slot, make("div", { class: "row" }, [again, larger]), tower, address]), say, update: () => { map.here(); say(); }, end: () => { map.end(); document.body.classList.remove("mapping"); } };
  }
  const canLocate = () => Boolean(navigator.geolocation && window.isSecureContext);

  // ---- 2: photo and place, 3: send
  function reportScreen(main, key) {
    const draft = f.drafts.find((one) => one.key === key);
    if (!draft) {
      f.go("#/report", true);
      return {};
    }
    const class_ = f.classOf(draft.class);
    f.head({ title: named(class_), back: "#/report" });
    const save = f.saver(draft);
    const both = class_.clear && either(t("how"), ["report", "self_clear"].map((one) => [one, t("how_" + one), t("how_" + one + "_hint")]), draft.cleared ? "self_clear" : "report", (one) => {
      draft.cleared = one === "self_clear";
      save();
      state();
    });
    const warn = make("p", { class: "warn", role: "alert", hidden: true });
    const send = make("button", { type: "button", class: "main", id: "send", onclick: () => finish() });
    const advice = make("p", { class: "hint" }, t("photo_both"));
    const place = placeOf(draft, save, () => state());
    function lacking() {
      if (!draft.place) return t("need_place");
      if (draft.cleared && !draft.photos.length) return t("need_photo");
      return "";
    }
    function state() {
      advice.hidden = !draft.cleared;
      put(send, [icon("send"), t(draft.cleared ? "send_cleared" : "send_report")]);
      warn.hidden = true;
    }
    async function finish() {
      const lack = lacking();
      if (lack) {
        put(warn, lack).hidden = false;
        warn.scrollIntoView({ block: "center" });
        return;
      }
      send.disabled = true;
      const data = Object.assign({ class_: draft.class, lon: draft.place.lon, lat: draft.place.lat, text: draft.text, address: draft.address, urgency: draft.urgency, accuracy: draft.place.accuracy || null }, draft.building ? { building: draft.building } : {}, tower(draft));
      const report = { key: draft.item, do: draft.cleared ? "self_clear" : "report", at: draft.at, data, photos: draft.photos, as: draft.as || f.post(), visit: draft.visit, title: draft.text.split("\n")[0] || named(class_) };
      const kept = await f.enqueue(report, [["drafts", draft.key]], draft.visit ? [joined(draft)] : []);
      send.disabled = false;
      if (kept) f.go("#/", true);
    }
    const text = make("textarea", { rows: 2, id: "text", placeholder: t("text_hint"), "aria-label": t("text"), maxlength: f.data.longest_text }, draft.text);
    text.addEventListener("input", () => { draft.text = text.value; save(); });
    const urgent = make("input", { type: "checkbox", id: "urgent" });
    urgent.checked = draft.urgency === "urgent";
    urgent.addEventListener("change", () => { draft.urgency = urgent.checked ? "urgent" : "normal"; save(); });
    const touched = () => draft.error || draft.text || draft.address || draft.photos.length || draft.cleared || draft.urgency !== "normal" || (draft.place && draft.place.by === "map");
    put(main, [
      draft.error && make("p", { class: "warn" }, f.reason(draft.error)),
      both,
      class_.restricted && make("p", { class: "hint" }, t("restricted_hint")),
      photosOf(draft, t(class_.restricted ? "photo_if_needed" : "photo_take"), async () => { await save(); state(); }),
      advice,
      place.element,
      make("section", { class: "block" }, [text, make("label", { class: "check" }, [urgent, t("is_urgent")])]),
      warn,
      make("p", { class: "centre" }, make("button", { type: "button", class: "link", onclick: () => discard(draft) }, t("draft_discard"))),
      make("div", { class: "bar" }, send),
    ]);
    state();
    async function leave() { // a class that was only looked at leaves no draft
      place.end();
      if (touched()) save.now();
      else if (f.drafts.indexOf(draft) >= 0) await f.dropDraft(draft);
    }
    return { update: place.update, leave };
  }

  // Unit and floor as numbers, B1 as -1; left out where nobody told, or where the place is no tower any more.
  function tower(draft) {
    const found = {};
    ["unit", "floor"].forEach((name) => {
      const hit = document.getElementById(name) && /^(B|-|负|地下)?\s*(\d{1,3})/i.exec((draft[name] || "").trim());
      if (hit) found[name] = hit[1] ? -Number(hit[2]) : Number(hit[2]);
    });
    return found;
  }

  // The note by which a visit knows the case that was seen in it.
  function joined(draft) {
    const row = f.rowOf("visit", draft.visit);
    return { do: "visit_note", case: /^[0-9a-f-]{36}$/.test(draft.visit) ? { key: draft.visit } : draft.visit, data: { case: { key: draft.item } }, as: row ? f.postFor(row) : f.post(), title: row ? row.place : t("visit") };
  }

  async function discard(draft) {
    if (!(await f.ask(t(draft.kind === "visit" || draft.kind === "patrol" ? draft.kind + "_discard_ask" : "draft_discard_ask"), t("cannot_be_undone"), t("discard"), true))) return;
    await f.dropDraft(draft);
    f.go("#/box", true);
  }

  // Some answers of which one is chosen; `turn` is told which.
  function either(label, pairs, chosen, turn, cls) {
    const box = make("div", { class: "either" + (cls ? " " + cls : ""), role: "radiogroup", "aria-label": label });
    const draw = (now) => put(box, pairs.map((pair) => make("button", { type: "button", role: "radio", "aria-checked": String(now === pair[0]), "data-how": pair[0], onclick: () => { draw(pair[0]); turn(pair[0]); } }, [make("b", {}, pair[1]), pair[2] && make("small", {}, pair[2])])));
    draw(chosen);
    return box;
  }

  // ---- the form of an act: on a case, an order, a visit, or a report that is not sent yet
  function actScreen(main, kind, number, act) {
    const form = FORMS[act];
    const back = "#/" + kind + "/" + encodeURIComponent(number);
    const unsent = kind === "unsent" && f.queue.find((one) => one.key === number);
    if (!form || !f.list || (kind === "unsent" && !unsent)) {
      f.go(back, true);
      return {};
    }
    const row = unsent || f.rowOf(kind, number);
    const title = unsent ? unsent.title : row ? f.titleOf(kind, row) : number;
    f.head({ title: t("act_" + act), back });
    const key = ["act", f.account, f.area, number, act].join("/");
    const choice = form.choice;
    const draft = f.drafts.find((one) => one.key === key) || f.newDraft({ key, kind: "act", on: kind, number, act, text: "", choice: (choice && choice.usual) || "", until: "", photos: [] });
    const save = f.saver(draft);
    const warn = make("p", { class: "warn", role: "alert", hidden: true });
    const text = make("textarea", { rows: 3, id: "text", "aria-label": t("words_" + form.words), placeholder: t("words_" + form.words) + (form.needed ? "" : t("optional")), maxlength: form.plain ? (f.list.visit_rules || {}).longest_note || 120 : 1000 }, draft.text);
    text.addEventListener("input", () => { draft.text = text.value; save(); });
    const phrases = form.phrases.map((phrase) => make("button", { type: "button", class: "phrase", onclick: () => {
      text.value = [text.value.trim(), t(phrase)].filter(Boolean).join(f.language === "zh" ? "；" : "; ");
      draft.text = text.value;
      save();
    } }, t(phrase)));
    const until = form.until && make("input", { type: form.until, id: "until", value: draft.until, min: form.free && f.dateOf(f.now()) });
    if (until) until.addEventListener("input", () => { draft.until = until.value; save(); });
    const send = make("button", { type: "button", class: "main", id: "send", onclick: () => finish() }, [icon("send"), t("send_act", { act: t("act_" + act) })]);
    const lack = (name) => {
      put(warn, t(name)).hidden = false;
      warn.scrollIntoView({ block: "center" });
    };
    async function finish() {
      if (choice && !draft.choice) return lack("need_choice");
      if (form.needed && !text.value.trim()) return lack("need_words");
      if (form.photoNeeded && !draft.photos.length) return lack("need_photo");
      if (until && !form.free && !until.value) return lack("need_until");
      const data = {};
      if (form.words && text.value.trim()) data[form.words] = text.value.trim();
      if (choice) data[choice.name] = choice.number ? Number(draft.choice) : draft.choice;
      if (until && until.value) data[form.untilName || "due"] = form.until === "date" ? until.value : new Date(until.value).toISOString();
      send.disabled = true;
      const free = kind !== "case" || act === "note" || act === "help"; // whatever else was done to the case, this can be said
      const seen = row || { number };
      const now = unsent && f.queue.find((one) => one.key === number); // which may have gone out meanwhile
      const target = !unsent ? number : now && now.state === "done" ? now.number : { key: number };
      const kept = await f.enqueue({ key: draft.item, do: act, case: target, expected: free || typeof seen.version !== "number" ? null : seen.version, data, photos: draft.photos, as: draft.as || f.postFor(seen), title }, [["drafts", draft.key]]);
      send.disabled = false;
      if (kept) f.go(back, true);
    }
    put(main, [
      make("p", { class: "about" }, title),
      draft.error && make("p", { class: "warn" }, f.reason(draft.error)),
      make("p", { class: "hint" }, t("hint_" + act)),
      choice && either(t("choose_" + choice.name), choice.options.map((one) => [one, t(choice.words + one)]), draft.choice, (one) => { draft.choice = one; save(); }, choice.options.length > 2 ? "rows" : ""),
      form.photos && photosOf(draft, t(form.photoNeeded || act === "feedback" ? "photo_after" : "photo_take"), save),
      make("section", { class: "block" }, [phrases.length > 0 && make("div", { class: "phrases" }, phrases), form.words && text, form.plain && make("p", { class: "fine" }, t("no_names")), until && make("label", { class: "labelled" }, [t(form.untilWords || (form.until === "date" ? "words_day" : "words_until")), until])]),
      warn,
      make("div", { class: "bar" }, send),
    ]);
    async function leave() { // a form that was emptied again leaves no draft
      if (draft.text || draft.photos.length || draft.until || draft.error || draft.choice !== ((choice && choice.usual) || "")) save.now();
      else if (f.drafts.indexOf(draft) >= 0) await f.dropDraft(draft);
    }
    return { leave };
  }

  Object.assign(f, { classScreen, reportScreen, actScreen, placeOf, photosOf, either, discardDraft: discard, FORMS });
})();
