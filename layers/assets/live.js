// The live layer: incidents keyed by uid, changed by deltas; it never moves the view.
(function () {
  "use strict";
  const b = window.battlemap;
  const EVERY = 5000; // an answer to one who has seen the present version costs the door a few milliseconds
  const AGAIN = 3000; // after a failure: twice in a row is a lost connection, and it shall heal soon

  // A session goes on while somebody does something; a map that only stands there does not keep it alive.
  let active = false;
  ["pointerdown", "keydown", "wheel"].forEach((kind) => addEventListener(kind, () => { active = true; }, { passive: true, capture: true }));
  function alive() {
    const headers = active ? { "X-Battlemap-Active": "1" } : {};
    active = false;
    return headers;
  }

  // The session is over: to the log-in page, and from there back to the page that holds the map.
  function leave() {
    const here = window.top.location;
    here.assign("/log-in?next=" + encodeURIComponent(here.pathname + here.search));
  }

  // An incident as the door sends it: [uid, lon, lat, mark, class, leaf code, title, reported, flags, when it was due if that is past].
  function read(model, row) {
    const at = model.plane.of(row[1], row[2]);
    const flags = row[8] || "";
    return { uid: row[0], x: at[0], y: at[1], mark: row[3], cls: row[4], leaf: row[5], title: row[6], time: row[7] ? Date.parse(row[7]) : 0, suspended: flags.indexOf("s") >= 0, late: flags.indexOf("o") >= 0, due: row[9] ? Date.parse(row[9]) : 0 };
  }

  b.Live = function (model) {
    this.model = model;
    this.known = new Map();
    this.since = 0; // version of the last answer, and when it was served: the next one tells what changed since
    this.at = "";
    this.scope = ""; // a word for how far we see: another one, and everything is told anew
    this.told = "";
    this.answered = 0;
    this.failures = 0;
    this.state = "connecting";
    this.number = 0;
  };

  b.Live.prototype = {
    // Take a snapshot (reset) or what changed since.
    apply(delta) {
      const model = this.model;
      const first = !this.known.size && !this.answered;
      const before = delta.reset ? new Set(this.known.keys()) : null;
      if (delta.reset) this.known.clear();
      delta.removed.forEach((uid) => this.known.delete(uid));
      delta.incidents.forEach((row) => {
        const incident = read(model, row);
        const old = before ? before.has(incident.uid) : this.known.has(incident.uid);
        if (!first && !this.fresh && !old && incident.mark === "red") model.fresh.push({ x: incident.x, y: incident.y, since: performance.now() });
        this.known.set(incident.uid, incident);
      });
      this.fresh = false;
      if (delta.reset || delta.incidents.length || delta.removed.length) {
        model.incidents = Array.from(this.known.values());
        model.version += 1;
        if (model.fan) model.fan = null;
      }
      this.since = delta.version;
      this.at = delta.served;
      this.scope = delta.scope || "";
      model.hiddenCount = delta.hidden || 0;
      model.few = Boolean(delta.few);
      model.demo = Boolean(delta.demo);
      model.counts = delta.counts;
      model.overdue = delta.overdue;
      model.states = delta.grids || {};
      model.asOf = delta.as_of ? Date.parse(delta.as_of) : null;
      model.served = Date.parse(delta.served);
      model.age = delta.as_of ? Math.max(0, Date.parse(delta.served) - model.asOf) / 60000 : null; // minutes, by the server's clock alone
      model.base.request();
      model.top.request();
      // Whoever shows figures beside this map reads them anew when they change, and every minute.
      const seen = [delta.version, delta.served.slice(0, 16), JSON.stringify(delta.counts), delta.overdue].join(" ");
      if (this.told && this.told !== seen) model.tell({ type: "changed", version: delta.version });
      this.told = seen;
    },

    address() {
      const query = new URLSearchParams(this.model.filter);
      if (this.since) {
        query.set("since", this.since);
        query.set("at", this.at);
        query.set("pack", this.model.data.pack);
        query.set("scope", this.scope);
      }
      const text = query.toString();
      return this.model.data.urls.live + (text ? "?" + text : "");
    },

    // Another filter: everything is asked for anew, and nothing counts as new.
    refilter() {
      this.since = 0;
      this.told = "";
      this.fresh = true;
      return this.poll();
    },

    async poll() {
      clearTimeout(this.timer);
      const number = ++this.number;
      const stop = new AbortController();
      const limit = setTimeout(() => stop.abort(), EVERY);
      try {
        const answer = await fetch(this.address(), { signal: stop.signal, credentials: "same-origin", cache: "no-store", headers: alive() });
        if (answer.status === 401) return leave();
        const delta = await answer.json();
        if (number !== this.number) return;
        if (!answer.ok) {
          this.error = answer.status === 400 ? delta.error : "";
          throw new Error(delta.error || String(answer.status));
        }
        this.error = "";
        this.failures = 0;
        if (delta.pack && delta.pack !== this.model.data.pack) return location.reload(); // the net itself is another one now
        this.apply(delta);
        this.answered = Date.now();
        this.state = "live";
      } catch (error) {
        if (number !== this.number) return;
        this.failures += 1;
        if (this.error || !this.answered || this.failures > 1 || Date.now() - this.answered > this.model.data.stale_after * 1000) this.state = this.answered || this.error ? "lost" : "connecting";
      } finally {
        clearTimeout(limit);
        if (number === this.number) {
          this.model.changed();
          this.timer = setTimeout(() => this.poll(), this.failures && !this.error ? AGAIN : EVERY);
        }
      }
    },

    // Called every second: an answer that is too old is a lost connection, whatever the timers say.
    watch() {
      if (this.answered && this.state === "live" && Date.now() - this.answered > (this.model.data.stale_after + EVERY / 1000) * 1000) {
        this.state = "lost";
        this.model.changed();
      }
    },
  };
})();
