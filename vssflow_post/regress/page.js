for (const section of document.querySelectorAll("section")) {
  const sounds = [...section.querySelectorAll("audio")], plates = [...section.querySelectorAll(".plate")];
  const seconds = Number(section.dataset.seconds);
  let current = sounds[sounds.length - 1];
  const heads = plates.map((plate) => plate.appendChild(document.createElement("i")));
  const show = () => {
    for (const head of heads) head.style.left = `${100 * Math.min(1, current.currentTime / seconds)}%`;
  };
  const seek = (time) => { for (const sound of sounds) sound.currentTime = time; show(); };
  for (const sound of sounds) {
    sound.addEventListener("play", () => {
      current = sound;
      for (const other of sounds) if (other !== sound) other.pause();
    });
    sound.addEventListener("timeupdate", () => { if (sound === current) show(); });
    sound.addEventListener("seeked", () => { if (sound === current) show(); });
  }
  for (const button of section.querySelectorAll("button[data-side]")) {
    button.addEventListener("click", () => {
      const next = sounds.find((sound) => sound.dataset.side === button.dataset.side);
      next.currentTime = current.currentTime;
      next.play();
    });
  }
  for (const button of section.querySelectorAll("button[data-seek]")) {
    button.addEventListener("click", () => seek(Math.max(0, Number(button.dataset.seek) - 0.5)));
  }
  for (const plate of plates) {
    plate.addEventListener("click", (event) => {
      const box = plate.getBoundingClientRect();
      seek(seconds * (event.clientX - box.left) / box.width);
    });
  }
}
