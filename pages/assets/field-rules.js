// What the answers to a checklist come to, as inspections/answers.py reckons it, so that result, grade and day stand on the phone without a network. Pure: no page, no clock.
// Days are texts, 2026-11-23. Also the order in which places are walked. ES2018, no build step; a test holds both reckonings together.
(function (root) {
  "use strict";
  const GRADES = ["minor", "serious", "major", "stop"];
  const OUTCOMES = ["pass", "corrected", "deadline", "hand_over", "stop"];
  const BY_ACTION = { on_spot: "deadline", deadline: "deadline", stop: "stop", hand_over: "hand_over" };
  const DAY = 86400000;
  const LARGEST = 1e9;

  // ---- days
  const two = (number) => String(number).padStart(2, "0");
  const lastOf = (year, month) => new Date(Date.UTC(year, month, 0)).getUTCDate();
  const between = (first, second) => Math.round((Date.parse(second) - Date.parse(first)) / DAY);
  const later = (day, days) => new Date(Date.parse(day) + days * DAY).toISOString().slice(0, 10);
  const partsOf = (day) => day.split("-").map(Number);
  const isDay = (value) => typeof value === "string" && /^\d{4}-\d\d-\d\d$/.test(value);
  function monthsAfter(day, months) {
    const [year, month, of] = partsOf(day);
    const all = year * 12 + month - 1 + months;
    const [y, m] = [Math.floor(all / 12), (all % 12) + 1];
    return y + "-" + two(m) + "-" + two(Math.min(of, lastOf(y, m)));
  }
  function monthsBetween(first, second) {
    const [one, other] = [partsOf(first), partsOf(second)];
    const many = (other[0] - one[0]) * 12 + other[1] - one[1];
    return Math.max(0, many - (monthsAfter(first, many) > second ? 1 : 0));
  }
  function dayOf(said) { // 2026-11-23, or 2026-11 as plates say it: the last day of the month; null for what is no day
    const found = typeof said === "string" && /^(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?$/.exec(said.normalize("NFKC").trim());
    if (!found) return null;
    const [year, month] = [Number(found[1]), Number(found[2])];
    if (year < 1950 || year > 2150 || month < 1 || month > 12) return null;
    const day = found[3] ? Number(found[3]) : lastOf(year, month);
    return day >= 1 && day <= lastOf(year, month) ? year + "-" + two(month) + "-" + two(day) : null;
  }

  // ---- one answer: { value } as it is kept, or { fault } with the reason why it cannot be one; null for none
  function read(item, said, day) {
    const text = typeof said === "string" ? said.trim() : said;
    if (said === null || said === undefined || said === "" || (typeof said === "object" && !Object.keys(said).length)) return null;
    if (item.kind === "sum") return { fault: "computed" };
    return text === "na" ? { value: "na" } : READ[item.kind](item, text, day);
  }
  function digits(said, kind) {
    const text = typeof said === "string" ? said.normalize("NFKC") : "";
    if (text[0] === "-" || said < 0) return { fault: "negative" };
    if (!/^[0-9]{1,9}(\.[0-9]{1,6})?$/.test(text) && !(typeof said === "number" && said <= LARGEST)) return { fault: kind };
    const value = Math.round(Number(text || said) * 1e6) / 1e6;
    return kind === "count" && value % 1 ? { fault: kind } : { value };
  }
  function date(item, said, day) {
    if (said === "never" && item.means === "serviced") return { value: said };
    const value = dayOf(said);
    if (!value) return { fault: "date" };
    const ofMonth = said.normalize("NFKC").split(/[-/.]/).length === 2;
    return item.means !== "expires" && value > day && !(ofMonth && value.slice(0, 7) === day.slice(0, 7)) ? { fault: "future" } : { value };
  }
  function cylinders(item, said) {
    if (typeof said !== "object") return { fault: "cylinders" };
    const value = {};
    for (const size of Object.keys(said)) {
      if (!item.sizes.some((one) => String(one) === size)) return { fault: "size" };
      if (said[size] === null || said[size] === "") continue;
      const found = digits(said[size], "count");
      if (found.fault) return found;
      value[size] = found.value;
    }
    return { value };
  }
  const READ = {
    yes_no: (item, said) => (said === "pass" || said === "fail" ? { value: said } : { fault: "word" }),
    choice: (item, said) => (item.options.some((one) => one.key === said) ? { value: said } : { fault: "option" }),
    number: (item, said) => digits(said, "number"),
    count: (item, said) => digits(said, "count"),
    date,
    cylinders,
  };

  // ---- what one item comes to: { mark, why, facts, value, last }
  const made = (mark, more) => Object.assign({ mark, why: "", facts: {}, value: null, last: null }, more);
  function limits(item, value, kept) {
    const facts = { value, unit: item.unit };
    if (item.most !== null && value > item.most) return made("fail", { why: "above", facts: Object.assign(facts, { limit: item.most }), value: kept });
    if (item.least !== null && value < item.least) return made("fail", { why: "below", facts: Object.assign(facts, { limit: item.least }), value: kept });
    return made(item.judges ? "pass" : "noted", { facts, value: kept });
  }
  const rounded = (kg) => Math.round(kg * 1000) / 1000;
  function lastDay(item, value, results) {
    const life = item.life;
    if (item.means === "expires") return [value, ""];
    if (!life) return [null, ""];
    if (life.by && results[life.by].mark === "unanswered") return [null, "by"];
    const chosen = life.by ? results[life.by].value : "";
    let months = life.by ? life.each[chosen] || 0 : life.months;
    let since = value;
    if (since === "never") {
      months = life.first[chosen] || 0;
      since = results[life.since].value;
      if (!isDay(since)) return [null, "since"];
    }
    return [months ? monthsAfter(since, months) : null, ""];
  }
  function judgeDate(item, value, results, day) {
    const [last, why] = lastDay(item, value, results);
    const facts = isDay(value) && item.means !== "expires" ? { months: monthsBetween(value, day) } : {};
    if (!last) return made(why ? "unanswered" : "noted", { why, facts, value });
    Object.assign(facts, { last, days: Math.abs(between(day, last)) });
    if (last < day) return made("fail", { why: "expired", facts, value, last });
    return made("pass", { why: between(day, last) <= item.warn ? "soon" : "holds", facts, value, last });
  }
  function missing(applies, results) { // what an item is without being asked; null where it applies
    if (applies.failed.length) {
      const asked = applies.failed.map((key) => results[key].mark);
      return asked.indexOf("fail") >= 0 ? null : asked.indexOf("unanswered") >= 0 ? "unanswered" : "na";
    }
    const on = results[applies.item];
    if (on.mark === "unanswered") return "unanswered";
    if (applies.chosen.length) return applies.chosen.indexOf(on.value) >= 0 ? null : "na";
    return on.mark !== "na" && on.facts.value > applies.above ? null : "na";
  }
  function sum(item, results) {
    const asked = item.of.map((key) => results[key]);
    if (asked.every((one) => one.mark === "unanswered")) return made("unanswered");
    const total = rounded(asked.reduce((kg, one) => kg + ("value" in one.facts ? one.facts.value : 0), 0));
    const found = limits(item, total, total);
    found.facts.needs = item.steps.filter((step) => total > step.above).pop() || null;
    return found;
  }
  function result(item, value, results, day) {
    const not = item.applies && missing(item.applies, results);
    if (not) return made(not, { why: not === "na" ? "applies" : "" , asked: false });
    if (item.kind === "sum") return sum(item, results);
    if (value === undefined) return made("unanswered");
    if (value === "na") return made("na", { value });
    if (item.kind === "yes_no") return made(value, { value });
    if (item.kind === "choice") {
      const option = item.options.find((one) => one.key === value);
      return made(option.result || "noted", { why: "chosen", facts: { chosen: option }, value });
    }
    if (item.kind === "date") return judgeDate(item, value, results, day);
    if (item.kind === "cylinders") return limits(item, rounded(Object.keys(value).reduce((kg, size) => kg + Number(size) * value[size], 0)), value);
    return limits(item, value, value);
  }

  // Whether what fails may be put right on the spot.
  const onSpot = (item, grade) => item.action !== "stop" && item.action !== "hand_over" && grade !== "stop";

  // What answers ({ key: { value, corrected, grade, photos } }, as they were pressed and typed) come to on a day. An answer that cannot be one counts as none, and is in `faults`.
  function evaluate(checklist, answers, day, days, refused) {
    const results = {};
    const faults = {};
    checklist.items.forEach((item) => {
      const said = answers[item.key] || {};
      const kept = read(item, said.value, day);
      if (kept && kept.fault) faults[item.key] = kept.fault;
      const one = (results[item.key] = result(item, kept && !kept.fault ? kept.value : undefined, results, day));
      if (one.mark !== "fail") return;
      one.grade = (kept && said.grade) || item.grade;
      one.action = one.grade === "stop" ? "stop" : item.action;
      one.corrected = Boolean(kept && said.corrected) && onSpot(item, one.grade);
      one.due = one.corrected ? null : later(day, item.days === null ? days[one.grade] : item.days);
      one.lacks = item.photo && !(said.photos || []).length;
    });
    const own = checklist.items.filter((item) => item.party === checklist.party).map((item) => results[item.key]);
    const open = own.filter((one) => one.mark === "fail" && !one.corrected);
    const steps = new Set(open.map((one) => BY_ACTION[one.action]));
    if (refused && steps.size) steps.add("hand_over");
    if (own.some((one) => one.corrected)) steps.add("corrected");
    if (!steps.size && !own.some((one) => one.mark === "unanswered")) steps.add("pass");
    const keys = (fits) => checklist.items.filter((item) => fits(results[item.key], item)).map((item) => item.key);
    const ordered = OUTCOMES.filter((one) => steps.has(one)).reverse();
    return {
      results, faults, steps: ordered, outcome: ordered[0] || null,
      grade: GRADES.filter((grade) => open.some((one) => one.grade === grade)).pop() || null,
      due: open.map((one) => one.due).filter(Boolean).sort()[0] || null,
      failed: keys((one, item) => one.mark === "fail" && item.party === checklist.party),
      unanswered: keys((one) => one.mark === "unanswered"),
      lacking: keys((one) => Boolean(one.lacks)),
    };
  }

  root.fieldRules = { evaluate, read, onSpot, later };
})(self);
