// The ground everything stands on: the data of the page, the plane that shapes are kept in, and small tools. ES2018, no build step.
(function () {
  "use strict";
  const battlemap = (window.battlemap = {});

  // Shapes are kept as pixels of zoom 18 from the south-west corner of the net: small numbers, so that a canvas (32-bit floats) draws them sharply at any zoom.
  const ZOOM = 18;
  const WORLD = 256 * Math.pow(2, ZOOM);
  const mercatorX = (lon) => ((lon + 180) / 360) * WORLD;
  const mercatorY = (lat) => (0.5 - Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360)) / (2 * Math.PI)) * WORLD;

  function Plane(data) {
    this.data = data;
    this.lon0 = data.origin[0] * data.unit;
    this.lat0 = data.origin[1] * data.unit;
    this.x0 = mercatorX(this.lon0);
    this.y0 = mercatorY(this.lat0);
    const middle = (data.bounds[1] + data.bounds[3]) / 2;
    this.metres = (40075016.686 * Math.cos((middle * Math.PI) / 180)) / WORLD; // of one pixel of the plane
  }
  Plane.prototype = {
    of(lon, lat) {
      return [mercatorX(lon) - this.x0, mercatorY(lat) - this.y0];
    },
    unit(i, j) { // whole millionths from the origin
      return this.of(this.lon0 + i * this.data.unit, this.lat0 + j * this.data.unit);
    },
    latLng(x, y) {
      const lat = (Math.atan(Math.exp((0.5 - (y + this.y0) / WORLD) * 2 * Math.PI)) * 360) / Math.PI - 90;
      return L.latLng(lat, ((x + this.x0) / WORLD) * 360 - 180);
    },
    shape(parts) {
      const box = [Infinity, Infinity, -Infinity, -Infinity];
      const rings = parts.map((steps) => {
        const ring = new Float64Array(steps.length);
        let i = 0;
        let j = 0;
        for (let n = 0; n < steps.length; n += 2) {
          i += steps[n];
          j += steps[n + 1];
          const at = this.unit(i, j);
          ring[n] = at[0];
          ring[n + 1] = at[1];
          grow(box, at[0], at[1]);
        }
        return ring;
      });
      return { rings, box, path: null };
    },
    points(xs, ys) {
      const out = new Float64Array(xs.length * 2);
      let i = 0;
      let j = 0;
      for (let n = 0; n < xs.length; n++) {
        i += xs[n];
        j += ys[n];
        const at = this.unit(i, j);
        out[2 * n] = at[0];
        out[2 * n + 1] = at[1];
      }
      return out;
    },
  };

  function grow(box, x, y) {
    if (x < box[0]) box[0] = x;
    if (y < box[1]) box[1] = y;
    if (x > box[2]) box[2] = x;
    if (y > box[3]) box[3] = y;
  }

  const meets = (a, b) => a[0] <= b[2] && a[2] >= b[0] && a[1] <= b[3] && a[3] >= b[1];

  function trace(path, shape, closed) {
    shape.rings.forEach((ring) => {
      path.moveTo(ring[0], ring[1]);
      for (let n = 2; n < ring.length; n += 2) path.lineTo(ring[n], ring[n + 1]);
      if (closed) path.closePath();
    });
  }

  function pathOf(shape) {
    if (!shape.path) {
      shape.path = new Path2D();
      trace(shape.path, shape, true);
    }
    return shape.path;
  }

  function inside(shape, x, y) { // even-odd
    if (x < shape.box[0] || x > shape.box[2] || y < shape.box[1] || y > shape.box[3]) return false;
    let odd = false;
    shape.rings.forEach((ring) => {
      for (let n = 0, m = ring.length - 2; n < ring.length; m = n, n += 2) {
        const above = ring[n + 1] > y;
        if (above !== ring[m + 1] > y && x < ((ring[m] - ring[n]) * (y - ring[n + 1])) / (ring[m + 1] - ring[n + 1]) + ring[n]) odd = !odd;
      }
    });
    return odd;
  }

  // Things in square bins, so that a redraw touches only what the window shows.
  function Bins(size) {
    this.size = size;
    this.bins = new Map();
  }
  Bins.prototype = {
    add(x, y, thing) {
      const key = Math.floor(x / this.size) + ":" + Math.floor(y / this.size);
      const bin = this.bins.get(key);
      if (bin) bin.push(thing);
      else this.bins.set(key, [thing]);
    },
    visit(box, margin, use) {
      const s = this.size;
      const x1 = Math.floor((box[2] + margin) / s);
      const y1 = Math.floor((box[3] + margin) / s);
      for (let i = Math.floor((box[0] - margin) / s); i <= x1; i++) {
        for (let j = Math.floor((box[1] - margin) / s); j <= y1; j++) {
          const bin = this.bins.get(i + ":" + j);
          if (bin) use(bin, i + ":" + j);
        }
      }
    },
  };

  // An element; text is always text, never markup.
  function make(tag, attributes, children) {
    const element = document.createElement(tag);
    Object.keys(attributes || {}).forEach((name) => {
      const value = attributes[name];
      if (name.slice(0, 2) === "on") element.addEventListener(name.slice(2), value);
      else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
    });
    [].concat(children === undefined ? [] : children).forEach((child) => {
      if (child !== null && child !== undefined && child !== false) element.append(child);
    });
    return element;
  }

  function drawing(box, size, paths, label) { // an SVG of our own shapes
    const ns = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(ns, "svg");
    svg.setAttribute("viewBox", box);
    svg.setAttribute("class", size);
    if (label) {
      svg.setAttribute("role", "img");
      svg.setAttribute("aria-label", label);
    } else svg.setAttribute("aria-hidden", "true");
    paths.forEach((attributes) => {
      const path = document.createElementNS(ns, "path");
      Object.keys(attributes).forEach((name) => path.setAttribute(name, attributes[name]));
      svg.append(path);
    });
    return svg;
  }

  function markIcon(model, mark, label) {
    const look = model.style.marks[mark];
    const paths = [{ d: look.path, fill: look.fill, stroke: look.edge, "stroke-width": model.data.theme === "dark" ? 0 : 1.2, "stroke-linejoin": "round" }];
    if (mark === "green") paths.push({ d: model.style.mark.tick, fill: "none", stroke: "#FFFFFF", "stroke-width": 2.6, "stroke-linecap": "round", "stroke-linejoin": "round" });
    return drawing("-12 -12 24 24", "icon", paths, label);
  }

  function fill(text, values) {
    return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
  }

  Object.assign(battlemap, { ZOOM, Plane, Bins, meets, grow, trace, pathOf, inside, make, drawing, markIcon, fill });
})();
