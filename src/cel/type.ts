/** Static types of CEL, and the signatures of functions in the notation that CEL's documentation uses. */

export type Type =
  | { readonly kind: 'dyn' }
  /** `bool`, `int`, `net.IP`, … */
  | { readonly kind: 'plain'; readonly name: string }
  /** A type parameter of a signature. */
  | { readonly kind: 'param'; readonly name: string }
  | { readonly kind: 'list'; readonly of: Type }
  | { readonly kind: 'map'; readonly key: Type; readonly of: Type }
  | { readonly kind: 'optional'; readonly of: Type }
  /** A map with known keys; can be null. */
  | { readonly kind: 'object'; readonly name: string; readonly fields: ReadonlyMap<string, Type> };

export const DYN: Type = { kind: 'dyn' };
export const plain = (name: string): Type => ({ kind: 'plain', name });
export const BOOL = plain('bool');
export const INT = plain('int');
export const STRING = plain('string');
export const NULL = plain('null_type');
export const listType = (of: Type): Type => ({ kind: 'list', of });
export const mapType = (key: Type, of: Type): Type => ({ kind: 'map', key, of });
export const optionalType = (of: Type): Type => ({ kind: 'optional', of });

export function objectType(name: string, fields: Readonly<Record<string, Type>>): Type {
  return { kind: 'object', name, fields: new Map(Object.entries(fields)) };
}

export function showType(type: Type): string {
  switch (type.kind) {
    case 'dyn':
      return 'dyn';
    case 'plain':
    case 'param':
    case 'object':
      return type.name;
    case 'map':
      return `map<${showType(type.key)}, ${showType(type.of)}>`;
    default:
      return `${type.kind}<${showType(type.of)}>`;
  }
}

/** Returns a type that includes both; `undefined`: there is none. */
export function common(left: Type, right: Type): Type | undefined {
  if (left.kind === 'dyn' || right.kind === 'dyn') return DYN;
  if (left === NULL || right === NULL) return commonWithNull(left, right);
  if (left.kind !== right.kind) return undefined;
  if ('of' in left) return 'of' in right ? commonInside(left, right) : undefined;
  return 'name' in right && left.name === right.name ? left : undefined;
}

type Container = Extract<Type, { readonly of: Type }>;

function commonWithNull(left: Type, right: Type): Type | undefined {
  if (left === right) return left;
  return [left, right].find(({ kind }) => kind === 'object');
}

function commonInside(left: Container, right: Container): Type | undefined {
  const of = common(left.of, right.of);
  if (of === undefined) return undefined;
  if (left.kind === 'map' && right.kind === 'map') {
    const key = common(left.key, right.key);
    return key === undefined ? undefined : mapType(key, of);
  }
  return { kind: left.kind === 'list' ? 'list' : 'optional', of };
}

export type Bound = Map<string, Type>;

/** Reports whether `actual` is assignable to `declared`, and binds type parameters. */
export function accepts(declared: Type, actual: Type, bound: Bound): boolean {
  if (declared.kind === 'param') return bind(declared.name, actual, bound);
  if (declared.kind === 'dyn' || actual.kind === 'dyn') return true;
  if (declared.kind === 'map') return acceptsMap(declared, actual, bound);
  if ('of' in declared)
    return 'of' in actual && actual.kind === declared.kind && accepts(declared.of, actual.of, bound);
  return common(declared, actual) === declared;
}

function acceptsMap(declared: Extract<Type, { kind: 'map' }>, actual: Type, bound: Bound): boolean {
  if (actual.kind === 'object') return accepts(declared.key, STRING, bound) && accepts(declared.of, DYN, bound);
  return actual.kind === 'map' && accepts(declared.key, actual.key, bound) && accepts(declared.of, actual.of, bound);
}

function bind(name: string, actual: Type, bound: Bound): boolean {
  const before = bound.get(name);
  const now = before === undefined ? actual : common(before, actual);
  if (now === undefined) return false;
  bound.set(name, now);
  return true;
}

/** Replaces type parameters by their bound types. */
export function substitute(type: Type, bound: Bound): Type {
  switch (type.kind) {
    case 'param':
      return bound.get(type.name) ?? DYN;
    case 'map':
      return mapType(substitute(type.key, bound), substitute(type.of, bound));
    case 'list':
    case 'optional':
      return { kind: type.kind, of: substitute(type.of, bound) };
    default:
      return type;
  }
}

/** Reports whether the type contains dyn, so that values must be checked. */
export function isOpen(type: Type): boolean {
  if (type.kind === 'dyn' || type.kind === 'param') return true;
  if (type.kind === 'map') return isOpen(type.key) || isOpen(type.of);
  return (type.kind === 'list' || type.kind === 'optional') && isOpen(type.of);
}

const KNOWN: ReadonlyMap<string, Type> = new Map([
  ['dyn', DYN],
  ['bool', BOOL],
  ['int', INT],
  ['string', STRING],
  ['null_type', NULL],
  ['list', listType(DYN)],
  ['map', mapType(DYN, DYN)],
]);

/** Parses `list<A>`, `map<string, list<string>>`, `net.IP`. A single uppercase letter is a type parameter. */
export function parseType(text: string): Type {
  if (/^[A-Z]$/.test(text)) return { kind: 'param', name: text };
  const [, outer, inner = ''] = /^(list|map|optional)<(.*)>$/.exec(text) ?? [];
  if (outer === undefined) return KNOWN.get(text) ?? plain(text);
  const [first = '', second = ''] = splitTypes(inner);
  if (outer === 'map') return mapType(parseType(first), parseType(second));
  return outer === 'list' ? listType(parseType(first)) : optionalType(parseType(first));
}

/** Splits at the commas outside of `<…>`. */
export function splitTypes(text: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at <= text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '<') depth += 1;
    else if (character === '>') depth -= 1;
    else if (at === text.length || (character === ',' && depth === 0)) {
      parts.push(text.slice(from, at).trim());
      from = at + 1;
    }
  }
  return parts.filter((part) => part !== '');
}
