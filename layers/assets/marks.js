// Marks of incidents: which of them stand at one place at this zoom, and their shapes.
(function () {
  "use strict";
  const b = window.battlemap;
  const RANK = { red: 0, yellow: 1, green: 2 };
  const FADE = 7 * 24 * 3600 * 1000; // a green mark has faded after so long

  // Group marks that would cover one another: the worst and newest comes first and holds the place; the others join it. Linear in the number of marks.
  b.stack = function (incidents, reach) {
    const order = incidents.slice().sort((one, other) => RANK[one.mark] - RANK[other.mark] || Number(other.late) - Number(one.late) || other.time - one.time || (one.uid < other.uid ? -1 : 1));
    const cells = new Map();
    const stacks = [];
    order.forEach((incident) => {
      const i = Math.floor(incident.x / reach);
      const j = Math.floor(incident.y / reach);
      let found = null;
      let best = reach * reach;
      for (let di = -1; di <= 1; di++) {
        for (let dj = -1; dj <= 1; dj++) {
          const near = cells.get((i + di) * 1048576 + j + dj);
          if (!near) continue;
          for (let n = 0; n < near.length; n++) {
            const d = Math.pow(near[n].x - incident.x, 2) + Math.pow(near[n].y - incident.y, 2);
            if (d < best) {
              best = d;
              found = near[n];
            }
          }
        }
      }
      if (found) {
        found.items.push(incident);
        return;
      }
      const stack = { x: incident.x, y: incident.y, mark: incident.mark, items: [incident] };
      stacks.push(stack);
      const key = i * 1048576 + j;
      if (cells.has(key)) cells.get(key).push(stack);
      else cells.set(key, [stack]);
    });
    return stacks;
  };

  b.tally = function (incidents) {
    const counts = { red: 0, yellow: 0, green: 0 };
    incidents.forEach((incident) => { counts[incident.mark] += 1; });
    return counts;
  };

  b.paleness = function (incident, now) {
    if (incident.mark !== "green" || !now || !incident.time) return 1;
    return 1 - 0.5 * Math.min(1, Math.max(0, (now - incident.time) / (b.model.fade || FADE)));
  };

  const shapes = {};
  const shape = (d) => shapes[d] || (shapes[d] = new Path2D(d));

  // Draw one mark, its middle at x, y; size is its height in pixels.
  b.drawMark = function (context, model, mark, x, y, size, options) {
    const look = model.style.marks[mark];
    const dark = model.data.theme === "dark";
    const o = options || {};
    context.save();
    context.translate(x, y);
    context.scale(size / 24, size / 24);
    context.lineJoin = "round";
    if (o.halo !== false) {
      context.strokeStyle = dark ? model.style.colours.ground : "#FFFFFF";
      context.lineWidth = dark ? 5 : 6;
      context.stroke(shape(look.path));
    }
    context.globalAlpha = o.alpha === undefined ? 1 : o.alpha;
    context.fillStyle = look.fill;
    context.fill(shape(look.path));
    context.strokeStyle = look.edge;
    context.lineWidth = mark === "red" || !dark ? 1.4 : 0.8;
    context.stroke(shape(look.path));
    if (mark === "green") {
      context.strokeStyle = dark ? "#06301B" : "#FFFFFF";
      context.lineWidth = 2.8;
      context.lineCap = "round";
      context.stroke(shape(model.style.mark.tick));
    }
    context.globalAlpha = 1;
    if (o.late) { // overdue: a bar under the mark
      context.fillStyle = look.fill;
      context.strokeStyle = dark ? model.style.colours.ground : "#FFFFFF";
      context.lineWidth = 2.4;
      context.beginPath();
      context.rect(-10, 12, 20, 3.6);
      context.stroke();
      context.fill();
    }
    if (o.suspended) {
      context.translate(9.5, -7.5);
      context.beginPath();
      context.arc(0, 0, 6.4, 0, 7);
      context.fillStyle = model.style.colours.surface;
      context.strokeStyle = model.style.colours.text;
      context.lineWidth = 1.4;
      context.fill();
      context.stroke();
      context.lineWidth = 1.9;
      context.lineCap = "round";
      context.scale(0.8, 0.8);
      context.stroke(shape(model.style.mark.suspended));
    }
    context.restore();
  };

  // The number of marks at one place, on a small plate at the upper right.
  b.drawCount = function (context, model, count, x, y, size) {
    const text = count > 999 ? "999+" : String(count);
    const height = Math.max(size * 0.6, model.sizes.small * 0.82);
    context.font = model.style.bold + " " + height * 0.86 + "px " + model.style.font;
    const width = Math.max(height, context.measureText(text).width + height * 0.6);
    const left = x + size * 0.22;
    const top = y - size * 0.72;
    context.fillStyle = model.style.colours.text;
    context.strokeStyle = model.style.colours.halo;
    context.lineWidth = size * 0.07;
    context.beginPath();
    const r = height / 2;
    context.moveTo(left + r, top);
    context.arcTo(left + width, top, left + width, top + height, r);
    context.arcTo(left + width, top + height, left, top + height, r);
    context.arcTo(left, top + height, left, top, r);
    context.arcTo(left, top, left + width, top, r);
    context.closePath();
    context.fill();
    context.stroke();
    context.fillStyle = model.style.colours.surface;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(text, left + width / 2, top + height * 0.54);
    return [left, top, left + width, top + height];
  };

  // Places of a stack's marks when it is fanned out: a ring for a few, a spiral for many.
  b.fan = function (count, size) {
    const places = [];
    if (count <= 10) {
      const radius = Math.max(size * 1.5, (count * size * 1.25) / (2 * Math.PI));
      for (let n = 0; n < count; n++) {
        const angle = (2 * Math.PI * n) / count - Math.PI / 2;
        places.push([radius * Math.cos(angle), radius * Math.sin(angle)]);
      }
      return places;
    }
    let angle = 0;
    let radius = size * 1.5;
    for (let n = 0; n < count; n++) {
      places.push([radius * Math.cos(angle), radius * Math.sin(angle)]);
      angle += (size * 1.3) / radius;
      radius += (size * 1.3 * size * 1.3) / (2 * Math.PI * radius);
    }
    return places;
  };
})();
