// Keeps the shell, its scripts and styles, the map and the pictures that were looked at, so that the field pages open without a network; and sends what waits when the
// browser says that there is one. Lists, sheets and drafts are kept by the page (field-store.js), under the account that may read them.
"use strict";
const SHELL = "field-shell";
const MAP = "field-map";
const PHOTOS = "field-photos";
const MOST_PHOTOS = 80;
const DOCUMENT = /^\/field\/[^/]+$/;
const MAP_DOCUMENT = /^\/field\/[^/]+\/map$/;
const CARDS = "emergency-cards"; // the last copy of each emergency card that was opened, with the phone's own time
const CARD = /^\/emergency\/[^/]+(\/.+)?$/;
const MOST_CARDS = 200;
const MAP_DATA = /^\/map\/[^/]+\/data\//;
const NAMED = /(?:src|href)="(\/[^"]+)"/g;

const assets = new URL(self.location).searchParams.get("assets") || "";
if (/^\/assets\/[0-9a-f]+\/$/.test(assets)) importScripts(assets + "field-store.js+field-send.js");

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

const isDocument = (answer) => answer.ok && !answer.redirected && (answer.headers.get("Content-Type") || "").indexOf("text/html") === 0;
const bare = (url) => {
  const made = new URL(url, self.location);
  made.hash = "";
  return made;
};

// A document and all that it names, put away together, or not at all.
async function keep(url, name) {
  const address = bare(url);
  if (name === SHELL) address.search = ""; // one shell holds both languages
  const answer = await fetch(address.href, { credentials: "same-origin", cache: "no-cache", headers: { Accept: "text/html" } });
  if (!isDocument(answer)) return false;
  const text = await answer.clone().text();
  const cache = await caches.open(name);
  const known = await cache.match(address.href);
  const same = known && known.headers.get("ETag") === answer.headers.get("ETag");
  await Promise.all(partsOf(text).map((part) => keepPart(cache, part)));
  await cache.put(address.href, answer);
  return !same;
}

function partsOf(text) {
  const found = [];
  text.replace(NAMED, (whole, path) => found.push(path));
  const data = /"data":\s?"(\/map\/[^"]+\/)"/.exec(text);
  if (data) ["ground.json", "sites.json", "buildings.json"].forEach((file) => found.push(data[1] + file));
  return Array.from(new Set(found)).filter((path) => path.indexOf("/assets/") === 0 || MAP_DATA.test(path));
}

async function keepPart(cache, path) {
  if (await cache.match(path)) return;
  const answer = await fetch(path, { credentials: "same-origin" });
  if (!answer.ok) throw new Error(path + ": " + answer.status);
  await cache.put(path, answer);
}

// What a document names no more goes, once the new one is whole.
async function tidy(name) {
  const cache = await caches.open(name);
  const requests = await cache.keys();
  const wanted = new Set();
  for (const request of requests) {
    const path = new URL(request.url).pathname;
    if (!DOCUMENT.test(path) && !MAP_DOCUMENT.test(path)) continue;
    wanted.add(request.url);
    partsOf(await (await cache.match(request)).text()).forEach((part) => wanted.add(new URL(part, self.location).href));
  }
  await Promise.all(requests.filter((request) => !wanted.has(request.url)).map((request) => cache.delete(request)));
}

async function renew(url, name) {
  try {
    const changed = await keep(url, name);
    if (!changed) return;
    await tidy(name);
    if (name === SHELL) (await self.clients.matchAll({ type: "window" })).forEach((client) => client.postMessage({ type: "renewed" }));
  } catch (error) { /* no network, or half of it: the one we have stays whole */ }
}

// A card is asked for first, since it says what goes on; without an answer in time the last copy is shown, which says how old it is. Where there is none one waits
// longer, and without a network the field pages say so.
async function card(request) {
  const cache = await caches.open(CARDS);
  const asked = fetch(request);
  try {
    return await answerOf(cache, request, await Promise.race([asked, new Promise((late, fail) => setTimeout(() => fail(new Error("late")), 6000))]));
  } catch (error) {
    const found = await copyOf(cache, request.url);
    if (found) return found;
    return asked.then((answer) => answerOf(cache, request, answer)).catch(() => missing(new URL(request.url)));
  }
}

const missing = (url) => Response.redirect("/field/" + url.pathname.split("/")[2] + url.search + "#/cards/missing"); // in the language of the card

async function answerOf(cache, request, answer) {
  if (isDocument(answer)) await keepCard(cache, request.url, answer.clone());
  if (answer.type === "opaqueredirect" || answer.status < 500) return answer;
  return (await copyOf(cache, request.url)) || answer;
}

async function keepCard(cache, url, answer) {
  const headers = new Headers({ "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": answer.headers.get("Content-Security-Policy") || "", "X-Kept": String(Date.now()) });
  const text = await answer.text();
  await Promise.all(partsOf(text).map((part) => keepPart(cache, part)));
  await cache.put(bare(url).href, new Response(text, { headers }));
  const cards = (await cache.keys()).filter((request) => CARD.test(new URL(request.url).pathname));
  await Promise.all(cards.slice(0, Math.max(0, cards.length - MOST_CARDS)).map((old) => cache.delete(old)));
}

async function copyOf(cache, url) {
  const found = await cache.match(bare(url).href);
  if (!found) return null;
  const text = (await found.text()).replace('data-copy=""', 'data-copy="' + found.headers.get("X-Kept") + '"');
  return new Response(text, { headers: found.headers });
}

// The other classes of a building that was opened.
async function keepCards(urls) {
  const cache = await caches.open(CARDS);
  for (const url of urls) {
    if (new URL(url).origin !== self.location.origin || !CARD.test(new URL(url).pathname)) continue;
    const answer = await fetch(url, { credentials: "same-origin", headers: { Accept: "text/html" } }).catch(() => null);
    if (answer && isDocument(answer)) await keepCard(cache, url, answer);
  }
}

// At once what we have, and in the meantime what is new.
async function document_(event, name) {
  const address = bare(event.request.url);
  if (name === SHELL) address.search = "";
  const found = await (await caches.open(name)).match(address.href);
  if (!found) {
    try {
      const answer = await fetch(event.request);
      if (answer.ok && !answer.redirected) event.waitUntil(renew(event.request.url, name));
      return answer;
    } catch (error) { // the map by day is better than none by night
      const like = await (await caches.open(name)).match(address.href, { ignoreSearch: true });
      if (like) return like;
      throw error;
    }
  }
  event.waitUntil(renew(event.request.url, name));
  return found;
}

async function unchanging(request, name) {
  const found = await caches.match(request, { ignoreVary: true });
  if (found) return found;
  const answer = await fetch(request);
  if (answer.ok && name) {
    const cache = await caches.open(name);
    await cache.put(request, answer.clone());
    if (name === PHOTOS) {
      const kept = await cache.keys();
      await Promise.all(kept.slice(0, Math.max(0, kept.length - MOST_PHOTOS)).map((old) => cache.delete(old)));
    }
  }
  return answer;
}

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (event.request.mode === "navigate") {
    if (DOCUMENT.test(url.pathname) && url.pathname !== "/field/sw.js") event.respondWith(document_(event, SHELL));
    else if (MAP_DOCUMENT.test(url.pathname)) event.respondWith(document_(event, MAP));
    else if (CARD.test(url.pathname) && url.searchParams.get("paper") !== "1") event.respondWith(card(event.request));
  } else if (url.pathname.indexOf("/assets/") === 0) event.respondWith(unchanging(event.request, ""));
  else if (MAP_DATA.test(url.pathname)) event.respondWith(unchanging(event.request, ""));
  else if (/^\/photo\//.test(url.pathname)) event.respondWith(unchanging(event.request, PHOTOS));
});

self.addEventListener("message", (event) => {
  const said = event.data || {};
  if (said.type === "keep") event.waitUntil(renew(said.url, said.map ? MAP : SHELL).then(() => event.source && event.source.postMessage({ type: "kept", url: said.url })));
  if (said.type === "keep-card") event.waitUntil(keepCards(said.urls || []));
  if (said.type === "forget") event.waitUntil(Promise.all([caches.delete(PHOTOS), caches.delete(MAP), caches.delete(CARDS)]));
});

// The network is back, and no page need be open. What waits is sent for the account that is logged in, and for no other.
async function sendAll() {
  const store = await self.fieldStore.open();
  const waiting = (await store.all("queue")).filter((item) => item.state === "waiting");
  for (const area of new Set(waiting.map((item) => item.area))) {
    const { body } = await self.fieldSend.ask("/field/" + encodeURIComponent(area) + "/data", {});
    const account = body && body.who && body.who.account;
    if (!waiting.some((item) => item.area === area && item.account === account)) continue;
    const end = await self.fieldSend.send(store, { account, area });
    if (end.why === "offline" || end.why === "wait") throw new Error(end.why); // the browser tries again by itself
  }
  (await self.clients.matchAll({ type: "window" })).forEach((client) => client.postMessage({ type: "sent" }));
}

self.addEventListener("sync", (event) => {
  if (event.tag === "field-send" && self.fieldSend) event.waitUntil(sendAll().catch((error) => {
    if (!(error instanceof self.fieldSend.Stopped) || error.why === "offline" || error.why === "wait") throw error;
  }));
});
