// The end of an inspection: what it comes to by rule, who signs on the screen, and sending. ES2018, no build step.
(function () {
  "use strict";
  const f = window.field;
  const { t, named, make, put, icon } = f;
  const { draftOf, listOf, judged, progress, gradeName, failed, named2, photosIn } = f.inspections;
  const HIGH = 180; // pixels of the field for a signature
  const INK = "#111"; // on white, whatever the phone looks like: it is printed
  const LONGEST = 200;
  const SIGNED = ["signed", "refused", "absent"];

  // A field to sign in with a finger; what stands there is kept as a picture after each stroke.
  function signing(draft, changed) {
    const box = make("div", { class: "signing" });
    let writing = Promise.resolve();
    const keep = (canvas) => { writing = writing.then(() => store(canvas)).catch(() => f.say(t("full"), true)); };
    async function store(canvas) {
      const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
      const data = await new Response(blob).arrayBuffer();
      const before = draft.signature;
      const key = await fieldStore.sha256(data);
      await f.store.write([["photos", { key, data, small: canvas.toDataURL("image/png"), sent: false, account: f.account }]]);
      draft.signature = key;
      await changed();
      if (before && before !== key) await f.dropPhotos([before]);
    }
    function draw() {
      const canvas = make("canvas", { id: "signature", "aria-label": t("sign_here"), role: "img" });
      put(box, [canvas, make("p", { class: "fine" }, t("sign_here"))]);
      const scale = Math.min(3, window.devicePixelRatio || 1);
      const ready = () => {
        canvas.width = Math.round(canvas.clientWidth * scale);
        canvas.height = HIGH * scale;
        const pen = canvas.getContext("2d");
        pen.fillStyle = "#fff";
        pen.fillRect(0, 0, canvas.width, canvas.height);
        Object.assign(pen, { strokeStyle: INK, lineWidth: 2.5 * scale, lineCap: "round", lineJoin: "round" });
        let down = false;
        const at = (event) => [(event.offsetX || 0) * scale, (event.offsetY || 0) * scale];
        canvas.addEventListener("pointerdown", (event) => {
          event.preventDefault();
          canvas.setPointerCapture(event.pointerId);
          down = true;
          pen.beginPath();
          pen.moveTo(...at(event));
        });
        canvas.addEventListener("pointermove", (event) => {
          if (!down) return;
          pen.lineTo(...at(event));
          pen.stroke();
        });
        const up = () => {
          if (down) keep(canvas);
          down = false;
        };
        canvas.addEventListener("pointerup", up);
        canvas.addEventListener("pointercancel", up);
      };
      requestAnimationFrame(ready);
    }
    const again = make("button", { type: "button", class: "plain", id: "sign-again", onclick: async () => {
      await writing;
      const before = draft.signature;
      draft.signature = "";
      await changed();
      if (before) await f.dropPhotos([before]);
      draw();
    } }, t("sign_again"));
    async function show() {
      const kept = draft.signature && (await f.store.get("photos", draft.signature));
      if (kept) put(box, make("img", { src: kept.small, alt: t("signature") }));
      else draw();
    }
    show();
    return { element: make("div", {}, [box, again]), done: () => writing };
  }

  // Only what was answered, as the console takes it.
  function answersOf(draft, checklist, verdict) {
    const found = {};
    checklist.items.forEach((item) => {
      const said = draft.answers[item.key];
      const result = verdict.results[item.key];
      if (!said || item.kind === "sum" || result.asked === false || said.value === "" || said.value === undefined || verdict.faults[item.key]) return;
      const fails = result.mark === "fail";
      found[item.key] = Object.assign({ value: said.value }, result.corrected ? { corrected: true } : {}, fails && said.grade && said.grade !== item.grade ? { grade: said.grade } : {}, said.note && said.note.trim() ? { note: said.note.trim() } : {}, (said.photos || []).length ? { photos: said.photos } : {});
    });
    return found;
  }

  function inspectEndScreen(main, item) {
    const draft = draftOf(item);
    const checklist = draft && listOf(draft.checklist, draft.version);
    if (!draft || (draft.checklist && !checklist)) {
      f.go(draft ? "#/site/" + encodeURIComponent(draft.site) : "#/", true);
      return {};
    }
    const sheet = "#/inspect/" + item;
    f.head({ title: t("inspect_end"), back: sheet });
    const save = f.saver(draft);
    const outcome = make("section", { class: "outcome" });
    const warn = make("p", { class: "warn", role: "alert", hidden: true });
    const slot = make("div", {});
    let sign = null;
    const keep = async () => {
      draft.photos = photosIn(draft);
      await f.keepDraft(draft);
    };
    function judge() {
      const verdict = judged(draft);
      const left = progress(draft, verdict);
      const missing = left.all - left.done;
      const passed = draft.row.open.filter((one) => draft.rechecks[one.number] === "pass").length;
      const refailed = draft.row.open.filter((one) => draft.rechecks[one.number] === "fail").length;
      outcome.className = "outcome " + ((verdict && verdict.outcome) || "none");
      put(outcome, [
        verdict && make("h2", {}, t(verdict.outcome ? "result_" + verdict.outcome : "result_none")),
        verdict && verdict.grade && make("p", {}, f.listed([gradeName(verdict.grade), verdict.due ? t("by_day", { day: f.day(verdict.due) }) : ""])),
        verdict && make("p", { class: "fine" }, t("result_counts", { failed: verdict.failed.length, corrected: checklist.items.filter((one) => verdict.results[one.key].corrected).length })),
        (passed || refailed) > 0 && make("p", {}, t("recheck_counts", { passed, failed: refailed })),
        missing > 0 && make("a", { class: "link", href: sheet }, t("still_open", { n: missing })),
        verdict && make("ul", { class: "fails" }, checklist.items.filter((one) => verdict.results[one.key].mark === "fail").map((one) => make("li", {}, [make("b", {}, one.key + " " + named2(one, "text")), make("span", { class: "fine" }, f.listed([failed(verdict.results[one.key]), verdict.results[one.key].lacks ? t("photo_lacks") : ""]))]))),
      ]);
      refusal.hidden = !(verdict && verdict.steps.some((step) => ["deadline", "hand_over", "stop"].indexOf(step) >= 0));
      return verdict;
    }
    const refused = make("input", { type: "checkbox", id: "refused" });
    refused.checked = draft.refused;
    refused.addEventListener("change", () => { draft.refused = refused.checked; save(); judge(); });
    const refusal = make("label", { class: "check" }, [refused, t("refuses")]);
    const text = make("textarea", { rows: 2, id: "text", "aria-label": t("note"), placeholder: t("note") + t("optional"), maxlength: LONGEST }, draft.text);
    text.addEventListener("input", () => { draft.text = text.value; save(); });
    function pen() {
      sign = draft.signed === "signed" ? signing(draft, keep) : null;
      put(slot, sign ? sign.element : []);
    }
    const how = f.either(t("signature"), SIGNED.map((one) => [one, t("signed_" + one)]), draft.signed, (one) => {
      draft.signed = one;
      warn.hidden = true;
      keep();
      pen();
    });
    const send = make("button", { type: "button", class: "main", id: "send", onclick: () => f.once("inspect" + item, finish) }, [icon("send"), t("inspect_send")]);
    const lack = (words) => {
      put(warn, words).hidden = false;
      warn.scrollIntoView({ block: "center" });
    };
    async function finish() {
      warn.hidden = true;
      if (sign) await sign.done();
      const verdict = judge();
      const left = progress(draft, verdict);
      if (!left.done) return lack(t("need_answers"));
      const faults = verdict ? Object.keys(verdict.faults) : [];
      if (faults.length) return lack(t("need_right", { items: f.listed(faults) }));
      if (verdict && verdict.lacking.length) return lack(t("need_photos", { items: f.listed(verdict.lacking) }));
      if (!draft.signed) return lack(t("need_signed"));
      if (draft.signed === "signed" && !draft.signature) return lack(t("need_signature"));
      if (left.all > left.done && !(await f.ask(t("still_open", { n: left.all - left.done }), t("still_open_detail"), t("inspect_send")))) return undefined;
      if (draft.signed !== "signed") draft.signature = "";
      draft.photos = photosIn(draft);
      const said = verdict ? answersOf(draft, checklist, verdict) : {};
      const data = Object.assign({ signed: draft.signed }, verdict && Object.keys(said).length ? { checklist: checklist.key, version: checklist.version, answers: said } : {}, Object.keys(draft.rechecks).length ? { rechecks: draft.rechecks } : {}, draft.signature ? { signature: draft.signature } : {}, draft.refused && !refusal.hidden ? { refused: true } : {}, draft.text.trim() ? { text: draft.text.trim() } : {});
      const photos = Array.from(new Set([].concat(...Object.keys(said).map((key) => said[key].photos || []), draft.signature || [])));
      if (photos.length > MOST) return lack(t("too_many_photos", { n: photos.length, most: MOST }));
      send.disabled = true;
      const kept = await f.enqueue({ key: draft.item, do: "inspect", case: draft.site, data, photos, as: draft.as, title: draft.row.name, draft: Object.assign({}, draft, { error: null }) }, [["drafts", draft.key]]);
      send.disabled = false;
      if (kept) f.go("#/site/" + encodeURIComponent(draft.site), true);
      return undefined;
    }
    put(main, [
      draft.error && make("p", { class: "warn" }, f.reason(draft.error)),
      make("p", { class: "about" }, [draft.row.name, checklist && make("small", {}, named(checklist))]),
      outcome,
      refusal,
      make("section", { class: "block" }, [make("h2", { class: "label" }, t("signature")), how, slot]),
      make("section", { class: "block" }, [text, make("p", { class: "fine" }, t("note_no_names"))]),
      warn,
      make("div", { class: "bar" }, send),
    ]);
    judge();
    pen();
    return { leave: () => { save.now(); } };
  }
  const MOST = 50; // photos of one inspection, as the console takes them

  Object.assign(f, { inspectEndScreen });
})();
