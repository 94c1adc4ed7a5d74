// The sheets: of a case, a service order, a visit, of what is not sent yet; and the emergency cards of buildings. ES2018, no build step.
(function () {
  "use strict";
  const f = window.field;
  const { t, named, make, put, append, render, icon, mark } = f;
  const NEAR = 60; // metres to a building, for a place to be taken as lying at it
  const SOME = 8; // cards that a phone keeps before somebody asks for them
  const DAILY = 86400000;

  // ---- the sheet of a case
  const sheetKey = (number) => [f.account, f.area, number].join("/");

  function picture(photo, label) {
    const base = "/photo/" + encodeURIComponent(f.area) + "/";
    const image = make("img", { src: base + (photo.thumbnail || photo.sha256), alt: label, loading: "lazy" });
    image.addEventListener("error", () => { image.replaceWith(make("span", { class: "fine" }, t("photo_not_here"))); });
    return make("button", { type: "button", class: "shot", onclick: () => large(base + photo.sha256, label) }, image);
  }
  function large(url, label) {
    const dialog = make("dialog", { class: "viewer", "aria-label": label }, [make("img", { src: url, alt: label }), make("button", { type: "button", class: "main", onclick: () => dialog.remove() }, t("close"))]);
    document.body.append(dialog);
    if (dialog.showModal) dialog.showModal();
    else dialog.setAttribute("open", "");
    dialog.addEventListener("close", () => dialog.remove());
  }

  function line(entry) {
    const done = entry.done_at && Math.abs(Date.parse(entry.at) - Date.parse(entry.done_at)) > 120000;
    return make("li", {}, [
      make("b", {}, entry.what),
      make("span", { class: "fine" }, [entry.post, " · ", f.when(done ? entry.done_at : entry.at)]),
      done && make("span", { class: "fine" }, t("arrived_at", { time: f.when(entry.at) })),
      entry.text && make("p", {}, entry.text),
      (entry.details || []).map((detail) => make("p", { class: "fine" }, detail)),
    ]);
  }

  // What every sheet has: what is done next under the thumb, all else behind "more".
  function bar(kind, row, acts) {
    const first = f.nextOf(acts);
    const rest = acts.filter((act) => act !== first);
    return acts.length > 0 && make("div", { class: "bar" }, acts.length === 1 && !first ? make("button", { type: "button", class: "plain", "data-act": acts[0], onclick: () => f.doAct(kind, row, acts[0]) }, t("act_" + acts[0])) : [
      first && make("button", { type: "button", class: "main", "data-act": first, onclick: () => f.doAct(kind, row, first) }, t("act_" + first)),
      rest.length > 0 && make("button", { type: "button", class: first ? "plain" : "main", id: "more", onclick: () => choose(kind, row, rest) }, t("more_acts")),
    ]);
  }
  function head(row, shape, title, time, state) {
    return make("header", { class: "sheet " + time.level, "data-version": row.version }, [
      make("h2", {}, [shape, make("span", {}, title)]),
      make("p", { class: "fine" }, [state && make("span", { class: "state" }, state), time.text && make("span", { class: "time" }, time.text)]),
    ]);
  }
  // What was done here and is not sent yet, and the way back from it.
  function pending(number) {
    const back = f.waitingFor(number).filter((item) => item.state === "waiting" && !item.tried);
    return [
      make("p", { class: "chips" }, f.chips(number)),
      back.length > 0 && make("div", { class: "row wrap" }, back.map((item) => make("button", { type: "button", class: "plain", "data-undo": item.do, onclick: () => f.undo(item) }, t("take_back", { act: t("act_" + item.do) })))),
    ];
  }
  const facts = (pairs) => make("dl", {}, pairs.filter((pair) => pair[1]).map((pair) => make("div", {}, [make("dt", {}, t("fact_" + pair[0])), make("dd", {}, pair[1])])));
  function ways(row) { // to its place on the map, and to the emergency card of the building there
    const building = f.may("emergency") && buildingAt(row);
    return [
      typeof row.lon === "number" && make("a", { class: "plain wide button", href: "#/map/" + row.lon + "," + row.lat }, [icon("place"), t("on_map")]),
      building && make("a", { class: "plain wide button", id: "card", href: cardUrl(building.code) }, [icon("alarm"), t("card_of", { name: building.name })]),
    ];
  }

  function caseScreen(main, number) {
    f.head({ title: t("case"), back: "#/" });
    let sheet = null;
    let trouble = "";
    function update() {
      const seen = Object.assign({}, sheet, f.rowOf("case", number));
      if (!seen.number) {
        put(main, make("p", { class: "empty" }, trouble || t("loading")));
        return;
      }
      const acts = f.actsOf(seen);
      const photos = (sheet && sheet.shots) || [];
      render(main, [
        head(seen, mark(seen.mark), seen.title, f.left(seen.due), f.statusOf(seen)),
        pending(number),
        seen.text && seen.text !== seen.title && make("p", { class: "words" }, seen.text),
        facts([["class", named(f.classOf(seen.class))], ["place", seen.address || t("see_map")], ["distance", f.away(seen)], ["handler", seen.handler_title], ["answers", seen.answers], ["reported", seen.reported && f.when(seen.reported)], ["number", seen.room ? seen.room + " (" + number + ")" : number]]),
        ways(seen),
        photos.length > 0 && make("div", { class: "shots" }, photos.map((photo, n) => picture(photo, t("photo_n", { n: n + 1 })))),
        make("h2", { class: "part" }, t("history")),
        sheet && sheet.history ? make("ol", { class: "history" }, sheet.history.slice().reverse().map(line)) : make("p", { class: "fine" }, trouble || t("loading")),
        bar("case", seen, acts),
      ]);
    }
    async function load() {
      const key = sheetKey(number);
      const kept = await f.store.get("cases", key);
      if (kept) {
        sheet = kept.data;
        update();
      }
      const found = await f.get("/field/" + encodeURIComponent(f.area) + "/case/" + encodeURIComponent(number) + "?lang=" + f.language);
      if (found.ok) {
        sheet = found.body;
        f.keepSheet(key, sheet);
      } else trouble = found.status === 404 ? t("case_gone") : found.status ? t("case_failed") : sheet ? "" : t("case_not_here");
      if (found.status === 404) sheet = null;
      update();
    }
    update();
    load();
    return { update, taken: load };
  }

  // ---- an order and a visit: all that is known of them came with the list
  function rowScreen(main, kind, number, show) {
    f.head({ title: t(kind), back: "#/" });
    function update() {
      const row = f.rowOf(kind, number);
      render(main, row ? show(row) : [make("p", { class: "empty" }, t(f.list && !f.asking && !f.sending ? kind + "_gone" : f.link === "off" ? "never_loaded" : "loading"))]);
    }
    update();
    f.refreshSoon();
    return { update, every: 30000 };
  }
  const orderScreen = (main, number) => rowScreen(main, "order", number, (row) => {
    const acts = f.actsOf(row);
    return [
      head(row, icon("order"), named(row), f.orderTime(row, acts), f.orderState(row)),
      pending(number),
      row.text && make("p", { class: "words" }, row.text),
      facts([["wanted", f.period(row.since, row.until)], ["place", [row.place, row.address].filter(Boolean).join(" ")], ["where", t(row.home ? "where_home" : "where_here")], ["distance", f.away(row)], ["key", row.key], ["repeat", repeats(row.every)], ["asker", row.asker_title], ["number", number]]),
      ways(row),
      bar("order", row, acts),
    ];
  });
  function repeats(every) { // "2 week", as the ledger has it
    const [n, unit] = (every || "").split(" ");
    return unit && (n === "1" ? t("each_" + unit) : t("every_" + unit, { n }));
  }

  const visitScreen = (main, number) => rowScreen(main, "visit", number, (row) => {
    const acts = f.actsOf(row);
    return [
      head(row, icon("visit"), row.place, f.visitTime(row), row.phase_name),
      pending(number),
      row.text && make("p", { class: "words" }, row.text),
      facts([["topics", f.listed(f.topics(row.topics).map(named))], ["kind", f.language === "en" ? row.kind_name_en : row.kind_name], ["due", row.due && f.day(row.due)], ["distance", f.away(row)], ["homes", row.households && t("n_households", { n: row.households })], ["tries", row.tries ? t("tries_of", { n: row.tries, most: row.most_tries }) : ""], ["visitor", row.visitor_title], ["planner", row.asker_title], ["done_at", row.done_at && f.when(row.done_at)], ["cases", (row.cases || []).length > 0 && row.cases.map((one) => make("a", { class: "link", href: "#/case/" + encodeURIComponent(one) }, one))], ["number", number]]),
      f.may("report") && make("a", { class: "plain wide button", id: "report-of", href: "#/report/of/" + encodeURIComponent(number) }, [icon("add"), t("report_from_visit")]),
      ways(row),
      bar("visit", row, acts),
    ];
  });

  // ---- what was written here and is not sent yet: more can be said of it, and it can be taken back
  function unsentScreen(main, key) {
    f.head({ title: t("unsent"), back: "#/" });
    function update() {
      const item = f.queue.find((one) => one.key === key);
      if (!item) return render(main, make("p", { class: "empty" }, t("unsent_gone")));
      if (item.state === "done") return f.go(f.hrefOf(item), true);
      const isCase = item.do !== "visit_new" && item.do !== "patrol_new";
      return render(main, [
        head({}, icon(item.state === "refused" ? "help" : "wait"), item.title, { level: item.state === "refused" ? "late" : "calm", text: "" }, item.state === "refused" ? t("state_refused") : f.waitsWords()),
        pending(key),
        item.state === "refused" && make("p", { class: "warn" }, f.reason(item.error || {})),
        item.data.text && item.data.text !== item.title && make("p", { class: "words" }, item.data.text),
        facts([["kind", t("act_" + item.do)], ["class", item.data.class_ && named(f.classOf(item.data.class_))], ["place", item.data.address], ["distance", f.away(item.data)], ["reported", f.when(item.at)], ["photos", item.photos && item.photos.length ? t("n_photos", { n: item.photos.length }) : ""]]),
        typeof item.data.lon === "number" && make("a", { class: "plain wide button", href: "#/map/" + item.data.lon + "," + item.data.lat }, [icon("place"), t("on_map")]),
        item.do === "visit_new" && f.may("report") && make("a", { class: "plain wide button", id: "report-of", href: "#/report/of/" + key }, [icon("add"), t("report_from_visit")]),
        make("div", { class: "row wrap" }, f.repairs(item)),
        isCase && f.may("act") && make("div", { class: "bar" }, [
          make("button", { type: "button", class: "main", "data-act": "help", onclick: () => f.go("#/unsent/" + key + "/help") }, t("act_help")),
          make("button", { type: "button", class: "plain", "data-act": "note", onclick: () => f.go("#/unsent/" + key + "/note") }, t("act_note")),
        ]),
      ]);
    }
    update();
    return { update };
  }

  function choose(kind, row, acts) {
    const dialog = make("dialog", { class: "sheet-menu", "aria-label": t("more_acts") });
    append(dialog, [
      acts.map((act) => make("button", { type: "button", class: "second", "data-act": act, onclick: () => { dialog.remove(); f.doAct(kind, row, act); } }, t("act_" + act))),
      make("button", { type: "button", class: "plain", onclick: () => dialog.remove() }, t("cancel")),
    ]);
    document.body.append(dialog);
    if (dialog.showModal) dialog.showModal();
    else dialog.setAttribute("open", "");
    dialog.addEventListener("close", () => dialog.remove());
  }

  // ---- emergency cards: documents of their own, which the worker keeps
  const cardUrl = (code) => "/emergency/" + encodeURIComponent(f.area) + "/" + code.split("/").map(encodeURIComponent).join("/") + "?lang=" + f.language;
  const buildings = () => ((f.list && f.list.area.buildings) || []).map((one) => ({ code: one[0], name: one[1], lon: one[2], lat: one[3] }));
  const metres = (one, place) => f.between(place, one).metres;
  function nearest(place) {
    return buildings().sort((one, other) => metres(one, place) - metres(other, place));
  }
  function buildingAt(row) {
    if (row.building && row.building.code) return row.building; // as the console says
    const own = row.building && buildings().find((one) => one.code === row.building);
    if (own) return own;
    if (typeof row.lon !== "number") return null;
    const first = nearest(row)[0];
    return first && metres(first, row) <= NEAR ? first : null;
  }
  const RESCUE = ["119", "120", "110"]; // fire, ambulance, police, in all of China
  function notKept() { // the card that was wanted, and there is no network
    return make("section", { class: "block" }, [make("p", { class: "warn", role: "alert" }, t("card_not_here")), make("div", { class: "row" }, RESCUE.map((number) => make("a", { class: "main button", href: "tel:" + number }, number)))]);
  }
  function cardsScreen(main, missing) {
    f.head({ title: t("cards"), back: "#/" });
    let text = "";
    const found = make("ul", { class: "choices" });
    const search = make("input", { type: "search", id: "search", placeholder: t("search_building"), "aria-label": t("search_building"), autocomplete: "off" });
    search.addEventListener("input", () => { text = search.value.trim().toLowerCase(); update(); });
    function update() {
      const known = (f.here ? nearest(f.here) : buildings()).filter((one) => one.name.toLowerCase().indexOf(text) >= 0);
      put(found, known.length ? known.map((one) => make("li", {}, make("a", { class: "choice", href: cardUrl(one.code) }, [make("span", {}, one.name), make("span", { class: "fine" }, f.away(one))]))) : make("li", { class: "empty" }, t(buildings().length ? "no_building" : "no_buildings")));
    }
    put(main, [
      missing && notKept(),
      make("p", { class: "hint" }, t("cards_hint")),
      buildings().length > SOME && make("div", { class: "field" }, search),
      found,
      make("div", { class: "row wrap" }, [make("a", { class: "plain button", href: "#/map" }, [icon("map"), t("cards_by_map")]), make("a", { class: "plain button", href: "/emergency/" + encodeURIComponent(f.area) + "?lang=" + f.language }, [icon("list"), t("cards_running")])]),
    ]);
    update();
    if (!f.here) f.locate(true);
    return { update };
  }

  // The cards of one's own grid, or the nearest, are there before the network goes; once a day.
  f.keepCards = async () => {
    const known = await f.store.get("meta", "cards/" + f.account);
    if (!f.may("emergency") || (known && Date.now() - known.at < DAILY)) return;
    const some = (f.here ? nearest(f.here) : buildings()).slice(0, SOME);
    if (!some.length) return;
    await navigator.serviceWorker.register("/emergency/sw.js?assets=" + encodeURIComponent(document.body.dataset.assets), { scope: "/emergency/" }); // shows them without a network
    f.worker.postMessage({ type: "keep-card", urls: some.map((one) => new URL(cardUrl(one.code), location.href).href) });
    await f.store.write([["meta", { key: "cards/" + f.account, at: Date.now() }]]);
  };
  document.addEventListener("click", (event) => { // from a card one comes back to the screen from which one went
    const link = event.target.closest && event.target.closest('a[href^="/emergency/"], a[href^="/notice/"]');
    if (link) f.leaving();
  });

  Object.assign(f, { sheetHead: head, pending, facts, caseScreen, orderScreen, visitScreen, unsentScreen, cardsScreen });
})();
