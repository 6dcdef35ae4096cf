/** The expected result in a recording: `{review, expected: {allowed, findings?, patch?}}`. */
import { type DocumentFault, schemaCheck } from '../policy/schema-faults.ts';

/** Only the given keys of an expected finding are compared. */
export interface ExpectedFinding {
  readonly policy?: string;
  readonly rule?: string;
  readonly action?: string;
  readonly outcome?: string;
  readonly container?: string;
  readonly pointer?: string;
  readonly message?: string;
}

export interface Expected {
  readonly allowed?: boolean;
  /** All findings, in any order. */
  readonly findings?: readonly ExpectedFinding[];
  /** The JSON Patch of the mutating webhook. */
  readonly patch?: readonly unknown[];
}

export type ReadExpected =
  | { readonly ok: true; readonly expected: Expected }
  | { readonly ok: false; readonly faults: readonly DocumentFault[] };

export const EXPECTED_KEYS: readonly (keyof Expected)[] = ['allowed', 'findings', 'patch'];

const FINDING_KEYS = ['policy', 'rule', 'action', 'outcome', 'container', 'pointer', 'message'] as const;

const checkExpected = schemaCheck({
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  properties: {
    allowed: { type: 'boolean' },
    findings: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        properties: Object.fromEntries(FINDING_KEYS.map((key) => [key, { type: 'string' }])),
      },
    },
    patch: { type: 'array' },
  },
});

/** Pointers of faults are relative to `value`. */
export function readExpected(value: unknown): ReadExpected {
  const faults = checkExpected(value);
  return faults.length === 0 ? { ok: true, expected: value as Expected } : { ok: false, faults };
}
