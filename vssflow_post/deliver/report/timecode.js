// The label of a second of the film; `facts` has rate [numerator, denominator], first_frame and drop.
const timecodeOf = (facts) => (seconds) => {
  const rate = facts.rate[0] / facts.rate[1], nominal = Math.max(1, Math.round(rate));
  let frame = facts.first_frame + Math.floor(seconds * rate + 0.01);
  if (facts.drop) { // SMPTE ST 12-1: labels are skipped, never pictures
    const dropped = nominal / 15, ten = 600 * nominal - 9 * dropped;
    const tens = Math.floor(frame / ten), rest = frame % ten;
    frame += dropped * (9 * tens + Math.floor(Math.max(0, rest - dropped) / (60 * nominal - dropped)));
  }
  const two = (n) => String(n).padStart(2, "0"), whole = Math.floor(frame / nominal);
  return `${two(Math.floor(whole / 3600) % 24)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}${facts.drop ? ";" : ":"}${two(frame % nominal)}`;
};
