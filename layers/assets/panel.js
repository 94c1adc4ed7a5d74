// Everything around the map: title and counts, search, layers, legend, card, controls. Text from outside is always set as text.
(function () {
  "use strict";
  const b = window.battlemap;
  const make = b.make;
  const MARKS = ["red", "yellow", "green"];

  const ICONS = { // in a box of 24
    search: "M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13M15.3 15.3 20 20",
    layers: "M12 4 21 9 12 14 3 9ZM4.5 12.8 12 17 19.5 12.8M4.5 16.3 12 20.5 19.5 16.3",
    legend: "M4 6.5h3M4 12h3M4 17.5h3M10.5 6.5H20M10.5 12H20M10.5 17.5H20",
    home: "M4 9V4H9M15 4H20V9M20 15V20H15M9 20H4V15M12 10.5v3M10.5 12h3",
    full: "M14 4H20V10M20 4 13.5 10.5M10 20H4V14M4 20 10.5 13.5",
    print: "M7 9V4H17V9M7 17H4V9H20V17H17M7 14H17V20H7Z",
    zoom_in: "M12 5V19M5 12H19",
    zoom_out: "M5 12H19",
    close: "M6 6 18 18M18 6 6 18",
  };
  const line = (name) => b.drawing("0 0 24 24", "line-icon", [{ d: ICONS[name], fill: "none", stroke: "currentColor", "stroke-width": 1.8, "stroke-linecap": "round", "stroke-linejoin": "round" }]);

  b.Panel = function (model) {
    this.model = model;
    this.words = model.data.words;
    this.build();
  };

  b.Panel.prototype = {
    button(name, use) {
      return make("button", { type: "button", class: "tool", "data-tool": name, title: this.words[name], "aria-label": this.words[name], onclick: use }, line(name));
    },

    build() {
      const model = this.model;
      const words = this.words;
      const chart = model.map.getContainer();
      chart.setAttribute("aria-label", b.fill(words.map_of, { name: model.data.name }));
      chart.setAttribute("role", "application");
      chart.setAttribute("aria-description", words.keys);
      this.stage = make("main", { class: "stage" });
      this.frame = make("div", { class: "frame" }, [this.head(), make("div", { class: "middle" }, [this.rail(), this.stage]), this.foot()]);
      document.body.append(this.frame);
      this.stage.append(chart, this.searchBox(), this.tools(), this.corner());
      this.panels = make("div", { class: "panels" }, [this.layerPanel(), this.legendPanel(), this.printPanel()]);
      this.card = make("aside", { class: "card", hidden: true, "aria-live": "polite" });
      this.tip = make("div", { class: "tip", hidden: true, "aria-hidden": "true" });
      this.notice = make("div", { class: "notice", role: "status", hidden: true });
      this.stage.append(this.panels, this.card, this.tip, this.notice);
    },

    head() {
      const model = this.model;
      const words = this.words;
      const levels = model.data.levels.filter((level, d) => d > 0 || level.count > 1).map((level) => b.fill(words.count_of, { n: level.count, name: level.counted }));
      model.data.overlays.forEach((overlay) => { if (overlay.responsible) levels.push(b.fill(words.count_of, { n: overlay.codes.length, name: overlay.counted })); });
      this.clock = make("span", { class: "clock" });
      this.date = make("span", { class: "date" });
      this.headAge = make("span", { class: "age", role: "status" });
      this.strip = make("div", { class: "strip-counts" });
      this.titleRest = make("span", { class: "title-rest" }, " · " + words.battle_map);
      this.levels = make("p", { class: "levels" }, levels.map((text) => make("span", {}, text)));
      return make("header", { class: "head" }, [
        make("h1", {}, [model.data.name, this.titleRest]),
        model.data.synthetic ? make("span", { class: "synthetic" }, words.synthetic) : null,
        (this.demo = make("span", { class: "synthetic demo", hidden: true }, words.demo)),
        this.levels,
        this.strip,
        make("div", { class: "when" }, [this.date, this.clock, this.headAge]),
      ]);
    },

    leaving() { return [this.date, this.titleRest].concat(Array.from(this.levels.children).reverse()); },
    fit() { // what has no room in the head leaves it, the least important first
      if (this.model.embedded || this.model.narrow) return;
      const parts = this.leaving();
      parts.forEach((part) => { part.hidden = false; });
      const head = this.levels.parentElement;
      const spills = (element) => element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 1;
      for (let n = 0; n < parts.length && (spills(head) || spills(this.levels)); n++) parts[n].hidden = true;
    },

    rail() {
      this.board = make("div", { class: "board" });
      this.lateList = make("ol", { class: "list" });
      this.newList = make("ol", { class: "list" });
      this.lateTitle = make("h2", {}, this.words.overdue);
      const section = (...children) => make("section", {}, children);
      return make("aside", { class: "rail", "aria-label": this.words.now }, [section(make("h2", {}, this.words.now), this.board), section(this.lateTitle, this.lateList), section(make("h2", {}, this.words.newest), this.newList)]);
    },

    foot() {
      const model = this.model;
      this.footScale = make("span", { class: "scale" }, [make("span", { class: "scale-text" }), make("span", { class: "scale-bar" })]);
      const legend = MARKS.map((mark) => make("span", { class: "key" }, [b.markIcon(model, mark), this.words[mark]]));
      if (model.data.overlays.some((overlay) => overlay.responsible)) legend.push(make("span", { class: "key" }, [make("span", { class: "swatch hatch" }), model.data.overlays.find((overlay) => overlay.responsible).name]));
      return make("footer", { class: "foot" }, [make("div", { class: "keys" }, legend), make("span", { class: "grow" }), make("span", { class: "fine" }, model.data.synthetic ? this.words.disclaimer : this.words.disclaimer_real), make("span", { class: "fine credit" }, model.data.attribution), this.footScale]);
    },

    corner() { // what the embedded map says of itself
      this.age = make("span", { class: "age", role: "status" });
      this.scale = make("span", { class: "scale" }, [make("span", { class: "scale-text" }), make("span", { class: "scale-bar" })]);
      const model = this.model;
      return make("div", { class: "corner" }, [this.age, make("span", { class: "fine" }, model.data.synthetic ? this.words.disclaimer : this.words.disclaimer_real), make("span", { class: "fine credit" }, model.data.attribution), this.scale]);
    },

    tools() {
      const model = this.model;
      return make("div", { class: "tools", role: "toolbar", "aria-label": this.words.layers }, [
        make("div", { class: "group" }, [this.button("zoom_in", () => model.map.zoomIn(0.5)), this.button("zoom_out", () => model.map.zoomOut(0.5)), this.button("home", () => model.home(true))]),
        make("div", { class: "group" }, [this.button("layers", () => this.toggle("layers")), this.button("legend", () => this.toggle("legend"))]),
        make("div", { class: "group" }, [this.button("full", () => this.full()), this.button("print", () => this.print())]),
      ]);
    },

    full() {
      if (document.fullscreenElement) document.exitFullscreen();
      else if (document.documentElement.requestFullscreen) document.documentElement.requestFullscreen().catch(() => {});
    },

    // The whole area is printed; of a part of it, one is asked which.
    print() {
      if (this.model.whole()) this.paper(false);
      else this.toggle("print");
    },
    printPanel() {
      const choice = (text, view) => make("button", { type: "button", class: "choice", onclick: () => this.paper(view) }, text);
      return this.sheet("print", [choice(this.words.home, false), choice(this.words.this_view, true)]);
    },
    paper(view) {
      const model = this.model;
      const query = new URLSearchParams(model.filter);
      query.set("lang", model.data.language);
      if (view) { // the zoom at which the paper's window holds what this one shows
        const size = model.map.getSize();
        const centre = model.map.getCenter();
        const zoom = model.map.getZoom() - Math.log2(Math.max(size.x / model.data.paper[0], size.y / model.data.paper[1]));
        query.set("view", [centre.lat.toFixed(6), centre.lng.toFixed(6), zoom.toFixed(2)].join(","));
      }
      this.toggle("print", false);
      window.open(model.data.urls.print + "?" + query.toString(), "_blank", "noopener");
    },

    // ---- search
    searchBox() {
      this.input = make("input", { type: "search", placeholder: this.words.search, "aria-label": this.words.search, autocomplete: "off", spellcheck: "false", role: "combobox", "aria-expanded": "false", "aria-controls": "found", "aria-autocomplete": "list" });
      this.found = make("ul", { class: "found", id: "found", role: "listbox", hidden: true });
      this.input.addEventListener("input", () => {
        clearTimeout(this.typing);
        this.typing = setTimeout(() => this.search(), 180);
      });
      this.input.addEventListener("keydown", (event) => this.searchKey(event));
      this.input.addEventListener("focus", () => { if (this.found.children.length) this.showFound(true); });
      this.box = make("div", { class: "search", role: "search" }, [line("search"), this.input, this.found]);
      return this.box;
    },

    showFound(show) {
      this.found.hidden = !show;
      this.input.setAttribute("aria-expanded", String(show));
    },

    async search() {
      const q = this.input.value.trim();
      this.choice = -1;
      this.items = [];
      const asked = (this.asked = (this.asked || 0) + 1);
      if (!q) {
        this.found.replaceChildren ? this.found.replaceChildren() : (this.found.textContent = "");
        this.showFound(false);
        return;
      }
      const show = (children) => {
        if (asked !== this.asked) return;
        this.found.textContent = "";
        children.forEach((child) => this.found.append(child));
        this.showFound(true);
      };
      try {
        const answer = await fetch(this.model.data.urls.search + "?" + new URLSearchParams({ q, lang: this.model.data.language }), { credentials: "same-origin" });
        if (!answer.ok) throw new Error(String(answer.status));
        const items = (await answer.json()).items;
        const rows = items.map((item, n) => make("li", { role: "option", id: "found-" + n, tabindex: "-1", onclick: () => this.choose(item) }, [make("span", { class: "found-label" }, item.label), make("span", { class: "found-detail" }, item.detail)]));
        show(rows.length ? rows : [make("li", { class: "empty" }, b.fill(this.words.search_none, { q }))]);
        if (asked === this.asked) this.items = items;
      } catch (error) {
        show([make("li", { class: "empty" }, this.words.search_failed)]);
      }
    },

    searchKey(event) {
      const count = (this.items || []).length;
      if (event.key === "Escape") {
        this.showFound(false);
        this.input.blur();
      } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && count) {
        event.preventDefault();
        this.choice = ((this.choice < 0 && event.key === "ArrowUp" ? 0 : this.choice) + (event.key === "ArrowDown" ? 1 : -1) + count) % count;
        Array.from(this.found.children).forEach((row, n) => row.setAttribute("aria-selected", String(n === this.choice)));
        this.input.setAttribute("aria-activedescendant", "found-" + this.choice);
      } else if (event.key === "Enter" && count) this.choose(this.items[Math.max(0, this.choice)]);
      event.stopPropagation();
    },

    choose(item) {
      this.showFound(false);
      this.input.value = item.label;
      this.model.fly(item);
      this.model.select({ kind: item.kind, code: item.code, at: this.model.plane.of(item.lon, item.lat) });
    },

    // ---- layers and legend
    toggle(name, show) {
      Array.from(this.panels.children).forEach((panel) => {
        const wanted = panel.dataset.panel === name ? (show === undefined ? panel.hidden : show) : false;
        panel.hidden = !wanted;
        const tool = this.stage.querySelector('[data-tool="' + panel.dataset.panel + '"]');
        if (tool) tool.setAttribute("aria-expanded", String(wanted));
        if (wanted && show === undefined) panel.querySelector("button, input").focus();
        if (wanted && !this.card.hidden) this.model.select(null); // they stand at one place
      });
    },

    sheet(name, children) {
      return make("section", { class: "sheet", "data-panel": name, hidden: true, "aria-label": this.words[name] }, [make("div", { class: "sheet-head" }, [make("h2", {}, this.words[name]), make("button", { type: "button", class: "quiet", "aria-label": this.words.close, onclick: () => this.toggle(name, false) }, line("close"))]), make("div", { class: "sheet-body" }, children)]);
    },

    layerPanel() {
      const model = this.model;
      const words = this.words;
      const kinds = new Set(model.data.ground.map((layer) => layer.kind));
      const row = (key, text) => make("label", { class: "check" }, [make("input", { type: "checkbox", name: key, checked: model.shown(key), onchange: (event) => model.show(key, event.target.checked) }), make("span", {}, text)]);
      const rows = [["marks", words.marks], ["states", words.states], ["numbers", words.numbers], ["tints", words.tints]];
      model.data.overlays.forEach((overlay) => rows.push([overlay.key, overlay.name]));
      model.data.layers.forEach((layer) => { if (layer.kind === "site" || layer.kind === "service" || (layer.kind === "building" && model.data.glyphs[layer.key])) rows.push([layer.key, layer.name]); });
      if (model.data.layers.some((layer) => layer.kind === "building" && !model.data.glyphs[layer.key])) rows.push(["buildings", words.buildings]);
      ["street", "water", "green", "block", "footprint"].forEach((kind) => { if (kinds.has(kind)) rows.push([kind === "green" ? "park" : kind, words[kind === "green" ? "park" : kind]]); });
      if (kinds.size) rows.push(["names", words.names]);
      if (!model.data.wall) rows.unshift(["registered_sites", words.registered_sites], ["registered_findings", words.registered_findings]);
      if (model.basemap) rows.push(["basemap", words.basemap]);
      return this.sheet("layers", rows.map((pair) => row(pair[0], pair[1])));
    },

    legendPanel() {
      const model = this.model;
      const words = this.words;
      const group = (title, rows, note) => make("div", { class: "legend-group" }, [make("h3", {}, title), make("ul", {}, rows.map((pair) => make("li", {}, [pair[0], make("span", {}, pair[1])]))), note ? make("p", { class: "fine" }, note) : null]);
      const stack = make("span", { class: "count-plate" }, "3");
      const pause = make("span", { class: "badge-plate" }, "Ⅱ");
      const late = make("span", { class: "late-plate" });
      this.period = make("p", { class: "fine" });
      const states = group(words.legend_states, MARKS.map((mark) => [make("span", { class: "swatch state-" + mark }), words[mark]]).concat([[make("span", { class: "swatch" }), words.neutral]]));
      states.append(this.period);
      const groups = [group(words.legend_marks, MARKS.map((mark) => [b.markIcon(model, mark), words[mark + "_long"]]).concat([[stack, words.stack], [pause, words.suspended], [late, words.overdue]])), states];
      const special = model.data.overlays.filter((overlay) => overlay.responsible);
      if (special.length) groups.push(group(special[0].name, [[make("span", { class: "swatch hatch" }), words.legend_dedicated]]));
      const lines = model.data.levels.map((level, d) => [make("span", { class: "rule outline-" + (d === model.data.levels.length - 1 ? "leaf" : Math.min(d, 2)) }), level.name]);
      const kinds = new Set(model.data.ground.map((layer) => layer.kind));
      if (kinds.has("street")) ["arterial", "secondary", "lane"].forEach((cls) => lines.push([make("span", { class: "rule street-" + cls }), words[cls]]));
      if (kinds.has("railway")) lines.push([make("span", { class: "rule railway" }), words.railway]);
      if (kinds.has("water")) lines.push([make("span", { class: "swatch water" }), words.water]);
      if (kinds.has("green")) lines.push([make("span", { class: "swatch park" }), words.park]);
      groups.push(group(words.legend_ground, lines));
      this.siteLegend = make("div", { class: "legend-group" });
      groups.push(this.siteLegend);
      this.registeredLegend = make("div", { class: "legend-group registered" });
      groups.unshift(this.registeredLegend);
      return this.sheet("legend", groups);
    },

    fillSiteLegend() {
      const model = this.model;
      const seen = new Map();
      model.points.forEach((layer) => {
        if (layer.kind === "building" && !layer.glyph) return;
        const classes = layer.kind === "building" ? [layer.key] : layer.classes;
        classes.forEach((cls) => {
          const name = model.data.classes[cls] || (model.data.layers.find((one) => one.key === layer.key) || {}).name;
          seen.set(cls, [b.drawing("0 0 16 16", "glyph " + layer.kind, [{ d: model.data.glyphs[cls] || model.data.glyphs[""], "fill-rule": "evenodd", fill: "currentColor" }]), name || cls]);
        });
      });
      this.siteLegend.textContent = "";
      if (!seen.size) return;
      this.siteLegend.append(make("h3", {}, this.words.legend_sites), make("ul", {}, Array.from(seen.values()).map((pair) => make("li", {}, [pair[0], make("span", {}, pair[1])]))));
    },

    // What the layers of sites and findings show, how many there are, and that some are not drawn.
    fillRegistered() {
      const model = this.model;
      const words = this.words;
      const on = model.registered.filter((layer) => layer.on());
      this.registeredLegend.textContent = "";
      model.registered.forEach((layer) => {
        const box = this.panels.querySelector('input[name="registered_' + layer.name + '"]');
        if (box) box.checked = layer.on();
      });
      on.forEach((layer) => {
        const said = (n) => Number(n || 0).toLocaleString("en");
        const many = layer.trouble || (layer.name === "findings" ? b.fill(words.registered_found, { n: said(layer.found), of: said(layer.of) }) : b.fill(words.registered_many, { n: said(layer.of) }));
        const left = layer.of > layer.rows.length && !layer.trouble ? make("p", { class: "fine" }, b.fill(words.registered_left, { n: said(layer.of - layer.rows.length) })) : null;
        const kinds = Array.from(new Set(layer.rows.map((row) => row.kind))).map((kind) => model.data.site_kinds[kind]).filter(Boolean);
        const letters = kinds.map((kind) => kind[0] + " " + kind[2]).join(" · ");
        const keys = layer.name === "findings" ? [words.registered_key_findings] : [words.registered_key_kind, letters, words.registered_key_rounds, words.registered_key_open].filter(Boolean);
        const own = {};
        new URLSearchParams(layer.query).forEach((value, name) => { if (name !== "all") own[name] = value; }); // all: of a list that nothing narrows
        const narrowed = Object.keys(own).length > 0;
        const page = { page: layer.name, own };
        const way = make("a", { class: "registered-list", href: "/" + layer.name + "?" + new URLSearchParams(Object.assign({ area: model.data.area, lang: model.data.language }, own)), target: model.embedded ? "_top" : "_blank", rel: "noopener", onclick: (event) => model.open(page, event) }, words.registered_open);
        this.registeredLegend.append(make("h3", {}, words["registered_" + layer.name + (narrowed ? "_list" : "")]), make("p", { class: "registered-count", "data-layer": layer.name, "data-of": layer.of, "data-drawn": layer.rows.length, "data-found": layer.found }, many), ...keys.map((text) => make("p", { class: "fine" }, text)), left || "", narrowed || layer.name === "sites" ? make("p", {}, way) : ""); // no list has just what stands open
      });
    },

    // ---- card
    async openCard(chosen) {
      const model = this.model;
      const asked = (this.cardAsked = (this.cardAsked || 0) + 1);
      if (!chosen) {
        this.card.hidden = true;
        return;
      }
      try {
        const answer = await fetch(model.cardUrl(chosen.kind, chosen.code), { credentials: "same-origin" });
        if (!answer.ok) throw new Error(String(answer.status));
        const card = await answer.json();
        if (asked === this.cardAsked) this.showCard(card, chosen);
      } catch (error) {
        if (asked === this.cardAsked) this.showCard({ title: chosen.label || chosen.code, subtitle: this.words.card_failed, rows: [], sections: [] }, chosen);
      }
    },

    showCard(card, chosen) {
      const model = this.model;
      if (!chosen.at && card.lon !== undefined && card.lon !== null) chosen.at = model.plane.of(card.lon, card.lat);
      const items = (section) => make("ul", { class: "card-items" }, section.items.map((item) => make("li", {}, make("button", { type: "button", onclick: () => model.select({ kind: item.kind, code: item.code, label: item.label }, true) }, [item.mark ? b.markIcon(model, item.mark, this.words[item.mark]) : null, make("span", { class: "item-label" }, item.label), item.detail ? make("span", { class: "item-detail" }, item.detail) : null]))));
      const part = model.partOf(chosen.kind);
      const children = [
        make("div", { class: "sheet-head" }, [make("div", { class: "card-title" }, [card.mark ? b.markIcon(model, card.mark, this.words[card.mark]) : null, make("h2", { tabindex: "-1" }, card.title)]), make("button", { type: "button", class: "quiet", "aria-label": this.words.close, onclick: () => model.select(null) }, line("close"))]),
        make("div", { class: "sheet-body" }, [
          card.subtitle ? make("p", { class: "subtitle" }, card.subtitle) : null,
          make("dl", {}, [].concat.apply([], (card.rows || []).map((row) => [make("dt", {}, row[0]), make("dd", {}, row[1])]))),
          ...(card.sections || []).filter((section) => section.items.length).map((section) => make("section", {}, [make("h3", {}, section.title), items(section)])),
        ]),
        card.link ? make("div", { class: "card-foot" }, make("a", { class: "primary", href: card.link.href, target: model.embedded && (card.link.page || model.phone) ? "_top" : "_blank", rel: "noopener", onclick: (event) => model.open(card.link, event) }, card.link.label)) : null,
        part ? make("div", { class: "card-foot" }, make("button", { type: "button", class: "primary", onclick: () => model.only(chosen.kind, chosen.code) }, this.words.only)) : null,
      ];
      this.card.textContent = "";
      children.filter(Boolean).forEach((child) => this.card.append(child));
      this.card.hidden = false;
      this.toggle("", false);
      model.top.request();
    },

    listCard(stack) { // too many to fan out
      const model = this.model;
      this.cardAsked = (this.cardAsked || 0) + 1;
      const shown = stack.items.slice(0, 200);
      this.showCard({
        title: b.fill(this.words.at_place, { n: stack.items.length }),
        subtitle: stack.items.length > shown.length ? b.fill(this.words.more, { n: stack.items.length - shown.length }) : "",
        rows: [],
        sections: [{ title: this.words.legend_marks, items: shown.map((item) => ({ kind: "incident", code: item.uid, label: item.title, detail: model.when(item.time), mark: item.mark })) }],
      }, { kind: "", code: "", at: [stack.x, stack.y] });
    },

    // ---- what changes
    refresh() {
      const model = this.model;
      const words = this.words;
      const counts = model.counts;
      const late = model.incidents.filter((incident) => incident.late && incident.mark === "red").sort((one, other) => one.due - other.due || (one.uid < other.uid ? -1 : 1));
      const said = (n) => n.toLocaleString("en");
      const aside = { red: counts && model.overdue ? b.fill(words.n_overdue, { n: said(model.overdue) }) : "", green: model.period() };
      const figure = (mark, big) => make("div", { class: "figure " + mark }, [b.markIcon(model, mark), make("b", { class: counts && counts[mark] > 999 ? "long" : null }, counts ? said(counts[mark]) : "–"), make("span", {}, [mark === "yellow" ? words.yellow_short : words[mark], big && aside[mark] ? make("small", {}, aside[mark]) : null])]);
      this.board.textContent = "";
      this.strip.textContent = "";
      MARKS.forEach((mark) => {
        this.board.append(figure(mark, true));
        this.strip.append(figure(mark, false));
      });
      if (model.hiddenCount) this.board.append(make("p", { class: "fine hidden-count" }, b.fill(words.n_hidden, { n: said(model.hiddenCount) })));
      if (model.few) this.board.append(make("p", { class: "fine hidden-count" }, words.few_hidden));
      this.demo.hidden = !model.demo;
      if (counts) this.strip.append(make("div", { class: "figure late" }, [make("b", {}, said(model.overdue)), make("span", {}, words.overdue)]));
      const row = (incident, lead, look) => make("li", {}, make("button", { type: "button", onclick: () => model.select({ kind: "incident", code: incident.uid, label: incident.title, at: [incident.x, incident.y] }, true) }, [b.markIcon(model, incident.mark, words[incident.mark]), make("span", { class: "item-label" }, incident.title || model.placeOf(incident)), make("span", { class: "lead " + look }, lead), incident.title ? make("span", { class: "item-detail" }, model.placeOf(incident)) : null])); // who may not read words reads the place
      const rows = model.railRows(this.board.offsetHeight);
      const lates = Math.min(rows[0], late.length);
      this.lateTitle.hidden = this.lateList.hidden = !lates;
      this.lateList.textContent = "";
      late.slice(0, lates).forEach((incident) => this.lateList.append(row(incident, model.over(incident.due), "late")));
      this.newList.textContent = "";
      model.incidents.slice().sort((one, other) => other.time - one.time || (one.uid < other.uid ? -1 : 1)).slice(0, rows[1] - (rows[2] ? lates : 0)).forEach((incident) => this.newList.append(row(incident, model.day(incident.time), "")));
      this.period.textContent = b.fill(words.legend_precedence, { period: model.period() });
      this.connection();
      this.filterNotice();
    },

    connection() {
      const model = this.model;
      const words = this.words;
      const state = model.live.state;
      [this.age, this.headAge].forEach((element) => {
        const asOf = model.asOf ? b.fill(words.as_of, { time: element === this.age ? model.when(model.asOf) : model.brief(model.asOf) }) : words.no_time;
        const text = state === "live" ? asOf : state === "lost" && model.live.answered ? b.fill(words.lost, { time: model.asOf ? model.when(model.asOf) : "–" }) : this.beginning() || words.connecting;
        if (element.dataset.state === state && element.title === text && element.dataset.age === model.ageText()) return;
        element.dataset.age = model.ageText();
        element.dataset.state = state;
        element.classList.toggle("old", model.old());
        element.title = text;
        element.textContent = "";
        element.append(make("i", { class: "lamp" }), make("span", { class: "as-of" }, text), state === "live" ? make("span", { class: "live-word" }, model.ageText()) : "");
      });
      document.body.classList.toggle("lost", state === "lost");
      this.fit();
    },

    beginning() {
      const at = this.model.live.beginning;
      return at && (at.of ? b.fill(this.words.beginning_part, { done: at.done, of: at.of }) : this.words.beginning);
    },

    filterNotice() {
      const model = this.model;
      const said = Object.keys(model.filter).map((name) => model.filterText(name)).filter(Boolean);
      this.notice.textContent = "";
      const error = model.live.error ? b.fill(this.words.bad_filter, { error: model.live.error }) : model.trouble;
      const beginning = model.embedded ? null : this.beginning();
      this.notice.hidden = !error && !beginning && (!said.length || model.embedded);
      if (beginning) this.notice.append(make("span", {}, beginning));
      else if (error) this.notice.append(make("span", { class: "bad" }, error));
      else this.notice.append(make("span", {}, this.words.filtered + " · " + said.join(" · ")));
      if (!model.embedded && said.length && !beginning) this.notice.append(make("button", { type: "button", class: "quiet", onclick: () => model.setFilter({}) }, this.words.clear_filter));
    },

    tick(now) {
      const zone = { timeZone: this.model.data.timezone };
      const language = this.model.data.language === "zh" ? "zh-CN" : "en-GB";
      this.clock.textContent = now.toLocaleTimeString(language, Object.assign({ hour12: false }, zone));
      this.date.textContent = now.toLocaleDateString(language, Object.assign({ month: "long", day: "numeric", weekday: "short" }, zone));
    },

    rule() { // the scale bar: a round length between 60 and 150 pixels
      const model = this.model;
      const mpp = model.plane.metres / Math.pow(2, model.map.getZoom() - b.ZOOM);
      const most = 150 * model.k * mpp;
      const power = Math.pow(10, Math.floor(Math.log10(most)));
      const length = [5, 2, 1].map((n) => n * power).find((n) => n <= most);
      [this.scale, this.footScale].forEach((element) => {
        element.children[0].textContent = length >= 1000 ? length / 1000 + " km" : length + " m";
        element.children[1].style.width = length / mpp + "px";
      });
    },

    tooltip(found, at) {
      const text = found && (found.stack ? b.fill(this.words.at_place, { n: found.stack.items.length }) : found.label);
      this.tip.hidden = !text;
      if (!text) return;
      this.tip.textContent = text;
      this.tip.style.transform = "translate(" + Math.round(at.x + 14) + "px," + Math.round(at.y + 16) + "px)";
    },
  };
})();
