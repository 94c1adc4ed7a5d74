// Inspections: the checklists that the phone keeps, the sheet of a site, and the sheet on which a checklist is answered. Each press is judged at once (field-rules.js) and kept at once. ES2018.
(function () {
  "use strict";
  const f = window.field;
  const { t, named, make, put, render, icon } = f;
  const FRESH = 3600000; // milliseconds for which the checklists are believed to be the current ones
  const MOVED = 100; // metres after which the walk is reckoned anew
  const LONGEST = 200;

  // ---- the checklists: kept with the lists, both languages, with every version by which something was begun here
  let book = null;
  const bookKey = () => f.account + "/" + f.area + "/checklists";
  const id = (one) => one.key + "-" + one.version;
  function learn(found) {
    book = found;
    Object.keys(found.words).forEach((language) => Object.assign(f.data.words[language], found.words[language]));
  }
  async function askForBook(kept) {
    const begun = f.drafts.filter((draft) => draft.kind === "inspect" && draft.checklist).map((draft) => draft.checklist + "-" + draft.version);
    const found = await f.get("/field/" + encodeURIComponent(f.area) + "/checklists?also=" + encodeURIComponent(Array.from(new Set(begun)).join(",")), kept && kept.etag ? { "If-None-Match": kept.etag } : {});
    if (found.status === 304 || !found.ok) return found.status === 304;
    const older = kept ? kept.data.checklists.filter((one) => begun.indexOf(id(one)) >= 0 && !found.body.checklists.some((other) => id(other) === id(one))) : [];
    learn(Object.assign(found.body, { checklists: found.body.checklists.concat(older) }));
    await f.store.write([["lists", { key: bookKey(), data: found.body, etag: found.etag, at: Date.now(), account: f.account }]]);
    return true;
  }
  f.readChecklists = async () => {
    const kept = await f.store.get("lists", bookKey());
    if (!kept && !(await askForBook(null))) throw new Error("no checklists");
    if (kept) {
      learn(kept.data);
      if (Date.now() - kept.at > FRESH) askForBook(kept).catch(() => {});
    }
  };
  const listOf = (key, version) => book && book.checklists.find((one) => one.key === key && one.version === version);
  const currentOf = (key) => listOf(key, book.current[key]);
  const days = () => Object.assign({}, ...Object.keys(book.grades).map((grade) => ({ [grade]: book.grades[grade].days })));
  const gradeName = (grade) => named(book.grades[grade]);
  const today = () => f.dateOf(f.now());

  // What a draft comes to now; null where only findings are looked at again, or its checklist is not here.
  const judged = (draft) => {
    const checklist = listOf(draft.checklist, draft.version);
    return checklist ? window.fieldRules.evaluate(checklist, draft.answers, today(), days(), draft.refused) : null;
  };
  const isAsked = (item, result) => item.kind !== "sum" && result.asked !== false;
  function progress(draft, verdict) {
    const checklist = listOf(draft.checklist, draft.version);
    const asked = checklist ? checklist.items.filter((item) => isAsked(item, verdict.results[item.key])) : [];
    const open = asked.filter((item) => verdict.results[item.key].mark === "unanswered").map((item) => item.key);
    const again = draft.row.open.length;
    const said = draft.row.open.filter((one) => draft.rechecks[one.number]).length;
    return { open, all: asked.length + again, done: asked.length - open.length + said, text: (asked.length - open.length + said) + "/" + (asked.length + again) };
  }

  // ---- the list in the order of a walk from where one stands
  const ways = {}; // section -> the places that it was reckoned for, from where, and their order
  f.walked = (name, all) => {
    const found = all.filter((thing) => !thing.row.plan); // what a plan has for today stays first, in its order
    if (name.indexOf("inspect") !== 0 || !f.here || found.length < 2) return all;
    const places = found.map((thing) => thing.row.number).sort().join();
    const known = ways[name];
    if (!known || known.places !== places || f.between(known.from, f.here).metres > MOVED) ways[name] = { places, from: f.here, order: window.fieldWalk(found.map((thing) => thing.row), f.here).map((at) => found[at].row.number) };
    const order = ways[name].order;
    return all.filter((thing) => thing.row.plan).concat(found.sort((one, other) => order.indexOf(one.row.number) - order.indexOf(other.row.number)));
  };

  // ---- one press begins
  const judgeable = (row) => f.openOf(row).filter((one) => one.state !== "handed_over"); // what an inspection may look at again
  f.startInspection = async (row, checklist) => {
    const list = checklist === "" ? null : currentOf(checklist || row.lists[0][0]);
    const key = ["inspect", f.account, f.area, row.number, list ? list.key : ""].join("/");
    let draft = f.drafts.find((one) => one.key === key);
    if (!draft) {
      draft = f.newDraft({ key, kind: "inspect", site: row.number, row: { number: row.number, name: row.name, address: row.address, lon: row.lon, lat: row.lat, open: judgeable(row) }, checklist: list ? list.key : "", version: list ? list.version : 0, answers: {}, rechecks: {}, refused: false, signed: "", signature: "", text: "", photos: [], as: f.postFor(row) });
      if (!(await f.keepDraft(draft))) return;
    }
    f.go("#/inspect/" + draft.item);
  };
  const draftOf = (item) => f.drafts.find((one) => one.kind === "inspect" && one.item === item);
  const photosIn = (draft) => Array.from(new Set([].concat(...Object.keys(draft.answers).map((key) => draft.answers[key].photos || []), draft.signature || [])));

  // ---- the sheet of a site, and of a finding
  function siteScreen(main, number) {
    f.head({ title: t("site"), back: "#/" });
    function update() {
      const row = f.rowOf("site", number);
      if (!row) return render(main, make("p", { class: "empty" }, t(f.list ? "site_gone" : "loading")));
      const drafts = f.drafts.filter((draft) => draft.kind === "inspect" && draft.site === number);
      const sent = f.queue.filter((item) => item.do === "inspect" && item.case === number && item.state === "done").sort((one, other) => other.sent - one.sent);
      const waits = f.waitingFor(number).some((item) => item.do === "inspect");
      const open = f.openOf(row);
      const tried = f.triedOf(row);
      const lists = row.lists.map((one) => one[0]).filter(currentOf);
      const tasks = (f.list.warnings || []).filter((one) => one.site === number && !f.waitingFor(one.number).some((item) => item.state === "waiting")).length;
      const start = (key, words, cls) => make("button", { type: "button", class: cls, "data-start": key, onclick: () => f.once("start" + key, () => f.startInspection(row, key)) }, [icon("inspect"), words]);
      return render(main, [
        f.sheetHead(row, icon("inspect"), row.name, f.siteTime(row), f.language === "en" ? row.kind_name_en : row.kind_name),
        f.pending(number),
        sent.map((item) => make("div", { class: "notice" }, [make("span", {}, t("sent", { number: item.number })), make("a", { class: "link print", href: f.noticeUrl(item.number) }, [icon("print"), t("print_notice")])])),
        drafts.map((draft) => make("a", { class: "notice", href: "#/inspect/" + draft.item }, [make("span", {}, t("inspect_go_on", { name: draft.checklist ? named(listOf(draft.checklist, draft.version) || { name: draft.checklist }) : t("recheck_only") })), make("b", {}, progress(draft, judged(draft) || { results: {} }).text)])),
        tasks > 0 && make("a", { class: "notice", id: "tasks", href: "#/warnings" }, [t(tasks === 1 ? "one_task" : "n_tasks", { n: tasks }), icon("go")]),
        !row.lists.length && make("p", { class: "hint" }, t("no_checklist")),
        f.facts([["planned", row.plan], ["place", row.address || t("see_map")], ["distance", f.away(row)], ["tried", tried && f.listed([f.when(tried.at), t("tried_" + tried.found), f.againWords(tried)])], ["last", row.last ? f.day(row.last) : t("never_inspected")], ["ends", (row.ends || []).length > 0 && row.ends.map((one) => make("div", { class: one.last < today() ? "ended" : "" }, f.listed([named(one), f.day(one.last)])))], ["number", number]]),
        f.wateringOf(row),
        open.length > 0 && [make("h2", { class: "part" }, t("open_findings")), make("ul", { class: "entries" }, open.map(findingEntry))],
        typeof row.lon === "number" && make("a", { class: "plain wide button", href: "#/map/" + row.lon + "," + row.lat }, [icon("place"), t("on_map")]),
        !waits && lists.slice(1).map((key) => start(key, named(currentOf(key)), "second wide")),
        !waits && judgeable(row).length > 0 && start("", t("recheck_only"), "second wide"),
        f.actsOf(row).indexOf("site_attempt") >= 0 && make("button", { type: "button", class: "second wide", "data-act": "site_attempt", onclick: () => f.doAct("site", row, "site_attempt") }, t("act_site_attempt")),
        !waits && lists.length > 0 && make("div", { class: "bar" }, start(lists[0], t("inspect_start", { name: named(currentOf(lists[0])) }), "main")),
      ]);
    }
    update();
    f.refreshSoon();
    return { update, every: 30000 };
  }
  function dueWords(one) {
    if (!one.due) return "";
    const left = f.days(one.due);
    return left < 0 ? t("days_late", { n: -left }) : t("by_day", { day: f.day(one.due) });
  }
  function findingEntry(one) {
    const late = one.state === "open" && one.due && f.days(one.due) < 0;
    return make("li", { class: "entry draft" + (late ? " refused" : ""), "data-key": one.number }, make("a", { class: "open", href: "#/finding/" + encodeURIComponent(one.number) }, [make("h3", {}, named(one)), make("p", { class: late ? "state" : "fine" }, f.listed([gradeName(one.grade), t("finding_" + one.state), one.state === "open" ? dueWords(one) : ""])), icon("go")]));
  }
  function findingScreen(main, number) {
    f.head({ title: t("finding"), back: "#/" });
    function update() {
      const row = f.rowOf("finding", number);
      if (!row) return render(main, make("p", { class: "empty" }, t(f.list ? "finding_gone" : "loading")));
      const acts = f.actsOf(row);
      return render(main, [
        f.sheetHead(row, icon("help"), named(row), { level: row.due && row.state === "open" && f.days(row.due) < 0 ? "late" : "calm", text: row.state === "open" ? dueWords(row) : "" }, t("finding_" + row.state)),
        f.pending(number),
        f.facts([["site", make("a", { class: "link", href: "#/site/" + encodeURIComponent(row.site.number) }, row.site.name)], ["grade", gradeName(row.grade)], ["found", f.day(row.found)], ["item", row.item], ["number", number]]),
        acts.length > 0 && make("div", { class: "bar" }, acts.map((act) => make("button", { type: "button", class: "main", "data-act": act, onclick: () => f.doAct("finding", row, act) }, t("act_" + act)))),
      ]);
    }
    update();
    return { update };
  }

  // ---- how an item is answered
  const CONTROLS = {
    yes_no: (item, said, set) => f.either(named2(item, "text"), ["pass", "fail", "na"].map((one) => [one, t("mark_" + one)]), said.value, set, "answers"),
    choice: (item, said, set) => f.either(named2(item, "text"), item.options.map((one) => [one.key, named(one)]), said.value, set, item.options.length > 3 ? "answers rows" : "answers"),
    number: (item, said, set) => typed(item, said, set, "decimal"),
    count: (item, said, set) => typed(item, said, set, "numeric"),
    date: (item, said, set) => typed(item, said, set, "numeric", dashed),
    cylinders,
    sum: () => null,
  };
  const named2 = (item, name) => (f.language === "en" && item[name + "_en"] ? item[name + "_en"] : item[name]) || "";
  // Digits as they are typed: 20261123, or 202611 as plates say it.
  function dashed(text) {
    if (/[-/.]/.test(text.slice(0, -1).replace(/^\d{4}-(\d\d?-?)?/, ""))) return text;
    const digits = text.replace(/\D/g, "").slice(0, 8);
    return digits.length > 6 ? digits.slice(0, 4) + "-" + digits.slice(4, 6) + "-" + digits.slice(6) : digits.length > 4 ? digits.slice(0, 4) + "-" + digits.slice(4) : digits;
  }
  function typed(item, said, set, mode, turn) {
    const words = ["na", "never"].indexOf(said.value) >= 0;
    const input = make("input", { type: "text", inputmode: mode, value: words ? "" : said.value || "", "aria-label": named2(item, "text"), placeholder: turn ? t("day_hint") : "", maxlength: 12, autocomplete: "off" });
    const offers = [];
    const press = (value) => offers.forEach((one) => one.setAttribute("aria-pressed", String(one.dataset.value === value)));
    input.addEventListener("input", (event) => {
      if (turn && event.inputType !== "deleteContentBackward") input.value = turn(input.value);
      press("");
      set(input.value.trim());
    });
    const offer = (value, text) => {
      const made = make("button", { type: "button", class: "phrase", "data-value": value, "aria-pressed": String(said.value === value), onclick: () => {
        const on = made.getAttribute("aria-pressed") !== "true";
        input.value = "";
        press(on ? value : "");
        set(on ? value : "");
      } }, text);
      offers.push(made);
      return made;
    };
    return make("div", { class: "typed" }, [input, item.unit && !turn && make("span", {}, item.unit), item.means === "serviced" && offer("never", t("never")), offer("na", t("mark_na"))]);
  }
  function cylinders(item, said, set) {
    const value = Object.assign({}, said.value && typeof said.value === "object" ? said.value : {});
    const none = make("button", { type: "button", class: "phrase", "aria-pressed": String(Object.keys(value).length > 0 && Object.keys(value).every((size) => !Number(value[size]))), onclick: () => {
      item.sizes.forEach((size) => { value[size] = 0; });
      inputs.forEach((input) => { input.value = "0"; });
      turn();
    } }, t("no_cylinders"));
    const na = make("button", { type: "button", class: "phrase", "aria-pressed": String(said.value === "na"), onclick: () => {
      const on = na.getAttribute("aria-pressed") !== "true";
      inputs.forEach((input) => { input.value = ""; });
      Object.keys(value).forEach((size) => { delete value[size]; });
      na.setAttribute("aria-pressed", String(on));
      none.setAttribute("aria-pressed", "false");
      set(on ? "na" : "");
    } }, t("mark_na"));
    const turn = () => {
      na.setAttribute("aria-pressed", "false");
      none.setAttribute("aria-pressed", String(Object.keys(value).length > 0 && Object.keys(value).every((size) => !Number(value[size]))));
      set(Object.assign({}, value));
    };
    const inputs = item.sizes.map((size) => {
      const input = make("input", { type: "text", inputmode: "numeric", value: value[size] === undefined ? "" : String(value[size]), "aria-label": t("cylinder_of", { size }), maxlength: 3, autocomplete: "off" });
      input.addEventListener("input", () => {
        input.value = input.value.replace(/\D/g, "");
        if (input.value === "") delete value[size];
        else value[size] = Number(input.value);
        turn();
      });
      return input;
    });
    const step = (n, by) => make("button", { type: "button", class: "plain", "aria-label": t(by > 0 ? "one_more" : "one_less"), onclick: () => {
      const size = item.sizes[n];
      value[size] = Math.max(0, (Number(value[size]) || 0) + by);
      inputs[n].value = String(value[size]);
      turn();
    } }, by > 0 ? "+" : "−");
    return make("div", { class: "cylinders" }, [item.sizes.map((size, n) => make("div", { class: "count" }, [make("span", {}, t("cylinder_of", { size })), step(n, -1), inputs[n], step(n, 1)])), make("div", { class: "phrases" }, [none, na])]);
  }

  // ---- what an item comes to, in words
  const plain = (value) => String(Math.round(value * 1e6) / 1e6);
  const unitOf = (item) => (f.language === "zh" || /^[\x20-\x7e]*$/.test(item.unit || "") ? item.unit || "" : "");
  function why(item, result) {
    const facts = result.facts;
    const said = [facts.months ? t("months_old", { n: facts.months }) : ""];
    if (["above", "below", "expired", "soon", "holds", "by", "since"].indexOf(result.why) >= 0) said.push(t("why_" + result.why, { value: "value" in facts ? plain(facts.value) : "", limit: "limit" in facts ? plain(facts.limit) : "", unit: unitOf(item), last: facts.last, days: facts.days }));
    else if ("value" in facts && (item.kind === "cylinders" || item.kind === "sum")) said.push(plain(facts.value) + " " + unitOf(item));
    if (facts.needs) said.push(named(facts.needs));
    return said.filter(Boolean).join(f.language === "zh" ? "；" : "; ");
  }
  function failed(result) {
    return f.listed([gradeName(result.grade), result.corrected ? t("action_corrected") : t("action_" + (result.action === "on_spot" ? "deadline" : result.action)), result.due ? t("by_day", { day: f.day(result.due) }) : ""]);
  }

  // ---- the sheet on which a checklist is answered
  // What was refused is put right by what holds now: the findings that stand there still, and the checklist that the console knows.
  function renewed(draft) {
    const row = f.rowOf("site", draft.site);
    if (row && draft.error.kind === "finding") {
      draft.row.open = judgeable(row);
      Object.keys(draft.rechecks).forEach((number) => { if (!draft.row.open.some((one) => one.number === number)) delete draft.rechecks[number]; });
    }
    if (draft.error.kind === "checklist" && book.current[draft.checklist]) draft.version = book.current[draft.checklist];
  }

  function inspectScreen(main, item) {
    const draft = draftOf(item);
    if (draft && draft.error) renewed(draft);
    const checklist = draft && listOf(draft.checklist, draft.version);
    if (!draft || (draft.checklist && !checklist)) {
      if (draft) f.say(t("lists_not_here"), true);
      f.go(draft ? "#/site/" + encodeURIComponent(draft.site) : "#/", true);
      return {};
    }
    const save = f.saver(draft);
    const bar = make("b", { class: "progress", role: "status" });
    f.head({ title: draft.row.name, back: "#/site/" + encodeURIComponent(draft.site), extra: bar });
    const views = {};
    const next = make("button", { type: "button", class: "plain", id: "next", onclick: () => jump() });
    const end = make("button", { type: "button", class: "main", id: "end", onclick: () => f.go("#/inspect/" + item + "/end") }, t("inspect_end"));
    let at = ""; // the item that was answered last
    function judge() {
      draft.photos = photosIn(draft);
      const verdict = judged(draft);
      const done = progress(draft, verdict);
      put(bar, done.text);
      if (checklist) checklist.items.forEach((one) => views[one.key].show(verdict.results[one.key], verdict.faults[one.key]));
      if (checklist) checklist.sections.forEach((section) => { const of = checklist.items.filter((one) => one.section === section.key); views["section " + section.key].hidden = of.every((one) => views[one.key].element.hidden); });
      put(next, [t("next_open"), make("b", {}, String(done.all - done.done))]).hidden = done.all === done.done;
      end.className = done.all === done.done ? "main" : "second";
    }
    function jump() {
      const open = draft.row.open.filter((one) => !draft.rechecks[one.number]).map((one) => one.number).concat(progress(draft, judged(draft)).open);
      const keys = draft.row.open.map((one) => one.number).concat(checklist ? checklist.items.map((one) => one.key) : []);
      const after = open.filter((key) => keys.indexOf(key) > keys.indexOf(at));
      at = (after.length ? after : open)[0] || "";
      const element = at && main.querySelector('[data-item="' + at + '"]');
      if (!element) return;
      element.scrollIntoView({ block: "center" });
      const first = element.querySelector("input, button");
      if (first) first.focus({ preventScroll: true });
    }
    function view(one) {
      const said = () => (draft.answers[one.key] = draft.answers[one.key] || { value: "" });
      const result = make("p", { class: "result", role: "status" });
      const more = make("div", { class: "more" });
      const element = make("article", { class: "item", "data-item": one.key });
      let shown = "";
      const set = (value) => {
        said().value = value;
        at = one.key;
        save();
        judge();
      };
      const spot = make("input", { type: "checkbox" });
      spot.addEventListener("change", () => { said().corrected = spot.checked; save(); judge(); });
      const spotLabel = make("label", { class: "check" }, [spot, t("put_right")]);
      const grades = one.worse.length > 0 && f.either(t("fact_grade"), [one.grade].concat(one.worse).map((grade) => [grade, gradeName(grade)]), said().grade || one.grade, (grade) => {
        said().grade = grade;
        if (!window.fieldRules.onSpot(one, grade)) spot.checked = said().corrected = false;
        save();
        judge();
      }, "answers");
      function extras() { // photo and note of an item, drawn once they are wanted
        if (more.firstChild) return;
        const note = make("input", { type: "text", value: said().note || "", placeholder: t("note_hint"), "aria-label": t("note"), maxlength: LONGEST, autocomplete: "off" });
        note.addEventListener("input", () => { said().note = note.value; save(); });
        said().photos = said().photos || [];
        put(more, [spotLabel, grades, f.photosOf(said(), t(one.photo ? "photo_needed" : "photo_take"), async () => { judge(); await save(); }), note]);
      }
      const open = make("button", { type: "button", class: "link", "aria-expanded": "false", onclick: () => { extras(); more.hidden = false; open.hidden = true; } }, t("photo_or_note"));
      more.hidden = true;
      function show(now, fault) {
        element.hidden = now.asked === false;
        element.className = "item " + (fault ? "fault" : now.mark + (now.why === "soon" ? " soon" : ""));
        const fails = now.mark === "fail";
        if (fails || (said().photos || []).length || said().note) {
          if (one.kind !== "sum") extras();
          more.hidden = one.kind === "sum";
        } else if (open.hidden === false || !more.firstChild) more.hidden = true;
        open.hidden = one.kind === "sum" || !more.hidden || now.mark === "unanswered";
        spot.checked = Boolean(now.corrected);
        spotLabel.hidden = !fails || !window.fieldRules.onSpot(one, now.grade);
        if (grades) grades.hidden = !fails;
        const text = fault ? t("fault_" + fault, { said: typeof said().value === "string" ? said().value : "" }) : [why(one, now), fails ? failed(now) : "", now.lacks ? t("photo_lacks") : ""].filter(Boolean).join(f.language === "zh" ? "；" : "; ");
        if (text !== shown) put(result, text);
        shown = text;
        result.hidden = !text;
      }
      put(element, [
        make("h3", {}, [make("b", { class: "key" }, one.key), named2(one, "text")]),
        named2(one, "look") && make("p", { class: "fine" }, named2(one, "look")),
        CONTROLS[one.kind](one, said(), set),
        result,
        open,
        more,
      ]);
      return (views[one.key] = { element, show }).element;
    }
    function again(one) { // what stands open here: put right or not
      return make("article", { class: "item again", "data-item": one.number }, [
        make("h3", {}, named(one)),
        make("p", { class: "fine" }, f.listed([gradeName(one.grade), t("finding_" + one.state), dueWords(one), one.number])),
        f.either(t("recheck"), [["pass", t("recheck_pass")], ["fail", t("recheck_fail")]], draft.rechecks[one.number], (said) => {
          draft.rechecks[one.number] = said;
          at = one.number;
          save();
          judge();
        }, "answers"),
      ]);
    }
    put(main, [
      draft.error && make("p", { class: "warn" }, f.reason(draft.error)),
      make("p", { class: "about" }, checklist ? named(checklist) : t("recheck_only")),
      draft.row.open.length > 0 && [make("h2", { class: "part" }, t("recheck")), draft.row.open.map(again)],
      checklist && checklist.sections.map((section) => (views["section " + section.key] = make("section", {}, [make("h2", { class: "part" }, named(section)), checklist.items.filter((one) => one.section === section.key).map(view)]))),
      make("p", { class: "centre" }, make("button", { type: "button", class: "link", id: "discard", onclick: () => f.discardInspection(draft) }, t("inspect_discard"))),
      make("div", { class: "bar" }, [next, end]),
    ]);
    judge();
    async function leave() { // one at which nothing was pressed leaves no draft
      const touched = draft.error || Object.keys(draft.rechecks).length || Object.keys(draft.answers).some((key) => { const one = draft.answers[key]; return (one.value !== "" && one.value !== undefined) || one.note || (one.photos || []).length; });
      if (touched) save.now();
      else if (f.drafts.indexOf(draft) >= 0) await f.dropDraft(draft);
    }
    return { leave };
  }
  f.discardInspection = async (draft) => {
    if (!(await f.ask(t("inspect_discard_ask"), t("cannot_be_undone"), t("discard"), true))) return;
    await f.dropDraft(draft);
    f.go("#/site/" + encodeURIComponent(draft.site), true);
  };

  Object.assign(f, { siteScreen, findingScreen, inspectScreen, inspections: { draftOf, listOf, judged, progress, gradeName, failed, named2, photosIn } });
})();
