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
    show(place) {
      if (this.pin) this.pin.remove();
      this.pin = null;
      if (!place) return;
      const icon = L.divIcon({ className: "pin", html: PIN, iconSize: [30, 40], iconAnchor: [15, 39] });
      this.pin = L.marker([place.lat, place.lon], { icon, interactive: false, keyboard: false }).addTo(this.map);
      if (place.bring) this.model.fly({ lon: place.lon, lat: place.lat });
    },
  };

  b.start = function (map) {
    start(map);
    const model = b.model;
    window.addEventListener("message", (event) => {
      const message = event.data;
      if (event.origin !== location.origin || event.source !== window.parent || !message || message.source !== "battlemap" || message.type !== "pick") return;
      model.picking = model.picking || new Picking(model);
      model.picking.show(message.place);
    });
  };
})();
