// Not I/O: Node's zlib happens to hold the fastest CRC32 there is. Pure and deterministic.
export { crc32 } from 'node:zlib';
