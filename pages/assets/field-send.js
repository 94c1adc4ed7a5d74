// Sends what waits: in order, photos first, each item once by its key, one sender at a time. Runs in the page, and in the service worker where there is Background Sync.
(function (root) {
  "use strict";
  const MOST = 20; // items of one request
  const PATIENCE = 45000; // milliseconds for one request
  const LEASE = 60000; // … for which a sender without locks is believed to be at work
  const TRIES = 3; // of one photo in one run
  const KEPT = 3 * 86400000; // milliseconds for which what was sent stands in the box
  const LOCK = "battlemap-field-send";

  // How a run ended, when it was not by sending everything.
  function Stopped(why, after) {
    this.why = why;
    this.after = after || 0; // seconds to wait
  }

  async function ask(path, options) {
    const stop = new AbortController();
    const late = setTimeout(() => stop.abort(), PATIENCE);
    let answer;
    let body;
    try {
      answer = await fetch(path, Object.assign({ credentials: "same-origin", cache: "no-store", signal: stop.signal }, options));
      body = answer.status === 304 ? null : await answer.json().catch(() => ({}));
    } catch (error) { // no network, or it went while we waited
      throw new Stopped("offline");
    } finally {
      clearTimeout(late);
    }
    if (answer.status === 401) throw new Stopped("session");
    if (answer.status === 403) throw new Stopped("forbidden");
    if (answer.status === 429 || answer.status >= 500) throw new Stopped("wait", Number(answer.headers.get("Retry-After")) || 0);
    return { answer, body };
  }

  const subjectOf = (item) => (item.case && item.case.key ? "key:" + item.case.key : item.case ? "case:" + item.case : "key:" + item.key);
  // Keys of the things that were made here and have to be there first: what an item is done to, and the case that it names.
  const parentsOf = (item) => [item.case, (item.data || {}).case].map((one) => one && one.key).filter(Boolean);
  const inOrder = (one, other) => one.seq - other.seq;

  function Run(store, whose, tell) {
    this.store = store;
    this.account = whose.account;
    this.area = whose.area;
    this.tell = tell || (() => {});
    this.failed = {};
  }

  Run.prototype = {
    async items() {
      const all = await this.store.all("queue");
      return all.filter((item) => item.account === this.account && item.area === this.area).sort(inOrder);
    },

    // The items that can go now, in order; an earlier one of the same case that was refused holds back those behind it.
    async next() {
      const batch = [];
      const held = new Set();
      const items = await this.items();
      const drafts = await this.store.all("drafts"); // where one may be that was taken back to be put right
      const lacks = (key) => items.some((one) => one.key === key && one.state !== "done") || drafts.some((one) => one.item === key);
      for (const item of items) {
        const subject = subjectOf(item);
        if (item.state === "done") continue;
        if (item.state === "refused") held.add(subject);
        if (item.state !== "waiting" || held.has(subject) || parentsOf(item).some(lacks)) continue;
        if (batch.length >= MOST || batch.some((other) => subjectOf(other) === subject)) break; // the version that follows is known with the answer
        const missing = await this.missing(item);
        if (missing.length && batch.length) break; // what is ready goes before the network may fail
        if (!(await this.upload(item, missing))) {
          held.add(subject);
          continue;
        }
        batch.push(item);
      }
      return batch;
    },

    async missing(item) {
      const found = [];
      for (const digest of item.photos || []) {
        const photo = await this.store.get("photos", digest);
        if (!photo || !photo.sent) found.push({ digest, photo });
      }
      return found;
    },

    // Whether all photos of an item are there now; one that nobody can send makes the item refused.
    async upload(item, missing) {
      for (const one of missing) {
        if (!one.photo || !one.photo.data) return this.refuse(item, { kind: "lost" });
        this.tell({ type: "photo", item });
        for (let tries = 1; ; tries++) {
          const { answer } = await ask("/field/" + encodeURIComponent(this.area) + "/photo/" + one.digest, { method: "PUT", body: one.photo.data, headers: { "Content-Type": "application/octet-stream" } });
          if (answer.ok) break;
          if (answer.status === 409) throw new Stopped("wait"); // too many wait at the other side already
          if (answer.status !== 400) return this.refuse(item, { kind: "photo" });
          if (tries >= TRIES) throw new Stopped("wait");
        }
        await this.store.change("photos", one.digest, (photo) => (photo ? Object.assign(photo, { sent: true }) : undefined));
      }
      return true;
    },

    async refuse(item, error) {
      await this.store.change("queue", item.key, (now) => (now ? Object.assign(now, { state: "refused", tried: false, error }) : undefined));
      this.tell({ type: "refused", item, error });
      return false;
    },

    async send(batch) {
      if (root.navigator.onLine === false) throw new Stopped("offline");
      this.tell({ type: "sending", count: batch.length });
      for (const item of batch) await this.store.change("queue", item.key, (now) => (now && !now.tried ? Object.assign(now, { tried: true }) : undefined)); // from here on it may be there, whatever we hear
      const items = batch.map((item) => ({ key: item.key, at: item.at, do: item.do, as: item.as, case: item.case === undefined ? null : item.case, expected: item.expected === undefined ? null : item.expected, data: item.data || {}, photos: item.photos || [] }));
      const { answer, body } = await ask("/field/" + encodeURIComponent(this.area) + "/send", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ account: this.account, clock: new Date().toISOString(), items }),
      });
      if (!answer.ok) {
        if (body.error === "account") throw new Stopped("account"); // somebody else is logged in here now
        if (batch.length > 1) { // one of them is not understood: which?
          let settled = 0;
          for (const item of batch) settled += await this.send([item]);
          return settled;
        }
        await this.refuse(batch[0], { kind: "bad" });
        return 1;
      }
      const wait = (body.items || []).map((result) => (result.error && result.error.seconds) || 0);
      this.after = Math.max(0, ...wait);
      let settled = 0;
      for (const result of body.items || []) settled += await this.settle(batch.find((item) => item.key === result.key), result);
      return settled;
    },

    async settle(item, result) {
      if (!item) return 0;
      if (result.state === "done") {
        await this.finish(item, result);
        return 1;
      }
      if (result.state === "refused") {
        await this.refuse(item, result.error || {});
        return 1;
      }
      const error = result.error || {};
      if (error.kind !== "photo") return 0;
      this.failed[item.key] = (this.failed[item.key] || 0) + 1; // the photos went at the other side: again, and not for ever
      const named = (error.photos || []).filter((digest) => (item.photos || []).indexOf(digest) >= 0);
      for (const digest of named.length ? named : item.photos || []) {
        await this.store.change("photos", digest, (photo) => (photo ? Object.assign(photo, { sent: false }) : undefined));
      }
      return this.failed[item.key] < TRIES ? 1 : 0;
    },

    async finish(item, result) {
      const rest = (await this.items()).filter((other) => other.key !== item.key);
      const subject = subjectOf(item);
      const done = Object.assign({}, item, { state: "done", number: result.number, version: result.version, sent: Date.now(), error: null, photos: [] });
      const later = rest.filter((other) => other.state !== "done" && subjectOf(other) === subject && typeof other.expected === "number");
      const photos = (item.photos || []).filter((digest) => !rest.some((other) => (other.photos || []).indexOf(digest) >= 0));
      await this.store.write(
        [["queue", done]].concat(later.map((other) => ["queue", Object.assign(other, { expected: result.version })])),
        photos.map((digest) => ["photos", digest])
      );
      this.tell({ type: "done", item: done });
    },

    async all() {
      const old = (await this.items()).filter((item) => (item.state === "done" && Date.now() - item.sent > KEPT) || (item.quiet && item.state === "refused"));
      await this.store.write([], old.map((item) => ["queue", item.key]));
      for (;;) {
        const batch = await this.next();
        if (!batch.length) return { why: "" };
        if (!(await this.send(batch))) return { why: "wait", after: this.after };
      }
    },
  };

  // One sender of all tabs and workers: by the browser's lock, or by a lease that is written down.
  async function alone(store, work) {
    const locks = root.navigator && root.navigator.locks;
    if (locks) return locks.request(LOCK, { ifAvailable: true }, (lock) => (lock ? work() : { why: "busy" }));
    const owner = root.fieldStore.uuid();
    const free = (lease) => !lease || lease.until < Date.now() || lease.owner === owner;
    const taken = await store.change("meta", "lease", (lease) => (free(lease) ? { key: "lease", owner, until: Date.now() + LEASE } : undefined));
    if (!taken) return { why: "busy" };
    const keep = setInterval(() => store.change("meta", "lease", (lease) => (lease && lease.owner === owner ? Object.assign(lease, { until: Date.now() + LEASE }) : undefined)), LEASE / 3);
    try {
      return await work();
    } finally {
      clearInterval(keep);
      await store.change("meta", "lease", (lease) => (lease && lease.owner === owner ? { key: "lease", owner: "", until: 0 } : undefined));
    }
  }

  // Send what waits for an account in an area; returns why it stopped: "", offline, session, forbidden, wait, busy.
  function send(store, whose, tell) {
    return alone(store, async () => {
      try {
        return await new Run(store, whose, tell).all();
      } catch (error) {
        if (error instanceof Stopped) return { why: error.why, after: error.after };
        throw error;
      }
    });
  }

  root.fieldSend = { send, ask, alone, Stopped, subjectOf, parentsOf };
})(self);
