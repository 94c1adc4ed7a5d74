// What the phone keeps: lists, case sheets, drafts, the queue, photos. In IndexedDB; where a browser refuses it the words alone in localStorage; else nothing beyond
// this page. The page and the service worker read it alike. ES2018, no build step.
(function (root) {
  "use strict";
  const NAME = "battlemap-field";
  const KINDS = ["meta", "lists", "cases", "drafts", "queue", "photos"];
  const WORDS = ["meta", "drafts", "queue"]; // what localStorage has room for
  const PATIENCE = 5000; // milliseconds for a browser to open its database; some never answer

  function finished(request) {
    return new Promise((done, failed) => {
      request.onsuccess = () => done(request.result);
      request.onerror = () => failed(request.error);
    });
  }

  function openDatabase() {
    return new Promise((done, failed) => {
      if (!root.indexedDB) throw new Error("no IndexedDB");
      const late = setTimeout(() => failed(new Error("IndexedDB does not answer")), PATIENCE);
      const request = root.indexedDB.open(NAME, 1);
      request.onupgradeneeded = () => KINDS.forEach((kind) => request.result.createObjectStore(kind, { keyPath: "key" }));
      request.onsuccess = () => {
        clearTimeout(late);
        done(request.result);
      };
      request.onerror = () => failed(request.error);
      request.onblocked = () => failed(new Error("IndexedDB is blocked"));
    });
  }

  function tried(database) { // some let one open it and refuse to write; nothing of this need outlive a flat battery
    return new Promise((done, failed) => {
      const change = database.transaction(["meta"], "readwrite", { durability: "relaxed" });
      change.objectStore("meta").put({ key: "opened", at: Date.now() });
      change.oncomplete = done;
      change.onabort = change.onerror = () => failed(change.error || new Error("not written"));
    });
  }

  // ---- kept for good
  function Kept(database) {
    this.kind = "full";
    this.use(database);
  }
  Kept.prototype = {
    use(database) {
      this.database = database;
      database.onversionchange = () => database.close();
    },
    async begin(kinds, mode) { // a phone may close the database of a page that slept
      try {
        return this.database.transaction(kinds, mode, mode === "readwrite" ? { durability: "strict" } : {});
      } catch (error) {
        if (error.name !== "InvalidStateError") throw error;
        this.use(await openDatabase());
        return this.database.transaction(kinds, mode);
      }
    },
    async get(kind, key) {
      return finished((await this.begin([kind], "readonly")).objectStore(kind).get(key));
    },
    async all(kind) {
      return finished((await this.begin([kind], "readonly")).objectStore(kind).getAll());
    },
    // All of it is written, or nothing is; done only when the disk has it.
    async write(puts, removes) {
      const kinds = Array.from(new Set((puts || []).concat(removes || []).map((one) => one[0])));
      if (!kinds.length) return;
      const change = await this.begin(kinds, "readwrite");
      await new Promise((done, failed) => {
        change.oncomplete = () => done();
        change.onabort = change.onerror = () => failed(change.error || new Error("not written"));
        (puts || []).forEach((one) => change.objectStore(one[0]).put(one[1]));
        (removes || []).forEach((one) => change.objectStore(one[0]).delete(one[1]));
      });
    },
    // Read one thing and write what `turn` makes of it, with nobody between; undefined leaves it.
    async change(kind, key, turn) {
      const change = await this.begin([kind], "readwrite");
      return new Promise((done, failed) => {
        let made;
        const things = change.objectStore(kind);
        const request = things.get(key);
        request.onsuccess = () => {
          made = turn(request.result);
          if (made !== undefined) things.put(made);
        };
        change.oncomplete = () => done(made);
        change.onabort = change.onerror = () => failed(change.error || new Error("not written"));
      });
    },
  };

  // ---- kept as far as it goes: the words in localStorage, or until the page is closed
  function Held() {
    this.things = {};
    KINDS.forEach((kind) => { this.things[kind] = new Map(); });
    this.kind = "none";
    try {
      const text = root.localStorage.getItem(NAME);
      root.localStorage.setItem(NAME, text || "{}");
      this.kind = "text";
      const found = JSON.parse(text || "{}");
      WORDS.forEach((kind) => (found[kind] || []).forEach((thing) => this.things[kind].set(thing.key, thing)));
    } catch (error) { /* nothing was kept, or it cannot be read: this page alone */ }
  }
  Held.prototype = {
    async get(kind, key) { return this.things[kind].get(key); },
    async all(kind) { return Array.from(this.things[kind].values()); },
    async write(puts, removes) {
      (puts || []).forEach((one) => this.things[one[0]].set(one[1].key, one[1]));
      (removes || []).forEach((one) => this.things[one[0]].delete(one[1]));
      this.save();
    },
    async change(kind, key, turn) {
      const made = turn(this.things[kind].get(key));
      if (made !== undefined) await this.write([[kind, made]]);
      return made;
    },
    save() {
      if (this.kind !== "text") return;
      const kept = {};
      WORDS.forEach((kind) => { kept[kind] = Array.from(this.things[kind].values()); });
      root.localStorage.setItem(NAME, JSON.stringify(kept));
    },
  };

  async function open() {
    try {
      const database = await openDatabase();
      await tried(database);
      return new Kept(database);
    } catch (error) {
      return new Held();
    }
  }

  // ---- names: a key of an item, the digest of a photo. Where the page came by plain http, browsers offer neither.
  function uuid() {
    const bytes = root.crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    const hex = hexOf(bytes);
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  }

  const hexOf = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

  async function sha256(buffer) {
    if (root.crypto.subtle) return hexOf(new Uint8Array(await root.crypto.subtle.digest("SHA-256", buffer)));
    return hexOf(slowSha256(new Uint8Array(buffer)));
  }

  function primes(count) {
    const found = [];
    for (let n = 2; found.length < count; n++) if (found.every((prime) => n % prime)) found.push(n);
    return found;
  }
  const part = (number) => ((number - Math.floor(number)) * 4294967296) | 0;
  const turned = (x, n) => (x >>> n) | (x << (32 - n));

  function slowSha256(bytes) { // FIPS 180-4
    const keys = primes(64).map((prime) => part(Math.cbrt(prime)));
    const state = primes(8).map((prime) => part(Math.sqrt(prime)));
    const padded = new Uint8Array(((bytes.length + 8) >> 6 << 6) + 64);
    padded.set(bytes);
    padded[bytes.length] = 128;
    const view = new DataView(padded.buffer);
    view.setUint32(padded.length - 8, Math.floor(bytes.length / 536870912));
    view.setUint32(padded.length - 4, bytes.length << 3);
    const w = new Int32Array(64);
    for (let at = 0; at < padded.length; at += 64) {
      for (let n = 0; n < 16; n++) w[n] = view.getInt32(at + 4 * n);
      for (let n = 16; n < 64; n++) {
        const s0 = turned(w[n - 15], 7) ^ turned(w[n - 15], 18) ^ (w[n - 15] >>> 3);
        const s1 = turned(w[n - 2], 17) ^ turned(w[n - 2], 19) ^ (w[n - 2] >>> 10);
        w[n] = (w[n - 16] + s0 + w[n - 7] + s1) | 0;
      }
      let [a, b, c, d, e, f, g, h] = state;
      for (let n = 0; n < 64; n++) {
        const one = (h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + ((e & f) ^ (~e & g)) + keys[n] + w[n]) | 0;
        const two = ((turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
        h = g; g = f; f = e;
        e = (d + one) | 0;
        d = c; c = b; b = a;
        a = (one + two) | 0;
      }
      [a, b, c, d, e, f, g, h].forEach((value, n) => { state[n] = (state[n] + value) | 0; });
    }
    const out = new DataView(new ArrayBuffer(32));
    state.forEach((value, n) => out.setInt32(4 * n, value));
    return new Uint8Array(out.buffer);
  }

  root.fieldStore = { open, uuid, sha256, slowSha256: (buffer) => hexOf(slowSha256(new Uint8Array(buffer))) };
})(self);
