"use strict";
// Tabs, and the dialog in which each number shows the rows behind it. Texts go in as text, never as markup.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const words = JSON.parse(document.getElementById("words").textContent);
  const STEP = 200;
  const DAY = 86400000;

  const element = (name, attributes = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (value !== null && value !== undefined) made.setAttribute(key, value);
    }
    made.append(...children);
    return made;
  };

  // -- cells: how a value is shown, sorted, and written to a file ---------------------------------------------

  const locale = words.locale || "en-US";
  const plain = (value) => new Intl.NumberFormat(locale, { maximumFractionDigits: 2 }).format(value);
  const whole = new Intl.NumberFormat(locale);
  const days = words.locale ? new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" }) : null;
  const shares = new Intl.NumberFormat(locale, {
    style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1,
  });
  const point = new Intl.NumberFormat(locale).formatToParts(1.5).find((part) => part.type === "decimal").value;

  const isoDay = (number) => {
    const day = new Date(number * DAY);
    const year = day.getUTCFullYear();
    return year < 10000 && year > 0 ? day.toISOString().slice(0, 10) : "";
  };
  const major = (minor) => {
    const negative = String(minor).startsWith("-");
    const digits = String(minor).replace("-", "").padStart(data.digits + 1, "0");
    const cut = digits.length - data.digits;
    return [negative ? "-" : "", digits.slice(0, cut), digits.slice(cut)];
  };
  const shownAmount = (minor) => {
    const [sign, units, rest] = major(minor);
    return sign + whole.format(BigInt(units)) + (rest ? point + rest : "");
  };
  const SHOWN = {
    date: (value) => (days ? days.format(new Date(value * DAY)) : isoDay(value)),
    amount: shownAmount,
    share: (value) => shares.format(value),
    points: (value) => `${new Intl.NumberFormat(locale, { maximumFractionDigits: 1 }).format(value * 100)} ${words.points}`,
    number: plain,
    flag: (value) => (value ? words.yes : words.no),
    word: (value) => value.replaceAll("_", " "),
  };
  const harmful = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffe\uffff]/g;
  const picture = (letter) => {
    const code = letter.charCodeAt(0);
    if (code < 32) return String.fromCharCode(0x2400 + code);
    return code === 127 ? "\u2421" : "\ufffd";
  };
  const shown = (column, place) => {
    const value = column.values[place];
    if (value === null) return "";
    const show = SHOWN[column.kind];
    return (show ? show(value) : String(value)).replace(harmful, picture);
  };
  const written = (column, place) => {
    const value = column.values[place];
    if (value === null) return "";
    if (column.kind === "date") return isoDay(value);
    if (column.kind === "amount") {
      const [sign, units, rest] = major(value);
      return sign + units + (rest ? `.${rest}` : "");
    }
    if (typeof value !== "string") return String(value);
    return /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(value) ? `'${value}` : value;
  };
  const isNumber = (column) => ["amount", "number", "share", "points"].includes(column.kind);
  const compared = (column) => {
    const values = column.values;
    const numeric = isNumber(column) || ["date", "flag"].includes(column.kind);
    return (a, b) => {
      const [x, y] = [values[a], values[b]];
      if (x === null || y === null) return (x === null) - (y === null);
      if (numeric || (typeof x === "number" && typeof y === "number")) return Number(x) - Number(y);
      return String(x) < String(y) ? -1 : Number(String(x) > String(y));
    };
  };

  // -- the rows behind a number -------------------------------------------------------------------------------

  const columnsOf = (metric) => {
    // a listing's own columns count by its rows, the table's by the places of these rows
    const table = data.tables[metric.table].map((column) => ({
      ...column, values: metric.rows.map((place) => column.values[place]),
    }));
    const own = metric.own || [];
    const named = new Map([...table, ...own].map((column) => [column.name, column]));
    const [one, ...others] = metric.lead || ["id"];
    const lead = [one, "name", ...others].filter((name) => named.has(name));
    const first = new Set(lead);
    const rest = table.filter((column) => !first.has(column.name));
    return [...first].map((name) => named.get(name)).concat(rest)
      .filter((column) => first.has(column.name) || column.values.some((value) => value !== null));
  };

  const dialog = element("dialog", { "aria-labelledby": "rows-title", class: "rows" });
  const title = element("h2", { id: "rows-title" });
  const close = element("button", { type: "button", class: "close" }, words.close);
  const facts = element("p", { class: "quiet" });
  const found = element("p", { class: "quiet", role: "status" });
  const search = element("input", {
    type: "search", placeholder: words.search, "aria-label": words.search, autocomplete: "off",
  });
  const save = element("button", { type: "button" }, words.csv);
  const area = element("div", { class: "scroll", role: "region", tabindex: "0", "aria-labelledby": "rows-title" });
  const more = element("button", { type: "button", class: "more" }, words.more);
  dialog.append(
    element("div", { class: "bar" }, title, close), facts,
    element("div", { class: "bar" }, search, save), found, area, more,
  );
  document.body.append(dialog);
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });

  let now = null;

  const cellOf = (column, place, first) => {
    const text = shown(column, place);
    const right = isNumber(column);
    const cell = element(first ? "th" : "td", {
      scope: first ? "row" : null, class: right ? "right" : text.length <= 12 ? "short" : null,
      dir: right ? null : "auto",
    });
    cell.append(text.length > 80 ? element("div", { class: "long" }, text) : text);
    return cell;
  };
  const addLines = () => {
    const until = Math.min(now.shown + STEP, now.order.length);
    const lines = document.createDocumentFragment();
    for (; now.shown < until; now.shown += 1) {
      const place = now.order[now.shown];
      lines.append(element("tr", {}, ...now.columns.map((column, at) => cellOf(column, place, at === 0))));
    }
    now.body.append(lines);
    more.hidden = now.shown >= now.order.length;
    const { used, rows } = now.metric;
    const filled = (text, ...numbers) => numbers.reduce((said, n) => said.replace("{}", whole.format(n)), text);
    const parts = [filled(words.showing, now.shown, now.order.length)];
    if (now.order.length < rows.length) parts.push(filled(words.matching, rows.length));
    if (rows.length < used) parts.push(filled(words.rest, rows.length, used));
    found.textContent = parts.join(" · ");
  };
  const textsOf = () => {
    if (!now.texts) {
      now.texts = now.metric.rows.map((_, place) => (
        now.columns.map((column) => shown(column, place)).join("\n").toLocaleLowerCase()
      ));
    }
    return now.texts;
  };
  const arrange = () => {
    const wanted = search.value.trim().toLocaleLowerCase();
    let order = now.metric.rows.map((_, place) => place);
    if (wanted) order = order.filter((place) => textsOf()[place].includes(wanted));
    if (now.by) {
      const compare = compared(now.by);
      const missing = (place) => now.by.values[place] === null;
      const sign = now.down ? -1 : 1;
      order.sort((a, b) => (missing(a) || missing(b) ? compare(a, b) : sign * compare(a, b)) || a - b);
    }
    now.order = order;
    now.shown = 0;
    now.body.replaceChildren();
    addLines();
  };
  const sortBy = (column) => {
    now.down = now.by === column && !now.down;
    now.by = column;
    now.heads.forEach((head, at) => {
      const chosen = now.columns[at] === column;
      head.setAttribute("aria-sort", chosen ? (now.down ? "descending" : "ascending") : "none");
    });
    arrange();
  };
  const headOf = (column) => {
    const button = element("button", { type: "button", dir: "auto" }, column.title.replace(harmful, picture));
    button.addEventListener("click", () => sortBy(column));
    return element("th", { scope: "col", "aria-sort": "none", class: isNumber(column) ? "right" : null }, button);
  };
  const open = (name) => {
    const metric = data.metrics[name];
    const columns = columnsOf(metric);
    const heads = columns.map(headOf);
    now = { name, metric, columns, heads, body: element("tbody"), by: null, down: false, texts: null };
    title.textContent = document.getElementById(name).querySelector("h3").textContent;
    facts.textContent = [...document.querySelectorAll(".facts > div")]
      .map((fact) => [...fact.children].map((part) => part.textContent).join(": ")).join(" · ");
    search.value = "";
    area.replaceChildren(element("table", {}, element("thead", {}, element("tr", {}, ...heads)), now.body));
    arrange();
    if (!dialog.open) dialog.showModal();
    area.scrollTo(0, 0);
  };

  const csv = () => {
    const quoted = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
    const heads = now.columns.map((column) => quoted(written({ values: [column.name] }, 0)));
    const lines = now.order.map((place) => now.columns.map((column) => quoted(written(column, place))).join(","));
    return `${[heads.join(","), ...lines].join("\r\n")}\r\n`;
  };
  save.addEventListener("click", () => {
    const address = URL.createObjectURL(new Blob(["\ufeff", csv()], { type: "text/csv;charset=utf-8" }));
    element("a", { href: address, download: `${now.name}-${data.asOf}.csv` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  });
  more.addEventListener("click", () => {
    addLines();
    if (more.hidden) area.focus();
  });
  let waiting = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(arrange, 120);
  });
  for (const button of document.querySelectorAll("button[data-rows]")) {
    if (Object.hasOwn(data.metrics, button.dataset.rows)) button.addEventListener("click", () => open(button.dataset.rows));
    else button.disabled = true;
  }

  // -- pictures: what is touched is told below, since a finger cannot point ------------------------------------

  for (const figure of document.querySelectorAll(".picture")) {
    figure.addEventListener("click", (event) => {
      const named = event.target.closest("svg *")?.querySelector(":scope > title");
      figure.querySelector("figcaption").textContent = named ? named.textContent : "";
    });
  }

  // -- tabs ---------------------------------------------------------------------------------------------------

  const links = [...document.querySelectorAll("nav a")];
  const panels = links.map((link) => document.getElementById(link.hash.slice(1)));
  const select = (chosen, focus) => {
    links.forEach((link, at) => {
      const mine = at === chosen;
      link.setAttribute("aria-selected", mine);
      link.tabIndex = mine ? 0 : -1;
      panels[at].hidden = !mine;
      if (mine && focus) link.focus();
    });
  };
  const byHash = () => {
    // "#tab-2" is a tab, "#risk.active_risk_signals" a number, "#risk.active_risk_signals/rows" its rows
    const [name, rows] = decodeURIComponent(location.hash.slice(1)).split("/");
    const target = document.getElementById(name);
    const at = target ? panels.findIndex((panel) => panel.contains(target)) : 0;
    if (links.length) select(Math.max(at, 0), false);
    if (rows === "rows" && Object.hasOwn(data.metrics, name)) open(name);
    else if (target && !panels.includes(target)) target.scrollIntoView();
  };
  const KEYS = { ArrowRight: 1, ArrowLeft: -1 };
  const tabs = () => {
    links[0].closest("ul").setAttribute("role", "tablist");
    links.forEach((link, at) => {
      link.parentElement.setAttribute("role", "presentation");
      link.setAttribute("role", "tab");
      link.id = `${panels[at].id}-link`;
      link.setAttribute("aria-controls", panels[at].id);
      panels[at].setAttribute("role", "tabpanel");
      panels[at].setAttribute("aria-labelledby", link.id);
      link.addEventListener("click", (event) => {
        event.preventDefault();
        select(at, true);
        try { history.replaceState(null, "", link.hash); } catch { /* a page in a frame has no address */ }
        scrollTo(0, 0);
      });
      link.addEventListener("keydown", (event) => {
        const last = links.length - 1;
        const to = event.key === "Home" ? 0 : event.key === "End" ? last
          : event.key in KEYS ? (at + KEYS[event.key] + links.length) % links.length
            : event.key === " " ? at : null;
        if (to === null) return;
        event.preventDefault();
        select(to, true);
      });
    });
  };
  if (links.length > 1) tabs();
  addEventListener("hashchange", byHash);
  byHash();
  document.documentElement.classList.add("live");
})();
