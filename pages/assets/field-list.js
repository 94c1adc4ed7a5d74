// My list: cases, service orders, visits, and what was written here and is not sent; and the map. ES2018, no build step.
(function () {
  "use strict";
  const f = window.field;
  const { t, named, make, put, render, icon, mark } = f;
  const FIRST = ["accept", "feedback", "clear", "order_accept", "order_done", "order_rate", "visit_done", "inspect", "finding_correct"]; // the next act, the likeliest first
  const ORDER = ["accept", "feedback", "clear", "self_clear", "post_notice", "help", "note", "send_back", "escalate", "ask_extension", "order_accept", "order_done", "order_rate", "order_note", "order_decline", "order_give_back", "visit_done", "visit_note", "visit_again", "visit_cancel", "inspect", "site_attempt", "finding_correct"];
  const AT_ONCE = ["accept", "order_accept"]; // acts that ask for nothing more
  const SECTIONS = ["unsent", "not_done", "to_take", "in_hand", "orders", "visits", "inspect", "inspect_later", "in_grid", "fed_back"];
  const FILTERS = ["all", "mine", "orders", "visits", "inspect", "overdue"];
  const HANDLED = ["dispatched", "returned", "in_hand", "noticed", "suspended"];
  const RECORDED = ["visit_done", "visit_nobody", "visit_refused"]; // three answers of one form
  const OVER = ["done", "refused"]; // phases of a visit
  const AFTER = { // what waits to be sent -> what may be done once it is
    order_accept: ["order_done", "order_note", "order_give_back"], order_done: ["order_note"], order_decline: [], order_give_back: [], order_rate: [],
    visit_done: ["visit_note"], visit_nobody: ["visit_note"], visit_refused: ["visit_note"], visit_again: [], visit_cancel: [], inspect: [], site_attempt: ["inspect"], finding_correct: [],
  };
  const AT_FIRST = 12; // cards: more than a screen holds
  const OPENED = {}; // which sections were opened or closed by hand
  let filter = "all";
  let most = AT_FIRST; // cards that are drawn; all of them, once the first are on the screen

  const classOf = (key) => (f.list && f.list.classes.find((one) => one.key === key)) || { key, name: key };
  const statusOf = (row) => t("status_" + row.status);
  const NAMES = { case: "cases", order: "orders", visit: "visits", site: "sites", patrol: "patrols", warning: "warnings" };
  const rowsOf = (kind) => (kind === "finding" ? [].concat(...(f.list.sites || []).map((site) => site.open.map((one) => Object.assign({ site }, one)))) : f.list[NAMES[kind]] || []);
  const rowOf = (kind, number) => f.list && rowsOf(kind).find((one) => one.number === number);
  const kindOf = (act) => (act === "acknowledge" ? "notice" : act === "inspect" || act === "watering" ? "site" : (/^(order|visit|notice|finding|patrol|warning|site)_/.exec(act) || [])[1] || "case"); // to what an act is done
  const isNew = (item) => ["report", "visit_new", "patrol_new"].indexOf(item.do) >= 0 || (item.do === "self_clear" && !item.case);
  const titleOf = (kind, row) => (kind === "order" || kind === "finding" || kind === "site" ? named(row) : kind === "visit" || kind === "patrol" ? row.place : kind === "warning" ? row.name : row.title) || row.number || "";

  // Where a thing that was written here is looked at.
  function hrefOf(item) {
    if (kindOf(item.do) === "site") return "#/site/" + encodeURIComponent(item.case);
    if (item.state === "done") return "#/" + (kindOf(item.do)) + "/" + encodeURIComponent(item.number);
    if (isNew(item)) return "#/unsent/" + item.key;
    return item.case.key ? "#/unsent/" + item.case.key : "#/" + kindOf(item.do) + "/" + encodeURIComponent(item.case);
  }

  // What this phone did to something and has not sent yet, oldest first.
  const waitingFor = (number) => f.queue.filter((item) => item.state !== "done" && item.case && (item.case.key || item.case) === number);

  function sectionOf(row) {
    const accepted = waitingFor(row.number).map((item) => item.do);
    if (row.status === "feedback" || accepted.some((act) => act === "feedback" || act === "clear")) return "fed_back";
    if (!row.mine || HANDLED.indexOf(row.status) < 0 || accepted.some((act) => act === "send_back" || act === "escalate")) return "in_grid";
    return row.acts.indexOf("accept") >= 0 && accepted.indexOf("accept") < 0 ? "to_take" : "in_hand";
  }

  // ---- notices: one of each, however many of my posts it is for; what has to be acknowledged first, by its time, then what is not read, then the newest
  function noticeOf(rows) {
    const said = (row, act) => f.queue.find((item) => item.state !== "refused" && item.do === act && item.case === row.id && item.as === row.as); // here, whether it was sent or not
    const open = rows.filter((row) => row.receipt && !said(row, "acknowledge"));
    const given = rows.map((row) => row.acknowledged || (said(row, "acknowledge") || {}).at).filter(Boolean).sort((one, other) => Date.parse(other) - Date.parse(one))[0];
    const unread = rows[0].asks ? open.length > 0 : rows.some((row) => !row.read && !said(row, "notice_read"));
    return Object.assign({}, rows[0], { rows, open, unread, given: open.length ? "" : given, sent: rows.every((row) => !row.receipt), due: open.map((row) => row.due).filter(Boolean).sort()[0] });
  }
  const dueOf = (thing) => (thing.due && Date.parse(thing.due)) || 9e15;
  function notices() {
    const found = new Map();
    ((f.list && f.list.notices) || []).forEach((row) => found.set(row.id, (found.get(row.id) || []).concat(row)));
    const rank = (one) => (one.open.length ? 0 : one.unread ? 1 : 2);
    return Array.from(found.values(), noticeOf).sort((one, other) => rank(one) - rank(other) || dueOf(one) - dueOf(other) || Date.parse(other.at) - Date.parse(one.at));
  }
  function noticesRow() {
    const found = notices();
    const unread = found.filter((one) => one.unread).length;
    const open = found.filter((one) => one.open.length);
    const late = open.some((one) => one.due && f.left(one.due).level === "late");
    const words = unread ? [t("n_unread", { n: unread }), open.length ? t("n_to_acknowledge", { n: open.length }) : ""].filter(Boolean).join(" · ") : t("n_notices", { n: found.length });
    return found.length > 0 && make("a", { class: "notice bell " + (late ? "late" : unread ? "new" : ""), id: "notices", href: "#/notices" }, [icon("bell"), make("span", {}, words), icon("go")]);
  }

  // The acts that can be done now, those of the queue thought of as done.
  function actsOf(row) {
    const waiting = waitingFor(row.number).map((item) => item.do);
    const last = waiting.filter((act) => AFTER[act]).pop();
    const acts = new Set((last ? AFTER[last] : row.acts) || []);
    if (waiting.indexOf("accept") >= 0) {
      acts.delete("accept");
      ["feedback", "post_notice"].forEach((act) => acts.add(act));
    }
    if (waiting.some((act) => ["feedback", "clear", "send_back", "escalate", "self_clear"].indexOf(act) >= 0)) ["accept", "feedback", "clear", "self_clear", "post_notice", "send_back", "escalate", "ask_extension"].forEach((act) => acts.delete(act));
    return ORDER.filter((act) => acts.has(act));
  }
  const nextOf = (acts) => acts.find((act) => FIRST.indexOf(act) >= 0);

  function doAct(kind, row, act) {
    if (act === "inspect") return f.inspecting().then(() => f.startInspection(row), () => f.say(t("lists_not_here"), true));
    if (AT_ONCE.indexOf(act) >= 0) return f.once(act + row.number, () => f.enqueue({ do: act, case: row.number, expected: kind === "case" ? row.version : null, data: {}, as: f.postFor(row), title: titleOf(kind, row) }));
    return f.go("#/" + kind + "/" + encodeURIComponent(row.number) + "/" + (act === "visit_done" ? "record" : act));
  }

  const chips = (number) => waitingFor(number).map(chip);
  function chip(item) {
    return make("span", { class: "chip " + item.state }, [icon(item.state === "refused" ? "help" : "wait"), t(item.state === "refused" ? "chip_refused" : "chip_waiting", { act: t("act_" + item.do) })]);
  }

  // ---- what stands on the list, each thing as its card needs it
  function caseThing(row) {
    const section = sectionOf(row);
    const time = f.left(row.due);
    const urgent = row.urgency && row.urgency !== "normal";
    return {
      kind: "case", row, section, mine: row.mine && section !== "in_grid", href: "#/case/" + encodeURIComponent(row.number), mark: row.mark, level: section === "fed_back" ? "calm" : time.level, time: section === "fed_back" ? "" : time.text, due: row.due,
      title: [urgent && make("b", { class: "urgent" }, t("urgency_" + row.urgency)), row.title],
      lines: [[named(classOf(row.class)), row.address].filter((text) => text && text !== row.title).join(" · ")],
      state: section === "in_grid" && statusOf(row), acts: section === "to_take" || section === "in_hand" ? actsOf(row) : [],
    };
  }

  // Until when an order is offered, and once somebody has it, until when it is wanted.
  function orderTime(row, acts) {
    if (acts.indexOf("order_accept") >= 0) return Object.assign(f.left(row.due), { text: t("accept_in", { time: f.left(row.due).text }) });
    return acts.indexOf("order_done") >= 0 && f.now() >= Date.parse(row.since) ? f.left(row.until) : { text: "", level: "calm" };
  }
  const orderState = (row) => (waitingFor(row.number).some((item) => AFTER[item.do]) ? "" : row.phase_name); // what the console says of it is over
  function orderThing(row) {
    const acts = actsOf(row);
    const time = orderTime(row, acts);
    return {
      kind: "order", row, section: "orders", mine: row.mine, href: "#/order/" + encodeURIComponent(row.number), icon: "order", level: time.level, time: time.text, due: acts.indexOf("order_accept") >= 0 ? row.due : row.until,
      title: [row.home && make("b", { class: "at-home" }, t("at_home")), named(row)], lines: [f.period(row.since, row.until), row.address || row.place], state: orderState(row), acts,
    };
  }

  function visitTime(row) {
    if (OVER.indexOf(row.phase) >= 0 || !row.due || waitingFor(row.number).some((item) => RECORDED.indexOf(item.do) >= 0)) return { text: "", level: "calm" };
    const days = f.days(row.due);
    return days < 0 ? { text: t("days_late", { n: -days }), level: "late" } : { text: t("by_day", { day: f.day(row.due) }), level: days ? "calm" : "soon" };
  }
  function visitThing(row) {
    const time = visitTime(row);
    return {
      kind: "visit", row, section: "visits", mine: row.mine && OVER.indexOf(row.phase) < 0, href: "#/visit/" + encodeURIComponent(row.number), icon: "visit", level: time.level, time: time.text, due: OVER.indexOf(row.phase) >= 0 ? "9999" : row.due,
      title: [row.place], lines: [f.listed(f.topics(row.topics).map(named))], state: row.phase === "planned" ? (row.tries ? t("n_tries", { n: row.tries }) : "") : row.phase_name, acts: row.mine ? actsOf(row).filter((act) => act === "visit_done") : [],
    };
  }

  function siteTime(row) {
    if (waitingFor(row.number).some((item) => item.do === "inspect")) return { text: "", level: "calm" };
    const days = f.days(row.due);
    const last = row.open.filter((one) => one.state === "open" && one.due).map((one) => f.days(one.due)).sort((one, other) => one - other)[0];
    const text = last < 0 && last < days ? t("finding_late", { n: -last }) : days < 0 ? t("days_late", { n: -days }) : days ? t("by_day", { day: f.day(row.due) }) : t("due_today");
    return { text, level: row.late ? "late" : row.standing === "due" ? "soon" : "calm" };
  }
  // The last visit that came to nothing, here or as the list has it; nothing once somebody looked.
  function triedOf(row) {
    const waiting = waitingFor(row.number).filter((item) => item.state !== "refused");
    const here = waiting.filter((item) => item.do === "site_attempt").pop();
    if (waiting.some((item) => item.do === "inspect")) return null;
    return here ? { at: here.at, found: here.data.found, again: here.data.again } : row.tried || null;
  }
  const isAgain = (tried) => Boolean(tried) && (!tried.again || f.days(tried.again) <= 0); // somebody has to go again
  const againWords = (tried) => (!tried ? "" : isAgain(tried) ? t("tried_due") : t("tried_again", { day: f.day(tried.again) }));
  const openOf = (row) => row.open.filter((one) => !waitingFor(row.number).some((item) => ((item.data || {}).rechecks || {})[one.number]));
  function siteThing(row) {
    const time = siteTime(row);
    const tried = triedOf(row);
    const isLater = row.standing === "later" && !row.late && !row.plan && !isAgain(tried);
    const open = openOf(row).length;
    const begun = f.drafts.some((draft) => draft.kind === "inspect" && draft.site === row.number);
    return {
      kind: "site", row, section: isLater ? "inspect_later" : "inspect", mine: row.mine && !isLater, href: "#/site/" + encodeURIComponent(row.number), icon: "inspect", level: time.level, time: f.listed([row.plan ? t("planned_at", { time: row.plan }) : "", time.text]), due: row.plan ? "1970-01-01T" + row.plan : row.due, // what a plan has for today comes first, in its order
      title: [row.name], lines: [f.listed([f.language === "en" ? row.kind_name_en : row.kind_name, row.address])], state: f.listed([againWords(tried), open ? t("n_findings", { n: open }) : "", begun ? t("inspect_begun") : ""]), acts: row.lists.length ? actsOf(row) : [],
    };
  }

  function unsentThing(item) {
    return {
      kind: "unsent", row: { number: item.key, lon: item.data.lon, lat: item.data.lat }, section: "unsent", mine: true, href: "#/unsent/" + item.key, icon: item.state === "refused" ? "help" : "wait", level: item.state === "refused" ? "late" : "calm", time: "", due: item.at,
      title: [item.title], lines: [[t("act_" + item.do), f.when(item.at)].join(" · ")], state: item.state === "refused" ? t("state_refused") : f.waitsWords(), acts: [],
    };
  }

  // What this account did, and the command room on the other side of a bridge could not do any more.
  function refusedThing(row) {
    const said = f.language === "zh" ? [row.did, row.zh, row.what] : [row.did_en, row.en, row.what_en];
    return { kind: "refused", row: { number: row.number }, section: "not_done", mine: true, href: "#/case/" + encodeURIComponent(row.number), icon: "help", level: "soon", time: "", due: row.at, title: [said[0] + " · " + row.number], lines: said.slice(1), state: f.when(row.at), acts: [] };
  }

  function things() {
    const unsent = f.queue.filter((item) => item.state !== "done" && isNew(item));
    return [].concat(unsent.map(unsentThing), (f.list.refused || []).map(refusedThing), f.list.cases.map(caseThing), (f.list.orders || []).map(orderThing), (f.list.visits || []).map(visitThing), (f.list.sites || []).map(siteThing));
  }
  const FITS = { all: (thing) => thing.section !== "inspect_later", inspect: (thing) => thing.kind === "site", mine: (thing) => thing.mine, orders: (thing) => thing.kind === "order", visits: (thing) => thing.kind === "visit" && thing.due !== "9999", overdue: (thing) => thing.level === "late" };

  function card(thing) {
    const row = thing.row;
    const act = nextOf(thing.acts);
    return make("article", { class: "card " + thing.level, "data-number": row.number, "data-version": row.version }, [
      make("a", { class: "open", href: thing.href }, [
        thing.icon ? icon(thing.icon) : mark(thing.mark),
        make("div", {}, [
          make("h3", {}, thing.title),
          thing.lines.filter(Boolean).map((line) => make("p", {}, line)),
          make("p", { class: "fine" }, [thing.time && make("span", { class: "time" }, thing.time), make("span", { class: "away" }, f.away(row)), thing.state && make("span", {}, thing.state)]),
        ]),
      ]),
      chips(row.number),
      act && make("button", { type: "button", class: "next " + (AT_ONCE.indexOf(act) >= 0 ? "main" : "second"), "data-act": act, onclick: () => doAct(thing.kind, row, act) }, t("act_" + act)),
    ]);
  }

  function section(name, found, most) {
    const open = name in OPENED ? OPENED[name] : true;
    const made = make("details", { class: "section", id: "section-" + name, open }, [
      make("summary", {}, [make("h2", {}, t(name)), make("b", {}, String(found.length))]),
      found.slice(0, most).map(card),
    ]);
    made.addEventListener("toggle", () => { OPENED[name] = made.open; });
    return made;
  }

  function filters(found) {
    const may = (name) => f.may(name) || found.some((thing) => thing.section === name);
    const shown = FILTERS.filter((name) => ["orders", "visits", "inspect"].indexOf(name) < 0 || may(name));
    if (shown.indexOf(filter) < 0) filter = "all";
    return make("div", { class: "filters", role: "radiogroup", "aria-label": t("filters") }, shown.map((name) => {
      const count = found.filter(FITS[name]).length;
      return make("button", { type: "button", role: "radio", "aria-checked": String(filter === name), id: "filter-" + name, class: (count ? "" : "zero") + (name === "overdue" && count ? " late" : ""), onclick: () => {
        filter = name;
        window.scrollTo(0, 0);
        f.update();
      } }, [make("b", {}, String(count)), t("filter_" + name)]);
    }));
  }

  function distances() { // asks for the place of the phone when a person wants distances, never by itself
    if (f.here || !navigator.geolocation || !window.isSecureContext || f.locating === "denied") return null;
    return make("button", { type: "button", class: "plain wide", id: "distances", onclick: () => f.locate() }, [icon("aim"), t("show_distances")]);
  }

  function nothing() {
    return make("div", { class: "empty" }, [icon("done"), make("h2", {}, t(filter === "all" ? "nothing_open" : "nothing_" + filter)), make("p", {}, t(filter === "all" ? "nothing_open_hint" : "nothing_here_hint"))]);
  }

  function patrolsRow() { // those that wait for one of my posts
    const open = (f.list.patrols || []).filter((row) => row.state === "planned" && !f.queue.some((item) => item.state !== "refused" && item.do === "patrol_done" && item.case === row.number));
    return open.length ? make("a", { class: "notice", id: "patrols", href: "#/patrols" }, [t(open.length === 1 ? "one_patrol" : "n_patrols", { n: open.length }), icon("go")]) : null;
  }

  function warningsRow() { // what a heavy-pollution warning asks for at the sources that I see
    const open = (f.list.warnings || []).filter((row) => !waitingFor(row.number).some((item) => item.state === "waiting"));
    const late = open.filter((row) => f.now() > Date.parse(row.late)).length;
    const words = [t(open.length === 1 ? "one_task" : "n_tasks", { n: open.length }), late ? t("n_tasks_late", { n: late }) : ""].filter(Boolean).join(" · ");
    return open.length ? make("a", { class: "notice bell " + (late ? "late" : "new"), id: "warnings", href: "#/warnings" }, [icon("alarm"), make("span", {}, words), icon("go")]) : null;
  }

  function listScreen(main) {
    const cards = make("a", { class: "round alarm", href: "#/cards", "aria-label": t("cards") }, icon("alarm"));
    f.head({ title: t("my_list"), again: true, extra: cards });
    function update() {
      cards.hidden = !f.may("emergency");
      if (!f.list) {
        put(main, make("p", { class: "empty" }, f.session === "over" ? t("log_in_first") : f.link === "off" ? t("never_loaded") : t("loading")));
        return;
      }
      const every = things();
      const bar = filters(every);
      const found = every.filter((thing) => thing.kind === "unsent" || thing.kind === "refused" || FITS[filter](thing)).sort((one, other) => dueOf(one) - dueOf(other) || Date.parse(other.row.reported) - Date.parse(one.row.reported));
      let room = most;
      const sections = SECTIONS.map((name) => [name, f.walked(name, found.filter((thing) => thing.section === name))]).filter((pair) => pair[1].length).map((pair) => {
        const made = section(pair[0], pair[1], room);
        room = Math.max(0, room - pair[1].length);
        return made;
      });
      if (most === AT_FIRST) f.soon(() => { most = Infinity; update(); });
      const drafts = f.drafts.filter((draft) => draft.kind !== "act" && draft.kind !== "inspect").length;
      render(main, [
        every.length || filter !== "all" ? bar : null,
        noticesRow(),
        warningsRow(),
        patrolsRow(),
        drafts ? make("a", { class: "notice drafts", href: "#/box" }, [t(drafts === 1 ? "one_draft" : "n_drafts", { n: drafts }), icon("go")]) : null,
        found.length ? distances() : nothing(),
        sections,
        filter === "all" && f.list.more ? make("p", { class: "fine centre" }, t("n_more", { n: f.list.more })) : null,
        "serviceWorker" in navigator && window.isSecureContext ? null : make("p", { class: "fine centre" }, t(window.isSecureContext ? "no_worker" : "no_worker_http")),
        filter === "inspect" && f.list.sites_more ? make("p", { class: "fine centre" }, t("n_more_sites", { n: f.list.sites_more })) : null,
        (filter === "all" || filter === "visits") && f.list.visits_more ? make("p", { class: "fine centre" }, t("n_more_visits", { n: f.list.visits_more })) : null,
      ]);
    }
    update();
    pull(main);
    f.refreshSoon();
    return { update, every: 30000 };
  }

  // Pulled down from its beginning, the list is asked for anew.
  function pull(main) {
    let from = null;
    const hint = document.getElementById("pull");
    main.ontouchstart = (event) => { from = window.scrollY <= 0 && event.touches.length === 1 ? event.touches[0].clientY : null; };
    main.ontouchmove = (event) => { hint.classList.toggle("far", from !== null && event.touches[0].clientY - from > 90); };
    main.ontouchend = () => {
      if (hint.classList.contains("far")) f.refresh(true);
      hint.classList.remove("far");
      from = null;
    };
  }

  // ---- the map, in its own document
  const mapUrl = () => "/field/" + encodeURIComponent(f.area) + "/map?" + new URLSearchParams({ embed: "1", lang: f.language, theme: f.theme() });

  // A frame with the map; `hear` is told what it says. Returns the frame, and how to talk to it.
  function chart(hear) {
    const frame = make("iframe", { src: mapUrl(), title: t("map"), class: "map" });
    let ready = false;
    const waiting = [];
    const post = (message) => frame.contentWindow && frame.contentWindow.postMessage(Object.assign({ source: "battlemap" }, message), location.origin);
    const tell = (message) => (ready ? post(message) : waiting.push(message));
    const listen = (event) => {
      const message = event.data;
      if (event.origin !== location.origin || event.source !== frame.contentWindow || !message || message.source !== "battlemap") return;
      if (message.type === "ready") {
        ready = true;
        waiting.splice(0).forEach(post);
      }
      if (message.type === "left" && f.session === "in") {
        f.session = "over";
        f.update();
      }
      if (hear) hear(message);
    };
    window.addEventListener("message", listen);
    tell({ type: "mine", codes: own().map((grid) => grid.code) });
    const away = async () => { // without a network or a session the browser would show its own page of errors
      if (navigator.onLine !== false && f.link !== "off" && f.session === "in") return;
      const kept = window.caches && (await caches.match(mapUrl(), { ignoreSearch: true }).catch(() => null));
      if (!kept) frame.replaceWith(make("p", { class: "empty" }, t(f.session === "over" ? "map_log_in" : "map_not_here")));
    };
    away();
    const here = () => { if (f.here) tell({ type: "here", lon: f.here.lon, lat: f.here.lat, metres: f.here.accuracy }); };
    here();
    return { frame, tell, here, end: () => window.removeEventListener("message", listen) };
  }

  function mapScreen(main, at) {
    f.head({ title: t("map"), back: at ? "" : undefined });
    const place = (at || "").split(",").map(Number);
    const open = make("a", { class: "main button floating", hidden: true }, t("open_case"));
    const aim = make("button", { type: "button", class: "round floating-aim", "aria-label": t("where_am_i"), onclick: async () => { if (await f.locate()) map.tell({ type: "look", place: f.here }); } }, icon("aim"));
    const map = chart((message) => {
      if (message.type === "select") {
        aim.hidden = Boolean(message.kind); // a card lies there
        open.hidden = message.kind !== "incident";
        open.href = "#/case/" + encodeURIComponent(message.code);
      }
      if (message.type === "open" && /case=/.test(message.page || "")) f.go("#/case/" + encodeURIComponent(new URLSearchParams(message.page.split("?")[1]).get("case")));
    });
    if (place.length === 2 && place.every(isFinite)) map.tell({ type: "look", place: { lon: place[0], lat: place[1] } });
    else if (own().length) map.tell({ type: "look", bounds: own()[0].bounds });
    put(main, make("div", { class: "whole-map" }, [map.frame, aim, open]));
    document.body.classList.add("mapping");
    return { update: map.here, leave: () => { map.end(); document.body.classList.remove("mapping"); } };
  }

  // The grid that is one's own, in a list of one; none for who looks after a whole area.
  function own() {
    const grids = (f.list && f.list.area.grids) || [];
    return grids.length === 1 || (grids.length > 1 && grids[0].level !== grids[1].level) ? grids.slice(0, 1) : [];
  }

  Object.assign(f, { listScreen, mapScreen, chart, mapUrl, classOf, statusOf, own, rowOf, kindOf, titleOf, hrefOf, isNew, waitingFor, actsOf, nextOf, doAct, chips, orderTime, orderState, visitTime, siteTime, triedOf, againWords, openOf, notices });
  f.walked = (name, found) => found; // in the order of a walk, once the script for it is there
})();
