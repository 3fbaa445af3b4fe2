// Reads test vectors of the wire format with nothing but Node: no code of wildfire-bench is used.
//
//   node read_vectors.mjs <vector.json> <image out>
//
// Writes the image of a direct or chunked vector and prints what its envelope says as JSON.
// Checked: version, codec, sizes, chunk indices and offsets. Not checked: the XXH3 digests, which
// Node does not have built in; the calling test compares the image's bytes instead.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';

const CODECS = {
  stored: (value) => value,
  gzip: (value, size) => gunzipSync(value, { maxOutputLength: size }),
  zstd: (value, size) => zstdDecompressSync(value, { maxOutputLength: size }),
};

function fail(message) {
  throw new Error(message);
}

function number(headers, name) {
  const text = headers[name] ?? fail(`${name} is missing`);
  return /^\d{1,15}$/.test(text) ? Number(text) : fail(`${name} is ${text}`);
}

function decode(headers, value, size) {
  const codec = CODECS[headers.wf_codec] ?? fail(`codec ${headers.wf_codec} is unknown`);
  const block = codec(value, size);
  return block.length === size ? block : fail(`${block.length} bytes, ${size} were announced`);
}

function readEnvelope(record) {
  const headers = Object.fromEntries(record.headers);
  if (headers.wf_version !== '1') fail(`wire format version ${headers.wf_version}`);
  if ('wf_encryption' in headers) fail('record is encrypted');
  if (![headers.ce_subject, decodeURIComponent(headers.ce_source)].includes(record.key)) {
    fail(`key ${record.key} is neither image id nor source id`);
  }
  return headers;
}

function placeChunk(headers, value, image, filled) {
  const [index, count] = [number(headers, 'wf_chunk_index'), number(headers, 'wf_chunk_count')];
  const [offset, size] = [number(headers, 'wf_chunk_offset'), number(headers, 'wf_chunk_size')];
  if (index >= count || size === 0 || offset + size > image.length) fail(`chunk ${index} lies outside`);
  decode(headers, value, size).copy(image, offset);
  filled.set(index, [offset, size]);
  return count;
}

function checkComplete(filled, count, imageSize) {
  let end = 0;
  for (let index = 0; index < count; index += 1) {
    const [offset, size] = filled.get(index) ?? fail(`chunk ${index} is missing`);
    if (offset !== end) fail(`chunk ${index} starts at ${offset}, not ${end}`);
    end += size;
  }
  if (end !== imageSize) fail(`chunks hold ${end} of ${imageSize} bytes`);
}

const [vectorPath, imagePath] = process.argv.slice(2);
const vector = JSON.parse(readFileSync(vectorPath, 'utf8'));
const filled = new Map();
let image;
let count = 0;
let about = {};
for (const record of vector.records) {
  const headers = readEnvelope(record);
  const value = readFileSync(join(dirname(vectorPath), record.value));
  const size = number(headers, 'wf_image_size');
  if (headers.ce_type === 'wildfire.satellite.image.v1') {
    image = decode(headers, value, size);
  } else if (headers.ce_type === 'wildfire.satellite.image.chunk.v1') {
    image ??= Buffer.alloc(size);
    count = placeChunk(headers, value, image, filled);
  } else {
    fail(`type ${headers.ce_type} is not read here`);
  }
  if ('wf_metadata' in headers) {
    about = { image_id: headers.ce_subject, metadata: JSON.parse(headers.wf_metadata) };
  }
}
if (count > 0) checkComplete(filled, count, image.length);
writeFileSync(imagePath, image);
console.log(JSON.stringify(about));
