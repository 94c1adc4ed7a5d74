// The wall (大屏): the same map on a screen that nobody touches. What stands beside the map, the plan by which its view moves, and what it says of itself when something is amiss.
(function () {
  "use strict";
  const b = window.battlemap;
  const make = b.make;
  const MARKS = ["red", "yellow", "green"];
  const EVERY = 60000; // milliseconds between two questions for what stands beside the map; what changes is asked for at once
  const AGAIN = 10000; // after a failure, and how long an answer may take
  const SETTLED = 10000, LONG = 600000; // a page that was just loaded waits before it is loaded again, twice as long each time that it did not help
  const RELOADS = "battlemap-wall-reloads";
  const FADE = 12 * 3600 * 1000; // a green mark has faded after so long; it leaves with its shift
  const CHIME = 10000; // milliseconds from one chime to the next: a burst makes one
  const WORKS = ["campaign", "sheet", "plan", "air"]; // panels whose lines are told as they stand
  const ROW = 67, WORK_ROW = 112; // the least height of a row, pixels at a scale of 1; that of a work has a bar, or more words
  const SPAN = { minute: 60000, hour: 3600000, day: 86400000 };

  b.wallPanel = function (model) {
    const panel = new WallPanel(model);
    b.wall = panel;
    model.fade = FADE;
    model.select = () => {}; // nothing is opened on a screen that hangs there for everybody
    b.leave = () => panel.gone("revoked");
    const attend = model.attend;
    model.attend = (incident) => {
      attend.call(model, incident);
      panel.chime();
    };
    const tell = model.tell;
    model.tell = (message) => {
      tell.call(model, message);
      if (message.type === "changed") panel.ask();
    };
    layers(model);
    return panel;
  };

  // What a view names is drawn beside the net; a view that names nothing shows what the map shows of itself.
  function layers(model) {
    const named = new Set(model.data.wall.layers);
    if (!named.size) return;
    const show = (key, on) => { if (on) model.hidden.delete(key); else model.hidden.add(key); };
    model.overlays.forEach((overlay) => show(overlay.key, named.has(overlay.key)));
    model.data.layers.forEach((layer) => show(layer.kind === "building" && !model.data.glyphs[layer.key] ? "buildings" : layer.key, named.has(layer.key)));
    const kinds = new Set(model.data.ground.map((layer) => layer.kind));
    kinds.forEach((kind) => show(kind === "green" ? "park" : kind, model.data.ground.some((layer) => layer.kind === kind && named.has(layer.key))));
  }

  class WallPanel extends b.Panel {
    // ---- what is there
    build() {
      const model = this.model;
      this.wall = model.data.wall;
      this.own = this.wall.words;
      this.told = {};
      this.pinned = false;
      this.going = false;
      this.stop = -1;
      this.rung = -Infinity;
      document.body.classList.add("screen");
      super.build();
      this.right = make("aside", { class: "rail right" });
      this.stage.parentElement.append(this.right);
      this.alerts = make("div", { class: "alerts", role: "status", hidden: true });
      this.stage.parentElement.before(this.alerts);
      this.caption = make("div", { class: "caption", hidden: true });
      this.outage = make("div", { class: "outage", role: "alert", hidden: true });
      this.back = make("button", { type: "button", class: "primary back", hidden: true, onclick: () => this.release() }, this.own.pinned);
      this.stage.append(this.caption, this.outage, this.back);
      const part = this.partAt();
      model.part = part && this.shapeOf(part[0], part[1]);
      this.sections = new Map(this.wall.panels.map((name) => [name, this.section(name)]));
      this.arrange();
      this.hands();
      setTimeout(() => this.ask(), 0);
    }

    head() {
      const found = super.head();
      const part = this.partName();
      if (part) {
        found.querySelector("h1").append(make("span", { class: "part" }, " · " + part));
        this.levels.textContent = ""; // they count the whole area
      }
      return found;
    }

    rail() {
      this.left = make("aside", { class: "rail left", "aria-label": this.words.now });
      this.board = make("div", { class: "board" });
      return this.left;
    }

    searchBox() {
      this.input = make("span", { hidden: true });
      return this.input;
    }

    tools() {
      const map = this.model.map;
      return make("div", { class: "tools", role: "toolbar", "aria-label": this.words.zoom_in }, [make("div", { class: "group" }, [this.button("zoom_in", () => map.zoomIn(0.5)), this.button("zoom_out", () => map.zoomOut(0.5))]), make("div", { class: "group" }, [this.button("full", () => this.full())])]);
    }

    section(name) {
      const titles = { counts: this.words.now, overdue: this.own.late, newest: this.words.newest, whistles: this.own.whistles, duty: this.own.duty };
      WORKS.forEach((work) => { titles[work] = this.own[work]; });
      const found = { title: make("h2", {}, titles[name]), body: name === "counts" || name === "duty" ? make("div", {}) : make("ol", { class: "list" }) };
      found.note = WORKS.includes(name) ? make("p", { class: "note", hidden: true }) : null;
      found.element = make("section", { class: "panel " + (found.note ? "work of-" : "") + name }, [found.title, found.note, found.body]);
      if (name === "counts") found.body.append(this.board, (this.grids = make("div", { class: "grids", hidden: true })), (this.sources = make("div", { class: "grids sources", hidden: true })));
      return found;
    }

    // Panels stand in their order, in two rails where there are more than two; on a strip each has a column of its own, on a screen squarer than 3:2 all stand in one rail, on an upright one the rails stand under the map.
    arrange() {
      const names = this.wall.panels;
      const ratio = window.innerWidth / window.innerHeight;
      const left = names.length > 2 && (ratio < 1 || ratio >= 1.5) ? Math.floor(names.length / 2) : names.length;
      names.forEach((name, n) => (n < left ? this.left : this.right).append(this.sections.get(name).element));
      document.body.classList.toggle("tall", ratio < 1);
      [this.left, this.right].forEach((rail) => {
        rail.hidden = !rail.children.length;
        rail.style.setProperty("--columns", this.model.strip ? rail.children.length : 1);
      });
    }

    // A list that has no room for one row leaves its rail, the last one first.
    yieldRoom(lists) {
        lists.forEach((list) => { this.sections.get(list.name).element.hidden = false; });
      const narrow = (list) => list.rows.length && !this.sections.get(list.name).element.hidden && this.sections.get(list.name).body.clientHeight < this.model.k * (WORKS.includes(list.name) ? WORK_ROW : ROW) - 1;
      for (let n = lists.length - 1; n > 0 && lists.some(narrow); n--) this.sections.get(lists[n].name).element.hidden = true;
    }

    // ---- what nobody may open here
    openCard() {}
    showCard() {}
    tooltip() {}
    filterNotice() {
      const text = this.beginning() || (this.model.live.error ? b.fill(this.words.bad_filter, { error: this.model.live.error }) : this.model.trouble);
      this.notice.hidden = !text;
      this.notice.textContent = text || "";
    }

    foot() {
      const found = super.foot();
      const said = Array.from(found.querySelectorAll(":scope > .fine"));
      said[0].before(make("div", { class: "said" }, []));
      found.querySelector(".said").append(...said);
      return found;
    }

    leaving() {
      return Array.from(this.levels.children).reverse().concat(this.date, this.titleRest);
    }

    fit() {
      super.fit();
      this.fill();
    }

    // ---- what changes
    refresh() {
      const model = this.model;
      const counts = model.counts;
      const said = (n) => n.toLocaleString("en");
      this.board.textContent = "";
      MARKS.forEach((mark) => {
        const aside = mark === "red" ? (model.overdue ? b.fill(this.words.n_overdue, { n: said(model.overdue) }) : "") : mark === "green" ? model.period() : "";
        this.board.append(make("div", { class: "figure " + mark + (counts && !counts[mark] ? " none" : "") }, [b.markIcon(model, mark), make("b", { class: counts && counts[mark] > 999 ? "long" : null }, counts ? said(counts[mark]) : "–"), make("span", {}, [mark === "yellow" ? this.words.yellow_short : this.words[mark], aside ? make("small", {}, aside) : null])]));
      });
      if (model.hiddenCount) this.board.append(make("p", { class: "fine hidden-count" }, b.fill(this.words.n_hidden, { n: said(model.hiddenCount) })));
      if (model.few) this.board.append(make("p", { class: "fine hidden-count" }, this.words.few_hidden));
      this.demo.hidden = !model.demo;
      this.period.textContent = b.fill(this.words.legend_precedence, { period: model.period() });
      this.connection();
      this.filterNotice();
      this.fill();
    }

    // Fill the lists, as many rows as each has room for: fewer rows, never smaller ones, and no word of one cut off.
    fill() {
      if (!this.sections) return;
      const model = this.model;
      this.gridStates();
      this.sourceBar();
      this.dutyRows();
      this.alertBand();
      const newest = model.incidents.slice().sort((one, other) => other.time - one.time || (one.uid < other.uid ? -1 : 1));
      const late = model.incidents.filter((incident) => incident.late && incident.mark === "red").sort((one, other) => one.due - other.due || (one.uid < other.uid ? -1 : 1));
      const whistles = this.told.whistles || { rows: [], count: 0 };
      const lists = [
        { name: "overdue", rows: late.map((incident) => () => this.incident(incident, model.over(incident.due), "late")).concat(this.soon()), quiet: this.own.quiet_late },
        { name: "newest", rows: newest.map((incident) => () => this.incident(incident, model.day(incident.time), "")), quiet: this.own.quiet_new },
        { name: "whistles", rows: whistles.rows.map((one) => () => this.whistle(one)), quiet: this.own.quiet_whistles, all: whistles.count },
        ...WORKS.map((name) => this.work(name)),
      ].filter((list) => this.sections.has(list.name)).sort((one, other) => this.wall.panels.indexOf(one.name) - this.wall.panels.indexOf(other.name));
      lists.forEach((list) => this.sections.get(list.name).element.classList.toggle("quiet-panel", !list.rows.length)); // the room of each depends on the others
      this.yieldRoom(lists);
      lists.forEach((list) => this.list(list));
      this.stopCaption();
    }

    row(children) {
      return make("li", {}, make("div", { class: "item" }, children));
    }
    incident(incident, lead, look) {
      const model = this.model;
      return this.row([b.markIcon(model, incident.mark, this.words[incident.mark]), make("span", { class: "item-label" }, model.data.classes[incident.cls] || this.words[incident.mark]), make("span", { class: "item-detail" }, model.placeOf(incident)), make("span", { class: "lead " + look }, lead)]);
    }
    soon() {
      const now = this.model.now();
      const ahead = (this.told.soon || []).map((row) => ({ mark: "red", cls: row[0], leaf: row[1], due: Date.parse(row[2]) })).filter((one) => one.due > now);
      return ahead.map((one) => () => this.incident(one, b.fill(this.own.left, { span: this.span(one.due - now) }), "near"));
    }

    // What the server tells of a work that goes on: what it is about, and a line for each of its parts.
    work(name) {
      const told = this.told[name] || { note: [], rows: [], count: 0 };
      const found = this.sections.get(name);
      if (found) {
        found.note.textContent = told.note.join("\u00a0· ");
        found.note.hidden = !told.note.length;
      }
      return { name, rows: told.rows.map((one) => () => this.line(one)), quiet: this.own["quiet_" + name], all: told.count };
    }
    line(one) {
      const bar = one.part === null ? null : make("div", { class: "bar" }, make("i", { class: "part-done" }));
      if (bar) bar.firstChild.style.flexGrow = one.part;
      return this.row([make("span", { class: "item-label" }, [one.rank ? make("b", { class: "rank" }, one.rank) : null, one.label]), make("span", { class: "item-detail" }, one.detail.join("\u00a0· ")), make("span", { class: "lead " + one.look }, one.lead), bar]);
    }

    list(wanted) {
      const found = this.sections.get(wanted.name);
      const body = found.body;
      body.textContent = "";
      found.title.textContent = found.title.dataset.text = found.title.dataset.text || found.title.textContent;
      if (!wanted.rows.length) {
        if (this.model.counts) body.append(make("li", { class: "calm" }, wanted.quiet));
        return;
      }
      const most = Math.ceil(body.clientHeight / (this.model.k * ROW)); // a row whose words need more lines is higher
      wanted.rows.slice(0, Math.max(1, most)).forEach((draw) => body.append(draw()));
      const end = body.getBoundingClientRect().bottom + 1;
      const fit = Math.max(1, Array.from(body.children).filter((one) => one.getBoundingClientRect().bottom <= end).length);
      while (body.children.length > fit) body.lastChild.remove();
      const total = wanted.all === undefined ? wanted.rows.length : wanted.all;
      if (total > fit) found.title.append(make("span", { class: "rest" }, b.fill(found.note ? this.own.more_lines : this.own.more, { n: total - fit })));
    }

    whistle(one) {
      const due = one.due ? Date.parse(one.due) : 0;
      const left = due - this.model.now();
      const lead = due ? (left <= 0 ? b.fill(this.words.span_over, { span: this.span(-left) }) : b.fill(this.own.left, { span: this.span(left) })) : "";
      const look = !due ? "" : left <= 0 ? "late" : left < SPAN.hour / 4 ? "near" : "";
      const detail = [one.leaf ? this.model.placeOf(one) : "", one.who ? one.kind : "", one.stage].filter(Boolean).join("\u00a0· "); // a line may end with a dot, and begins with none
      return this.row([make("span", { class: "item-label" }, one.who || one.kind), make("span", { class: "item-detail" }, detail), make("span", { class: "lead " + look }, lead)]);
    }

    span(milliseconds) {
      const minutes = Math.max(1, Math.floor(milliseconds / SPAN.minute));
      const words = this.words;
      return minutes < 60 ? b.fill(words.span_minutes, { n: minutes }) : minutes < 2880 ? b.fill(words.span_hours, { n: Math.floor(minutes / 60) }) : b.fill(words.span_days, { n: Math.floor(minutes / 1440) });
    }

    gridStates() {
      const told = this.told.grids;
      if (!this.grids || !told) return;
      const all = MARKS.concat("neutral");
      const total = all.reduce((sum, name) => sum + told[name], 0);
      this.grids.hidden = !total;
      this.grids.textContent = "";
      const bar = make("div", { class: "bar" }, all.map((name) => {
        const piece = make("i", { class: name });
        piece.style.flexGrow = told[name];
        return piece;
      }));
      const key = (name) => make("span", { class: "key" + (told[name] ? "" : " none") }, [name === "neutral" ? make("span", { class: "swatch" }) : b.markIcon(this.model, name, this.words[name]), make("b", {}, told[name].toLocaleString("en"))]);
      this.grids.append(make("h2", {}, b.fill(this.own.grids, { name: this.model.data.levels[this.model.data.levels.length - 1].counted })), bar, make("div", { class: "keys" }, all.map(key)));
    }

    // How many sources of pollution have a post that answers for them: all of them only where none is left out.
    sourceBar() {
      const told = this.told.sources;
      if (!this.sources) return;
      this.sources.hidden = !told;
      this.sources.textContent = "";
      if (!told) return;
      const bound = make("i", { class: "source-bound" });
      bound.style.flexGrow = told.bound / told.all;
      const share = Math.floor((1000 * told.bound) / told.all) / 10 + "%";
      this.sources.append(make("h2", {}, [this.own.sources, make("span", { class: "rest" }, told.bound.toLocaleString("en") + " / " + told.all.toLocaleString("en"))]), make("div", { class: "source-line" }, [make("div", { class: "bar" }, bound), make("b", {}, share)]));
    }

    dutyRows() {
      const found = this.sections.get("duty");
      const told = this.told.duty;
      if (!found || !told) return;
      found.body.textContent = "";
      const line = (name, text, look) => make("div", { class: look }, [make("dt", {}, name), make("dd", {}, text)]);
      found.body.append(make("dl", {}, told.rows.map((row) => line(row.role, row.posts.join("、") || this.own.nobody, row.posts.length ? "" : "gap")).concat([line(this.own.phone, told.phone || this.own.no_phone, told.phone ? "phone" : "gap")])));
    }

    // Warnings that hold stand across the screen, the most severe first: striped and named, so that none is read as a mark.
    alertBand() {
      const told = this.told.alerts || [];
      const text = JSON.stringify(told);
      if (this.alerts.dataset.told === text) return;
      this.alerts.dataset.told = text;
      this.alerts.textContent = "";
      told.forEach((one) => this.alerts.append(make("p", { class: "alert " + one.level + (one.begun ? "" : " ahead") }, [make("i", { "aria-hidden": "true" }), make("b", {}, one.name), make("span", {}, one.times), make("small", {}, one.order)])));
      if (this.alerts.hidden === !told.length) return;
      this.alerts.hidden = !told.length;
      this.model.map.invalidateSize({ animate: false, pan: false });
      if (!this.pinned) this.go();
    }

    connection() {
      super.connection();
      const model = this.model;
      const lost = model.live.state === "lost" && model.live.answered > 0;
      const grey = lost && performance.now() - model.live.answered > model.data.stale_after * 1000;
      document.body.classList.toggle("grey", grey);
      this.outage.hidden = !lost;
      const text = lost ? b.fill(this.own.outage_from, { time: model.asOf ? model.brief(model.asOf) : "–" }) : "";
      if (this.outage.dataset.text !== text) {
        this.outage.dataset.text = text;
        this.outage.textContent = "";
        if (lost) this.outage.append(make("b", {}, this.own.outage), make("span", {}, text));
      }
      if (this.heard !== model.live.state && this.sections) this.ask(); // another server may answer now, or refuse
      this.heard = model.live.state;
    }

    tick(now) {
      if (this.model.ahead !== undefined) super.tick(now); // a clock that is not the server's is none
      if (!this.sections) return;
      this.connection();
      this.turn(now);
      if (now.getSeconds() === 0) this.fill();
    }

    // ---- the plan: what is shown, and where it goes round
    partAt() {
      const grid = this.model.data.wall.grid;
      return grid ? [grid.split(":")[0], grid.slice(grid.indexOf(":") + 1)] : null;
    }
    partName() {
      const at = this.partAt();
      return at ? this.nameOf(at[0], at[1]) : "";
    }
    shapeOf(key, code) {
      const part = this.model.partOf(key);
      const at = part ? part.codes.indexOf(code) : -1;
      return at < 0 ? null : part.shapes[at];
    }
    nameOf(key, code) {
      const part = this.model.partOf(key);
      const at = part ? part.codes.indexOf(code) : -1;
      return at < 0 ? code : part.labels[at];
    }
    boundsOf(key, code) {
      const shape = this.shapeOf(key, code);
      if (!shape) return null;
      const box = shape.box;
      const southWest = this.model.plane.latLng(box[0], box[3]);
      const northEast = this.model.plane.latLng(box[2], box[1]);
      return [southWest.lng, southWest.lat, northEast.lng, northEast.lat];
    }

    // Stops follow the server's clock, so that screens that show the same view stand at the same stop.
    turn(now) {
      const stops = this.told.stops || [];
      const stop = this.wall.every && stops.length ? Math.floor(now / 1000 / this.wall.every) % stops.length : -1;
      if (this.pinned || stop === this.stop) return;
      this.stop = stop;
      this.go();
    }
    go() {
      if (this.model.zooming) this.model.map.once("zoomend", () => { if (!this.pinned) this.go(); }); // while it zooms a map goes nowhere else
      const at = this.stop >= 0 ? [this.wall.over, this.told.stops[this.stop]] : this.partAt();
      this.going = true;
      this.model.plan = at && this.boundsOf(at[0], at[1]);
      this.model.home(false);
      this.going = false;
      this.stopCaption();
    }
    stopCaption() {
      this.caption.hidden = this.stop < 0 || this.pinned;
      if (this.caption.hidden) return;
      const code = this.told.stops[this.stop];
      const depth = this.model.levels.findIndex((level) => level.key === this.wall.over);
      const at = this.model.levels[depth].codes.indexOf(code);
      const counts = b.tally(this.model.incidents.filter((incident) => this.model.ancestor(incident.leaf, depth) === at));
      this.caption.textContent = "";
      this.caption.append(make("b", {}, this.nameOf(this.wall.over, code)), ...MARKS.map((mark) => make("span", { class: "key" }, [b.markIcon(this.model, mark, this.words[mark]), String(counts[mark])])));
    }

    // Any gesture holds the view; nothing but the button gives it back to the plan.
    hands() {
      const model = this.model;
      const hold = () => {
        if (this.going || this.pinned) return;
        this.pinned = true;
        this.back.hidden = false;
        this.stopCaption();
      };
      model.map.on("movestart zoomstart", () => { if (document.documentElement.dataset.ready) hold(); });
      const chart = model.map.getContainer();
      ["pointerdown", "wheel"].forEach((kind) => chart.addEventListener(kind, hold, { passive: true }));
      ["pointerdown", "keydown"].forEach((kind) => document.addEventListener(kind, () => { if (this.sound) this.sound.resume(); }, { passive: true }));
      window.addEventListener("resize", () => setTimeout(() => {
        this.arrange();
        model.map.invalidateSize({ animate: false, pan: false }); // the rails are as wide as they are only now
        if (!this.pinned) this.go();
        this.fill();
      }, 0));
      this.go();
    }
    release() {
      this.pinned = false;
      this.back.hidden = true;
      this.stop = -1;
      this.turn(this.model.now());
      this.go();
    }

    // ---- a new red mark may be heard: two soft tones
    chime() {
      const Sound = window.AudioContext;
      const now = performance.now();
      if (!this.wall.chime || !Sound || now - this.rung < CHIME) return;
      this.rung = now;
      this.sound = this.sound || new Sound();
      [[0, 659.3], [0.22, 880]].forEach((tone) => {
        const at = this.sound.currentTime + tone[0];
        const voice = this.sound.createOscillator();
        const loudness = this.sound.createGain();
        voice.frequency.value = tone[1];
        loudness.gain.setValueAtTime(0.0001, at);
        loudness.gain.exponentialRampToValueAtTime(0.12, at + 0.03);
        loudness.gain.exponentialRampToValueAtTime(0.0001, at + 0.6);
        voice.connect(loudness).connect(this.sound.destination);
        voice.start(at);
        voice.stop(at + 0.65);
      });
    }

    // ---- what stands beside the map, and whether this page is still the one that is served
    address() {
      const query = new URLSearchParams(location.search);
      query.set("lang", this.model.data.language);
      return this.wall.panels_url + "?" + query.toString();
    }
    async ask() {
      clearTimeout(this.asking);
      const number = (this.asked = (this.asked || 0) + 1);
      const stop = new AbortController();
      const limit = setTimeout(() => stop.abort(), AGAIN);
      let wait = AGAIN;
      try {
        const answer = await fetch(this.address(), { signal: stop.signal, credentials: "same-origin", cache: "no-store" });
        if (answer.status === 401 || answer.status === 403) return this.gone("revoked");
        if (answer.status === 404) return this.gone("removed");
        if (!answer.ok) throw new Error(String(answer.status));
        const told = await answer.json();
        if (number !== this.asked) return;
        wait = told.made === this.model.data.made ? EVERY : this.renew();
        if (told.made !== this.model.data.made) return;
        this.told = told;
        this.turn(this.model.now());
        this.fill();
      } catch (error) {
        // the map says itself that it hears nothing; we ask again
      } finally {
        clearTimeout(limit);
        if (number === this.asked && !this.over) this.asking = setTimeout(() => this.ask(), wait);
      }
    }

    // Another page is served here now: this one is loaded anew, or in so many milliseconds. What belongs to that one is not shown in this one.
    renew() {
      const before = performance.now() < LONG ? Number(sessionStorage.getItem(RELOADS)) || 0 : 0;
      const wait = Math.min(LONG, SETTLED * Math.pow(2, before)) - performance.now();
      if (wait > 0) return wait;
      sessionStorage.setItem(RELOADS, String(before + 1));
      location.reload();
      return AGAIN;
    }

    // This screen may show nothing any more: it says what it is, and nothing else. Once it may again, it begins anew.
    gone(why) {
      if (this.over) return;
      this.over = true;
      const model = this.model;
      model.live.hush();
      model.live.poll = async () => {};
      model.live.watch = () => {};
      clearTimeout(model.live.timer);
      model.live.known.clear();
      model.incidents = [];
      model.states = {};
      const english = model.data.language === "en" ? "&lang=en" : "";
      const code = make("a", { class: "primary", href: "/log-in?next=" + encodeURIComponent(location.pathname + location.search) + english }, this.own.code);
      document.title = this.own[why];
      document.body.className = "wall screen over";
      document.body.textContent = "";
      document.body.append(make("main", {}, [make("h1", {}, this.own[why]), make("p", {}, this.own[why + "_next"]), make("p", { class: "fine" }, location.host + location.pathname), why === "revoked" ? code : null]));
      setInterval(async () => {
        try {
          if ((await fetch(this.address(), { credentials: "same-origin", cache: "no-store" })).ok) location.reload();
        } catch (error) {
          // nobody answers: we ask again
        }
      }, EVERY);
    }
  }
})();
