// Choosing a place: while the host asks for one, a press on the map (or Enter, for its middle) answers with a place, and a pin shows which one stands.
(function () {
  "use strict";
  const b = window.battlemap;
  const start = b.start;
  const PIN = '<svg viewBox="0 0 24 32" aria-hidden="true"><path d="M12 31S2 18.6 2 11.4a10 10 0 1 1 20 0C22 18.6 12 31 12 31z"/><circle cx="12" cy="11.4" r="3.8"/></svg>';

  function Picking(model) {
    this.model = model;
    this.pin = null;
    this.map = model.map;
    const body = this.map.getContainer();
    this.map.off("click"); // a press chooses a place, and opens no card
    this.map.on("click", (event) => this.choose(event.latlng));
    body.classList.add("picking");
    document.addEventListener("keydown", (event) => {
      const free = document.activeElement === document.body || document.activeElement === body;
      if (free && event.key.startsWith("Arrow")) body.classList.add("aiming");
      if (free && event.key === "Enter") this.choose(this.map.getCenter());
    });
    body.addEventListener("pointermove", () => body.classList.remove("aiming"));
  }

  Picking.prototype = {
    choose(at) {
      const lon = Number(at.lng.toFixed(7));
      const lat = Number(at.lat.toFixed(7));
      this.show({ lon, lat });
      this.model.tell({ type: "picked", lon, lat });
    },
    beside(points) { // what else is in the list that stands beside the map
      const said = JSON.stringify(points);
      if (said === this.said) return;
      this.said = said;
      (this.dots || []).forEach((dot) => dot.remove());
      const icon = L.divIcon({ className: "beside", iconSize: [12, 12] });
      this.dots = points.map((point) => L.marker([point[1], point[0]], { icon, interactive: false, keyboard: false }).addTo(this.map));
    },
    show(place) {
      if (this.pin) this.pin.remove();
      this.pin = null;
      if (!place) return;
      const icon = L.divIcon({ className: "pin", html: PIN, iconSize: [30, 40], iconAnchor: [15, 39] });
      this.pin = L.marker([place.lat, place.lon], { icon, interactive: false, keyboard: false }).addTo(this.map);
      if (place.bring) this.model.fly({ lon: place.lon, lat: place.lat });
      if (place.centre) this.map.setView([place.lat, place.lon], Math.max(17.5, this.map.getZoom()), { animate: false });
    },
  };

  // What a phone shows beside: its own grids in a strong outline, where it is, and another view.
  function mine(model, codes) {
    const shapes = codes.map((code) => {
      const part = model.levels.concat(model.overlays).find((one) => one.codes.indexOf(code) >= 0);
      return part ? part.shapes[part.codes.indexOf(code)] : null;
    });
    const rings = shapes.filter(Boolean).map((shape) => shape.rings.map((ring) => Array.from({ length: ring.length / 2 }, (_, n) => model.plane.latLng(ring[2 * n], ring[2 * n + 1]))));
    if (model.mine) model.mine.remove();
    model.mine = L.polygon(rings, { color: model.style.colours.accent, weight: 4, fill: false, interactive: false }).addTo(model.map);
  }
  function here(model, place) {
    (model.here || []).forEach((layer) => layer.remove());
    const colour = model.style.colours.accent;
    model.here = [
      L.circle([place.lat, place.lon], { radius: Math.min(place.metres || 0, 2000), color: colour, weight: 1, fillOpacity: 0.12, interactive: false }),
      L.circleMarker([place.lat, place.lon], { radius: 8, color: "#FFFFFF", weight: 3, fillColor: colour, fillOpacity: 1, interactive: false }),
    ].map((layer) => layer.addTo(model.map));
  }
  function look(model, message) {
    const box = message.bounds;
    if (box) model.map.fitBounds([[box[1], box[0]], [box[3], box[2]]], { animate: false, padding: [12, 12] });
    else if (message.place) model.map.setView([message.place.lat, message.place.lon], Math.max(17.5, model.map.getZoom()), { animate: false });
  }

  function bare(model, on) { // a small frame has no room for tools, and marks are not to hide the place that is chosen
    document.body.classList.toggle("bare", on);
    model.small = on;
    model.top.request();
  }

  b.start = function (map) {
    start(map);
    const model = b.model;
    window.addEventListener("message", (event) => {
      const message = event.data;
      if (event.origin !== location.origin || event.source !== window.parent || !message || message.source !== "battlemap") return;
      if (message.type === "mine") mine(model, message.codes);
      if (message.type === "here") here(model, message);
      if (message.type === "look") look(model, message);
      if (message.type === "bare") bare(model, message.on);
      if (message.type === "walk" && model.walks) model.walks.choose(message.mark);
      if (message.type === "pick" && message.walks && message.walks.length) model.walks = model.walks || new b.Walks(model);
      if (model.walks && message.type === "pick") return model.walks.show(message.walks || []);
      if (message.type !== "pick") return;
      model.picking = model.picking || new Picking(model);
      model.picking.beside(message.others || []);
      model.picking.show(message.place);
    });
  };
})();
