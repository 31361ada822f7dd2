/** Times, sizes and names of states as docker's users know them. */

/** "Less than a second", "5 seconds", "About a minute", "2 hours", "3 weeks". */
export function humanDuration(durationMs: number): string {
  const seconds = Math.floor(Math.max(0, durationMs) / 1000);
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.floor(seconds / 60);
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.round(seconds / 3600);
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 14) return `${Math.floor(hours / 24)} days`;
  if (hours < 24 * 60) return `${Math.floor(hours / 24 / 7)} weeks`;
  if (hours < 24 * 730) return `${Math.floor(hours / 24 / 30)} months`;
  return `${Math.floor(hours / 24 / 365)} years`;
}

/** "5 minutes ago", lower case inside a line as in `service ps`. */
export function ago(nowMs: number, atMs: number): string {
  return `${humanDuration(nowMs - atMs)} ago`;
}

/** "fpga=1, gpu=2", by kind; empty for none. */
export function genericText(counts: Readonly<Record<string, number>>): string {
  return Object.keys(counts)
    .toSorted()
    .map((kind) => `${kind}=${counts[kind]}`)
    .join(', ');
}

/** RUNNING -> Running. */
export function titleCase(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1).toLowerCase();
}

/** "1.5GB", "64MB", "512B": powers of 1000, at most four digits, as docker's image list. */
export function humanBytes(bytes: number): string {
  const names = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let index = 0;
  while (value >= 1000 && index < names.length - 1) {
    value /= 1000;
    index++;
  }
  return `${Number(value.toPrecision(3))}${names[index]}`;
}

/** "64MiB", "1.5GiB": powers of 1024, as limits are given. */
export function humanMemory(bytes: number): string {
  const names = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let index = 0;
  while (value >= 1024 && index < names.length - 1) {
    value /= 1024;
    index++;
  }
  return `${Number(value.toPrecision(4))}${names[index]}`;
}

/** Milliseconds as a person writes them: "1m30s", "500ms", "0s". */
export function shortDuration(durationMs: number): string {
  if (durationMs < 1000 && durationMs > 0) return `${durationMs}ms`;
  let rest = Math.round(durationMs / 1000);
  const parts: string[] = [];
  for (const [letter, size] of [
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ] as const) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count}${letter}`);
  }
  return parts.join('') || '0s';
}
