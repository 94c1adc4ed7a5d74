// Sites of the register and findings of the ledger: layers of their own, asked for when they are switched on. Their looks are never those of a mark: plates with a letter, no red, yellow or green.
(function () {
  "use strict";
  const b = window.battlemap;
  const NAMES = ["sites", "findings"];
  const SOON = 15000; // milliseconds after which a layer is asked for again where cases changed
  const AGAIN = 60000; // and where nothing is known to have: sites change without a case; an answer that says so costs little
  const SKIPPED = 4, OVERDUE = 3, DUE = 2; // inspections.rounds.Standing

  b.Registered = function (model, name) {
    this.model = model;
    this.name = name;
    this.query = model.query.get(name) || "";
    this.rows = [];
    this.bins = new b.Bins(250);
    this.hits = [];
    this.of = 0;
    this.asked = 0;
    this.seen = -1; // version of the ledger at which it was read
    this.trouble = "";
  };

  b.Registered.prototype = {
    on() { return this.model.shown("registered_" + this.name); },

    // Another question, or none.
    narrow(query) {
      if (query === this.query) return;
      this.query = query;
      this.seen = -1;
      if (query) this.model.hidden.delete("registered_" + this.name);
      this.look();
    },

    // Ask where it is switched on, and something changed or a minute is over.
    look() {
      if (!this.on() || this.waiting || (this.seen === this.model.live.since && performance.now() - this.asked < AGAIN)) return;
      const rest = this.seen < 0 ? 0 : Math.max(0, this.asked + SOON - performance.now());
      this.waiting = setTimeout(() => {
        this.waiting = 0;
        this.read();
      }, rest);
    },

    async read() {
      const model = this.model;
      const version = model.live.since;
      const query = this.query;
      this.asked = performance.now();
      this.seen = version;
      try {
        const answer = await fetch(model.data.urls.registered + "?" + this.name + "=" + encodeURIComponent(query), { credentials: "same-origin" });
        if (answer.status === 401) return b.leave();
        if (!answer.ok) throw new Error(String(answer.status));
        if (query === this.query) this.take(await answer.json());
        this.trouble = "";
      } catch (error) {
        this.trouble = error.message === "403" ? model.data.words.registered_refused : model.data.words.registered_failed;
        this.rows = [];
        this.bins = new b.Bins(250);
      }
      model.panel.fillRegistered();
      model.top.request();
    },

    take(found) {
      const model = this.model;
      this.of = found.of;
      this.found = found.found;
      this.bins = new b.Bins(250);
      this.rows = found.number.map((number, n) => {
        const at = model.plane.of(found.x[n], found.y[n]);
        const row = { number, name: found.name[n], x: at[0], y: at[1], kind: found.kinds[found.kind[n]], standing: found.standing[n], grade: found.grade[n], findings: found.findings[n] };
        this.bins.add(at[0], at[1], row);
        return row;
      });
    },
  };

  const kindOf = (model, row) => model.data.site_kinds[row.kind] || ["·", "square"];

  // The outline of a shape, as `inspections.site_rules.SHAPES` has them; h is half its height.
  function outline(context, shape, x, y, h) {
    if (shape === "circle") return context.arc(x, y, h * 1.08, 0, 2 * Math.PI);
    const corners = { square: [[-1, -1], [1, -1], [1, 1], [-1, 1]], diamond: [[0, -1.35], [1.35, 0], [0, 1.35], [-1.35, 0]], triangle: [[0, -1.4], [1.4, 1], [-1.4, 1]], hexagon: [[-0.62, -1.08], [0.62, -1.08], [1.24, 0], [0.62, 1.08], [-0.62, 1.08], [-1.24, 0]] }[shape];
    corners.forEach((at, n) => (n ? context.lineTo(x + at[0] * h, y + at[1] * h) : context.moveTo(x + at[0] * h, y + at[1] * h)));
  }

  // How one looks: [letter, filled, edge], by how its rounds stand, or how grave its findings are.
  function look(model, layer, row) {
    if (layer.name === "findings") return { letter: String(row.findings), filled: row.grade >= 2, edge: 1 + Math.max(0, row.grade) };
    return { letter: kindOf(model, row)[0], filled: row.standing === SKIPPED, edge: row.standing >= OVERDUE ? 3 : row.standing === DUE ? 2 : 1 };
  }

  function plate(context, model, layer, row, x, y, size) {
    const colours = model.style.colours;
    const said = look(model, layer, row);
    const h = size / 2;
    context.beginPath();
    if (layer.name === "findings") { // a drop, its point below, where the site is
      context.moveTo(x - h, y - h * 1.1);
      context.lineTo(x + h, y - h * 1.1);
      context.lineTo(x + h, y + h * 0.5);
      context.lineTo(x, y + h * 1.25);
      context.lineTo(x - h, y + h * 0.5);
    } else outline(context, kindOf(model, row)[1], x, y, h);
    context.closePath();
    context.fillStyle = said.filled ? colours.site : colours.site_ground;
    context.fill();
    context.strokeStyle = colours.site;
    context.lineWidth = Math.max(1, size * 0.06 * said.edge);
    context.stroke();
    context.fillStyle = said.filled ? colours.site_ground : colours.site;
    context.font = model.style.bold + " " + Math.round(size * 0.62) + "px " + model.style.font;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(said.letter, x, y - (layer.name === "findings" ? h * 0.25 : -h * 0.04));
    if (layer.name === "sites" && row.grade >= 0) { // a corner: something stands open there
      context.beginPath();
      context.moveTo(x + h * 0.2, y - h);
      context.lineTo(x + h, y - h);
      context.lineTo(x + h, y - h * 0.2);
      context.closePath();
      context.fillStyle = said.filled ? colours.site_ground : colours.site;
      context.fill();
    }
  }

  // Draw both layers: dots from afar, plates from near. Those that wait longest, and the graver ones, come first where they crowd.
  b.drawRegistered = function (context, model, view, room, around) {
    model.registered.slice().reverse().forEach((layer) => {
      layer.hits = [];
      if (!layer.on()) return;
      const far = view.metres > 3.2;
      const size = far ? 5 * view.k : Math.min(20, Math.max(13, 17 / Math.sqrt(Math.max(view.metres, 0.5)))) * view.k;
      const lift = layer.name === "findings" ? 0.95 : 0; // it points at its site
      const seen = [];
      layer.bins.visit(view.box, size / view.s, (bin) => bin.forEach((row) => seen.push(row)));
      const worst = (row) => (layer.name === "findings" ? row.grade * 1000 + row.findings : row.standing * 10 + row.grade);
      seen.sort((one, other) => worst(other) - worst(one) || (one.number < other.number ? -1 : 1));
      const drawn = [];
      seen.forEach((row) => {
        const x = view.x(row.x);
        const y = view.y(row.y) - (far ? 0 : size * lift);
        if (!far) {
          const box = around(x, y, size, size, 0);
          if (view.metres > 0.5 && !room.free(box)) return drawn.push([row, x, y, true]);
          room.take(box);
        }
        layer.hits.push({ row, x: row.x, y: row.y - (far ? 0 : (size * lift) / view.s) });
        drawn.push([row, x, y, far]);
      });
      drawn.reverse().forEach((one) => {
        if (!one[3]) return plate(context, model, layer, one[0], one[1], one[2], size);
        context.fillStyle = model.style.colours.site;
        context.globalAlpha = 0.75;
        const dot = 2.2 * view.k;
        context.fillRect(one[1] - dot, one[2] - dot, 2 * dot, 2 * dot);
        context.globalAlpha = 1;
      });
    });
  };

  // The site at a place of the plane, of a layer that is shown.
  b.registeredAt = function (model, near) {
    for (let n = model.registered.length - 1; n >= 0; n--) {
      const layer = model.registered[n];
      const hit = layer.on() && layer.hits.find((one) => near(one.x, one.y, Math.max(11 * model.k, model.touch / 2)));
      if (hit) return { kind: "registered", code: hit.row.number, label: hit.row.name, at: [hit.row.x, hit.row.y] };
    }
    return null;
  };

  b.registered = function (model) {
    NAMES.forEach((name) => { if (!model.query.get(name)) model.hidden.add("registered_" + name); });
    return NAMES.map((name) => new b.Registered(model, name));
  };
})();
