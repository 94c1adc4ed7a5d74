// Opens the stream of what changes. All windows of a browser that look at the same thing share one, in a worker, where the browser has such workers: it opens six connections to a host, and what waits for a seventh shows nothing.
(function () {
  "use strict";
  const b = window.battlemap;
  const WORKER = new URL("stream-worker.js", document.currentScript.src).href;
  const HERE = 20000; // so often a window says that it is still there
  const OWN = ["since", "at"]; // of an address: what this window has seen
  let shares = Boolean(window.SharedWorker);
  let line = null;

  function keyOf(address) {
    const url = new URL(address, location);
    OWN.forEach((name) => url.searchParams.delete(name));
    return url.href;
  }

  // hear(kind, data): "delta" and "beat" with what was said; "joined" where others listen already, so that what came before is to be asked for; "end".
  b.openStream = function (address, hear) {
    return shares ? shared(address, hear) : direct(address, hear);
  };

  // The one connection of this window to the worker: a browser keeps each that was ever made for as long as the window stands, and a wall stands for weeks.
  function connect() {
    const worker = new SharedWorker(WORKER, "battlemap");
    const made = { port: worker.port, last: 0, hears: new Map() }; // number of a stream -> who hears it
    worker.onerror = () => { // it cannot be loaded
      shares = false;
      hangUp(made);
    };
    made.port.onmessage = (event) => {
      const hear = made.hears.get(event.data.number);
      if (hear) hear(event.data.kind, event.data.data);
    };
    return made;
  }

  function hangUp(made) {
    if (line === made) line = null;
    made.port.close();
    made.hears.forEach((hear) => hear("end"));
  }

  function shared(address, hear) {
    const made = line = line || connect();
    const number = made.last += 1;
    let answers = false;
    const say = (type) => made.port.postMessage({ type: type, number: number, key: keyOf(address), url: new URL(address, location).href });
    const here = setInterval(() => say("here"), HERE);
    const bye = () => {
      clearInterval(here);
      window.removeEventListener("pagehide", bye);
      made.hears.delete(number);
      say("close");
      if (!answers) hangUp(made); // the worker is gone
    };
    made.hears.set(number, (kind, data) => {
      answers = true;
      if (kind !== "opening") hear(kind, data);
    });
    window.addEventListener("pagehide", bye);
    say("open");
    return { close: bye };
  }

  function direct(address, hear) {
    const source = new EventSource(address);
    ["delta", "beat"].forEach((kind) => source.addEventListener(kind, (event) => hear(kind, JSON.parse(event.data))));
    source.onerror = () => hear("end");
    return source;
  }
})();
