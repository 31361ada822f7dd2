import type { FieldInfo, MessageCodec } from './codec.ts';

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

function valueToJson(field: FieldInfo, value: unknown): Json {
  if (field.names !== undefined) return field.names[value as number] ?? (value as number);
  if (field.message !== undefined)
    return toJson(field.message() as MessageCodec<unknown>, value as never);
  return value instanceof Uint8Array ? value.toBase64() : (value as Json);
}

/**
 * A message as people read it: enums by name, bytes in base64, a oneof as the field that is set,
 * empty lists, maps and strings left out.
 */
export function toJson<T>(codec: MessageCodec<T>, message: T): Json {
  const out: Record<string, Json> = {};
  const source = message as Record<string, unknown>;
  for (const field of codec.fields) {
    const holder = field.oneof === undefined ? source : source[field.oneof];
    const value = (holder as Record<string, unknown> | undefined)?.[field.name];
    if (value === undefined || value === '') continue;
    if (field.shape === 'list') {
      const list = value as readonly unknown[];
      if (list.length > 0) out[field.name] = list.map((item) => valueToJson(field, item));
    } else if (field.shape === 'map') {
      const entries = Object.entries(value as Record<string, unknown>);
      if (entries.length > 0)
        out[field.name] = Object.fromEntries(
          entries.map(([key, item]) => [key, valueToJson(field, item)]),
        );
    } else out[field.name] = valueToJson(field, value);
  }
  return out;
}
