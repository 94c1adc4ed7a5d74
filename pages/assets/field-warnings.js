// Heavy-pollution warnings (重污染天气预警): what is to be done at the sources while one holds, and what was seen there. ES2018, no build step.
(function () {
  "use strict";
  const f = window.field;
  const { t, make, put, render, icon } = f;
  const LONGEST_METER = 60, LONGEST_NOTE = 200; // of desk/warnings/acts.py

  const asks = (row) => (f.language === "en" ? row.asks_en : row.asks);
  const hrefOf = (number) => "#/warning/" + encodeURIComponent(number);
  const early = (row) => Boolean(row.since) && f.now() < Date.parse(row.since);
  const isWaiting = (row) => f.waitingFor(row.number).some((item) => item.state === "waiting");
  function timeOf(row) { // a check is overdue a while after its hour
    if (isWaiting(row)) return { text: "", level: "calm" };
    if (early(row)) return { text: t("warning_since", { time: f.when(row.since) }), level: "calm" };
    const left = f.left(row.due);
    return { text: left.text, level: f.now() > Date.parse(row.late) ? "late" : left.level === "late" ? "soon" : left.level };
  }

  // ---- the list, by source
  function bySource(rows) {
    const found = new Map();
    rows.forEach((row) => found.set(row.site, (found.get(row.site) || []).concat(row)));
    const far = (some) => (f.here && typeof some[0].lon === "number" ? f.between(f.here, some[0]).metres : 0);
    return Array.from(found.values()).sort((one, other) => Date.parse(one[0].due) - Date.parse(other[0].due) || far(one) - far(other)); // of what is due at once the nearest first
  }
  function entry(row) {
    const time = timeOf(row);
    return make("li", { class: "entry draft " + time.level, "data-number": row.number }, make("a", { class: "open", href: hrefOf(row.number) }, [
      make("h3", {}, asks(row)),
      make("p", { class: "fine" }, [t("fact_due") + " " + f.when(row.due), time.text && [" · ", make("span", { class: "time" }, time.text)]]),
      make("p", { class: "chips" }, f.chips(row.number)),
      icon("go"),
    ]));
  }
  const source = (rows) => [make("h3", { class: "source" }, rows[0].name), make("p", { class: "fine" }, f.listed([rows[0].address, f.away(rows[0])])), make("ul", { class: "entries" }, rows.map(entry))];

  function warningsScreen(main) {
    f.head({ title: t("warnings"), back: "#/", again: true });
    function update() {
      const rows = (f.list && f.list.warnings) || [];
      if (!rows.length) return render(main, make("p", { class: "empty" }, t(f.list ? "nothing_warnings" : "loading")));
      const orders = Array.from(new Map(rows.map((row) => [row.warning, row])).values());
      const mine = rows.filter((row) => row.mine);
      const part = (title, some) => some.length > 0 && [mine.length > 0 && make("h2", { class: "part" }, title), bySource(some).map(source)];
      return render(main, [
        orders.map((row) => make("p", { class: "level", "data-level": row.level }, [make("b", {}, t("warning_" + row.level)), " ", row.order])),
        part(t("warnings_mine"), mine),
        part(t("warnings_others"), rows.filter((row) => !row.mine)),
        f.list.warnings_more ? make("p", { class: "fine centre" }, t("n_more_tasks", { n: f.list.warnings_more })) : null,
      ]);
    }
    update();
    f.refreshSoon();
    return { update, every: 30000 };
  }

  // ---- one task: what was seen
  function warningScreen(main, number) {
    const key = ["warning", f.account, f.area, number].join("/");
    const kept = f.drafts.find((one) => one.key === key);
    const row = f.rowOf("warning", number) || (kept && kept.row);
    f.head({ title: t("record_warning"), back: "#/warnings" });
    if (!row) {
      render(main, make("p", { class: "empty" }, t(f.list ? "warning_gone" : "loading")));
      return { update: () => { if (f.rowOf("warning", number)) f.show(); } };
    }
    const time = timeOf(row);
    const about = [
      f.sheetHead({}, icon("alarm"), asks(row), time, ""),
      f.facts([["source", row.name], ["place", f.listed([row.address, f.away(row)])], ["level", t("warning_" + row.level)], ["order", row.order], ["due", f.when(row.due)]]),
    ];
    if (isWaiting(row)) { // written down: until it is sent it may be taken back
      const update = () => (isWaiting(row) ? render(main, [about, f.pending(number)]) : f.show());
      update();
      return { update };
    }
    if (early(row)) { // nothing to write down yet
      render(main, [about, make("p", { class: "hint" }, t("need_later", { time: f.when(row.since) }))]);
      return { update: () => { if (!early(row)) f.show(); }, every: 30000 };
    }
    const draft = kept || f.newDraft({ key, kind: "warning", number, row, kept: "", meter: "", text: "", photos: [], at: "" });
    const save = f.saver(draft);
    const warn = make("p", { class: "warn", role: "alert", hidden: true });
    const type = (name) => (event) => { draft[name] = event.target.value; warn.hidden = true; save(); };
    const meter = make("input", { type: "text", id: "meter", value: draft.meter, maxlength: LONGEST_METER, autocomplete: "off", inputmode: "decimal", "aria-label": t("warning_meter"), oninput: type("meter") });
    const text = make("textarea", { rows: 2, id: "text", "aria-label": t("note"), placeholder: t("note"), maxlength: LONGEST_NOTE, oninput: type("text") }, draft.text);
    const send = make("button", { type: "button", class: "main", id: "send", onclick: () => finish() }, [icon("send"), t("save_warning")]);
    function lack(name) {
      put(warn, t(name)).hidden = false;
      warn.scrollIntoView({ block: "center" });
    }
    async function finish() {
      if (!draft.kept) return lack("need_kept");
      if (draft.kept === "yes" && row.kind === "stop" && !/\d/.test(draft.meter.normalize("NFKC")) && !draft.photos.length) return lack("need_evidence");
      if (draft.kept === "no" && !draft.text.trim()) return lack("need_not_kept");
      const data = { kept: draft.kept === "yes" };
      ["meter", "text"].forEach((name) => { if (draft[name].trim()) data[name] = draft[name].trim(); });
      send.disabled = true;
      const item = await f.enqueue({ key: draft.item, do: "warning_done", case: number, data, photos: draft.photos, as: draft.as || f.postFor(row), title: row.name, draft: Object.assign({}, draft, { error: null }) }, [["drafts", draft.key]]);
      send.disabled = false;
      if (item) f.go("#/warnings", true);
    }
    put(main, [
      about,
      f.chips(number),
      draft.error && make("p", { class: "warn" }, f.reason(draft.error)),
      f.either(t("warning_kept"), ["yes", "no"].map((one) => [one, t("warning_kept_" + one)]), draft.kept, (one) => { draft.kept = one; warn.hidden = true; save(); }),
      row.kind === "stop" && make("p", { class: "hint" }, t("hint_warning")),
      f.photosOf(draft, t("photo_take"), async () => { warn.hidden = true; await save(); }),
      make("section", { class: "block" }, [make("label", { class: "labelled" }, [t("warning_meter"), meter]), text, make("p", { class: "fine" }, t("no_names"))]),
      warn,
      make("div", { class: "bar" }, send),
    ]);
    async function leave() { // one that was only looked at leaves no draft
      if (draft.error || draft.kept || draft.meter || draft.text || draft.photos.length) save.now();
      else if (f.drafts.indexOf(draft) >= 0) await f.dropDraft(draft);
    }
    return { leave };
  }

  Object.assign(f, { warningsScreen, warningScreen });
})();
