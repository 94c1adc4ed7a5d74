// Puts it together: the model that all pieces share, the address, the host, the keys.
(function () {
  "use strict";
  const b = window.battlemap;
  const FILTERS = ["grid", "class", "mark", "days", "status", "channel", "handler", "duty", "late", "demo", "from", "until", "q", "counted"]; // reports.figures.PARAMETERS
  const MOST_FANNED = 24;
  const DRIFT = 2500; // milliseconds by which what a server says comes late; more than that, and its clock was set
  const REST = 6000; // milliseconds without a hand

  function part(plane, source) {
    const shapes = source.shapes.map((parts) => plane.shape(parts));
    const anchors = source.anchors.map((row) => {
      const at = plane.unit(row[0], row[1]);
      return { x: at[0], y: at[1], radius: row[2], half: row[3] };
    });
    return Object.assign({}, source, { shapes, anchors });
  }

  function Model(map, data) {
    const query = new URLSearchParams(location.search);
    this.map = map;
    this.data = data;
    this.query = query;
    this.embedded = !data.wall && query.get("embed") === "1";
    this.phone = location.pathname.indexOf("/field/") === 0; // which has one window
    this.plane = new b.Plane(data);
    this.style = Object.assign({ regular: 400, bold: 700 }, data.style);
    this.levels = data.levels.map((level) => part(this.plane, level));
    this.overlays = data.overlays.map((overlay) => part(this.plane, overlay));
    this.leaf = this.levels[this.levels.length - 1];
    this.leafAt = new Map(this.leaf.codes.map((code, n) => [code, n]));
    this.outline = data.outline.map((parts) => this.plane.shape(parts));
    this.typical = this.leaf.shapes.map((shape) => Math.sqrt((shape.box[2] - shape.box[0]) * (shape.box[3] - shape.box[1]))).sort((one, other) => one - other)[this.leaf.shapes.length >> 1];
    this.hidden = new Set(this.overlays.filter((overlay) => !overlay.responsible).map((overlay) => overlay.key));
    this.points = [];
    this.incidents = [];
    this.states = {};
    this.fresh = [];
    this.version = 0;
    this.mode = "marks";
    this.markSize = 24;
    this.siteHits = [];
    this.timing = {};
    this.counts = null;
    this.overdue = 0;
    this.hiddenCount = 0;
    this.few = false;
    this.demo = false;
    this.basemap = Boolean(document.querySelector(".leaflet-tile-pane .leaflet-layer"));
    this.calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.touch = matchMedia("(pointer: coarse)").matches ? 44 : 0;
    this.homeLevel = this.findHomeLevel();
    this.filter = {};
    FILTERS.forEach((name) => { if (query.get(name)) this.filter[name] = query.get(name); });
    if (data.wall) this.filter = Object.assign({ days: "shift" }, data.wall.grid ? { grid: data.wall.grid } : {}); // what its view says, and what happened in this shift
  }

  Model.prototype = {
    leafSize(s) { return this.typical * s; },
    shown(key) { return !this.hidden.has(key); },
    partOf(kind) { return this.levels.concat(this.overlays).find((one) => one.key === kind); },
    carrier(code) {
      const first = String(code || "").split(";")[0];
      return this.data.stacks[first] || first;
    },
    ancestor(code, depth) { // position in a level, of the leaf that has this code
      let at = this.leafAt.get(this.carrier(code));
      for (let d = this.levels.length - 1; d > depth && at !== undefined && at >= 0; d--) at = this.levels[d].parents[at];
      return at === undefined ? -1 : at;
    },
    // Where numbers of grids come again in every community, a name says which one: the deepest level above that makes them unique, or -1.
    findHomeLevel() {
      const labels = this.leaf.labels;
      const unique = (texts) => new Set(texts).size === texts.length;
      let d = this.levels.length - 2;
      if (unique(labels)) return -1;
      while (d > 0 && !unique(labels.map((label, n) => this.homeOf(n, d) + " " + label))) d--;
      return d;
    },
    homeOf(n, depth) {
      for (let d = this.levels.length - 1; d > depth && n >= 0; d--) n = this.levels[d].parents[n];
      return n >= 0 ? this.levels[depth].labels[n] : "";
    },
    placeOf(incident) {
      const n = this.leafAt.get(this.carrier(incident.leaf));
      if (n === undefined) return "";
      return (this.homeLevel < 0 ? "" : this.homeOf(n, this.homeLevel) + " ") + this.leaf.labels[n];
    },
    chipDepth(view) { // the deepest level above the leaf whose counts have room
      for (let d = this.levels.length - 2; d > 0; d--) {
        const sizes = this.levels[d].anchors.map((at) => at.half / view.mpp).sort((one, other) => one - other);
        if (sizes[Math.floor(sizes.length * 0.35)] > this.sizes.small * 3.1) return d;
      }
      return this.levels[0].codes.length > 1 ? 0 : Math.min(1, this.levels.length - 2);
    },

    // How large everything is: the wall grows with the screen, the desk stays as it is.
    resize() {
      const w = window.innerWidth;
      const h = window.innerHeight;
      this.narrow = w < 720;
      this.wall = Boolean(this.data.wall) || !this.embedded && w >= 1000 && w > h * 1.15;
      this.k = this.data.wall ? Math.max(0.5, Math.min(w / 1200, h / 1080)) : this.wall ? Math.max(0.6, Math.min(w / 1920, h / 1080)) : Math.max(1, Math.min(w / 1600, h / 900));
      const type = this.wall ? this.style.wall : this.style.desk;
      this.sizes = {};
      Object.keys(type).forEach((name) => { this.sizes[name] = type[name] * this.k; });
      const classes = document.body.classList;
      classes.toggle("wall", this.wall);
      classes.toggle("desk", !this.wall);
      classes.toggle("embedded", this.embedded);
      classes.toggle("narrow", this.narrow);
      this.strip = this.wall && w > h * 2.6;
      classes.toggle("strip", this.strip);
      document.documentElement.style.setProperty("--k", this.k);
    },
    railRows(board) { // how many rows have room below a board of that height: overdue ones, and all
      const row = this.k * 69;
      const list = window.innerHeight - this.k * (92 + 54 + 2 * 20 + 40);
      const under = list - Math.max(this.k * 3 * 96, board) - this.k * 62;
      if (this.strip) return [Math.floor(under / row), Math.floor(list / row), false];
      const all = Math.max(2, Math.floor((under - this.k * 62) / row));
      return [Math.ceil(all / 2), all, true];
    },

    // ---- times, in the area's own zone, as 2026-11-20 17:00
    when(time) { return time ? new Intl.DateTimeFormat("sv-SE", { timeZone: this.data.timezone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" }).format(time) : ""; },
    brief(time) { // without the day, or the year, while that goes without saying
      const whole = this.when(time);
      const now = this.when(this.now());
      return whole.slice(0, 10) === now.slice(0, 10) ? whole.slice(11) : whole.slice(0, 4) === now.slice(0, 4) ? whole.slice(5) : whole;
    },
    day(time) { // the hour on the day of the data, else the date
      const whole = this.when(time);
      return this.asOf && whole.slice(0, 10) === this.when(this.asOf).slice(0, 10) ? whole.slice(11) : whole.slice(5, 10);
    },
    over(due) { // how long overdue, as the board beside the map says it
      const words = this.data.words;
      const minutes = Math.max(1, Math.floor((this.asOf - due) / 60000));
      const span = minutes < 60 ? b.fill(words.span_minutes, { n: minutes }) : minutes < 2880 ? b.fill(words.span_hours, { n: Math.floor(minutes / 60) }) : b.fill(words.span_days, { n: Math.floor(minutes / 1440) });
      return due ? b.fill(words.span_over, { span }) : words.overdue;
    },

    // ---- the view moves only for the hand that asked
    home(asked, own) {
      const bounds = own || this.plan || this.data.bounds;
      const edge = 18 * this.k;
      const tools = (this.narrow ? 4 : 60) * this.k;
      const options = { paddingTopLeft: [this.wall ? tools : edge, this.wall ? edge : 60 * this.k], paddingBottomRight: [tools, this.embedded ? 40 * this.k : edge] };
      this.map.fitBounds([[bounds[1], bounds[0]], [bounds[3], bounds[2]]], Object.assign({ animate: Boolean(asked) && !this.calm }, options));
    },
    whole() { // does the window show the whole net?
      const bounds = this.data.bounds;
      return this.map.getBounds().pad(0.02).contains([[bounds[1], bounds[0]], [bounds[3], bounds[2]]]);
    },
    fly(item) {
      const box = item.bbox || [item.lon, item.lat, item.lon, item.lat];
      const target = L.latLngBounds([[box[1], box[0]], [box[3], box[2]]]);
      const edge = 60 * this.k;
      const size = this.map.getSize(); // what is flown to comes to lie beside its card
      const options = { maxZoom: 18.5, paddingTopLeft: [edge, edge], paddingBottomRight: this.narrow ? [edge, size.y * 0.55] : [Math.min(edge + 420 * this.k, size.x * 0.5), edge], duration: 0.8 };
      if (this.calm) this.map.fitBounds(target, Object.assign({ animate: false }, options));
      else this.map.flyToBounds(target, options);
    },
    bring(at) { // only if it lies outside the window
      const place = this.plane.latLng(at[0], at[1]);
      if (!this.map.getBounds().pad(-0.1).contains(place)) this.map.panTo(place, { animate: !this.calm });
    },

    select(chosen, bring) {
      this.fan = chosen && this.fan && chosen.kind === "incident" ? this.fan : null;
      this.selected = chosen;
      if (chosen && chosen.kind === "incident" && !chosen.at) {
        const known = this.live.known.get(chosen.code);
        if (known) chosen.at = [known.x, known.y];
      }
      if (bring && chosen && chosen.at) this.bring(chosen.at);
      this.panel.openCard(chosen);
      this.top.request();
      if (this.embedded) this.tell({ type: "select", kind: chosen ? chosen.kind : "", code: chosen ? chosen.code : "" });
      else this.remember();
    },
    only(key, code) {
      if (this.embedded) this.tell({ type: "only", key, code });
      else this.setFilter(Object.assign({}, this.filter, { grid: key + ":" + code }));
    },
    setFilter(filter) {
      this.filter = filter;
      if (!this.embedded) this.remember();
      this.live.refilter();
    },
    filterText(name) {
      const value = this.filter[name];
      if (name === "grid") {
        const key = value.split(":")[0];
        const code = value.slice(key.length + 1);
        const found = this.partOf(key);
        const at = found ? found.codes.indexOf(code) : -1;
        return found ? found.name + " " + (at < 0 ? code : found.labels[at]) : value;
      }
      if (name === "class") return value.split(",").map((cls) => this.data.classes[cls] || cls).join("、");
      if (name === "mark") return value.split(",").map((mark) => this.data.words[mark] || mark).join("、");
      if (name === "status") return value.split(",").map((status) => this.data.states[status] || status).join("、");
      if (name === "handler" || name === "duty") { // key of a post: kind:level:code
        const parts = value.split(":");
        const found = this.partOf(parts[1]);
        const at = found ? found.codes.indexOf(parts.slice(2).join(":")) : -1;
        return found ? found.name + " " + (at < 0 ? parts[2] : found.labels[at]) : parts[2] || value;
      }
      if (name === "late") return this.data.words.overdue;
      if (name === "counted") return this.data.words.counted;
      return name === "days" ? this.period() : value;
    },
    // Fresh data are live; older ones say how old they are, so that stale never looks like fresh.
    ageText() {
      const words = this.data.words;
      if (this.age === null || this.age === undefined) return "";
      const minutes = this.age + (this.live.answered ? (performance.now() - this.live.answered) / 60000 : 0);
      if (minutes < 5) return words.live;
      if (minutes < 60) return b.fill(words.old_minutes, { n: Math.floor(minutes) });
      if (minutes < 2880) return b.fill(words.old_hours, { n: Math.floor(minutes / 60) });
      return minutes < 1440 * 730 ? b.fill(words.old_days, { n: Math.floor(minutes / 1440) }) : b.fill(words.old_years, { n: Math.floor(minutes / (1440 * 365.25)) });
    },
    // What a new red mark does: it draws the eye. Those that come while one still does join it: a burst is one.
    attend(incident) {
      const now = performance.now();
      const last = this.fresh.length ? this.fresh[this.fresh.length - 1].since : -Infinity;
      const length = b.RIPPLE * this.style.mark.ripples;
      this.fresh.push({ x: incident.x, y: incident.y, since: now < last + length / 2 ? last : Math.max(now, last + length) });
    },
    // What the time is by the server's clock, which is never set by whoever looks; the latest that it said is the nearest to the truth, for what it says travels.
    heardAt(served) {
      const ahead = served - performance.now();
      if (this.ahead === undefined || ahead > this.ahead || ahead < this.ahead - DRIFT) this.ahead = ahead;
    },
    now() { return new Date(this.ahead === undefined ? Date.now() : performance.now() + this.ahead); },
    old() { return this.age >= 60; }, // minutes: from then on the age is a warning
    // The period of the filter; an address that names none means the last day, and all of what a daily sheet counts, as the door reads it.
    period() {
      const words = this.data.words;
      const days = this.filter.days || (this.filter.counted ? "all" : "1");
      return days === "all" ? words.period_all : days === "shift" ? words.period_shift : days === "1" ? words.period_day : b.fill(words.period_days, { n: days });
    },
    show(key, on) {
      if (on) this.hidden.delete(key);
      else this.hidden.add(key);
      if (key === "basemap") this.map.getPane("tilePane").style.display = on ? "" : "none";
      if (key.indexOf("registered_") === 0) this.panel.fillRegistered();
      this.registered.forEach((layer) => layer.look());
      this.base.request();
      this.top.request();
    },
    changed() {
      this.registered.forEach((layer) => layer.look());
      this.panel.refresh();
    },

    // ---- the address keeps view, filter and selection
    remember() {
      if (this.data.wall) return; // its address says which view it shows
      const query = new URLSearchParams(location.search);
      FILTERS.concat(["view", "at"]).forEach((name) => query.delete(name));
      Object.keys(this.filter).forEach((name) => query.set(name, this.filter[name]));
      const centre = this.map.getCenter();
      query.set("view", [centre.lat.toFixed(6), centre.lng.toFixed(6), this.map.getZoom().toFixed(2)].join(","));
      if (this.selected && this.selected.kind) query.set("at", this.selected.kind + ":" + this.selected.code);
      const text = query.toString().replace(/%2C/g, ",").replace(/%3A/g, ":");
      history.replaceState(null, "", location.pathname + "?" + text);
    },
    recall() {
      const view = (this.data.wall ? "" : this.query.get("view") || "").split(",").map(Number);
      if (view.length === 3 && view.every(isFinite) && Math.abs(view[0]) <= 90) this.map.setView([view[0], view[1]], view[2], { animate: false });
      else {
        const own = (this.query.get("home") || "").split(",").map(Number); // one's own grid, on a phone; the button for the whole net leads out of it
        this.home(false, own.length === 4 && own.every(isFinite) ? own : null);
      }
      const at = this.data.wall ? "" : this.query.get("at") || "";
      const colon = at.indexOf(":");
      return colon > 0 ? { kind: at.slice(0, colon), code: at.slice(colon + 1) } : null;
    },

    // ---- the host that embeds us
    open(link, event) { // a page of the console: in the frame that holds the map, or beside a wall, which stays
      if (!this.embedded || !link.page) return; // a document of its own opens beside
      event.preventDefault();
      this.tell({ type: "open", page: link.page, own: link.own });
    },
    tell(message) {
      if (window.parent !== window) window.parent.postMessage(Object.assign({ source: "battlemap" }, message), location.origin);
    },
    hear(event) {
      const message = event.data;
      if (event.origin !== location.origin || event.source !== window.parent || !message || message.source !== "battlemap") return;
      if (message.type === "filter") {
        const query = new URLSearchParams(message.query || "");
        const filter = {};
        FILTERS.forEach((name) => { if (query.get(name)) filter[name] = query.get(name); });
        this.registered.forEach((layer) => layer.narrow(query.get(layer.name) || ""));
        this.setFilter(filter);
      } else if (message.type === "fly") this.flyTo(message.kind, message.code);
    },
    cardUrl(kind, code) { // a grid's card counts as the map does
      return this.data.urls.card + "/" + encodeURIComponent(kind) + "/" + encodeURIComponent(code) + "?" + new URLSearchParams(Object.assign({}, this.filter, { lang: this.data.language }));
    },
    async flyTo(kind, code) {
      const answer = await fetch(this.cardUrl(kind, code));
      if (!answer.ok) return;
      const card = await answer.json();
      this.fly(card);
      this.select({ kind, code });
    },
  };

  function idsOf(source) { // a text of lines, or running numbers behind a prefix
    if (typeof source === "string") return source.split("\n");
    let number = 0;
    return source.steps.map((step) => {
      number += step;
      return source.prefix + String(number).padStart(source.digits, "0");
    });
  }

  function readPoints(model, file) {
    file.layers.forEach((source) => {
      const glyph = model.data.glyphs[source.key];
      const layer = { key: source.key, kind: source.kind, classes: source.classes, glyph, at: model.plane.points(source.x, source.y), ids: idsOf(source.ids), names: source.names.split("\n"), bins: new b.Bins(250) };
      layer.glyphOf = (n) => (source.kind === "building" ? glyph : model.data.glyphs[source.classes[source.class.length ? source.class[n] : 0]] || model.data.glyphs[""]);
      for (let n = 0; n < source.x.length; n++) layer.bins.add(layer.at[2 * n], layer.at[2 * n + 1], n);
      model.points.push(layer);
    });
  }

  async function file(model, name) {
    const answer = await fetch(model.data.urls.data + name, { credentials: "same-origin" });
    if (!answer.ok) throw new Error(name + ": " + answer.status);
    return answer.json();
  }

  async function loadRest(model) {
    const take = async (name, use) => {
      try {
        use(await file(model, name));
      } catch (error) {
        model.trouble = model.data.words.ground_failed;
      }
      model.base.request();
      model.top.request();
    };
    await Promise.all([take("ground.json", (found) => b.readGround(model, found)), take("sites.json", (found) => readPoints(model, found)), take("buildings.json", (found) => readPoints(model, found))]);
    model.panel.fillSiteLegend();
    model.changed();
  }

  function keys(model, event) {
    if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) {
      if (event.key === "Escape" && event.target.blur) event.target.blur();
      return;
    }
    const free = document.activeElement === document.body;
    const step = 120 * model.k;
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    if (event.key === "/") {
      event.preventDefault();
      model.panel.input.focus();
    } else if (event.key === "Escape") {
      if (model.fan) {
        model.fan = null;
        model.top.request();
      } else if (model.selected || !model.panel.card.hidden) model.select(null);
      else model.panel.toggle("", false);
    } else if (event.key === "l" || event.key === "L") model.panel.toggle("layers");
    else if (event.key === "f" || event.key === "F") model.panel.full();
    else if (free && moves[event.key]) model.map.panBy(moves[event.key], { animate: !model.calm });
    else if (free && (event.key === "+" || event.key === "=")) model.map.zoomIn(0.5);
    else if (free && event.key === "-") model.map.zoomOut(0.5);
  }

  // A wall at rest shows no controls; a hand on mouse or keys brings them back.
  function atRest(model) {
    let timer = null;
    const wake = () => {
      clearTimeout(timer);
      document.body.classList.remove("resting");
      timer = setTimeout(() => { document.body.classList.toggle("resting", model.wall && document.activeElement !== model.panel.input); }, REST);
    };
    ["pointermove", "pointerdown", "wheel", "keydown", "focusin"].forEach((name) => document.addEventListener(name, wake, { passive: true }));
    wake();
  }

  function pointer(model) {
    const map = model.map;
    const place = (event) => model.plane.of(event.latlng.lng, event.latlng.lat);
    map.on("click", (event) => {
      const at = place(event);
      const found = model.layout && b.hit(model, at[0], at[1]);
      if (found && found.merged) map.fitBounds(L.latLngBounds(found.merged.map((chip) => model.plane.latLng(chip.x, chip.y))).pad(0.3), { animate: !model.calm });
      else if (found && found.stack) {
        if (found.stack.items.length > MOST_FANNED) {
          model.selected = { kind: "", code: "", at: [found.stack.x, found.stack.y] };
          model.panel.listCard(found.stack);
        } else model.fan = found.stack;
        model.top.request();
      } else if (model.fan && !(found && found.kind === "incident")) {
        model.fan = null;
        model.top.request();
      } else model.select(found);
    });
    let waiting = null;
    map.on("mousemove", (event) => {
      if (model.touch || map.dragging && map.dragging.moving()) return;
      if (!waiting) requestAnimationFrame(() => {
        const at = place(waiting);
        const found = model.layout && model.view && b.hit(model, at[0], at[1]);
        map.getContainer().style.cursor = found ? "pointer" : "";
        const grid = found && model.partOf(found.kind);
        model.panel.tooltip(grid ? null : found, waiting.containerPoint);
        waiting = null;
      });
      waiting = event;
    });
    map.on("mouseout", () => model.panel.tooltip(null));
  }

  // How many incidents are drawn, by mark, those inside stacks and counts included.
  b.drawn = function () {
    const layout = b.model.layout;
    const total = { mode: layout ? layout.mode : "", red: 0, yellow: 0, green: 0, stacks: 0, chips: 0 };
    if (!layout) return total;
    layout.stacks.forEach((stack) => {
      const counts = b.tally(stack.items);
      ["red", "yellow", "green"].forEach((mark) => { total[mark] += counts[mark]; });
      if (stack.items.length > 1) total.stacks += 1;
    });
    layout.chips.forEach((chip) => {
      const counts = b.tally(chip.items);
      ["red", "yellow", "green"].forEach((mark) => { total[mark] += counts[mark]; });
      total.chips += 1;
    });
    return total;
  };

  b.start = function (map) {
    const data = JSON.parse(document.getElementById("battlemap-data").textContent);
    const model = (b.model = new Model(map, data));
    map.options.wheelPxPerZoomLevel = 110;
    map.setMinZoom(8);
    map.setMaxZoom(20.5);
    model.resize();
    map.createPane("net").style.zIndex = 350;
    map.createPane("marks").style.zIndex = 450;
    map.getPane("marks").style.pointerEvents = "none";
    map.getPane("net").style.pointerEvents = "none";
    model.base = new b.Surface(b.paintBase, { pane: "net" });
    model.top = new b.Surface(b.paintTop, { pane: "marks" });
    model.live = new b.Live(model);
    model.registered = b.registered(model);
    model.panel = data.wall ? b.wallPanel(model) : new b.Panel(model);
    map.invalidateSize({ animate: false });
    const chosen = model.recall();
    map.on("zoomstart", () => { model.zooming = true; });
    map.on("zoomend", () => { model.zooming = false; model.panel.rule(); });
    map.addLayer(model.base);
    map.addLayer(model.top);
    model.panel.rule();
    model.panel.tick(model.now());
    pointer(model);
    document.addEventListener("keydown", (event) => keys(model, event));
    window.addEventListener("message", (event) => model.hear(event));
    window.addEventListener("resize", () => {
      model.resize();
      map.invalidateSize({ animate: false });
      model.version += 1;
      model.base.request();
      model.top.request();
      model.panel.rule();
      model.changed();
      model.panel.fit();
    });
    ["online", "offline"].forEach((name) => window.addEventListener(name, () => model.live.poll()));
    atRest(model);
    map.on("moveend", () => {
      const centre = map.getCenter();
      if (model.embedded) model.tell({ type: "view", lon: centre.lng, lat: centre.lat, zoom: map.getZoom() });
      else model.remember();
    });
    setInterval(() => {
      model.panel.tick(model.now());
      model.live.watch();
    }, 1000);
    const live = model.live.poll();
    const rest = loadRest(model);
    b.ready = Promise.all([live, rest]).then(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => {
      document.documentElement.dataset.ready = "1";
      model.tell({ type: "ready" });
      done(true);
    }))));
    if (chosen) model.select(chosen);
  };
})();
