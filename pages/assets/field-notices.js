// Notices (通知): what a head, a community or the centre told my posts; one of them; and that I know of it (确认收到). ES2018, no build step.
(function () {
  "use strict";
  const f = window.field;
  const { t, make, render, icon } = f;

  // What is said of a receipt: until when it is wanted, or when it was given.
  function receiptOf(notice) {
    if (notice.given) return { level: "calm", time: "", state: t("acknowledged_at", { time: f.when(notice.given) }) };
    if (!notice.open.length) return { level: "calm", time: "", state: notice.unread ? t("not_read") : "" };
    if (!notice.due) return { level: "soon", time: t("please_acknowledge"), state: "" };
    const left = f.left(notice.due);
    return { level: left.level === "calm" ? "soon" : left.level, time: t("acknowledge_in", { time: left.text }), state: "" };
  }

  function card(notice) {
    const receipt = receiptOf(notice);
    return make("article", { class: ["card", receipt.level, notice.unread ? "unread" : "known"].join(" "), "data-number": notice.id }, make("a", { class: "open", href: "#/notice/" + notice.id }, [
      icon("bell"),
      make("div", {}, [
        make("h3", {}, [notice.unread && make("b", { class: "dot", role: "img", "aria-label": t("not_read") }), notice.title]),
        notice.text && make("p", { class: "first" }, notice.text),
        make("p", { class: "fine" }, [receipt.time && make("span", { class: "time" }, receipt.time), receipt.state && make("span", {}, receipt.state), make("span", {}, notice.from + " · " + f.when(notice.at))]),
      ]),
    ]));
  }

  function noticesScreen(main) {
    f.head({ title: t("notices"), back: "#/", again: true });
    function update() {
      const found = f.notices();
      render(main, found.length ? found.map(card) : make("div", { class: "empty" }, [icon("bell"), make("h2", {}, t("no_notices")), make("p", {}, t("no_notices_hint"))]));
    }
    update();
    f.refreshSoon();
    return { update, every: 30000 };
  }

  // One item for each of my posts that has not done it; quiet: nobody pressed anything.
  const tell = (act, notice, rows, quiet) => {
    const items = rows.map((row) => Object.assign({ do: act, case: notice.id, as: row.as, data: {}, title: notice.title }, quiet ? { quiet } : {}));
    return f.once(act + notice.id, () => f.enqueue(items[0], [], items.slice(1)));
  };

  function noticeScreen(main, id) {
    f.head({ title: t("notice"), back: "#/notices" });
    let known = false; // what was opened is read, and said so once
    function update() {
      const notice = f.notices().find((one) => one.id === id);
      if (!notice) return render(main, make("p", { class: "empty" }, t(f.list && !f.asking ? "notice_gone" : f.link === "off" ? "never_loaded" : "loading")));
      const receipt = receiptOf(notice);
      const posts = f.listed(notice.rows.map((row) => row.for));
      render(main, [
        f.sheetHead({}, icon("bell"), notice.title, { level: receipt.level, text: receipt.time }, ""),
        notice.given && make("p", { class: "given" }, [icon("done"), make("b", {}, receipt.state), notice.sent ? null : make("span", { class: "fine" }, f.waitsWords())]),
        f.pending(id),
        notice.text && make("p", { class: "words" }, notice.text),
        f.facts([["from", notice.from], ["sent", f.when(notice.at)], ["for", notice.posts > notice.rows.length ? t("among_posts", { posts, n: notice.posts }) : posts], [notice.open.length ? "acknowledge_by" : "", notice.open.length > 0 && notice.due && f.when(notice.due)], ["until", f.when(notice.until)]]),
        notice.open.length > 0 && make("p", { class: "fine" }, t("hint_acknowledge")),
        notice.open.length > 0 && f.may("act") && make("div", { class: "bar" }, make("button", { type: "button", class: "main", id: "acknowledge", onclick: () => tell("acknowledge", notice, notice.open) }, [icon("done"), t("act_acknowledge")])),
      ]);
      if (!known && !notice.asks && notice.unread && f.may("act")) tell("notice_read", notice, notice.rows, true);
      known = true;
      return undefined;
    }
    update();
    f.refreshSoon();
    return { update, every: 30000 };
  }

  Object.assign(f, { noticesScreen, noticeScreen });
})();
