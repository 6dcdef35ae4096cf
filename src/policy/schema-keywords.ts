/** The keywords of JSON Schema that our own schemas have, each with its check. */
import { escapeSegment, isObject, type JsonObject } from '../pod/pointer.ts';

export interface SchemaError {
  readonly keyword: string;
  /** The pointer of the value. */
  readonly instancePath: string;
  readonly params: JsonObject;
  /** The value of the keyword. */
  readonly schema: unknown;
  /** The schema with the keyword. */
  readonly parentSchema: unknown;
  readonly data: unknown;
  readonly message?: string | undefined;
  /** The schema is a branch of `anyOf`. */
  readonly ofBranch: boolean;
}

/** Adds the errors of the value at a pointer. */
export type Check = (data: unknown, at: string, errors: SchemaError[]) => void;

interface Found {
  readonly data: unknown;
  readonly at: string;
  readonly params: JsonObject;
  readonly message?: string;
}

export type Report = (found: Found, errors: SchemaError[]) => void;

interface KeywordPlace {
  /** The schema with the keyword. */
  readonly schema: JsonObject;
  readonly report: Report;
  readonly compile: (schema: unknown) => Check;
}

/** Returns the check of a keyword with this value. */
type Keyword = (value: unknown, place: KeywordPlace) => Check;

export interface Group {
  /** The keywords apply to no other values. */
  readonly type: string | undefined;
  readonly keywords: Readonly<Record<string, Keyword>>;
}

/** They allow and reject nothing. */
const ANNOTATIONS = ['description', 'default', 'hint', 'editorPattern'];

/** In the order of Ajv. */
export const GROUPS: readonly Group[] = [
  { type: undefined, keywords: { const: isConst, enum: isOneOf, anyOf, oneOf } },
  {
    type: 'number',
    keywords: {
      maximum: limited((data, limit) => Number(data) <= limit),
      minimum: limited((data, limit) => Number(data) >= limit),
    },
  },
  {
    type: 'string',
    keywords: {
      maxLength: limited((data, limit) => lengthOf(data) <= limit),
      minLength: limited((data, limit) => lengthOf(data) >= limit),
      pattern,
    },
  },
  {
    type: 'array',
    keywords: {
      maxItems: limited((data, limit) => itemsIn(data).length <= limit),
      minItems: limited((data, limit) => itemsIn(data).length >= limit),
      items,
    },
  },
  {
    type: 'object',
    keywords: {
      minProperties: limited((data, limit) => Object.keys(membersOf(data)).length >= limit),
      required,
      additionalProperties,
      properties,
    },
  },
];

export const KNOWN: ReadonlySet<string> = new Set([
  'type',
  ...ANNOTATIONS,
  ...GROUPS.flatMap(({ keywords }) => Object.keys(keywords)),
]);

function limited(isWithin: (data: unknown, limit: number) => boolean): Keyword {
  return (value, { report }) => {
    const limit = Number(value);
    return (data, at, errors) => {
      if (!isWithin(data, limit)) report({ data, at, params: { limit } }, errors);
    };
  };
}

/** In code points, as JSON Schema counts. */
function lengthOf(data: unknown): number {
  return Array.from(String(data)).length;
}

function itemsIn(data: unknown): readonly unknown[] {
  return Array.isArray(data) ? data : [];
}

function membersOf(data: unknown): JsonObject {
  return isObject(data) ? data : {};
}

function isConst(allowedValue: unknown, { report }: KeywordPlace): Check {
  return (data, at, errors) => {
    if (data !== allowedValue) report({ data, at, params: { allowedValue } }, errors);
  };
}

function isOneOf(value: unknown, { report }: KeywordPlace): Check {
  const allowedValues = itemsIn(value);
  return (data, at, errors) => {
    if (!allowedValues.includes(data)) report({ data, at, params: { allowedValues } }, errors);
  };
}

function anyOf(value: unknown, { report, compile }: KeywordPlace): Check {
  const branches = itemsIn(value).map((branch) => compile(branch));
  const message = 'must match a schema in anyOf';
  return (data, at, errors) => {
    const ofBranches: SchemaError[] = [];
    if (branches.some((check) => isValid(check, [data, at, ofBranches]))) return;
    errors.push(...ofBranches.map((error) => ({ ...error, ofBranch: true })));
    report({ data, at, params: {}, message }, errors);
  };
}

function oneOf(value: unknown, { report, compile }: KeywordPlace): Check {
  const branches = itemsIn(value).map((branch) => compile(branch));
  const message = 'must match exactly one schema in oneOf';
  return (data, at, errors) => {
    const ofBranches: SchemaError[] = [];
    const passing: number[] = [];
    for (const [index, check] of branches.entries())
      if (passing.length < 2 && isValid(check, [data, at, ofBranches])) passing.push(index);
    if (passing.length === 1) return;
    errors.push(...ofBranches);
    report({ data, at, params: { passingSchemas: passing.length === 0 ? null : passing }, message }, errors);
  };
}

function isValid(check: Check, [data, at, errors]: Parameters<Check>): boolean {
  const before = errors.length;
  check(data, at, errors);
  return errors.length === before;
}

function pattern(value: unknown, { report }: KeywordPlace): Check {
  const expression = new RegExp(String(value), 'u');
  const message = `must match pattern "${String(value)}"`;
  return (data, at, errors) => {
    if (!expression.test(String(data))) report({ data, at, params: { pattern: value }, message }, errors);
  };
}

function items(value: unknown, { compile }: KeywordPlace): Check {
  const check = compile(value);
  return (data, at, errors) => {
    let index = 0;
    for (const item of itemsIn(data)) {
      check(item, `${at}/${index}`, errors);
      index += 1;
    }
  };
}

function required(value: unknown, { report }: KeywordPlace): Check {
  const names = itemsIn(value).map(String);
  return (data, at, errors) => {
    const members = membersOf(data);
    for (const missingProperty of names)
      if (members[missingProperty] === undefined) report({ data, at, params: { missingProperty } }, errors);
  };
}

function additionalProperties(value: unknown, { schema, report, compile }: KeywordPlace): Check {
  const known = new Set(Object.keys(membersOf(schema['properties'])));
  const check = value === false ? undefined : compile(value);
  return (data, at, errors) => {
    for (const [key, member] of Object.entries(membersOf(data))) {
      if (known.has(key)) continue;
      if (check === undefined) report({ data, at, params: { additionalProperty: key } }, errors);
      else check(member, `${at}/${escapeSegment(key)}`, errors);
    }
  };
}

function properties(value: unknown, { compile }: KeywordPlace): Check {
  const checks = Object.entries(membersOf(value)).map(([key, schema]) => ({
    key,
    check: compile(schema),
    segment: `/${escapeSegment(key)}`,
  }));
  return (data, at, errors) => {
    const members = membersOf(data);
    for (const { key, check, segment } of checks) {
      const member = members[key];
      if (member !== undefined) check(member, at + segment, errors);
    }
  };
}
