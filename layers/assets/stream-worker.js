// The streams of all windows of a browser, one for each thing that they look at.
"use strict";
const MOST = 3; // at once; the other connections are for everything else, and who gets none asks now and then
const GONE = 150000; // a window that has said nothing for so long is closed, or sleeps
const streams = new Map(); // what is looked at -> { source, readers }, each { port, number: which stream of its window, heard: when }

function tell(stream, kind, data) {
  stream.readers.forEach((reader) => reader.port.postMessage({ number: reader.number, kind: kind, data: data }));
}

function end(key) {
  const stream = streams.get(key);
  if (!stream) return;
  stream.source.close();
  streams.delete(key);
  tell(stream, "end");
}

function open(key, url) {
  const source = new EventSource(url);
  const stream = { source: source, readers: new Set() };
  ["delta", "beat"].forEach((kind) => source.addEventListener(kind, (event) => tell(stream, kind, JSON.parse(event.data))));
  source.onerror = () => { if (streams.get(key) === stream) end(key); };
  streams.set(key, stream);
  return stream;
}

function leave(key, reader) {
  const stream = streams.get(key);
  if (!stream || !stream.readers.delete(reader) || stream.readers.size) return;
  end(key);
}

onconnect = (event) => {
  const port = event.ports[0];
  const readers = new Map(); // number of a stream of this window -> who reads it
  port.onmessage = (message) => {
    const said = message.data;
    const stream = streams.get(said.key);
    const answer = (kind) => port.postMessage({ number: said.number, kind: kind });
    if (said.type === "open") {
      if (!stream && streams.size >= MOST) return answer("end");
      const reader = { port: port, number: said.number, heard: performance.now() };
      readers.set(said.number, reader);
      answer(stream ? "joined" : "opening");
      (stream || open(said.key, said.url)).readers.add(reader);
    } else if (said.type === "here" && readers.has(said.number)) readers.get(said.number).heard = performance.now();
    else if (said.type === "close") {
      leave(said.key, readers.get(said.number));
      readers.delete(said.number);
    }
  };
};

setInterval(() => {
  const now = performance.now();
  streams.forEach((stream, key) => stream.readers.forEach((reader) => { if (now - reader.heard > GONE) leave(key, reader); }));
}, 30000);
