/* Without this everything works; with it a draft survives a lost line, and known faults show while one types. */
(() => {
  "use strict";
  const KEY = "tudunk-report";
  const KEPT_MS = 3 * 86400000;
  const $ = (selector) => document.querySelector(selector);
  const later = (act, ms) => {
    let timer;
    return () => {
      clearTimeout(timer);
      timer = setTimeout(act, ms);
    };
  };
  const store = (write) => {
    try {
      return write(localStorage);
    } catch {
      return null;
    }
  };

  const picture = $("#pictures");
  if (picture) {
    picture.addEventListener("change", () => {
      const { bytes, most, large, many } = picture.dataset;
      const wrong = [...picture.files].flatMap((file, at) =>
        at >= most
          ? many.replace("#", at + 1)
          : file.size > bytes
            ? large.replace("#", at + 1)
            : [],
      );
      const told = $("#pictures-told");
      told.textContent = wrong.join(" ");
      told.hidden = wrong.length === 0;
    });
  }

  if ($("[data-sent]")) store((kept) => kept.removeItem(KEY));

  if ($("[data-waiting]")) {
    let looks = 0;
    const look = async () => {
      const text = await fetch(location.href, { cache: "no-store" })
        .then((answer) => (answer.ok ? answer.text() : "data-waiting"))
        .catch(() => "data-waiting");
      if (!text.includes("data-waiting")) location.reload();
      else if (++looks < 200) setTimeout(look, 3000);
    };
    setTimeout(look, 2000);
  }

  const form = $("form[data-draft]");
  if (!form) return;
  const typed = () =>
    [...new FormData(form)].filter(([, value]) => typeof value === "string" && value !== "");

  const save = () =>
    store((kept) => kept.setItem(KEY, JSON.stringify({ at: Date.now(), typed: typed() })));
  const restore = () => {
    const draft = store((kept) => JSON.parse(kept.getItem(KEY)));
    if (!draft || !(Date.now() - draft.at < KEPT_MS)) return;
    let words = false;
    for (const [name, value] of draft.typed) {
      const field = form.elements.namedItem(name);
      if (!field || field.type === "file") continue;
      field.value = value;
      words ||= !["form", "hear", "email", "name"].includes(name);
    }
    $("#draft").hidden = !words;
  };
  $("#draft button").addEventListener("click", () => {
    store((kept) => kept.removeItem(KEY));
    location.reload();
  });

  const wordsIn = (node) => node.textContent.replace(/\s+/g, " ").trim();
  let asked = "";
  const known = async () => {
    const query = new URLSearchParams({
      which: form.elements.namedItem("which").value.slice(0, 100),
      what: form.elements.namedItem("choice").value,
    }).toString();
    if (query === asked) return;
    asked = query;
    const answer = await fetch(`${form.dataset.known}&${query}`).catch(() => null);
    if (answer?.ok && query === asked) {
      const box = $("#known");
      const next = document.createElement("template");
      next.innerHTML = await answer.text();
      // What reads the same is not read out again.
      if (wordsIn(next.content) !== wordsIn(box)) box.replaceChildren(next.content);
    }
  };

  if (!("kept" in form.dataset)) restore();
  form.addEventListener("input", later(save, 300));
  form.addEventListener("input", later(known, 400));
  if (typed().some(([name]) => name === "which" || name === "choice")) known();

  const buttons = form.querySelectorAll("[type=submit]");
  const busy = (is) => {
    for (const button of buttons) button.disabled = is;
  };
  addEventListener("pageshow", () => busy(false));
  // A form that is sent into nowhere is lost with its pictures: so the line is tried first.
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    save();
    busy(true);
    const offline = $("#offline");
    try {
      await fetch(form.dataset.known, { cache: "no-store", signal: AbortSignal.timeout(10000) });
      offline.hidden = true;
      form.submit();
    } catch {
      busy(false);
      offline.hidden = false;
      offline.focus();
    }
  });
})();
