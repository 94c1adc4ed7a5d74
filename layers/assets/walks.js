// Walks of a plan of a day: stops with their numbers, joined by lines that only tell the order. Numbers take turns for room; one that finds none shows when the map is nearer.
(function () {
  "use strict";
  const b = window.battlemap;
  const DASHES = ["", "10 6", "2 6", "14 5 2 5"]; // walks differ by more than their number
  const DOT = 10, HIGH = 18, GAP = 2; // pixels: a stop, its number, and what lies between
  const SIDES = [[1, 0], [-1, 0], [0, -1], [0, 1], [1, -1], [-1, -1], [1, 1], [-1, 1]]; // of a stop, where its number may stand, the best first
  const QUIET = ["marks", "states"]; // what else the map is about; the list of layers brings it back
  const at = (point) => [point[1], point[0]];
  const plain = (name, textContent) => Object.assign(document.createElement("span"), { className: name, textContent });

  b.Walks = function (model) {
    this.model = model;
    this.layers = [];
    this.only = "";
    QUIET.forEach((name) => {
      model.show(name, false);
      document.querySelectorAll(`.sheet input[name="${name}"]`).forEach((box) => { box.checked = false; });
    });
    model.map.on("zoomend", () => this.label());
  };

  b.Walks.prototype = {
    show(walks) {
      const said = JSON.stringify(walks);
      if (said === this.said) return;
      this.said = said;
      this.walks = walks;
      this.draw();
      if (walks.length && !this.brought) this.bring(walks);
      this.brought = this.brought || walks.length > 0;
    },
    choose(mark) { // one walk stands out, the others stay as faint lines; none named: all of them
      this.only = this.walks.some((walk) => walk.mark === mark) ? mark : "";
      this.draw();
      this.bring(this.walks.filter((walk) => !this.only || walk.mark === this.only));
    },
    bring(walks) {
      this.model.map.fitBounds(walks.flatMap((walk) => [walk.start, ...walk.stops].map(at)), { animate: false, maxZoom: 18.5, paddingTopLeft: [48, 72], paddingBottomRight: [72, 48] });
    },
    draw() {
      const map = this.model.map, colour = this.model.style.colours.accent;
      this.layers.forEach((layer) => layer.remove());
      this.signs = [];
      this.layers = this.walks.flatMap((walk, number) => {
        const faint = this.only && walk.mark !== this.only;
        const line = L.polyline([walk.start, ...walk.stops, walk.start].map(at), { color: colour, weight: faint ? 2 : 3, opacity: faint ? 0.2 : 0.85, dashArray: DASHES[number % DASHES.length], interactive: false });
        if (faint) return [line];
        const home = L.marker(at(walk.start), { icon: L.divIcon({ className: "walk-start", html: plain("", walk.mark), iconSize: [22, 22] }), zIndexOffset: 1000, interactive: false, keyboard: false });
        const stops = walk.stops.map((stop, n) => {
          const html = plain("", walk.mark + "-" + (n + 1));
          this.signs.push({ place: at(stop), html, wide: 12 + 7 * html.textContent.length });
          return L.marker(at(stop), { icon: L.divIcon({ className: "walk-stop", html, iconSize: [DOT, DOT] }), interactive: false, keyboard: false });
        });
        return [line, home, ...stops];
      });
      this.layers.forEach((layer) => layer.addTo(map));
      this.label();
    },
    label() {
      const map = this.model.map;
      const around = (x, y, wide, high) => [x - wide / 2, y - high / 2, x + wide / 2, y + high / 2];
      const spots = this.signs.map((sign) => map.project(sign.place));
      const taken = spots.map((spot) => around(spot.x, spot.y, DOT, DOT)).concat(this.walks.map((walk) => map.project(at(walk.start))).map((spot) => around(spot.x, spot.y, 22, 22)));
      this.signs.forEach((sign, n) => {
        const away = [(DOT + sign.wide) / 2 + GAP, (DOT + HIGH) / 2 + GAP];
        const side = SIDES.find(([x, y]) => {
          const box = around(spots[n].x + x * away[0], spots[n].y + y * away[1], sign.wide, HIGH);
          const free = taken.every((other) => box[2] <= other[0] || box[0] >= other[2] || box[3] <= other[1] || box[1] >= other[3]);
          if (free) taken.push(box);
          return free;
        });
        sign.html.hidden = !side;
        if (side) Object.assign(sign.html.style, { width: sign.wide + "px", transform: `translate(-50%, -50%) translate(${side[0] * away[0]}px, ${side[1] * away[1]}px)` });
      });
    },
  };
})();
