// The live layer: incidents keyed by uid, changed by deltas; it never moves the view.
(function () {
  "use strict";
  const b = window.battlemap;
  const EVERY = 5000; // an answer to one who has seen the present version costs the door a few milliseconds
  const SOON = 1000; // while the area is being written for the first time
  const AGAIN = 3000; // after a failure: twice in a row is a lost connection, and it shall heal soon
  const SILENCE = 4000; // a stream says something every one and a half seconds; one that does not is none
  const RETRY = [1000, 5000, 15000, 60000]; // before the next try to open a stream that ended; meanwhile we ask
  const RENEWED = "battlemap-renewed", RENEW = 60000; // a phone may have but the old map for a while: it is not loaded again and again meanwhile
  const ALIVE = 60000; // a stream is no sign of life: whoever uses the map says so

  // A session goes on while somebody does something; a map that only stands there does not keep it alive.
  let active = false;
  ["pointerdown", "keydown", "wheel"].forEach((kind) => addEventListener(kind, () => { active = true; }, { passive: true, capture: true }));
  function alive() {
    const headers = active ? { "X-Battlemap-Active": "1" } : {};
    active = false;
    return headers;
  }

  // The session is over: to the log-in page, and from there back to the page that holds the map. The field pages go on without one, and say so: nobody is torn from a form.
  b.leave = function () {
    if (window.parent !== window && location.pathname.indexOf("/field/") === 0) return window.parent.postMessage({ source: "battlemap", type: "left" }, location.origin);
    const here = window.top.location;
    here.assign("/log-in?next=" + encodeURIComponent(here.pathname + here.search) + (document.documentElement.lang === "en" ? "&lang=en" : ""));
  };

  // An incident as the door sends it: [uid, lon, lat, mark, class, leaf code, title, reported, flags, when it was due if that is past].
  function read(model, row) {
    const at = model.plane.of(row[1], row[2]);
    const flags = row[8] || "";
    return { uid: row[0], x: at[0], y: at[1], mark: row[3], cls: row[4], leaf: row[5], title: row[6], time: row[7] ? Date.parse(row[7]) : 0, suspended: flags.indexOf("s") >= 0, late: flags.indexOf("o") >= 0, due: row[9] ? Date.parse(row[9]) : 0 };
  }

  // A stream tells of the grids only what changed; "" is a grid that is neutral now.
  function turn(states, changed) {
    Object.keys(changed).forEach((code) => {
      if (changed[code]) states[code] = changed[code];
      else delete states[code];
    });
  }

  b.Live = function (model) {
    this.model = model;
    this.known = new Map();
    this.since = 0; // version of the last answer, and when it was served: the next one tells what changed since
    this.at = "";
    this.scope = ""; // a word for how far we see: another one, and everything is told anew
    this.told = "";
    this.said = 0; // when whoever shows this map was told that figures changed
    this.saying = 0;
    this.answered = 0;
    this.failures = 0;
    this.beginning = null; // how far the area is that is being written for the first time
    this.state = "connecting";
    this.number = 0;
    this.stream = null;
    this.held = null; // what a stream said that we joined, until we know what it had said before
    this.heard = 0; // when it last said something
    this.broken = 0; // streams that ended one after the other
    this.next = 0; // when to try the next one
    this.asked = 0; // when we last asked by ourselves
    this.apart = Date.now() - performance.now();
  };

  b.Live.prototype = {
    // Whether the net itself is another one now than that of this map.
    isOther(delta) {
      return Boolean(delta.pack) && delta.pack !== this.model.data.pack;
    },

    renew() {
      if (Math.abs(Date.now() - (Number(sessionStorage.getItem(RENEWED)) || 0)) < RENEW) return;
      sessionStorage.setItem(RENEWED, String(Date.now()));
      location.reload();
    },

    // When the server said something, and of when what it said is.
    stamp(said) {
      const model = this.model;
      model.asOf = said.as_of ? Date.parse(said.as_of) : null;
      model.served = Date.parse(said.served);
      model.heardAt(model.served);
      model.age = said.as_of ? Math.max(0, model.served - model.asOf) / 60000 : null; // minutes, by the server's clock alone
    },

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
        if (!first && !this.fresh && !old && incident.mark === "red") model.attend(incident);
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
      this.stamp(delta);
      this.scope = delta.scope || "";
      model.hiddenCount = delta.hidden || 0;
      model.few = Boolean(delta.few);
      model.demo = Boolean(delta.demo);
      model.counts = delta.counts;
      model.overdue = delta.overdue;
      if (delta.grids) model.states = delta.grids;
      else Object.keys(delta.turned).forEach((key) => turn(model.states[key] || (model.states[key] = {}), delta.turned[key]));
      model.base.request();
      model.top.request();
      // Whoever shows figures beside this map reads them anew when they change, and every minute.
      const seen = [delta.version, delta.served.slice(0, 16), JSON.stringify(delta.counts), delta.overdue].join(" ");
      if (this.told && this.told !== seen) this.say();
      this.told = seen;
    },

    // At once, and then no more often than every few seconds: a page that shows figures is made anew each time.
    say() {
      if (this.saying) return;
      this.saying = setTimeout(() => {
        this.saying = 0;
        this.said = performance.now();
        this.model.tell({ type: "changed", version: this.since });
      }, Math.max(0, this.said + EVERY - performance.now()));
    },

    address(door) {
      const query = new URLSearchParams(this.model.filter);
      if (this.at) {
        query.set("since", this.since);
        query.set("at", this.at);
        query.set("pack", this.model.data.pack);
        query.set("scope", this.scope);
      }
      const text = query.toString();
      return this.model.data.urls[door] + (text ? "?" + text : "");
    },

    // Another filter: everything is asked for anew, and nothing counts as new.
    refilter() {
      this.since = 0;
      this.at = "";
      this.told = "";
      this.fresh = true;
      this.hush();
      return this.poll();
    },

    // Listen to what changes, from where we are. Where no stream comes (a proxy that keeps it back, too many windows) we go on asking.
    listen() {
      if (this.stream || !window.EventSource || performance.now() < this.next) return;
      this.heard = performance.now();
      const stream = this.stream = b.openStream(this.address("stream"), (kind, said) => {
        if (stream !== this.stream) return;
        if (kind === "end" || this.isOther(said || {})) return this.lose();
        if (kind === "joined") {
          this.held = [];
          return this.poll();
        }
        if (kind === "beat") this.stamp(said);
        else if (this.held) this.held.push(said);
        else this.apply(said);
        this.hear();
      });
    },

    hear() {
      this.heard = this.answered = performance.now();
      this.broken = this.failures = 0;
      clearTimeout(this.timer);
      this.state = "live";
      this.model.changed();
      if (active && this.heard - this.asked > ALIVE) this.poll();
    },

    // The stream ended: say so when it stopped in the middle, ask at once, and try again later, ever more seldom.
    lose() {
      const silent = performance.now() - this.heard >= SILENCE;
      this.hush();
      this.next = performance.now() + RETRY[Math.min(this.broken, RETRY.length - 1)] * (0.75 + Math.random() / 2);
      this.broken += 1;
      this.failures = 1; // one more is a lost connection
      if (silent) this.state = "lost";
      this.model.changed();
      return this.poll();
    },

    hush() {
      if (this.stream) this.stream.close();
      this.stream = this.held = null;
    },

    // What came before the first word of a stream that we joined is known now: what it said since follows on that.
    follow() {
      const held = this.held || [];
      this.held = null;
      held.forEach((said) => this.apply(said));
    },

    async poll() {
      clearTimeout(this.timer);
      this.asked = performance.now();
      const number = ++this.number;
      const stop = new AbortController();
      const limit = setTimeout(() => stop.abort(), EVERY);
      try {
        const answer = await fetch(this.address("live"), { signal: stop.signal, credentials: "same-origin", cache: "no-store", headers: { ...alive(), Prefer: "respond-async" } });
        if (answer.status === 401) return b.leave();
        const delta = await answer.json();
        if (number !== this.number) return;
        this.beginning = answer.status === 202 ? delta : null;
        if (this.beginning) return;
        if (!answer.ok) {
          this.error = answer.status === 400 ? delta.error : "";
          throw new Error(delta.error || String(answer.status));
        }
        this.error = "";
        if (this.isOther(delta)) {
          this.renew();
          throw new Error("another net"); // nothing of it can be drawn here
        }
        this.failures = 0;
        if (this.stream && delta.version < this.since) return; // the stream was quicker
        this.apply(delta);
        this.follow();
        this.answered = performance.now();
        this.state = "live";
        this.listen();
      } catch (error) {
        if (number !== this.number) return;
        this.failures += 1;
        if (this.held) this.hush(); // we cannot follow it
        if (this.error || !this.answered || this.failures > 1 || performance.now() - this.answered > this.model.data.stale_after * 1000) this.state = this.answered || this.error ? "lost" : "connecting";
      } finally {
        clearTimeout(limit);
        if (number === this.number) {
          this.model.changed();
          if (!this.stream) this.timer = setTimeout(() => this.poll(), this.beginning ? SOON : this.failures && !this.error ? AGAIN : EVERY);
        }
      }
    },

    // A machine that slept may not count those milliseconds, and last night would pass for now. Its clock went on, whatever it shows; a clock that was set costs one question.
    wake() {
      const apart = Date.now() - performance.now();
      const slept = apart - this.apart;
      this.apart = apart;
      if (slept < SILENCE || !this.answered) return;
      this.model.ahead += slept;
      this.heard = -Infinity;
      this.lose();
    },

    // Called every second: a stream that is silent is none, and an answer that is too old is a lost connection, whatever the timers say.
    watch() {
      this.wake();
      if (this.stream && performance.now() - this.heard >= SILENCE) this.lose();
      if (this.answered && this.state === "live" && performance.now() - this.answered > (this.model.data.stale_after + EVERY / 1000) * 1000) {
        this.state = "lost";
        this.model.changed();
      }
    },
  };
})();
