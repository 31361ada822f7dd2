/** Prints the TypeScript of a parsed protobuf tree; pure. Shapes: docs/decisions/0001. */
import protobuf from 'protobufjs';

const scalarTypes: Readonly<Record<string, string>> = {
  double: 'number',
  float: 'number',
  int32: 'number',
  uint32: 'number',
  sint32: 'number',
  fixed32: 'number',
  sfixed32: 'number',
  int64: 'number',
  uint64: 'number',
  sint64: 'number',
  fixed64: 'number',
  sfixed64: 'number',
  bool: 'boolean',
  string: 'string',
  bytes: 'Uint8Array',
};
const wireTypes: Readonly<Record<string, number>> = {
  double: 1,
  float: 5,
  fixed32: 5,
  sfixed32: 5,
  fixed64: 1,
  sfixed64: 1,
  string: 2,
  bytes: 2,
};
/** Fields that many messages have alike: their values are shared when they are read (proto/shared-values.ts). */
const sharedFields = new Set(['.tessera.v1.Task.spec']);
const is64 = (type: string): boolean => type.endsWith('64');

interface Names {
  of(object: protobuf.ReflectionObject): string;
}

function collect(root: protobuf.NamespaceBase): protobuf.ReflectionObject[] {
  return root.nestedArray.flatMap((object) => {
    const own =
      object instanceof protobuf.Type ||
      object instanceof protobuf.Enum ||
      object instanceof protobuf.Service
        ? [object]
        : [];
    return object instanceof protobuf.Namespace ? [...own, ...collect(object)] : own;
  });
}

/** Short names where they are unique, else the last parts of the package before them. */
function nameTable(objects: readonly protobuf.ReflectionObject[]): Names {
  const count = new Map<string, number>();
  for (const object of objects) count.set(object.name, (count.get(object.name) ?? 0) + 1);
  const pascal = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
  return {
    of(object) {
      if (count.get(object.name) === 1) return object.name;
      const parts = object.fullName
        .split('.')
        .filter((part) => part !== '' && !/^v\d+$/.test(part));
      return parts.slice(-2).map(pascal).join('');
    },
  };
}

function enumPrefix(name: string): string {
  return `${name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase()}_`;
}

function printEnum(object: protobuf.Enum, names: Names): string {
  const name = names.of(object);
  const prefix = enumPrefix(object.name);
  const entries = Object.entries(object.values).map(
    ([key, value]) => [key.startsWith(prefix) ? key.slice(prefix.length) : key, value] as const,
  );
  return [
    comment(object.comment, ''),
    `export const ${name} = {`,
    ...entries.map(([key, value]) => `  ${key}: ${value},`),
    `} as const;`,
    `export type ${name} = (typeof ${name})[keyof typeof ${name}];`,
    `export const ${name}Names: Readonly<Record<number, string>> = {`,
    ...entries.map(([key, value]) => `  ${value}: '${key}',`),
    `};`,
    '',
  ].join('\n');
}

function comment(text: string | null, indent: string): string {
  return text === null
    ? ''
    : `${indent}/** ${text.replaceAll('\n', ' ').replaceAll('*/', '* /')} */\n`;
}

const isPresent = (field: protobuf.Field): boolean =>
  field.hasPresence && !(field.resolvedType instanceof protobuf.Type);

/** A field in a declared `oneof` (not the one protobufjs makes for `optional`). */
function oneofOf(field: protobuf.Field): protobuf.OneOf | null {
  const oneof = field.partOf;
  return oneof !== null && oneof !== undefined && !isSynthetic(oneof) ? oneof : null;
}
function isSynthetic(oneof: protobuf.OneOf): boolean {
  return oneof.fieldsArray.length === 1 &&
    oneof.name === `_${snake(oneof.fieldsArray[0]?.name ?? '')}`
    ? true
    : oneof.fieldsArray.length === 1 && oneof.name === `_${oneof.fieldsArray[0]?.name ?? ''}`;
}
const snake = (text: string): string => text.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);

function elementType(field: protobuf.Field, names: Names): string {
  return field.resolvedType === null
    ? (scalarTypes[field.type] ?? 'never')
    : names.of(field.resolvedType);
}

function fieldType(field: protobuf.Field, names: Names): string {
  if (field instanceof protobuf.MapField)
    return `Readonly<Record<string, ${elementType(field, names)}>>`;
  return field.repeated ? `readonly ${elementType(field, names)}[]` : elementType(field, names);
}

function isOptional(field: protobuf.Field): boolean {
  if (field.repeated || field instanceof protobuf.MapField) return false;
  return field.resolvedType instanceof protobuf.Type || isPresent(field);
}

function defaultOf(field: protobuf.Field): string {
  if (field instanceof protobuf.MapField) return '{}';
  if (field.repeated) return '[]';
  if (field.resolvedType instanceof protobuf.Enum) return '0';
  if (field.type === 'string') return `''`;
  if (field.type === 'bytes') return 'empty';
  return field.type === 'bool' ? 'false' : '0';
}

function plainFields(type: protobuf.Type): protobuf.Field[] {
  return type.fieldsArray.filter((field) => oneofOf(field) === null);
}
function realOneofs(type: protobuf.Type): protobuf.OneOf[] {
  return type.oneofsArray.filter((oneof) => !isSynthetic(oneof));
}

function printInterface(type: protobuf.Type, names: Names): string {
  const lines = [comment(type.comment, ''), `export interface ${names.of(type)} {\n`];
  for (const field of plainFields(type)) {
    lines.push(comment(field.comment, '  '));
    const mark = isOptional(field) ? '?' : '';
    const tail = isOptional(field) ? ' | undefined' : '';
    lines.push(`  readonly ${field.name}${mark}: ${fieldType(field, names)}${tail};\n`);
  }
  for (const oneof of realOneofs(type)) {
    lines.push(comment(oneof.comment, '  '), `  readonly ${oneof.name}?:\n`);
    for (const field of oneof.fieldsArray)
      lines.push(
        `    | { readonly kind: '${field.name}'; readonly ${field.name}: ${fieldType(field, names)} }\n`,
      );
    lines.push('    | undefined;\n');
  }
  return `${lines.join('')}}\n`;
}

function writeValue(field: protobuf.Field, names: Names, value: string, depth = 'w'): string {
  const { resolvedType } = field;
  if (resolvedType instanceof protobuf.Type)
    return `${names.of(resolvedType)}.write(${value}, ${depth}.uint32(${(field.id << 3) | 2}).fork()).ldelim();`;
  const type = resolvedType instanceof protobuf.Enum ? 'int32' : field.type;
  const tag = (field.id << 3) | (wireTypes[type] ?? 0);
  return `${depth}.uint32(${tag}).${type}(${is64(type) ? `safe(${value}, '${field.name}')` : value});`;
}

function printWriteField(field: protobuf.Field, names: Names): string {
  const value = `m.${field.name}`;
  if (field instanceof protobuf.MapField) {
    const isMessage = field.resolvedType instanceof protobuf.Type;
    const type = field.resolvedType instanceof protobuf.Enum ? 'int32' : field.type;
    const wire = wireTypes[type] ?? 0;
    const inner = isMessage
      ? `${elementType(field, names)}.write(v, e.uint32(18).fork()).ldelim();`
      : `e.uint32(${16 | wire}).${type}(${is64(type) ? `safe(v, '${field.name}')` : 'v'});`;
    return `    for (const [k, v] of Object.entries(${value})) {\n      const e = w.uint32(${(field.id << 3) | 2}).fork();\n      e.uint32(10).string(k);\n      ${inner}\n      e.ldelim();\n    }\n`;
  }
  if (field.repeated) {
    const { resolvedType, type } = field;
    const packable =
      !(resolvedType instanceof protobuf.Type) && type !== 'string' && type !== 'bytes';
    if (!packable) return `    for (const v of ${value}) ${writeValue(field, names, 'v')}\n`;
    const scalar = resolvedType instanceof protobuf.Enum ? 'int32' : type;
    const item = is64(scalar) ? `safe(v, '${field.name}')` : 'v';
    return `    if (${value}.length > 0) {\n      w.uint32(${(field.id << 3) | 2}).fork();\n      for (const v of ${value}) w.${scalar}(${item});\n      w.ldelim();\n    }\n`;
  }
  if (isOptional(field))
    return `    if (${value} !== undefined) ${writeValue(field, names, value)}\n`;
  const isSet = field.type === 'bytes' ? `${value}.length > 0` : `${value} !== ${defaultOf(field)}`;
  return `    if (${isSet}) ${writeValue(field, names, value)}\n`;
}

function readValue(field: protobuf.Field, names: Names): string {
  const { resolvedType } = field;
  if (resolvedType instanceof protobuf.Type)
    return `${names.of(resolvedType)}.read(r, r.uint32() + r.pos)`;
  if (resolvedType instanceof protobuf.Enum) return `r.int32() as ${names.of(resolvedType)}`;
  return is64(field.type) ? `toSafe(r.${field.type}(), '${field.name}')` : `r.${field.type}()`;
}

function isShared(field: protobuf.Field): boolean {
  return sharedFields.has(field.fullName);
}

/** The constant that holds the field's shared values. */
function sharedName(field: protobuf.Field, names: Names): string {
  return `shared${names.of(field.parent ?? field)}${field.name.charAt(0).toUpperCase()}${field.name.slice(1)}`;
}

function printReadField(field: protobuf.Field, names: Names): string {
  const head = `        case ${field.id}:\n`;
  if (field instanceof protobuf.MapField) {
    const zero =
      field.resolvedType instanceof protobuf.Type
        ? `${elementType(field, names)}.create()`
        : defaultOf2(field, names);
    return `${head}          readMapEntry(r, m.${field.name}, ${zero}, () => ${readValue(field, names)});\n          break;\n`;
  }
  if (field.repeated) {
    const packable =
      !(field.resolvedType instanceof protobuf.Type) &&
      field.type !== 'string' &&
      field.type !== 'bytes';
    const push = `m.${field.name}.push(${readValue(field, names)});`;
    return packable
      ? `${head}          if ((tag & 7) === 2) {\n            const stop = r.uint32() + r.pos;\n            while (r.pos < stop) ${push}\n          } else ${push}\n          break;\n`
      : `${head}          ${push}\n          break;\n`;
  }
  const oneof = oneofOf(field);
  const value = isShared(field)
    ? `${sharedName(field, names)}.read(r, ${elementType(field, names)}.read)`
    : readValue(field, names);
  const target =
    oneof === null
      ? `m.${field.name} = ${value};`
      : `m.${oneof.name} = { kind: '${field.name}', ${field.name}: ${readValue(field, names)} };`;
  return `${head}          ${target}\n          break;\n`;
}
function defaultOf2(field: protobuf.MapField, names: Names): string {
  if (field.resolvedType instanceof protobuf.Enum) return `0 as ${names.of(field.resolvedType)}`;
  if (field.type === 'string') return `''`;
  if (field.type === 'bytes') return 'empty';
  return field.type === 'bool' ? 'false' : '0';
}

function printCodec(type: protobuf.Type, names: Names): string {
  const name = names.of(type);
  const defaults = plainFields(type)
    .filter((field) => !isOptional(field))
    .map((field) => `${field.name}: ${defaultOf(field)}`);
  const writes = [
    ...plainFields(type).map((field) => printWriteField(field, names)),
    ...realOneofs(type).map(
      (oneof) =>
        `    switch (m.${oneof.name}?.kind) {\n${oneof.fieldsArray
          .map(
            (field) =>
              `      case '${field.name}':\n        ${writeValue(field, names, `m.${oneof.name}.${field.name}`)}\n        break;\n`,
          )
          .join('')}    }\n`,
    ),
  ];
  const meta = type.fieldsArray.map((field) => {
    const kind =
      field.resolvedType instanceof protobuf.Enum
        ? `, names: ${names.of(field.resolvedType)}Names`
        : field.resolvedType instanceof protobuf.Type
          ? `, message: (): MessageCodec<never> => ${names.of(field.resolvedType)} as MessageCodec<never>`
          : '';
    const oneof = oneofOf(field);
    const shape = field instanceof protobuf.MapField ? 'map' : field.repeated ? 'list' : 'one';
    const inOneof = oneof === null ? '' : `, oneof: '${oneof.name}'`;
    return `    { name: '${field.name}', number: ${field.id}, type: '${field.resolvedType === null ? field.type : 'object'}', shape: '${shape}'${inOneof}${kind} },\n`;
  });
  const shared = type.fieldsArray
    .filter(isShared)
    .map(
      (field) =>
        `const ${sharedName(field, names)} = new SharedValues<${elementType(field, names)}>();\n`,
    );
  return `${shared.join('')}export const ${name}: MessageCodec<${name}> = {
  typeName: '${type.fullName.slice(1)}',
  fields: [
${meta.join('')}  ],
  create(init) {
    return { ${[...defaults, '...init'].join(', ')} };
  },
  write(${writes.length === 0 ? '_m' : 'm'}, w) {
${writes.join('')}    return w;
  },
  encode(m) {
    return encoded(${name}.write, m);
  },
  read(r, end) {
    const m = ${name}.create() as Mutable<${name}>;
    while (r.pos < end) {
      const tag = r.uint32();
      switch (tag >>> 3) {
${type.fieldsArray.map((field) => printReadField(field, names)).join('')}        default:
          r.skipType(tag & 7);
      }
    }
    return m as ${name};
  },
  decode(bytes) {
    const r = Reader.create(bytes);
    return ${name}.read(r, r.len);
  },
};
`;
}

function printService(service: protobuf.Service, names: Names): string {
  const methods = service.methodsArray.map((method) => {
    const request = names.of(method.resolvedRequestType ?? service);
    const response = names.of(method.resolvedResponseType ?? service);
    const name = method.name.charAt(0).toLowerCase() + method.name.slice(1);
    return `${comment(method.comment, '  ')}  ${name}: method('/${service.fullName.slice(1)}/${method.name}', ${method.requestStream === true}, ${method.responseStream === true}, ${request}, ${response}),\n`;
  });
  return `${comment(service.comment, '')}export const ${names.of(service)}Service = {\n${methods.join('')}} as const;\n`;
}

/** The whole file. */
export function printNamespace(root: protobuf.Root): string {
  const objects = collect(root);
  const names = nameTable(objects);
  const parts = [
    `// Made by scripts/generate-proto.ts; do not edit.\n/* eslint-disable */\n`,
    `import { Reader, empty, encoded, method, readMapEntry, safe, toSafe } from '../codec.ts';\n`,
    `import type { MessageCodec, Mutable } from '../codec.ts';\n\n`,
  ];
  for (const object of objects)
    if (object instanceof protobuf.Enum) parts.push(printEnum(object, names), '\n');
  for (const object of objects)
    if (object instanceof protobuf.Type)
      parts.push(printInterface(object, names), printCodec(object, names), '\n');
  for (const object of objects)
    if (object instanceof protobuf.Service) parts.push(printService(object, names), '\n');
  const body = parts.slice(3).join('');
  const used = ['Reader.', 'empty', 'encoded(', 'method(', 'readMapEntry(', 'safe(', 'toSafe(']
    .filter((use) => new RegExp(`[^.\\w']${RegExp.escape(use)}`).test(body))
    .map((use) => use.replace(/[.(]$/, ''));
  const shares = body.includes('SharedValues')
    ? `import { SharedValues } from '../shared-values.ts';\n`
    : '';
  parts[1] = `import { ${used.join(', ')} } from '../codec.ts';\n${shares}`;
  return parts.join('');
}
