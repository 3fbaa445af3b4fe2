// Decodes payloads of codec "predictive" as docs/codec-format.md defines them, in plain JavaScript.
// usage: node predictive_decoder.mjs PAYLOAD OUTPUT
import { readFileSync, writeFileSync } from "node:fs";
import { zstdDecompressSync } from "node:zlib";

function decode(payload) {
  if (payload.toString("latin1", 0, 4) !== "WFP1") throw new Error("not a predictive payload");
  const parts = [];
  let at = 16;
  for (let left = payload.readUInt32LE(12); left > 0; left--) {
    const kind = payload[at];
    const encoded = payload.readUInt32LE(at + 8);
    const body = payload.subarray(at + 12, at + 12 + encoded);
    parts.push([(b) => b, zstdDecompressSync, pixels][kind](body));
    at += 12 + encoded;
  }
  return Buffer.concat(parts);
}

function pixels(body) {
  const [bytes, flags, bands, predictor] = body;
  const width = body.readUInt32LE(4);
  const rows = body.readUInt32LE(8);
  const count = width * rows;
  const bits = BigInt(8 * bytes);
  const fit = (x) => BigInt.asUintN(Number(bits), x);
  const signedShift = (x, by) => fit(BigInt.asIntN(Number(bits), x) >> by);
  const out = Buffer.alloc(count * bands * bytes);
  let at = 12 + 2 * bands;
  const weights = new Map();
  for (let band = 0; band < bands; band++) {
    if (body[13 + 2 * band] !== 4) continue;
    weights.set(band, Array.from({ length: 5 }, (_, i) => BigInt(body.readInt8(at + i))));
    at += 5;
  }
  const residuals = []; // of all bands so far
  let planeBefore = null; // first plane of the band before
  for (let band = 0; band < bands; band++) {
    const low = body[12 + 2 * band];
    const blend = body[13 + 2 * band];
    const z = new Array(count).fill(0n);
    if (low > 0) {
      const packed = Math.ceil((width * low) / 8);
      for (let i = 0; i < count; i++) {
        const column = i % width;
        const byte = body[at + Math.floor(i / width) * packed + (column % packed)];
        z[i] = BigInt((byte >> (Math.floor(column / packed) * low)) & ((1 << low) - 1));
      }
      at += rows * packed;
    }
    for (let shift = low; shift < 8 * bytes; shift += 8) {
      const isSorted = flags & 4 && shift === low;
      const head = at;
      at += isSorted ? 46 : 0;
      const length = body.readUInt32LE(at);
      const coded = body.subarray(at + 4, at + 4 + length);
      at += 4 + length;
      let plane = length === count ? coded : null;
      if (length === 0) plane = new Uint8Array(count);
      else if (plane === null) plane = zstdDecompressSync(coded);
      if (isSorted) plane = planeBefore = unsorted(plane, body, head, width, planeBefore);
      for (let i = 0; i < count; i++) z[i] |= BigInt(plane[i]) << BigInt(shift);
    }
    const r = new Array(count);
    const of = (rows, i) => BigInt.asIntN(Number(bits), (rows && rows[i]) ?? 0n);
    const share = [
      () => 0n,
      (i) => residuals[band - 1][i],
      (i) => residuals[band - 1][i] - signedShift(residuals[band - 1][i], 2n),
      (i) => signedShift(residuals[band - 1][i], 1n),
      (i) => {
        const column = i % width;
        const seen = [
          of(residuals[band - 1], i),
          of(residuals[band - 2], i),
          of(r, i - width),
          column ? of(r, i - width - 1) : 0n,
          column < width - 1 ? of(r, i - width + 1) : 0n,
        ];
        const sum = seen.reduce((all, q, which) => all + q * weights.get(band)[which], 4n);
        return BigInt.asIntN(Math.max(Number(bits), 16), sum) >> 3n;
      },
    ][blend];
    z.forEach((v, i) => (r[i] = fit(((v >> 1n) ^ -(v & 1n)) + share(i))));
    const x = new Array(count);
    for (let i = 0; i < count; i++) {
      const column = i % width;
      const first = i < width;
      const up = first ? 0n : x[i - width];
      const left = column ? x[i - 1] : up;
      const upLeft = first ? 0n : column ? x[i - width - 1] : up;
      const upRight = first ? 0n : column < width - 1 ? x[i - width + 1] : up;
      const mean = (left + ((up + upRight) >> 1n) + 1n) >> 1n;
      const guess = first ? left : [left, up, left + up - upLeft, mean][predictor - 1];
      x[i] = fit(guess + r[i]);
      const sample = flags & 2 ? x[i] ^ (1n << (bits - 1n)) : x[i];
      for (let byte = 0; byte < bytes; byte++) {
        const place = flags & 1 ? bytes - 1 - byte : byte;
        const value = (sample >> BigInt(8 * byte)) & 255n;
        out[(i * bands + band) * bytes + place] = Number(value);
      }
    }
    residuals.push(r);
  }
  return out;
}

function unsorted(streams, body, head, width, before) {
  const cuts = Array.from({ length: 7 }, (_, i) => body.readUInt16LE(head + 2 * i));
  const places = [0];
  for (let i = 0; i < 7; i++) places.push(places[i] + body.readUInt32LE(head + 14 + 4 * i));
  const plane = new Uint8Array(streams.length);
  for (let i = 0; i < plane.length; i++) {
    const column = i % width;
    const near = (rows, start, by) => {
      const other = Math.min(width - 1, Math.max(0, column + by));
      return rows === null || start < 0 ? 0 : rows[start + other];
    };
    const up = (by) => near(plane, i - column - width, by);
    const same = (by) => near(before, i - column, by);
    const activity =
      up(-2) + up(-1) + 2 * up(0) + up(1) + up(2) + 2 * (same(-1) + 2 * same(0) + same(1));
    const context = cuts.filter((cut) => activity > cut).length;
    plane[i] = streams[places[context]++];
  }
  return plane;
}

const [payload, output] = process.argv.slice(2);
writeFileSync(output, decode(readFileSync(payload)));
