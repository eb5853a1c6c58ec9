"use strict";
(() => {
  const of = (id) => document.getElementById(id);
  const facts = JSON.parse(of("facts").textContent);
  const timecode = timecodeOf(facts);
  const picture = of("picture"), note = of("note"), text = of("text"), now = of("now"), list = of("comments");
  const store = `vssflow-post review ${facts.film}`;
  let comments = [];
  let began = null; // when the comment that is being typed began, in seconds

  // A blob and no data: address: browsers let long films be wound in it, and limit its length less.
  const bytes = Uint8Array.from(atob(of("film").textContent), (sign) => sign.charCodeAt(0));
  picture.src = URL.createObjectURL(new Blob([bytes], { type: "video/mp4" }));
  picture.addEventListener("error", () => {
    of("trouble").hidden = false;
    of("trouble").textContent = "This browser cannot play H.264 with AAC.";
  });

  const element = (name, words, className) => {
    const made = document.createElement(name);
    made.textContent = words;
    if (className) made.className = className;
    return made;
  };
  const heardAt = (at) => facts.cues.filter((cue) => at >= cue.start_s - 1e-4 && at < cue.end_s - 1e-4);

  function cell(words) { // a text that a spreadsheet would compute has an apostrophe before it
    const plain = String(words).replace(/^(?=\s*[=+\-@'])/, "'");
    return /[",\r\n;]/.test(plain) ? `"${plain.replace(/"/g, '""')}"` : plain;
  }

  function table() {
    const rows = comments.map((each) => [timecode(each.at), each.at.toFixed(3), cell(each.text), cell(heardAt(each.at).map((cue) => cue.id).join(" "))]);
    return [["timecode", "seconds", "text", "cues"], ...rows].map((row) => row.join(",")).join("\r\n") + "\r\n";
  }

  function draw() {
    const at = began === null ? picture.currentTime : began, label = timecode(at);
    if (now.textContent !== label) now.textContent = label;
    of("heard").replaceChildren(...heardAt(picture.currentTime).map((cue) => element("span", cue.words, cue.kind === "speech" ? "" : "scene")));
  }

  function keep() {
    comments.sort((one, other) => one.at - other.at);
    try { localStorage.setItem(store, JSON.stringify(comments)); } catch { /* private windows forget */ }
    list.replaceChildren(...comments.map((each) => {
      const row = element("li", "");
      const go = element("button", timecode(each.at), "go");
      go.addEventListener("click", () => { picture.currentTime = each.at; });
      const away = element("button", "\u00d7");
      away.setAttribute("aria-label", `Remove the comment at ${timecode(each.at)}`);
      away.addEventListener("click", () => { comments = comments.filter((other) => other !== each); keep(); });
      row.append(go, element("span", each.text), away, element("small", heardAt(each.at).map((cue) => cue.words).join(" \u00b7 ")));
      return row;
    }));
    of("none").hidden = comments.length > 0;
    of("save").hidden = comments.length === 0;
    of("save").href = `data:text/csv;charset=utf-8,${encodeURIComponent("\ufeff" + table())}`;
  }

  function begin(at) {
    began = at;
    note.classList.toggle("begun", at !== null);
    draw();
  }

  text.addEventListener("input", () => {
    if (!text.value) begin(null);
    else if (began === null) { picture.pause(); begin(picture.currentTime); }
  });
  note.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!text.value.trim()) return;
    comments.push({ at: began === null ? picture.currentTime : began, text: text.value.trim() });
    text.value = "";
    begin(null);
    keep();
  });

  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input, button, a, video") || event.ctrlKey || event.metaKey || event.altKey) return;
    const frame = facts.rate[1] / facts.rate[0];
    const step = { ArrowLeft: -frame, ArrowRight: frame, PageUp: -5, PageDown: 5 }[event.key];
    if (step !== undefined) picture.currentTime = Math.max(0, picture.currentTime + step);
    else if (event.key === " ") { if (picture.paused) picture.play(); else picture.pause(); }
    else return;
    event.preventDefault();
  });
  for (const event of ["timeupdate", "seeking", "seeked", "loadedmetadata"]) picture.addEventListener(event, draw);
  picture.addEventListener("play", function tick() {
    draw();
    if (!picture.paused && !picture.ended) requestAnimationFrame(tick);
  });

  try { comments = JSON.parse(localStorage.getItem(store)) || []; } catch { /* none are kept */ }
  keep();
  draw();
})();
