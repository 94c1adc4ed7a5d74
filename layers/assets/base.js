// What lies still: ground, tints, states, outlines, hatching, buildings; and the canvas that both surfaces draw on.
(function () {
  "use strict";
  const b = window.battlemap;

  // A canvas as large as the window and a little more, kept in place by Leaflet's own renderer.
  b.Surface = L.Renderer.extend({
    options: { padding: 0.06 },

    initialize(paint, options) {
      L.Renderer.prototype.initialize.call(this, options);
      this._paint = paint;
      this._frame = 0;
    },
    getEvents() {
      return Object.assign(L.Renderer.prototype.getEvents.call(this), { move: this._moved });
    },
    request() {
      if (!this._frame) this._frame = L.Util.requestAnimFrame(this._draw, this);
    },
    _initContainer() {
      this._container = L.DomUtil.create("canvas", "surface");
      this._container.setAttribute("aria-hidden", "true");
      this._context = this._container.getContext("2d");
    },
    _destroyContainer() {
      L.Util.cancelAnimFrame(this._frame);
      L.DomUtil.remove(this._container);
      this._container = null;
    },
    _moved() {
      if (!this._map._animatingZoom) this._update();
    },
    _update() {
      if (this._map._animatingZoom && this._bounds) return;
      L.Renderer.prototype._update.call(this);
      this._draw();
    },
    _draw() {
      L.Util.cancelAnimFrame(this._frame);
      this._frame = 0;
      if (!this._container || !this._bounds || this._map._animatingZoom) return;
      const map = this._map;
      const size = this._bounds.getSize();
      const ratio = Math.min(window.devicePixelRatio || 1, 3);
      const width = Math.round(size.x * ratio);
      const height = Math.round(size.y * ratio);
      const canvas = this._container;
      if (canvas.width !== width || canvas.height !== height) {
        canvas.width = width;
        canvas.height = height;
        canvas.style.width = size.x + "px";
        canvas.style.height = size.y + "px";
      }
      this._updateTransform(this._center, this._zoom);
      const context = this._context;
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.clearRect(0, 0, width, height);
      const plane = b.model.plane;
      const s = Math.pow(2, map.getZoom() - b.ZOOM);
      const origin = map.getPixelOrigin();
      const tx = plane.x0 * s - origin.x - this._bounds.min.x;
      const ty = plane.y0 * s - origin.y - this._bounds.min.y;
      this._paint(context, {
        s, tx, ty, ratio,
        width: size.x,
        height: size.y,
        zoom: map.getZoom(),
        mpp: plane.metres / s, // metres of a pixel
        k: b.model.k,
        metres: (plane.metres / s) * b.model.k, // … of a pixel at a scale of 1: what decides which things are shown
        box: [-tx / s, -ty / s, (size.x - tx) / s, (size.y - ty) / s],
        toPlane() { context.setTransform(s * ratio, 0, 0, s * ratio, tx * ratio, ty * ratio); },
        toScreen() { context.setTransform(ratio, 0, 0, ratio, 0, 0); },
        x: (x) => x * s + tx,
        y: (y) => y * s + ty,
      });
    },
  });

  const WIDTHS = { arterial: 20, secondary: 12, lane: 6, path: 2.5 }; // carriageways, metres
  const ORDER = ["path", "lane", "secondary", "arterial"];

  b.streetWidth = function (view, cls) {
    const least = b.model.style.line[cls] * view.k * Math.min(1, Math.max(0.3, Math.pow(2, view.zoom - Math.log2(view.k) - 16.2)));
    return Math.max(least, WIDTHS[cls] / view.mpp);
  };

  // Turn the ground file into paths by kind, and things with names.
  b.readGround = function (model, file) {
    const ground = { area: {}, lines: {}, named: [], kinds: new Set() };
    file.layers.forEach((layer) => {
      ground.kinds.add(layer.kind);
      layer.things.forEach((thing) => {
        const shape = model.plane.shape(thing[2]);
        if (!shape.rings.length) return;
        const title = layer.titles[thing[1]];
        const cls = layer.classes[thing[0]];
        if (layer.kind === "street" || layer.kind === "railway") {
          const known = layer.kind === "railway" ? "railway" : ORDER.indexOf(cls) < 0 ? "lane" : cls;
          (ground.lines[known] = ground.lines[known] || new Path2D());
          b.trace(ground.lines[known], shape, false);
          if (title) ground.named.push({ kind: layer.kind, cls: known, title, shape });
          return;
        }
        const bins = (ground.area[layer.kind] = ground.area[layer.kind] || new b.Bins(700));
        bins.add((shape.box[0] + shape.box[2]) / 2, (shape.box[1] + shape.box[3]) / 2, shape);
        if (title) ground.named.push({ kind: layer.kind, cls, title, shape });
      });
    });
    Object.keys(ground.area).forEach((kind) => {
      const merged = new b.Bins(700);
      ground.area[kind].bins.forEach((shapes, key) => {
        const box = [Infinity, Infinity, -Infinity, -Infinity];
        const path = new Path2D();
        shapes.forEach((shape) => {
          b.trace(path, shape, true);
          b.grow(box, shape.box[0], shape.box[1]);
          b.grow(box, shape.box[2], shape.box[3]);
        });
        merged.bins.set(key, { path, box });
      });
      ground.area[kind] = Array.from(merged.bins.values());
    });
    model.ground = ground;
  };

  function areas(context, view, kind, colour, line, width) {
    const pieces = b.model.ground.area[kind];
    if (!pieces) return;
    context.fillStyle = colour;
    if (line) {
      context.strokeStyle = line;
      context.lineWidth = (width * view.k) / view.s;
    }
    pieces.forEach((piece) => {
      if (!b.meets(piece.box, view.box)) return;
      context.fill(piece.path, "evenodd");
      if (line) context.stroke(piece.path);
    });
  }

  function streets(context, view, colours) {
    const lines = b.model.ground.lines;
    context.lineCap = "round";
    context.lineJoin = "round";
    const classes = ORDER.filter((cls) => lines[cls] && (cls !== "path" || view.metres < 1.5));
    classes.forEach((cls) => {
      context.lineWidth = (b.streetWidth(view, cls) + 1.6 * view.k) / view.s;
      context.strokeStyle = cls === "arterial" ? colours.arterial_casing : colours.street_casing;
      if (cls !== "path") context.stroke(lines[cls]);
    });
    classes.forEach((cls) => {
      context.lineWidth = b.streetWidth(view, cls) / view.s;
      context.strokeStyle = cls === "arterial" ? colours.arterial : colours.street;
      context.stroke(lines[cls]);
    });
    if (lines.railway) {
      const px = 1 / view.s;
      context.lineCap = "butt";
      context.lineWidth = b.model.style.line.railway * view.k * px;
      context.strokeStyle = colours.railway;
      context.stroke(lines.railway);
      context.lineWidth *= 0.55;
      context.strokeStyle = colours.ground;
      context.setLineDash([9 * view.k * px, 9 * view.k * px]);
      context.stroke(lines.railway);
      context.setLineDash([]);
    }
  }

  let hatch = null;
  function hatching(context, view) {
    const step = Math.round(b.model.style.line.hatch * view.k * view.ratio);
    if (!hatch || hatch.step !== step || hatch.theme !== b.model.data.theme) {
      const tile = document.createElement("canvas");
      tile.width = tile.height = step;
      const pen = tile.getContext("2d");
      pen.strokeStyle = b.model.style.colours.dedicated_hatch;
      pen.lineWidth = Math.max(1, 1.1 * view.k * view.ratio);
      [-step, 0, step].forEach((at) => {
        pen.moveTo(at - 1, step + 1);
        pen.lineTo(at + step + 1, -1);
      });
      pen.stroke();
      hatch = { step, theme: b.model.data.theme, pattern: context.createPattern(tile, "repeat") };
    }
    const scale = 1 / (view.s * view.ratio);
    hatch.pattern.setTransform(new DOMMatrix([scale, 0, 0, scale, 0, 0]));
    return hatch.pattern;
  }

  // Grids whose colour tells their state: filled when one sees many, and on a wall, which is read from afar; edged on the inside when one sees few. Where they are filled red has an edge as well, for eyes that do not see it as red.
  const filled = (model) => model.shown("states") && (model.mode === "grids" || Boolean(model.data.wall));
  function states(context, view, model) {
    const known = model.states[model.leaf.key] || {};
    const marks = model.style.marks;
    const fill = filled(model);
    ["green", "yellow", "red"].forEach((mark) => {
      const shapes = model.leaf.shapes.filter((shape, n) => known[model.leaf.codes[n]] === mark && b.meets(shape.box, view.box));
      if (fill) {
        const all = new Path2D();
        shapes.forEach((shape) => all.addPath(b.pathOf(shape)));
        context.fillStyle = model.style.colours.ground; // so that a state looks the same on every tint
        context.globalAlpha = model.style.state.ground;
        context.fill(all, "evenodd");
        context.globalAlpha = 1;
        context.fillStyle = marks[mark].state;
        context.fill(all, "evenodd");
        if (mark !== "red") return;
      }
      const width = fill ? Math.min(4 * view.k, model.leafSize(view.s) * 0.11) : (mark === "green" ? 4 : 7) * view.k;
      context.globalAlpha = fill ? model.style.state.edge : 1;
      context.strokeStyle = fill ? marks[mark].fill : marks[mark].state;
      context.lineWidth = width / view.s; // half of it is seen
      shapes.forEach((shape) => {
        context.save();
        context.clip(b.pathOf(shape), "evenodd");
        context.lineJoin = "miter";
        context.stroke(b.pathOf(shape));
        context.restore();
      });
      context.globalAlpha = 1;
    });
  }

  function outlines(context, view, model) {
    const colours = model.style.outlines;
    const widths = model.style.line.level;
    const depth = model.levels.length;
    for (let d = depth - 1; d >= 0; d--) {
      const at = d === depth - 1 ? colours.length - 1 : Math.min(d, colours.length - 2);
      const level = model.levels[d];
      if (d === depth - 1 && model.leafSize(view.s) < 7 * view.k) continue;
      if (!level.all) {
        level.all = new Path2D();
        level.shapes.forEach((shape) => b.trace(level.all, shape, true));
      }
      context.lineJoin = "round";
      context.lineWidth = (widths[at] * view.k * (d === depth - 1 ? Math.min(1.15, Math.max(0.5, model.leafSize(view.s) / (70 * view.k))) : 1)) / view.s;
      context.strokeStyle = colours[at];
      context.stroke(level.all);
    }
  }

  function overlays(context, view, model) {
    model.overlays.forEach((overlay) => {
      if (!model.shown(overlay.key)) return;
      const px = view.k / view.s;
      overlay.shapes.forEach((shape) => {
        if (!b.meets(shape.box, view.box)) return;
        const path = b.pathOf(shape);
        if (overlay.responsible) {
          context.fillStyle = hatching(context, view);
          context.fill(path, "evenodd");
          context.strokeStyle = model.style.colours.halo;
          context.lineWidth = 3.4 * px;
          context.globalAlpha = 0.7;
          context.stroke(path);
          context.globalAlpha = 1;
          context.strokeStyle = model.style.colours.dedicated;
          context.lineWidth = model.style.line.dedicated * px;
          context.stroke(path);
        } else {
          context.strokeStyle = model.style.colours.accent;
          context.lineWidth = 2 * px;
          context.setLineDash([10 * px, 6 * px]);
          context.stroke(path);
          context.setLineDash([]);
        }
      });
    });
  }

  // A building without an outline is a small square.
  function buildings(context, view, model) {
    if (view.metres > 7 || model.ground && model.ground.kinds.has("footprint")) return;
    const side = Math.max(1.6 * view.k, Math.min(11 / view.mpp, 9 * view.k));
    view.toScreen();
    context.fillStyle = model.style.colours.building;
    context.globalAlpha = 0.75;
    model.points.forEach((layer) => {
      if (layer.kind !== "building" || !model.shown("buildings") || layer.glyph) return;
      layer.bins.visit(view.box, 0, (bin) => {
        for (let i = 0; i < bin.length; i++) {
          const n = bin[i];
          context.fillRect(view.x(layer.at[2 * n]) - side / 2, view.y(layer.at[2 * n + 1]) - side / 2, side, side);
        }
      });
    });
    context.globalAlpha = 1;
    view.toPlane();
  }

  b.paintBase = function (context, view) {
    const model = b.model;
    const colours = model.style.colours;
    const started = performance.now();
    view.toPlane();
    if (model.shown("tints")) {
      context.globalAlpha = model.basemap || filled(model) ? model.style.state.tint : 1; // a tint never rivals a state
      model.levels[model.data.tint_depth].shapes.forEach((shape, n) => {
        if (!b.meets(shape.box, view.box)) return;
        context.fillStyle = model.style.tints[model.data.tints[n]];
        context.fill(b.pathOf(shape), "evenodd");
      });
      context.globalAlpha = 1;
    }
    if (model.ground) {
      if (model.shown("park")) areas(context, view, "green", colours.park);
      if (model.shown("water")) areas(context, view, "water", colours.water);
      if (model.shown("block") && view.metres < 5) areas(context, view, "block", colours.block, colours.block_line, 0.8);
      if (model.shown("footprint") && view.metres < 5) areas(context, view, "footprint", colours.footprint, view.metres < 1.3 ? colours.footprint_line : null, 0.7);
      if (model.shown("street")) streets(context, view, colours);
      if (!model.basemap) {
        const veil = new Path2D();
        veil.rect(view.box[0], view.box[1], view.box[2] - view.box[0], view.box[3] - view.box[1]);
        model.outline.forEach((shape) => b.trace(veil, shape, true));
        context.fillStyle = colours.outside;
        context.fill(veil, "evenodd");
      }
    }
    buildings(context, view, model);
    if (model.shown("states")) states(context, view, model);
    if (model.part) { // what is not counted steps back
      const rest = new Path2D();
      rest.rect(view.box[0], view.box[1], view.box[2] - view.box[0], view.box[3] - view.box[1]);
      b.trace(rest, model.part, true);
      context.fillStyle = colours.outside;
      context.fill(rest, "evenodd");
    }
    outlines(context, view, model);
    overlays(context, view, model);
    model.timing.base = performance.now() - started;
  };
})();
