"use strict";
(() => {
  const facts = JSON.parse(document.getElementById("facts").textContent);
  const picture = document.getElementById("picture");
  const audios = [...document.querySelectorAll("audio[data-stem]")];
  const track = document.getElementById("track");
  if (!track) return;
  const pane = document.getElementById("window");
  const playhead = document.getElementById("playhead");
  const now = document.getElementById("now");
  const trouble = document.getElementById("trouble");
  const heardNow = document.getElementById("heard");
  const ghost = document.getElementById("ghost");
  const cues = [...document.querySelectorAll(".cue")];
  const rows = [...document.querySelectorAll(".list tbody tr")];
  const duration = Math.max(facts.duration_s, 1e-6);
  let heard = audios.length ? audios[0].dataset.stem : null; // MIX comes first

  // The master clock: the picture, or the stem itself where there is no picture to be seen.
  let canSee = Boolean(picture);
  const audioOf = (name) => audios.find((audio) => audio.dataset.stem === name);
  const master = () => (canSee ? picture : audioOf(heard));
  // The delivered film carries the mix; a stem plays beside the muted picture.
  const partner = () => (canSee && heard !== null && heard !== "MIX" ? audioOf(heard) : null);

  let wanted = null; // a seek that waits for the file's head
  const position = () => (wanted !== null ? wanted : master() ? master().currentTime : 0);

  const timecode = timecodeOf(facts);

  function show() {
    const at = position(), label = timecode(at);
    playhead.style.left = `${(100 * Math.min(at, duration)) / duration}%`;
    if (now && now.textContent !== label) now.textContent = label;
    track.setAttribute("aria-valuenow", at.toFixed(3));
    track.setAttribute("aria-valuetext", label);
  }

  let marked = -1;
  function mark() {
    const at = position(), tenth = Math.floor(at * 10);
    if (tenth === marked) return;
    marked = tenth;
    const current = new Set();
    for (const row of rows) {
      const inside = at >= Number(row.dataset.start) - 1e-4 && at < Number(row.dataset.end) - 1e-4;
      row.classList.toggle("now", inside);
      if (inside) current.add(row.querySelector(".go").textContent);
    }
    for (const cue of cues) cue.classList.toggle("now", current.has(cue.dataset.id));
    if (heardNow) heardNow.replaceChildren(...cues.filter((cue) => current.has(cue.dataset.id) && !cue.classList.contains("silent")).map((cue) => {
      const note = document.createElement("span");
      note.className = cue.className.replace(/\b(cue|now|noted)\b/g, "");
      note.textContent = cue.dataset.words;
      return note;
    }));
  }

  function draw() { show(); mark(); }

  function seek(seconds) {
    const at = Math.max(0, Math.min(duration, seconds)), clock = master();
    if (clock) {
      if (clock.readyState > 0) {
        clock.currentTime = at;
      } else { // the head of the file is not read yet
        wanted = at;
        clock.load();
        clock.addEventListener("loadedmetadata", () => { if (wanted !== null) { clock.currentTime = wanted; wanted = null; } }, { once: true });
      }
      align(0);
    }
    draw();
    follow();
  }

  function follow() { // keep the playhead in the window when zoomed in
    const x = playhead.offsetLeft;
    if (x < pane.scrollLeft || x > pane.scrollLeft + pane.clientWidth) pane.scrollLeft = x - pane.clientWidth / 3;
  }

  function align(tolerance_s) {
    const other = partner();
    if (other && Math.abs(other.currentTime - picture.currentTime) > tolerance_s) other.currentTime = picture.currentTime;
  }

  function start(media) {
    const playing = media.play();
    if (playing) playing.catch((error) => {
      if (error.name === "AbortError") return; // stopped before it began
      trouble.hidden = false;
      trouble.textContent = `${media.dataset.stem || "The film"} cannot be played here: is the file beside this page?`;
    });
  }

  function listen(name) {
    const at = position(), before = master(), playing = before && !before.paused;
    for (const audio of audios) audio.pause();
    heard = name;
    for (const button of document.querySelectorAll("button[data-stem]")) button.setAttribute("aria-pressed", String(button.dataset.stem === name));
    if (canSee) {
      picture.muted = partner() !== null;
      align(0);
      if (playing && partner()) start(partner());
    } else {
      for (const audio of audios) audio.controls = audio.dataset.stem === name;
      seek(at);
      if (playing) start(master());
    }
  }

  function goBlind() { // the browser cannot decode the picture: the stems still play
    if (!canSee) return;
    canSee = false;
    picture.hidden = true;
    if (!trouble) return;
    trouble.hidden = false;
    trouble.textContent = "This browser cannot show the film; the stems play without it.";
    listen(heard);
  }

  if (picture) {
    picture.addEventListener("error", goBlind);
    if (picture.error) goBlind();
    picture.addEventListener("play", () => { const other = partner(); if (other) { align(0.03); start(other); } });
    picture.addEventListener("pause", () => { const other = partner(); if (other) other.pause(); });
    picture.addEventListener("seeked", () => { align(0.03); draw(); });
    picture.addEventListener("timeupdate", () => align(0.06));
    picture.addEventListener("ratechange", () => { for (const audio of audios) audio.playbackRate = picture.playbackRate; });
  }
  for (const audio of audios) audio.addEventListener("playing", () => { if (audio === partner()) align(0.02); });
  for (const media of [picture, ...audios]) {
    if (!media) continue;
    for (const event of ["timeupdate", "seeking", "loadedmetadata"]) media.addEventListener(event, draw);
    media.addEventListener("play", function tick() {
      draw();
      if (!media.paused && !media.ended) requestAnimationFrame(tick);
    });
  }

  for (const button of document.querySelectorAll("button[data-stem]")) button.addEventListener("click", () => listen(button.dataset.stem));
  for (const button of document.querySelectorAll("button[data-zoom]")) {
    button.addEventListener("click", () => {
      const middle = playhead.offsetLeft / track.offsetWidth;
      track.style.width = `${100 * Number(button.dataset.zoom)}%`;
      pane.scrollLeft = middle * track.offsetWidth - pane.clientWidth / 2;
      for (const other of document.querySelectorAll("button[data-zoom]")) other.setAttribute("aria-pressed", String(other === button));
    });
  }

  for (const button of document.querySelectorAll("[data-seek]")) button.addEventListener("click", () => seek(Number(button.dataset.seek)));
  for (const button of document.querySelectorAll("[data-show]")) {
    button.addEventListener("click", () => {
      for (const row of rows) row.hidden = Boolean(button.dataset.show) && row.dataset.kind !== button.dataset.show;
      for (const other of document.querySelectorAll("[data-show]")) other.setAttribute("aria-pressed", String(other === button));
    });
  }

  let dragging = false;
  const pointed = (event) => {
    const box = track.getBoundingClientRect();
    return ((event.clientX - box.left) / box.width) * duration;
  };
  track.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.target.closest(".flag")) return;
    const cue = event.target.closest(".cue");
    if (cue) { seek(Number(cue.dataset.start)); return; }
    if (event.pointerType === "mouse") { dragging = true; track.setPointerCapture(event.pointerId); seek(pointed(event)); }
  });
  track.addEventListener("pointermove", (event) => {
    if (dragging) seek(pointed(event));
    if (event.pointerType !== "mouse") return;
    const at = Math.max(0, Math.min(duration, pointed(event)));
    ghost.hidden = false;
    ghost.style.left = `${(100 * at) / duration}%`;
    ghost.classList.toggle("turned", at > 0.9 * duration);
    ghost.firstElementChild.textContent = timecode(at);
  });
  track.addEventListener("pointerleave", () => { ghost.hidden = true; });
  track.addEventListener("pointerup", () => { dragging = false; });
  track.addEventListener("pointercancel", () => { dragging = false; });
  track.addEventListener("click", (event) => { // a tap: a finger that drags scrolls instead
    if (event.pointerType !== "mouse" && !event.target.closest(".cue, .flag")) seek(pointed(event));
  });
  track.addEventListener("keydown", (event) => {
    const frame = facts.rate[1] / facts.rate[0], at = position();
    const goal = { ArrowLeft: at - frame, ArrowRight: at + frame, PageUp: at + 5, PageDown: at - 5, Home: 0, End: duration }[event.key];
    if (goal !== undefined) { seek(goal); event.preventDefault(); }
    if (event.key === " " && master()) { if (master().paused) start(master()); else master().pause(); event.preventDefault(); }
  });
  // Takes: each plays dry beside the muted picture, and is chosen by that.
  const takes = [...document.querySelectorAll("button[data-take]")];
  const save = document.getElementById("save");
  const sheet = save ? JSON.parse(document.getElementById("sheet").textContent) : null;
  let tried = null;

  function leave() { // back to what is listened to
    if (!tried) return;
    tried.pause();
    tried = null;
    if (canSee) { picture.pause(); picture.muted = partner() !== null; }
  }

  function tryOut(button) {
    leave();
    for (const media of [picture, ...audios]) if (media) media.pause();
    seek(Number(button.dataset.start));
    tried = new Audio(button.dataset.src);
    tried.addEventListener("ended", leave);
    if (canSee) { picture.muted = true; start(picture); }
    start(tried);
  }

  function choose(button) {
    for (const other of takes) if (other.dataset.cue === button.dataset.cue) other.setAttribute("aria-pressed", String(other === button));
    const cue = sheet.content.cues.find((each) => each.id === button.dataset.cue);
    cue.take = Number(button.dataset.take);
    save.disabled = false;
  }

  for (const button of takes) button.addEventListener("click", (event) => { event.stopPropagation(); tryOut(button); choose(button); });
  if (picture) picture.addEventListener("pause", () => { if (tried && !picture.ended) leave(); });
  if (save) save.addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([JSON.stringify(sheet.content, null, 1)], { type: "application/json" }));
    link.download = sheet.name;
    link.click();
    URL.revokeObjectURL(link.href);
  });

  for (const row of rows) row.addEventListener("click", () => seek(Number(row.dataset.start)));
  draw();
})();
