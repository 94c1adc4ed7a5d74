// What is read: numbers and names that yield to one another, sites, marks, counts of grids; and what lies under the pointer.
(function () {
  "use strict";
  const b = window.battlemap;
  const CELL = 64;
  const WIDE = /[⺀-鿿豈-﫿＀-￯]/;
  const RIPPLE = (b.RIPPLE = 1400); // milliseconds
  const CROWD = 40; // marks, from which on those under one thumb stand together
  const SMALL = 0.55; // size of marks in a frame that is for choosing a place, not for reading

  // Boxes already taken on the screen.
  function Room() {
    this.cells = new Map();
  }
  Room.prototype = {
    _each(box, use) {
      for (let i = Math.floor(box[0] / CELL); i <= Math.floor(box[2] / CELL); i++) {
        for (let j = Math.floor(box[1] / CELL); j <= Math.floor(box[3] / CELL); j++) if (use(i * 8192 + j)) return true;
      }
      return false;
    },
    free(box) {
      return !this._each(box, (key) => (this.cells.get(key) || []).some((other) => b.meets(box, other)));
    },
    take(box) {
      this._each(box, (key) => {
        if (this.cells.has(key)) this.cells.get(key).push(box);
        else this.cells.set(key, [box]);
      });
    },
  };

  const widths = new Map();
  function measure(context, text) {
    const key = written + "|" + text;
    let width = widths.get(key);
    if (width === undefined) {
      if (widths.size > 20000) widths.clear();
      width = context.measureText(text).width;
      widths.set(key, width);
    }
    return width;
  }

  const around = (x, y, width, height, gap) => [x - width / 2 - gap, y - height / 2 - gap, x + width / 2 + gap, y + height / 2 + gap];

  function write(context, text, x, y, colour, halo, width) {
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    if (halo) {
      context.strokeStyle = halo;
      context.lineWidth = width;
      context.strokeText(text, x, y);
    }
    context.fillStyle = colour;
    context.fillText(text, x, y);
  }

  // The font of what is measured and written next; reading it back from the canvas is slow.
  let written = "";
  function font(model, size, bold) {
    written = (bold ? model.style.bold : model.style.regular) + " " + Math.round(size * 10) / 10 + "px " + model.style.font;
    return written;
  }

  // What is shown at this zoom: stacks of marks, or counts by grid while the grids carry the colour. Every incident is in exactly one of them.
  function arrange(model, view) {
    const size = model.leafSize(view.s);
    const mode = model.levels.length > 1 && size < 40 * view.k ? "grids" : "marks";
    const key = [view.zoom, model.version, view.k, mode, model.shown("marks"), model.small].join();
    if (model.layout && (model.layout.key === key || (model.zooming && model.layout.version === model.version))) return model.layout;
    model.markSize = model.style.mark.size * view.k * Math.min(model.wall ? 1.3 : 1.1, Math.max(0.62, size / (110 * view.k))) * (model.small ? SMALL : 1);
    const layout = { key, version: model.version, mode, stacks: [], chips: [] };
    const incidents = model.shown("marks") ? model.incidents : [];
    let rest = incidents;
    if (mode === "grids") {
      const depth = model.chipDepth(view);
      const level = model.levels[depth];
      const groups = level.codes.map(() => []);
      rest = [];
      incidents.forEach((incident) => {
        const at = model.ancestor(incident.leaf, depth);
        (at < 0 ? rest : groups[at]).push(incident);
      });
      layout.depth = depth;
      layout.chips = groups.map((items, n) => ({ n, level, items, counts: b.tally(items), x: level.anchors[n].x, y: level.anchors[n].y }));
    }
    const reach = model.touch && !model.small && rest.length > CROWD ? Math.max(model.touch, model.markSize * 0.8) : model.markSize * 0.8;
    layout.stacks = b.stack(rest, reach / view.s);
    model.layout = layout;
    if (model.mode !== mode) {
      model.mode = mode;
      model.base.request();
    }
    return layout;
  }

  function placeMarks(model, view, layout, room) {
    const size = model.markSize;
    layout.stacks.forEach((stack) => {
      const x = view.x(stack.x);
      const y = view.y(stack.y);
      stack.seen = x > -size && y > -size && x < view.width + size && y < view.height + size;
      if (stack.seen) room.take(around(x, y, size * 0.9, size * 0.9, 1));
      if (stack.seen && stack.items.length > 1) room.take([x + size * 0.2, y - size * 0.72, x + size * 0.95, y - size * 0.1]);
    });
  }

  function drawStacks(context, model, view, layout) {
    const order = layout.stacks.filter((stack) => stack.seen).sort((one, other) => "green yellow red".indexOf(one.mark) - "green yellow red".indexOf(other.mark) || one.y - other.y);
    order.forEach((stack) => {
      const first = stack.items[0];
      const x = view.x(stack.x);
      const y = view.y(stack.y);
      const size = first.mark === "green" ? model.markSize * 0.82 : model.markSize;
      b.drawMark(context, model, stack.mark, x, y, size, { alpha: b.paleness(first, model.asOf), suspended: stack.items.some((item) => item.suspended), late: stack.items.some((item) => item.late) });
      if (stack.items.length > 1 && !model.small) b.drawCount(context, model, stack.items.length, x, y, model.markSize);
    });
  }

  function drawFan(context, model, view) {
    const fan = model.fan;
    if (!fan) return;
    const x = view.x(fan.x);
    const y = view.y(fan.y);
    const size = model.markSize;
    const places = b.fan(fan.items.length, size);
    const reach = Math.max.apply(null, places.map((at) => Math.hypot(at[0], at[1]))) + size;
    context.fillStyle = model.style.colours.surface;
    context.globalAlpha = 0.82;
    context.beginPath();
    context.arc(x, y, reach, 0, 7);
    context.fill();
    context.globalAlpha = 1;
    context.strokeStyle = model.style.colours.quiet;
    context.lineWidth = view.k;
    context.beginPath();
    places.forEach((at) => {
      context.moveTo(x, y);
      context.lineTo(x + at[0], y + at[1]);
    });
    context.stroke();
    fan.items.forEach((item, n) => b.drawMark(context, model, item.mark, x + places[n][0], y + places[n][1], size, { suspended: item.suspended, late: item.late }));
    fan.places = places;
  }

  // Counts of a grid on a plate: its name and its marks, each with its number. Where room is short the plate says less, moves aside, and at last joins its neighbour's.
  const FORMS = [{ name: true, marks: 3, tall: true }, { name: true, marks: 1, tall: true }, { name: true, marks: 1, tall: false }, { name: false, marks: 1, tall: false }];
  const SHIFTS = [[0, 0], [0, -0.5], [0, 0.5], [-0.4, 0], [0.4, 0], [0, -1], [0, 1], [-0.5, -0.9], [0.5, -0.9], [-0.5, 0.9], [0.5, 0.9]];

  function drawChips(context, model, view, layout, room) {
    const text = model.sizes.small * 0.96;
    context.font = font(model, text, true);
    let shown = layout.chips.filter((chip) => {
      const x = view.x(chip.x);
      const y = view.y(chip.y);
      chip.seen = x > -80 && y > -60 && x < view.width + 80 && y < view.height + 60;
      chip.counts = b.tally(chip.items);
      chip.box = chip.draw = null;
      chip.merged = [chip];
      return chip.seen;
    }).sort((one, other) => one.level.anchors[one.n].half - other.level.anchors[other.n].half);
    const edge = (view.width * 0.06) / 1.12; // what the canvas is larger than the window
    const inWindow = (x, width) => (x < edge || x > view.width - edge ? x : Math.min(Math.max(x, edge + width / 2 + 2), view.width - edge - width / 2 - 2));
    const place = (chip, form, free) => {
      const label = String(chip.level.labels[chip.n]) + (chip.merged.length > 1 ? "+" + (chip.merged.length - 1) : "");
      chip.present = ["red", "yellow", "green"].filter((mark) => chip.counts[mark]);
      const plate = plateOf(context, chip, form, label, chip.present.slice(0, form.marks), text);
      return SHIFTS.some((shift) => {
        const box = around(inWindow(view.x(chip.x), plate.width) + shift[0] * plate.width, view.y(chip.y) + shift[1] * plate.height, plate.width, plate.height, 1);
        if (!free && (!room.free(box) || shown.some((other) => other !== chip && other.box && b.meets(box, other.box)))) return false;
        chip.box = box;
        chip.plate = plate;
        return true;
      });
    };
    const join = (chip) => { // its number stays on the map, on the nearest plate
      const distance = (other) => Math.hypot(other.x - chip.x, other.y - chip.y);
      const host = shown.filter((other) => other.box).sort((one, other) => distance(one) - distance(other))[0];
      if (!host) return place(chip, FORMS[3], true);
      host.merged.push(chip);
      ["red", "yellow", "green"].forEach((mark) => { host.counts[mark] += chip.counts[mark]; });
      host.box = null;
      return place(host, FORMS[2], false) || place(host, FORMS[3], false) || place(host, FORMS[3], true);
    };
    shown.forEach((chip) => place(chip, FORMS[2], false) || place(chip, FORMS[3], false) || (chip.items.length > 0 && join(chip))); // the least first, so that each has its place
    shown = shown.filter((chip) => chip.box);
    shown.reverse().forEach((chip) => FORMS.slice(0, 2).some((form) => place(chip, form, false)));
    shown.forEach((chip) => {
      room.take(chip.box);
      chip.draw = () => drawPlate(context, model, view, chip, chip.plate, text);
    });
  }

  function plateOf(context, chip, form, label, marks, text) {
    const icon = text * 0.82;
    const numbers = marks.map((mark) => measure(context, String(chip.counts[mark])));
    const row = numbers.reduce((sum, width) => sum + width + icon * 1.2, 0) + Math.max(0, marks.length - 1) * text * 0.45;
    const name = form.name ? measure(context, label) : 0;
    const tall = form.tall && form.name && marks.length > 0;
    const gap = form.name && marks.length && !tall ? text * 0.45 : 0;
    return { label: form.name ? label : "", marks, numbers, icon, row, name, gap, tall, width: (tall ? Math.max(row, name) : row + name + gap) + text * 0.7, height: tall ? text * 2.35 : text * 1.3 };
  }

  function drawPlate(context, model, view, chip, plate, text) {
    const middle = (chip.box[0] + chip.box[2]) / 2;
    const top = (chip.box[1] + chip.box[3]) / 2 - plate.height / 2;
    const r = text * 0.28;
    const left0 = middle - plate.width / 2;
    context.fillStyle = model.style.colours.surface;
    context.globalAlpha = 0.9;
    context.beginPath();
    context.moveTo(left0 + r, top);
    context.arcTo(left0 + plate.width, top, left0 + plate.width, top + plate.height, r);
    context.arcTo(left0 + plate.width, top + plate.height, left0, top + plate.height, r);
    context.arcTo(left0, top + plate.height, left0, top, r);
    context.arcTo(left0, top, left0 + plate.width, top, r);
    context.closePath();
    context.fill();
    context.globalAlpha = 1;
    context.font = font(model, text, true);
    const base = plate.tall ? top + text * 1.68 : top + plate.height * 0.53;
    let left = plate.tall ? middle - plate.row / 2 : left0 + text * 0.35 + plate.name + plate.gap;
    if (plate.label) write(context, plate.label, plate.tall ? middle : left0 + text * 0.35 + plate.name / 2, plate.tall ? top + text * 0.68 : base, model.style.colours.level_label);
    plate.marks.forEach((mark, n) => {
      b.drawMark(context, model, mark, left + plate.icon / 2, base, plate.icon, { halo: false });
      context.font = font(model, text, true);
      write(context, String(chip.counts[mark]), left + plate.icon * 1.2 + plate.numbers[n] / 2, base, model.style.marks[mark].text);
      left += plate.numbers[n] + plate.icon * 1.2 + text * 0.45;
    });
  }

  // A small shape in each grid, so that its state reads without colour.
  function drawStateShapes(context, model, view, room) {
    const size = Math.min(11 * view.k, model.leafSize(view.s) * 0.42);
    if (size < 5 || !model.shown("states")) return;
    const known = model.states[model.leaf.key] || {};
    model.leaf.anchors.forEach((at, n) => {
      const mark = known[model.leaf.codes[n]];
      const x = view.x(at.x);
      const y = view.y(at.y);
      if (!mark || x < 0 || y < 0 || x > view.width || y > view.height || !room.free(around(x, y, size, size, 0))) return;
      b.drawMark(context, model, mark, x, y, mark === "green" ? size * 0.7 : size, { halo: false, alpha: mark === "green" ? 0.7 : 1 });
    });
  }

  const PLACES = [[0, 0], [0, -0.55], [0, 0.55], [-0.5, 0], [0.5, 0], [-0.45, -0.45], [0.45, -0.45], [-0.45, 0.45], [0.45, 0.45]];

  function numbers(context, model, view, room, later) {
    if (!model.shown("numbers")) return;
    const base = model.sizes.small * 1.06;
    model.leaf.anchors.forEach((at, n) => {
      const x = view.x(at.x);
      const y = view.y(at.y);
      if (x < -60 || y < -60 || x > view.width + 60 || y > view.height + 60) return;
      const text = String(model.leaf.labels[n]);
      const half = at.half / view.mpp;
      const radius = at.radius / view.mpp;
      const fits = [1.1, 1, 0.86, 0.74].some((factor) => {
        const size = base * factor;
        context.font = font(model, size, true);
        const width = measure(context, text);
        if (width > half * 1.9 || size > radius * 2.1) return false;
        return PLACES.some((place) => {
          const px = x + place[0] * Math.max(0, half - width / 2) * 1.2;
          const py = y + place[1] * radius * 1.2;
          const box = around(px, py, width, size, 1);
          if (!room.free(box)) return false;
          if (place[0] || place[1]) { // a place that is not the middle must still be inside
            const s = view.s;
            const corner = (cx, cy) => b.inside(model.leaf.shapes[n], (cx - view.tx) / s, (cy - view.ty) / s);
            if (!corner(box[0], box[1]) || !corner(box[2], box[1]) || !corner(box[0], box[3]) || !corner(box[2], box[3])) return false;
          }
          room.take(box);
          later.push(() => {
            context.font = font(model, size, true);
            write(context, text, px, py, model.style.colours.leaf_label, model.halo, 3 * view.k);
          });
          return true;
        });
      });
      return fits;
    });
  }

  function dedicated(context, model, view, room, later) {
    model.overlays.forEach((overlay) => {
      if (!model.shown(overlay.key)) return;
      overlay.anchors.forEach((at, n) => {
        const shape = overlay.shapes[n];
        if (!b.meets(shape.box, view.box)) return;
        const label = String(overlay.labels[n]);
        const size = model.sizes.small * (overlay.responsible ? 0.96 : 1.2);
        context.font = font(model, size, true);
        const width = measure(context, label);
        const tall = (shape.box[3] - shape.box[1]) * view.s;
        if (tall < size * 0.9 && model.mode === "grids") return;
        const x = view.x(at.x);
        const top = view.y(shape.box[1]) - size * 0.62;
        const low = view.y(shape.box[3]) + size * 0.62;
        const title = overlay.titles[n] && at.half / view.mpp > 60 * view.k ? overlay.titles[n] : "";
        [[x, top], [x, low], [x, view.y(at.y)], [x, view.y(at.y) - size], [x, view.y(at.y) + size]].some((place) => {
          const box = around(place[0], place[1], width, size, 1);
          if (!room.free(box)) return false;
          room.take(box);
          later.push(() => {
            context.font = font(model, size, true);
            write(context, label, place[0], place[1], overlay.responsible ? model.style.colours.dedicated_label : model.style.colours.accent, model.halo, 3.4 * view.k);
          });
          return true;
        });
        if (title) {
          const small = model.sizes.small * 0.92;
          context.font = font(model, small);
          const box = around(x, view.y(at.y), measure(context, title), small, 2);
          if (!room.free(box)) return;
          room.take(box);
          later.push(() => {
            context.font = font(model, small);
            write(context, title, x, view.y(at.y), model.style.colours.dedicated_label, model.halo, 3 * view.k);
          });
        }
      });
    });
  }

  function sites(context, model, view, room, later) {
    model.siteHits = [];
    if (view.metres > 2.6 || model.mode === "grids") return;
    const size = Math.min(22, Math.max(13, 19 / Math.sqrt(Math.max(view.metres, 0.4)))) * view.k * (model.wall ? 1.15 : 0.95);
    const crowded = view.metres > 0.4;
    model.points.forEach((layer) => {
      if (layer.kind === "building" && !layer.glyph) return;
      if (!model.shown(layer.key) || layer.kind === "site" && model.registered.some((one) => one.on())) return; // the register says more of the same places
      const colour = layer.kind === "service" ? model.style.colours.service : model.style.colours.site;
      layer.bins.visit(view.box, size / view.s, (bin) => {
        bin.forEach((n) => {
          const x = view.x(layer.at[2 * n]);
          const y = view.y(layer.at[2 * n + 1]);
          const box = around(x, y, size, size, 0);
          if (crowded && !room.free(box)) return;
          room.take(box);
          model.siteHits.push({ layer, n, x: layer.at[2 * n], y: layer.at[2 * n + 1] });
          later.push(() => badge(context, model, layer.glyphOf(n), x, y, size, colour));
          if (view.metres < 0.8 && model.shown("names")) caption(context, model, view, room, later, layer.names[n], x, y + size * 0.5 + model.sizes.small * 0.55, model.sizes.small * 0.84, colour);
        });
      });
    });
  }

  const glyphs = {};
  function badge(context, model, glyph, x, y, size, colour) {
    const r = size * 0.2;
    const h = size / 2;
    context.beginPath();
    context.moveTo(x - h + r, y - h);
    context.arcTo(x + h, y - h, x + h, y + h, r);
    context.arcTo(x + h, y + h, x - h, y + h, r);
    context.arcTo(x - h, y + h, x - h, y - h, r);
    context.arcTo(x - h, y - h, x + h, y - h, r);
    context.closePath();
    context.globalAlpha = model.data.wall ? 0.55 : 1; // on a wall they are ground, beside the marks
    context.fillStyle = model.style.colours.site_ground;
    context.fill();
    context.strokeStyle = colour;
    context.lineWidth = Math.max(1, size * 0.055);
    context.stroke();
    context.save();
    context.translate(x - size * 0.39, y - size * 0.39);
    context.scale((size * 0.78) / 16, (size * 0.78) / 16);
    context.fillStyle = colour;
    context.fill(glyphs[glyph] || (glyphs[glyph] = new Path2D(glyph)), "evenodd");
    context.restore();
    context.globalAlpha = 1;
  }

  function caption(context, model, view, room, later, text, x, y, size, colour) {
    if (!text) return;
    context.font = font(model, size);
    const box = around(x, y, measure(context, text), size, 2);
    if (!room.free(box)) return;
    room.take(box);
    later.push(() => {
      context.font = font(model, size);
      write(context, text, x, y, colour, model.halo, 3 * view.k);
    });
  }

  // Names of streets run along them: Latin text turns with the street, Chinese characters stay upright where it runs up and down.
  const NAMED = { arterial: [9, 1], secondary: [5, 0.92], lane: [1.7, 0.84], path: [0, 0.8], railway: [5, 0.84] };

  function streetNames(context, model, view, room, later) {
    const placed = {};
    const order = model.ground.named.filter((thing) => thing.kind === "street" || thing.kind === "railway");
    ["arterial", "secondary", "railway", "lane"].forEach((cls) => {
      const rule = NAMED[cls];
      if (view.metres > rule[0]) return;
      const size = model.sizes.small * rule[1];
      context.font = font(model, size);
      order.forEach((thing) => {
        if (thing.cls !== cls || !b.meets(thing.shape.box, view.box)) return;
        thing.shape.rings.forEach((line) => along(context, model, view, room, later, thing.title, line, size, placed));
      });
    });
  }

  function along(context, model, view, room, later, title, line, size, placed) {
    const text = Array.from(title);
    const spread = WIDE.test(title) ? size * 0.5 : size * 0.04;
    const advance = text.map((character) => measure(context, character) + spread);
    const length = advance.reduce((sum, width) => sum + width, 0);
    const total = [0];
    for (let n = 2; n < line.length; n += 2) total.push(total[total.length - 1] + Math.hypot(line[n] - line[n - 2], line[n + 1] - line[n - 1]) * view.s);
    const whole = total[total.length - 1];
    if (whole < length * 1.15) return;
    const step = Math.max(length * 1.3, 90 * view.k);
    const tries = Math.min(60, Math.floor((whole - length) / (step / 3)) + 1);
    const start = (whole - length) / 2;
    for (let n = 0; n < tries; n++) {
      const from = start + (n % 2 ? 1 : -1) * Math.ceil(n / 2) * (step / 3);
      if (from < 0 || from + length > whole) continue;
      const glyphPlaces = bend(view, line, total, advance, from, WIDE.test(title), size * 0.66 + 1.5 * view.k);
      if (!glyphPlaces) continue;
      const middle = glyphPlaces[glyphPlaces.length >> 1];
      if (middle[0] < 0 || middle[1] < 0 || middle[0] > view.width || middle[1] > view.height) continue;
      if ((placed[title] || []).some((at) => Math.hypot(at[0] - middle[0], at[1] - middle[1]) < 380 * view.k)) continue;
      const boxes = glyphPlaces.map((at) => around(at[0], at[1], size * 0.9, size * 0.9, 0.5));
      if (!boxes.every((box) => room.free(box))) continue;
      boxes.forEach((box) => room.take(box));
      (placed[title] = placed[title] || []).push(middle);
      later.push(() => {
        context.font = font(model, size);
        glyphPlaces.forEach((at, i) => {
          context.save();
          context.translate(at[0], at[1]);
          context.rotate(at[2]);
          write(context, at[3] ? text[text.length - 1 - i] : text[i], 0, 0, model.style.colours.street_label, model.streetHalo, 2.6 * view.k);
          context.restore();
        });
      });
    }
  }

  // Where each character stands: along the line, and beside it, for the edges of grids run along the middle of streets.
  function bend(view, line, total, advance, from, wide, aside) {
    const at = (distance) => {
      let n = 1;
      while (n < total.length - 1 && total[n] < distance) n++;
      const t = (distance - total[n - 1]) / (total[n] - total[n - 1] || 1);
      const x0 = view.x(line[2 * n - 2]);
      const y0 = view.y(line[2 * n - 1]);
      const x1 = view.x(line[2 * n]);
      const y1 = view.y(line[2 * n + 1]);
      return [x0 + (x1 - x0) * t, y0 + (y1 - y0) * t, Math.atan2(y1 - y0, x1 - x0)];
    };
    const length = advance.reduce((sum, width) => sum + width, 0);
    const first = at(from);
    const last = at(from + length);
    const dx = last[0] - first[0];
    const dy = last[1] - first[1];
    const upright = wide && Math.abs(dy) > Math.abs(dx) * 1.1;
    const backwards = upright ? dy < 0 : dx < 0;
    const widths = backwards ? advance.slice().reverse() : advance;
    const places = [];
    let distance = from;
    let before = null;
    for (let n = 0; n < widths.length; n++) {
      const place = at(distance + widths[n] / 2);
      distance += widths[n];
      if (before !== null && Math.abs(Math.atan2(Math.sin(place[2] - before), Math.cos(place[2] - before))) > 0.42) return null;
      before = place[2];
      const turn = upright ? place[2] - Math.PI / 2 : place[2];
      const side = (backwards ? turn + Math.PI : turn) + (upright ? 0 : -Math.PI / 2);
      places.push([place[0] + aside * Math.cos(side), place[1] + aside * Math.sin(side), backwards ? turn + Math.PI : turn, backwards]);
    }
    return places;
  }

  function placeNames(context, model, view, room, later) {
    const rules = { water: [6, 0.95, "water_label"], green: [3.5, 0.9, "park_label"], block: [1.5, 0.84, "quiet"], footprint: [0.35, 0.8, "quiet"] };
    model.ground.named.forEach((thing) => {
      const rule = rules[thing.kind];
      if (!rule || view.metres > rule[0] || !b.meets(thing.shape.box, view.box)) return;
      if (!thing.place) thing.place = widest(thing.shape);
      const size = model.sizes.small * rule[1];
      context.font = font(model, size);
      if (thing.kind === "block" && measure(context, thing.title) > (thing.shape.box[2] - thing.shape.box[0]) * view.s * 1.1) return;
      caption(context, model, view, room, later, thing.title, view.x(thing.place[0]), view.y(thing.place[1]), size, model.style.colours[rule[2]]);
    });
  }

  function widest(shape) { // the middle of the widest stretch of land at half height
    const y = (shape.box[1] + shape.box[3]) / 2;
    const cuts = [];
    shape.rings.forEach((ring) => {
      for (let n = 0, m = ring.length - 2; n < ring.length; m = n, n += 2) {
        if (ring[n + 1] > y !== ring[m + 1] > y) cuts.push(((ring[m] - ring[n]) * (y - ring[n + 1])) / (ring[m + 1] - ring[n + 1]) + ring[n]);
      }
    });
    cuts.sort((one, other) => one - other);
    let best = [shape.box[0], shape.box[0]];
    for (let n = 0; n + 1 < cuts.length; n += 2) if (cuts[n + 1] - cuts[n] > best[1] - best[0]) best = [cuts[n], cuts[n + 1]];
    return [(best[0] + best[1]) / 2, y];
  }

  function buildingNames(context, model, view, room, later) {
    if (view.metres > 0.42 || !model.shown("buildings")) return;
    model.points.forEach((layer) => {
      if (layer.kind !== "building" || layer.glyph) return;
      layer.bins.visit(view.box, 0, (bin) => bin.forEach((n) => caption(context, model, view, room, later, layer.names[n], view.x(layer.at[2 * n]), view.y(layer.at[2 * n + 1]), model.sizes.small * (view.metres < 0.25 ? 1 : 0.84), model.style.colours.quiet)));
    });
  }

  function selection(context, model, view) {
    const chosen = model.selected;
    if (!chosen) return;
    const part = model.partOf(chosen.kind);
    const n = part ? part.codes.indexOf(model.data.stacks[chosen.code] || chosen.code) : -1;
    context.strokeStyle = model.style.colours.accent;
    if (n >= 0) {
      view.toPlane();
      context.lineJoin = "round";
      context.lineWidth = (4 * view.k) / view.s;
      context.stroke(b.pathOf(part.shapes[n]));
      view.toScreen();
    } else if (chosen.at) {
      context.lineWidth = 2.6 * view.k;
      context.beginPath();
      context.arc(view.x(chosen.at[0]), view.y(chosen.at[1]), model.markSize * 0.95, 0, 7);
      context.stroke();
    }
  }

  // A new red mark draws the eye: two quiet ripples, then it stands still.
  function ripples(context, model, view) {
    const now = performance.now();
    model.fresh = model.fresh.filter((one) => now - one.since < RIPPLE * model.style.mark.ripples);
    model.fresh.forEach((one) => {
      if (now < one.since) return;
      const t = model.calm ? 0.5 : ((now - one.since) % RIPPLE) / RIPPLE;
      context.strokeStyle = model.style.marks.red.fill;
      context.globalAlpha = 0.7 * (1 - t);
      context.lineWidth = 2.5 * view.k;
      context.beginPath();
      context.arc(view.x(one.x), view.y(one.y), model.markSize * (0.6 + 1.5 * t), 0, 7);
      context.stroke();
      context.globalAlpha = 1;
    });
    if (model.fresh.length) {
      if (model.calm) setTimeout(() => model.top.request(), 400);
      else model.top.request();
    }
  }

  b.paintTop = function (context, view) {
    const model = b.model;
    const started = performance.now();
    model.view = view;
    model.halo = model.data.theme === "dark" ? "rgba(13,20,29,.82)" : "rgba(255,255,255,.86)";
    model.streetHalo = model.data.theme === "dark" ? "rgba(13,20,29,.7)" : "rgba(255,255,255,.9)";
    const layout = arrange(model, view);
    const room = new Room();
    const later = [];
    view.toScreen();
    placeMarks(model, view, layout, room);
    drawChips(context, model, view, layout, room);
    b.drawRegistered(context, model, view, room, around);
    dedicated(context, model, view, room, later);
    if (model.mode === "marks") numbers(context, model, view, room, later);
    sites(context, model, view, room, later);
    if (model.ground && model.shown("names")) {
      streetNames(context, model, view, room, later);
      placeNames(context, model, view, room, later);
    }
    if (model.shown("names")) buildingNames(context, model, view, room, later);
    selection(context, model, view);
    later.forEach((draw) => draw());
    if (model.mode === "grids") drawStateShapes(context, model, view, room);
    drawStacks(context, model, view, layout);
    layout.chips.forEach((chip) => { if (chip.draw) chip.draw(); });
    drawFan(context, model, view);
    ripples(context, model, view);
    model.timing.top = performance.now() - started;
  };

  // What lies at a place of the plane: mark before site before building before dedicated before micro-grid.
  b.hit = function (model, x, y) {
    const s = model.view.s;
    const near = (px, py, reach) => Math.hypot(px - x, py - y) * s < reach;
    const size = model.markSize;
    if (model.fan && model.fan.places) {
      const n = model.fan.items.findIndex((item, i) => near(model.fan.x + model.fan.places[i][0] / s, model.fan.y + model.fan.places[i][1] / s, size * 0.6));
      if (n >= 0) return { kind: "incident", code: model.fan.items[n].uid, label: model.fan.items[n].title, at: [x, y] };
    }
    const rank = ["red", "yellow", "green"];
    const stack = model.layout.stacks.filter((one) => one.seen && near(one.x, one.y, Math.max(size * 0.62, model.touch / 2))).sort((one, other) => Math.hypot(one.x - x, one.y - y) - Math.hypot(other.x - x, other.y - y) || rank.indexOf(one.mark) - rank.indexOf(other.mark))[0];
    if (stack && stack.items.length > 1) return { stack };
    if (stack) return { kind: "incident", code: stack.items[0].uid, label: stack.items[0].title, at: [stack.x, stack.y] };
    const px = model.view.x(x);
    const py = model.view.y(y);
    const chip = model.layout.chips.find((one) => one.draw && px >= one.box[0] && px <= one.box[2] && py >= one.box[1] && py <= one.box[3]);
    if (chip && chip.merged.length > 1) return { merged: chip.merged };
    if (chip) return { kind: chip.level.key, code: chip.level.codes[chip.n], label: chip.level.labels[chip.n] };
    const registered = b.registeredAt(model, near);
    if (registered) return registered;
    const site = model.siteHits.find((one) => near(one.x, one.y, Math.max(12 * model.k, model.touch / 2)));
    if (site) return { kind: site.layer.key, code: site.layer.ids[site.n], label: site.layer.names[site.n], at: [site.x, site.y] };
    const building = b.buildingAt(model, x, y);
    if (building) return building;
    for (let o = 0; o < model.overlays.length; o++) {
      const overlay = model.overlays[o];
      const n = overlay.responsible && model.shown(overlay.key) ? overlay.shapes.findIndex((shape) => b.inside(shape, x, y)) : -1;
      if (n >= 0) return { kind: overlay.key, code: overlay.codes[n], label: overlay.labels[n] };
    }
    const n = model.leaf.shapes.findIndex((shape) => b.inside(shape, x, y));
    return n >= 0 ? { kind: model.leaf.key, code: model.leaf.codes[n], label: model.leaf.labels[n] } : null;
  };

  b.buildingAt = function (model, x, y) {
    if (model.view.metres > 0.9 || !model.shown("buildings")) return null;
    let best = null;
    let least = 9 / model.plane.metres; // metres to its point
    model.points.forEach((layer) => {
      if (layer.kind !== "building") return;
      layer.bins.visit([x, y, x, y], least, (bin) => bin.forEach((n) => {
        const d = Math.hypot(layer.at[2 * n] - x, layer.at[2 * n + 1] - y);
        if (d < least) {
          least = d;
          best = { kind: layer.key, code: layer.ids[n], label: layer.names[n], at: [layer.at[2 * n], layer.at[2 * n + 1]] };
        }
      }));
    });
    return best;
  };
})();
