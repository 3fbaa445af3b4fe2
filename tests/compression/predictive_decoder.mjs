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
  let before = null; // residuals of the band before
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
      const length = body.readUInt32LE(at);
      const coded = body.subarray(at + 4, at + 4 + length);
      at += 4 + length;
      if (length === 0) continue;
      const plane = length === count ? coded : zstdDecompressSync(coded);
      for (let i = 0; i < count; i++) z[i] |= BigInt(plane[i]) << BigInt(shift);
    }
    const share = [
      () => 0n,
      (q) => q,
      (q) => q - signedShift(q, 2n),
      (q) => signedShift(q, 1n),
    ][blend];
    const r = z.map((v, i) => fit(((v >> 1n) ^ -(v & 1n)) + (blend ? share(before[i]) : 0n)));
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
    before = r;
  }
  return out;
}

const [payload, output] = process.argv.slice(2);
writeFileSync(output, decode(readFileSync(payload)));
